"""Tools: what the model gets for what a function returns."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from openai_codex import ImageInput, TextInput
from openai_codex._tool_output import failure, success
from openai_codex.types import (
    DynamicToolCallResponse,
    InputAudioDynamicToolCallOutputContentItem,
    InputImageDynamicToolCallOutputContentItem,
    InputTextDynamicToolCallOutputContentItem,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
URL = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
AUDIO = InputAudioDynamicToolCallOutputContentItem(audio_url="data:audio/wav;base64,")
NOW = datetime(2030, 12, 24, 18, tzinfo=timezone.utc)


class Line(BaseModel):
    name: str = Field(alias="lineName")
    at: datetime


@dataclass
class Point:
    x: int
    at: Any = None


class Colour(Enum):
    RED = "red"


class Tone(str, Enum):
    LOW = "low"


def text(value: str) -> InputTextDynamicToolCallOutputContentItem:
    return InputTextDynamicToolCallOutputContentItem(text=value)


def image(url: str = URL) -> InputImageDynamicToolCallOutputContentItem:
    return InputImageDynamicToolCallOutputContentItem(image_url=url)


PARTS: list[tuple[str, Any, list[Any]]] = [
    ("bytearray", bytearray(PNG), [image()]),
    ("ImageInput", ImageInput("data:image/gif;base64,"), [image("data:image/gif;base64,")]),
    ("TextInput", TextInput("a"), [text("a")]),
]
RESULTS: list[tuple[str, Any, list[Any]]] = [
    ("str", "a\nß", [text("a\nß")]),
    ("nothing", "", [text("")]),
    ("half a surrogate", "a\udcffb", [text("a?b")]),
    *PARTS,
    ("None", None, [text("null")]),
    ("bool", True, [text("true")]),
    ("int", 3, [text("3")]),
    ("float", 0.5, [text("0.5")]),
    ("inf", float("inf"), [text("Infinity")]),
    ("dict", {"a": [1, None], "ß": NOW}, [text('{"a":[1,null],"ß":"2030-12-24T18:00:00Z"}')]),
    ("list", [1, "a"], [text('[1,"a"]')]),
    ("list of texts", ["a", "b"], [text('["a","b"]')]),
    ("empty list", [], [text("[]")]),
    ("model", Line(lineName="pen", at=NOW), [text('{"lineName":"pen","at":"2030-12-24T18:00:00Z"}')]),
    ("list of models", [Line(lineName="a", at=NOW)], [text('[{"lineName":"a","at":"2030-12-24T18:00:00Z"}]')]),
    ("dataclass", Point(1, Point(2)), [text('{"x":1,"at":{"x":2,"at":null}}')]),
    ("datetime", NOW, [text('"2030-12-24T18:00:00Z"')]),
    ("enum", Colour.RED, [text('"red"')]),
    ("enum of texts", Tone.LOW, [text("low")]),
    ("bytes", PNG, [image()]),
    ("images", [PNG, PNG], [image(), image()]),
    ("mixed", ["a", PNG, {"b": 1}, 3, TextInput("c")], [text("a"), image(), text('{"b":1}'), text("3"), text("c")]),
    *((f"list of one {kind}", [each], made) for kind, each, made in PARTS),
    ("tuple", (PNG, None), [image(), text("null")]),
    ("item", AUDIO, [AUDIO]),
    ("items", [text("a"), AUDIO, image("https://x")], [text("a"), AUDIO, image("https://x")]),
]


@pytest.mark.parametrize(("result", "items"), [row[1:] for row in RESULTS], ids=[row[0] for row in RESULTS])
def test_result_becomes_content(result: object, items: list[Any]) -> None:
    assert success(result) == DynamicToolCallResponse(content_items=items, success=True)
    assert [type(each) for each in success(result).content_items] == [type(each) for each in items]


@pytest.mark.parametrize("several", [False, True])
def test_path_is_read_as_an_image(tmp_path: Path, several: bool) -> None:
    path = tmp_path / "picture"
    path.write_bytes(PNG)
    made = success(["a", path]) if several else success(path)
    assert made.content_items == ([text("a"), image()] if several else [image()])


NEITHER: list[tuple[Any, type[Exception], str]] = [
    (b"no image", ValueError, "the bytes are no image of a known format"),
    (["a", b"no image"], ValueError, "the bytes are no image"),
    (Path(__file__), ValueError, "test_tool_output.py says which image type"),
    (Path(__file__, "missing.png"), OSError, "missing"),
    (object(), TypeError, "the result cannot be written as JSON: .*object"),
    ({"a": {1, len}}, TypeError, "cannot be written as JSON"),
    ({"a": b"\xff"}, TypeError, "cannot be written as JSON"),
    ({"a": "\ud800"}, TypeError, "cannot be written as JSON"),
    ([PNG, object()], TypeError, "cannot be written as JSON"),
]


@pytest.mark.parametrize(("result", "error", "said"), NEITHER)
def test_what_is_neither_image_nor_json_is_an_error(result: object, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        success(result)


def test_failure_is_a_text_that_can_be_sent() -> None:
    made = failure("no file a\udcff")
    assert made == DynamicToolCallResponse(content_items=[text("no file a?")], success=False)
    assert made.model_dump_json(by_alias=True)
