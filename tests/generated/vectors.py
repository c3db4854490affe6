"""Test vectors of every definition of the schema, made from the schema alone.

Per definition: the smallest instance; instances with every member that together show every word of an enum, every
branch of a union and an element in every list and map; the same with null wherever it is allowed. And what a newer
runtime may send: another member in every object, another word in every enum, another variant in every union.

What comes from the future is put in at every depth. The rest varies what belongs to the definition: those that it
refers to have vectors of their own, and are here as their first instance.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, get_args

from .shapes import (
    Anything,
    Enumeration,
    Keyed,
    Listing,
    Mapped,
    Maybe,
    Named,
    Place,
    PlaceKind,
    Record,
    Scalar,
    Shape,
    Tagged,
    Untagged,
    default_of,
    places,
    read_directions,
    read_shapes,
    resolve,
)

__all__ = ["KINDS", "WORD", "Kind", "Vector", "replaced", "vectors"]

Kind = Literal[
    "minimal",
    "maximal",
    "null",
    "null left out",
    "null for missing",
    "unknown field",
    "unknown enum value",
    "unknown variant",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

WORD = "from/the-future"
_MEMBER = "fieldFromTheFuture"
_VARIANT = {"id": "x", "nested": {"deep": [1, None]}}
_SCALARS = {"string": "text", "integer": 7, "number": 0.5, "boolean": True}
_MAP_KEY = "key"


@dataclass(frozen=True, slots=True)
class Vector:
    """One value to be read.

    Attributes:
        kind: What it shows.
        name: The definition that it is an instance of.
        wire: The JSON.
        back: The JSON that it is written back as; the same, but for what models do not keep.
        changed: What the schema says of the places that are otherwise than in an instance of today.
        unknown: What the schema of today does not know in it: words, and whole objects.
        refused: It is no instance, and only sent: a model does not take it.
    """

    kind: Kind
    name: str
    wire: Any
    back: Any
    changed: tuple[Shape, ...] = ()
    unknown: list[Any] = field(default_factory=list[Any])
    refused: bool = False


@cache
def vectors() -> list[Vector]:
    """All vectors of the vendored schema."""
    shapes = read_shapes()
    return [vector for name in shapes for vector in _Maker(shapes).vectors(name)]


class _Maker:
    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = shapes

    def vectors(self, name: str) -> Iterator[Vector]:
        shape = self._shapes[name]
        for value in self._smallest(shape):
            yield Vector("minimal", name, value, value)
        full = self._full(shape)
        done: set[tuple[object, ...]] = set()
        for value in full:
            yield Vector("maximal", name, value, value)
            found = list(places(shape, value, self._shapes))
            yield from self._with_members(name, value, found)
            yield from self._nulls(name, value, found)
            for place in found:
                key = (*place.path, place.kind, id(place.node))
                if key not in done:
                    done.add(key)
                    yield from self._unknown(name, value, place)
        words = [place for place in places(shape, full[0], self._shapes) if place.kind == "enum"]
        if len(words) > 1:  # all at once
            yield self._changed("unknown enum value", name, full[0], words, WORD, [WORD] * len(words))

    @staticmethod
    def _with_members(name: str, value: Any, found: list[Place]) -> Iterator[Vector]:
        wire, back = copy.deepcopy(value), copy.deepcopy(value)
        objects = [place for place in found if place.kind == "object"]
        for place in objects:
            _at(wire, place.path)[_MEMBER] = {"any": [1, None]}
            if isinstance(place.node, Record) and place.node.more:
                _at(back, place.path)[_MEMBER] = {"any": [1, None]}
        if objects:
            yield Vector("unknown field", name, wire, back, tuple(place.node for place in objects))

    def _nulls(self, name: str, value: Any, found: list[Place]) -> Iterator[Vector]:
        kinds: tuple[tuple[Kind, PlaceKind], ...] = (
            ("null", "null"),
            ("null left out", "unsaid"),
            ("null for missing", "nothing"),
        )
        for kind, wanted in kinds:
            left = [
                place for place in found if place.own and place.kind == wanted and _at(value, place.path) is not None
            ]
            while left:  # those inside of others afterwards
                at = [place for place in left if not any(_is_inside(place.path, each.path) for each in left)]
                left = [place for place in left if place not in at]
                yield self._with_nulls(kind, name, value, at)

    def _with_nulls(self, kind: Kind, name: str, value: Any, at: list[Place]) -> Vector:
        """Null at each of these places, or nothing. What the schema does not allow is forgiven in what is read."""
        read, sent = (name in names for names in read_directions())
        refused = False
        wire = back = value
        for place in at:
            if kind == "null left out":
                wire = back = _without(wire, place.path)
                refused = sent
            else:
                wire = replaced(wire, place.path, None)
                default = default_of(place, self._shapes) if kind == "null for missing" else None
                back = replaced(back, place.path, default)
                refused = refused or (default is not None and sent and not read)
        return Vector(kind, name, wire, back, tuple(place.node for place in at), refused=refused)

    def _unknown(self, name: str, value: Any, place: Place) -> Iterator[Vector]:
        if place.kind == "enum":
            yield self._changed("unknown enum value", name, value, [place], WORD, [WORD])
        elif place.kind in ("key", "other"):
            yield self._changed("unknown variant", name, value, [place], {WORD: _VARIANT}, [{WORD: _VARIANT}])
        elif place.kind == "tag":
            # Once with nothing that is known but the tag, once with all that the known variant has.
            whole: dict[str, Any] = _at(value, place.path)
            for known in (dict[str, Any](), whole):
                raw: dict[str, Any] = {**known, **_VARIANT, place.detail: WORD}
                yield self._changed("unknown variant", name, value, [place], raw, [raw])

    @staticmethod
    def _changed(kind: Kind, name: str, value: Any, at: list[Place], to: Any, unknown: list[Any]) -> Vector:
        for place in at:
            value = replaced(value, place.path, to)
        return Vector(kind, name, value, value, tuple(place.node for place in at), unknown)

    # -- instances --------------------------------------------------------------------------------------------

    def _smallest(self, shape: Shape) -> list[Any]:
        """The smallest instance; of a union one for each branch."""
        match shape:
            case Named(name):
                return self._smallest(self._shapes[name])[:1]
            case Record(fields):
                return [{name: self._smallest(each.shape)[0] for name, each in fields.items() if each.required}]
            case Tagged(tag, branches):
                return [{**self._smallest(branch)[0], tag: value} for value, branch in branches.items()]
            case Keyed(words, branches):
                objects = [self._smallest(branch)[0] for branch in branches.values()]
                return [*(words.values if words else ()), *objects]
            case Untagged(branches):
                return [self._smallest(branch)[0] for branch in branches]
            case Listing():
                return [[]]
            case Mapped():
                return [{}]
            case Maybe(inner):
                return self._smallest(inner)[:1]
            case _:
                return self._full(shape)[:1]

    def _full(self, shape: Shape) -> list[Any]:
        """Instances with every member, that together show all that the shape may be."""
        match shape:
            case Scalar(type):
                return [_SCALARS[type]] if type in _SCALARS else [WORD]
            case Anything():
                return [{"any": [1, None]}]
            case Enumeration(values):
                return [*values]
            case Named(name):
                return self._full(self._shapes[name])[:1]
            case Maybe(inner):
                return [*self._full(inner), None]
            case Listing(element):
                return [[each] for each in self._full(element)]
            case Mapped(element):
                return [{_MAP_KEY: each} for each in self._full(element)]
            case Record(fields):
                choices = {name: self._full(each.shape) for name, each in fields.items()}
                count = max(map(len, choices.values()), default=1)
                return [{name: each[n % len(each)] for name, each in choices.items()} for n in range(count)]
            case Tagged(tag, branches):
                return [{**each, tag: value} for value, branch in branches.items() for each in self._full(branch)]
            case Keyed(words, branches):
                return [
                    *(words.values if words else ()),
                    *(each for branch in branches.values() for each in self._full(branch)),
                ]
            case Untagged(branches):
                return [each for branch in branches for each in self._full(resolve(branch, self._shapes))]
            case _:
                raise TypeError(shape)


def _is_inside(path: tuple[str | int, ...], other: tuple[str | int, ...]) -> bool:
    return len(path) > len(other) and path[: len(other)] == other


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def replaced(value: Any, path: tuple[str | int, ...], to: Any) -> Any:
    """A copy of the value with something else at one place."""
    if not path:
        return to
    changed: Any = copy.copy(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], to)
    return changed


def _without(value: Any, path: tuple[str | int, ...]) -> Any:
    """A copy of the value without one of its members."""
    owner = _at(value, path[:-1])
    return replaced(value, path[:-1], {name: each for name, each in owner.items() if name != path[-1]})
