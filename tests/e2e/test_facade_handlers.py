"""Handlers at work: what they may do, how long they may take, and how they learn that nobody waits any more."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from openai_codex import (
    ApprovalMode,
    ApprovalRequest,
    AsyncCodex,
    AsyncServerRequestHandlers,
    AsyncThread,
    AsyncTurnHandle,
    Codex,
    CodexConfig,
    Sandbox,
    ServerRequestHandlers,
)
from openai_codex._engine.common import LEFT_BEHIND_TEXT
from openai_codex.testing import ScriptedModel
from openai_codex.types import AgentMessageDeltaNotification, TurnStatus
from tests.e2e.facade import KINDS, Wire, handlers_of, no_leftovers, open_client, scenario
from tests.e2e.test_facade_approvals import Asked, asking, escalated


class Held:
    """An approval handler that answers when it is told to, and knows what became of its requests."""

    def __init__(self) -> None:
        self.requests: list[ApprovalRequest] = []
        self.cancelled: list[ApprovalRequest] = []
        self.go = threading.Event()

    def __call__(self, request: ApprovalRequest) -> bool:
        self.requests.append(request)
        while not self.go.wait(0.01):
            if request.cancelled.is_set():
                self.cancelled.append(request)
                return True
        return True

    async def has(self, count: int) -> None:
        while len(self.requests) < count:
            await asyncio.sleep(0.01)


class HeldTask(Held):
    """The same as a coroutine function."""

    async def __call__(self, request: ApprovalRequest) -> bool:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        self.requests.append(request)
        try:
            while not self.go.is_set():
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.cancelled.append(request)
            raise
        return True


# What they may do


@scenario()
async def test_handler_may_use_the_client(codex: AsyncCodex, model: ScriptedModel) -> None:
    """In a plain function with the synchronous client, in a coroutine function with the other."""
    seen: list[Any] = []
    turns: list[AsyncTurnHandle] = []

    async def approve(request: ApprovalRequest) -> bool:
        thread = codex.thread(request.thread_id)
        seen.append((await thread.read()).thread.id)
        await turns[0].steer("Faster!")
        await turns[0].interrupt()
        seen.append(request.cancelled.is_set())
        return True

    thread = await asking(codex, approve)
    model.answer(escalated("touch made.txt"))
    turn = await thread.turn("Go")
    turns.append(turn)
    result = await turn.run(timeout=10)
    assert result.status is TurnStatus.interrupted
    assert seen[0] == thread.id
    assert [*model.workspace.iterdir()] == []


@pytest.mark.e2e
def test_plain_handler_may_use_the_synchronous_client() -> None:
    with no_leftovers(), ScriptedModel() as model:
        model.answer(escalated("touch made.txt"))
        seen: list[Any] = []

        def approve(request: ApprovalRequest) -> bool:
            seen.append(codex.thread(request.thread_id).read().thread.id)
            turn.interrupt()
            seen.append(request.cancelled.wait(5))
            return True

        with Codex(model.config(), approval_handler=approve) as codex:
            thread = codex.thread_start(approval_mode=ApprovalMode.ask, sandbox=Sandbox.read_only)
            turn = thread.turn("Go")
            assert turn.run(timeout=10).status is TurnStatus.interrupted
        assert seen == [thread.id, True]
        assert [*model.workspace.iterdir()] == []


@pytest.mark.parametrize("held", [Held, HeldTask])
@scenario()
async def test_many_approvals_wait_while_a_turn_streams(
    codex: AsyncCodex, model: ScriptedModel, held: type[Held]
) -> None:
    handler, count = held(), 50
    threads = [await asking(codex, handler) for _ in range(count)]
    for n in range(count):
        model.answer(escalated(f"touch {n}.txt"))
    turns = [await thread.turn("Go") for thread in threads]
    await asyncio.wait_for(handler.has(count), 25)
    other = await codex.thread_start()
    words = [f"word {n} " for n in range(40)]
    model.stream(words, delay=0.01)
    started = time.monotonic()
    deltas: list[str] = []
    async for event in (await other.turn("Talk")).stream():
        if isinstance(event.payload, AgentMessageDeltaNotification):
            deltas.append(event.payload.delta)
    assert time.monotonic() - started < 5
    assert deltas == words
    for _ in range(count):
        model.say("done")
    handler.go.set()
    results = await asyncio.gather(*(turn.run() for turn in turns))
    assert [result.status for result in results] == [TurnStatus.completed] * count
    assert len([*model.workspace.iterdir()]) == count
    assert handler.cancelled == []


# How they learn that nobody waits


@pytest.mark.parametrize("held", [Held, HeldTask])
@scenario()
async def test_interrupt_cancels_the_handler(codex: AsyncCodex, model: ScriptedModel, held: type[Held]) -> None:
    handler = held()
    thread = await asking(codex, handler)
    model.answer(escalated("touch made.txt"))
    turn = await thread.turn("Go")
    await handler.has(1)
    await turn.interrupt()
    while not handler.cancelled:
        await asyncio.sleep(0.01)
    assert handler.cancelled[0].cancelled.is_set()
    assert [*model.workspace.iterdir()] == []


@pytest.mark.e2e
@pytest.mark.parametrize("held", [Held, HeldTask])
@pytest.mark.parametrize("kind", KINDS)
def test_closing_cancels_handlers(kind: str, held: type[Held], caplog: pytest.LogCaptureFixture) -> None:
    handler = held()

    async def play(model: ScriptedModel) -> None:
        async with open_client(kind, model.config()) as codex:
            thread = await asking(codex, handler)
            await thread.turn("Go")
            await handler.has(1)

    with no_leftovers(), ScriptedModel() as model:
        model.answer(escalated("touch made.txt"))
        asyncio.run(play(model))
    assert len(handler.cancelled) == 1
    assert LEFT_BEHIND_TEXT % 1 not in caplog.text


@pytest.mark.e2e
@pytest.mark.parametrize("kind", KINDS)
def test_thread_that_does_not_heed_it_is_left_behind(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    begun, go = threading.Event(), threading.Event()

    def approve(request: ApprovalRequest) -> bool:
        begun.set()
        return go.wait(20)

    async def play(model: ScriptedModel) -> float:
        async with open_client(kind, model.config()) as codex:
            await (await asking(codex, approve)).turn("Go")
            await asyncio.to_thread(begun.wait, 10)
            started = time.monotonic()
        return time.monotonic() - started

    with no_leftovers(), ScriptedModel() as model:
        model.answer(escalated("touch made.txt"))
        took = asyncio.run(play(model))
    assert 0.9 < took < 5
    assert LEFT_BEHIND_TEXT % 1 in caplog.text
    go.set()


# What is said beforehand


@scenario(client={"approval_handler": Asked()})
async def test_handler_that_nobody_will_ask_is_mentioned_once(
    codex: AsyncCodex, model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    def mentioned() -> list[str]:
        return [each.getMessage() for each in caplog.records if "nobody asks it" in each.getMessage()]

    await asking(codex, None)
    assert mentioned() == []
    await codex.thread_start()
    await codex.thread_start(approval_mode=ApprovalMode.deny_all, approval_handler=Asked())
    assert mentioned() == [
        "thread/start: approvals have a handler, but in ApprovalMode.auto_review nobody asks it; ApprovalMode.ask does"
    ]


@scenario()
async def test_handler_of_a_thread_that_nobody_will_ask_is_mentioned(
    codex: AsyncCodex, model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    await codex.thread_start(handlers=handlers_of(codex, current_time_read=print), user_input_handler=print)
    assert "nobody asks it" not in caplog.text
    await codex.thread_start(handlers=handlers_of(codex, item_file_change_request_approval=print))
    assert "nobody asks it" in caplog.text


def never(self: Any, params: Any) -> Any:
    raise AssertionError("nobody calls it")


BOTH: dict[str, tuple[str, dict[str, Any]]] = {
    "item_command_execution_request_approval": ("approval_handler", {"approval_handler": print}),
    "item_permissions_request_approval": ("approval_handler", {"approval_handler": print}),
    "item_tool_request_user_input": ("user_input_handler", {"user_input_handler": print}),
    "mcp_server_elicitation_request": ("elicitation_handler", {"elicitation_handler": print}),
}


@pytest.mark.parametrize("name", BOTH)
@scenario()
async def test_two_handlers_of_a_thread_for_one_request_are_refused(
    codex: AsyncCodex, model: ScriptedModel, wire: Wire, name: str
) -> None:
    keyword, short = BOTH[name]
    with pytest.raises(ValueError, match=rf"thread/start: handlers\.{name} and {keyword} both answer "):
        await codex.thread_start(handlers=handlers_of(codex, **{name: print}), **short)
    assert wire.sent("thread/start") == []
    other: AsyncThread = await codex.thread_start(handlers=handlers_of(codex, current_time_read=print), **short)
    assert other.id


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("kind", KINDS)
def test_two_handlers_of_a_client_for_one_request_are_refused(kind: str, name: str) -> None:
    client: Any = AsyncCodex if kind == "async" else Codex
    base: type[Any] = AsyncServerRequestHandlers if kind == "async" else ServerRequestHandlers
    handlers = type("Mine", (base,), {name: never})()
    keyword, short = BOTH[name]
    nowhere = CodexConfig(codex_bin="/nowhere/codex")
    with pytest.raises(ValueError, match=rf"{client.__name__}: handlers\.{name} and {keyword} both answer "):
        client(nowhere, handlers=handlers, **short)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keyword", ["approval_handler", "user_input_handler", "elicitation_handler"])
def test_what_cannot_be_called_is_no_handler(kind: str, keyword: str) -> None:
    client: Any = AsyncCodex if kind == "async" else Codex
    with pytest.raises(TypeError, match=f"{client.__name__}: {keyword} is 5, which cannot be called"):
        client(CodexConfig(codex_bin="/nowhere/codex"), **{keyword: 5})
