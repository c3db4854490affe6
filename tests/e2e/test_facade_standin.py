"""Both clients on a stand-in that does what the real runtime does rarely, or too slowly for a test."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from openai_codex import (
    AsyncCodex,
    Codex,
    CodexConfig,
    CodexError,
    TransportClosedError,
    TurnFailedError,
)
from openai_codex._async import reader as async_reader
from openai_codex._sync import reader as sync_reader
from openai_codex.types import TurnStatus
from tests.e2e.facade import KINDS, no_leftovers, open_client

TESTS = Path(__file__).parents[1]
FAKE_SERVER = TESTS / "contract" / "fake_server.py"
THREAD: dict[str, Any] = json.loads((TESTS / "bench" / "fixtures" / "thread_start.json").read_text())
ACTIVE: dict[str, Any] = {"thread": {**THREAD["thread"], "status": {"type": "active", "activeFlags": []}}}

Steps = list[list[Any]]


def send(method: str, **params: Any) -> list[Any]:
    return ["send", {"method": method, "params": {"threadId": "T", "turnId": "U", **params}}]


def completed(status: str) -> list[Any]:
    return ["send", {"method": "turn/completed", "params": {"threadId": "T", "turn": turn(status)}}]


def turn(status: str) -> dict[str, Any]:
    return {"id": "U", "items": [], "itemsView": "summary", "status": status, "error": None}


DONE: list[Any] = ["result", {}]
DELTA = send("item/agentMessage/delta", itemId="i", delta="Hel")
FINAL_ERROR = send("error", willRetry=False, error={"message": "no such branch"})
INITIALIZED = ["result", {"userAgent": "x/0.163.0 (Some OS)"}]
ACCEPTED = ["result", {"turn": turn("inProgress")}]
STARTED = send("turn/started", turn=turn("inProgress"))
NOT_ACTIVE = ["error", {"code": -32600, "message": "no active turn to interrupt"}]


def config(**on: Steps) -> CodexConfig:
    """A stand-in that takes these steps on a request; its methods are spelled with ``__`` in place of ``/``."""
    steps: dict[str, Steps] = {
        "initialize": [INITIALIZED],
        "thread/start": [["result", THREAD]],
        "thread/read": [["result", THREAD]],
        "turn/start": [ACCEPTED, STARTED],
        "turn/interrupt": [DONE, completed("interrupted")],
        "finish": [DELTA, completed("completed"), DONE],
    }
    steps.update({name.replace("__", "/").replace("_2", "#2"): value for name, value in on.items()})
    argv = (sys.executable, "-I", "-S", str(FAKE_SERVER), json.dumps({"on": steps}))
    return CodexConfig(launch_args_override=argv)


def play(kind: str, settings: CodexConfig, body: Callable[[Any, Any], Awaitable[None]]) -> None:
    """Play a scenario with a client of that kind and a turn that was started."""

    async def main() -> None:
        async with open_client(kind, settings) as codex:
            started = await (await codex.thread_start()).turn("Hi")
            await asyncio.wait_for(body(codex, started), 10)

    with no_leftovers():
        asyncio.run(main())


def hasten(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
    """Set limits of both turn readers."""
    for module in (async_reader, sync_reader):
        for name, value in seconds.items():
            monkeypatch.setattr(module, name, value)


async def methods(stream: Any) -> list[str]:
    return [event.method async for event in stream]


async def waited_for(turn: Any) -> None:
    """Wait until somebody waits for an event of the turn."""
    while turn._reader.mailbox.waiter is None:
        await asyncio.sleep(0.01)


# Interrupting


@pytest.mark.parametrize("kind", KINDS)
def test_leaving_a_stream_does_not_wait_long_for_an_interrupt(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch, _LEAVE_S=0.2, _ANSWER_S=0.1)

    async def body(codex: Any, turn: Any) -> None:
        started = time.monotonic()
        async with turn.stream() as stream:
            async for _ in stream:
                break
        assert time.monotonic() - started < 2

    play(kind, config(turn__interrupt=[["hold"]]), body)


@pytest.mark.parametrize("kind", KINDS)
def test_interrupt_that_is_answered_late_has_worked(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch, _ANSWER_S=0.1)

    async def body(codex: Any, turn: Any) -> None:
        await turn.interrupt()
        assert (await turn.run()).status is TurnStatus.interrupted

    late = [completed("interrupted"), ["release"], NOT_ACTIVE]
    play(kind, config(turn__interrupt=[["hold"]], turn__interrupt_2=late), body)


# One consumer


@pytest.mark.parametrize("kind", KINDS)
def test_second_consumer_does_not_disturb_the_one_that_waits(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        first = asyncio.ensure_future(methods(turn.stream()))
        await waited_for(turn)
        with pytest.raises(RuntimeError, match="somebody is waiting"):
            await turn.run()
        with pytest.raises(RuntimeError, match="somebody is waiting"):
            turn.stream()
        await codex.request("finish")
        assert await first == ["turn/started", "item/agentMessage/delta", "turn/completed"]
        assert (await turn.run()).status is TurnStatus.completed

    play(kind, config(), body)


@pytest.mark.parametrize("kind", KINDS)
def test_stream_does_not_disturb_a_run_that_waits(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        running = asyncio.ensure_future(turn.run())
        await waited_for(turn)
        with pytest.raises(RuntimeError, match="somebody is waiting"):
            turn.stream()
        await codex.request("finish")
        assert (await running).status is TurnStatus.completed

    play(kind, config(), body)


# Ends that do not come


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("looked", [[["result", THREAD]], [["hold"]]], ids=["idle", "unanswered"])
def test_turn_with_a_final_error_ends_without_its_end(
    kind: str, looked: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch, _GRACE_S=0.1, _LOOK_S=0.1)

    async def body(codex: Any, turn: Any) -> None:
        for _ in range(2):
            with pytest.raises(TurnFailedError, match="no such branch") as caught:
                await turn.run()
            assert caught.value.result.status is TurnStatus.failed
            await codex.request("finish")  # too late: nobody follows the turn any more
        assert await methods(turn.stream()) == []

    play(kind, config(turn__start=[ACCEPTED, FINAL_ERROR], thread__read=looked), body)


@pytest.mark.parametrize("kind", KINDS)
def test_stream_of_a_turn_with_a_final_error_ends_without_its_end(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch, _GRACE_S=0.1)

    async def body(codex: Any, turn: Any) -> None:
        async with turn.stream() as stream:
            assert await methods(stream) == ["error"]
        with pytest.raises(TurnFailedError, match="no such branch"):
            await turn.run()
        await codex.request("a")  # to interrupt what is over would have ended the stand-in

    play(kind, config(turn__start=[ACCEPTED, FINAL_ERROR], turn__interrupt=[["exit", 1]]), body)


@pytest.mark.parametrize("kind", KINDS)
def test_turn_of_an_active_thread_outlives_a_final_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch, _GRACE_S=0.1)

    async def body(codex: Any, turn: Any) -> None:
        running = asyncio.ensure_future(turn.run())
        await asyncio.sleep(0.25)
        assert not running.done()
        await codex.request("finish")
        assert (await running).status is TurnStatus.completed

    play(kind, config(turn__start=[ACCEPTED, FINAL_ERROR], thread__read=[["result", ACTIVE]]), body)


@pytest.mark.parametrize("kind", KINDS)
def test_activity_of_the_next_turn_does_not_keep_a_failed_one_waiting(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch, _GRACE_S=0.1)

    async def body(codex: Any, turn: Any) -> None:
        with pytest.raises(TurnFailedError, match="no such branch"):
            await turn.run()

    looks: dict[str, Steps] = {"thread__read": [["result", THREAD]], "thread__read#1": [["result", ACTIVE]]}
    play(kind, config(turn__start=[ACCEPTED, FINAL_ERROR], **looks), body)


@pytest.mark.parametrize("kind", KINDS)
def test_end_shortly_after_a_final_error_is_waited_for(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        async with turn.stream() as stream:
            assert await methods(stream) == ["error", "turn/completed"]
        with pytest.raises(TurnFailedError, match="no such branch"):
            await turn.run()

    play(kind, config(turn__start=[ACCEPTED, FINAL_ERROR, ["sleep", 0.1], completed("failed")]), body)


@pytest.mark.parametrize("kind", KINDS)
def test_handle_of_a_turn_that_ended_before_has_no_result(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        await codex.request("finish")
        joined = await (await codex.thread_start()).turn("More")  # accepted as input of a turn that has just ended
        assert joined.id == turn.id
        with pytest.raises(CodexError, match="ended before") as caught:
            await joined.run()
        assert type(caught.value) is CodexError
        assert (await turn.run()).status is TurnStatus.completed

    play(kind, config(turn__start_2=[ACCEPTED]), body)


# Starting


SLOW_START: Steps = [["sleep", 0.2], INITIALIZED]


def test_cancelled_first_call_leaves_the_client_to_others() -> None:
    async def main() -> None:
        async with open_client("async", config(initialize=SLOW_START)) as codex:
            first, second = (asyncio.ensure_future(codex.request("a", {"n": n})) for n in (1, 2))
            await asyncio.sleep(0.05)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            assert await second == {"echo": {"n": 2}}

    with no_leftovers():
        asyncio.run(main())


def test_cancelled_first_call_leaves_the_client_to_its_caller() -> None:
    async def main() -> None:
        async with open_client("async", config(initialize=SLOW_START)) as codex:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(codex.request("a"), 0.05)
            assert await codex.request("a", {"n": 1}) == {"echo": {"n": 1}}

    with no_leftovers():
        asyncio.run(main())


def test_cancelled_entering_ends_the_runtime() -> None:
    async def main() -> None:
        codex = AsyncCodex(config(initialize=SLOW_START))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(codex.__aenter__(), 0.05)
        with pytest.raises(TransportClosedError, match="closed"):
            await codex.request("a")

    with no_leftovers():
        asyncio.run(main())


def test_failed_start_that_nobody_waits_for_complains_to_nobody() -> None:
    complaints: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        codex = AsyncCodex(config(initialize=[["sleep", 0.2], ["exit", 1]]))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(codex.request("a"), 0.05)
        while len(asyncio.all_tasks()) > 1:  # the start goes on until it fails
            await asyncio.sleep(0.01)
        gc.collect()
        with pytest.raises(TransportClosedError):
            await codex.request("a")
        await codex.close()

    with no_leftovers():
        asyncio.run(main())
    gc.collect()
    assert complaints == []


# Handlers


@pytest.mark.parametrize("client", [AsyncCodex, Codex])
def test_handlers_of_another_kind_are_refused_at_once(client: Any) -> None:
    with no_leftovers(), pytest.raises(TypeError, match="no instance of"):
        client(config(), handlers=print)
