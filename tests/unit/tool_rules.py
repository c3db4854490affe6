"""What the runtime says about names of tools and sets, for the tests that hold us, and it, to that."""

from __future__ import annotations

from typing import Any

from openai_codex import Tool, ToolSet, tool
from openai_codex._tools import RESERVED_NAMESPACES

__all__ = ["RULES", "made"]

_FREE = ("Python", "shell", "exec_command", "web_search", "view_image", "mcp_x", "MCP", "agents", "default", "user")
_LETTERS = "a name has 1 to"
_MCP = "the runtime keeps mcp"


def _function(name: str) -> dict[str, Any]:
    return {"type": "function", "name": name, "description": "", "inputSchema": {"type": "object", "properties": {}}}


def _set(name: str, *tools: str, description: str = "") -> dict[str, Any]:
    return {
        "type": "namespace",
        "name": name,
        "description": description,
        "tools": [_function(each) for each in tools],
    }


RULES: dict[str, tuple[list[dict[str, Any]], str | None]] = {
    **{f"tool {name}": ([_function(name)], None) for name in ("a", "_", "-", "9", "web", "exec_command", *_FREE)},
    "tool of 128": ([_function("a" * 128)], None),
    "tool of 129": ([_function("a" * 129)], _LETTERS),
    **{f"tool {name!r}": ([_function(name)], _LETTERS) for name in ("", "a b", "a.b", "ü", "a\n", "a\n\n", "٣")},
    **{f"tool {name}": ([_function(name)], _MCP) for name in ("mcp", "mcp__", "mcp__a")},
    **{f"set {name}": ([_set(name, "a")], None) for name in ("a", *_FREE)},
    "set of 64": ([_set("a" * 64, "a")], None),
    "set of 65": ([_set("a" * 65, "a")], _LETTERS),
    **{f"set {name!r}": ([_set(name, "a")], _LETTERS) for name in ("", "a b", "a.b", "a\n")},
    **{f"set {name}": ([_set(name, "a")], _MCP) for name in ("mcp", "mcp__a")},
    **{f"set {name}": ([_set(name, "a")], "the runtime keeps this name") for name in sorted(RESERVED_NAMESPACES)},
    "tool of a set mcp__a": ([_set("a", "mcp__a")], _MCP),
    "tool of a set of 129": ([_set("a", "a" * 129)], _LETTERS),
    "empty set": ([_set("a")], "it has no tool"),
    "description of 1024": ([_set("a", "a", description="ü" * 1024)], None),
    "description of 1025": ([_set("a", "a", description="d" * 1025)], "more than 1024 characters"),
    "two tools": ([_function("a"), _function("a")], "tools: there are several of the name a"),
    "two sets": ([_set("a", "a"), _set("a", "b")], "tools: there are several of the name a"),
    "two in a set": ([_set("s", "a", "b", "a")], "tool set s: there are several of the name a"),
    "tools of one name in different places": ([_function("a"), _set("a", "a"), _set("b", "a")], None),
}
"""By what it is about: tools for ``thread/start``, and the text of our error if the runtime refuses them."""


def made(specs: list[dict[str, Any]]) -> list[Tool[..., Any] | ToolSet]:
    """The same as our own objects."""

    def function() -> None: ...

    def one(spec: dict[str, Any]) -> Tool[..., Any]:
        return tool(name=spec["name"])(function)

    return [
        ToolSet(spec["name"], [one(each) for each in spec["tools"]], description=spec["description"])
        if spec["type"] == "namespace"
        else one(spec)
        for spec in specs
    ]
