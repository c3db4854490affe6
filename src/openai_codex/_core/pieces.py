"""A long text that comes in small pieces.

A piece of a few letters costs ten times its letters, so that many of them are joined as soon as there are enough, each
once. ``io.StringIO`` would do the same, but before Python 3.12 not until there are a hundred thousand.
"""

from __future__ import annotations

from typing import Any

__all__ = ["ENOUGH", "Pieces", "pack", "text_of"]

ENOUGH = 1024
"""How many pieces are joined at a time."""


def pack(parts: list[Any], full: int) -> int:
    """Join the pieces at the end of a list.

    Args:
        parts: Texts that were joined, then ``ENOUGH`` that were not. Others may read it meanwhile.
        full: How many there are.

    Returns:
        How many there are to be when this is to be called again. It begins with ``ENOUGH``.
    """
    joined = full - ENOUGH
    parts[joined:] = [text_of(parts[joined:])]  # one step: whoever reads sees the pieces or their text
    return full + 1


def text_of(parts: list[Any]) -> str:
    """The text of all pieces that are text."""
    try:
        return "".join(parts)
    except TypeError:
        return "".join(part for part in [*parts] if isinstance(part, str))


class Pieces:
    """A text that grows. One thread may add while others read."""

    __slots__ = ("_full", "_parts")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._full = ENOUGH

    def add(self, piece: str) -> None:
        """Add a piece at the end."""
        self._parts.append(piece)
        if len(self._parts) >= self._full:
            self._full = pack(self._parts, self._full)

    def text(self, length: int) -> str:
        """So many letters from its beginning."""
        return "".join(self._parts)[:length]
