"""What both clients tell beside turns, and the text of turns, on the real runtime."""

from __future__ import annotations

import asyncio
import logging
import os

import pytest

from openai_codex import (
    AsyncCodex,
    InvalidRequestError,
    RequestTimeoutError,
    TransportClosedError,
    TurnFailedError,
)
from openai_codex.testing import ScriptedModel
from openai_codex.types import (
    AgentMessageDeltaNotification,
    ConfigWarningNotification,
    ErrorNotification,
    ThreadNameUpdatedNotification,
    TurnStatus,
)
from tests.e2e.facade import process_id, scenario

# Events


@scenario()
async def test_events_begin_with_what_came_before_and_end_with_the_client(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    thread = await codex.thread_start()
    await thread.set_name("A name")
    events = codex.events()
    methods: list[str] = []
    async for event in events:
        methods.append(event.method)
        if isinstance(event.payload, ThreadNameUpdatedNotification):
            break
    assert "thread/started" in methods and methods[-1] == "thread/name/updated"
    assert events.dropped == 0
    later = codex.events()
    await thread.set_name("Another")
    async with later:
        assert (await later.__anext__()).method == "thread/name/updated"
    assert [event async for event in later] == []

    async def rest() -> list[str]:
        return [event.method async for event in events]

    waiting = asyncio.ensure_future(rest())
    await asyncio.sleep(0.1)
    await codex.close()
    assert await waiting == ["thread/name/updated"]
    assert [event async for event in codex.events()] == []


@scenario()
async def test_events_can_be_waited_for_in_time(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start()
    events = codex.events(timeout=0.1)
    with pytest.raises(RequestTimeoutError, match=r"events: nothing came within 0.1 s"):
        async for _ in events:
            pass
    await thread.set_name("A name")
    assert (await events.__anext__()).method == "thread/name/updated"
    with pytest.raises(ValueError, match="events: timeout"):
        codex.events(timeout=-1)


@scenario()
async def test_events_end_with_the_runtime_in_an_error(codex: AsyncCodex, model: ScriptedModel) -> None:
    await codex.request("thread/loaded/list")
    events = codex.events()

    async def rest() -> None:
        async for _ in events:
            pass

    waiting = asyncio.ensure_future(rest())
    await asyncio.sleep(0.1)
    os.kill(process_id(), 9)
    with pytest.raises(TransportClosedError, match="SIGKILL"):
        await waiting


@scenario(config_toml="not_closed = [1,")
async def test_broken_configuration_is_logged_an_event_and_an_error(
    codex: AsyncCodex, model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidRequestError, match=r"thread/start: .*failed to load configuration"):
        await codex.thread_start()
    async for event in codex.events():
        payload = event.payload
        if isinstance(payload, ConfigWarningNotification) and "Invalid configuration" in payload.summary:
            break
    assert any("configWarning: Invalid configuration" in text for text in caplog.messages)


@scenario(model="mock-model", repeat_last=True)
async def test_warnings_of_turns_are_logged_once(
    codex: AsyncCodex, model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    model.say("Hello")
    thread = await codex.thread_start()
    for _ in range(3):
        await thread.run("Hi")
    warnings = [text for text in caplog.messages if text.startswith("warning: ")]
    assert len(warnings) == 1 and "mock-model" in warnings[0]
    assert {record.name for record in caplog.records} == {"openai_codex"} or caplog.records[
        0
    ].levelno == logging.WARNING


# Text

RETRIES = ("model_providers.scripted.stream_max_retries=1",)


@scenario()
async def test_text_comes_piece_by_piece(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.stream(["One ", "two ", "three"])
    turn = await (await codex.thread_start()).turn("Count")
    assert [piece async for piece in turn.stream_text()] == ["One ", "two ", "three"]
    assert (await turn.run()).output_text == "One two three"


@scenario()
async def test_message_without_deltas_is_text_as_well(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.answer({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Whole"}]})
    turn = await (await codex.thread_start()).turn("Hi")
    async with turn.stream_text() as text:
        assert [piece async for piece in text] == ["Whole"]


def broken_off(*parts: str) -> list[dict[str, object]]:
    """A streamed message whose stream ends in the middle."""
    item = {"type": "message", "role": "assistant", "id": "m", "content": [{"type": "output_text", "text": ""}]}
    place = {"item_id": "m", "output_index": 0, "content_index": 0}
    return [
        {"type": "response.created", "response": {"id": "r"}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        *({"type": "response.output_text.delta", **place, "delta": part} for part in parts),
    ]


@scenario(config={"config_overrides": RETRIES})
async def test_text_of_a_retried_stream_comes_once(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.raw(broken_off("One ", "two ")).stream(["One ", "two ", "three"])
    thread = await codex.thread_start()
    turn = await thread.turn("Count")
    events, text = turn.stream(), turn.stream_text()
    pieces = [piece async for piece in text]
    assert "".join(pieces) == "One two three"
    payloads = [event.payload async for event in events]
    retries = [each for each in payloads if isinstance(each, ErrorNotification)]
    assert [each.will_retry for each in retries] == [True]
    deltas = [each.delta for each in payloads if isinstance(each, AgentMessageDeltaNotification)]
    assert deltas == ["One ", "two ", "One ", "two ", "three"]  # events are what they are
    assert (await turn.run()).final_response == "One two three"


@scenario(config={"config_overrides": RETRIES})
async def test_failed_turn_tells_what_there_is(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.raw(broken_off("Old ")).raw(broken_off("Hel", "lo"))
    with pytest.raises(TurnFailedError, match="stream disconnected") as caught:
        await (await codex.thread_start()).run("Hi")
    result = caught.value.result
    assert (result.status, result.partial_text) == (TurnStatus.failed, "Hello")
    assert len(result.items) == 1 and result.error is not None
    assert result.model == "gpt-5.5"
