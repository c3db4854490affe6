"""Answers as values of a type, on the real runtime."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from openai_codex import AsyncCodex, OutputValidationError
from openai_codex.testing import ScriptedModel
from tests.e2e.facade import requested, scenario


class Number(BaseModel):
    n: int


@scenario()
async def test_answer_of_another_turn_is_never_taken(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("no number").hang().hang()  # the second in case the runtime asks anew because of the further input
    thread = await codex.thread_start()
    first = await thread.turn("1?", output_type=Number)
    async for _ in first.stream():
        pass
    other = await thread.turn("2?", output_type=Number)  # takes what comes meanwhile as its own input
    await requested(model, 2)
    with pytest.raises(OutputValidationError, match="another turn was running") as raised:
        await first.run(timeout=5)
    assert (raised.value.result.id, raised.value.text) == (first.id, "no number")
    await other.interrupt()


@scenario()
async def test_answer_is_there_although_it_cannot_be_asked_again(codex: AsyncCodex, model: ScriptedModel) -> None:
    """The runtime adds nothing to a turn that is asked for something else."""
    model.say("no number").hang()
    thread = await codex.thread_start()
    first = await thread.turn("1?", output_type=Number)
    async for _ in first.stream():
        pass
    other = await thread.turn("2?", output_type=list[str])
    await requested(model, 2)
    with pytest.raises(OutputValidationError, match="the model could not be asked again") as raised:
        await first.run(timeout=5)
    assert (raised.value.result.id, raised.value.text) == (first.id, "no number")
    await other.interrupt()
