"""Telling Rust's shapes apart in a schema that leaves them nameless."""

from __future__ import annotations

from typing import Any

import pytest

from openai_codex._schema.bundle import meaning
from openai_codex._schema.shapes import (
    branches_of,
    common_tag,
    is_catch_all,
    may_be_null,
    result_name,
    single_key,
    without_alternatives,
    without_null,
    words_of,
)
from tests.codegen.small_schema import STRING, Schema, obj, ref, tag
from tests.unit.protocols import words

INTEGER: Schema = {"type": "integer"}


@pytest.mark.parametrize(
    ("branches", "expected"),
    [
        ([obj(**tag("a")), obj(**tag("b"))], "type"),
        ([obj(**tag("a", "mode"), x=STRING), obj(**tag("b", "mode"))], "mode"),
        ([obj(z=words("1"), a=words("1")), obj(z=words("2"), a=words("2"))], "a"),
        ([obj(z=words("1"), a=words("1")), obj(z=words("2"), a=words("1"))], "z"),
        ([obj(**tag("a")), obj(**tag("a"))], None),
        ([obj(**tag("a")), obj()], None),
        ([obj(**tag("a")), obj(type=words("b", "c"))], None),
        ([obj(**tag("a")), obj(type=True)], None),
        ([obj(type={"enum": [1]}), obj(type={"enum": [2]})], None),
        ([obj(**tag("a")), STRING], None),
        ([obj(**tag("a"))], "type"),
        ([], None),
    ],
)
def test_tag_is_what_every_branch_fixes_to_a_word_of_its_own(branches: list[Schema], expected: str | None) -> None:
    assert common_tag(branches) == expected


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        (obj("k", k=STRING), "k"),
        (obj(k=STRING), None),
        (obj("k", k=STRING, l=STRING), None),
        (obj("k", "l", k=STRING), None),
        (STRING, None),
    ],
)
def test_single_key_is_the_only_property_and_required(branch: Schema, expected: str | None) -> None:
    assert single_key(branch) == expected


@pytest.mark.parametrize("schema", [{}, STRING, {"type": "object"}, {"type": ["string", "object"]}, {"type": "null"}])
def test_catch_all(schema: Schema) -> None:
    assert is_catch_all(schema)


@pytest.mark.parametrize(
    "schema",
    [
        obj(),
        ref("A"),
        words("a"),
        {"type": "array", "items": STRING},
        *({key: []} for key in ("anyOf", "oneOf", "allOf")),
    ],
)
def test_no_catch_all(schema: Schema) -> None:
    assert not is_catch_all(schema)


WORDS: list[tuple[list[Schema], tuple[str, ...]]] = [
    ([words("b", "a"), words("c", "a")], ("a", "b", "c")),
    ([words("a"), {"enum": [1]}], ()),
    ([words("a"), STRING], ()),
    ([{"enum": ["a", None]}], ()),
    ([{"enum": [{}, []]}], ()),
    ([{**obj(a=STRING), "enum": ["a"]}], ()),
    ([], ()),
]


@pytest.mark.parametrize(("schemas", "expected"), WORDS)
def test_words_are_those_of_lists_of_nothing_else(schemas: list[Schema], expected: tuple[str, ...]) -> None:
    assert words_of(*schemas) == expected


def test_alternatives_are_merged_into_the_object() -> None:
    one = obj("url", "size", url=STRING, size=INTEGER, same=STRING)
    other = obj("file", "size", file=STRING, size=STRING, same={**STRING, "description": "Text."}, own=INTEGER)
    schema = {**obj("id", id=STRING, own=STRING), "anyOf": [one, other], "description": "Kept."}
    assert without_alternatives(schema) == {
        "type": "object",
        "description": "Kept.",
        "properties": {
            "url": STRING,
            "file": STRING,
            "size": {"anyOf": [INTEGER, STRING]},
            "same": STRING,
            "id": STRING,
            "own": STRING,
        },
        "required": ["id", "size"],
    }
    assert without_alternatives(obj("id", id=STRING)) == obj("id", id=STRING)
    assert schema["anyOf"] == [one, other], "what was given stays as it was"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (STRING, (STRING, False)),
        ({"type": ["string", "null"]}, (STRING, True)),
        ({"type": ["null", "string", "integer"]}, ({"type": ["string", "integer"]}, True)),
        ({"type": ["string", "integer"]}, ({"type": ["string", "integer"]}, False)),
        ({"type": ["string", "null"], "enum": ["a", None]}, (words("a"), True)),
    ],
)
def test_null_comes_off_and_all_other_kinds_stay(schema: Schema, expected: tuple[Schema, bool]) -> None:
    assert without_null(schema) == expected
    assert may_be_null(schema) is expected[1]


def test_union_by_either_keyword() -> None:
    assert branches_of({"oneOf": [STRING]}) == branches_of({"anyOf": [STRING]}) == [STRING]
    assert branches_of(STRING) == []


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("thread/start", "ThreadStartParams", "ThreadStartResponse"),
        ("account/login/start", "LoginAccountParams", "LoginAccountResponse"),
        ("thread/start", None, "ThreadStartResponse"),
        ("run", "Options", "OptionsResponse"),
    ],
)
def test_result_is_called_after_the_params_or_the_method(method: str, params: str | None, expected: str) -> None:
    assert result_name(method, params) == expected


@pytest.mark.parametrize(
    "other",
    [
        {"required": ["b", "a"], "properties": {"b": {"enum": [2, 1]}, "a": {"type": ["null", "string"]}}},
        {
            "properties": {"a": {"type": ["string", "null"], "title": "A"}, "b": {"enum": [1, 2]}},
            "required": ["a", "b"],
        },
    ],
)
def test_meaning_is_the_same_in_any_order_and_with_any_description(other: Any) -> None:
    schema = {
        "$schema": "x",
        "description": "Text.",
        "properties": {"a": {"type": ["string", "null"]}, "b": {"enum": [1, 2], "description": "Text."}},
        "required": ["a", "b"],
    }
    assert meaning(schema) == meaning(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (STRING, INTEGER),
        (obj(a=STRING), obj(b=STRING)),
        (obj(title=STRING), obj(title=INTEGER)),
        (obj(description=STRING), obj()),
        (obj(properties=obj(title=STRING)), obj(properties=obj())),
        ({"default": [1, 2]}, {"default": [2, 1]}),
        (obj(required=STRING), obj(required=INTEGER)),
        ({"anyOf": [STRING, INTEGER]}, {"anyOf": [STRING]}),
        ({"items": [STRING, INTEGER]}, {"items": [INTEGER, STRING]}),
    ],
)
def test_meaning_tells_what_differs(one: Schema, other: Schema) -> None:
    assert meaning(one) != meaning(other)
