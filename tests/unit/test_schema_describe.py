"""Each of Rust's shapes, and what it becomes. Nothing of unknown shape raises or gets lost without a trace."""

from __future__ import annotations

import json
import random
from typing import Any, cast

import pytest
from hypothesis import given, settings, strategies as st

from openai_codex._schema.bundle import BundleError
from openai_codex._schema.describe import describe
from openai_codex._schema.description import Description, Field, Message, Type
from openai_codex._schema.expressions import names
from tests.codegen.small_schema import STRING, Schema, bundle, message, obj, ref, tag
from tests.unit.protocols import VENDORED, VERSIONS, described, either, raw, small, words

INTEGER: Schema = {"type": "integer", "format": "int64", "minimum": 0}
NULL: Schema = {"type": "null"}
OPTIONAL = Field("string")
REQUIRED = Field("string", required=True)


def types(**definitions: Any) -> dict[str, Type]:
    return dict(small(definitions).types)


def field(schema: Any) -> tuple[Field, dict[str, Type]]:
    """What becomes of a property, and the types that it brings along."""
    found = types(T=obj(f=schema), A=obj(), B=obj(), W=words("x"))
    return found["T"].fields["f"], {name: each for name, each in found.items() if name not in ("A", "B", "T", "W")}


# --- fields ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (STRING, Field("string")),
        (INTEGER, Field("integer")),
        ({"type": "number", "format": "double"}, Field("number")),
        ({"type": "boolean"}, Field("boolean")),
        (True, Field("any")),
        (False, Field("any")),
        ({}, Field("any")),
        ({"const": "a"}, Field('"a"')),
        ({"type": "string", "const": "a"}, Field('"a"')),
        ({"const": 1}, Field("=1")),
        ({"const": None}, Field("null")),
        ({"type": "integer", "enum": [2, 1]}, Field("=1 | =2")),
        ({"type": "boolean", "enum": [True]}, Field("=true")),
        ({"enum": [True, False, "a"]}, Field('"a" | boolean')),
        (NULL, Field("null")),
        ({"type": ["null"]}, Field("null")),
        ({"anyOf": [NULL]}, Field("null")),
        ({"enum": [None]}, Field("null")),
        ({"type": ["string", "null"]}, Field("string", nullable=True)),
        ({"type": ["null", "string"]}, Field("string", nullable=True)),
        ({"type": ["string", "integer", "null"]}, Field("integer | string", nullable=True)),
        ({"type": ["integer", "string"]}, Field("integer | string")),
        ({"type": "array", "items": STRING}, Field("list[string]")),
        ({"type": "array"}, Field("list[any]")),
        ({"type": "array", "items": [STRING, INTEGER]}, Field("list[any]")),
        (
            {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
            Field("list[string | null]", nullable=True),
        ),
        ({"type": ["array", "string"], "items": INTEGER}, Field("list[integer] | string")),
        ({"type": "object"}, Field("map[any]")),
        ({"type": "object", "additionalProperties": True}, Field("map[any]")),
        ({"type": "object", "additionalProperties": False}, Field("map[any]")),
        ({"type": ["object", "null"], "additionalProperties": ref("A")}, Field("map[A]", nullable=True)),
        (ref("A"), Field("A")),
        ({"allOf": [ref("A")], "description": "Text."}, Field("A")),
        ({"allOf": [{"allOf": [ref("A")]}], "default": {}}, Field("A", default="{}")),
        ({"anyOf": [ref("A"), NULL]}, Field("A", nullable=True)),
        ({"anyOf": [NULL, {"allOf": [ref("A")]}]}, Field("A", nullable=True)),
        ({"oneOf": [ref("A"), {"type": ["null"]}]}, Field("A", nullable=True)),
        ({"anyOf": [True, NULL]}, Field("any")),
        ({"anyOf": [ref("B"), ref("A"), NULL]}, Field("A | B", nullable=True)),
        ({"anyOf": [STRING, {"type": "array", "items": ref("A")}]}, Field("list[A] | string")),
        ({"anyOf": [{"type": ["string", "null"]}, INTEGER]}, Field("integer | string", nullable=True)),
        ({"anyOf": [{"anyOf": [STRING, INTEGER]}, ref("A")]}, Field("A | integer | string")),
        ({"oneOf": [STRING], "anyOf": [INTEGER]}, Field("any")),
        (ref("Gone"), Field("any")),
        ({"type": "unheard-of"}, Field("any")),
        ({"not": STRING}, Field("any")),
        (words("x"), Field('"x"')),
        (words('say "x" | y'), Field('"say \\"x\\" | y"')),
        ({"enum": ["x", None]}, Field('"x"', nullable=True)),
        ({"type": ["string", "null"], "enum": ["x", None]}, Field('"x"', nullable=True)),
        ({"enum": [5]}, Field("=5")),
        ({"type": "integer", "enum": [1, 2]}, Field("=1 | =2")),
        ({"enum": [1.5, True]}, Field("=1.5 | =true")),
        ({"enum": ["x", 1]}, Field('"x" | =1')),
        ({"enum": [{"a": 1}, "x"]}, Field("any")),
        ({"type": ["string", "integer"], "enum": ["x", 1]}, Field('"x" | =1')),
    ],
)
def test_property_that_needs_no_name(schema: Any, expected: Field) -> None:
    assert field(schema) == (expected, {})


@pytest.mark.parametrize(
    ("schema", "expected", "inner"),
    [
        (words("b", "a"), Field("T.f"), {"T.f": Type(values=("a", "b"))}),
        (
            {"type": ["string", "null"], "enum": ["a", None, "b"]},
            Field("T.f", nullable=True),
            {"T.f": Type(values=("a", "b"))},
        ),
        ({"anyOf": [words("a", "b"), NULL]}, Field("T.f", nullable=True), {"T.f": Type(values=("a", "b"))}),
        (either(words("b"), words("a")), Field("T.f"), {"T.f": Type(values=("a", "b"))}),
        (obj("a", a=STRING), Field("T.f"), {"T.f": Type(fields={"a": REQUIRED})}),
        (
            {"type": ["object", "null"], "properties": {"a": STRING}},
            Field("T.f", nullable=True),
            {"T.f": Type(fields={"a": OPTIONAL})},
        ),
        (
            {"type": "array", "items": obj(a=obj(b=STRING))},
            Field("list[T.f.item]"),
            {
                "T.f.item": Type(fields={"a": Field("T.f.item.a")}),
                "T.f.item.a": Type(fields={"b": OPTIONAL}),
            },
        ),
        (
            {"type": "object", "additionalProperties": words("a", "b")},
            Field("map[T.f.value]"),
            {"T.f.value": Type(values=("a", "b"))},
        ),
        (
            {**obj(a=STRING), "additionalProperties": obj(b=STRING)},
            Field("T.f"),
            {
                "T.f": Type(fields={"a": OPTIONAL}, rest="T.f.rest"),
                "T.f.rest": Type(fields={"b": OPTIONAL}),
            },
        ),
        (
            {"type": ["object", "array", "null"], "properties": {"a": STRING}, "items": STRING},
            Field("T.f.object | list[string]", nullable=True),
            {"T.f.object": Type(fields={"a": OPTIONAL})},
        ),
        (
            {"type": ["string", "integer"], "enum": ["a", "b"]},
            Field("T.f.string | integer"),
            {"T.f.string": Type(values=("a", "b"))},
        ),
        (
            {"anyOf": [obj("type", **tag("a"), x=STRING), obj("type", **tag("b")), NULL]},
            Field("T.f", nullable=True),
            {"T.f": Type(variants={"a": {"x": OPTIONAL}, "b": {}}, tag="type")},
        ),
        (
            either(words("a"), obj("k", k=STRING)),
            Field("T.f"),
            {"T.f": Type(values=("a",), variants={"k": {"k": REQUIRED}})},
        ),
        (
            {**obj("id", id=STRING), "anyOf": [obj("a", a=STRING), obj("b", b=STRING)]},
            Field("T.f"),
            {"T.f": Type(fields={"id": REQUIRED, "a": OPTIONAL, "b": OPTIONAL})},
        ),
        (
            {"allOf": [ref("A"), obj(x=STRING)]},
            Field("T.f"),
            {"T.f": Type(fields={"x": OPTIONAL})},
        ),
    ],
)
def test_property_that_needs_a_name_is_called_by_its_place(
    schema: Any, expected: Field, inner: dict[str, Type]
) -> None:
    assert field(schema) == (expected, inner)


@pytest.mark.parametrize(
    ("default", "text"),
    [("x", '"x"'), (False, "false"), (0, "0"), ([], "[]"), ({"b": 1, "a": "ä"}, '{"a": "ä", "b": 1}'), (None, "")],
)
def test_default_is_kept_as_json(default: Any, text: str) -> None:
    assert field({**STRING, "default": default})[0] == Field("string", default=text)
    assert field({"anyOf": [ref("A"), NULL], "default": default})[0] == Field("A", nullable=True, default=text)


def test_required_is_not_the_same_as_never_null() -> None:
    schema = obj("a", "b", a={"type": ["string", "null"]}, b=STRING, c={"type": ["string", "null"]}, d=STRING)
    assert types(T=schema)["T"].fields == {
        "a": Field("string", True, True),
        "b": Field("string", True),
        "c": Field("string", False, True),
        "d": Field("string"),
    }


# --- definitions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (STRING, Type(alias="string")),
        (True, Type(alias="any")),
        ({}, Type(alias="any")),
        (ref("A"), Type(alias="A")),
        (ref("T"), Type(alias="T")),
        (ref("Gone"), Type(alias="any")),
        ({"allOf": [ref("A")]}, Type(alias="A")),
        ({"type": "array", "items": ref("T")}, Type(alias="list[T]")),
        ({"type": ["string", "null"]}, Type(alias="string | null")),
        ({"type": ["string", "integer"]}, Type(alias="integer | string")),
        ({"anyOf": [ref("A"), NULL]}, Type(alias="A | null")),
        ({"anyOf": [ref("A"), STRING, ref("B")]}, Type(alias="A | B | string")),
        ({"type": "object", "additionalProperties": ref("A")}, Type(alias="map[A]")),
        ({"type": "object"}, Type()),
        ({"type": "object", "additionalProperties": False}, Type()),
        ({"type": "object", "additionalProperties": True}, Type(rest="any")),
        (obj(), Type()),
        ({**obj("a", a=STRING), "additionalProperties": False}, Type(fields={"a": REQUIRED})),
        ({**obj("a", a=STRING), "additionalProperties": True}, Type(fields={"a": REQUIRED}, rest="any")),
        ({**obj("a", a=STRING), "additionalProperties": INTEGER}, Type(fields={"a": REQUIRED}, rest="integer")),
        ({"properties": {"a": STRING}}, Type(fields={"a": OPTIONAL})),
        (words("b", "a"), Type(values=("a", "b"))),
        (words("a"), Type(values=("a",))),
        ({"type": ["string", "null"], "enum": ["a", None]}, Type(values=("a",), rest="null")),
        ({"enum": [1, 2]}, Type(alias="=1 | =2")),
        (either(words("c", "a"), {**words("b"), "description": "Text."}), Type(values=("a", "b", "c"))),
        (either(words("a")), Type(values=("a",))),
        (either(words("a"), NULL), Type(values=("a",), rest="null")),
        # An enum that takes any other string.
        ({"anyOf": [words("a", "b"), STRING]}, Type(values=("a", "b"), rest="string")),
        ({"anyOf": [words("a"), STRING, NULL]}, Type(values=("a",), rest="string | null")),
    ],
)
def test_definition(schema: Any, expected: Type) -> None:
    assert types(T=schema, A=obj(), B=obj())["T"] == expected


def test_tagged_union() -> None:
    schema = either(obj("type", "x", **tag("b/c"), x=STRING), obj("type", **tag("a")))
    assert types(T=schema) == {"T": Type(variants={"a": {}, "b/c": {"x": REQUIRED}}, tag="type")}


def test_tagged_union_of_one() -> None:
    assert types(T=either(obj("type", **tag("a")))) == {"T": Type(variants={"a": {}}, tag="type")}


def test_tagged_union_gives_each_variant_its_own_properties() -> None:
    schema = {
        **obj("id", id=STRING, note=INTEGER),
        **either(obj("mode", **tag("a", "mode"), note=STRING), obj("mode", **tag("b", "mode"))),
    }
    assert types(T=schema)["T"] == Type(
        variants={
            "a": {"id": REQUIRED, "note": OPTIONAL},
            "b": {"id": REQUIRED, "note": Field("integer")},
        },
        tag="mode",
    )


def test_tagged_union_with_a_branch_for_everything_else() -> None:
    schema = either(obj("type", **tag("a")), {"type": "object"}, NULL)
    assert types(T=schema)["T"] == Type(variants={"a": {}}, tag="type", rest="map[any] | null")


def test_variant_with_alternatives_has_all_of_them_optional() -> None:
    alternatives = [obj("url", "size", url=STRING, size=INTEGER), obj("file", "size", file=STRING, size=INTEGER)]
    schema = either({**obj("type", **tag("image"), detail=STRING), "anyOf": alternatives})
    assert types(T=schema)["T"].variants == {
        "image": {"detail": OPTIONAL, "file": OPTIONAL, "url": OPTIONAL, "size": Field("integer", required=True)}
    }


def test_alternatives_that_differ_in_a_property_give_it_both_types_in_any_order() -> None:
    alternatives = [obj("a", a=STRING, b=STRING), obj("a", a=INTEGER), obj("a", a={**STRING, "description": "Text."})]
    for branches in (alternatives, alternatives[::-1]):
        found = types(T={**obj(c=STRING), "anyOf": branches})["T"]
        assert found.fields == {"a": Field("integer | string", required=True), "b": OPTIONAL, "c": OPTIONAL}


def test_alternatives_may_be_references() -> None:
    schema = {**obj("id", id=STRING), "anyOf": [ref("A"), ref("B")]}
    found = types(T=schema, A=obj("a", a=STRING), B=obj("b", b=STRING))
    assert found["T"].fields == {"id": REQUIRED, "a": OPTIONAL, "b": OPTIONAL}


def test_variant_that_is_composed_of_a_reference_has_its_fields() -> None:
    branch = {**obj("type", **tag("a")), "allOf": [ref("A")]}
    found = types(T=either(branch, obj("type", **tag("b"))), A=obj("x", x=STRING))
    assert found["T"].variants == {"a": {"x": REQUIRED}, "b": {}}


def test_tag_is_the_first_property_that_tells_all_apart() -> None:
    both = {**tag("x", "kind"), **tag("a", "type")}
    other = {**tag("y", "kind"), **tag("b", "type")}
    for branches in ([obj(**both), obj(**other)], [obj(**dict(reversed(both.items()))), obj(**other)]):
        assert types(T=either(*branches))["T"].tag == "kind"
    same = {**tag("x", "kind"), **tag("b", "type")}
    assert types(T=either(obj(**both), obj(**same)))["T"].tag == "type"


def test_variants_of_the_same_tag_are_no_tagged_union() -> None:
    found = types(T=either(obj("type", "a", **tag("x"), a=STRING), obj("type", "b", **tag("x"), b=STRING)))
    assert found == {
        "T": Type(alias="T.a | T.b"),
        "T.a": Type(fields={"a": REQUIRED, "type": Field('"x"', required=True)}),
        "T.b": Type(fields={"b": REQUIRED, "type": Field('"x"', required=True)}),
    }


def test_keyed_union() -> None:
    schema = either(words("b", "a"), obj("k", k=obj(x=STRING)), words("c"), obj("other", other=STRING))
    assert types(T=schema) == {
        "T": Type(
            values=("a", "b", "c"),
            variants={"k": {"k": Field("T.k", required=True)}, "other": {"other": REQUIRED}},
        ),
        "T.k": Type(fields={"x": OPTIONAL}),
    }


def test_keyed_union_without_words() -> None:
    schema = either(obj("k", k=STRING), obj("other", other=STRING))
    assert types(T=schema)["T"] == Type(variants={"k": {"k": REQUIRED}, "other": {"other": REQUIRED}})


@pytest.mark.parametrize(
    ("more", "rest"),
    [
        ([{"type": ["string", "object"]}], "map[any] | string"),
        ([INTEGER], "integer"),
        ([NULL], "null"),
        ([cast(Schema, {})], "any"),
        ([STRING, NULL], "string | null"),
    ],
)
def test_keyed_union_keeps_what_else_it_may_be(more: list[Schema], rest: str) -> None:
    found = types(T=either(words("a"), obj("k", k=STRING), *more))["T"]
    assert found == Type(values=("a",), variants={"k": {"k": REQUIRED}}, rest=rest)


@pytest.mark.parametrize(
    "more",
    [
        obj("x", "y", x=STRING, y=STRING),
        obj(k=STRING),
        obj("k", k=INTEGER),
        ref("A"),
        {"type": "array", "items": STRING},
        {"anyOf": [ref("A"), INTEGER]},
    ],
)
def test_union_with_a_member_of_another_kind_loses_no_member(more: Schema) -> None:
    branches = [words("b", "a"), words("c"), obj("k", k=STRING), more]
    found = types(T=either(*branches), A=obj())
    parts = found["T"].alias.split(" | ")
    assert {'"a"', '"b"', '"c"'} < set(parts)
    assert len(parts) == 3 + 1 + (2 if "anyOf" in more else 1)
    assert found == types(T=either(*reversed(branches)), A=obj())


def test_words_beside_tagged_objects_stay() -> None:
    found = types(T=either(words("a"), obj("type", "v", **tag("x"), v=STRING), obj("type", "w", **tag("y"), w=STRING)))
    assert found["T"].alias == '"a" | T.v | T.w'
    assert found["T.v"].fields == {"type": Field('"x"', required=True), "v": REQUIRED}


def test_nameless_objects_of_a_union_go_by_what_only_they_require_or_have() -> None:
    schema = {
        "anyOf": [
            obj("id", "text", id=STRING, text=STRING, size=INTEGER),
            obj("id", "blob", id=STRING, blob=STRING),
            obj("id", id=STRING, size=INTEGER, mark=STRING),
            obj("id", id=STRING),
            STRING,
        ]
    }
    found = types(T=schema)
    assert found["T"].alias == "T.1 | T.blob | T.mark | T.text | string"
    assert found["T.1"].fields == {"id": REQUIRED}
    assert found["T.mark"].fields.keys() == {"id", "mark", "size"}


def test_what_nothing_tells_apart_is_numbered_in_an_order_of_its_own() -> None:
    described_twice = {**obj(a=STRING), "description": "Text."}
    branches = [obj(a=INTEGER), obj(a=STRING), described_twice, {"type": "array", "items": obj(a=INTEGER)}]
    found = types(T={"anyOf": branches})
    assert found["T"].alias == "T.1 | T.2 | list[T.item]"
    assert {name: each.fields["a"].type for name, each in found.items() if name != "T"} == {
        "T.1": "integer",
        "T.2": "string",
        "T.item": "integer",
    }
    assert found == types(T={"anyOf": branches[::-1]})


def test_inner_type_never_takes_the_place_of_another() -> None:
    lists = [{"type": "array", "items": obj(a=STRING)}, {"type": "array", "items": obj(b=STRING)}]
    found, inner = field({"anyOf": lists})
    assert found.type == "list[T.f.item.1] | list[T.f.item]"
    assert {each.fields.popitem()[0] for each in map(_copied, inner.values())} == {"a", "b"}


def _copied(known: Type) -> Any:
    return Type(fields=dict(known.fields))


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": ["object", "null"], "properties": {"a": STRING}}, {"T.object": Type(fields={"a": OPTIONAL})}),
        ({"anyOf": [obj(a=STRING), NULL]}, {"T.a": Type(fields={"a": OPTIONAL})}),
    ],
)
def test_object_that_may_be_null_is_an_alias(schema: Schema, expected: dict[str, Type]) -> None:
    (name,) = expected
    assert types(T=schema) == {"T": Type(alias=f"{name} | null"), **expected}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"allOf": [ref("A"), ref("B")]}, Type(fields={"a": REQUIRED, "b": OPTIONAL})),
        ({**obj("c", c=STRING), "allOf": [ref("A")]}, Type(fields={"a": REQUIRED, "c": REQUIRED})),
        ({**obj(a=INTEGER), "allOf": [ref("A")]}, Type(fields={"a": Field("integer", required=True)})),
        ({"allOf": [ref("A"), {"allOf": [ref("B"), obj(c=STRING)]}]}, None),
        ({**obj(c=STRING), "allOf": [{**obj(d=STRING), "additionalProperties": INTEGER}]}, None),
        ({"allOf": [ref("A"), STRING]}, Type(alias="any")),
        ({"allOf": [ref("A"), ref("Gone")]}, Type(alias="any")),
        ({"allOf": [ref("A"), ref("Loop")]}, Type(alias="any")),
        ({"allOf": [ref("Tagged"), ref("Tagged")]}, Type(alias="any")),
    ],
)
def test_composed_object_has_the_fields_of_all_its_parts(schema: Schema, expected: Type | None) -> None:
    found = types(
        T=schema,
        A=obj("a", a=STRING),
        B=obj(b=STRING),
        Loop={"allOf": [ref("A"), ref("Loop")]},
        Tagged=either(obj("type", **tag("x"))),
    )
    if expected is not None:
        assert found["T"] == expected
    elif found["T"].rest:
        assert found["T"] == Type(fields={"c": OPTIONAL, "d": OPTIONAL}, rest="integer")
    else:
        assert found["T"] == Type(fields={"a": REQUIRED, "b": OPTIONAL, "c": OPTIONAL})


def test_object_with_a_part_that_is_composed_of_it_has_an_end() -> None:
    found = types(A=obj(x={**obj(y=STRING), "allOf": [ref("A")]}))
    assert found["A"].fields == {"x": Field("A.x")}
    assert found["A.x"].fields == {"x": Field("any"), "y": OPTIONAL}


def test_object_composed_of_a_tagged_union_is_one() -> None:
    found = types(T={**obj("id", id=STRING), "allOf": [ref("Tagged")]}, Tagged=either(obj("type", **tag("x"))))
    assert found["T"] == Type(variants={"x": {"id": REQUIRED}}, tag="type")


def test_names_with_odd_signs_are_spelt_so_that_expressions_stay_readable() -> None:
    found = types(**{"Odd [name]": obj(**{"a | b?": obj(x=STRING)}), "T": obj(f=ref("Odd [name]"))})
    name = found["T"].fields["f"].type
    assert found.keys() == {"T", name, found[name].fields["a | b?"].type}
    assert list(names(found[name].fields["a | b?"].type)) == [found[name].fields["a | b?"].type]


# --- messages ----------------------------------------------------------------------------------------------


def test_params_and_results() -> None:
    found = small(
        {"AParams": obj(), "AResponse": obj(), "BOptions": obj(), "RunResponse": obj(), "Note": obj()},
        requests=[
            message("a/run", ref("AParams")),
            message("a/try", {"anyOf": [ref("AParams"), NULL]}),
            message("run", NULL),
            message("b/run", ref("BOptions")),
            message("stop"),
        ],
        notifications=[message("note", ref("Note")), message("bare")],
        server_requests=[message("ask", ref("AParams"))],
    )
    assert found.requests == {
        "a/run": Message("AParams", "AResponse"),
        "a/try": Message("AParams | null", "AResponse"),
        "run": Message("", "RunResponse"),
        "b/run": Message("BOptions", ""),
        "stop": Message("", ""),
    }
    assert found.notifications == {"note": Message("Note", ""), "bare": Message("", "")}
    assert found.server_requests == {"ask": Message("AParams", "AResponse")}
    assert found.version == "1"
    assert found.experimental is None


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"allOf": [ref("A")]}, "A"),
        ({"anyOf": [ref("A"), ref("B")]}, "A | B"),
        ({"anyOf": [NULL, ref("A")]}, "A | null"),
        ({"type": ["null"]}, ""),
        ({}, "any"),
        (STRING, "string"),
        (obj(a=STRING), "a/run.params"),
        (ref("Gone"), "any"),
    ],
)
def test_params_of_any_shape_are_described(params: Schema, text: str) -> None:
    found = small({"A": obj(), "B": obj()}, requests=[message("a/run", params)])
    assert found.requests["a/run"].params == text
    assert all(name in found.types for name in names(text))


def test_result_is_what_is_known_before_what_follows_from_the_params() -> None:
    source = bundle(
        {"AParams": obj(), "AResponse": obj(), "Other": obj()},
        requests=[message("a/run", ref("AParams")), message("b/run")],
        server_requests=[message("ask", ref("AParams"))],
    )
    known = {"a/run": "Other", "b/run": "Gone", "ask": "Other", "c/run": "Other"}
    found = describe(source, None, version="1", results=known)
    assert found.requests == {"a/run": Message("AParams", "Other"), "b/run": Message("", "")}
    assert found.server_requests == {"ask": Message("AParams", "Other")}
    gone = describe(source, None, version="1", results={"a/run": "Gone"})
    assert gone.requests["a/run"].result == "AResponse"


# --- what is experimental ----------------------------------------------------------------------------------


def test_experimental_is_what_the_stable_bundle_lacks() -> None:
    stable = {
        "Ask": obj(a=STRING),
        "Plan": words("free"),
        "Item": either(obj("type", **tag("x"))),
        "Mode": either(words("a"), obj("k", k=STRING)),
        "Open": obj(a=STRING),
    }
    whole = {
        "Ask": obj(a=STRING, b=obj(c=STRING), d={"type": "array", "items": obj(e=STRING)}),
        "Plan": words("free", "pro"),
        "Item": either(obj("type", **tag("x"), y=STRING), obj("type", **tag("z"), more=STRING)),
        "Mode": either(words("a"), obj("k", k=STRING), obj("l", l=STRING), STRING),
        "Open": {**obj(a=STRING), "additionalProperties": True},
        "New": obj(a=STRING),
    }
    found = describe(
        bundle(whole, requests=[message("a", ref("Ask")), message("b")], notifications=[message("a")]),
        bundle(stable, requests=[message("a", ref("Ask"))], server_requests=[]),
        version="1",
    )
    assert found.experimental is not None
    assert set(found.experimental) == {
        "request:b",
        "notification:a",
        "Ask.b",
        "Ask.d",
        "Ask.d.item",
        'Plan="pro"',
        "Item[x].y",
        "Item[z]",
        "Mode[l]",
        "Mode[*]",
        "Open.*",
        "New",
    }
    assert found.stable() == describe(
        bundle(stable, requests=[message("a", ref("Ask"))]),
        bundle(stable, requests=[message("a", ref("Ask"))]),
        version="1",
    )


def test_nothing_is_experimental_where_both_bundles_say_the_same() -> None:
    source = bundle({"T": obj(a=STRING)})
    assert describe(source, source, version="1").experimental == frozenset()


# --- all of it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["stable", "experimental", "both"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_name_in_an_expression_is_a_type_and_every_inner_type_in_one(version: str, kind: str) -> None:
    found = described(version, kind)
    _complete(found)
    used = {name for each in found.types.values() for text in each.expressions() for name in names(text)}
    assert {name for name in found.types if "." in name} <= used


def _complete(found: Description) -> None:
    texts = [text for each in found.types.values() for text in each.expressions()]
    for group in (found.requests, found.notifications, found.server_requests):
        texts += [text for each in group.values() for text in (each.params, each.result) if text]
    assert {name for text in texts for name in names(text)} <= found.types.keys()


def test_real_bundle_hides_nothing_behind_any() -> None:
    """What is ``any`` in a real bundle says nothing in the bundle either."""
    found = described(VENDORED, "experimental")
    definitions = json.loads(raw(VENDORED, "experimental"))["definitions"]
    known = {**definitions, **definitions["v2"]}
    for name, each in found.types.items():
        for prop, one in each.fields.items():
            if one.type == "any" and "." not in name:
                said = known[name]["properties"][prop]
                assert said is True or not set(said) - {"description", "default"}, f"{name}.{prop}"
    assert not [name for name, each in found.types.items() if each.alias == "any"]


@pytest.mark.parametrize("seed", range(3))
def test_bundle_in_any_order_is_described_alike(seed: int) -> None:
    shuffle = random.Random(seed)

    def shuffled(node: Any) -> Any:
        if isinstance(node, dict):
            members = list(cast(Schema, node).items())
            shuffle.shuffle(members)
            # The order of a default is its meaning.
            return {key: value if key == "default" else shuffled(value) for key, value in members}
        if isinstance(node, list):
            items = [shuffled(each) for each in cast("list[object]", node)]
            shuffle.shuffle(items)
            return items
        return node

    once = described(VENDORED, "experimental")
    source = json.dumps(shuffled(json.loads(raw(VENDORED, "experimental")))).encode()
    assert describe(source, None, version=once.version) == once


# Schemas of every shape, sensible or not: what JSON schema allows is described, everything else is refused whole.
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["string", "object", "array", "null", "a", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
_NAME = st.sampled_from(["a", "b", "type", "a b", "x.y", '"', "[", "$ref"])
_KIND = st.sampled_from(["string", "integer", "object", "array", "null", "boolean", "odd"])


def _typed(kind: Any) -> Schema:
    return {"type": kind}


def _listed(values: list[Any]) -> Schema:
    return {"enum": values}


def _is_branch(schema: Any) -> bool:
    return schema is not False


_LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.booleans(),
    st.sampled_from([ref("A"), ref("B"), ref("Gone"), {}]),
    (_KIND | st.lists(_KIND, max_size=3)).map(_typed),
    st.lists(_ANYTHING, min_size=1, max_size=3).map(_listed),
)
_SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    _LEAVES,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": _KIND | st.lists(_KIND, max_size=3),
            "properties": st.dictionaries(_NAME, inner, max_size=3),
            "required": st.lists(_NAME, max_size=2),
            "additionalProperties": inner,
            "items": inner | st.lists(inner, max_size=2),
            "enum": st.lists(_ANYTHING, min_size=1, max_size=2),
            "anyOf": st.lists(inner.filter(_is_branch), max_size=3),
            "oneOf": st.lists(inner.filter(_is_branch), max_size=3),
            "allOf": st.lists(inner.filter(_is_branch), max_size=2),
            "default": _ANYTHING,
        },
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["A", "B", "C d"]), _SCHEMAS.filter(_is_branch)), _SCHEMAS)
@settings(max_examples=150, deadline=None)
def test_schema_of_any_shape_is_described(definitions: dict[str, Any], params: Any) -> None:
    messages: Any = {} if isinstance(params, bool) else {"requests": [message("a/run", params)]}
    found = small(definitions, definitions, **messages)
    _complete(found)
    assert found.experimental == frozenset()


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "type",
                "properties",
                "required",
                "additionalProperties",
                "items",
                "enum",
                "anyOf",
                "oneOf",
                "allOf",
                "$ref",
            ]
        ),
        _ANYTHING,
        max_size=3,
    )
)
@settings(max_examples=300, deadline=None)
def test_keyword_with_a_value_that_it_cannot_have_is_refused_not_tripped_over(schema: Schema) -> None:
    try:
        found = small({"T": schema, "U": obj(f=schema)})
    except BundleError as error:
        assert "is of unknown shape" in str(error)
    else:
        _complete(found)
