"""Bytes to messages and back: one JSON object per line, lines end with ``\\n`` and with nothing else.

Splitting is on bytes, because text-mode splitting also breaks at U+2028, U+0085 and a bare ``\\r``, all of
which are legal inside a JSON string. A ``\\r`` before the ``\\n`` is JSON white space and needs no care.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, cast

from pydantic_core import from_json

__all__ = ["BadLine", "LineSplitter", "encode_json", "encode_message", "encode_request", "parse_line"]

_dense = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
_MAX_DEPTH = 120  # the runtime drops what is nested deeper than 127, without a word


class BadLine(ValueError):
    """A line that is not a JSON object. The text tells why, never what the line says."""


class LineSplitter:
    """Cuts a byte stream into lines.

    The start of an unfinished line is one buffer that grows by a share of its size, which keeps a line of many
    megabytes linear in its length. A list of its pieces would do that too, but thousands of small blocks stay with
    the process for a while after they were freed: as much memory again as the line takes.
    """

    __slots__ = ("_start",)

    def __init__(self) -> None:
        self._start = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that ``data`` completes, without their ``\\n``, in order."""
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and self._start:
            self._start += lines[0]
            lines[0] = bytes(self._start)
            self._start = bytearray()
        if rest:
            self._start += rest
        return lines


def parse_line(line: bytes) -> dict[str, Any]:
    """Return the JSON object of one line.

    The fast parser refuses a few things that a lenient one can read (deep nesting, lone surrogates, a byte
    order mark), so what it refuses gets a second chance.

    Raises:
        BadLine: the line is not a JSON object.
    """
    try:
        message: Any = from_json(line)
    except ValueError:
        try:
            message = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise BadLine(_reason(error)) from None
    if not isinstance(message, dict):
        raise BadLine("not a JSON object")
    return cast("dict[str, Any]", message)


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON at byte {error.pos}: {error.msg}"
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 at byte {error.start}"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return "a number with too many digits"


def encode_json(value: Any) -> bytes:
    """Return ``value`` as compact JSON that the runtime can read. What it cannot, it would leave unanswered for ever.

    Raises:
        ValueError: it holds NaN, an infinity, half of a surrogate pair or a reference to itself, or is nested too
            deeply.
        TypeError: it holds something that JSON has no form for.
    """
    data, problem = _encode(value)
    if problem:
        raise ValueError(problem)
    if data.count(b"[") + data.count(b"{") > _MAX_DEPTH and _depth(value) > _MAX_DEPTH:
        raise ValueError(f"nested more than {_MAX_DEPTH} levels deep")
    return data


def _encode(value: Any) -> tuple[bytes, str]:
    """Encode a value; returns what is wrong with it, or "". The original error, which holds the text, goes nowhere."""
    try:
        return _dense(value).encode(), ""
    except UnicodeEncodeError:
        return b"", "a text holds half of a surrogate pair, which is no Unicode text"
    except RecursionError:
        return b"", "nested too deeply"


def _depth(value: Any) -> int:
    """Levels of objects and arrays."""
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, (dict, list, tuple))]:
        depth += 1
        level = [child for item in cast("list[Any]", level) for child in _children(item)]
    return depth


def _children(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value  # pyright: ignore[reportUnknownVariableType]


def encode_message(message: dict[str, Any]) -> bytes:
    """Return one whole line for ``message``. Raises what ``encode_json`` raises."""
    return encode_json(message) + b"\n"


def encode_request(id: int, method: str, params: Any) -> bytes:
    """Return one whole line for a request; None for ``params`` is sent as ``{}``.

    Raises what ``encode_json`` raises, with the method in the text.
    """
    try:
        body = b"{}" if params is None else encode_json(params)
        return b'{"id":%d,"method":%s,"params":%s}\n' % (id, _method_json(method), body)
    except (ValueError, TypeError) as error:
        problem = type(error)(f"{method}: {error}")
    raise problem  # outside, so that no context holds the parameters


_method_json = lru_cache(maxsize=1024)(encode_json)
