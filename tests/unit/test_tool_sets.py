"""Tools: what they and their sets may be called, and how the protocol gets them."""

from __future__ import annotations

from typing import Any

import pytest

from openai_codex import ToolSet, tool
from openai_codex._tools import ToolCalls, dynamic_tools
from tests.unit.tool_rules import RULES, made


def look() -> None:
    """Look."""


def see() -> None: ...


EMPTY: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


def spec(name: str, description: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "function", "name": name, "description": description, "input_schema": EMPTY, **more}


@pytest.mark.parametrize(("specs", "error"), RULES.values(), ids=RULES)
def test_what_the_runtime_refuses_is_refused_here(specs: list[dict[str, Any]], error: str | None) -> None:
    if error is None:
        described, _ = dynamic_tools(made(specs))
        assert [each["name"] for each in described] == [each["name"] for each in specs]
    else:
        with pytest.raises(ValueError, match=error):
            dynamic_tools(made(specs))


def test_tools_are_described_functions_first() -> None:
    far = ToolSet("far", [look, tool(name="near")(see)], description="Far off", defer_loading=True)
    specs, by_name = dynamic_tools([ToolSet("crm", [see]), far, tool(look), see])
    deferred = [spec("look", "Look.", defer_loading=True), spec("near", defer_loading=True)]
    assert specs == [
        spec("look", "Look."),
        spec("see"),
        {"type": "namespace", "name": "crm", "description": "", "tools": [spec("see")]},
        {"type": "namespace", "name": "far", "description": "Far off", "tools": deferred},
    ]
    assert [*by_name] == [(None, "look"), (None, "see"), ("crm", "see"), ("far", "look"), ("far", "near")]
    assert by_name["far", "near"].function is see
    assert repr(far) == "<ToolSet far: look, near>"


@pytest.mark.parametrize(
    ("tools", "text"),
    [
        (look, "tools: <function look at .*> is no list of tools"),
        ("look", "tools: 'look' is no list"),
        ({look}, "is no list of tools"),
        ([3], "tools: 3 is no tool, no tool set and no function"),
        ([look, None], "tools: None is no tool"),
    ],
)
def test_what_is_no_tool_is_refused(tools: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        dynamic_tools(tools)


def test_set_takes_no_set() -> None:
    inner: Any = ToolSet("inner", [look])
    with pytest.raises(TypeError, match="tools: <ToolSet inner: look> is no tool"):
        ToolSet("outer", [inner])


def test_function_under_two_names_is_two_tools() -> None:
    assert [*dynamic_tools([look, tool(name="b")(look)])[1]] == [(None, "look"), (None, "b")]


def test_only_plain_functions_need_a_thread_and_only_known_tools_are_answered() -> None:
    async def later() -> None: ...

    calls = ToolCalls(dynamic_tools([look, later, ToolSet("crm", [look])])[1], None)
    found = [calls.accept(params) for params in ({"tool": "look"}, {"tool": "later", "namespace": None})]
    assert [each is not None and each.threaded for each in found] == [True, False]
    assert calls.accept({"tool": "look", "namespace": "crm"}) is not None
    assert [calls.accept(params) for params in ({}, {"tool": "later", "namespace": "crm"}, {"tool": 3})] == [None] * 3
