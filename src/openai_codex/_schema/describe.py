"""From schema bundles to a description.

Nothing is refused: what is of no known shape becomes ``any``, so that a runtime of next year can still be described.
What the stable bundle lacks is experimental. Enums that are split over several branches are one list of words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from . import bundle, expressions
from .bundle import Bundle, Schema, method_of, params_of, ref_name
from .description import Description, Field, Message, Type
from .shapes import common_tag, is_string_enum, result_name, single_key, without_alternatives, without_null

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
        BundleError: one of the two is no schema bundle.
    """
    whole = _Reader(bundle.read(experimental)).description(version, results or {})
    if stable is None:
        return whole
    part = _Reader(bundle.read(stable)).description(version, results or {})
    beyond = whole.places() - part.places()
    # What lies inside something experimental needs no place of its own.
    return replace(whole, experimental=frozenset(place for place in beyond if not _inside(place, beyond, whole.types)))


def _inside(place: str, places: frozenset[str], types: Mapping[str, Type]) -> bool:
    cuts = (place[:end] for end in range(1, len(place)) if place[end] in ".[=")
    return place not in types and any(cut in places for cut in cuts)


class _Reader:
    """Describes one bundle. Types without a name are added as they are met."""

    def __init__(self, source: Bundle) -> None:
        self._source = source
        self._types: dict[str, Type] = {}

    def description(self, version: str, results: Mapping[str, str]) -> Description:
        for name, schema in self._source.definitions.items():
            self._types[name] = self._type(name, schema)

        def answer(branch: Schema) -> str:
            method = method_of(branch)
            names = (results.get(method, ""), result_name(method, params_of(branch)))
            return next((name for name in names if name in self._types), "")

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
        params = branch["properties"].get("params", {})
        name = params_of(branch)
        if name is None:
            return "" if params.get("type", "null") == "null" else "any"
        return name if ref_name(params) else f"{name} | null"

    # -- definitions ----------------------------------------------------------------------------------------

    def _type(self, name: str, schema: Schema) -> Type:
        branches: list[Schema] = schema.get("oneOf") or schema.get("anyOf") or []
        if not branches:
            if is_string_enum(schema):
                return Type(values=_words([schema]))
            if "properties" in schema or schema.get("type") == "object":
                return self._object(name, schema)
            return Type(alias=self._expression(name, schema))
        if all(map(is_string_enum, branches)):
            return Type(values=_words(branches))
        tag = common_tag(branches)
        if tag is not None:
            return Type(variants=dict(self._variant(name, schema, branch, tag) for branch in branches), tag=tag)
        keyed = {key: branch for branch in branches if (key := single_key(branch)) is not None}
        if keyed:
            return Type(
                values=_words(branch for branch in branches if is_string_enum(branch)),
                variants={key: self._fields(name, branch) for key, branch in keyed.items()},
            )
        return Type(alias=self._expression(name, schema))

    def _variant(self, name: str, schema: Schema, branch: Schema, tag: str) -> tuple[str, dict[str, Field]]:
        value: str = branch["properties"][tag]["enum"][0]
        shape = without_alternatives(branch)
        shape["properties"] = {**schema.get("properties", {}), **shape["properties"]}
        shape["required"] = [*schema.get("required", ()), *shape.get("required", ())]
        del shape["properties"][tag]
        return value, self._fields(f"{name}.{value}", shape)

    def _object(self, name: str, schema: Schema) -> Type:
        shape = without_alternatives(schema)
        rest = shape.get("additionalProperties", False)
        if rest is True or (rest is not False and "properties" in shape):
            rest_text = "any" if rest is True else self._expression(f"{name}.rest", rest)
            return Type(fields=self._fields(name, shape), rest=rest_text)
        if rest is False:
            return Type(fields=self._fields(name, shape))
        return Type(alias=self._expression(name, schema))

    def _fields(self, place: str, schema: Schema) -> dict[str, Field]:
        required = set(schema.get("required", ()))
        return {
            prop: self._field(f"{place}.{prop}", value, prop in required)
            for prop, value in sorted(schema.get("properties", {}).items())
        }

    def _field(self, place: str, schema: Any, required: bool) -> Field:
        alternatives = expressions.split(self._expression(place, schema))
        default: Any = cast(Schema, schema).get("default") if isinstance(schema, dict) else None
        return Field(
            expressions.join(each for each in alternatives if each != "null") or "null",
            required,
            "null" in alternatives and len(alternatives) > 1,
            "" if default is None else json.dumps(default, sort_keys=True, ensure_ascii=False),
        )

    # -- expressions ----------------------------------------------------------------------------------------

    def _expression(self, place: str, schema: Any) -> str:
        """The expression of a schema; what needs a name of its own is called by its place."""
        if not isinstance(schema, dict):
            return "any"
        known: Schema = cast(Schema, schema)
        if len(known.get("allOf", ())) == 1:
            known = {**known, **known["allOf"][0]}
        name = ref_name(known)
        if name is not None:
            return name
        branches: list[Schema] = known.get("oneOf") or known.get("anyOf") or []
        if branches:
            return self._union(place, known, branches)
        known, nullable = without_null(known)
        return expressions.join([self._plain(place, known), *(["null"] if nullable else [])])

    def _union(self, place: str, schema: Schema, branches: list[Schema]) -> str:
        rest = [branch for branch in branches if branch.get("type") != "null"]
        nullable = ["null"] if len(rest) < len(branches) else []
        named = common_tag(rest) or any(map(single_key, rest)) or all(map(is_string_enum, rest))
        if named and len(rest) > 1 and place not in self._source.definitions:
            self._types[place] = self._type(place, {**schema, "anyOf": rest, "oneOf": []})
            return expressions.join([place, *nullable])
        parts = [self._expression(_branch_place(place, branch, rest), branch) for branch in rest]
        return expressions.join([*parts, *nullable])

    def _plain(self, place: str, schema: Schema) -> str:
        kind: Any = schema.get("type")
        if isinstance(kind, list):
            return expressions.join(self._plain(place, {**schema, "type": each}) for each in cast("list[str]", kind))
        if "properties" in schema or len(schema.get("enum", ())) > 1:
            self._types[place] = self._type(place, schema)
            return place
        if "enum" in schema:
            return json.dumps(schema["enum"][0], ensure_ascii=False)
        if kind == "array":
            return f"list[{self._expression(f'{place}.item', schema.get('items', True))}]"
        if kind == "object":
            return f"map[{self._expression(f'{place}.value', schema.get('additionalProperties', True) or True)}]"
        return kind if isinstance(kind, str) else "any"


def _words(branches: Iterable[Schema]) -> tuple[str, ...]:
    return tuple(sorted({str(word) for branch in branches for word in branch["enum"] if word is not None}))


def _branch_place(place: str, branch: Schema, branches: list[Schema]) -> str:
    """A nameless object of an untagged union goes by what only it requires."""
    others = {name for each in branches if each is not branch for name in each.get("required", ())}
    own = sorted(set(branch.get("required", ())) - others)
    return f"{place}.{own[0]}" if own and "properties" in branch else place
