"""A long text that comes in small pieces.

A piece of a few letters costs ten times its letters, so that many of them are joined as soon as there are enough, each
once. ``io.StringIO`` would do the same, but before Python 3.12 not until there are a hundred thousand.
"""

from __future__ import annotations

__all__ = ["Pieces"]

_ENOUGH = 1024


class Pieces:
    """A text that grows. One thread may add while others read."""

    __slots__ = ("_full", "_parts")

    def __init__(self) -> None:
        self._parts: list[str] = []  # joined ones first
        self._full = _ENOUGH

    def add(self, piece: str) -> None:
        """Add a piece at the end."""
        parts = self._parts
        parts.append(piece)
        if len(parts) >= self._full:
            joined = self._full - _ENOUGH
            parts[joined:] = ["".join(parts[joined:])]  # one step: whoever reads sees all of it or nothing
            self._full += 1

    def text(self, length: int | None = None) -> str:
        """The text, or so many letters of it."""
        return "".join(self._parts)[:length]
