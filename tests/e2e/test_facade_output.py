"""Answers as values of a type, on the real runtime: what the model is asked for, and what becomes of its answer."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, replace
from typing import Any, Union

import pytest
from pydantic import BaseModel, Field, TypeAdapter
from typing_extensions import TypedDict

from openai_codex import (
    AsyncCodex,
    AsyncThread,
    OutputValidationError,
    SchemaNotStrictError,
    TurnFailedError,
    TurnResult,
)
from openai_codex.testing import ScriptedModel
from openai_codex.types import TurnStatus
from tests.e2e.facade import Wire, scenario
from tests.unit.strictness import violations


class Line(BaseModel):
    name: str = Field(min_length=2)
    price: float | None = None


class Node(BaseModel):
    children: list[Node]


@dataclass
class Point:
    x: int
    y: int = 0


class Film(TypedDict):
    title: str


PEN = '{"name": "pen", "price": null}'
SHORT = '{"name": "p", "price": null}'
BAD = '{"name": "p", "price": "much"}'


def asked_for(model: ScriptedModel, request: int = 0) -> Any:
    """The schema that the model got."""
    text_format = model.requests[request].body["text"]["format"]
    assert (text_format["type"], text_format["strict"]) == ("json_schema", True)
    return text_format["schema"]


async def turns_of(thread: AsyncThread) -> list[str]:
    """Ids of all turns of a thread, oldest first."""
    return [turn.id for turn in (await thread.read(include_turns=True)).thread.turns]


TYPES: list[tuple[Any, str, Any]] = [
    (Line, PEN, Line(name="pen")),
    (Point, '{"x": 1, "y": 2}', Point(1, 2)),
    (Film, '{"title": "M"}', {"title": "M"}),
    (list[int], '{"value": [1, 2]}', [1, 2]),
    (int | str, '{"value": "a"}', "a"),
    (Union[int, None], '{"value": 3}', 3),
    (TypeAdapter(list[Line]), f'{{"value": [{PEN}]}}', [Line(name="pen")]),
    (Node, '{"children": [{"children": []}]}', Node(children=[Node(children=[])])),
]


@pytest.mark.parametrize(("output_type", "answer", "value"), TYPES, ids=[str(row[0]) for row in TYPES])
@scenario()
async def test_answer_is_a_value_of_the_type(
    codex: AsyncCodex, model: ScriptedModel, output_type: Any, answer: str, value: Any
) -> None:
    model.say(answer)
    result: TurnResult[Any] = await (await codex.thread_start()).run("Hi", output_type=output_type)
    assert (result.output, result.final_response) == (value, answer)
    assert type(result.output) is type(value)
    assert [*violations(asked_for(model))] == []


@scenario()
async def test_value_of_none_is_an_answer(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say('{"value": null}')
    result = await (await codex.thread_start()).run("Hi", output_type=TypeAdapter[Any](Line | None))
    assert result.output is None
    assert len(model.requests) == 1


@scenario()
async def test_plain_run_has_no_output_and_asks_for_no_schema(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say(PEN).say(PEN).say(PEN)
    thread = await codex.thread_start()
    typed = await thread.run("Hi", output_type=Line)
    assert (await thread.run("Hi")).output is None
    assert "format" not in model.requests[-1].body.get("text", {})
    result = await thread.run("Hi", output_schema={"type": "object", "properties": {}})
    assert (result.output, result.final_response) == (None, PEN)
    assert typed.output == Line(name="pen")


@scenario()
async def test_output_is_no_part_of_equality_and_survives_copies(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say(PEN)
    result = await (await codex.thread_start()).run("Hi", output_type=Line)
    assert replace(result, output=Line(name="other")) == result
    for again in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        assert again == result
        assert again.output == Line(name="pen")


# Asking again


@scenario()
async def test_answer_that_does_not_fit_is_asked_for_again(codex: AsyncCodex, model: ScriptedModel, wire: Wire) -> None:
    model.say(BAD).say(PEN)
    thread = await codex.thread_start()
    result = await thread.run("Hi", output_type=Line, turn_service_tier="flex")
    assert (result.output, result.final_response) == (Line(name="pen"), PEN)
    assert (await turns_of(thread))[1:] == [result.id]
    assert model.requests[1].user_texts[-1].splitlines() == [
        "Your last answer does not fit the JSON schema that it was asked for:",
        "- $.name: String should have at least 2 characters",
        "- $.price: Input should be a valid number, unable to parse string as a number",
        "Answer again with JSON that fits the schema, and with nothing else.",
    ]
    assert asked_for(model, 0) == asked_for(model, 1)
    first, second = wire.sent("turn/start")
    assert [each["serviceTierForTurn"] for each in (first, second)] == ["flex", "flex"]
    assert first.keys() - second.keys() == set()


@scenario()
async def test_every_retry_tells_of_the_latest_answer(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("no JSON").say(SHORT).say('{"name": "pen", "price": 1, "more": 1}')
    thread = await codex.thread_start()
    result = await thread.run("Hi", output_type=Line, output_retries=2)
    assert result.output == Line(name="pen", price=1)
    assert "Invalid JSON" in model.requests[1].user_texts[-1]
    assert "at least 2 characters" in model.requests[2].user_texts[-1]
    assert "Invalid JSON" not in model.requests[2].user_texts[-1]


@scenario()
async def test_without_retries_the_first_answer_counts(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say(SHORT)
    thread = await codex.thread_start()
    with pytest.raises(OutputValidationError, match=r"output_type Line: \$\.name: String should have") as caught:
        await thread.run("Hi", output_type=Line, output_retries=0)
    assert caught.value.text == SHORT
    assert [(each["loc"], each["input"]) for each in caught.value.errors] == [(("name",), "p")]
    assert [caught.value.result.id] == await turns_of(thread)
    assert isinstance(caught.value, ValueError)
    assert len(model.requests) == 1


@scenario()
async def test_after_the_last_retry_the_error_is_that_of_the_last_answer(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    model.say(BAD).say(SHORT)
    thread = await codex.thread_start()
    with pytest.raises(OutputValidationError) as caught:
        await thread.run("Hi", output_type=Line)
    first, last = await turns_of(thread)
    error = caught.value
    assert (error.text, error.result.id, error.result.final_response) == (SHORT, last, SHORT)
    assert len(error.errors) == 1
    assert last in str(error) and first not in str(error)
    assert "much" not in str(error)  # answers stay out of logs
    assert error.result.output is None
    again = pickle.loads(pickle.dumps(error))
    assert (again.text, again.errors, again.result) == (error.text, error.errors, error.result)


@scenario()
async def test_turn_without_an_answer_is_asked_again(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.answer().answer()
    with pytest.raises(OutputValidationError, match="the turn ended without an answer") as caught:
        await (await codex.thread_start()).run("Hi", output_type=Line)
    assert caught.value.text is None
    assert "the turn ended without an answer" in model.requests[1].user_texts[-1]


@scenario()
async def test_failure_of_the_further_turn_is_the_failure_of_the_run(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say(SHORT).fail("server_error", "boom")
    thread = await codex.thread_start()
    with pytest.raises(TurnFailedError, match="boom") as caught:
        await thread.run("Hi", output_type=Line, output_retries=5)
    assert (await turns_of(thread))[1:] == [caught.value.result.id]
    assert caught.value.result.status is TurnStatus.failed


@scenario()
async def test_failure_of_the_turn_is_not_asked_about(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.fail("server_error", "boom")
    with pytest.raises(TurnFailedError, match="boom"):
        await (await codex.thread_start()).run("Hi", output_type=Line)
    assert len(model.requests) == 1


# What is no output type


@pytest.mark.parametrize("method", ["run", "turn"])
@scenario()
async def test_arguments_that_do_not_fit_send_nothing(
    codex: AsyncCodex, model: ScriptedModel, wire: Wire, method: str
) -> None:
    start: Any = getattr(await codex.thread_start(), method)
    with pytest.raises(ValueError, match=f"{method}: output_type and output_schema both"):
        await start("Hi", output_type=Line, output_schema={"type": "object"})
    retries: list[Any] = [-1, True, 1.0, None, "1"]
    for each in retries:
        with pytest.raises(ValueError, match=f"{method}: output_retries is {each!r}; it takes 0 or more"):
            await start("Hi", output_type=Line, output_retries=each)
    with pytest.raises(SchemaNotStrictError, match="dict"):
        await start("Hi", output_type=dict[str, int])
    with pytest.raises(TypeError, match="pydantic has no JSON schema for it"):
        await start("Hi", output_type=object())
    assert wire.sent("turn/start") == []
