"""Bytes to lines and messages, and back."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, strategies as st

from openai_codex._core.framing import BadLine, LineSplitter, encode_json, encode_message, parse_line


def split(chunks: list[bytes]) -> list[bytes]:
    splitter = LineSplitter()
    return [line for chunk in chunks for line in splitter.feed(chunk)]


@given(st.lists(st.binary(max_size=40)), st.integers(1, 7))
def test_lines_are_the_same_for_every_chunking(lines: list[bytes], size: int) -> None:
    lines = [line.replace(b"\n", b"") for line in lines]
    data = b"".join(line + b"\n" for line in lines)
    assert split([data[i : i + size] for i in range(0, len(data), size)]) == lines


def test_unfinished_line_is_kept_until_its_end() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b'{"a"') == []
    assert splitter.feed(b":1}") == []
    assert splitter.feed(b"\n{") == [b'{"a":1}']


def test_long_line_in_small_pieces_takes_linear_time() -> None:
    splitter, piece = LineSplitter(), b"x" * 1024
    started = time.process_time()
    for _ in range(64 * 1024):
        splitter.feed(piece)
    (line,) = splitter.feed(b"\n")
    assert len(line) == 64 * 1024 * 1024
    assert time.process_time() - started < 5  # joining at each piece would take minutes


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0c", "\x1e"])
def test_only_newline_ends_a_line(separator: str) -> None:
    message = {"text": f"a{separator}b\rc"}
    (line,) = split([json.dumps(message, ensure_ascii=False).replace("\\r", "\\r").encode() + b"\n"])
    assert parse_line(line) == message


def test_carriage_return_before_newline_is_ignored() -> None:
    assert [parse_line(line) for line in split([b'{"a":1}\r\n'])] == [{"a": 1}]


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (rb'{"a":"\ud800"}', {"a": "\ud800"}),
        (b'{"a":1}  ', {"a": 1}),
    ],
)
def test_unusual_json_is_read(line: bytes, message: dict[str, Any]) -> None:
    assert parse_line(line) == message


def test_nesting_beyond_the_fast_parser_is_read() -> None:
    value: Any = parse_line(nested(400))
    for _ in range(400):
        value = value["a"]
    assert value == 1


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"  \r",
        b"hello",
        b'{"a":',
        b"[]",
        b"5",
        b"null",
        b'"text"',
        b'{"a":"\xff"}',
        b"\xff\xfe",
        nested(200_000),
        b'{"a":' + b"9" * 5000 + b"x}",
    ],
    ids=lambda line: line[:12].decode("latin-1"),
)
def test_unreadable_line_is_a_bad_line(line: bytes) -> None:
    with pytest.raises(BadLine):
        parse_line(line)


def test_bad_line_does_not_repeat_what_the_line_says() -> None:
    with pytest.raises(BadLine) as raised:
        parse_line(b'{"token": "sk-secret" oops')
    assert "secret" not in str(raised.value)


@given(
    st.dictionaries(
        st.text(), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.lists(st.text())
    )
)
def test_encoded_message_is_one_line_that_reads_back(message: dict[str, Any]) -> None:
    line = encode_message(message)
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert parse_line(line[:-1]) == message


# The runtime leaves such lines without any answer.


def test_half_of_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="half of a surrogate pair") as caught:
        encode_message({"a": "caf\ud800"})
    assert caught.value.__context__ is None  # it would hold the whole text
    assert encode_json("\U0001f600") == '"\U0001f600"'.encode()


def deep(levels: int) -> Any:
    value: Any = {"a": 1}
    for level in range(levels - 1):
        value = [value] if level % 2 else {"x": value}
    return value


def test_what_is_nested_too_deeply_is_refused() -> None:
    encode_json(deep(120))
    encode_json([[]] * 1000)
    for levels in (121, 5_000, 100_000):
        with pytest.raises(ValueError, match="nested"):
            encode_json(deep(levels))


def test_text_is_sent_as_utf8() -> None:
    assert encode_json("é") == '"é"'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
def test_number_that_json_lacks_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode_json(value)


def test_object_that_json_lacks_is_refused() -> None:
    with pytest.raises(TypeError):
        encode_json({"a": object()})
