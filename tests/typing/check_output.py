"""What type checkers know of answers as values of a type. Checked, never run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Union

from pydantic import BaseModel, TypeAdapter
from typing_extensions import TypedDict, assert_type

from openai_codex import AsyncThread, AsyncTurnHandle, OutputValidationError, Thread, TurnHandle, TurnResult


class Model(BaseModel):
    n: int


@dataclass
class Point:
    x: int


class Film(TypedDict):
    title: str


def sync_results(thread: Thread) -> None:
    assert_type(thread.run("Hi", output_type=Model), TurnResult[Model])
    assert_type(thread.run("Hi", output_type=Model, output_retries=2).output, Model)
    assert_type(thread.run("Hi", output_type=Point).output.x, int)
    assert_type(thread.run("Hi", output_type=Film).output["title"], str)
    assert_type(thread.run("Hi", output_type=list[int]).output, list[int])
    assert_type(thread.run("Hi", output_type=TypeAdapter(list[Model])).output, list[Model])
    assert_type(thread.run("Hi", output_type=TypeAdapter[Union[int, str]](int | str)).output, int | str)
    assert_type(thread.run("Hi", output_type=Annotated[Model, "the answer"]).output, Any)


async def async_results(thread: AsyncThread) -> None:
    assert_type(await thread.run("Hi", output_type=Model), TurnResult[Model])
    assert_type((await thread.run("Hi", output_type=list[int])).output, list[int])
    turn = await thread.turn("Hi", output_type=Model)
    assert_type(turn, AsyncTurnHandle[Model])
    assert_type(await turn.run(timeout=3), TurnResult[Model])


def handles(thread: Thread) -> None:
    turn = thread.turn("Hi", output_type=TypeAdapter(Model))
    assert_type(turn, TurnHandle[Model])
    assert_type(turn.run().output.n, int)
    plain: TurnHandle = thread.turn("Hi")
    assert_type(plain.run(), TurnResult[None])


def results_without_a_type_are_as_before(thread: Thread) -> None:
    assert_type(thread.run("Hi"), TurnResult[None])
    assert_type(thread.run("Hi", output_type=None, output_schema={}), TurnResult)
    result: TurnResult = thread.run("Hi")
    assert_type(result.output, None)


def any_result(result: TurnResult[Any]) -> str | None:
    return result.final_response


def typed_results_are_results(thread: Thread, error: OutputValidationError) -> None:
    any_result(thread.run("Hi", output_type=Model))
    any_result(thread.run("Hi"))
    assert_type(error.result, TurnResult)
    assert_type(error.errors, list[dict[str, Any]])
    assert_type(error.text, str | None)
