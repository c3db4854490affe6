"""Repeat a call that the runtime or the model was too busy for.

The first call decides what follows: an awaitable as its result makes everything asynchronous.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Coroutine
from inspect import isawaitable
from math import inf
from time import monotonic
from typing import Any, TypeVar, overload

from typing_extensions import Never

from ._compat import async_sleep, sleep
from .errors import is_retryable_error as is_retryable_error

__all__ = ["is_retryable_error", "retry_on_overload"]

_T = TypeVar("_T")


# Any is taken for Never: without this one, checkers would make a coroutine of what returns Any (``codex.request``).
@overload
def retry_on_overload(
    op: Callable[[], Never],
    *,
    max_attempts: int = 3,
    initial_delay_s: float = 0.25,
    max_delay_s: float = 2.0,
    jitter_ratio: float = 0.2,
    total_time_s: float | None = None,
) -> Any: ...
@overload
def retry_on_overload(
    op: Callable[[], Awaitable[_T]],
    *,
    max_attempts: int = 3,
    initial_delay_s: float = 0.25,
    max_delay_s: float = 2.0,
    jitter_ratio: float = 0.2,
    total_time_s: float | None = None,
) -> Coroutine[Any, Any, _T]: ...
@overload
def retry_on_overload(
    op: Callable[[], _T],
    *,
    max_attempts: int = 3,
    initial_delay_s: float = 0.25,
    max_delay_s: float = 2.0,
    jitter_ratio: float = 0.2,
    total_time_s: float | None = None,
) -> _T: ...
def retry_on_overload(
    op: Callable[[], Any],
    *,
    max_attempts: int = 3,
    initial_delay_s: float = 0.25,
    max_delay_s: float = 2.0,
    jitter_ratio: float = 0.2,
    total_time_s: float | None = None,
) -> Any:
    """Call ``op``, and call it again after a pause as long as it fails with an overload.

    Works in both worlds: ``retry_on_overload(lambda: thread.run("Hi"))`` with ``Codex``, and the same with ``await``
    in front with ``AsyncCodex``. Each attempt is a whole new call. A turn that was accepted and then failed is no
    overload of the call: its ``TurnFailedError`` is not retried, since the thread already holds the input.

    An ``op`` that raises before it has ever returned an awaitable counts as synchronous, so the pause after that
    blocks the thread. Coroutine functions raise when they are awaited, and never get there.

    Args:
        op: What to call, without arguments. It returns its result, or an awaitable of it.
        max_attempts: Calls of ``op`` at most; 1 or more.
        initial_delay_s: Seconds before the second attempt. Every further pause is twice as long.
        max_delay_s: Longest pause in seconds, before jitter.
        jitter_ratio: Share of a pause, from 0 to 1, by which chance makes it longer or shorter.
        total_time_s: Seconds since the first call after which no new attempt begins; None for no limit. A running
            attempt is not cut short, and no pause begins that would end later.

    Returns:
        What ``op`` returned; if that is an awaitable, a coroutine that awaits it and all that follow.

    Raises:
        TypeError: an argument is no number.
        ValueError: an argument is out of range.
        Exception: what ``op`` raised last: an error that ``is_retryable_error`` refuses, or the last overload.

    Source: error -32001 of the runtime, schema CodexErrorInfo ``serverOverloaded``.
    """
    backoff = _Backoff(max_attempts, initial_delay_s, max_delay_s, jitter_ratio, total_time_s)
    while True:
        try:
            result = op()
            break
        except Exception as error:
            pause = backoff.pause_after(error)
            if pause is None:
                raise
        sleep(pause)
    return _retry_awaited(result, op, backoff) if isawaitable(result) else result


async def _retry_awaited(first: Awaitable[Any], op: Callable[[], Awaitable[Any]], backoff: _Backoff) -> Any:
    awaitable: Awaitable[Any] | None = first
    while True:
        try:
            return await (op() if awaitable is None else awaitable)
        except Exception as error:
            pause = backoff.pause_after(error)
            if pause is None:
                raise
        awaitable = None
        await async_sleep(pause)


class _Backoff:
    """How often, how long and until when: the state of one ``retry_on_overload``."""

    def __init__(
        self,
        max_attempts: int,
        initial_delay_s: float,
        max_delay_s: float,
        jitter_ratio: float,
        total_time_s: float | None,
    ) -> None:
        numbers: dict[str, Any] = {"initial_delay_s": initial_delay_s, "max_delay_s": max_delay_s}
        numbers.update(jitter_ratio=jitter_ratio, total_time_s=0 if total_time_s is None else total_time_s)
        for name, number in {"max_attempts": max_attempts, **numbers}.items():
            if isinstance(number, bool) or not isinstance(number, int if name == "max_attempts" else (int, float)):
                raise TypeError(f"retry_on_overload: {name} is {number!r}, and no number")
        if max_attempts < 1:
            raise ValueError(f"retry_on_overload: max_attempts is {max_attempts}; it takes 1 or more")
        seconds = {"initial_delay_s": initial_delay_s, "max_delay_s": max_delay_s, "total_time_s": total_time_s}
        for name, value in seconds.items():
            if value is not None and not value >= 0:  # NaN compares false
                raise ValueError(f"retry_on_overload: {name} is {value}; it takes seconds, 0 or more")
        if not 0 <= jitter_ratio <= 1:
            raise ValueError(f"retry_on_overload: jitter_ratio is {jitter_ratio}; it takes a share from 0 to 1")
        self._attempts_left = max_attempts
        self._delay_s = initial_delay_s
        self._max_delay_s = max_delay_s
        self._jitter_ratio = jitter_ratio
        self._deadline = inf if total_time_s is None else monotonic() + total_time_s

    def pause_after(self, error: Exception) -> float | None:
        """Seconds to wait before the next attempt, or None if there is to be none."""
        self._attempts_left -= 1
        if self._attempts_left < 1 or not is_retryable_error(error):
            return None
        delay_s = min(self._delay_s, self._max_delay_s)
        self._delay_s = delay_s * 2
        pause = delay_s * random.uniform(1 - self._jitter_ratio, 1 + self._jitter_ratio)
        return pause if monotonic() + pause <= self._deadline else None
