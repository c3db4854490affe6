"""Both clients when the runtime says of a thread or a turn what the schema of today has no word for: they wait on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from openai_codex import TurnStalledError
from tests.e2e.facade import KINDS, no_leftovers, open_client
from tests.e2e.test_facade_standin import (
    ACCEPTED,
    GOAL,
    ID,
    STARTED,
    THREAD,
    Steps,
    config,
    goal_of,
    hasten,
    play,
    send,
    stored,
    turn,
    wait_for_a_thread,
)

RESTING: dict[str, Any] = {"type": "resting/soon", "until": 1}
UNHEARD_OF: dict[str, Any] = {"thread": {**THREAD["thread"], "status": RESTING}}
RESTS = send("thread/status/changed", threadId=ID, turnId=None, status=RESTING)
STATUS = "restingAsWell"


@pytest.mark.parametrize("kind", KINDS)
def test_thread_of_a_status_that_is_not_known_may_be_at_work(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for_a_thread(kind, monkeypatch, RESTS, UNHEARD_OF)


SILENT: list[Steps] = [stored("inProgress"), stored(STATUS), [["result", {"data": []}]]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turns", SILENT)
def test_silent_turn_of_a_status_that_is_not_known_is_still_running(kind: str, turns: Steps) -> None:
    async def body(codex: Any, turn: Any) -> None:
        with pytest.raises(TurnStalledError, match="still running"):
            await turn.run(idle_timeout=0.2)

    looks: dict[str, Steps] = {"thread__turns__list": turns, "thread__read": [["result", UNHEARD_OF]]}
    play(kind, config(turn__start=[ACCEPTED, STARTED], **looks), body)


@pytest.mark.parametrize("kind", KINDS)
def test_stored_turn_that_is_over_has_ended_whatever_it_is_called(kind: str) -> None:
    async def body(codex: Any, turn: Any) -> None:
        result = await turn.run(idle_timeout=0.2)
        assert (result.status.value, result.completed_at) == (STATUS, 5)

    ended: Steps = [["result", {"data": [{**turn(STATUS), "completedAt": 5}]}]]
    play(kind, config(turn__start=[ACCEPTED, STARTED], thread__turns__list=ended), body)


@pytest.mark.parametrize("kind", KINDS)
def test_goal_of_a_thread_whose_status_is_not_known_is_waited_for(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch, _BETWEEN_S=0.1)

    async def main() -> None:
        on = {**GOAL, "thread__goal__set": [["result", goal_of("active")]], "thread__read": [["result", UNHEARD_OF]]}
        async with open_client(kind, config(**on)) as codex:
            turns = (await codex.thread_start()).goal.run_goal("x")
            waiting = asyncio.ensure_future(turns.__anext__())
            await asyncio.sleep(0.5)
            assert not waiting.done()
            await turns.close()
            with pytest.raises(StopAsyncIteration):
                await waiting

    with no_leftovers():
        asyncio.run(asyncio.wait_for(main(), 20))
