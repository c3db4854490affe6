"""The schema as shapes, read for tests alone: what a value may look like, and what each place in one may turn into.

It reads the bundle as the runtime wrote it and knows nothing of the generator's own reading of it, nor of the models:
what is made from these shapes tests both. Only what the schema does not say is taken from where the generator has it:
the result type of a request, and which plain strings are enums.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from codegen import ir
from codegen.load import load
from codegen.overrides import OVERRIDES_FILE, Overrides
from openai_codex._schema.bundle import Schema, closure, ref_name, references

__all__ = [
    "Anything",
    "Enumeration",
    "Field",
    "Keyed",
    "Listing",
    "Mapped",
    "Maybe",
    "Named",
    "Place",
    "PlaceKind",
    "Record",
    "Scalar",
    "Shape",
    "Tagged",
    "Untagged",
    "default_of",
    "fits",
    "known",
    "places",
    "read_directions",
    "read_protocol",
    "read_shapes",
    "resolve",
]

SCHEMA = Path(__file__).parents[2] / "schema"
RUNTIME_VERSION: str = json.loads((SCHEMA / "manifest.json").read_bytes())["runtime_version"]


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A string, number or boolean."""

    type: str


@dataclass(frozen=True, slots=True, eq=False)
class Anything:
    """Any JSON."""


@dataclass(frozen=True, slots=True, eq=False)
class Enumeration:
    """One of these strings."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """What the definition of this name says."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Maybe:
    """The shape, or null."""

    shape: Shape


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """A list of such elements."""

    element: Shape


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """An object with any keys and such values."""

    element: Shape


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One member of an object; ``default`` is what the schema says, or ``...``."""

    shape: Shape
    required: bool
    default: Any


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """An object with these members; ``more`` says whether the schema itself expects others beside them."""

    fields: Mapping[str, Field]
    more: bool


@dataclass(frozen=True, slots=True, eq=False)
class Tagged:
    """An object whose member ``tag`` says which of these it is."""

    tag: str
    branches: Mapping[str, Record]


@dataclass(frozen=True, slots=True, eq=False)
class Keyed:
    """A word, or an object whose only member says which of these it is."""

    words: Enumeration | None
    branches: Mapping[str, Record]


@dataclass(frozen=True, slots=True, eq=False)
class Untagged:
    """One of these, with nothing to tell them apart but themselves."""

    branches: tuple[Shape, ...]

    @property
    def open(self) -> bool:
        """Whether there are several objects among them, so that a runtime may come to have another."""
        return sum(not isinstance(branch, (Scalar, Listing)) for branch in self.branches) > 1


Shape = Scalar | Anything | Enumeration | Named | Maybe | Listing | Mapped | Record | Tagged | Keyed | Untagged

_PYTHON: dict[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "boolean": (bool,)}

PlaceKind = Literal["object", "enum", "tag", "key", "other", "null", "absent", "nothing", "unsaid"]


@dataclass(frozen=True, slots=True)
class Place:
    """One place in a value, and what could stand there just as well.

    Attributes:
        kind: ``object`` may have another member; ``enum`` another word; ``tag`` another tag, under the name ``detail``;
            ``key`` another single key; ``other`` another object. ``null`` may be null; ``absent`` may be missing.
            Beyond the schema: ``nothing`` is null although it can only be missing; ``unsaid`` is missing although it
            can only be null.
        path: Where it is.
        own: Whether it belongs to the definition that the walk began at, not to one that this refers to.
        detail: Name of the tag; for ``nothing`` the default, or ``...``.
        node: What the schema says of the place.
    """

    kind: PlaceKind
    path: tuple[str | int, ...]
    own: bool
    node: Shape
    detail: Any = None


# -- reading -------------------------------------------------------------------------------------------------


@cache
def read_protocol() -> ir.Protocol:
    """The protocol of the vendored schema: its definitions as they came, and which of them travel how."""
    overrides = Overrides(OVERRIDES_FILE, runtime_version=RUNTIME_VERSION)
    return ir.build(load(SCHEMA / "experimental.json"), load(SCHEMA / "stable.json"), overrides)


@cache
def read_shapes() -> dict[str, Shape]:
    """Every definition of the vendored schema, by name."""
    overrides = Overrides(OVERRIDES_FILE, runtime_version=RUNTIME_VERSION)
    open_enums = {name: overrides.get("open_enum", name)["values"] for name in overrides.names("open_enum")}
    return {
        name: Enumeration(tuple(open_enums[name])) if name in open_enums else _read(schema)
        for name, schema in read_protocol().definitions.items()
    }


@cache
def read_directions() -> tuple[set[str], set[str]]:
    """Names of the definitions that a client reads, and of those that it sends."""
    protocol = read_protocol()
    graph = {name: set(references(schema)) for name, schema in protocol.definitions.items()}
    return closure(protocol.read, graph), closure(protocol.sent, graph)


def _read(schema: Any) -> Shape:
    if not isinstance(schema, dict):
        return Anything()
    node = _object(schema)
    if (name := ref_name(node)) is not None:
        return Named(name)
    if "allOf" in node:
        (only,) = node["allOf"]
        return _read(only)
    kinds = node.get("type")
    if isinstance(kinds, list) and "null" in kinds:
        (kind,) = (each for each in cast("list[str]", kinds) if each != "null")
        values = [value for value in node.get("enum", ()) if value is not None]
        return Maybe(_read({**node, "type": kind, **({"enum": values} if values else {})}))
    branches: list[Schema] = node.get("oneOf") or node.get("anyOf") or []
    if branches and not _requires_alternatives(node, branches):
        rest = [branch for branch in branches if branch.get("type") != "null"]
        nullable = len(rest) < len(branches)
        shape = _read(rest[0]) if nullable and len(rest) == 1 else _read_union(node, rest)
        return Maybe(shape) if nullable else shape
    if "enum" in node:
        return Enumeration(tuple(node["enum"]))
    if kinds == "array":
        return Listing(_read(node.get("items", True)))
    if kinds == "object" or "properties" in node:
        more = node.get("additionalProperties", False)
        if "properties" not in node and "additionalProperties" in node and more is not False:
            return Mapped(_read(more))
        return Record(_fields(node), more is True)
    return Scalar(kinds) if isinstance(kinds, str) else Anything()


def _object(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _requires_alternatives(node: Schema, branches: list[Schema]) -> bool:
    """Whether the branches only say which of the object's members have to be there."""
    return "properties" in node and all("type" not in branch or not branch.get("properties") for branch in branches)


def _fields(node: Schema) -> dict[str, Field]:
    alternatives: list[Schema] = node.get("oneOf") or node.get("anyOf") or []
    properties: Schema = dict(node["properties"]) if "properties" in node else {}
    for alternative in alternatives:
        for name, value in alternative.get("properties", {}).items():
            properties.setdefault(name, value)
    required = node.get("required", ())
    return {
        name: Field(_read(value), name in required, _object(value).get("default", ...))
        for name, value in properties.items()
    }


def _read_union(node: Schema, branches: list[Schema]) -> Shape:
    if all("enum" in branch and "properties" not in branch for branch in branches):
        return Enumeration(tuple(value for branch in branches for value in branch["enum"]))
    tag = next((name for name in branches[0].get("properties", {}) if all(_tag(each, name) for each in branches)), None)
    if tag is not None:
        own = _fields({key: value for key, value in node.items() if key in ("properties", "required")})
        records: dict[str, Record] = {}
        for branch in branches:
            fields = {**own, **_fields(branch)}
            fields[tag] = Field(Scalar("tag"), True, ...)
            records[_tag(branch, tag)] = Record(fields, branch.get("additionalProperties") is True)
        return Tagged(tag, records)
    keyed = [branch for branch in branches if _only_key(branch)]
    if keyed:
        words = [value for branch in branches if "properties" not in branch for value in branch.get("enum", ())]
        records = {_only_key(branch): Record(_fields(branch), False) for branch in keyed}
        return Keyed(Enumeration(tuple(words)) if words else None, records)
    return Untagged(tuple(_read(branch) for branch in branches))


def _tag(branch: Schema, name: str) -> str:
    """The value that a branch fixes this member to, or ""."""
    values: list[str] = _object(branch.get("properties", {}).get(name)).get("enum", [])
    return values[0] if len(values) == 1 else ""


def _only_key(branch: Schema) -> str:
    """The only member of a branch, if it has to be there, or ""."""
    properties = branch.get("properties", {})
    return next(iter(properties)) if len(properties) == 1 and branch.get("required") == [*properties] else ""


# -- walking -------------------------------------------------------------------------------------------------


def resolve(shape: Shape, shapes: Mapping[str, Shape]) -> Shape:
    """The shape that a name stands for, or the shape itself."""
    while isinstance(shape, Named):
        shape = shapes[shape.name]
    return shape


def fits(shape: Shape, value: Any, shapes: Mapping[str, Shape]) -> bool:
    """Whether a value is of this shape, as the schema knows it today."""
    match resolve(shape, shapes):
        case Anything():
            return True
        case Scalar(type):
            return isinstance(value, _PYTHON.get(type, (str,)))
        case Enumeration(values):
            return value in values
        case Maybe(inner):
            return value is None or fits(inner, value, shapes)
        case Listing(element):
            return isinstance(value, list) and all(fits(element, each, shapes) for each in cast("list[object]", value))
        case Mapped(element):
            return isinstance(value, dict) and all(fits(element, each, shapes) for each in _object(value).values())
        case Record(fields, more):
            return (
                isinstance(value, dict)
                and (more or _object(value).keys() <= fields.keys())
                and all(
                    fits(field.shape, value[name], shapes) if name in value else not field.required
                    for name, field in fields.items()
                )
            )
        case Tagged(tag, branches):
            branch = branches.get(_object(value).get(tag, ""))
            return branch is not None and fits(branch, value, shapes)
        case Keyed(words, branches):
            if isinstance(value, str):
                return words is not None and value in words.values
            return any(fits(branch, value, shapes) for branch in branches.values())
        case Untagged(branches):
            return any(fits(branch, value, shapes) for branch in branches)
        case _:
            raise TypeError(shape)


def places(
    shape: Shape, value: Any, shapes: Mapping[str, Shape], path: tuple[str | int, ...] = (), own: bool = True
) -> Iterator[Place]:
    """Every place of a value that could be otherwise, the outer before the inner. The value has to fit the shape."""
    match shape:
        case Named(name):
            yield from places(shapes[name], value, shapes, path, False)
        case Maybe(inner):
            yield Place("null", path, own, shape)
            if value is not None:
                yield from places(inner, value, shapes, path, own)
        case Enumeration():
            yield Place("enum", path, own, shape)
        case Listing(element):
            for index, each in enumerate(value):
                yield from places(element, each, shapes, (*path, index), own)
        case Mapped(element):
            for key, each in value.items():
                yield from places(element, each, shapes, (*path, key), own)
        case Record():
            yield from _places_of_record(shape, value, shapes, path, own)
        case Tagged(tag, branches):
            yield Place("tag", path, own, shape, tag)
            yield from _places_of_record(branches[value[tag]], value, shapes, path, own)
        case Keyed(words, branches):
            if isinstance(value, str):
                assert words is not None
                yield Place("enum", path, own, words)
            else:
                (key,) = value
                yield Place("key", path, own, shape)
                yield from _places_of_record(branches[key], value, shapes, path, own)
        case Untagged(branches):
            branch = next(each for each in branches if fits(each, value, shapes))
            if shape.open:
                yield Place("other", path, own, shape)
            # What tells the branches apart lies in them, so their places are the union's own.
            yield from places(resolve(branch, shapes), value, shapes, path, own)
        case _:
            pass


def _places_of_record(
    record: Record, value: Any, shapes: Mapping[str, Shape], path: tuple[str | int, ...], own: bool
) -> Iterator[Place]:
    yield Place("object", path, own, record)
    for name, field in record.fields.items():
        if name not in value:
            continue
        where = (*path, name)
        if not field.required:
            yield Place("absent", where, own, field.shape)
            if not isinstance(field.shape, (Maybe, Anything)):
                yield Place("nothing", where, own, field.shape, field.default)
        elif isinstance(field.shape, Maybe):
            yield Place("unsaid", where, own, field.shape)
        yield from places(field.shape, value[name], shapes, where, own)


def known(shape: Shape, value: Any, shapes: Mapping[str, Shape]) -> Any:
    """The value without the members that the schema of today does not have. It need not fit otherwise."""
    match resolve(shape, shapes):
        case Maybe(inner):
            return None if value is None else known(inner, value, shapes)
        case Listing(element) if isinstance(value, list):
            return [known(element, each, shapes) for each in cast("list[object]", value)]
        case Mapped(element) if isinstance(value, dict):
            return {key: known(element, each, shapes) for key, each in _object(value).items()}
        case Record(fields, more) if isinstance(value, dict):
            return {
                name: known(fields[name].shape, each, shapes) if name in fields else each
                for name, each in _object(value).items()
                if more or name in fields
            }
        case Tagged(tag, branches) if isinstance(value, dict):
            return known(branches.get(_object(value).get(tag, ""), Anything()), value, shapes)
        case Keyed(_, branches):
            key = next(iter(_object(value)), "")
            return known(branches[key], value, shapes) if key in branches else value
        case Untagged(branches):
            found = (known(branch, value, shapes) for branch in branches)
            return next((each for each in found if fits(shape, each, shapes)), value)
        case _:
            return value


def default_of(place: Place, shapes: Mapping[str, Shape]) -> Any:
    """What a model has at a place that is ``nothing``: the schema's default, or None.

    A default that is one of a union is none of a model's.
    """
    union = isinstance(resolve(place.node, shapes), (Keyed, Tagged, Untagged))
    return None if union or place.detail is ... else place.detail
