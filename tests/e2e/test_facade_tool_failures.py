"""Tools of both clients on the real runtime: what the model is told when a call goes wrong, and who is told to stop."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from openai_codex import (
    AsyncCodex,
    HandlerFailure,
    Tool,
    ToolContext,
    tool,
)
from openai_codex.testing import ScriptedModel, tool_call
from openai_codex.types import (
    TurnStatus,
)
from tests.e2e.facade import called, scenario

KINDS = ["plain", "coroutine"]


@scenario()
async def test_wrong_arguments_are_told_to_the_model(
    codex: AsyncCodex, model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[int] = []

    def lookup(n: int) -> None:
        calls.append(n)

    thread = await codex.thread_start(tools=[lookup])
    wrong: list[dict[str, Any]] = [{"n": "secret"}, {}, {"n": 1, "m": 2}]
    said = await called(thread, model, *(tool_call("lookup", each) for each in wrong))
    assert said == [
        "The arguments do not fit: n: Input should be a valid integer, unable to parse string as an integer",
        "The arguments do not fit: n: Field required",
        "The arguments do not fit: m: Extra inputs are not permitted",
    ]
    assert calls == []
    assert not [record for record in caplog.records if "handler" in record.getMessage()]
    assert "secret" not in caplog.text


@pytest.mark.parametrize("flavour", KINDS)
@scenario()
async def test_exception_is_told_to_the_model_and_its_traceback_to_the_log(
    codex: AsyncCodex, model: ScriptedModel, flavour: str, caplog: pytest.LogCaptureFixture
) -> None:
    def lookup(q: str) -> None:
        raise LookupError(f"no {q} \udcff")

    async def lookup_later(q: str) -> None:
        lookup(q)

    made: Any = lookup if flavour == "plain" else tool(name="lookup")(lookup_later)
    events = codex.events(timeout=10)
    thread = await codex.thread_start(tools=[made])
    assert await called(thread, model, tool_call("lookup", {"q": "x"})) == ["The tool failed with LookupError: no x ?"]
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage().startswith("the handler of item/tool/call (lookup) failed with LookupError")
    assert record.exc_info is not None and isinstance(record.exc_info[1], LookupError)
    async for event in events:
        if isinstance(event.payload, HandlerFailure):
            assert event.method == "client/handlerFailed"
            assert (event.payload.method, event.payload.thread_id) == ("item/tool/call", thread.id)
            assert event.payload.error == "LookupError: no x \udcff"
            break


@scenario()
async def test_result_that_json_lacks_is_a_failure(codex: AsyncCodex, model: ScriptedModel) -> None:
    def odd() -> object:
        return object()

    def data() -> bytes:
        return b"no image"

    thread = await codex.thread_start(tools=[odd, data])
    first, second = await called(thread, model, tool_call("odd"), tool_call("data"))
    assert first.startswith("The tool failed with TypeError: the result cannot be written as JSON")
    assert second.startswith("The tool failed with ValueError: the bytes are no image")


@pytest.mark.parametrize("flavour", KINDS)
@scenario()
async def test_timeout_is_told_to_the_model(codex: AsyncCodex, model: ScriptedModel, flavour: str) -> None:
    ended = threading.Event()

    def wait(context: ToolContext) -> None:
        if context.cancelled.wait(20):
            ended.set()

    async def wait_later() -> None:
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            ended.set()
            raise

    made = tool(name="wait", timeout=0.2)(wait) if flavour == "plain" else tool(name="wait", timeout=0.2)(wait_later)
    thread = await codex.thread_start(tools=[made])
    said = await called(thread, model, tool_call("wait"))
    assert said == ["The tool failed with TimeoutError: it took longer than 0.2 s"]
    assert await asyncio.to_thread(ended.wait, 10)


@scenario(config={"handler_timeout": 0.2})
async def test_tool_has_no_more_time_than_handlers_have(codex: AsyncCodex, model: ScriptedModel) -> None:
    @tool(timeout=60)
    async def wait() -> None:
        await asyncio.sleep(20)

    thread = await codex.thread_start(tools=[wait])
    said = await called(thread, model, tool_call("wait"))
    assert said == ["The tool failed with TimeoutError: it took longer than 0.2 s"]


def blocking(
    flavour: str, begun: threading.Event, ended: threading.Event, concurrency: int | None = None
) -> Tool[..., Any]:
    """A tool ``wait`` that ends when it is cancelled."""

    def wait(context: ToolContext) -> None:
        begun.set()
        if context.cancelled.wait(20):
            ended.set()

    async def wait_later(context: ToolContext) -> None:
        begun.set()
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            if context.cancelled.is_set():
                ended.set()
            raise

    made = tool(name="wait", concurrency=concurrency)
    return made(wait) if flavour == "plain" else made(wait_later)


@pytest.mark.parametrize("flavour", KINDS)
@pytest.mark.parametrize("end", ["interrupt", "close"])
@scenario()
async def test_nobody_wants_the_result_after_an_interrupt_or_the_end(
    codex: AsyncCodex, model: ScriptedModel, flavour: str, end: str
) -> None:
    begun, ended = threading.Event(), threading.Event()
    thread = await codex.thread_start(tools=[blocking(flavour, begun, ended)])
    model.answer(tool_call("wait"))
    turn = await thread.turn("Wait")
    assert await asyncio.to_thread(begun.wait, 10)
    if end == "interrupt":
        await turn.interrupt()
        assert (await turn.run()).status is TurnStatus.interrupted
    else:
        await codex.close()
    assert await asyncio.to_thread(ended.wait, 10)


@scenario()
async def test_interrupted_call_makes_room_for_the_next(codex: AsyncCodex, model: ScriptedModel) -> None:
    begun, ended = threading.Event(), threading.Event()
    thread = await codex.thread_start(tools=[blocking("coroutine", begun, ended, concurrency=1)])
    for _ in range(2):
        begun.clear()
        model.answer(tool_call("wait"))
        turn = await thread.turn("Wait")
        assert await asyncio.to_thread(begun.wait, 10)
        await turn.interrupt()


@pytest.mark.parametrize("flavour", KINDS)
@scenario(repeat_last=True)
async def test_calls_from_all_threads_keep_to_the_concurrency(
    codex: AsyncCodex, model: ScriptedModel, flavour: str
) -> None:
    running, most, done = 0, 0, 0
    lock = threading.Lock()

    def count(by: int) -> None:
        nonlocal running, most, done
        with lock:
            running += by
            most = max(most, running)
            done += by < 0

    def work() -> None:
        count(1)
        time.sleep(0.02)
        count(-1)

    async def work_later() -> None:
        count(1)
        await asyncio.sleep(0.02)
        count(-1)

    function: Callable[[], Any] = work if flavour == "plain" else work_later
    made = tool(name="work", concurrency=1)(function)
    threads = [await codex.thread_start(tools=[made]) for _ in range(5)]
    for _ in threads:
        model.answer(tool_call("work"), tool_call("work"))
    model.say("ok")
    results = await asyncio.gather(*(thread.run("Work") for thread in threads))
    assert {each.status for each in results} == {TurnStatus.completed}
    assert (most, done) == (1, 10)
