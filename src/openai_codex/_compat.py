"""Where synchronous and asynchronous code differ for real. Each name with an async mark has a plain twin here.

The facade is written once, asynchronously, and its twin is derived by renaming; whatever a renaming cannot express
stands here in both forms. The facade itself imports neither asyncio nor threading.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, Final, Protocol, overload
from weakref import WeakValueDictionary

from .errors import RequestTimeoutError

if TYPE_CHECKING:
    import asyncio

__all__ = [
    "NO_DEADLINE",
    "Action",
    "AsyncAction",
    "AsyncClosing",
    "AsyncLocks",
    "Closing",
    "Deadline",
    "Locks",
    "async_interrupts",
    "async_lock",
    "async_shield_for",
    "async_shielded",
    "async_sleep",
    "async_start_eagerly",
    "interrupts",
    "lock",
    "shield_for",
    "shielded",
    "sleep",
    "start_eagerly",
]

# asyncio is imported where it is used: synchronous programs never load it.


class Deadline:
    """A moment until which something may take.

    Args:
        seconds: Seconds from now; None for no limit.

    Attributes:
        seconds: As given.
    """

    __slots__ = ("_at", "seconds")

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._at = None if seconds is None else time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return self._at is not None and time.monotonic() >= self._at

    @overload
    def left(self, most: float) -> float: ...
    @overload
    def left(self, most: float | None = None) -> float | None: ...
    def left(self, most: float | None = None) -> float | None:
        """Seconds that are left, but not more than ``most``; None for no limit."""
        if self._at is None:
            return most
        left = max(0.0, self._at - time.monotonic())
        return left if most is None else min(left, most)


NO_DEADLINE: Final = Deadline(None)
"""For what may take for ever."""


AsyncAction = Callable[[], Awaitable[object]]
"""Something for tasks to do."""

Action = Callable[[], object]
"""Something for threads to do."""


class AsyncClosing:
    """Lets ``contextlib.aclosing`` close what has ``close``."""

    __slots__ = ()

    async def aclose(self: _Closes) -> None:
        """The same as ``close``, by the name that ``contextlib.aclosing`` calls."""
        await self.close()


class Closing:
    """``contextlib.closing`` needs nothing but ``close``."""

    __slots__ = ()


class _Closes(Protocol):
    async def close(self) -> None: ...


def async_interrupts() -> tuple[type[BaseException], ...]:
    """What is raised in a task that should stop waiting."""
    import asyncio

    return (asyncio.CancelledError,)


def interrupts() -> tuple[type[BaseException], ...]:
    """What is raised in a thread that should stop waiting."""
    return (KeyboardInterrupt,)


def async_lock() -> asyncio.Lock:
    """A new mutex for tasks."""
    import asyncio

    return asyncio.Lock()


def lock() -> threading.Lock:
    """A new mutex for threads."""
    return threading.Lock()


_TURN_TEXT = "another such call was not done in time; nothing was sent"


class AsyncLocks:
    """Mutexes for tasks, by name. One that nobody uses is forgotten."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @contextlib.asynccontextmanager
    async def hold(self, call: str, key: str, seconds: float | None) -> AsyncGenerator[None, None]:
        """Be the only such call for ``key``.

        Raises:
            RequestTimeoutError: another one was not done within so many seconds.
        """
        import asyncio

        name = f"{call} {key}"
        mutex = self._locks.get(name)
        if mutex is None:
            mutex = self._locks[name] = async_lock()
        acquiring = asyncio.ensure_future(mutex.acquire())
        try:
            await asyncio.wait([acquiring], timeout=seconds)  # not wait_for: before 3.12 it swallows a cancellation
        except BaseException:
            if acquiring.done():
                mutex.release()
            acquiring.cancel()
            raise
        if acquiring.cancel():
            raise RequestTimeoutError(f"{name}: {_TURN_TEXT}")
        try:
            yield
        finally:
            mutex.release()


class Locks:
    """Mutexes for threads, by name. One that nobody uses is forgotten."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, threading.RLock] = WeakValueDictionary()
        self._guard = threading.RLock()

    @contextlib.contextmanager
    def hold(self, call: str, key: str, seconds: float | None) -> Generator[None, None, None]:
        """Be the only such call for ``key``.

        Raises:
            RequestTimeoutError: another one was not done within so many seconds.
        """
        name = f"{call} {key}"
        with self._guard:
            mutex = self._locks.get(name)
            if mutex is None:
                mutex = self._locks[name] = threading.RLock()
        try:
            if not mutex.acquire(timeout=-1 if seconds is None else min(seconds, threading.TIMEOUT_MAX)):
                raise RequestTimeoutError(f"{name}: {_TURN_TEXT}")
            yield
        finally:
            with contextlib.suppress(RuntimeError):  # not acquired; Ctrl-C may come before anybody can note which
                mutex.release()


async def async_sleep(seconds: float) -> None:
    """Let ``seconds`` pass for the current task."""
    import asyncio

    await asyncio.sleep(seconds)


def sleep(seconds: float) -> None:
    """Let ``seconds`` pass for the current thread."""
    time.sleep(seconds)


def async_start_eagerly(start: Callable[[], Awaitable[Any]]) -> None:
    """An asynchronous client starts on first use: a constructor cannot wait."""


def start_eagerly(start: Callable[[], Any]) -> None:
    """A synchronous client starts in its constructor."""
    start()


async def async_shielded(call: Callable[[], Awaitable[Any]]) -> Any:
    """Run ``call`` to its end even if the current task is cancelled meanwhile: others wait for the same thing."""
    import asyncio

    task = asyncio.ensure_future(call())
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be left to see it
    await asyncio.wait([task])  # not shield: some versions report an error that comes after the caller has left
    return task.result()


def shielded(call: Callable[[], Any]) -> Any:
    """Run ``call``."""
    return call()


async def async_shield_for(seconds: float, call: Callable[[], Awaitable[Any]]) -> None:
    """Run ``call`` for at most ``seconds`` even if the current task is cancelled meanwhile; drop its errors."""
    import asyncio

    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(call())
    cancelled: asyncio.CancelledError | None = None
    deadline = loop.time() + seconds
    while not task.done() and (left := deadline - loop.time()) > 0:
        try:
            await asyncio.wait([task], timeout=left)
        except asyncio.CancelledError as error:
            cancelled = error
    if not task.done():
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # retrieved, so that nothing complains about it
    if cancelled is not None:
        raise cancelled


def shield_for(seconds: float, call: Callable[[], Any]) -> None:
    """Run ``call``, which limits itself to about ``seconds``, and drop its errors."""
    with contextlib.suppress(Exception):  # whoever leaves has an error of their own, or none
        call()
