"""Both clients on a stand-in that does what the real runtime does rarely, or too slowly for a test."""

from __future__ import annotations

import asyncio
import gc
import json
import re
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
    InvalidRequestError,
    RequestTimeoutError,
    Sandbox,
    TransportClosedError,
    TurnFailedError,
    TurnStalledError,
    TurnTimeoutError,
)
from openai_codex._async import follower, goal, history, interrupt, opening
from openai_codex._sync import (
    follower as sync_follower,
    goal as sync_goal,
    history as sync_history,
    interrupt as sync_interrupt,
    opening as sync_opening,
)
from openai_codex.types import CustomReviewTarget, Personality, TurnStatus
from tests.e2e.facade import KINDS, no_leftovers, open_client

TESTS = Path(__file__).parents[1]
FAKE_SERVER = TESTS / "contract" / "fake_server.py"
THREAD: dict[str, Any] = json.loads((TESTS / "bench" / "fixtures" / "thread_start.json").read_text())
ACTIVE: dict[str, Any] = {"thread": {**THREAD["thread"], "status": {"type": "active", "activeFlags": []}}}
READ_ONLY: dict[str, Any] = {**THREAD, "sandbox": {"type": "readOnly", "networkAccess": False}}

ID: str = THREAD["thread"]["id"]

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
    steps.update({re.sub(r"_(\d)$", r"#\1", name.replace("__", "/")): value for name, value in on.items()})
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
    """Set limits of both clients."""
    pairs = (
        (follower, sync_follower),
        (goal, sync_goal),
        (history, sync_history),
        (interrupt, sync_interrupt),
        (opening, sync_opening),
    )
    modules = [module for pair in pairs for module in pair]
    for name, value in seconds.items():
        owners = [module for module in modules if hasattr(module, name)]
        assert len(owners) == 2, name
        for module in owners:
            monkeypatch.setattr(module, name, value)


async def methods(stream: Any) -> list[str]:
    return [event.method async for event in stream]


async def waited_for(turn: Any, consumers: int = 1) -> None:
    """Wait until so many consumers wait for an event of the turn."""
    while sum(mailbox.waiter is not None for mailbox in turn._turn.followers) < consumers:
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
@pytest.mark.parametrize("begins", [False, True])
def test_interrupt_without_enough_time_says_so(kind: str, begins: bool) -> None:
    async def body(codex: Any, turn: Any) -> None:
        if begins:
            async with turn.stream() as stream:
                await stream.__anext__()
                await attempt(turn)
                await codex.request("finish")
        else:
            await attempt(turn)

    async def attempt(turn: Any) -> None:
        what = "could not be interrupted" if begins else "did not begin"
        with pytest.raises(RequestTimeoutError, match=f"turn/interrupt: turn U {what} in time"):
            await turn.interrupt(timeout=0)

    start = [ACCEPTED, STARTED] if begins else [ACCEPTED]
    play(kind, config(turn__start=start, turn__interrupt=[NOT_ACTIVE]), body)


@pytest.mark.parametrize("kind", KINDS)
def test_interrupt_that_is_answered_late_has_worked(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch, _ANSWER_S=0.1)

    async def body(codex: Any, turn: Any) -> None:
        await turn.interrupt()
        assert (await turn.run()).status is TurnStatus.interrupted

    late = [completed("interrupted"), ["release"], NOT_ACTIVE]
    play(kind, config(turn__interrupt=[["hold"]], turn__interrupt_2=late), body)


# Several consumers

ALL = ["turn/started", "item/agentMessage/delta", "turn/completed"]


@pytest.mark.parametrize("kind", KINDS)
def test_consumers_do_not_disturb_each_other(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        first = asyncio.ensure_future(methods(turn.stream()))
        await waited_for(turn)
        second, running = asyncio.ensure_future(methods(turn.stream())), asyncio.ensure_future(turn.run())
        await waited_for(turn, 3)
        await codex.request("finish")
        assert await first == ALL
        assert await second == ALL[1:]  # from the moment it was made
        result = await running
        assert result.status is TurnStatus.completed
        assert await turn.run() is result
        assert await methods(turn.stream()) == []

    play(kind, config(), body)


@pytest.mark.parametrize("kind", KINDS)
def test_stream_beside_a_run_gets_what_comes_from_then_on(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        running = asyncio.ensure_future(turn.run())
        await waited_for(turn)
        stream = turn.stream()
        await codex.request("finish")
        assert await methods(stream) == ALL[1:]
        assert (await running).status is TurnStatus.completed

    play(kind, config(), body)


@pytest.mark.parametrize("kind", KINDS)
def test_closing_a_stream_ends_the_wait_for_its_next_event(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        stream = turn.stream()
        assert (await stream.__anext__()).method == "turn/started"
        waiting = asyncio.ensure_future(methods(stream))
        await waited_for(turn)
        await stream.close()
        assert await waiting == []
        await codex.request("finish")
        assert (await turn.run()).status is TurnStatus.completed
        assert await methods(stream) == []

    play(kind, config(), body)


@pytest.mark.parametrize("kind", KINDS)
def test_stream_that_was_dropped_holds_no_events(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        async for _ in turn.stream():
            break
        gc.collect()
        await codex.request("finish")
        assert turn._turn.followers == []
        assert (await turn.run()).status is TurnStatus.completed

    play(kind, config(), body)


@pytest.mark.parametrize("kind", KINDS)
def test_two_handles_of_a_turn_share_its_result(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        joined = await (await codex.thread_start()).turn("More")
        assert (turn.joined, joined.joined, joined.id) == (False, True, turn.id)
        await codex.request("finish")
        assert await methods(joined.stream()) == ALL[1:]
        assert await methods(turn.stream()) == ALL
        assert await joined.run() is await turn.run()

    play(kind, config(turn__start_2=[ACCEPTED]), body)


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


def stored(status: str) -> Steps:
    return [["result", {"data": [{**turn("failed"), "id": "other"}, turn(status)]}]]


ITEMS: Steps = [
    ["result", {"data": [{"turnId": "U", "item": {"type": "agentMessage", "id": "m", "text": "Hello"}}]}],
]


@pytest.mark.parametrize("kind", KINDS)
def test_handle_of_a_turn_that_ended_before_takes_its_result_from_history(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        await codex.request("finish")
        joined = await (await codex.thread_start()).turn("More")  # accepted as input of a turn that has just ended
        assert (joined.id, joined.joined) == (turn.id, True)
        assert await methods(joined.stream()) == []
        result = await joined.run()
        assert (result.status, result.final_response) == (TurnStatus.completed, "Hello")
        assert (await turn.run()).final_response is None  # what its events said

    play(
        kind, config(turn__start_2=[ACCEPTED], thread__turns__list=stored("completed"), thread__items__list=ITEMS), body
    )


@pytest.mark.parametrize("kind", KINDS)
def test_handle_of_a_turn_that_ended_before_and_is_not_stored_says_so(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        await codex.request("finish")
        joined = await (await codex.thread_start()).turn("More")
        with pytest.raises(CodexError, match="ended before") as caught:
            await joined.run()
        assert type(caught.value) is CodexError
        assert (await turn.run()).status is TurnStatus.completed

    play(kind, config(turn__start_2=[ACCEPTED]), body)


# Silence


@pytest.mark.parametrize("kind", KINDS)
def test_silent_turn_that_has_ended_is_finished_from_history(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        stream = asyncio.ensure_future(methods(turn.stream()))
        result = await turn.run(idle_timeout=0.2)
        assert (result.status, result.final_response) == (TurnStatus.completed, "Hello")
        assert await stream == ALL[:1]  # the end wakes everybody
        await codex.request("a")  # an interrupt would have ended the stand-in

    looks = {"thread__turns__list": stored("completed"), "thread__items__list": ITEMS}
    play(kind, config(turn__interrupt=[["exit", 1]], **looks), body)


@pytest.mark.parametrize("kind", KINDS)
def test_silent_turn_that_failed_fails_from_history(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        with pytest.raises(TurnFailedError):
            await turn.run(idle_timeout=0.2)

    play(kind, config(thread__turns__list=stored("failed"), thread__items__list=ITEMS), body)


@pytest.mark.parametrize("kind", KINDS)
def test_turn_that_waits_for_a_decision_is_not_stalled(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        running = asyncio.ensure_future(turn.run(idle_timeout=0.1))
        await asyncio.sleep(0.5)
        assert not running.done()
        await codex.request("finish")
        assert (await running).status is TurnStatus.completed

    asking = {"thread": {**THREAD["thread"], "status": {"type": "active", "activeFlags": ["waitingOnApproval"]}}}
    looks: dict[str, Steps] = {"thread__turns__list": stored("inProgress"), "thread__read": [["result", asking]]}
    play(kind, config(**looks), body)


STALLS: dict[str, tuple[Steps, Steps, str]] = {
    "running": (stored("inProgress"), [["result", ACTIVE]], "still running"),
    "not stored": ([NOT_ACTIVE], [["result", ACTIVE]], "still running"),
    "gone": ([["result", {"data": [{**turn("inProgress"), "id": "next"}]}]], [["result", ACTIVE]], "neither"),
    "done with it": (stored("inProgress"), [["result", THREAD]], "thread is idle"),
    "refused": ([NOT_ACTIVE], [NOT_ACTIVE], "neither"),
    "unanswered": ([["hold"]], [["hold"]], "does not say"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", STALLS)
def test_silent_turn_that_has_not_ended_is_interrupted(kind: str, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    turns, read, text = STALLS[case]
    if text == "does not say":
        hasten(monkeypatch, _LOOK_S=0.1)

    async def body(codex: Any, turn: Any) -> None:
        with pytest.raises(TurnStalledError, match=rf"turn U has stalled: nothing came .* 0\.2 s.*{text}") as caught:
            await turn.run(idle_timeout=0.2)
        assert caught.value.result.partial_text == "Hel"
        assert (await turn.run()).status is TurnStatus.interrupted

    play(kind, config(turn__start=[ACCEPTED, STARTED, DELTA], thread__turns__list=turns, thread__read=read), body)


# So the runtime stores a turn that is about to begin, and a review beside one that was given up.
NOT_BEGUN: Steps = [["result", {"data": [turn("interrupted")]}]]
REVIEWS: Steps = [
    ["result", {"data": [{**turn("inProgress"), "id": "R", "rootTurnId": each} for each in ("before", "U")]}]
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "turns", [NOT_BEGUN, [STARTED, *NOT_BEGUN], REVIEWS], ids=["not begun", "begins meanwhile", "reviews"]
)
def test_turn_that_history_shows_otherwise_is_still_running(kind: str, turns: Steps) -> None:
    async def body(codex: Any, turn: Any) -> None:
        with pytest.raises(TurnStalledError, match="still running"):
            await turn.run(idle_timeout=0.2)

    begun = [STARTED] if turns is REVIEWS else []
    looks: dict[str, Steps] = {"thread__turns__list": turns, "thread__read": [["result", ACTIVE]]}
    if STARTED in turns:
        looks["thread__turns__list_2"] = [["result", {"data": [turn("inProgress")]}]]
    play(kind, config(turn__start=[ACCEPTED, *begun], **looks), body)


IDLE: list[Any] = ["send", {"method": "thread/status/changed", "params": {"threadId": ID, "status": {"type": "idle"}}}]


@pytest.mark.parametrize("kind", KINDS)
def test_turn_of_a_thread_that_does_nothing_is_interrupted(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch, _GRACE_S=0.1)

    async def body(codex: Any, turn: Any) -> None:
        with pytest.raises(TurnStalledError, match=r"does nothing any more, .* it was interrupted") as caught:
            await turn.run()
        assert caught.value.result.partial_text == "Hel"
        assert (await turn.run()).status is TurnStatus.interrupted

    play(kind, config(turn__start=[ACCEPTED, STARTED, DELTA, IDLE], thread__turns__list=[NOT_ACTIVE]), body)


def wait_for_a_thread(kind: str, monkeypatch: pytest.MonkeyPatch, status: list[Any], read: dict[str, Any]) -> None:
    """A turn whose thread seems to rest, and on a look is as ``read`` says, is waited for until it ends."""
    hasten(monkeypatch, _GRACE_S=0.1)

    async def body(codex: Any, turn: Any) -> None:
        running = asyncio.ensure_future(turn.run())
        await asyncio.sleep(0.5)
        assert not running.done()
        await codex.request("finish")
        assert (await running).status is TurnStatus.completed

    looks: dict[str, Steps] = {"thread__turns__list": stored("inProgress"), "thread__read": [["result", read]]}
    play(kind, config(turn__start=[ACCEPTED, STARTED, status], **looks), body)


@pytest.mark.parametrize("kind", KINDS)
def test_thread_that_works_again_after_all_is_waited_for(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for_a_thread(kind, monkeypatch, IDLE, ACTIVE)


@pytest.mark.parametrize("kind", KINDS)
def test_stream_of_a_silent_turn_stalls_as_well(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        with pytest.raises(TurnStalledError):
            await methods(turn.stream(idle_timeout=0.2))
        with pytest.raises(TurnStalledError):
            await methods(turn.stream_text(idle_timeout=0.2))

    play(kind, config(thread__read=[["result", ACTIVE]], turn__interrupt=[DONE]), body)


# Deadlines


@pytest.mark.parametrize("kind", KINDS)
def test_turn_that_takes_too_long_is_interrupted(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        with pytest.raises(
            TurnTimeoutError, match=r"turn U was not finished within 0\.2 s; it was interrupted"
        ) as caught:
            await turn.run(timeout=0.2)
        assert caught.value.result.partial_text == "Hel"
        assert (await turn.run(timeout=0)).status is TurnStatus.interrupted  # it has ended: no time is needed

    play(kind, config(turn__start=[ACCEPTED, STARTED, DELTA]), body)


@pytest.mark.parametrize("kind", KINDS)
def test_deadline_holds_while_events_come_all_the_time(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        with pytest.raises(TurnTimeoutError):
            await turn.run(timeout=0.3, idle_timeout=0.2)

    flood: Steps = [ACCEPTED, STARTED, *[step for _ in range(60) for step in (DELTA, ["sleep", 0.02])]]
    play(kind, config(turn__start=flood), body)


@pytest.mark.parametrize("kind", KINDS)
def test_joined_handle_leaves_the_turn_to_its_owner(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        joined = await (await codex.thread_start()).turn("More")
        with pytest.raises(TurnTimeoutError, match="it goes on, because another call started it"):
            await joined.run(timeout=0.1)
        async with joined.stream() as stream:
            await codex.request("a")
            assert stream is not None
        await codex.request("finish")  # an interrupt would have ended the stand-in
        assert (await turn.run()).status is TurnStatus.completed

    play(kind, config(turn__start_2=[ACCEPTED], turn__interrupt=[["exit", 1]]), body)


@pytest.mark.parametrize("kind", KINDS)
def test_acceptance_has_a_deadline_of_its_own(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        thread = await codex.thread_start()
        for call in (thread.turn("x", timeout=0.1), thread.run("x", timeout=0.1)):
            with pytest.raises(RequestTimeoutError, match="turn/start"):
                await call
        assert (await codex.request("held")) == 2
        await codex.request("finish")
        assert (await turn.run()).status is TurnStatus.completed

    play(kind, config(turn__start_2=[["hold"]], turn__start_3=[["hold"]], held=[["held"]]), body)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bad", ["5", True, -1, float("nan")])
def test_times_that_are_none_are_refused_before_anything_is_sent(kind: str, bad: Any) -> None:
    async def body(codex: Any, turn: Any) -> None:
        thread = await codex.thread_start()
        calls: list[Callable[[], Any]] = [
            lambda: turn.run(timeout=bad),
            lambda: turn.run(idle_timeout=bad),
            lambda: thread.run("x", timeout=bad),
            lambda: thread.turn("x", timeout=bad),
            lambda: turn.interrupt(timeout=bad),
            lambda: codex.request("a", timeout=bad),
        ]
        for call in calls:
            with pytest.raises((TypeError, ValueError), match=r"seconds|time to wait"):
                await call()
        with pytest.raises((TypeError, ValueError), match="idle_timeout"):
            turn.stream(idle_timeout=bad)
        await codex.request("finish")

    play(kind, config(turn__start_2=[["exit", 1]], turn__interrupt=[["exit", 1]], a=[["exit", 1]]), body)


# Cancelling


def test_cancelled_run_interrupts_its_turn() -> None:
    async def body(codex: Any, turn: Any) -> None:
        running = asyncio.ensure_future(turn.run())
        await waited_for(turn)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (await turn.run()).status is TurnStatus.interrupted

    play("async", config(), body)


def test_run_that_is_cancelled_before_its_turn_is_accepted_interrupts_it() -> None:
    async def body(codex: Any, turn: Any) -> None:
        thread = await codex.thread_start()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(thread.run("x"), 0.1)
        await codex.request("accept")
        deadline = time.monotonic() + 5
        while await codex.request("interrupts") == 0 and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        assert await codex.request("interrupts") == 1

    accepted = {**turn("inProgress"), "id": "V"}
    accept = [["release_turn", {"turn": accepted}], send("turn/started", turnId="V", turn=accepted), DONE]
    on: dict[str, Steps] = {"turn__start_2": [["hold"]], "accept": accept, "interrupts": [["seen", "turn/interrupt"]]}
    play("async", config(**on), body)


LATE: Steps = [ACCEPTED, ["sleep", 0.5], STARTED]


@pytest.mark.parametrize("kind", KINDS)
def test_turn_that_begins_late_is_interrupted_then(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch, _BEGIN_S=0.1)

    async def body(codex: Any, turn: Any) -> None:
        await turn.interrupt()
        assert (await turn.run()).status is TurnStatus.interrupted

    play(
        kind,
        config(turn__start=LATE, turn__interrupt=[NOT_ACTIVE], turn__interrupt_4=[DONE, completed("interrupted")]),
        body,
    )


def test_turn_that_begins_after_its_run_was_cancelled_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch, _BEGIN_S=0.1, _LEAVE_S=0.2)

    async def body(codex: Any, turn: Any) -> None:
        running = asyncio.ensure_future(turn.run())
        await waited_for(turn)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (await turn.run()).status is TurnStatus.interrupted

    begin: Steps = [NOT_ACTIVE, ["sleep", 0.5], STARTED]
    end: Steps = [DONE, completed("interrupted")]
    play("async", config(turn__start=[ACCEPTED], turn__interrupt=begin, turn__interrupt_2=end), body)


@pytest.mark.parametrize("kind", KINDS)
def test_deadline_is_told_as_it_was_given(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        thread = await codex.thread_start()
        with pytest.raises(TurnTimeoutError, match=r"within 0\.3 s; it was interrupted"):
            await thread.run("Hi", timeout=0.3, idle_timeout=0.3)

    accepted = {**turn("inProgress"), "id": "V"}
    started: Steps = [["result", {"turn": accepted}], send("turn/started", turnId="V", turn=accepted)]
    end = {"threadId": "T", "turn": {**turn("interrupted"), "id": "V"}}
    stop: Steps = [DONE, ["send", {"method": "turn/completed", "params": end}]]
    play(kind, config(turn__start_2=started, turn__interrupt=stop), body)


# Goals


def goal_of(status: str) -> dict[str, Any]:
    numbers = {"createdAt": 1, "updatedAt": 1, "timeUsedSeconds": 0, "tokensUsed": 0}
    return {"goal": {"threadId": "T", "objective": "x", "status": status, **numbers}}


GOAL: dict[str, Steps] = {
    "thread__goal__set": [["result", goal_of("active")], send("turn/started", threadId=ID, turn=turn("inProgress"))],
    "thread__goal__get": [["result", goal_of("active")]],
}


@pytest.mark.parametrize("kind", KINDS)
def test_goal_whose_turn_never_ends_by_itself_ends(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch, _GRACE_S=0.1, _BETWEEN_S=0.2)

    async def main() -> None:
        async with open_client(kind, config(**on)) as codex:
            turns = (await codex.thread_start()).goal.run_goal("x")
            with pytest.raises(TurnFailedError, match="no such branch"):
                await (await turns.__anext__()).run()
            assert [each async for each in turns] == []
            assert turns.goal is not None and turns.goal.status.value == "blocked"

    on = {**GOAL, "thread__goal__get": [["result", goal_of("blocked")]]}
    on["thread__goal__set"] = [*on["thread__goal__set"], FINAL_ERROR]
    with no_leftovers():
        asyncio.run(asyncio.wait_for(main(), 20))


@pytest.mark.parametrize("kind", KINDS)
def test_review_of_the_users_is_no_turn_of_an_active_goal(kind: str) -> None:
    begun = {**turn("inProgress"), "id": "R", "rootTurnId": "U"}
    complete = {"threadId": ID, **goal_of("complete")}
    on: dict[str, Steps] = {
        "thread__goal__set": [["result", goal_of("active")]],
        "thread__goal__get": [["result", goal_of("complete")]],
        "review__start": [
            ["result", {"turn": turn("inProgress"), "reviewThreadId": ID}],
            send("turn/started", threadId=ID, turn=begun),
            ["send", {"method": "thread/goal/updated", "params": complete}],
        ],
    }

    async def main() -> None:
        async with open_client(kind, config(**on)) as codex:
            thread = await codex.thread_start()
            turns = thread.goal.run_goal("x")
            waiting = asyncio.ensure_future(turns.__anext__())
            await asyncio.sleep(0.2)
            await thread.review(CustomReviewTarget(instructions="Look"))
            with pytest.raises(StopAsyncIteration):
                await waiting

    with no_leftovers():
        asyncio.run(asyncio.wait_for(main(), 20))


@pytest.mark.parametrize("kind", KINDS)
def test_goal_that_nobody_works_on_is_an_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch, _BETWEEN_S=0.2)

    async def main() -> None:
        async with open_client(kind, config(**{**GOAL, "thread__goal__set": [["result", goal_of("active")]]})) as codex:
            turns = (await codex.thread_start()).goal.run_goal("x")
            with pytest.raises(CodexError, match="starts no turn for it"):
                await turns.__anext__()

    with no_leftovers():
        asyncio.run(asyncio.wait_for(main(), 20))


@pytest.mark.parametrize("kind", KINDS)
def test_goal_that_nothing_is_heard_of_is_over_in_time(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch, _STOP_S=0.2, _REPLY_S=0.1)

    async def main() -> None:
        paused = ["send", {"method": "thread/goal/updated", "params": {"threadId": ID, **goal_of("paused")}}]
        on: dict[str, Steps] = {
            "thread__goal__set": [["result", goal_of("active")], paused],
            "thread__goal__get": [["hold"]],
        }
        async with open_client(kind, config(**on)) as codex:
            turns = (await codex.thread_start()).goal.run_goal("x", timeout=0.3)
            begin = time.monotonic()
            with pytest.raises(RequestTimeoutError, match=r"the goal was not reached within 0\.3 s; it is paused now"):
                await turns.__anext__()
            assert time.monotonic() - begin < 1

    with no_leftovers():
        asyncio.run(asyncio.wait_for(main(), 20))


BEGUN = send("turn/started", threadId=ID, turn=turn("inProgress"))
LATE_TURNS: dict[str, dict[str, Steps]] = {
    "idle thread": {
        "thread__goal__set_2": [["result", goal_of("paused")], ["sleep", 0.04], BEGUN],
        "thread__read": [["result", THREAD]],
    },
    "active thread": {
        "thread__goal__set_2": [["result", goal_of("paused")]],
        "thread__read": [["result", ACTIVE]],
        "thread__read_3": [["result", ACTIVE], BEGUN],
    },
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", LATE_TURNS)
def test_turn_that_begins_after_its_goal_was_paused_is_interrupted(kind: str, case: str) -> None:
    async def main() -> None:
        async with open_client(kind, config(**on)) as codex:
            turns = (await codex.thread_start()).goal.run_goal("x", timeout=0.2)
            with pytest.raises(RequestTimeoutError, match="it is paused now"):
                await turns.__anext__()
            assert await codex.request("count") == 1

    end = ["send", {"method": "turn/completed", "params": {"threadId": ID, "turn": turn("interrupted")}}]
    on: dict[str, Steps] = {
        "thread__goal__set": [["result", goal_of("active")]],
        "thread__goal__get": [["result", goal_of("active")]],
        "turn__interrupt": [DONE, end],
        "count": [["seen", "turn/interrupt"]],
        **LATE_TURNS[case],
    }
    with no_leftovers():
        asyncio.run(asyncio.wait_for(main(), 20))


@pytest.mark.parametrize("kind", KINDS)
def test_goal_that_cannot_be_paused_is_left_in_time(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch, _STOP_S=0.2)

    async def main() -> None:
        on = {**GOAL, "thread__goal__set_2": [["hold"]], "turn__interrupt": [["hold"]]}
        async with open_client(kind, config(**on)) as codex:
            turns = (await codex.thread_start()).goal.run_goal("x", timeout=0.2)
            await turns.__anext__()
            begin = time.monotonic()
            with pytest.raises(RequestTimeoutError, match=r"within 0\.2 s; it may go on"):
                await turns.__anext__()
            assert time.monotonic() - begin < 3

    with no_leftovers():
        asyncio.run(asyncio.wait_for(main(), 20))


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


def unknown(variant: str) -> Steps:
    """How a runtime refuses what it does not know."""
    return [["error", {"code": -32600, "message": f"Invalid request: unknown variant `{variant}`, expected `x`"}]]


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_older_runtime_does_not_know_is_refused_with_its_version(kind: str) -> None:
    async def main() -> None:
        async with open_client(kind, older) as codex:
            thread = await codex.thread_start()
            calls: dict[str, Awaitable[Any]] = {
                "memory/status": codex.rpc.memory.status(),
                "no/such": codex.request("no/such"),
                "turn/start": thread.turn("Hi"),
            }
            for method, call in calls.items():
                with pytest.raises(
                    InvalidRequestError, match=rf"^{method}: .*codex 0\.154\.0 does not know it"
                ) as caught:
                    await call
                assert caught.value.runtime_version == "0.154.0"

    older = config(
        initialize=[["result", {"userAgent": "x/0.154.0 (Some OS)"}]],
        memory__status=unknown("memory/status"),
        no__such=unknown("no/such"),
        turn__start=unknown("tremendous"),
    )
    with no_leftovers():
        asyncio.run(main())


# Resuming


def resume_of_a_loaded_thread(kind: str, shows_at: int, **asked: Any) -> tuple[str, int]:
    """Resume it; the runtime's answers show an update from that one on. Returns its sandbox, and the requests."""

    async def main() -> tuple[str, int]:
        async with open_client(kind, runtime) as codex:
            thread = await codex.thread_resume(ID, **asked)
            assert thread.sandbox is not None
            return thread.sandbox.type, await codex.request("count")

    runtime = config(
        thread__loaded__list=[["result", {"data": [ID]}]],
        thread__resume=[["result", THREAD]],
        thread__settings__update=[DONE],
        **{f"thread__resume_{number}": [["result", READ_ONLY]] for number in range(shows_at, 10)},
        count=[["seen", "thread/resume"]],
    )
    with no_leftovers():
        return asyncio.run(main())


@pytest.mark.parametrize("kind", KINDS)
def test_resume_waits_until_the_runtime_has_applied_what_was_asked_for(kind: str) -> None:
    assert resume_of_a_loaded_thread(kind, shows_at=4, sandbox=Sandbox.read_only) == ("readOnly", 4)


@pytest.mark.parametrize("kind", KINDS)
def test_resume_does_not_wait_long_for_what_changes_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch, _APPLY_S=0.1)
    sandbox, requests = resume_of_a_loaded_thread(kind, shows_at=10, cwd="relative")
    assert sandbox == "dangerFullAccess"
    assert requests > 2


@pytest.mark.parametrize("kind", KINDS)
def test_resume_does_not_wait_for_what_no_answer_shows(kind: str) -> None:
    assert resume_of_a_loaded_thread(kind, shows_at=2, personality=Personality.friendly) == ("dangerFullAccess", 1)


# Handlers


@pytest.mark.parametrize("client", [AsyncCodex, Codex])
def test_handlers_of_another_kind_are_refused_at_once(client: Any) -> None:
    with no_leftovers(), pytest.raises(TypeError, match="no instance of"):
        client(config(), handlers=print)
