"""Tools of both clients on the real runtime: which threads have them, and who answers their calls."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from openai_codex import (
    AsyncCodex,
    ToolSet,
    tool,
)
from openai_codex.testing import ScriptedModel, tool_call
from openai_codex.types import (
    DynamicToolCallParams,
    DynamicToolCallResponse,
    InputTextDynamicToolCallOutputContentItem,
)
from tests.e2e.facade import Wire, called, is_async, open_client, scenario


def answer_call(params: DynamicToolCallParams) -> DynamicToolCallResponse:
    text = InputTextDynamicToolCallOutputContentItem(text=f"by hand: {params.tool}")
    return DynamicToolCallResponse(content_items=[text], success=True)


# Where tools do not go


@scenario()
async def test_tools_are_for_the_start_alone(codex: AsyncCodex, model: ScriptedModel, wire: Wire) -> None:
    def lookup() -> None: ...

    calls: list[Any] = [codex.thread_resume, codex.thread_fork]  # type checkers say so, too
    for call in calls:
        with pytest.raises(ValueError, match=r"thread/(resume|fork): tools= is not possible here.* tool_handlers="):
            await call("T", tools=[lookup])
    with pytest.raises(ValueError, match="several of the name lookup"):
        await codex.thread_start(tools=[lookup, lookup])
    with pytest.raises(TypeError, match="3 is no tool"):
        await codex.thread_resume("T", tool_handlers=[3])  # type: ignore[list-item]  # pyright: ignore
    assert wire.sent("thread/start") == wire.sent("thread/resume") == wire.sent("thread/fork") == []
    await codex.thread_start(tools=[])
    assert "dynamicTools" not in wire.sent("thread/start")[0]


@scenario(config={"experimental_api": False})
async def test_tools_need_the_experimental_api(codex: AsyncCodex, model: ScriptedModel, wire: Wire) -> None:
    def lookup() -> None: ...

    with pytest.raises(
        ValueError, match=r"thread/start: the field dynamicTools is experimental.*experimental_api=True"
    ):
        await codex.thread_start(tools=[lookup])
    assert wire.sent("thread/start") == []


# Threads that go on


def lookup(q: str) -> str:
    """Look it up."""
    return f"first {q}"


def better(q: str) -> str:
    return f"second {q}"


NONE = "This client has no such tool."
CALL = tool_call("lookup", {"q": "x"})
RENAMED = tool(name="lookup")(better)


@asynccontextmanager
async def another(codex: AsyncCodex, model: ScriptedModel) -> AsyncGenerator[AsyncCodex, None]:
    """A client of the same kind with a runtime of its own, after the first one has ended."""
    await codex.close()
    async with open_client("async" if is_async(codex) else "sync", model.config()) as other:
        yield other


@scenario()
async def test_another_client_answers_calls_with_tool_handlers(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start(tools=[lookup, ToolSet("crm", [lookup])])
    assert await called(thread, model, CALL) == ["first x"]
    async with another(codex, model) as other:
        resumed = await other.thread_resume(thread.id, tool_handlers=[RENAMED])
        inner = tool_call("lookup", {"q": "x"}, namespace="crm")
        assert await called(resumed, model, CALL, inner) == ["second x", NONE]
    assert {"lookup", "crm.lookup"} <= {*model.requests[-1].tools}


@scenario()
async def test_calls_that_nobody_answers_fail_at_once(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start(tools=[lookup])
    assert await called(thread, model, CALL) == ["first x"]
    async with another(codex, model) as other:
        assert await called(await other.thread_resume(thread.id), model, CALL) == [NONE]
        assert await called(await other.thread_fork(thread.id), model, CALL) == [NONE]


@scenario()
async def test_same_client_keeps_the_functions_until_it_gets_others(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start(tools=[lookup])
    assert await called(thread, model, CALL) == ["first x"]
    assert await called(await codex.thread_resume(thread.id), model, CALL) == ["first x"]
    assert await called(await codex.thread_resume(thread.id, tool_handlers=[RENAMED]), model, CALL) == ["second x"]
    assert await called(await codex.thread_resume(thread.id, tool_handlers=[]), model, CALL) == [NONE]


@scenario()
async def test_fork_has_the_tools_and_functions_of_the_old_thread(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start(tools=[lookup])
    assert await called(thread, model, CALL) == ["first x"]
    assert await called(await codex.thread_fork(thread.id), model, CALL) == ["first x"]
    assert await called(await codex.thread_fork(thread.id, tool_handlers=[RENAMED]), model, CALL) == ["second x"]
    assert await called(thread, model, CALL) == ["first x"]


@scenario()
async def test_other_threads_do_not_have_them(codex: AsyncCodex, model: ScriptedModel) -> None:
    await codex.thread_start(tools=[lookup])
    assert await called(await codex.thread_start(), model, CALL) == ["unsupported call: lookup"]
    assert "lookup" not in model.requests[-1].tools


@scenario(answers={"item_tool_call": answer_call})
async def test_calls_without_a_function_go_to_the_handler_for_tool_calls(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    thread = await codex.thread_start(tools=[lookup])
    assert await called(thread, model, CALL) == ["first x"]
    resumed = await codex.thread_resume(thread.id, tool_handlers=[tool(name="other")(better)])
    assert await called(resumed, model, CALL) == ["by hand: lookup"]
