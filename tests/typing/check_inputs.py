"""What type checkers know of the input classes. Checked, never run."""

from __future__ import annotations

from pathlib import Path

from typing_extensions import assert_type

from openai_codex import (
    AsyncThread,
    AudioInput,
    FileIdInput,
    ImageInput,
    Input,
    InputItem,
    LocalAudioInput,
    LocalImageInput,
    Thread,
    TurnResult,
)
from openai_codex.types import ImageDetail


class Screenshot(ImageInput):
    """An image class of the user's own."""


def constructors(path: Path, data: bytes) -> None:
    assert_type(ImageInput("data:").detail, ImageDetail | None)
    assert_type(ImageInput.from_path(path, detail=ImageDetail.high), ImageInput)
    assert_type(ImageInput.from_bytes(data, "image/png"), ImageInput)
    assert_type(Screenshot.from_bytes(data), Screenshot)
    assert_type(AudioInput.from_path("a.wav"), AudioInput)
    assert_type(AudioInput.from_bytes(data, mime_type="audio/wav"), AudioInput)


async def every_class_is_an_input(thread: Thread, async_thread: AsyncThread) -> None:
    items: list[InputItem] = [
        FileIdInput("f", detail=ImageDetail.original),
        LocalImageInput("/p", detail=ImageDetail.auto),
        AudioInput("data:"),
        LocalAudioInput("/p"),
    ]
    given: Input = items
    assert_type(thread.run(given), TurnResult)
    assert_type(await async_thread.run(AudioInput("data:")), TurnResult)
