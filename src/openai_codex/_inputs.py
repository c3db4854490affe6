"""What a turn is started or steered with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union, cast

from ._json import JsonObject

if TYPE_CHECKING:
    from ._generated import models as m

__all__ = [
    "ExternalMessage",
    "ImageInput",
    "Input",
    "InputItem",
    "LocalImageInput",
    "MentionInput",
    "RunInput",
    "SkillInput",
    "TextInput",
    "input_fields",
    "user_input",
]


@dataclass(slots=True)
class TextInput:
    """Plain text (schema TextUserInput)."""

    text: str


@dataclass(slots=True)
class ImageInput:
    """An image as a ``data:`` URL (schema ImageUserInput). The runtime fetches no remote URLs."""

    url: str


@dataclass(slots=True)
class LocalImageInput:
    """An image file that the runtime reads (schema LocalImageUserInput)."""

    path: str


@dataclass(slots=True)
class SkillInput:
    """A skill by name and the path of its file (schema SkillUserInput)."""

    name: str
    path: str


@dataclass(slots=True)
class MentionInput:
    """A mention of an app or file by name and path (schema MentionUserInput)."""

    name: str
    path: str


@dataclass(slots=True)
class ExternalMessage:
    """Untrusted content from outside, given to the model with the authority of a tool's output only.

    It must be the whole input of a turn, and cannot steer one (wire: ``toolOutput`` of ``turn/start``).

    Attributes:
        tool_name: Name of the tool that the content is attributed to; not blank.
        content: Text, or content items (schema FunctionCallOutputContentItem or their JSON objects).
        namespace: Namespace of the tool, if any.
    """

    tool_name: str
    content: str | Sequence[JsonObject | m.FunctionCallOutputContentItem]
    namespace: str | None = None

    def __post_init__(self) -> None:
        if not self.tool_name.strip():
            raise ValueError("ExternalMessage: tool_name must not be blank")


InputItem = Union[TextInput, ImageInput, LocalImageInput, SkillInput, MentionInput]
Input = Union["list[InputItem]", InputItem]
RunInput = Union[Input, str, ExternalMessage]

_TYPES: dict[type, str] = {
    TextInput: "text",
    ImageInput: "image",
    LocalImageInput: "localImage",
    SkillInput: "skill",
    MentionInput: "mention",
}


def _wire_item(item: Any) -> dict[str, Any]:
    cls = cast("type[object]", type(item))
    base = next((each for each in cls.__mro__ if each in _TYPES), None)
    if base is None:
        names = ", ".join(each.__name__ for each in _TYPES)
        raise TypeError(f"input: {cls.__name__} is no input item; use text or one of {names}")
    return {
        "type": _TYPES[base],
        **{field.name: getattr(item, field.name) for field in dataclasses.fields(cast(Any, base))},
    }


def user_input(value: Input | str) -> list[dict[str, Any]]:
    """The wire form of an input: a list of UserInput objects.

    Raises:
        TypeError: an item is of no input class.
    """
    if isinstance(value, str):
        return [{"type": "text", "text": value}]
    items = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [_wire_item(item) for item in items]


def input_fields(value: RunInput) -> dict[str, Any]:
    """The fields of ``turn/start`` that carry an input.

    Raises:
        TypeError: an item is of no input class.
    """
    if not isinstance(value, ExternalMessage):
        return {"input": user_input(value)}
    output = value.content if isinstance(value.content, str) else list(value.content)
    tool: dict[str, Any] = {"name": value.tool_name, "output": output}
    if value.namespace is not None:
        tool["namespace"] = value.namespace
    return {"input": [], "tool_output": tool}
