"""Tools of both clients on the real runtime: schema, call, result, and everything that can go wrong in between."""

from __future__ import annotations

import asyncio
import base64
import json
from enum import Enum
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from openai_codex import (
    AsyncCodex,
    ImageInput,
    InvalidRequestError,
    Tool,
    ToolContext,
    ToolSet,
    tool,
)
from openai_codex.testing import ScriptedModel, tool_call
from openai_codex.types import (
    DynamicToolCallStatus,
    DynamicToolCallThreadItem,
    InputTextDynamicToolCallOutputContentItem,
)
from tests.e2e.facade import called, is_async, scenario
from tests.unit.tool_rules import RULES

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
KINDS = ["plain", "coroutine"]


class Colour(Enum):
    RED = "red"


class Line(BaseModel):
    name: str
    colour: Colour = Colour.RED


async def offered(codex: AsyncCodex, model: ScriptedModel, tools: Any) -> list[dict[str, Any]]:
    """Start a thread with tools, and return what the model is offered."""
    model.say("ok")
    await (await codex.thread_start(tools=tools)).run("Hi")
    described: list[dict[str, Any]] = [*model.requests[-1].body["tools"]]
    return described


# Schema, call, result


@pytest.mark.parametrize("flavour", KINDS)
@scenario()
async def test_function_is_offered_called_and_answers(codex: AsyncCodex, model: ScriptedModel, flavour: str) -> None:
    seen: list[Any] = []

    def buy(
        line: Annotated[Line, Field(description="What to buy")], defer_loading: bool, count: int = 1
    ) -> dict[str, Any]:
        """Buy something."""
        seen.append((line, defer_loading, count))
        return {"price": 0.5, "line": line}

    async def buy_later(
        line: Annotated[Line, Field(description="What to buy")], defer_loading: bool, count: int = 1
    ) -> dict[str, Any]:
        """Buy something."""
        await asyncio.sleep(0)
        return buy(line, defer_loading, count)

    made: Tool[..., Any] = tool(buy) if flavour == "plain" else tool(name="buy")(buy_later)
    thread = await codex.thread_start(tools=[made])
    call = tool_call("buy", {"line": {"name": "pen", "colour": "red"}, "defer_loading": True})
    assert await called(thread, model, call) == ['{"price":0.5,"line":{"name":"pen","colour":"red"}}']
    assert seen == [(Line(name="pen", colour=Colour.RED), True, 1)]
    (told,) = [each for each in model.requests[0].body["tools"] if each.get("name") == "buy"]
    assert told["description"] == "Buy something."
    assert [*told["parameters"]["properties"]] == ["count", "defer_loading", "line"]
    assert told["parameters"]["required"] == ["line", "defer_loading"]
    assert told["parameters"]["properties"]["line"] == {"$ref": "#/$defs/Line", "description": "What to buy"}
    assert told["parameters"]["$defs"]["Colour"] == {"type": "string", "enum": ["red"]}


@scenario()
async def test_result_tells_of_the_call_as_an_item(codex: AsyncCodex, model: ScriptedModel) -> None:
    def lookup(q: str) -> str:
        return f"{q}?"

    thread = await codex.thread_start(tools=[lookup])
    model.answer(tool_call("lookup", {"q": "x"})).say("Thanks")
    items = (await thread.run("Look it up")).items
    (item,) = [each for each in items if isinstance(each, DynamicToolCallThreadItem)]
    assert (item.tool, item.namespace, item.arguments) == ("lookup", None, {"q": "x"})
    assert (item.status, item.success) == (DynamicToolCallStatus.completed, True)
    assert item.content_items == [InputTextDynamicToolCallOutputContentItem(text="x?")]


@scenario()
async def test_calls_of_one_answer_reach_their_tools(codex: AsyncCodex, model: ScriptedModel) -> None:
    def one(n: int) -> str:
        return f"one {n}"

    async def two(n: int) -> str:
        return f"two {n}"

    async def inner() -> str:
        return "inner"

    sets = [ToolSet("crm", [tool(name="one")(inner)], description="Customers")]
    thread = await codex.thread_start(tools=[one, two, *sets])
    calls = tool_call("one", {"n": 1}), tool_call("two", {"n": 2}), tool_call("one", namespace="crm")
    assert await called(thread, model, *calls, tool_call("one", {"n": 3})) == ["one 1", "two 2", "inner", "one 3"]


@scenario()
async def test_deferred_set_is_found_by_a_search_and_called(codex: AsyncCodex, model: ScriptedModel) -> None:
    def invoices(customer: str) -> str:
        """All invoices of a customer."""
        return f"none of {customer}"

    thread = await codex.thread_start(tools=[ToolSet("crm", [invoices], description="Sales", defer_loading=True)])
    search = {
        "type": "tool_search_call",
        "execution": "client",
        "call_id": "s1",
        "status": "completed",
        "arguments": {"query": "invoices customer"},
    }
    model.answer(search)
    assert await called(thread, model, tool_call("invoices", {"customer": "Ada"}, namespace="crm")) == ["none of Ada"]
    assert "crm.invoices" not in model.requests[0].tools
    assert "tool_search" in model.requests[0].tools
    (found,) = [each for each in model.requests[1].input if each["type"] == "tool_search_output"]
    assert "All invoices of a customer." in json.dumps(found["tools"])


@scenario()
async def test_image_reaches_the_model_as_an_image(codex: AsyncCodex, model: ScriptedModel) -> None:
    def paint() -> list[Any]:
        return ["Here", PNG, ImageInput.from_bytes(PNG)]

    thread = await codex.thread_start(tools=[paint])
    assert await called(thread, model, tool_call("paint")) == ["Here"]
    (output,) = [each["output"] for each in model.requests[-1].input if each["type"] == "function_call_output"]
    assert [each["type"] for each in output] == ["input_text", "input_image", "input_image"]
    assert [each["image_url"] for each in output[1:]] == [ImageInput.from_bytes(PNG).url] * 2


@pytest.mark.parametrize("flavour", KINDS)
@scenario()
async def test_context_is_that_of_the_call(codex: AsyncCodex, model: ScriptedModel, flavour: str) -> None:
    seen: list[ToolContext] = []

    def note(context: ToolContext) -> None:
        seen.append(context)

    async def note_later(context: ToolContext | None = None) -> None:
        assert context is not None
        seen.append(context)

    made: Any = note if flavour == "plain" else tool(name="note")(note_later)
    thread = await codex.thread_start(tools=[made, ToolSet("crm", [made])])
    model.answer(tool_call("note", call_id="c1"), tool_call("note", call_id="c2", namespace="crm")).say("ok")
    result = await thread.run("Hi")
    assert [(each.thread_id, each.turn_id) for each in seen] == [(thread.id, result.id)] * 2
    assert [(each.tool, each.namespace) for each in seen] == [("note", None), ("note", "crm")]
    items = [each for each in result.items if isinstance(each, DynamicToolCallThreadItem)]
    assert [each.call_id for each in seen] == [item.id for item in items] == ["c1", "c2"]
    assert all(each.client is getattr(codex, "_target", codex) for each in seen)
    assert not any(each.cancelled.is_set() for each in seen)


@scenario()
async def test_tool_can_use_the_client_that_calls_it(codex: AsyncCodex, model: ScriptedModel) -> None:
    def title(context: ToolContext) -> str:
        return str(context.client.thread(context.thread_id).read().thread.id)

    async def title_later(context: ToolContext[AsyncCodex]) -> str:
        return (await context.client.thread(context.thread_id).read()).thread.id

    made: Any = title_later if is_async(codex) else title
    thread = await codex.thread_start(tools=[tool(name="title")(made)])
    assert await called(thread, model, tool_call("title")) == [thread.id]


# Names


@scenario()
async def test_runtime_has_the_same_rules_for_names(codex: AsyncCodex, model: ScriptedModel) -> None:
    async def verdict(specs: list[dict[str, Any]]) -> bool:
        try:
            await codex.request("thread/start", {"dynamicTools": specs, "ephemeral": True})
        except InvalidRequestError as error:
            assert "dynamic tool" in error.message
            return False
        return True

    said = {about: await verdict(specs) for about, (specs, _) in RULES.items()}
    assert said == {about: error is None for about, (_, error) in RULES.items()}


@scenario()
async def test_sets_and_tools_of_one_name_are_offered_side_by_side(codex: AsyncCodex, model: ScriptedModel) -> None:
    def look() -> None: ...

    told = await offered(codex, model, [look, ToolSet("look", [look], description="More"), ToolSet("crm", [look])])
    assert {name for name in model.requests[0].tools if "look" in name} == {"look", "crm.look", "look.look"}
    assert {each["description"] for each in told if each.get("name") == "look"} == {"", "More"}
