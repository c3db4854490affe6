"""Answers as values of a type, by handles of turns, at the same time, and when the time is over."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel, Field

from openai_codex import AsyncCodex, AsyncTurnHandle, OutputValidationError, TurnFailedError, TurnTimeoutError
from openai_codex.testing import ScriptedModel
from openai_codex.types import AgentMessageDeltaNotification, TurnStatus
from tests.e2e.facade import Wire, requested, scenario


class Line(BaseModel):
    name: str = Field(min_length=2)


PEN = '{"name": "pen"}'
SHORT = '{"name": "p"}'


async def outcomes(turn: AsyncTurnHandle[Any], count: int) -> list[Any]:
    """What several calls of ``run`` at the same time come to."""
    return [*await asyncio.gather(*(turn.run() for _ in range(count)), return_exceptions=True)]


@scenario()
async def test_handle_gives_the_output_as_often_as_it_is_asked(
    codex: AsyncCodex, model: ScriptedModel, wire: Wire
) -> None:
    model.say(SHORT).say(PEN)
    turn = await (await codex.thread_start()).turn("Hi", output_type=Line)
    results = [*await outcomes(turn, 4), await turn.run()]
    assert [each.output for each in results] == [Line(name="pen")] * 5
    assert all(each is results[0] for each in results)
    assert results[0].id != turn.id
    assert len(wire.sent("turn/start")) == 2


@pytest.mark.parametrize(
    ("fail", "error", "text"), [(False, OutputValidationError, "at least 2"), (True, TurnFailedError, "boom")]
)
@scenario()
async def test_failure_is_the_same_for_all_and_asked_for_once(
    codex: AsyncCodex, model: ScriptedModel, wire: Wire, fail: bool, error: type[Exception], text: str
) -> None:
    model.say(SHORT)
    model = model.fail("server_error", "boom") if fail else model.say(SHORT)
    turn = await (await codex.thread_start()).turn("Hi", output_type=Line)
    errors = await outcomes(turn, 3)
    with pytest.raises(error, match=text) as caught:
        await turn.run()
    assert [type(each) for each in errors] == [error] * 3
    assert len({id(each) for each in [*errors, caught.value]}) == 4  # each has a traceback of its own
    assert {each.result.id for each in errors} == {caught.value.result.id}  # type: ignore[attr-defined]  # pyright: ignore
    assert len(wire.sent("turn/start")) == 2


@scenario()
async def test_turn_is_streamed_before_its_answer_is_read(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.stream([*SHORT]).say(PEN)
    turn = await (await codex.thread_start()).turn("Hi", output_type=Line, output_retries=1)
    events = [event async for event in turn.stream()]
    deltas = [each.payload.delta for each in events if isinstance(each.payload, AgentMessageDeltaNotification)]
    assert "".join(deltas) == SHORT
    assert len(model.requests) == 1  # streaming alone asks for nothing
    assert (await turn.run()).output == Line(name="pen")


@scenario()
async def test_interrupted_turn_has_no_output(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.hang()
    turn = await (await codex.thread_start()).turn("Hi", output_type=Line)
    await requested(model)
    await turn.interrupt()
    with pytest.raises(OutputValidationError, match=f"turn {turn.id}: no answer .* Line: is interrupted") as caught:
        await turn.run()
    assert (caught.value.result.status, caught.value.errors) == (TurnStatus.interrupted, [])
    assert len(model.requests) == 1


@scenario()
async def test_time_is_that_of_all_turns_together(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say(SHORT).hang().say("Next")
    thread = await codex.thread_start()
    with pytest.raises(TurnTimeoutError, match=r"was not finished within 2\.5 s; it was interrupted") as caught:
        await thread.run("Hi", output_type=Line, timeout=2.5)
    first, second = (await thread.read(include_turns=True)).thread.turns
    assert (first.status, second.status) == (TurnStatus.completed, TurnStatus.interrupted)
    assert caught.value.result.id == second.id
    assert (await thread.run("Hi")).final_response == "Next"


@scenario()
async def test_leaving_during_the_further_turn_interrupts_it(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say(SHORT).hang().say(PEN)
    thread = await codex.thread_start()
    turn = await thread.turn("Hi", output_type=Line)
    with pytest.raises(TurnTimeoutError):
        await turn.run(timeout=2.5)
    turns = (await thread.read(include_turns=True)).thread.turns
    assert [each.status for each in turns] == [TurnStatus.completed, TurnStatus.interrupted]
    assert (await turn.run()).output == Line(name="pen")  # whoever has the time may ask again


@scenario()
async def test_nobody_waits_for_others_longer_than_for_a_turn(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say(SHORT).stream([*PEN], delay=0.1)
    turn = await (await codex.thread_start()).turn("Hi", output_type=Line)
    patient = asyncio.ensure_future(turn.run())
    await requested(model, 2)
    with pytest.raises(TurnTimeoutError, match=r"has no output after 0\.2 s; another call asks for it") as caught:
        await turn.run(timeout=0.2)
    assert caught.value.result.final_response == SHORT
    assert (await patient).output == Line(name="pen")
