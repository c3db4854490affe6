"""Types as text: take expressions apart, put them together, name what they refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

__all__ = ["SCALARS", "join", "names", "split", "unwrap"]

SCALARS = frozenset({"any", "boolean", "integer", "null", "number", "string"})
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"| \| |(?:list|map)\[|\]|[^\s\]\["]+')


def split(text: str) -> list[str]:
    """The alternatives of an expression."""
    parts: list[str] = [""]
    depth = 0
    for token in _TOKEN.findall(text):
        if token == " | " and depth == 0:
            parts.append("")
            continue
        depth += token.endswith("[") - (token == "]")
        parts[-1] += token
    return parts


def join(parts: Iterable[str]) -> str:
    """The expression of several alternatives: each once, in alphabetical order, null last."""
    alternatives = {each for part in parts for each in split(part)}
    return " | ".join(sorted(alternatives, key=lambda each: (each == "null", each)))


def unwrap(part: str) -> tuple[str, str]:
    """``list[X]`` -> ``("list", "X")``, ``map[X]`` -> ``("map", "X")``, anything else -> ``("", part)``."""
    for outer in ("list", "map"):
        if part.startswith(f"{outer}[") and part.endswith("]"):
            return outer, part[len(outer) + 1 : -1]
    return "", part


def names(text: str) -> Iterator[str]:
    """The types that an expression refers to."""
    for part in split(text):
        outer, inner = unwrap(part)
        if outer:
            yield from names(inner)
        elif part not in SCALARS and not part.startswith('"'):
            yield part
