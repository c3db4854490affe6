"""Additive changes to JSON: what a newer runtime may say where the schema of today has something else.

Every change is made twice: in what is sent, and in what a client's models have to write back. They differ where models
drop what they do not know, or have a default for it. Pure, and of the standard library alone.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

__all__ = ["FIELD", "MARK", "WORD", "Change", "Mutated", "filled", "mutate", "some_json"]

MARK = "fromTheFuture"
FIELD = "futureField"
WORD = "future/"

Path = tuple[str | int, ...]

# What ends all that lies inside of its place.
_FINAL = {"null", "nothing", "absent", "unsaid", "key", "other"}


@dataclass(frozen=True, slots=True)
class Change:
    """One place of a value, and what may be there instead; see ``Place`` in ``tests/generated/shapes.py``."""

    kind: str
    path: Path
    detail: Any = None

    @classmethod
    def from_json(cls, raw: Sequence[Any]) -> Change:
        """The change that a plan has as a list."""
        kind, path, detail = raw
        return cls(kind, tuple(path), detail)


@dataclass(slots=True)
class Mutated:
    """A value that was changed.

    Attributes:
        wire: What is sent.
        back: What the models of today write back.
        kinds: How many changes of each kind were made.
    """

    wire: Any
    back: Any
    kinds: Counter[str] = field(default_factory=Counter[str])


def mutate(rng: random.Random, value: Any, changes: Sequence[Change], likely: float) -> Mutated:
    """Change a value at random.

    Args:
        rng: Where chance comes from.
        value: The value; it stays as it is.
        changes: What is possible.
        likely: How likely a further change is, the first included.
    """
    by_kind: dict[str, list[Change]] = {}
    for change in changes:
        by_kind.setdefault(change.kind, []).append(change)
    picked: list[Change] = []
    while by_kind and rng.random() < likely:
        picked.append(rng.choice(by_kind[rng.choice([*by_kind])]))  # rare kinds as often as others
    chosen: list[Change] = []
    for change in sorted(picked, key=lambda each: len(each.path)):
        if not any(_ends(other, change) for other in chosen):
            chosen.append(change)
    if not chosen:
        return Mutated(value, value)
    out = Mutated(copy.deepcopy(value), copy.deepcopy(value))
    for change in reversed(chosen):  # from the inside to the outside
        _apply(rng, out, change)
        out.kinds[change.kind] += 1
    return out


def _ends(one: Change, other: Change) -> bool:
    """Whether nothing can be done any more at the place of ``other`` when ``one`` is done."""
    if one.path == other.path:
        return bool({one.kind, other.kind} & _FINAL) or "object" not in (one.kind, other.kind)
    return one.kind in _FINAL and other.path[: len(one.path)] == one.path


def _apply(rng: random.Random, out: Mutated, change: Change) -> None:
    kind, path = change.kind, change.path
    if kind == "object":
        members: Any = {f"{FIELD}{n}": some_json(rng) for n in range(rng.randint(1, 3))}
        _at(out.wire, path).update(members)
        if change.detail or MARK in _at(out.back, path):  # the model keeps what it does not know
            _at(out.back, path).update(members)
    elif kind == "enum":
        word = f"{WORD}word-{rng.randint(1, 9)}"
        _put(out, path, word, word)
    elif kind == "tag":
        known: dict[str, Any] = _at(out.wire, path) if rng.random() < 0.5 else {}
        new = {**known, change.detail: f"{WORD}variant-{rng.randint(1, 9)}", MARK: some_json(rng)}
        _put(out, path, new, copy.deepcopy(new))
    elif kind in ("key", "other"):
        new = {f"{FIELD}Variant": some_json(rng), MARK: some_json(rng)}
        _put(out, path, new, copy.deepcopy(new))
    elif kind == "null":
        _put(out, path, None, None)
    elif kind == "nothing":
        _put(out, path, None, copy.deepcopy(change.detail))
    else:
        for value in (out.wire, out.back):
            del _at(value, path[:-1])[path[-1]]


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _put(out: Mutated, path: Path, wire: Any, back: Any) -> None:
    if path:
        _at(out.wire, path[:-1])[path[-1]] = wire
        _at(out.back, path[:-1])[path[-1]] = back
    else:
        out.wire, out.back = wire, back


# Values that would do harm if anybody took them for what the protocol has under such a name elsewhere.
_ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1.5,
    2**63,
    "",
    "\u2028 \x00 \U0001f680",
    [],
    {},
    {"id": 1, "method": "turn/completed", "result": {}, "error": None},
    {"threadId": "other", "turnId": "other", "turn": {"id": "other", "status": "failed"}},
    {"type": "agentMessage", "id": "m", "text": "no", "phase": "final_answer"},
    [{"deep": [[[{"deeper": {"type": "x"}}]]]}],
)


def some_json(rng: random.Random) -> Any:
    """Any JSON value."""
    return copy.deepcopy(rng.choice(_ODD))


def filled(value: Any, names: Mapping[str, Any]) -> Any:
    """A copy of a value with other texts in place of some; ``names`` has them by what stands there."""
    if isinstance(value, dict):
        return {key: filled(each, names) for key, each in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [filled(each, names) for each in cast("list[object]", value)]
    return names.get(value, value) if isinstance(value, str) else value
