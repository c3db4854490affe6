"""The strict subset of JSON schema that a model's provider takes for structured output.

A strict schema says everything: each object lists its properties, requires all of them and takes no others, and each
value has a type. Whoever asks for an answer of some Python type has a schema that says less here and more there, and
three things can happen to what the subset does not know:

- It has an equal in the subset, and is rewritten: ``oneOf``, ``const``, ``allOf`` of one, a ``$ref`` with neighbours.
- It only narrows what fits, and is dropped with a note: lengths, defaults, unknown formats, patterns with lookaround.
  The answer is validated by the type itself, so that what is dropped here is still checked there.
- It is the shape of the value, and cannot be said at all: mappings, tuples, values of any type. That is an error, which
  names the place and what to use instead.

A schema is walked by position and never by the names of its keys, so a property may be called ``$ref`` or ``default``.
Definitions are converted when something refers to them for the first time, and never again: recursion ends there, and
a place inside a definition is named by the first way that leads to it.

The rules are those of the guide "Structured model outputs" (https://developers.openai.com/api/docs/guides/
structured-outputs, section "Supported schemas"); the API refuses, with status 400, what does not follow them.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeGuard

from .errors import SchemaNotStrictError

__all__ = ["WRAPPED", "StrictSchema", "strict_schema", "walk_path"]

_Schema: TypeAlias = dict[str, Any]

WRAPPED = "value"
"""Name of the property that holds an answer which is no object by itself."""

_REFERENCE = "#/$defs/"
_ANNOTATIONS = frozenset({"title", "description"})
_RANGE = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_KEYWORDS: dict[str, frozenset[str]] = {
    "string": frozenset({"pattern", "format"}),
    "number": _RANGE,
    "integer": _RANGE,
    "boolean": frozenset(),
    "null": frozenset(),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "object": frozenset({"properties", "required", "additionalProperties"}),
}
"""What each type may say besides its title and its description."""

_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
# Inside of brackets these are plain characters; a pattern that is dropped without need does no harm.
_LOOKAROUND = re.compile(r"\\.|(?P<group>\(\?<?[=!])", re.DOTALL)

_CONDITION = "use a type that says the same without it, and a validator for the rest"
_REFUSED = {
    "patternProperties": ("is an open mapping", "use a list of objects with a key and a value"),
    "prefixItems": ("is a tuple", "use an object with a field for each place, or a list of one type"),
    **{
        keyword: (f"depends on a condition ({keyword})", _CONDITION)
        for keyword in ("not", "if", "then", "else", "dependentSchemas", "dependentRequired")
    },
}
"""What no strict schema can say, and what to use instead."""

_COMBINED = ("combines several schemas", "use one type that has the fields of all")
_UNTYPED = ("takes a value of any type", "name the type, such as str, or a union of all that it can be")
_SHAPES = frozenset({"properties", "additionalProperties", "items", "enum", "const"})


@dataclass(frozen=True, slots=True)
class StrictSchema:
    """A schema as the API takes it.

    Attributes:
        schema: The strict schema. Its root is an object.
        notes: One text for each thing that was dropped, with its place, such as ``$.title: minLength``.
        wrapped: Whether the answer is the property ``value`` of the root, because it is no object by itself.
    """

    schema: dict[str, Any]
    notes: tuple[str, ...]
    wrapped: bool


def strict_schema(schema: Mapping[str, Any], name: str) -> StrictSchema:
    """Say the same as a JSON schema, as far as that is possible, in the strict subset.

    Args:
        schema: JSON schema with all its definitions in ``$defs``, as pydantic makes it. It is left as it is.
        name: What the schema describes, for messages.

    Returns:
        The strict schema, which shares nothing with ``schema``.

    Raises:
        SchemaNotStrictError: The schema describes values that no strict schema can describe.
    """
    return _Conversion(schema, name).result()


def walk_path(path: str, *steps: str | int) -> str:
    """Extend a path such as ``$.lines`` by names of properties and indexes of items.

    Args:
        path: Where to begin; ``$`` is the whole value.
        steps: The names and indexes, from the outside in.

    Returns:
        The path of the innermost place, such as ``$.lines[0].price``.
    """
    for step in steps:
        if isinstance(step, str) and step.isidentifier():
            path += f".{step}"
        else:
            path += f"[{json.dumps(step, ensure_ascii=False)}]"
    return path


def _is_schema(value: object) -> TypeGuard[_Schema]:
    return isinstance(value, dict)


def _definition(reference: str) -> str:
    return reference.removeprefix(_REFERENCE).replace("~1", "/").replace("~0", "~")


def _has_lookaround(pattern: str) -> bool:
    return any(found["group"] for found in _LOOKAROUND.finditer(pattern))


def _type_of(value: object) -> str | None:
    """JSON type of a plain value; None for what is not plain."""
    # bool is an int to Python, so it comes first.
    kinds: tuple[tuple[type, str], ...] = ((bool, "boolean"), (str, "string"), (int, "integer"), (float, "number"))
    return "null" if value is None else next((name for kind, name in kinds if isinstance(value, kind)), None)


class _Conversion:
    """One schema on its way, with what is known of its definitions and what was dropped so far."""

    def __init__(self, schema: Mapping[str, Any], name: str) -> None:
        self._root = {keyword: value for keyword, value in schema.items() if keyword != "$defs"}
        self._sources: Mapping[str, Any] = schema.get("$defs", {})
        self._definitions: dict[str, _Schema] = {}
        self._notes: dict[str, None] = {}
        self._name = name

    def result(self) -> StrictSchema:
        node = self._node(self._root, "$")
        schema = self._unfolded(node)
        wrapped = schema.get("type") != "object"
        if wrapped:
            schema = {
                "type": "object",
                "properties": {WRAPPED: node},
                "required": [WRAPPED],
                "additionalProperties": False,
            }
        if self._definitions:
            # In the order of the source: that of the conversion depends on who refers to whom.
            defined = {name: self._definitions[name] for name in self._sources if name in self._definitions}
            schema = {**schema, "$defs": defined}
        return StrictSchema(copy.deepcopy(schema), tuple(self._notes), wrapped)

    def _unfolded(self, node: _Schema) -> _Schema:
        """The definition that a root refers to, because a root may not refer to any."""
        annotations: _Schema = {}
        followed: set[str] = set()
        while True:
            if "$ref" in node:
                name = _definition(node["$ref"])
                if name in followed:
                    raise self._error("$", *_UNTYPED)
                followed.add(name)
                node = self._definitions[name]
            elif len(node.get("anyOf", ())) == 1:
                annotations = {key: node[key] for key in node if key != "anyOf"} | annotations
                node = node["anyOf"][0]
            else:
                return node | annotations

    def _node(self, schema: object, path: str) -> _Schema:
        if not _is_schema(schema):
            raise self._error(path, *_UNTYPED)
        for keyword, (why, instead) in _REFUSED.items():
            if keyword in schema:
                raise self._error(path, why, instead)
        if "allOf" in schema:
            return self._node(self._merged(schema, path), path)
        if "$ref" in schema:
            return self._reference(schema, path)
        if "anyOf" in schema or "oneOf" in schema:
            return self._union(schema, path)
        if "const" in schema or "enum" in schema:
            return self._enumeration(schema, path)
        return self._typed(schema, path)

    def _merged(self, schema: _Schema, path: str) -> _Schema:
        """Take the only member of an ``allOf`` to the schema that has it, whose own words come first."""
        own = {keyword: value for keyword, value in schema.items() if keyword != "allOf"}
        members = schema["allOf"]
        if len(members) != 1 or not _is_schema(members[0]):
            raise self._error(path, *_COMBINED)
        if own.keys() & members[0].keys() - _ANNOTATIONS - {"default"}:
            raise self._error(path, *_COMBINED)
        return {**members[0], **own}

    def _reference(self, schema: _Schema, path: str) -> _Schema:
        reference = schema["$ref"]
        name = _definition(str(reference))
        if not str(reference).startswith(_REFERENCE) or name not in self._sources:
            raise self._error(path, f"refers to {reference!r}, which is not in $defs", "define it there")
        if name not in self._definitions:
            self._definitions[name] = {}  # whoever refers to it from within does not begin anew
            self._definitions[name] = self._node(self._sources[name], path)
        annotations = self._kept(schema, {"$ref", *_ANNOTATIONS}, path)
        del annotations["$ref"]
        alone = {"$ref": reference}
        # The API takes no neighbours of a reference, but those of a choice, and a choice of one changes nothing.
        return {"anyOf": [alone], **annotations} if annotations else alone

    def _union(self, schema: _Schema, path: str) -> _Schema:
        members = schema.get("anyOf", schema.get("oneOf"))
        if schema.keys() & _SHAPES or {"anyOf", "oneOf"} <= schema.keys():
            raise self._error(path, *_COMBINED)
        if not members:
            raise self._error(path, *_UNTYPED)
        node = self._kept(schema, {"anyOf", "oneOf", *_ANNOTATIONS}, path)
        node.pop("oneOf", None)
        node["anyOf"] = [self._node(member, path) for member in members]
        return node

    def _enumeration(self, schema: _Schema, path: str) -> _Schema:
        """Values one by one. The API wants a type next to them, so those of several types become a choice."""
        values: list[object] = [schema["const"]] if "const" in schema else schema["enum"]
        by_type: dict[str, list[object]] = {}
        for value in values:
            name = _type_of(value)
            if name is None:
                raise self._error(path, f"can be {value!r}", "use values that are text, numbers, bools or None")
            by_type.setdefault(name, []).append(value)
        if not by_type:
            raise self._error(path, "can be nothing at all", "name the values that it can have")
        annotations = {
            keyword: value
            for keyword, value in self._kept(schema, {"const", "enum", "type", *_ANNOTATIONS}, path).items()
            if keyword in _ANNOTATIONS
        }
        members: list[_Schema] = [
            {"type": name} if name == "null" else {"type": name, "enum": group} for name, group in by_type.items()
        ]
        return {**annotations, **members[0]} if len(members) == 1 else {**annotations, "anyOf": members}

    def _typed(self, schema: _Schema, path: str) -> _Schema:
        names: list[Any] = schema["type"] if isinstance(schema.get("type"), list) else [schema.get("type")]
        if not names or not all(name in _KEYWORDS for name in names):
            raise self._error(path, *_UNTYPED)
        keywords = {"type", *_ANNOTATIONS}.union(*(_KEYWORDS[name] for name in names))
        node = self._kept(schema, keywords, path)
        if "string" in names:
            self._limit_text(node, path)
        if "array" in names:
            node["items"] = self._node(schema.get("items", True), f"{path}[]")
        if "object" in names:
            self._close(node, path)
        return node

    def _limit_text(self, node: _Schema, path: str) -> None:
        """Drop the format and the pattern of a text if the API does not know them."""
        unknown = {
            "format": node.get("format", "date") not in _FORMATS,
            "pattern": _has_lookaround(node.get("pattern", "")),
        }
        for keyword in [keyword for keyword in unknown if unknown[keyword]]:
            del node[keyword]
            self._note(path, keyword)

    def _close(self, node: _Schema, path: str) -> None:
        """Require all properties of an object, and take no others."""
        properties: Mapping[str, Any] = node.get("properties", {})
        further = node.get("additionalProperties", "properties" not in node)
        if further is not False and not properties:
            raise self._error(path, *_REFUSED["patternProperties"])
        if further is not False:
            self._note(path, "additionalProperties")
        required: Collection[str] = node.get("required", ())
        converted: dict[str, _Schema] = {}
        for name, each in properties.items():
            place = walk_path(path, name)
            if name not in required and not (_is_schema(each) and "default" in each):
                self._note(place, "not required")
            converted[name] = self._node(each, place)
        node.update(properties=converted, required=list(converted), additionalProperties=False)

    def _kept(self, schema: _Schema, keywords: Collection[str], path: str) -> _Schema:
        for keyword in schema:
            if keyword not in keywords:
                self._note(path, keyword)
        return {keyword: value for keyword, value in schema.items() if keyword in keywords}

    def _note(self, path: str, text: str) -> None:
        self._notes[f"{path}: {text}"] = None

    def _error(self, path: str, why: str, instead: str) -> SchemaNotStrictError:
        text = f"output_type {self._name}: {path} {why}, which no strict JSON schema can describe; {instead}"
        return SchemaNotStrictError(text, path=path)
