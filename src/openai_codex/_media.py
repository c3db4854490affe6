"""Images and sounds as ``data:`` URLs: what kind they are is read from their first bytes."""

from __future__ import annotations

import base64
import re
from mimetypes import guess_type
from os import PathLike, fspath
from pathlib import Path
from typing import Literal

__all__ = ["data_url", "data_url_of_file"]

_Kind = Literal["image", "audio"]

_SIGNATURES: dict[_Kind, tuple[tuple[str, re.Pattern[bytes]], ...]] = {
    "image": (
        ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
        ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
        ("image/gif", re.compile(rb"GIF8[79]a")),
        ("image/webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ),
    "audio": (
        ("audio/wav", re.compile(rb"RIFF.{4}WAVE", re.DOTALL)),
        # A tag, or the header of a frame: eleven set bits, any version, layer III.
        ("audio/mpeg", re.compile(rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")),
        ("audio/mp4", re.compile(rb".{4}ftyp", re.DOTALL)),
        ("audio/webm", re.compile(rb"\x1a\x45\xdf\xa3")),
        ("audio/ogg", re.compile(rb"OggS")),
    ),
}
_EXAMPLES: dict[_Kind, str] = {"image": "image/png", "audio": "audio/wav"}


def data_url(kind: _Kind, data: bytes, mime_type: str | None, *, name: str = "") -> str:
    """Return ``data`` as a ``data:`` URL.

    Args:
        kind: What it has to be.
        data: The content of the file.
        mime_type: MIME type; None to find it out, from the first bytes or else from ``name``.
        name: Name of the file, if it has one.

    Raises:
        ValueError: ``mime_type`` is not of that kind, or is None and cannot be found out.
    """
    found = mime_type or _type_of(kind, data) or guess_type(name)[0] or ""
    if not re.fullmatch(rf"{kind}/[\w.+-]+", found):
        problem = (
            f"{mime_type!r} does not begin with {kind}/"
            if mime_type
            else f"neither content nor name of {name or 'the data'} says which {kind} type it is"
        )
        raise ValueError(f"mime_type: {problem}; pass one, for example {_EXAMPLES[kind]!r}")
    return f"data:{found};base64,{base64.b64encode(data).decode('ascii')}"


def data_url_of_file(kind: _Kind, path: str | PathLike[str], mime_type: str | None) -> str:
    """Read a file and return its content as a ``data:`` URL.

    Raises:
        OSError: the file cannot be read.
        ValueError: as for ``data_url``.
    """
    return data_url(kind, Path(path).read_bytes(), mime_type, name=fspath(path))


def _type_of(kind: _Kind, data: bytes) -> str | None:
    return next((mime_type for mime_type, start in _SIGNATURES[kind] if start.match(data)), None)
