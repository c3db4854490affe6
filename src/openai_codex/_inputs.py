"""What a turn is started or steered with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any, Union, cast

from ._generated import models as m  # loads no model; whoever evaluates the annotations below needs the name
from ._json import JsonObject

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "AudioInput",
    "ExternalMessage",
    "FileIdInput",
    "ImageInput",
    "Input",
    "InputItem",
    "LocalAudioInput",
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
    """Plain text (schema TextUserInput).

    Attributes:
        text: The text.
    """

    text: str


@dataclass(slots=True)
class ImageInput:
    """An image as a ``data:`` URL (schema ImageUserInput). The runtime fetches no remote URLs.

    Attributes:
        url: The ``data:`` URL; ``from_path`` and ``from_bytes`` make one.
        detail: How closely the model looks (schema ImageDetail); None leaves it to the runtime. In place of an image
            with ``low`` the runtime sends the model a note that it does not support that.
    """

    url: str
    detail: m.ImageDetail | None = field(default=None, kw_only=True)

    @classmethod
    def from_path(
        cls, path: str | PathLike[str], mime_type: str | None = None, *, detail: m.ImageDetail | None = None
    ) -> Self:
        """Read an image file, now and here. ``LocalImageInput`` lets the runtime read it.

        Args:
            path: The file.
            mime_type: MIME type, for example ``image/png``. None: as the content says (png, jpeg, gif, webp), else as
                the name does.
            detail: As the attribute.

        Raises:
            OSError: the file cannot be read.
            ValueError: ``mime_type`` is none of an image, or is None and cannot be found out.

        Source: schema ImageUserInput.
        """
        from ._media import data_url_of_file

        return cls(data_url_of_file("image", path, mime_type), detail=detail)

    @classmethod
    def from_bytes(cls, data: bytes, mime_type: str | None = None, *, detail: m.ImageDetail | None = None) -> Self:
        """Take the content of an image file.

        Args:
            data: The content.
            mime_type: MIME type, for example ``image/png``. None: as the content says (png, jpeg, gif, webp).
            detail: As the attribute.

        Raises:
            ValueError: ``mime_type`` is none of an image, or is None and cannot be found out.

        Source: schema ImageUserInput.
        """
        from ._media import data_url

        return cls(data_url("image", data, mime_type), detail=detail)


@dataclass(slots=True)
class FileIdInput:
    """An image by the id that the model's provider has it under (schema ImageUserInput).

    Attributes:
        file_id: The id. It goes to the provider as it is.
        detail: As for ``ImageInput``.
    """

    file_id: str
    detail: m.ImageDetail | None = field(default=None, kw_only=True)


@dataclass(slots=True)
class LocalImageInput:
    """An image file that the runtime reads (schema LocalImageUserInput).

    Attributes:
        path: Path of the file, for the runtime.
        detail: As for ``ImageInput``.
    """

    path: str
    detail: m.ImageDetail | None = field(default=None, kw_only=True)


@dataclass(slots=True)
class AudioInput:
    """A sound as a ``data:`` URL (schema AudioUserInput): wav, mp3, m4a, webm or ogg.

    The model must support audio; otherwise the runtime sends it a note in place of the sound.

    Attributes:
        url: The ``data:`` URL; ``from_path`` and ``from_bytes`` make one.
    """

    url: str

    @classmethod
    def from_path(cls, path: str | PathLike[str], mime_type: str | None = None) -> Self:
        """Read a sound file, now and here. ``LocalAudioInput`` lets the runtime read it.

        Args:
            path: The file.
            mime_type: MIME type, for example ``audio/wav``. None: as the content says (wav, mp3, m4a, webm, ogg), else
                as the name does.

        Raises:
            OSError: the file cannot be read.
            ValueError: ``mime_type`` is none of a sound, or is None and cannot be found out.

        Source: schema AudioUserInput.
        """
        from ._media import data_url_of_file

        return cls(data_url_of_file("audio", path, mime_type))

    @classmethod
    def from_bytes(cls, data: bytes, mime_type: str | None = None) -> Self:
        """Take the content of a sound file.

        Args:
            data: The content.
            mime_type: MIME type, for example ``audio/wav``. None: as the content says (wav, mp3, m4a, webm, ogg).

        Raises:
            ValueError: ``mime_type`` is none of a sound, or is None and cannot be found out.

        Source: schema AudioUserInput.
        """
        from ._media import data_url

        return cls(data_url("audio", data, mime_type))


@dataclass(slots=True)
class LocalAudioInput:
    """A sound file that the runtime reads (schema LocalAudioUserInput): wav, mp3, m4a, webm or ogg by its name.

    Attributes:
        path: Path of the file, for the runtime.
    """

    path: str


@dataclass(slots=True)
class SkillInput:
    """A skill by name and the path of its file (schema SkillUserInput).

    Attributes:
        name: Name of the skill.
        path: Path of its file.
    """

    name: str
    path: str


@dataclass(slots=True)
class MentionInput:
    """A mention of an app or file by name and path (schema MentionUserInput).

    Attributes:
        name: Name of the app or file.
        path: Its path.
    """

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
        self.check()

    def check(self) -> None:
        """Look whether it can be sent.

        Raises:
            ValueError: ``tool_name`` is blank, or no text.
        """
        if not isinstance(self.tool_name, str) or not self.tool_name.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"ExternalMessage: tool_name is {self.tool_name!r}; it must name a tool")


InputItem = Union[
    TextInput,
    ImageInput,
    FileIdInput,
    LocalImageInput,
    AudioInput,
    LocalAudioInput,
    SkillInput,
    MentionInput,
]
"""One item of an input."""

Input = Union[Sequence[InputItem], InputItem]
"""One item, or a sequence of items."""

RunInput = Union[Input, str, ExternalMessage]
"""What a turn can be started with. A string is one text item."""

_TYPES: dict[type, str] = {
    TextInput: "text",
    ImageInput: "image",
    FileIdInput: "image",
    LocalImageInput: "localImage",
    AudioInput: "audio",
    LocalAudioInput: "localAudio",
    SkillInput: "skill",
    MentionInput: "mention",
}
_WIRE_NAMES = {"file_id": "fileId"}


def _wire_item(item: Any) -> dict[str, Any]:
    cls = cast("type[object]", type(item))
    base = next((each for each in cls.__mro__ if each in _TYPES), None)
    if base is None:
        names = ", ".join(each.__name__ for each in _TYPES)
        raise TypeError(f"input: {cls.__name__} is no input item; use text or one of {names}")
    wire: dict[str, Any] = {"type": _TYPES[base]}
    for each in dataclasses.fields(cast(Any, base)):
        value = getattr(item, each.name)
        if value is not None or each.default is not None:
            wire[_WIRE_NAMES.get(each.name, each.name)] = value
    return wire


def user_input(value: Input | str) -> list[dict[str, Any]]:
    """The wire form of an input: a list of UserInput objects.

    Raises:
        TypeError: an item is of no input class.
    """
    if isinstance(value, str):
        return [{"type": "text", "text": value}]
    items = cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else [value]
    return [_wire_item(item) for item in items]


def input_fields(value: RunInput) -> dict[str, Any]:
    """The fields of ``turn/start`` that carry an input.

    Raises:
        TypeError: an item is of no input class.
    """
    if not isinstance(value, ExternalMessage):
        return {"input": user_input(value)}
    value.check()
    output = value.content if isinstance(value.content, str) else list(value.content)
    tool: dict[str, Any] = {"name": value.tool_name, "output": output}
    if value.namespace is not None:
        tool["namespace"] = value.namespace
    return {"input": [], "tool_output": tool}
