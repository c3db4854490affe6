"""Tasks for the user's server-request handlers in asynchronous code. Plain functions run on threads of their own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from inspect import isawaitable
from typing import Any

from .._answers import Call
from .._log import log
from .admission import Admission
from .common import LEFT_BEHIND_TEXT
from .handlers import Invocation, Reply
from .offload import Offload

__all__ = ["HandlerTasks"]


class HandlerTasks:
    """Runs handlers, each in a task of its own.

    Args:
        answer: Sends an answer to the runtime.
    """

    def __init__(self, answer: Callable[[Reply], object]) -> None:
        self._answer = answer
        self._admission = Admission()
        self._tasks: dict[int | str, asyncio.Task[None]] = {}
        self._offload = Offload()
        self._context = copy_context()

    def is_handling(self, thread_id: str) -> bool:
        """Whether a handler works on a request of this thread, or is about to."""
        return self._admission.concerns(thread_id)

    def start(self, invocation: Invocation) -> None:
        """Run a handler as soon as there is room for it."""
        self._context = copy_context()
        if self._admission.add(invocation):
            self._run_all([invocation])

    def abandon(self, id: int | str) -> bool:
        """Give a handler up, cancel it, and let others have its place; False if it is done."""
        invocation, following = self._admission.remove(id)
        if invocation is not None:
            invocation.cancelled.set()
            if (task := self._tasks.get(id)) is not None:
                task.cancel()
        self._run_all(following)
        return invocation is not None

    def abandon_all(self) -> None:
        """Cancel all: what they answer, and how they fail, concerns nobody any more."""
        for invocation in self._admission.close():
            invocation.cancelled.set()
        for task in [*self._tasks.values()]:
            task.cancel()

    async def stop(self, caller: asyncio.Task[Any] | None, seconds: float) -> None:
        """Cancel all but the task ``caller``, and wait for their ends, ``seconds`` for all of them."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        for invocation in self._admission.close():
            invocation.cancelled.set()
        tasks = [task for task in self._tasks.values() if task is not caller]
        for task in tasks:
            task.cancel()
        if tasks:
            _, left = await asyncio.wait(tasks, timeout=seconds)
            if left:
                log(logging.WARNING, LEFT_BEHIND_TEXT, len(left))
        await self._offload.join(max(0.0, deadline - loop.time()))

    def _run_all(self, invocations: list[Invocation]) -> None:
        for invocation in invocations:
            # One that has waited begins while another one ends, and must not see what that one has set.
            task = self._context.copy().run(asyncio.ensure_future, self._run(invocation))
            if not task.done():  # an eager one may be
                self._tasks[invocation.id] = task
                task.add_done_callback(partial(self._forget, invocation.id))  # also if it ends before it begins

    def _forget(self, id: int | str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(id) is task:
            del self._tasks[id]

    async def _run(self, invocation: Invocation) -> None:
        limit, timer = invocation.timeout, None
        task = asyncio.current_task()
        assert task is not None
        if limit is not None:
            timer = asyncio.get_running_loop().call_later(limit, self._time_out, invocation, task)
        try:
            reply = invocation.reply(await self._call(invocation, invocation.prepare()))
        except asyncio.CancelledError as error:
            if _is_cancelled(task) or not self._admission.is_running(invocation):
                self._finish(invocation, invocation.refusal)
            else:  # it comes from something that the handler has waited for
                self._finish(invocation, invocation.refuse(error))
            raise
        except BaseException as error:
            if self._admission.is_running(invocation):
                self._finish(invocation, invocation.refuse(error))
            ends_loop = isinstance(error, (KeyboardInterrupt, SystemExit)) and not invocation.threaded
            if ends_loop:  # as it does in any task
                raise
        else:
            self._finish(invocation, reply)
        finally:
            if timer is not None:
                timer.cancel()

    async def _call(self, invocation: Invocation, call: Call) -> Any:
        if invocation.threaded:
            result = await self._offload.run(call)
        else:
            result = call.function(*call.args, **call.kwargs)
        return await result if isawaitable(result) else result

    def _finish(self, invocation: Invocation, reply: Reply) -> None:
        """Send an answer, unless the handler was given up meanwhile, and let others have its place."""
        removed, following = self._admission.end(invocation)
        if removed is not None:
            self._answer(reply)
        self._run_all(following)

    def _time_out(self, invocation: Invocation, task: asyncio.Task[Any]) -> None:
        removed, following = self._admission.end(invocation)
        if removed is not None:
            invocation.cancelled.set()
            self._answer(invocation.refuse(TimeoutError(f"it took longer than {invocation.timeout:g} s")))
            task.cancel()
        self._run_all(following)


def _is_cancelled(task: asyncio.Task[Any]) -> bool:
    """Whether somebody has cancelled the task. Python 3.10 does not tell."""
    cancelling: Callable[[], int] | None = getattr(task, "cancelling", None)
    return cancelling is None or cancelling() > 0
