"""The wire form of a turn's input."""

from __future__ import annotations

import base64
import json
import typing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

import openai_codex
from openai_codex import (
    AudioInput,
    FileIdInput,
    ImageInput,
    InputItem,
    LocalAudioInput,
    LocalImageInput,
    MentionInput,
    SkillInput,
    TextInput,
)
from openai_codex._inputs import user_input
from openai_codex._model import to_wire
from openai_codex.types import (
    AudioUserInput,
    ImageDetail,
    ImageUserInput,
    LocalAudioUserInput,
    LocalImageUserInput,
    MentionUserInput,
    SkillUserInput,
    TextUserInput,
    UserInput,
)

CLASSES: tuple[Any, ...] = typing.get_args(InputItem)

PNG, JPEG, GIF = b"\x89PNG\r\n\x1a\n....", b"\xff\xd8\xff\xe0....", b"GIF89a...."
WEBP, WAV = b"RIFF\n\x00\x00\nWEBPVP8 ", b"RIFF\n\x00\x00\nWAVEfmt "
MP3, M4A = b"\xff\xfb\x90\x00....", b"\x00\x00\x00\x20ftypM4A ...."
WEBM, OGG = b"\x1a\x45\xdf\xa3....", b"OggS...."


def wire(item: Any) -> Any:
    """What is sent for one item, decoded again."""
    (sent,) = user_input([item])
    return json.loads(json.dumps(sent))


def content(url: str) -> tuple[str, bytes]:
    """MIME type and content of a ``data:`` URL."""
    scheme, _, rest = url.partition(":")
    kind, _, data = rest.partition(";base64,")
    assert scheme == "data"
    return kind, base64.b64decode(data, validate=True)


# Items


@pytest.mark.parametrize(
    ("item", "kind", "expected"),
    [
        (TextInput("Hi"), TextUserInput, {"type": "text", "text": "Hi"}),
        (ImageInput("data:x"), ImageUserInput, {"type": "image", "url": "data:x"}),
        (
            ImageInput("data:x", detail=ImageDetail.high),
            ImageUserInput,
            {"type": "image", "url": "data:x", "detail": "high"},
        ),
        (FileIdInput("f"), ImageUserInput, {"type": "image", "fileId": "f"}),
        (
            FileIdInput("f", detail=ImageDetail.original),
            ImageUserInput,
            {"type": "image", "fileId": "f", "detail": "original"},
        ),
        (LocalImageInput("/p"), LocalImageUserInput, {"type": "localImage", "path": "/p"}),
        (
            LocalImageInput("/p", detail=ImageDetail.auto),
            LocalImageUserInput,
            {"type": "localImage", "path": "/p", "detail": "auto"},
        ),
        (AudioInput("data:x"), AudioUserInput, {"type": "audio", "url": "data:x"}),
        (LocalAudioInput("/p"), LocalAudioUserInput, {"type": "localAudio", "path": "/p"}),
        (SkillInput("n", "/p"), SkillUserInput, {"type": "skill", "name": "n", "path": "/p"}),
        (MentionInput("n", "/p"), MentionUserInput, {"type": "mention", "name": "n", "path": "/p"}),
    ],
)
def test_item_is_sent_as_the_schema_has_it(item: InputItem, kind: type[Any], expected: dict[str, Any]) -> None:
    assert wire(item) == expected
    read = TypeAdapter[Any](UserInput).validate_python(expected)
    assert type(read) is kind
    assert to_wire(read) == expected


def test_items_cover_every_kind_of_the_schema() -> None:
    ours = {wire(cls(*["x"] * len(cls.__match_args__)))["type"] for cls in CLASSES}
    members: Any = typing.get_args(typing.get_args(UserInput.__value__)[0])
    assert {*ours, "<unrecognized>"} == {member.model_fields["type"].default for member in members}


def test_text_and_single_items_are_lists_of_one() -> None:
    assert user_input("Hi") == user_input(TextInput("Hi")) == user_input([TextInput("Hi")])


def test_wrong_item_is_refused_with_the_name_of_every_class() -> None:
    wrong: Any = {"type": "text"}
    with pytest.raises(TypeError, match="input: dict is no input item") as caught:
        user_input([TextInput("Hi"), wrong])
    assert [cls.__name__ for cls in CLASSES if cls.__name__ not in str(caught.value)] == []
    assert [cls.__name__ for cls in CLASSES if cls.__name__ not in openai_codex.__all__] == []


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_annotations_of_an_item_can_be_evaluated(cls: type) -> None:
    assert typing.get_type_hints(cls).keys() == {each.name for each in fields(cls)}


@pytest.mark.parametrize("cls", [ImageInput, FileIdInput, LocalImageInput])
def test_detail_is_given_by_keyword_and_can_be_read_again(cls: Any) -> None:
    assert cls("x").detail is None
    assert cls("x", detail=ImageDetail.low).detail is ImageDetail.low
    with pytest.raises(TypeError):
        cls("x", ImageDetail.low)


# Subclasses


class Greeting(TextInput):
    """An input class of the user's own."""


def test_subclass_of_an_input_class_is_sent_as_that_class() -> None:
    assert user_input(Greeting("Hi")) == user_input(TextInput("Hi"))


@dataclass
class Annotated(TextInput):
    note: str = ""


def test_fields_that_a_subclass_adds_stay_at_home() -> None:
    assert user_input(Annotated("Hi", note="private")) == user_input(TextInput("Hi"))


class Screenshot(ImageInput):
    """An image class of the user's own."""


def test_subclass_makes_itself_from_bytes() -> None:
    assert type(Screenshot.from_bytes(PNG)) is Screenshot


# Files and bytes

by_signature = pytest.mark.parametrize(
    ("cls", "data", "mime_type"),
    [
        (ImageInput, PNG, "image/png"),
        (ImageInput, JPEG, "image/jpeg"),
        (ImageInput, GIF, "image/gif"),
        (ImageInput, b"GIF87a..", "image/gif"),
        (ImageInput, WEBP, "image/webp"),
        (AudioInput, WAV, "audio/wav"),
        (AudioInput, MP3, "audio/mpeg"),
        (AudioInput, b"ID3\x04....", "audio/mpeg"),
        (AudioInput, M4A, "audio/mp4"),
        (AudioInput, WEBM, "audio/webm"),
        (AudioInput, OGG, "audio/ogg"),
    ],
)


@by_signature
def test_bytes_become_a_url_of_the_type_they_begin_with(cls: Any, data: bytes, mime_type: str) -> None:
    assert content(cls.from_bytes(data).url) == (mime_type, data)


@by_signature
def test_content_of_a_file_says_more_than_its_name(cls: Any, data: bytes, mime_type: str, tmp_path: Path) -> None:
    path = tmp_path / ("wrong.bmp" if cls is ImageInput else "wrong.au")
    path.write_bytes(data)
    assert content(cls.from_path(path).url) == (mime_type, data)
    assert cls.from_path(str(path)) == cls.from_path(path)


@pytest.mark.parametrize(
    ("cls", "name", "mime_type"), [(ImageInput, "x.bmp", "image/bmp"), (AudioInput, "x.mp3", "audio/mpeg")]
)
def test_name_of_a_file_counts_where_its_content_says_nothing(
    cls: Any, name: str, mime_type: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(b"something else")
    assert content(cls.from_path(tmp_path / name).url) == (mime_type, b"something else")


@pytest.mark.parametrize(("cls", "mime_type"), [(ImageInput, "image/svg+xml"), (AudioInput, "audio/x-wav")])
def test_type_that_is_given_is_taken(cls: Any, mime_type: str, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(PNG)
    assert content(cls.from_bytes(PNG, mime_type).url) == (mime_type, PNG)
    assert content(cls.from_path(tmp_path / "x.png", mime_type).url) == (mime_type, PNG)


@pytest.mark.parametrize(("cls", "other"), [(ImageInput, WAV), (AudioInput, PNG), (ImageInput, b""), (AudioInput, b"")])
def test_bytes_of_no_known_type_are_refused_with_what_to_pass(cls: Any, other: bytes) -> None:
    with pytest.raises(ValueError, match=r"of the data says which \w+ type it is; pass one, for example '\w+/\w+'"):
        cls.from_bytes(other)


@pytest.mark.parametrize("cls", [ImageInput, AudioInput])
def test_file_of_no_known_type_is_refused_with_its_path(cls: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"Hi")
    with pytest.raises(ValueError, match=r"notes\.txt says which"):
        cls.from_path(tmp_path / "notes.txt")


@pytest.mark.parametrize(
    ("cls", "mime_type"), [(ImageInput, "png"), (ImageInput, "audio/wav"), (AudioInput, "image/png")]
)
def test_type_of_another_kind_is_refused(cls: Any, mime_type: str) -> None:
    with pytest.raises(ValueError, match=f"mime_type: '{mime_type}' does not begin with"):
        cls.from_bytes(PNG, mime_type)


@pytest.mark.parametrize("cls", [ImageInput, AudioInput])
def test_missing_file_is_an_error_of_the_system(cls: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        cls.from_path(tmp_path / "missing.png")


def test_detail_is_taken_by_both_constructors(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(PNG)
    image = ImageInput.from_bytes(PNG, detail=ImageDetail.high)
    assert image.detail is ImageDetail.high
    assert ImageInput.from_path(tmp_path / "x.png", detail=ImageDetail.high) == image
