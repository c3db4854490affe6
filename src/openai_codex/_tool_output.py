"""What a tool gives back to the model: content items from whatever a function returns."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any, cast

from pydantic_core import PydanticSerializationError, to_json

from ._generated import models as m
from ._inputs import ImageInput, TextInput
from ._media import data_url, data_url_of_file

__all__ = ["failure", "success"]

_CONTENT = (bytes, bytearray, PathLike, ImageInput, TextInput)


def success(result: Any) -> m.DynamicToolCallResponse:
    """Return the answer that carries the result of a tool.

    Args:
        result: Text; an image as bytes, path or ``ImageInput``; a list that has images, or content items of the
            protocol, besides texts; anything else becomes JSON.

    Raises:
        TypeError: JSON has no form for it.
        ValueError: bytes or a file are no image.
        OSError: the file cannot be read.
    """
    parts: Iterable[Any] = [result]
    if isinstance(result, (list, tuple)):
        members: list[Any] = [*result]
        if any(isinstance(each, (*_CONTENT, *_items())) for each in members):
            parts = members
    return m.DynamicToolCallResponse(content_items=[_item(each) for each in parts], success=True)


def failure(text: str) -> m.DynamicToolCallResponse:
    """Return the answer of a tool that failed, with a text for the model."""
    return m.DynamicToolCallResponse(content_items=[_text(text)], success=False)


def _items() -> tuple[type[Any], ...]:
    return (
        m.InputAudioDynamicToolCallOutputContentItem,
        m.InputImageDynamicToolCallOutputContentItem,
        m.InputTextDynamicToolCallOutputContentItem,
    )


def _item(part: Any) -> Any:
    if isinstance(part, _items()):
        return part
    if isinstance(part, (str, TextInput)):
        return _text(part if isinstance(part, str) else part.text)
    if isinstance(part, ImageInput):
        return _image(part.url)
    if isinstance(part, (bytes, bytearray)):
        return _image(_url_of_bytes(bytes(part)))
    if isinstance(part, PathLike):
        return _image(data_url_of_file("image", cast("PathLike[str]", part), None))
    try:
        return _text(to_json(part, inf_nan_mode="constants").decode())
    except PydanticSerializationError as error:
        raise TypeError(f"the result cannot be written as JSON: {error}") from None


def _url_of_bytes(data: bytes) -> str:
    try:
        return data_url("image", data, None)
    except ValueError:
        raise ValueError(
            "the bytes are no image of a known format (png, jpeg, gif, webp); decode text to str"
        ) from None


def _text(text: str) -> m.InputTextDynamicToolCallOutputContentItem:
    readable = text.encode("utf-8", "replace").decode()  # odd file names hold what cannot be sent
    return m.InputTextDynamicToolCallOutputContentItem(text=readable)


def _image(url: str) -> m.InputImageDynamicToolCallOutputContentItem:
    return m.InputImageDynamicToolCallOutputContentItem(image_url=url)
