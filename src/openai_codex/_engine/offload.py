"""Plain handlers of an asynchronous client: each runs on a daemon thread, where it may block, and is awaited.

The executor of the loop would not do: it has a few threads only, and Python waits for them when it exits.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import threading
from typing import Any

from .._answers import Call
from .._log import log
from .common import LEFT_BEHIND_TEXT

__all__ = ["Offload"]


class Offload:
    """Runs plain functions on threads."""

    def __init__(self) -> None:
        self._ends: set[asyncio.Future[None]] = set()

    async def run(self, call: Call) -> Any:
        """Call a function on a thread and return its result. If the caller is cancelled, the thread goes on alone."""
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()
        end: asyncio.Future[None] = loop.create_future()
        context = contextvars.copy_context()

        def work() -> None:
            found: tuple[Any, BaseException | None]
            try:
                found = context.run(call.function, *call.args, **call.kwargs), None
            except BaseException as error:
                found = None, error
            try:
                loop.call_soon_threadsafe(done, found)
            except RuntimeError:  # the loop is closed: nobody is left to tell
                _drop(found[0])

        def done(found: tuple[Any, BaseException | None]) -> None:
            if outcome.done():  # the caller has left
                _drop(found[0])
            else:
                outcome.set_result(found)
            if not end.done():
                end.set_result(None)

        threading.Thread(target=work, name="codex-handler", daemon=True).start()
        self._ends.add(end)
        end.add_done_callback(self._ends.discard)
        result, error = await outcome
        if isinstance(error, StopIteration):
            raise RuntimeError("the function raised StopIteration") from error  # no coroutine may raise that
        if error is not None:
            raise error
        return result

    async def join(self, seconds: float) -> None:
        """Wait for the threads to end, ``seconds`` for all of them, and log which are left behind."""
        if not self._ends:
            return
        _, left = await asyncio.wait(self._ends, timeout=seconds)
        if left:
            log(logging.WARNING, LEFT_BEHIND_TEXT, len(left))


def _drop(result: Any) -> None:
    """Let go of a result that nobody wants, without a complaint about a coroutine that was never awaited."""
    if inspect.iscoroutine(result):
        result.close()
