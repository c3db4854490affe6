"""What several layers do to arguments, and where the two worlds differ: times, locks, what interrupts a wait."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from typing import Any

import pytest

from openai_codex._checks import canonical_id, check_seconds
from openai_codex._compat import NO_DEADLINE, AsyncLocks, Deadline, Locks, async_interrupts, interrupts
from openai_codex.errors import RequestTimeoutError


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


def test_one_thread_at_a_time_holds_a_lock_and_none_is_kept() -> None:
    locks, order = Locks(), list[str]()

    def work(name: str) -> None:
        with locks.hold("read", "t", None):
            order.append(name)
            time.sleep(0.2)
            order.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    with locks.hold("read", "u", 0), locks.hold("write", "t", 0):  # others are free
        pass
    with (
        pytest.raises(RequestTimeoutError, match="read t: another such call was not done in time; nothing was sent"),
        locks.hold("read", "t", 0.01),
    ):
        pass
    for thread in threads:
        thread.join()
    assert order in (list("aabb"), list("bbaa"))
    gc.collect()
    assert len(locks.__dict__["_locks"]) == 0


def test_one_task_at_a_time_holds_a_lock_and_none_is_kept() -> None:
    async def main() -> None:
        locks, order = AsyncLocks(), list[str]()

        async def work(name: str) -> None:
            async with locks.hold("read", "t", None):
                order.append(name)
                await asyncio.sleep(0.2)
                order.append(name)

        tasks = [asyncio.ensure_future(work(name)) for name in "ab"]
        await asyncio.sleep(0)
        async with locks.hold("read", "u", 0), locks.hold("write", "t", 0):  # others are free
            pass
        with pytest.raises(RequestTimeoutError, match="read t: another such call was not done in time"):
            async with locks.hold("read", "t", 0.01):
                pass
        await asyncio.gather(*tasks)
        assert order == list("aabb")
        gc.collect()
        assert len(locks.__dict__["_locks"]) == 0

    asyncio.run(main())


@pytest.mark.parametrize("steps", range(6))
def test_task_that_is_cancelled_while_it_waits_for_a_lock_is_cancelled(steps: int) -> None:
    async def main() -> None:
        locks, entered = AsyncLocks(), list[str]()

        async def work(name: str) -> None:
            async with locks.hold("read", "t", 60):
                entered.append(name)
                await asyncio.sleep(0)

        first, second = (asyncio.ensure_future(work(name)) for name in "ab")
        for _ in range(steps):
            await asyncio.sleep(0)
        cancelled = second.cancel()
        await asyncio.wait([first, second])
        assert second.cancelled() == cancelled
        async with locks.hold("read", "t", 1):  # nobody is left in it
            pass

    asyncio.run(main())


def test_lock_of_threads_survives_an_interrupt_and_lets_its_holder_in_again() -> None:
    locks = Locks()
    with pytest.raises(KeyboardInterrupt), locks.hold("read", "t", None), locks.hold("read", "t", 0):
        raise KeyboardInterrupt
    taken = threading.Event()

    def take() -> None:
        with locks.hold("read", "t", 5):
            taken.set()

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    assert taken.is_set()


@pytest.mark.parametrize(
    "id",
    [
        "01a20000-0000-7000-8000-00000000000f",
        "01A20000-0000-7000-8000-00000000000F",
        "01a20000000070008000-00000000000f",
        "urn:uuid:01a20000-0000-7000-8000-00000000000f",
    ],
)
def test_ids_of_threads_have_one_form(id: str) -> None:
    assert canonical_id(id) == "01a20000-0000-7000-8000-00000000000f"
    assert (canonical_id("a name"), canonical_id(5)) == ("a name", "5")
