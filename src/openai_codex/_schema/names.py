"""Names as users type them: exact, as patterns, or nearly right."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase

from .description import Description

__all__ = ["UnknownNameError", "is_pattern", "kinds", "matching", "near", "select"]


class UnknownNameError(ValueError):
    """A name that nothing has.

    Attributes:
        name: The name.
        near: Names that it may have been meant for.
    """

    def __init__(self, what: str, name: str, near: Iterable[str]) -> None:
        self.name, self.near = name, tuple(near)
        meant = f"; did you mean {' or '.join(self.near)}?" if self.near else ""
        super().__init__(f"there is no {what} {name!r}{meant}")


def kinds(description: Description) -> dict[str, str]:
    """All methods of a description, and what kind of message each is. No two kinds share a method."""
    return {
        **dict.fromkeys(description.requests, "request"),
        **dict.fromkeys(description.notifications, "notification"),
        **dict.fromkeys(description.server_requests, "server request"),
    }


def is_pattern(name: str) -> bool:
    """Whether a name stands for all that match it: ``*`` is any text, ``?`` any sign, ``[...]`` one of several."""
    return any(sign in name for sign in "*?[")


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that match, in alphabetical order."""
    return sorted(name for name in names if fnmatchcase(name, pattern))


def near(name: str, names: Collection[str]) -> list[str]:
    """Up to three names that resemble one, the nearest first."""
    folded: dict[str, str] = {}
    for each in sorted(names):
        folded.setdefault(_folded(each), each)
    return [folded[each] for each in get_close_matches(_folded(name), folded, cutoff=0.7)]


def _folded(name: str) -> str:
    """A name without how it separates words: ``codex.rpc.thread.name_set`` is near ``thread/name/set``."""
    plain = name.lower().removeprefix("codex.").removeprefix("rpc.")
    return "".join(char for char in plain if char.isalnum())


def select(patterns: Iterable[str], methods: Collection[str]) -> frozenset[str]:
    """The methods that names and patterns stand for.

    Raises:
        UnknownNameError: one of them stands for none.
    """
    selected: set[str] = set()
    for pattern in patterns:
        found = matching(pattern, methods) if is_pattern(pattern) else [pattern] if pattern in methods else []
        if not found:
            raise UnknownNameError("method", pattern, near(pattern, methods))
        selected.update(found)
    return frozenset(selected)
