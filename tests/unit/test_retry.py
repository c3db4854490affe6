"""Retrying an overload: which errors, how often, after which pauses, in both worlds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from openai_codex import retry
from openai_codex.errors import (
    CodexRpcError,
    InternalRpcError,
    InvalidRequestError,
    JsonRpcError,
    RetryLimitExceededError,
    ServerBusyError,
    TransportClosedError,
    is_retryable_error,
    map_jsonrpc_error,
)
from openai_codex.retry import retry_on_overload

BUSY = ServerBusyError(-32001, "Server overloaded; retry later.")


class Clock:
    """Time that passes only in pauses; remembers each with the world that it was spent in."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []
        self.worlds: set[str] = set()

    def sleep(self, seconds: float) -> None:
        self._pass(seconds, "sync")

    async def async_sleep(self, seconds: float) -> None:
        self._pass(seconds, "async")

    def _pass(self, seconds: float, world: str) -> None:
        self.now += seconds
        self.pauses.append(seconds)
        self.worlds.add(world)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock of its own, and chance that always picks the middle."""
    clock = Clock()
    monkeypatch.setattr(retry, "sleep", clock.sleep)
    monkeypatch.setattr(retry, "async_sleep", clock.async_sleep)
    monkeypatch.setattr(retry, "monotonic", lambda: clock.now)
    monkeypatch.setattr("random.uniform", middle)
    return clock


def middle(low: float, high: float) -> float:
    return (low + high) / 2


class Op:
    """Fails with each of the errors in turn, then returns ``"done"``."""

    def __init__(self, *errors: BaseException, lasts_s: float = 0.0, clock: Clock | None = None) -> None:
        self.calls = 0
        self._errors: Iterator[BaseException] = iter(errors)
        self._lasts_s = lasts_s
        self._clock = clock

    def __call__(self) -> str:
        self.calls += 1
        if self._clock is not None:
            self._clock.now += self._lasts_s
        for error in self._errors:
            raise error
        return "done"

    async def awaited(self) -> str:
        return self()


Call = Callable[..., str]


def call_sync(op: Op, **options: Any) -> str:
    return retry_on_overload(op, **options)


def call_async(op: Op, **options: Any) -> str:
    return asyncio.run(retry_on_overload(op.awaited, **options))


both = pytest.mark.parametrize("call", [call_sync, call_async])


# Which errors


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (map_jsonrpc_error(-32001, "Server overloaded; retry later."), ServerBusyError),
        (map_jsonrpc_error(-32001, "anything", {"x": 1}), ServerBusyError),
        (map_jsonrpc_error(-32050, "busy", "server_overloaded"), ServerBusyError),
        (map_jsonrpc_error(-32050, "busy", {"codexErrorInfo": "serverOverloaded"}), ServerBusyError),
        (map_jsonrpc_error(-32050, "busy", {"codex_error_info": "server_overloaded"}), ServerBusyError),
        (map_jsonrpc_error(-32050, "busy", [{"error": {"kind": "SERVER_OVERLOADED"}}]), ServerBusyError),
        (map_jsonrpc_error(-32050, "busy", {"serverOverloaded": {}}), ServerBusyError),
        (map_jsonrpc_error(-32001, "exceeded retry limit"), RetryLimitExceededError),
        (map_jsonrpc_error(-32050, "too many failed attempts"), RetryLimitExceededError),
        (map_jsonrpc_error(-32603, "failed", {"codexErrorInfo": "serverOverloaded"}), InternalRpcError),
        (map_jsonrpc_error(12, "failed", {"codexErrorInfo": "server_overloaded"}), JsonRpcError),
    ],
)
@both
def test_overload_is_retried_in_every_spelling(call: Call, error: JsonRpcError, kind: type, clock: Clock) -> None:
    assert type(error) is kind
    assert is_retryable_error(error)
    op = Op(error)
    assert call(op) == "done"
    assert op.calls == 2


@pytest.mark.parametrize(
    "error",
    [
        map_jsonrpc_error(-32050, "busy"),
        map_jsonrpc_error(-32603, "the server is overloaded", {"note": "not serverOverloaded at all"}),
        InvalidRequestError(-32600, "Server overloaded; retry later."),
        CodexRpcError(-32050, "busy", {"codexErrorInfo": "usageLimitExceeded"}),
        TransportClosedError("the runtime is gone"),
        TimeoutError(),
        ValueError("serverOverloaded"),
    ],
)
@both
def test_other_error_passes_at_once(call: Call, error: Exception, clock: Clock) -> None:
    op = Op(error)
    with pytest.raises(type(error)) as caught:
        call(op)
    assert caught.value is error
    assert (op.calls, clock.pauses) == (1, [])


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_exception_passes_at_once(kind: type[BaseException], clock: Clock) -> None:
    op = Op(kind())
    with pytest.raises(kind):
        retry_on_overload(op)
    assert op.calls == 1


def test_cancellation_passes_at_once(clock: Clock) -> None:
    op = Op(BUSY, asyncio.CancelledError(BUSY))
    with pytest.raises(asyncio.CancelledError):
        call_async(op)
    assert op.calls == 2


def test_cancellation_ends_a_pause() -> None:
    op = Op(BUSY, BUSY)

    async def main() -> None:
        task = asyncio.create_task(retry_on_overload(op.awaited, initial_delay_s=60, max_delay_s=60))
        while op.calls == 0:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert op.calls == 1


# How often


@both
def test_result_of_the_first_attempt_is_returned_without_a_pause(call: Call, clock: Clock) -> None:
    op = Op()
    assert call(op) == "done"
    assert (op.calls, clock.pauses) == (1, [])


@pytest.mark.parametrize("attempts", [1, 2, 3, 5])
@both
def test_last_error_is_raised_as_it_is_when_attempts_are_used_up(call: Call, attempts: int, clock: Clock) -> None:
    errors = [ServerBusyError(-32001, f"number {number}") for number in range(attempts)]
    op = Op(*errors)
    with pytest.raises(ServerBusyError) as caught:
        call(op, max_attempts=attempts)
    assert caught.value is errors[-1]
    assert caught.value.__cause__ is None
    assert (op.calls, len(clock.pauses)) == (attempts, attempts - 1)


@both
def test_three_attempts_are_made_by_default(call: Call, clock: Clock) -> None:
    op = Op(BUSY, BUSY, BUSY)
    with pytest.raises(ServerBusyError):
        call(op)
    assert op.calls == 3


@both
def test_error_of_another_kind_ends_the_retries(call: Call, clock: Clock) -> None:
    op = Op(BUSY, InvalidRequestError(-32600, "no"))
    with pytest.raises(InvalidRequestError):
        call(op)
    assert op.calls == 2


# After which pauses


@both
def test_pauses_double_up_to_the_longest(call: Call, clock: Clock) -> None:
    assert call(Op(*[BUSY] * 6), max_attempts=7) == "done"
    assert clock.pauses == [0.25, 0.5, 1.0, 2.0, 2.0, 2.0]


def test_each_world_pauses_in_its_own_way(clock: Clock) -> None:
    call_sync(Op(BUSY, BUSY))
    assert clock.worlds == {"sync"}
    clock.worlds.clear()
    call_async(Op(BUSY, BUSY))
    assert clock.worlds == {"async"}


@both
def test_first_pause_is_no_longer_than_the_longest(call: Call, clock: Clock) -> None:
    call(Op(BUSY, BUSY), initial_delay_s=10, max_delay_s=3)
    assert clock.pauses == [3, 3]


def test_jitter_is_a_share_of_the_pause(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    bounds: list[tuple[float, float]] = []

    def highest(low: float, high: float) -> float:
        bounds.append((low, high))
        return high

    monkeypatch.setattr("random.uniform", highest)
    call_sync(Op(BUSY, BUSY), initial_delay_s=1, max_delay_s=100, jitter_ratio=0.5)
    assert bounds == [(0.5, 1.5)] * 2
    assert clock.pauses == [1.5, 3.0]


@both
def test_no_delay_and_no_jitter_retries_at_once(call: Call, clock: Clock) -> None:
    call(Op(BUSY, BUSY), initial_delay_s=0, jitter_ratio=0)
    assert clock.pauses == [0, 0]


# Until when


@both
def test_no_pause_begins_that_would_end_after_the_budget(call: Call, clock: Clock) -> None:
    op = Op(*[BUSY] * 9)
    with pytest.raises(ServerBusyError):
        call(op, max_attempts=9, initial_delay_s=1, max_delay_s=8, total_time_s=7.5)
    assert (op.calls, clock.pauses) == (4, [1, 2, 4])


@both
def test_budget_counts_the_time_of_the_attempts(call: Call, clock: Clock) -> None:
    op = Op(*[BUSY] * 9, lasts_s=3, clock=clock)
    with pytest.raises(ServerBusyError):
        call(op, max_attempts=9, initial_delay_s=1, max_delay_s=1, total_time_s=8)
    assert (op.calls, clock.pauses) == (3, [1, 1])


@both
def test_pause_that_ends_with_the_budget_is_made(call: Call, clock: Clock) -> None:
    assert call(Op(BUSY), initial_delay_s=1, total_time_s=1) == "done"


@both
def test_without_time_there_is_one_attempt(call: Call, clock: Clock) -> None:
    op = Op(BUSY)
    with pytest.raises(ServerBusyError):
        call(op, total_time_s=0)
    assert op.calls == 1


# Arguments


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_attempts", 2.5),
        ("max_attempts", None),
        ("initial_delay_s", "3"),
        ("max_delay_s", None),
        ("jitter_ratio", True),
        ("total_time_s", "3"),
    ],
)
@both
def test_argument_that_is_no_number_is_refused_before_the_first_call(call: Call, name: str, value: Any) -> None:
    op = Op()
    with pytest.raises(TypeError, match=f"retry_on_overload: {name} is .* and no number"):
        call(op, **{name: value})
    assert op.calls == 0


@pytest.mark.parametrize(
    "options",
    [
        {"max_attempts": 0},
        {"max_attempts": -1},
        {"initial_delay_s": -0.1},
        {"max_delay_s": -1},
        {"max_delay_s": float("nan")},
        {"jitter_ratio": -0.1},
        {"jitter_ratio": 1.1},
        {"total_time_s": -1},
    ],
)
@both
def test_argument_out_of_range_is_refused_before_the_first_call(call: Call, options: dict[str, float]) -> None:
    op = Op()
    (name,) = options
    with pytest.raises(ValueError, match=f"retry_on_overload: {name} is "):
        call(op, **options)
    assert op.calls == 0


# Kinds of op


@pytest.mark.parametrize("attempts", [1, 2])
def test_awaitable_that_is_no_coroutine_is_awaited(attempts: int, clock: Clock) -> None:
    async def main() -> str:
        op = Op(*[BUSY] * (attempts - 1))
        return await retry_on_overload(lambda: asyncio.ensure_future(op.awaited()))

    assert asyncio.run(main()) == "done"


def test_op_may_raise_before_it_returns_its_awaitable(clock: Clock) -> None:
    """The first one counts as synchronous, as nothing is known of the op; later ones do not."""
    worlds: list[set[str]] = []
    op, calls = Op(BUSY), Op(BUSY)

    def start() -> Awaitable[str]:
        worlds.append(set(clock.worlds))
        if len(worlds) == 3:
            raise BUSY
        calls()
        return op.awaited()

    assert asyncio.run(retry_on_overload(start, max_attempts=4)) == "done"
    assert worlds == [set(), {"sync"}, {"sync", "async"}, {"sync", "async"}]
    assert clock.pauses == [0.25, 0.5, 1.0]


def test_attempts_before_and_after_the_first_awaitable_are_counted_together(clock: Clock) -> None:
    op, calls = Op(BUSY, BUSY), Op(BUSY)

    def start() -> Awaitable[str]:
        calls()
        return op.awaited()

    with pytest.raises(ServerBusyError):
        asyncio.run(retry_on_overload(start))
    assert (calls.calls, op.calls) == (3, 2)
