"""Which of Rust's shapes a schema has. Rust serialises enums in several ways, and JSON schema shows them nameless."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, cast

from .bundle import Schema, meaning

__all__ = [
    "branches_of",
    "class_name",
    "common_tag",
    "is_catch_all",
    "is_string_enum",
    "may_be_null",
    "result_name",
    "single_key",
    "without_alternatives",
    "without_null",
    "words_of",
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


def words_of(*schemas: Schema) -> tuple[str, ...]:
    """All words of lists of words, in alphabetical order; none if one of them is anything else."""
    values: list[object] = [value for each in schemas for value in (each["enum"] if is_string_enum(each) else [None])]
    words = {value for value in values if isinstance(value, str)}
    return tuple(sorted(words)) if all(isinstance(value, str) for value in values) else ()


def branches_of(schema: Schema) -> list[Schema]:
    """What a union is one of; nothing if it is no union."""
    return schema.get("oneOf") or schema.get("anyOf") or []


def is_catch_all(schema: Schema) -> bool:
    """A branch that only says "or anything else"."""
    return not set(schema) & {"$ref", "allOf", "anyOf", "enum", "items", "oneOf", "properties"}


def common_tag(branches: list[Schema]) -> str | None:
    """The property that every branch fixes to a word of its own; the first of several in alphabetical order."""
    words: defaultdict[str, set[str]] = defaultdict(set)
    for branch in branches:
        for prop, value in cast(Schema, branch.get("properties", {})).items():
            fixed: list[Any] = cast(Schema, value).get("enum", []) if isinstance(value, dict) else []
            if len(fixed) == 1 and isinstance(fixed[0], str):
                words[prop].add(fixed[0])
    return min((prop for prop, each in words.items() if len(each) == len(branches)), default=None)


def single_key(branch: Schema) -> str | None:
    """The only property of a branch, if it is required: its name tells the branch from others."""
    properties = branch.get("properties", {})
    return next(iter(properties)) if len(properties) == 1 and branch.get("required") == [*properties] else None


def without_alternatives(branch: Schema) -> Schema:
    """A branch that requires one of several properties gets all of them, optional."""
    out = {key: value for key, value in branch.items() if key not in ("anyOf", "oneOf")}
    alternatives: list[Schema] = branch.get("anyOf") or branch.get("oneOf") or []
    if not alternatives:
        return out
    choices: defaultdict[str, list[Any]] = defaultdict(list)
    for alternative in alternatives:
        for prop, value in alternative.get("properties", {}).items():
            if meaning(value) not in map(meaning, choices[prop]):
                choices[prop].append(value)
    merged = {prop: each[0] if len(each) == 1 else {"anyOf": each} for prop, each in choices.items()}
    # What each of them requires is no alternative.
    always = set[str].intersection(*(set(each.get("required", ())) for each in alternatives))
    required = sorted({*out.get("required", ()), *always})
    return {**out, "properties": {**merged, **out.get("properties", {})}, "required": required}


def may_be_null(schema: Schema) -> bool:
    """Whether null fits."""
    return "null" in schema.get("type", ()) or {"type": "null"} in schema.get("anyOf", ())


def without_null(schema: Schema) -> tuple[Schema, bool]:
    """The schema without its permission to be null, and whether it had one."""
    kinds: Any = schema.get("type")
    if not isinstance(kinds, list) or "null" not in kinds:
        return schema, False
    others = [kind for kind in cast("list[str]", kinds) if kind != "null"]
    out: Schema = {**schema, "type": others[0] if len(others) == 1 else others}
    if "enum" in out:
        out["enum"] = [value for value in out["enum"] if value is not None]
    return out, True
