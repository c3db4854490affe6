"""Which of Rust's shapes a schema has. Rust serialises enums in several ways, and JSON schema shows them nameless."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, cast

from .bundle import Schema

__all__ = [
    "class_name",
    "common_tag",
    "is_catch_all",
    "is_string_enum",
    "may_be_null",
    "result_name",
    "single_key",
    "without_alternatives",
    "without_null",
]

_SEPARATORS = re.compile(r"[^0-9A-Za-z]+")


def class_name(wire: str) -> str:
    """``input_text`` -> ``InputText``, ``openai/form`` -> ``OpenaiForm``; capitals inside a word stay."""
    return "".join(word[0].upper() + word[1:] for word in _SEPARATORS.split(wire) if word)


def result_name(method: str, params: str | None) -> str:
    """What the result type of a request is called, where nothing else is known: the schema never states it."""
    return f"{params.removesuffix('Params') if params else class_name(method)}Response"


def is_string_enum(schema: Schema) -> bool:
    """A list of words, as a branch or a whole definition."""
    return "enum" in schema and "properties" not in schema


def is_catch_all(schema: Schema) -> bool:
    """A branch that only says "or anything else"."""
    return not set(schema) & {"properties", "enum", "items", "$ref"}


def common_tag(branches: list[Schema]) -> str | None:
    """The property that every branch fixes to one value."""
    counts = Counter(
        prop
        for branch in branches
        for prop, value in branch.get("properties", {}).items()
        if isinstance(value, dict) and len(value.get("enum", ())) == 1 and isinstance(value["enum"][0], str)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    )
    return next((prop for prop, count in counts.items() if count == len(branches)), None)


def single_key(branch: Schema) -> str | None:
    """The only property of a branch, if it is required: its name tells the branch from others."""
    properties = branch.get("properties", {})
    return next(iter(properties)) if len(properties) == 1 and branch.get("required") == [*properties] else None


def without_alternatives(branch: Schema) -> Schema:
    """A branch that requires one of several properties gets all of them, optional."""
    out = {key: value for key, value in branch.items() if key not in ("anyOf", "oneOf")}
    alternatives: list[Schema] = branch.get("anyOf") or branch.get("oneOf") or []
    if alternatives:
        out["properties"] = dict(out.get("properties", {}))
    for alternative in alternatives:
        for prop, value in alternative.get("properties", {}).items():
            out["properties"].setdefault(prop, value)
    return out


def may_be_null(schema: Schema) -> bool:
    """Whether null fits."""
    return "null" in schema.get("type", ()) or {"type": "null"} in schema.get("anyOf", ())


def without_null(schema: Schema) -> tuple[Schema, bool]:
    """The schema without its permission to be null, and whether it had one."""
    kinds: Any = schema.get("type")
    if not isinstance(kinds, list) or "null" not in kinds:
        return schema, False
    out: Schema = {**schema, "type": next(kind for kind in cast("list[str]", kinds) if kind != "null")}
    if "enum" in out:
        out["enum"] = [value for value in out["enum"] if value is not None]
    return out, True
