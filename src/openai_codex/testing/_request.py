"""What the runtime asked of the model, recorded for assertions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["RecordedRequest"]


@dataclass(frozen=True)
class RecordedRequest:
    """One request to the model.

    Attributes:
        path: Request path, such as ``/v1/responses``.
        headers: Header values by lower-case name. ``authorization`` is among them where the runtime sent it,
            so headers are left out of the repr.
        body: The decoded JSON object.
    """

    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: Mapping[str, Any] = field(repr=False)

    @property
    def input(self) -> list[Mapping[str, Any]]:
        """The input items: the whole conversation so far, as the model sees it."""
        return list(self.body.get("input", []))

    @property
    def user_texts(self) -> list[str]:
        """Every text in the user's role, oldest first.

        The runtime itself adds texts in that role, such as the description of the environment; what the user
        typed last is the last one.
        """
        messages = (item for item in self.input if item.get("role") == "user")
        return [part["text"] for item in messages for part in _parts(item.get("content")) if "text" in part]

    @property
    def tool_outputs(self) -> dict[str, str]:
        """Text of every tool output by call id, oldest first."""
        outputs = (item for item in self.input if str(item.get("type")).endswith("_call_output"))
        return {
            item["call_id"]: "".join(part.get("text", "") for part in _parts(item.get("output"))) for item in outputs
        }

    @property
    def last_tool_output(self) -> str:
        """Text of the newest tool output.

        Raises:
            LookupError: the request has no tool output.
        """
        outputs = list(self.tool_outputs.values())
        if not outputs:
            raise LookupError(f"no tool output in {self!r}")
        return outputs[-1]

    @property
    def tools(self) -> list[str]:
        """Names of the tools offered to the model.

        A tool of a namespace is ``namespace.name``; a tool without a name goes by its type (``web_search``).
        """
        offered = [*self.body.get("tools", [])]
        for item in self.input:
            # Newer models get their tools as an input item and not in the "tools" key.
            if item.get("type") == "additional_tools":
                offered += item.get("tools", [])
        return [name for tool in offered for name in _tool_names(tool)]

    def __repr__(self) -> str:
        """Show where the request went and what the user said last; never the headers."""
        last = self.user_texts[-1:]
        return f"RecordedRequest(path={self.path!r}, input=<{len(self.input)} items>, user_texts[-1:]={last!r})"


def _parts(content: Any) -> list[Mapping[str, Any]]:
    """Return content parts, whether the content was written as a list or as a mere string."""
    return [{"type": "input_text", "text": content}] if isinstance(content, str) else list(content or [])


def _tool_names(tool: Mapping[str, Any]) -> Iterator[str]:
    name = str(tool.get("name", tool.get("type")))
    if tool.get("type") == "namespace":
        yield from (f"{name}.{inner}" for each in tool.get("tools", []) for inner in _tool_names(each))
    else:
        yield name
