"""Threads for the user's synchronous server-request handlers, started on demand."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from .handlers import Invocation, Reply

__all__ = ["HandlerPool"]


class HandlerPool:
    """Runs handlers, each on a daemon thread; beyond the limit they wait for one.

    Args:
        most: Most threads at a time.
        timeout: Seconds that a handler may take; None for no limit.
        answer: Sends an answer to the runtime.
    """

    def __init__(self, most: int, timeout: float | None, answer: Callable[[Reply], object]) -> None:
        self._most = most
        self._timeout = timeout
        self._answer = answer
        self._lock = threading.RLock()  # a finalizer may run at any moment, and come here again
        self._running: dict[int | str, Invocation] = {}
        self._waiting: deque[Invocation] = deque()

    def is_handling(self, thread_id: str) -> bool:
        """Whether a handler works on a request of this thread, or is about to."""
        with self._lock:
            return any(each.thread_id == thread_id for each in [*self._running.values(), *self._waiting])

    def start(self, invocation: Invocation) -> None:
        """Run a handler as soon as there is a thread for it."""
        with self._lock:
            if len(self._running) >= self._most:
                self._waiting.append(invocation)
                return
            self._running[invocation.id] = invocation
        thread = threading.Thread(target=self._run, args=(invocation,), name="codex-handler", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the system has no more threads
            with self._lock:
                self._running.pop(invocation.id, None)
            self._answer(invocation.refuse(error))

    def abandon(self, id: int | str) -> bool:
        """Give a handler up and its place to the next; False if it is done. A thread cannot be stopped: it runs on."""
        with self._lock:
            if self._running.pop(id, None) is None:
                self._waiting = deque(each for each in self._waiting if each.id != id)
                return False
            following = self._waiting.popleft() if self._waiting else None
        if following is not None:
            self.start(following)
        return True

    def abandon_all(self) -> None:
        """What they answer, and how they fail, concerns nobody any more."""
        with self._lock:
            self._running.clear()
            self._waiting.clear()

    def _run(self, invocation: Invocation | None) -> None:
        """Run one handler, then those that had to wait for a thread."""
        while invocation is not None:
            timer: threading.Timer | None = None
            try:
                timer = self._limit(invocation)
                reply = invocation.reply(invocation.call())
            except BaseException as error:
                with self._lock:
                    if invocation.id not in self._running:
                        return
                reply = invocation.refuse(error)
            finally:
                if timer is not None:
                    timer.cancel()
            with self._lock:
                if self._running.pop(invocation.id, None) is None:
                    return  # given up meanwhile: its answer is not wanted, and its place is taken
                invocation = self._waiting.popleft() if self._waiting else None
                if invocation is not None:
                    self._running[invocation.id] = invocation
            self._answer(reply)

    def _limit(self, invocation: Invocation) -> threading.Timer | None:
        """Start the clock of a handler, if there is a limit."""
        if self._timeout is None:
            return None
        timer = threading.Timer(self._timeout, self._time_out, (invocation,))
        timer.daemon = True
        timer.start()
        return timer

    def _time_out(self, invocation: Invocation) -> None:
        if self.abandon(invocation.id):
            self._answer(invocation.refuse(TimeoutError("handler_timeout passed")))
