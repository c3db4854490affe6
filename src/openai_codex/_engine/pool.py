"""Threads for the user's server-request handlers in synchronous code, started on demand.

A coroutine function works as well: its thread runs an event loop for it.
"""

from __future__ import annotations

import contextlib
import inspect
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from .._log import log
from .admission import Admission
from .common import LEFT_BEHIND_TEXT
from .handlers import Cancellation, Invocation, Reply

__all__ = ["HandlerPool"]


class HandlerPool:
    """Runs handlers, each on a daemon thread of its own.

    Args:
        answer: Sends an answer to the runtime.
    """

    def __init__(self, answer: Callable[[Reply], object]) -> None:
        self._answer = answer
        self._lock = threading.RLock()  # a finalizer may run at any moment, and come here again
        self._admission = Admission()
        self._threads: set[threading.Thread] = set()

    def is_handling(self, thread_id: str) -> bool:
        """Whether a handler works on a request of this thread, or is about to."""
        with self._lock:
            return self._admission.concerns(thread_id)

    def start(self, invocation: Invocation) -> None:
        """Run a handler as soon as there is room for it."""
        with self._lock:
            admitted = self._admission.add(invocation)
        if admitted:
            self._run_all([invocation])

    def abandon(self, id: int | str) -> bool:
        """Give a handler up and its place to the next; False if it is done. A thread cannot be stopped: it runs on."""
        with self._lock:
            invocation, following = self._admission.remove(id)
        return self._give_up(invocation, following)

    def _give_up(self, invocation: Invocation | None, following: list[Invocation]) -> bool:
        if invocation is not None:
            invocation.cancelled.set()
        self._run_all(following)
        return invocation is not None

    def abandon_all(self) -> None:
        """What they answer, and how they fail, concerns nobody any more."""
        with self._lock:
            invocations = self._admission.close()
        for invocation in invocations:
            invocation.cancelled.set()

    def join(self, seconds: float) -> None:
        """Wait for the threads to end, ``seconds`` for all of them, and log which are left behind."""
        deadline = time.monotonic() + seconds
        with self._lock:
            threads = self._threads - {threading.current_thread()}
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if left := sum(thread.is_alive() for thread in threads):
            log(logging.WARNING, LEFT_BEHIND_TEXT, left)

    def _run_all(self, invocations: list[Invocation]) -> None:
        for invocation in invocations:
            thread = threading.Thread(target=self._run, args=(invocation,), name="codex-handler", daemon=True)
            with self._lock:
                self._threads.add(thread)
            try:
                thread.start()
            except RuntimeError as error:  # the system has no more threads
                with self._lock:
                    self._threads.discard(thread)
                self._finish(invocation, error)

    def _run(self, invocation: Invocation) -> None:
        timer: threading.Timer | None = None
        outcome: Reply | BaseException
        try:
            timer = self._limit(invocation)
            outcome = self._reply(invocation)
        except BaseException as error:  # also of the clock: the system has no more threads
            outcome = error
        finally:
            if timer is not None:
                timer.cancel()
            with self._lock:
                self._threads.discard(threading.current_thread())
        self._finish(invocation, outcome)
        del outcome  # an error refers to this frame

    def _reply(self, invocation: Invocation) -> Reply:
        """Call a handler."""
        call = invocation.prepare()
        result = call.function(*call.args, **call.kwargs)
        if inspect.isawaitable(result):
            result = _run_awaitable(result, invocation.cancelled)
        return invocation.reply(result)

    def _finish(self, invocation: Invocation, outcome: Reply | BaseException) -> None:
        """Send the answer, or refuse, unless the handler was given up meanwhile, and let others have its place."""
        with self._lock:
            removed, following = self._admission.end(invocation)
        if removed is not None:
            self._answer(outcome if isinstance(outcome, Reply) else invocation.refuse(outcome))
        self._run_all(following)

    def _limit(self, invocation: Invocation) -> threading.Timer | None:
        """Start the clock of a handler, if there is a limit."""
        if invocation.timeout is None:
            return None
        timer = threading.Timer(invocation.timeout, self._time_out, (invocation,))
        timer.daemon = True
        timer.start()
        return timer

    def _time_out(self, invocation: Invocation) -> None:
        with self._lock:
            removed, following = self._admission.end(invocation)
        if self._give_up(removed, following):
            self._answer(invocation.refuse(TimeoutError(f"it took longer than {invocation.timeout:g} s")))


def _run_awaitable(awaitable: Awaitable[Any], cancelled: Cancellation) -> Any:
    """Await something on an event loop of this thread, and cancel it when its result is not wanted any more."""
    import asyncio

    async def run() -> Any:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(awaitable)

        def cancel() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the coroutine has just ended
                loop.call_soon_threadsafe(task.cancel)

        cancelled.call_when_set(cancel)
        try:
            return await task
        finally:
            cancelled.call_when_set(None)

    return asyncio.run(run())
