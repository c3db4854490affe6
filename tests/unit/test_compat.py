"""Times to wait, and what interrupts a wait."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from openai_codex._checks import check_seconds
from openai_codex._compat import NO_DEADLINE, AsyncLocks, Deadline, Locks, async_interrupts, interrupts


@pytest.mark.parametrize("seconds", [0, 1, 0.5, float("inf"), None])
def test_times_are_numbers_of_seconds(seconds: Any) -> None:
    assert check_seconds("x", seconds) == seconds


@pytest.mark.parametrize("wrong", ["5", True, [1], object()])
def test_what_is_no_number_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"run: timeout: .* is no number of seconds"):
        check_seconds("run: timeout", wrong)


@pytest.mark.parametrize("wrong", [-1, -0.001, float("nan")])
def test_what_is_no_time_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"run: timeout: .* is no time to wait"):
        check_seconds("run: timeout", wrong)


def test_deadline_counts_down(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    deadline = Deadline(5)
    assert (deadline.left(), deadline.left(2), deadline.left(9), deadline.passed) == (5, 2, 5, False)
    now = 104.0
    assert (deadline.left(), deadline.left(2), deadline.passed) == (1, 1, False)
    now = 106.0
    assert (deadline.left(), deadline.left(2), deadline.passed) == (0, 0, True)


def test_no_deadline_never_passes() -> None:
    assert (NO_DEADLINE.left(), NO_DEADLINE.left(3), NO_DEADLINE.passed) == (None, 3, False)


def test_what_interrupts_a_wait() -> None:
    assert async_interrupts() == (asyncio.CancelledError,)
    assert interrupts() == (KeyboardInterrupt,)


@pytest.mark.parametrize("kind", [AsyncLocks, Locks])
def test_locks_go_by_name_and_are_forgotten(kind: Any) -> None:
    locks = kind()
    first = locks.of("a")
    assert locks.of("a") is first and locks.of("b") is not first
    del first
    gc.collect()
    assert len(locks.__dict__["_locks"]) == 0
