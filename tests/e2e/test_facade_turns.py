"""Threads and turns of both clients on the real runtime."""

from __future__ import annotations

import asyncio
import base64
import time
import wave
from pathlib import Path
from typing import Any

import pytest

from openai_codex import (
    AsyncCodex,
    AsyncThread,
    AudioInput,
    ExternalMessage,
    FileIdInput,
    ImageInput,
    InputItem,
    LocalAudioInput,
    LocalImageInput,
    RunInput,
    Sandbox,
    TextInput,
    TurnFailedError,
    TurnNotActiveError,
    TurnStalledError,
)
from openai_codex.testing import ScriptedModel, Usage, message
from openai_codex.types import (
    ActiveThreadStatus,
    AgentMessageDeltaNotification,
    AgentMessageThreadItem,
    AudioUserInput,
    CodexErrorInfoValue,
    HttpConnectionFailedCodexErrorInfo,
    ImageDetail,
    ImageUserInput,
    LocalAudioUserInput,
    ReasoningEffort,
    TurnCompletedNotification,
    TurnStartedNotification,
    TurnStatus,
    UserMessageThreadItem,
)
from tests.e2e.facade import Wire, requested, scenario

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
IMAGE = f"data:image/png;base64,{PIXEL}"


# Results


@scenario()
async def test_run_returns_the_whole_result(codex: AsyncCodex, model: ScriptedModel) -> None:
    commentary, answer = message("Thinking", phase="commentary"), message("Hello", phase="final_answer")
    model.answer(commentary, answer, message("Bye", phase="commentary"), usage=Usage(11, 5, 4, 2))
    thread = await codex.thread_start()
    result = await thread.run("Hi")
    assert result.status is TurnStatus.completed
    assert result.final_response == "Hello"
    assert result.error is None
    user, *said = result.items
    assert isinstance(user, UserMessageThreadItem)
    assert [item.text for item in said if isinstance(item, AgentMessageThreadItem)] == ["Thinking", "Hello", "Bye"]
    assert result.usage is not None
    assert (result.usage.last.input_tokens, result.usage.last.output_tokens) == (11, 5)
    assert (result.usage.last.cached_input_tokens, result.usage.last.reasoning_output_tokens) == (4, 2)
    assert result.started_at is not None and result.completed_at is not None and result.duration_ms is not None
    assert result.started_at <= result.completed_at


@scenario()
async def test_turns_of_a_thread_share_context_and_usage(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start()
    for number in (1, 2, 3):
        model.say(f"Answer {number}", usage=Usage(10, 1))
        result = await thread.run(f"Question {number}")
        assert result.final_response == f"Answer {number}"
        assert result.usage is not None
        assert result.usage.total.input_tokens == 10 * number
    assert "Question 1" in model.requests[-1].user_texts


# Streams


@scenario()
async def test_stream_yields_typed_events_in_order_until_the_end(codex: AsyncCodex, model: ScriptedModel) -> None:
    parts = [f"{number} " for number in range(30)]
    model.stream(parts)
    turn = await (await codex.thread_start()).turn("Count")
    async with turn.stream() as stream:
        events = [event async for event in stream]
    payloads = [event.payload for event in events]
    assert isinstance(payloads[0], TurnStartedNotification)
    assert isinstance(payloads[-1], TurnCompletedNotification)
    assert payloads[-1].turn.id == turn.id
    assert [each.delta for each in payloads if isinstance(each, AgentMessageDeltaNotification)] == parts
    assert all(event.payload_error is None for event in events)
    assert {event.params.get("turnId", turn.id) for event in events} == {turn.id}
    result = await turn.run()
    assert (result.status, result.final_response) == (TurnStatus.completed, "".join(parts))
    assert await turn.run() == result
    assert [event async for event in turn.stream()] == []


@scenario()
async def test_run_after_a_broken_stream_returns_the_whole_result(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.stream(["soon ", "and ", "late"], delay=0.1)
    turn = await (await codex.thread_start()).turn("Hi")
    async for event in turn.stream():
        if isinstance(event.payload, AgentMessageDeltaNotification):
            assert event.payload.delta == "soon "
            break
    result = await turn.run()
    assert (result.status, result.final_response) == (TurnStatus.completed, "soon and late")
    assert [type(item) for item in result.items] == [UserMessageThreadItem, AgentMessageThreadItem]


@scenario()
async def test_leaving_a_stream_early_interrupts_the_turn(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.hang().say("Next")
    thread = await codex.thread_start()
    turn = await thread.turn("Think for ever")
    async with turn.stream() as events:
        async for event in events:
            assert isinstance(event.payload, TurnStartedNotification)
            await requested(model)
            break
    result = await turn.run()
    assert (result.status, result.final_response) == (TurnStatus.interrupted, None)
    assert (await thread.run("Again")).status is TurnStatus.completed


@scenario()
async def test_two_threads_stream_in_parallel_each_its_own(codex: AsyncCodex, model: ScriptedModel) -> None:
    parts = ["a", "b", "c"]
    model.stream(parts, delay=0.1).stream(parts, delay=0.1)

    async def stream(thread: AsyncThread) -> set[str]:
        turn = await thread.turn("Hi")
        events = [event async for event in turn.stream()]
        deltas = [event.payload for event in events if isinstance(event.payload, AgentMessageDeltaNotification)]
        assert [each.delta for each in deltas] == parts
        assert {each.turn_id for each in deltas} == {turn.id}
        return {each.thread_id for each in deltas}

    threads = [await codex.thread_start() for _ in range(2)]
    assert await asyncio.gather(*map(stream, threads)) == [{thread.id} for thread in threads]


@scenario(repeat_last=True)
async def test_twenty_turns_at_a_time_all_finish(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.stream(["Hel", "lo"])
    threads = await asyncio.gather(*(codex.thread_start() for _ in range(20)))
    results = await asyncio.gather(*(thread.run("Hi") for thread in threads))
    assert [result.final_response for result in results] == ["Hello"] * 20
    assert len({result.id for result in results}) == 20


# Steering and interrupting


@scenario()
async def test_steer_gives_the_running_turn_more_input(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.stream(["One ", "moment"], delay=0.3).say("As you wish")
    turn = await (await codex.thread_start()).turn("Hi")
    await requested(model)
    assert (await turn.steer([TextInput("Rather"), TextInput("this")])).turn_id == turn.id
    assert (await turn.run()).final_response == "As you wish"
    assert model.requests[1].user_texts[-2:] == ["Rather", "this"]
    with pytest.raises(TurnNotActiveError, match="turn/steer"):
        await turn.steer("Too late")


@scenario()
async def test_starting_a_turn_during_a_turn_joins_it(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.stream(["One ", "moment"], delay=0.3).say("Both")
    thread = await codex.thread_start()
    first = await thread.turn("One")
    await requested(model)
    second = await thread.turn("Two")
    assert second.id == first.id
    assert [(await turn.run()).final_response for turn in (first, second)] == ["Both", "Both"]


@scenario(repeat_last=True)
async def test_interrupt_right_after_the_start_stops_the_turn(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.hang()
    thread = await codex.thread_start()
    for _ in range(2):  # the runtime refuses too early an interrupt in other words on later turns
        turn = await thread.turn("Hi")
        # The runtime leaves the second of two interrupts unanswered: nobody may wait for that.
        await asyncio.wait_for(asyncio.gather(turn.interrupt(), turn.interrupt()), 5)
        await turn.interrupt()
        assert (await turn.run()).status is TurnStatus.interrupted
        await turn.interrupt()


@scenario()
async def test_interrupt_after_the_end_ends_background_commands_all_the_same(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    model.call_tool("exec_command", {"cmd": "echo $$ > pid; exec sleep 47", "yield_time_ms": 250}).say("Started")
    thread = await codex.thread_start(sandbox=Sandbox.full_access)
    turn = await thread.turn("Hi")
    assert (await turn.run()).final_response == "Started"
    process = Path(f"/proc/{(model.workspace / 'pid').read_text().strip()}")
    assert process.exists()
    with pytest.raises(TurnNotActiveError):
        await turn.interrupt(clean_terminals=True)
    deadline = time.monotonic() + 5
    while process.exists() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    assert not process.exists()


@scenario()
async def test_impatience_with_a_turn_that_is_about_to_begin_is_no_end(codex: AsyncCodex, model: ScriptedModel) -> None:
    for _ in range(8):
        model.hang()
        thread = await codex.thread_start()
        with pytest.raises(TurnStalledError):
            await thread.run("Hi", idle_timeout=0.002)
        assert not isinstance((await thread.read()).thread.status, ActiveThreadStatus)


@scenario()
async def test_interrupt_after_the_end_says_that_the_turn_is_not_active(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    model.say("Hello")
    turn = await (await codex.thread_start()).turn("Hi")
    await turn.run()
    with pytest.raises(TurnNotActiveError, match="turn/interrupt"):
        await turn.interrupt()


# Failures


@scenario()
async def test_failed_turn_raises_with_its_result_and_cause(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start()
    model.call_tool("exec_command", {"cmd": "echo done"}).fail("rate_limit_exceeded").fail(401).say("Better")
    with pytest.raises(TurnFailedError) as caught:
        await thread.run("Hi")
    error = caught.value
    assert isinstance(error, RuntimeError)
    assert error.codex_error_info is CodexErrorInfoValue.rate_limit_exceeded
    assert error.result.status is TurnStatus.failed
    assert error.result.id in str(error)
    assert error.result.error is not None and error.result.error.message in str(error)
    assert [item.type for item in error.result.items] == ["userMessage", "commandExecution"]
    assert error.result.usage is not None

    turn = await thread.turn("Hi")
    events = [event async for event in turn.stream()]  # a stream ends, and says nothing of failure by itself
    assert isinstance(events[-1].payload, TurnCompletedNotification)
    with pytest.raises(TurnFailedError) as caught:
        await turn.run()
    info = caught.value.codex_error_info
    assert isinstance(info, HttpConnectionFailedCodexErrorInfo)
    assert info.http_connection_failed.http_status_code == 401

    assert (await thread.run("Hi")).final_response == "Better"


# Inputs and options


def pixel(directory: Path) -> RunInput:
    path = directory / "pixel.png"
    path.write_bytes(base64.b64decode(PIXEL))
    return LocalImageInput(str(path))


@scenario()
async def test_every_kind_of_input_reaches_the_model(codex: AsyncCodex, model: ScriptedModel) -> None:
    async def sent(value: RunInput) -> Any:
        model.say("ok")
        await (await codex.thread_start()).run(value)
        return model.requests[-1].input[-1]

    async def content(value: RunInput) -> list[Any]:
        return [part.get("text") or part["image_url"] for part in (await sent(value))["content"]]

    assert await content("Hi") == ["Hi"]
    assert await content(TextInput("Hi")) == ["Hi"]
    assert await content([TextInput("One"), TextInput("Two")]) == ["One", "Two"]
    image = await content([TextInput("Look"), ImageInput(IMAGE)])
    assert image[0] == "Look" and any(part.startswith("data:image/png;base64,") for part in image)
    assert any(part.startswith("data:image/") for part in await content(pixel(model.workspace)))
    outside = await sent(ExternalMessage("mailbox", "You have won", namespace="mail"))
    assert "You have won" in str(outside)
    assert outside.get("role") != "user"


@scenario()
async def test_every_way_to_give_media_is_taken_by_the_runtime(codex: AsyncCodex, model: ScriptedModel) -> None:
    async def sent(item: InputItem) -> tuple[Any, list[Any]]:
        model.say("ok")
        result = await (await codex.thread_start()).run(item)
        user = result.items[0]
        assert isinstance(user, UserMessageThreadItem)
        (taken,) = user.content
        return taken, model.requests[-1].input[-1]["content"]

    taken, given = await sent(FileIdInput("file-1", detail=ImageDetail.original))
    assert isinstance(taken, ImageUserInput) and taken.file_id == "file-1"
    assert given == [{"type": "input_image", "file_id": "file-1", "detail": "original"}]

    _, given = await sent(ImageInput.from_bytes(base64.b64decode(PIXEL), detail=ImageDetail.original))
    assert given == [{"type": "input_image", "image_url": IMAGE, "detail": "original"}]

    path = model.workspace / "pixel.png"
    path.write_bytes(base64.b64decode(PIXEL))
    assert await sent(ImageInput.from_path(path)) == await sent(ImageInput(IMAGE))
    _, given = await sent(LocalImageInput(str(path), detail=ImageDetail.original))
    assert {"type": "input_image", "image_url": IMAGE, "detail": "original"} in given

    # No model of this runtime takes audio: it sends a note instead, of a sound that it could read.
    sound = model.workspace / "silence.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 8000, 8, "NONE", ""))
        file.writeframes(bytes(16))
    taken, given = await sent(AudioInput.from_path(sound))
    assert taken == AudioUserInput(url=AudioInput.from_bytes(sound.read_bytes()).url)
    assert "do not support audio" in str(given)
    taken, given = await sent(LocalAudioInput(str(sound)))
    assert taken == LocalAudioUserInput(path=str(sound))
    assert "do not support audio" in str(given)


@scenario()
async def test_wrong_input_is_refused_and_nothing_is_sent(codex: AsyncCodex, model: ScriptedModel, wire: Wire) -> None:
    thread = await codex.thread_start()
    wrong: Any = {"type": "text", "text": "Hi"}
    with pytest.raises(TypeError, match="dict is no input item"):
        await thread.run([wrong])
    with pytest.raises(ValueError, match="tool_name is ' '; it must name a tool"):
        await thread.run(ExternalMessage(" ", "Hi"))
    steered: Any = ExternalMessage("mailbox", "Hi")
    model.hang()
    turn = await thread.turn("Hi")
    with pytest.raises(TypeError, match="ExternalMessage is no input item"):
        await turn.steer(steered)
    assert len(wire.sent("turn/start")) == 1
    assert wire.sent("turn/steer") == []


@scenario()
async def test_options_of_a_turn_reach_the_model(codex: AsyncCodex, model: ScriptedModel, wire: Wire) -> None:
    schema: Any = {
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "required": ["name"],
        "additionalProperties": False,
    }
    thread = await codex.thread_start(developer_instructions="Be brief", base_instructions="You are a parrot")
    model.say('{"name": "Polly"}').say("Hi")
    result = await thread.run("Name?", output_schema=schema, effort=ReasoningEffort.high, source="test")
    assert result.final_response == '{"name": "Polly"}'
    body = model.requests[0].body
    assert body["text"]["format"]["schema"] == schema
    assert body["reasoning"]["effort"] == "high"
    assert "You are a parrot" in str(body)
    assert "Be brief" in str(body)
    (params,) = wire.sent("turn/start")
    assert params == {
        "threadId": thread.id,
        "input": [{"type": "text", "text": "Name?"}],
        "outputSchema": schema,
        "effort": "high",
        "turnTrigger": "test",
    }
    await thread.run("And now?")
    assert "format" not in model.requests[1].body.get("text", {})
