"""Streams that are read slowly, on the real runtime."""

from __future__ import annotations

from typing import Any

from openai_codex import AsyncCodex
from openai_codex.testing import ScriptedModel
from tests.e2e.facade import scenario

DELTA = "item/agentMessage/delta"
PARTS = [f"{number} " for number in range(300)]
TEXT = "".join(PARTS)


async def events_of(stream: Any) -> list[Any]:
    return [event async for event in stream]


def text_of(events: list[Any]) -> str:
    return "".join(event.payload.delta for event in events if event.method == DELTA)


@scenario(config={"event_buffer": 4})
async def test_slow_reader_gets_the_whole_text_in_fewer_pieces(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.stream(PARTS)
    turn = await (await codex.thread_start()).turn("Count")
    stream, late = turn.stream(), turn.stream()
    result = await turn.run()
    merged = stream.merged
    assert merged > 200
    assert repr(stream).endswith(f"(turn_id={turn.id!r}, merged={merged})")
    events = await events_of(stream)
    assert text_of(events) == TEXT == result.final_response
    assert sum(event.method == DELTA for event in events) + merged == len(PARTS)
    assert (events[0].method, events[-1].method) == ("turn/started", "turn/completed")
    assert text_of(await events_of(late)) == TEXT and late.merged > 0
    await stream.close()
    assert stream.merged == merged


@scenario(config={"event_buffer": 1})
async def test_slow_reader_of_text_gets_the_whole_text(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.stream(PARTS)
    turn = await (await codex.thread_start()).turn("Count")
    pieces = turn.stream_text()
    await turn.run()
    text = [piece async for piece in pieces]
    assert "".join(text) == TEXT
    assert pieces.merged > 0 and len(text) < len(PARTS)


@scenario()
async def test_by_default_every_event_is_kept(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.stream(PARTS)
    turn = await (await codex.thread_start()).turn("Count")
    stream = turn.stream()
    await turn.run()
    assert [event.payload.delta for event in await events_of(stream) if event.method == DELTA] == PARTS
    assert stream.merged == 0


@scenario(config={"event_buffer": 1})
async def test_result_is_the_same_when_unread_text_is_merged(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.stream(PARTS)
    result = await (await codex.thread_start()).run("Count")
    assert result.final_response == TEXT
