"""Tasks for the user's server-request handlers in asynchronous code. Plain functions run on threads of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from inspect import isawaitable
from typing import Any

from .._answers import Call
from .admission import Admission
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

    def is_handling(self, thread_id: str) -> bool:
        """Whether a handler works on a request of this thread, or is about to."""
        return self._admission.concerns(thread_id)

    def start(self, invocation: Invocation) -> None:
        """Run a handler as soon as there is room for it."""
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
        for invocation in self._admission.clear():
            invocation.cancelled.set()
        for task in [*self._tasks.values()]:
            task.cancel()

    async def stop(self, caller: asyncio.Task[Any] | None, seconds: float) -> None:
        """Cancel all but the task ``caller``, and wait for their ends, for each kind at most ``seconds``."""
        for invocation in self._admission.clear():
            invocation.cancelled.set()
        tasks = [task for task in self._tasks.values() if task is not caller]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        await self._offload.join(seconds)

    def _run_all(self, invocations: list[Invocation]) -> None:
        for invocation in invocations:
            task = asyncio.ensure_future(self._run(invocation))
            if not task.done():  # an eager one may be
                self._tasks[invocation.id] = task

    async def _run(self, invocation: Invocation) -> None:
        limit, timer = invocation.timeout, None
        if limit is not None:
            task = asyncio.current_task()
            assert task is not None
            timer = asyncio.get_running_loop().call_later(limit, self._time_out, invocation, task)
        try:
            reply = invocation.reply(await self._call(invocation, invocation.prepare()))
        except asyncio.CancelledError as error:
            # What the handler has cancelled by itself is its failure. Before Python 3.11 nobody can tell.
            cancelling = getattr(asyncio.current_task(), "cancelling", None)
            failed = self._admission.is_running(invocation.id) and cancelling is not None and not cancelling()
            self._finish(invocation, invocation.refuse(error) if failed else invocation.refusal)
            raise
        except BaseException as error:
            if self._admission.is_running(invocation.id):
                self._finish(invocation, invocation.refuse(error))
            if not isinstance(error, Exception) and not invocation.threaded:
                raise
        else:
            self._finish(invocation, reply)
        finally:
            if timer is not None:
                timer.cancel()
            self._tasks.pop(invocation.id, None)

    async def _call(self, invocation: Invocation, call: Call) -> Any:
        if invocation.threaded:
            result = await self._offload.run(call)
        else:
            result = call.function(*call.args, **call.kwargs)
        return await result if isawaitable(result) else result

    def _finish(self, invocation: Invocation, reply: Reply) -> None:
        """Send an answer, unless the handler was given up meanwhile, and let others have its place."""
        removed, following = self._admission.remove(invocation.id)
        if removed is not None:
            self._answer(reply)
        self._run_all(following)

    def _time_out(self, invocation: Invocation, task: asyncio.Task[Any]) -> None:
        removed, following = self._admission.remove(invocation.id)
        if removed is not None:
            invocation.cancelled.set()
            self._answer(invocation.refuse(TimeoutError(f"it took longer than {invocation.timeout:g} s")))
            task.cancel()
        self._run_all(following)
