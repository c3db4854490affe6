"""Types as text: take expressions apart, put them together, name what they refer to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

__all__ = ["SCALARS", "below", "constant", "join", "literal", "names", "scalar", "spelt", "split", "unwrap", "word"]

SCALARS = frozenset({"any", "boolean", "integer", "null", "number", "string"})
# What has a meaning in expressions and places, or behind them in what is stored.
_SIGNS = re.compile(r'[\s\[\]".=|?~%]')
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"| \| |(?:list|map)\[|\]|[^\s\]\["]+')


def split(text: str) -> list[str]:
    """The alternatives of an expression; none of an empty one."""
    parts: list[str] = [""] if text else []
    depth = 0
    for token in _TOKEN.findall(text):
        if token == " | " and depth == 0:
            parts.append("")
            continue
        depth += token.endswith("[") - (token == "]")
        parts[-1] += token
    return parts


def join(parts: Iterable[str]) -> str:
    """The expression of several alternatives: each once, in alphabetical order, null last; any takes in all others."""
    alternatives = {each for part in parts for each in split(part)}
    if "any" in alternatives:
        return "any"
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
        elif part not in SCALARS and not part.startswith(('"', "=")):
            yield part


def literal(text: str) -> str:
    """The expression of a single word."""
    return json.dumps(text, ensure_ascii=False)


def constant(value: object) -> str:
    """The expression of a single value; ``any`` of one that has parts."""
    if isinstance(value, str):
        return literal(value)
    if value is None:
        return "null"
    return f"={json.dumps(value)}" if isinstance(value, (bool, int, float)) else "any"


def scalar(part: str) -> str:
    """The scalar that a number or truth value behind ``=`` is one of; "" for anything else."""
    if not part.startswith("="):
        return ""
    if part in ("=true", "=false"):
        return "boolean"
    return "integer" if part[1:].lstrip("-").isdigit() else "number"


def word(part: str) -> str | None:
    """The word that an alternative stands for; None if it is no single word."""
    return str(json.loads(part)) if part.startswith('"') else None


def spelt(name: str) -> str:
    """A name as it can stand in an expression, whatever signs it has."""
    return _SIGNS.sub(lambda sign: f"%{ord(sign[0]):x};", name)


def below(owner: str, part: str) -> str:
    """The name of what is nameless, after its owner and its place there."""
    return f"{owner}.{spelt(part)}"
