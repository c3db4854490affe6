"""What a type takes of another one, across two descriptions, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings

from openai_codex._schema.compare import Comparison
from openai_codex._schema.description import Type
from openai_codex._schema.expressions import join
from tests.codegen.small_schema import STRING, obj, ref, tag
from tests.unit.protocols import either, small, words
from tests.unit.test_schema_expressions import EXPRESSIONS

INTEGER = {"type": "integer"}
NULLABLE = {"type": ["string", "null"]}
RENAMED, EXTENDED, WIDENED = "type renamed", "type extended", "type widened"
NARROWED, RESHAPED, CHANGED = "type narrowed", "type reshaped", "type changed"


def kind(before: str, after: str, old: Mapping[str, Any] | None = None, new: Mapping[str, Any] | None = None) -> str:
    """The kind of change; without ``new`` both sides have the same types."""
    types = dict(small(old or {}).types)
    return Comparison(types, types if new is None else dict(small(new).types)).kind(before, after)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("string", "string", RENAMED),
        ("string", "integer", CHANGED),
        ("string", "any", WIDENED),
        ("any", "string", NARROWED),
        ("any", "any", RENAMED),
        ("any", "string | null", NARROWED),
        ("integer", "number", WIDENED),
        ("number", "integer", NARROWED),
        ("boolean", "integer", CHANGED),
        ("string", "string | null", WIDENED),
        ("string | null", "string", NARROWED),
        ("null", "string", CHANGED),
        ("integer | string", "boolean | string", CHANGED),
        ("integer | string", "number | string", WIDENED),
        ('"a"', "string", WIDENED),
        ("string", '"a"', NARROWED),
        ('"a"', '"b"', CHANGED),
        ('"a"', '"a" | "b"', WIDENED),
        ('"a" | "b"', '"a"', NARROWED),
        ('"a"', "integer", CHANGED),
        ("list[string]", "list[string]", RENAMED),
        ("list[string]", "list[any]", WIDENED),
        ("list[number]", "list[integer]", NARROWED),
        ("list[string]", "map[string]", CHANGED),
        ("list[string]", "string", CHANGED),
        ("string", "list[string]", CHANGED),
        ("string", "list[string] | string", WIDENED),
        ("map[string]", "map[string | null]", WIDENED),
        ("list[list[string]]", "list[list[integer]]", CHANGED),
        ("", "", RENAMED),
    ],
)
def test_scalars_and_containers(before: str, after: str, expected: str) -> None:
    assert kind(before, after) == expected


TYPES: dict[str, Any] = {
    "Text": STRING,
    "Number": INTEGER,
    "Texts": {"type": "array", "items": ref("Text")},
    "Maybe": {"anyOf": [ref("Text"), {"type": "null"}]},
    "Id": {"type": ["string", "integer"]},
    "Ab": words("a", "b"),
    "Abc": words("a", "b", "c"),
    "Cd": words("c", "d"),
    "Quoted": words('say "x"', "ä"),
    "OpenAb": {"anyOf": [words("a", "b"), STRING]},
    "NullAb": {"anyOf": [words("a", "b"), {"type": "null"}]},
    "Keyed": either(words("a"), obj("k", k=STRING)),
    "MoreKeyed": either(words("a", "b"), obj("k", k=STRING), obj("l", l=STRING)),
    "OpenKeyed": either(words("a"), obj("k", k=STRING), {"type": ["string", "object"]}),
    "Keys": either(obj("k", k=STRING), obj("l", l=STRING)),
    "Object": obj("x", x=STRING, y=INTEGER),
    "Same": obj("x", x=ref("Text"), y=ref("Number")),
    "Optional": obj(x=STRING, y=INTEGER),
    "Less": obj("x", x=STRING),
    "Tagged": either(obj("type", **tag("a"), x=STRING), obj("type", **tag("b"))),
    "SameTagged": either(obj("type", **tag("b")), obj("type", **tag("a"), x=ref("Text"))),
    "OtherTagged": either(obj("type", **tag("a"), x=INTEGER), obj("type", **tag("b"))),
    "Kinded": either(obj("kind", **tag("a", "kind"), x=STRING), obj("kind", **tag("b", "kind"))),
    "One": obj("type", type=words("a"), x=STRING),
    "Free": {**obj("x", x=STRING, y=INTEGER), "additionalProperties": True},
    "Either": {"anyOf": [ref("Object"), ref("Tagged")]},
}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # Aliases are what they stand for.
        ("Text", "string", RENAMED),
        ("string", "Text", RENAMED),
        ("list[Text]", "Texts", RENAMED),
        ("Maybe", "string | null", RENAMED),
        ("Maybe", "string", NARROWED),
        ("Id", "integer | string", RENAMED),
        ("Text", "Id", WIDENED),
        ("Text | null", "Maybe", RENAMED),
        # Words: older models keep those that they do not know.
        ("Ab", "string", EXTENDED),
        ("string", "Ab", NARROWED),
        ("Ab", "Abc", EXTENDED),
        ("Abc", "Ab", NARROWED),
        ("Ab", "Cd", RESHAPED),
        ("Ab", '"a" | "b"', RENAMED),
        ('"a" | "b"', "Ab", RENAMED),
        ('"a"', "Ab", WIDENED),
        ("Ab", '"z"', RESHAPED),
        ("Quoted", '"ä" | "say \\"x\\""', RENAMED),
        ("Ab", "OpenAb", EXTENDED),
        ("OpenAb", "Ab", NARROWED),
        ("OpenAb", "string", RENAMED),
        ("OpenAb", "Cd", NARROWED),
        ("string", "OpenAb", RENAMED),
        ("Ab", "NullAb", WIDENED),
        ("NullAb", "Ab | null", RENAMED),
        ("NullAb", "Ab", NARROWED),
        ("Ab", "integer", CHANGED),
        ("Ab", "Keyed", CHANGED),
        ("Ab | string", "string", RENAMED),
        # Keys: the same, if there are words as well for words.
        ("Keyed", "MoreKeyed", EXTENDED),
        ("MoreKeyed", "Keyed", NARROWED),
        ("Keyed", "OpenKeyed", EXTENDED),
        ("OpenKeyed", "Keyed", NARROWED),
        ("Keyed", "Ab", RESHAPED),
        ("Keyed", "Keys", RESHAPED),
        ("Keys", "Keyed", CHANGED),
        ("Keys", "string", CHANGED),
        ("Keys", '"a"', CHANGED),
        ("Keyed", "Object", RESHAPED),
        ("Keyed", "map[integer]", RESHAPED),
        ("Keyed", "Tagged", RESHAPED),
        ("Keyed", "list[string]", CHANGED),
        ("Keyed", "null", CHANGED),
        # Objects.
        ("Object", "Same", RENAMED),
        ("Object", "Optional", WIDENED),
        ("Optional", "Object", NARROWED),
        ("Object", "Less", RESHAPED),
        ("Less", "Object", RENAMED),
        ("Object", "Free", RENAMED),
        ("Free", "Object", NARROWED),
        ("Object", "string", CHANGED),
        ("Object", "Ab", CHANGED),
        ("Object | Less", "Less", NARROWED),
        # Variants.
        ("Tagged", "SameTagged", RENAMED),
        ("Tagged", "Kinded", CHANGED),
        ("Tagged", "One", NARROWED),
        ("One", "Tagged", WIDENED),
        ("Tagged", "Object", CHANGED),
        ("Tagged", "OtherTagged", CHANGED),
        # A union of several types keeps whatever it does not know.
        ("Object | Tagged", "Keyed | Object | Tagged", EXTENDED),
        ("Object | Tagged", "integer", RESHAPED),
        ("Either", "Either | Keyed", EXTENDED),
        ("Either", "string", RESHAPED),
        ("Object | string", "Object | Tagged | string", WIDENED),
        ("list[Object | Tagged]", "list[string]", RESHAPED),
        ("list[Object | Tagged]", "string", CHANGED),
    ],
)
def test_types_that_stay_as_they_are(before: str, after: str, expected: str) -> None:
    assert kind(before, after, TYPES) == expected


def test_object_that_is_one_of_the_variants() -> None:
    old = {"T": either(obj("type", "x", **tag("a"), x=STRING), obj("type", **tag("b")))}
    one = {"U": obj("type", "x", type=words("a"), x=STRING)}
    assert kind("T", "U", old, one) == NARROWED
    assert kind("U", "T", one, old) == WIDENED
    assert kind("T", "U", old, {"U": obj("type", "y", type=words("a"), y=STRING)}) == CHANGED
    assert kind("T", "U", old, {"U": obj("type", type=words("z"))}) == RESHAPED
    assert kind("T", "U", old, {"U": obj(type=words("b"))}) == CHANGED, "the tag may be missing"
    assert kind("T", "U", old, {"U": obj("type", type=STRING)}) == CHANGED


def test_variants_that_are_all_the_object() -> None:
    old = {"T": obj("x", x=STRING)}
    all_of_it = either(obj("type", "x", **tag("a"), x=STRING), obj("type", "x", **tag("b"), x=STRING))
    assert kind("T", "U", old, {"U": all_of_it}) == NARROWED
    assert kind("U", "T", {"U": all_of_it}, old) == CHANGED, "the tag does not come any more"
    some = either(obj("type", "x", **tag("a"), x=STRING), obj("type", **tag("b")))
    assert kind("T", "U", old, {"U": some}) == CHANGED
    fixed = {"T": obj("type", type=words("a"))}
    assert kind("T", "U", fixed, {"U": either(obj("type", **tag("a")))}) == RENAMED
    assert kind("T", "U", fixed, {"U": either(obj("type", **tag("a")), obj("type", **tag("b")))}) == WIDENED
    assert kind("T", "U", old, {"U": {"oneOf": [*all_of_it["oneOf"], {"type": "null"}]}}) == CHANGED


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (STRING, NULLABLE, RENAMED),
        (NULLABLE, STRING, NARROWED),
        ({**STRING, "default": "x"}, {**NULLABLE, "default": "x"}, RENAMED),
        (STRING, {**STRING, "default": "x"}, RENAMED),
        (STRING, True, WIDENED),
    ],
)
def test_null_of_an_optional_field_reads_as_if_it_were_missing(before: Any, after: Any, expected: str) -> None:
    assert kind("T", "U", {"T": obj(f=before)}, {"U": obj(f=after)}) == expected


def test_null_of_a_required_field_does_not() -> None:
    assert kind("T", "U", {"T": obj("f", f=STRING)}, {"U": obj("f", f=NULLABLE)}) == WIDENED
    assert kind("T", "U", {"T": obj("f", f=True)}, {"U": obj("f", f=NULLABLE)}) == NARROWED


def test_other_properties_are_sent_in_vain_and_ignored_when_read() -> None:
    free = {**obj(x=STRING), "additionalProperties": STRING}
    other = {**obj(x=STRING), "additionalProperties": INTEGER}
    plain = obj(x=STRING)
    assert kind("T", "U", {"T": free}, {"U": plain}) == NARROWED
    assert kind("T", "U", {"T": plain}, {"U": free}) == RENAMED
    assert kind("T", "U", {"T": free}, {"U": other}) == CHANGED
    assert kind("T", "U", {"T": free}, {"U": {**plain, "additionalProperties": True}}) == WIDENED


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (words("a"), STRING, EXTENDED),
        (STRING, words("a"), NARROWED),
        (words("a"), {"anyOf": [words("a"), obj("x", "y", x=STRING, y=STRING)]}, WIDENED),
        (obj("x", x=STRING), {"type": "object", "additionalProperties": STRING}, CHANGED),
        ({"anyOf": [ref("T"), STRING]}, obj(x=STRING), CHANGED),
        (
            {"anyOf": [obj("a", "x", a=STRING, x=STRING), obj("b", "y", b=STRING, y=STRING)]},
            either(obj("type", **tag("a")), obj("type", **tag("b"))),
            RESHAPED,
        ),
        (
            either(obj("type", "x", **tag("a"), x=STRING), obj("type", "x", **tag("b"), x=STRING)),
            obj("type", "x", type=STRING, x=STRING),
            WIDENED,
        ),
    ],
)
def test_type_of_the_same_name_that_is_of_another_kind(old: Any, new: Any, expected: str) -> None:
    before, after = dict(small({"T": old}).types), dict(small({"T": new}).types)
    assert Comparison(before, after).kind_of("T") == expected


def test_same_name_is_equal_whatever_is_inside() -> None:
    old, new = {"T": obj("a", a=STRING), "U": obj(t=ref("T"))}, {"T": obj("b", b=INTEGER), "V": obj(t=ref("T"))}
    assert kind("T", "T", old, new) == RENAMED
    assert kind("U", "V", old, new) == RENAMED
    assert kind("T", "T | null", old, new) == WIDENED


RECURSIVE: list[tuple[Any, Any, Any, str]] = [
    (obj(next=ref("A"), x=STRING), obj(next=ref("B"), x=STRING), "object", RENAMED),
    (obj(next=ref("A"), x=STRING), obj(next=ref("B"), x=INTEGER), "object that differs", CHANGED),
    (obj(x=STRING, next=ref("A")), obj(next=ref("B")), "object with less", RESHAPED),
    ({"type": "array", "items": ref("A")}, {"type": "array", "items": ref("B")}, "list", RENAMED),
    (
        {"anyOf": [STRING, {"type": "array", "items": ref("A")}]},
        {"anyOf": [STRING, {"type": "array", "items": ref("B")}]},
        "tree",
        RENAMED,
    ),
    (
        {"anyOf": [STRING, {"type": "array", "items": ref("A")}]},
        {"anyOf": [INTEGER, {"type": "array", "items": ref("B")}]},
        "tree that differs",
        CHANGED,
    ),
    (
        {"anyOf": [STRING, {"type": "object", "additionalProperties": ref("A")}]},
        {"anyOf": [STRING, INTEGER, {"type": "object", "additionalProperties": ref("B")}]},
        "tree that grows",
        WIDENED,
    ),
    (
        either(obj("type", "inner", **tag("a"), inner=ref("A"))),
        either(obj("type", "inner", **tag("a"), inner=ref("B"))),
        "variants",
        RENAMED,
    ),
    (
        either(words("leaf"), obj("all", all={"type": "array", "items": ref("A")})),
        either(words("leaf", "end"), obj("all", all={"type": "array", "items": ref("B")})),
        "keyed",
        EXTENDED,
    ),
    (ref("A"), ref("B"), "alias of itself", RENAMED),
    ({"anyOf": [ref("A"), STRING]}, {"anyOf": [ref("B"), INTEGER]}, "alias with itself", CHANGED),
]


@pytest.mark.parametrize(("old", "new", "expected"), [pytest.param(a, b, e, id=name) for a, b, name, e in RECURSIVE])
def test_types_that_refer_to_themselves(old: Any, new: Any, expected: str) -> None:
    assert kind("A", "B", {"A": old}, {"B": new}) == expected
    assert kind("list[A]", "list[B]", {"A": old}, {"B": new}) == expected


def test_aliases_of_each_other_have_an_end() -> None:
    old = {"A": {"anyOf": [ref("B"), STRING]}, "B": {"anyOf": [ref("A"), INTEGER]}}
    assert kind("A", "integer | string", old, {}) == RENAMED
    assert kind("B", "string", old, {}) == NARROWED


def test_what_failed_once_is_not_taken_for_granted_later() -> None:
    """Inside a comparison that fails in the end, its own types were taken to fit."""
    old = {"A": obj(b=ref("B"), x=STRING), "B": obj(a=ref("A"))}
    new = {"C": obj(b=ref("D"), x=INTEGER), "D": obj(a=ref("C"))}
    types = Comparison(dict(small(old).types), dict(small(new).types))
    assert types.kind("A", "C") == CHANGED
    assert types.kind("B", "D") == CHANGED
    assert types.kind("B", "D") == CHANGED
    fits = Comparison(dict(small(old).types), dict(small({**new, "C": obj(b=ref("D"), x=STRING)}).types))
    assert [fits.kind("A", "C"), fits.kind("B", "D"), fits.kind("A", "D")] == [RENAMED, RENAMED, RESHAPED]


def test_many_paths_to_the_same_types_are_walked_once() -> None:
    def ladder(name: str, end: Any) -> dict[str, Any]:
        steps = {f"{name}{i}": obj(a=ref(f"{name}{i + 1}"), b=ref(f"{name}{i + 1}")) for i in range(60)}
        return {**steps, f"{name}60": end}

    assert kind("A0", "B0", ladder("A", STRING), ladder("B", STRING)) == RENAMED
    assert kind("A0", "B0", ladder("A", STRING), ladder("B", INTEGER)) == CHANGED
    assert kind("A0", "B0", ladder("A", words("a")), ladder("B", words("b"))) == RESHAPED


def test_what_does_not_fit_is_tried_once() -> None:
    """At each step of this ladder two types are tried, and both lead to the same question."""

    def ladder(name: str, end: Any) -> dict[str, Any]:
        def step(i: int) -> Any:
            return {"anyOf": [ref(f"{name}{i}"), ref(f"{name}{i}x")]}

        one = {f"{name}{i}": obj("n", n=step(i + 1)) for i in range(40)}
        other = {f"{name}{i}x": obj("n", n=step(i + 1), x=STRING) for i in range(40)}
        return {**one, **other, f"{name}40": obj("end", end=end), f"{name}40x": obj("end", end=end)}

    assert kind("A0", "B0", ladder("A", STRING), ladder("B", INTEGER)) == RESHAPED
    assert kind("A0", "B0", ladder("A", STRING), ladder("B", STRING)) == RENAMED


@given(EXPRESSIONS, EXPRESSIONS)
@settings(deadline=None)
def test_alternatives_only_ever_widen(one: str, other: str) -> None:
    types: dict[str, Type] = {}
    comparison = Comparison(types, types)
    assert comparison.kind(one, one) == RENAMED
    assert comparison.kind(one, join([one, other])) in (RENAMED, WIDENED)
    assert comparison.kind(join([one, other]), one) in (RENAMED, NARROWED)
    assert comparison.kind(one, "any") in (RENAMED, WIDENED)
