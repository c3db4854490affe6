"""From schema bundles to a description.

Nothing is refused: what is of no known shape becomes ``any``, so that a runtime of next year can still be described.
What the stable bundle lacks is experimental. Enums that are split over several branches are one list of words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from . import bundle
from .bundle import TOO_DEEP, Bundle, BundleError, Schema, meaning, method_of, params_of, ref_name
from .description import Description, Field, Message, Type
from .expressions import SCALARS, below, constant, join, literal, spelt, split
from .shapes import (
    branches_of,
    common_tag,
    is_catch_all,
    result_name,
    single_key,
    without_alternatives,
    without_null,
    words_of,
)

__all__ = ["describe"]


def describe(
    experimental: bytes, stable: bytes | None, *, version: str, results: Mapping[str, str] | None = None
) -> Description:
    """Describe what a runtime emits.

    Args:
        experimental: Bundle with the experimental API.
        stable: Bundle without it; None if there is only one bundle, and nothing known of what is experimental.
        version: Version of the runtime.
        results: Result types of requests where the name does not follow from the params; others are passed over.

    Raises:
        BundleError: one of the two is no schema bundle, or is nested too deeply.
    """
    try:
        return _describe(experimental, stable, version, results or {})
    except RecursionError as error:
        raise BundleError([TOO_DEEP], is_bundle=False) from error


def _describe(experimental: bytes, stable: bytes | None, version: str, results: Mapping[str, str]) -> Description:
    whole = _Reader(bundle.read(experimental)).description(version, results)
    if stable is None:
        return whole
    part = _Reader(bundle.read(stable)).description(version, results)
    beyond = whole.places() - part.places()
    # What lies inside something experimental needs no place of its own.
    return replace(whole, experimental=frozenset(place for place in beyond if not _inside(place, beyond, whole.types)))


def _inside(place: str, places: frozenset[str], types: Mapping[str, Type]) -> bool:
    cuts = (place[:end] for end in range(1, len(place)) if place[end] in ".[=")
    return place not in types and any(cut in places for cut in cuts)


class _Reader:
    """Describes one bundle. Types without a name are added as they are met."""

    def __init__(self, source: Bundle) -> None:
        self._source = replace(
            source,
            client_requests=[_without_const(branch) for branch in source.client_requests],
            server_notifications=[_without_const(branch) for branch in source.server_notifications],
            server_requests=[_without_const(branch) for branch in source.server_requests],
            definitions={name: _without_const(schema) for name, schema in source.definitions.items()},
        )
        self._definitions = {spelt(name): schema for name, schema in self._source.definitions.items()}
        self._types: dict[str, Type] = {}
        self._open: set[int] = set()

    def description(self, version: str, results: Mapping[str, str]) -> Description:
        for name, schema in self._definitions.items():
            self._types[name] = self._definition(name, schema)

        def answer(branch: Schema) -> str:
            method = method_of(branch)
            names = (results.get(method, ""), result_name(method, params_of(branch)))
            return next((name for name in map(spelt, names) if name in self._types), "")

        def messages(branches: Iterable[Schema], *, answered: bool) -> dict[str, Message]:
            return {
                method_of(branch): Message(self._params(branch), answer(branch) if answered else "")
                for branch in branches
            }

        return Description(
            version,
            messages(self._source.client_requests, answered=True),
            messages(self._source.server_notifications, answered=False),
            messages(self._source.server_requests, answered=True),
            dict(sorted(self._types.items())),
        )

    def _params(self, branch: Schema) -> str:
        params = branch["properties"].get("params", {"type": "null"})
        text = self._expression(below(spelt(method_of(branch)), "params"), params)
        return "" if text == "null" else text

    # -- types ----------------------------------------------------------------------------------------------

    def _definition(self, name: str, schema: Schema) -> Type:
        known, null = _without_null(self._whole(schema))
        described = self._type(name, known)
        if not null:
            return described
        if described.kind == "object":
            described = Type(alias=self._named(below(name, "object"), described))
        if described.alias:
            return Type(alias=join([described.alias, "null"]))
        return replace(described, rest=join([*split(described.rest), "null"]))

    def _type(self, place: str, schema: Schema) -> Type:
        """What a schema is that has a name, or needs one; whatever needs none is an alias."""
        if isinstance(schema.get("type"), list):
            return Type(alias=self._kinds(place, schema))
        branches = [self._whole(branch) for branch in branches_of(schema)]
        union = self._union(place, schema, branches)
        if union is not None:
            return union
        if "properties" in schema or (schema.get("type") == "object" and not branches):
            return self._object(place, schema)
        if branches:
            return Type(alias=self._alternatives(place, branches))
        words = words_of(schema)
        return Type(values=words) if words else Type(alias=self._expression(place, schema))

    def _union(self, place: str, schema: Schema, branches: list[Schema]) -> Type | None:
        """A union of words, and of objects that a tag or their only key tells apart; None for any other."""
        words = [branch for branch in branches if words_of(branch)]
        ends = [branch for branch in branches if is_catch_all(branch)]
        objects = [branch for branch in branches if branch not in words and branch not in ends]
        rest = join(self._expression(place, branch) for branch in ends) if ends else ""
        tag = common_tag(objects)
        if tag is not None and not words:
            return Type(variants=dict(self._variant(place, schema, each, tag) for each in objects), tag=tag, rest=rest)
        keys = [key for branch in objects if (key := single_key(branch)) is not None]
        # Beside properties of its own, branches with a single key are alternatives.
        if (words or keys) and len(set(keys)) == len(objects) and "properties" not in schema:
            variants = {key: self._fields(place, branch) for key, branch in zip(keys, objects, strict=True)}
            return Type(values=words_of(*words), variants=variants, rest=rest)
        return None

    def _variant(self, name: str, schema: Schema, branch: Schema, tag: str) -> tuple[str, dict[str, Field]]:
        value: str = branch["properties"][tag]["enum"][0]
        shape = self._shape(branch)
        properties = {**schema.get("properties", {}), **shape["properties"]}
        required = [*schema.get("required", ()), *shape.get("required", ())]
        fields = {prop: each for prop, each in properties.items() if prop != tag}
        return value, self._fields(below(name, value), {"properties": fields, "required": required})

    def _object(self, name: str, schema: Schema) -> Type:
        shape = self._shape(schema)
        rest = shape.get("additionalProperties", False)
        if rest is False:
            return Type(fields=self._fields(name, shape))
        if rest is True or "properties" in shape:
            return Type(fields=self._fields(name, shape), rest=self._expression(f"{name}.rest", rest))
        return Type(alias=self._expression(name, schema))

    def _shape(self, schema: Schema) -> Schema:
        """An object with all its alternatives."""
        alternatives = [self._whole(self._target(branch)) for branch in branches_of(schema)]
        return without_alternatives({**schema, "anyOf": alternatives, "oneOf": []})

    def _fields(self, place: str, schema: Schema) -> dict[str, Field]:
        required = set(schema.get("required", ()))
        return {
            prop: self._field(below(place, prop), value, prop in required)
            for prop, value in sorted(schema.get("properties", {}).items())
        }

    def _field(self, place: str, schema: Any, required: bool) -> Field:
        alternatives = split(self._expression(place, schema))
        default: Any = cast(Schema, schema).get("default") if isinstance(schema, dict) else None
        return Field(
            join(each for each in alternatives if each != "null") or "null",
            required,
            "null" in alternatives and len(alternatives) > 1,
            "" if default is None else json.dumps(default, sort_keys=True, ensure_ascii=False),
        )

    # -- expressions ----------------------------------------------------------------------------------------

    def _expression(self, place: str, schema: Any) -> str:
        """The expression of a schema; what needs a name is called by its place."""
        # What is composed of something that it is part of would have no end.
        if not isinstance(schema, dict) or id(schema) in self._open:  # pyright: ignore[reportUnknownArgumentType]
            return "any"
        self._open.add(id(schema))  # pyright: ignore[reportUnknownArgumentType]
        text = self._text(place, cast(Schema, schema))
        self._open.discard(id(schema))  # pyright: ignore[reportUnknownArgumentType]
        return text

    def _text(self, place: str, schema: Schema) -> str:
        known, null = _without_null(self._whole(schema))
        branches, name = branches_of(known), ref_name(known)
        if name is not None:
            text = spelt(name) if spelt(name) in self._definitions else "any"
        elif len(branches) == 1 and "properties" not in known:
            text = self._expression(place, branches[0])
        elif branches or "properties" in known or len(words_of(known)) > 1:
            described = self._type(place, known)
            text = described.alias or self._named(place, described)
        else:
            text = self._plain(place, known)
        return join([text, "null"]) if null else text

    def _plain(self, place: str, schema: Schema) -> str:
        kind: Any = schema.get("type")
        if isinstance(kind, list):
            return self._kinds(place, schema)
        if "enum" in schema:
            parts = {each for value in schema["enum"] for each in split(constant(value))}
            return join((parts - _TRUTHS) | {"boolean"} if parts >= _TRUTHS else parts)
        if kind == "array":
            return f"list[{self._expression(f'{place}.item', schema.get('items', True))}]"
        if kind == "object":
            return f"map[{self._expression(f'{place}.value', schema.get('additionalProperties', True) or True)}]"
        return kind if kind in SCALARS else "any"

    def _kinds(self, place: str, schema: Schema) -> str:
        """One of several kinds; each has keywords of its own. Listed values that are no words are all."""
        if not all(isinstance(value, str) for value in schema.get("enum", ())):
            return self._plain(place, {"enum": schema["enum"]})
        kinds = cast("list[str]", schema["type"])
        texts = (
            self._expression(
                f"{place}.{kind}",
                {"type": kind, **{key: schema[key] for key in _KEYWORDS.get(kind, ()) if key in schema}},
            )
            for kind in kinds
        )
        return join(texts)

    def _alternatives(self, place: str, branches: list[Schema]) -> str:
        words = [branch for branch in branches if words_of(branch)]
        others = sorted((branch for branch in branches if branch not in words), key=meaning)
        parts = (self._expression(_branch_place(place, each, others), each) for each in others)
        return join([*map(literal, words_of(*words)), *parts])

    def _named(self, place: str, described: Type) -> str:
        """Add a type that the schema leaves nameless. What nothing tells from another one is numbered."""
        name, number = place, 0
        while name in self._definitions or self._types.setdefault(name, described) != described:
            number += 1
            name = f"{place}.{number}"
        return name

    # -- what a schema consists of --------------------------------------------------------------------------

    def _target(self, schema: Schema) -> Schema:
        name = ref_name(schema)
        return schema if name is None else self._source.definitions.get(name, {})

    def _whole(self, schema: Schema, above: frozenset[str] = frozenset()) -> Schema:
        """The schema with what ``allOf`` composes it of; without keywords, which is anything, if that is no object."""
        own = {key: value for key, value in schema.items() if key != "allOf"}
        parts: list[Schema] = schema.get("allOf") or []
        if own.get("oneOf") and own.get("anyOf"):
            return {}
        if not parts:
            return own
        if len(parts) == 1 and not own.keys() & _SHAPING:
            return self._whole({**own, **parts[0]}, above)
        names = {name for name in map(ref_name, parts) if name is not None}
        if names & above:
            return {}
        return _composed([own, *(self._whole(self._target(part), above | names) for part in parts)])


# What the kinds of a schema that allows several have for themselves.
_KEYWORDS = {
    "object": ("properties", "required", "additionalProperties"),
    "array": ("items",),
    "string": ("enum",),
}
_SHAPING = {"$ref", "additionalProperties", "anyOf", "enum", "items", "oneOf", "properties"}
_TRUTHS = {constant(value) for value in (False, True)}


def _without_const(node: Any, *, named: bool = False) -> Any:
    """The schema with every ``const`` as an ``enum`` of one value; ``named`` says that the keys are names."""
    if isinstance(node, list):
        return [_without_const(each) for each in cast("list[object]", node)]
    if not isinstance(node, dict):
        return node
    members = cast(Schema, node)
    out: Schema = {
        key: value
        if not named and key in ("const", "default", "enum", "examples")
        else _without_const(value, named=key == "properties" and not named)
        for key, value in members.items()
    }
    if not named and "const" in out:
        out.setdefault("enum", [out.pop("const")])
    return out


def _without_null(schema: Schema) -> tuple[Schema, bool]:
    """The schema without its permission to be null, in whatever way it says so, and whether it had one."""
    if schema.get("type") == ["null"]:
        return {"type": "null"}, False
    known, null = without_null(schema)
    for key in ("anyOf", "oneOf"):
        branches: list[Schema] = known.get(key, [])
        others = [branch for branch in branches if branch.get("type") not in ("null", ["null"])]
        if branches and not others:
            return {"type": "null"}, False
        if len(others) < len(branches):
            known, null = {**known, key: others}, True
    values = cast("list[object]", known.get("enum", []))
    if None in values and len(values) > 1:
        known, null = {**known, "enum": [value for value in values if value is not None]}, True
    return known, null


def _composed(parts: list[Schema]) -> Schema:
    """One object of several; what stands first wins."""
    unions = [part for part in parts if branches_of(part)]
    objects = [part for part in parts if "properties" in part or part.get("type") == "object" or part in unions]
    if len(unions) > 1 or not all(part in objects for part in parts[1:]):
        return {}
    out: Schema = {"type": "object", "properties": {}, "required": []}
    for part in reversed(parts):
        out.update({key: part[key] for key in ("additionalProperties", "anyOf", "oneOf", "default") if key in part})
        out["properties"].update(part.get("properties", {}))
        out["required"] += part.get("required", ())
    return out


def _branch_place(place: str, branch: Schema, branches: list[Schema]) -> str:
    """A nameless object of an untagged union goes by what only it requires, or else by what only it has."""
    for keyword in ("required", "properties"):
        others = {name for each in branches if each is not branch for name in each.get(keyword, ())}
        own = sorted({*branch.get(keyword, ())} - others)
        if own and "properties" in branch:
            return below(place, own[0])
    return place
