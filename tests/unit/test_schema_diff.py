"""What differs between two protocols: nothing invented, nothing told twice, each change judged where it is carried."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from openai_codex._schema.diff import Change, diff, verdict_of
from openai_codex._schema.reach import Reach
from openai_codex._schema.rules import Verdict
from tests.codegen.small_schema import STRING, Schema, message, obj, ref, tag
from tests.unit.protocols import NEWEST, STEPS, VERSIONS, carried, described, either, small, words

INTEGER: Schema = {"type": "integer"}
NULL: Schema = {"type": "null"}
NULLABLE: Schema = {"type": ["string", "null"]}
OBJECT = obj("x", "y", x=STRING, y=STRING)
TAGGED = either(obj("type", **tag("a"), x=STRING), obj("type", **tag("b")))


def kinds(changes: list[Change]) -> list[tuple[str, str]]:
    return [(change.kind, change.place) for change in changes]


def changes_of(old: Any, new: Any, direction: str = "both", **more: Any) -> list[Change]:
    """What differs between two schemas of ``T``."""
    return diff(carried({"T": old, **more}, direction), carried({"T": new, **more}, direction))


# --- nothing invented --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["stable", "experimental", "both"])
@pytest.mark.parametrize("version", VERSIONS)
def test_no_protocol_differs_from_itself(version: str, kind: str) -> None:
    description = described(version, kind)
    assert diff(description, description) == []
    assert diff(description, replace(description, version="other")) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_stable_part_differs_from_the_whole_by_additions_alone(version: str) -> None:
    whole = described(version)
    added = diff(whole.stable(), replace(whole, experimental=None))
    assert added
    assert {change.kind for change in added} <= {
        "request added",
        "server request added",
        "type added",
        "field added",
        "variant added",
    }
    assert verdict_of(added) < Verdict.breaking


BRANCHES: list[tuple[Schema, Schema]] = [
    (words("a", "b", "c"), either(words("a"), words("b"), words("c"))),
    (words("a", "b", "c"), either({**words("c"), "description": "Text."}, words("b", "a"))),
    (either(words("a", "b"), words("c")), either(words("a"), words("b", "c"))),
    (either(words("a", "b"), obj("k", k=STRING)), either(words("b"), obj("k", k=STRING), words("a"))),
    (either(words("a", "b"), OBJECT), either(words("b"), OBJECT, words("a"))),
    (either(words("a", "b"), OBJECT, STRING), either(words("b"), STRING, OBJECT, words("a"))),
    ({"anyOf": [words("a", "b"), STRING]}, {"anyOf": [STRING, words("b"), words("a")]}),
    ({"anyOf": [words("a", "b"), NULL]}, {"anyOf": [words("a"), words("b"), NULL]}),
]


@pytest.mark.parametrize(("one", "other"), BRANCHES)
def test_words_that_move_between_branches_are_no_change(one: Schema, other: Schema) -> None:
    assert changes_of(one, other) == changes_of(other, one) == []
    assert changes_of(obj(f=one), obj(f=other)) == changes_of(obj(f=other), obj(f=one)) == []


def test_word_that_comes_while_the_enum_is_split_is_the_only_change() -> None:
    old = either(words("a", "b"), obj("k", k=STRING))
    new = either(words("a"), {**words("n"), "description": "New."}, words("b"), obj("k", k=STRING))
    assert kinds(changes_of(old, new)) == [("value added", 'T="n"')]
    assert kinds(changes_of(new, old)) == [("value removed", 'T="n"')]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ref("A"), {"allOf": [ref("A")], "description": "Text."}),
        ({"anyOf": [ref("A"), NULL]}, {"oneOf": [NULL, {"allOf": [ref("A")]}]}),
        (NULLABLE, {"anyOf": [STRING, NULL]}),
        (NULLABLE, {"type": ["null", "string"], "format": "uri", "default": None}),
        (INTEGER, {"type": "integer", "minimum": 0, "format": "int64"}),
        (obj(), {**obj(), "additionalProperties": False}),
        ({**obj(x=STRING), "title": "T"}, {**obj(x={**STRING, "description": "Text."}), "$schema": "s"}),
    ],
)
def test_same_thing_said_otherwise_is_no_change(one: Schema, other: Schema) -> None:
    assert changes_of(obj(f=one), obj(f=other), A=obj()) == []


@pytest.mark.parametrize(
    "schema",
    [
        words("a", "b"),
        words("a"),
        OBJECT,
        TAGGED,
        either(words("a"), obj("k", k=STRING)),
        {"anyOf": [OBJECT, obj("z", "x", z=STRING, x=STRING)]},
        {"type": "array", "items": OBJECT},
        STRING,
    ],
)
@pytest.mark.parametrize("wrap", ["field", "list", "null"])
def test_inline_type_that_gets_a_name_and_loses_it_again_is_a_renamed_type(schema: Schema, wrap: str) -> None:
    def holder(inner: Schema) -> Schema:
        shapes: dict[str, Schema] = {
            "field": inner,
            "list": {"type": "array", "items": inner},
            "null": {"anyOf": [inner, NULL]},
        }
        return obj(f=shapes[wrap])

    inline = carried({"T": holder(schema)}, "both")
    named = carried({"T": holder(ref("N")), "N": schema}, "both")
    assert kinds(diff(inline, named)) == [("type added", "N"), ("type renamed", "T.f")]
    assert kinds(diff(named, inline)) == [("type removed", "N"), ("type renamed", "T.f")]
    assert verdict_of(diff(inline, named)) is Verdict.compatible


def test_inline_type_that_gets_a_name_and_a_field_at_once_still_fits() -> None:
    old = carried({"T": obj(f=OBJECT)}, "both")
    new = carried({"T": obj(f=ref("N")), "N": {**OBJECT, "properties": {**OBJECT["properties"], "z": STRING}}}, "both")
    assert kinds(diff(old, new)) == [("type added", "N"), ("type renamed", "T.f")]


def test_types_renamed_all_over_are_told_at_what_keeps_its_name() -> None:
    def chain(a: str, b: str) -> dict[str, Schema]:
        return {"T": obj(f=ref(a)), a: obj(g={"type": "array", "items": ref(b)}), b: TAGGED}

    changes = diff(carried(chain("A", "B"), "both"), carried(chain("C", "D"), "both"))
    assert kinds(changes) == [
        ("type added", "C"),
        ("type added", "D"),
        ("type removed", "A"),
        ("type removed", "B"),
        ("type renamed", "T.f"),
    ]


# --- what changes inside unions and nameless types ---------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # An enum that may be an object now.
        (
            words("a"),
            either(words("a"), obj("k", k=STRING)),
            [("type widened", "T"), ("variant added", "T[k]")],
        ),
        (
            either(words("a"), obj("k", k=STRING)),
            words("a"),
            [("variant removed", "T[k]")],
        ),
        (
            either(obj("k", k=STRING)),
            either(words("a"), obj("k", k=STRING)),
            [("type widened", "T"), ("value added", 'T="a"')],
        ),
        (words("a"), {"anyOf": [words("a"), OBJECT]}, [("type widened", "T")]),
        # A union that may be anything else now.
        (
            either(words("a"), obj("k", k=STRING)),
            either(words("a"), obj("k", k=STRING), {"type": ["string", "object"]}),
            [("variant added", "T[*]")],
        ),
        (
            either(words("a"), obj("k", k=STRING), {"type": ["string", "object"]}),
            either(words("a"), obj("k", k=STRING)),
            [("variant removed", "T[*]")],
        ),
        (words("a"), {"anyOf": [words("a"), STRING]}, [("variant added", "T[*]")]),
        (words("a"), {"anyOf": [words("a"), NULL]}, [("type widened", "T[*]")]),
        (TAGGED, {"oneOf": [*TAGGED["oneOf"], NULL]}, [("type widened", "T[*]")]),
        (
            {"anyOf": [words("a"), STRING]},
            {"anyOf": [words("a"), STRING, NULL]},
            [("type widened", "T[*]")],
        ),
        # Tags.
        (TAGGED, either(*(obj("kind", **tag(w, "kind")) for w in "ab")), [("type changed", "T")]),
        ({"anyOf": [obj("a", "x", a=STRING, x=STRING), OBJECT]}, TAGGED, [("type reshaped", "T")]),
        # Variants.
        (
            TAGGED,
            either(obj("type", "x", **tag("a"), x=STRING), obj("type", **tag("b"))),
            [("became required", "T[a].x")],
        ),
        (
            {**obj("id", id=STRING), **TAGGED},
            {**obj("id", id=STRING, at=INTEGER), **TAGGED},
            [("field added", "T[a].at"), ("field added", "T[b].at")],
        ),
        (
            either(words("a"), obj("k", k=obj(x=STRING))),
            either(words("a"), obj("k", k=obj(x=INTEGER, y=STRING))),
            [("type changed", "T.k.x"), ("field added", "T.k.y")],
        ),
        # Objects with any other properties.
        (obj(x=STRING), {**obj(x=STRING), "additionalProperties": True}, [("field added", "T.*")]),
        ({**obj(x=STRING), "additionalProperties": INTEGER}, obj(x=STRING), [("field removed", "T.*")]),
        (
            {**obj(x=STRING), "additionalProperties": INTEGER},
            {**obj(x=STRING), "additionalProperties": {"type": "number"}},
            [("type widened", "T.*")],
        ),
        (obj(x=STRING), {"type": "object", "additionalProperties": STRING}, [("type changed", "T")]),
        # Nameless objects in lists and maps.
        (
            obj(f={"type": "array", "items": obj(x=STRING)}),
            obj(f={"type": "array", "items": obj("x", x=STRING)}),
            [("became required", "T.f.item.x")],
        ),
        (
            obj(f={"type": "object", "additionalProperties": obj(x=STRING)}),
            obj(f={"type": "object", "additionalProperties": obj(x=STRING, y=STRING)}),
            [("field added", "T.f.value.y")],
        ),
        (obj(f=OBJECT), obj(f={"type": "array", "items": OBJECT}), [("type changed", "T.f")]),
        # Aliases.
        (obj(x=STRING), STRING, [("type changed", "T")]),
        (ref("A"), ref("B"), [("type reshaped", "T")]),
        ({"anyOf": [ref("A"), ref("B")]}, {"anyOf": [ref("A"), ref("B"), ref("C")]}, [("type extended", "T")]),
        # Composed objects.
        ({"allOf": [ref("A"), obj(z=STRING)]}, {"allOf": [ref("A"), obj("z", z=STRING)]}, [("became required", "T.z")]),
    ],
)
def test_change_inside(old: Schema, new: Schema, expected: list[tuple[str, str]]) -> None:
    more: dict[str, Any] = {"A": obj(a=STRING), "B": obj(b=STRING), "C": obj("c", c=STRING)}
    assert kinds(changes_of(old, new, **more)) == expected


def test_type_of_another_kind_shows_what_it_was_and_is() -> None:
    (change,) = changes_of(words("a"), STRING)
    assert (change.before, change.after) == ("words", "string")
    (change,) = changes_of(TAGGED, either(obj("kind", **tag("a", "kind"))))
    assert (change.before, change.after) == ("variants by type", "variants by kind")
    (change,) = changes_of(words("a"), either(words("a"), obj("k", k=STRING)))[:1]
    assert (change.before, change.after) == ("words", "words or objects")


def test_null_and_type_that_change_together_are_two_changes() -> None:
    assert kinds(changes_of(obj("f", f=STRING), obj("f", f={"type": ["integer", "null"]}))) == [
        ("type changed", "T.f"),
        ("null allowed", "T.f"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (NULLABLE, True, ("type widened", "string | null", "any")),
        (STRING, True, ("type widened", "string", "any")),
        (True, NULLABLE, ("type narrowed", "any", "string | null")),
        (True, STRING, ("type narrowed", "any", "string")),
        (NULL, NULLABLE, ("type widened", "null", "string | null")),
        (NULLABLE, NULL, ("type narrowed", "string | null", "null")),
    ],
)
def test_null_is_part_of_any(old: Any, new: Any, expected: tuple[str, str, str]) -> None:
    (change,) = changes_of(obj("f", f=old), obj("f", f=new))
    assert (change.kind, change.before, change.after) == expected


def test_field_that_changes_in_every_way_is_told_in_every_way() -> None:
    old, new = obj(f={**STRING, "default": "x"}), obj("f", f={"type": ["integer", "null"]})
    assert kinds(changes_of(old, new)) == [
        ("type changed", "T.f"),
        ("became required", "T.f"),
        ("default became nullable", "T.f"),
    ]


def test_default_of_a_field_that_was_required_is_no_other_default() -> None:
    assert kinds(changes_of(obj("f", f=STRING), obj(f={**STRING, "default": "x"}))) == [("became optional", "T.f")]


@pytest.mark.parametrize("nested", [False, True])
def test_type_that_refers_to_itself_is_compared_once(nested: bool) -> None:
    def tree(**more: Any) -> Schema:
        again = {"type": "array", "items": ref("T")}
        return obj(children=obj(again=again) if nested else again, **more)

    assert kinds(changes_of(tree(), tree(x=STRING))) == [("field added", "T.x")]
    assert kinds(changes_of(tree(x=STRING), tree(x=INTEGER))) == [("type changed", "T.x")]


def test_types_that_are_composed_of_each_other_have_an_end() -> None:
    def loop(**more: Any) -> dict[str, Schema]:
        return {
            "T": {**obj(t=STRING, **more), "allOf": [ref("U")]},
            "U": {**obj(u=obj(v={**obj(), "allOf": [ref("T")]})), "allOf": [ref("T")]},
        }

    old, new = carried(loop(), "both"), carried(loop(x=STRING), "both")
    assert diff(old, old) == []
    assert diff(old, new) is not None


# --- direction ---------------------------------------------------------------------------------------------


def protocol(definitions: dict[str, Any], **methods: str) -> Any:
    """Requests that send a type, by method; a method that starts with ``on`` is a notification."""
    return small(
        definitions,
        requests=[message(method, ref(name)) for method, name in methods.items() if not method.startswith("on")],
        notifications=[message(method, ref(name)) for method, name in methods.items() if method.startswith("on")],
    )


def test_change_inside_a_type_counts_where_it_is_carried_before_and_after() -> None:
    """A method that only starts to send a type has no callers that could break."""
    old, new = {"T": obj(f=STRING)}, {"T": obj("f", f=STRING)}
    (_, change) = diff(protocol(old, on="T"), protocol(new, on="T", send="T"))
    assert (change.kind, change.direction, change.methods) == ("became required", "read", ("on",))
    assert change.verdict is Verdict.compatible
    (_, change) = diff(protocol(old, send="T"), protocol(new, on="T", send="T"))
    assert (change.direction, change.verdict) == ("sent", Verdict.breaking)


def test_change_inside_a_type_that_only_a_removed_method_carried_is_told_without_a_verdict() -> None:
    old, new = {"T": obj("f", f=STRING)}, {"T": obj()}
    removed, change = diff(protocol(old, on="T"), protocol(new))
    assert (removed.kind, removed.verdict) == ("notification removed", Verdict.attention)
    assert (change.kind, change.direction, change.methods) == ("required field removed", "none", ())
    assert change.verdict is Verdict.compatible


def test_type_that_moves_from_read_to_sent_is_judged_where_it_moves() -> None:
    old = protocol({"T": words("a", "b"), "R": obj(t=ref("T")), "S": obj()}, on="R", send="S")
    new = protocol({"T": words("a"), "R": obj(), "S": obj(t=ref("T"))}, on="R", send="S")
    assert [(change.kind, change.place, change.direction, change.verdict) for change in diff(old, new)] == [
        ("field added", "S.t", "sent", Verdict.compatible),
        ("field removed", "R.t", "read", Verdict.attention),
        ("value removed", 'T="b"', "none", Verdict.compatible),
    ]


def test_type_that_goes_with_its_method_is_carried_by_it() -> None:
    removed = diff(protocol({"T": obj()}, send="T", on="T"), protocol({}))
    assert [(change.kind, change.direction, change.methods) for change in removed] == [
        ("request removed", "sent", ("send",)),
        ("notification removed", "read", ("on",)),
        ("type removed", "both", ("on", "send")),
    ]


def test_result_that_one_side_does_not_know_is_taken_from_the_other() -> None:
    """The schema never states a result; it may follow from the params on one side alone."""
    old = small({"MResponse": obj("f", f=STRING)}, requests=[message("x/y")])
    known = small({"MResponse": obj(), "MParams": obj()}, requests=[message("x/y", ref("MParams"))])
    for before, after, verdict in ((old, known, Verdict.breaking), (known, old, Verdict.breaking)):
        found = {change.kind: change for change in diff(before, after)}
        change = found["required field removed" if before is old else "required field added"]
        assert (change.direction, change.methods) == ("read", ("x/y",))
        assert verdict_of(found.values()) is verdict
    gone = small({}, requests=[message("x/y")])
    # A result that nobody knows any more is told at the method and at its type.
    assert [(change.kind, change.place, change.methods) for change in diff(known, gone)] == [
        ("params removed", "x/y", ("x/y",)),
        ("result unknown", "x/y", ("x/y",)),
        ("type removed", "MParams", ("x/y",)),
        ("type removed", "MResponse", ("x/y",)),
    ]
    assert [(change.kind, change.place) for change in diff(gone, old)] == [("type added", "MResponse")]


def test_reach_follows_types_into_each_other_and_tells_the_directions_apart() -> None:
    found = small(
        {
            "AParams": obj(deep={"type": "array", "items": ref("Deep")}),
            "AResponse": either(obj("type", **tag("x"), inner=ref("Inner"))),
            "Deep": obj(loop=ref("Deep"), inner=ref("Inner")),
            "Inner": obj(f=obj(g=STRING)),
            "Note": obj(deep=ref("Deep")),
            "AskParams": obj(),
            "AskResponse": {**obj(), "additionalProperties": ref("Inner")},
            "Unused": obj(deep=ref("Deep")),
        },
        requests=[message("a", {"anyOf": [ref("AParams"), NULL]}), message("bare")],
        notifications=[message("note", ref("Note")), message("many", obj(it=ref("Note")))],
        server_requests=[message("ask", ref("AskParams"))],
    )
    reach = Reach(found)
    assert reach.sent == {
        "AParams": {"a"},
        "Deep": {"a"},
        "Inner": {"a", "ask"},
        "Inner.f": {"a", "ask"},
        "AskResponse": {"ask"},
    }
    assert reach.read == {
        "AResponse": {"a"},
        "Inner": {"a", "note", "many"},
        "Inner.f": {"a", "note", "many"},
        "Note": {"note", "many"},
        "many.params": {"many"},
        "Deep": {"note", "many"},
        "AskParams": {"ask"},
    }


# --- what is experimental ----------------------------------------------------------------------------------


def marked(whole: dict[str, Any], stable: dict[str, Any], **messages: Any) -> Any:
    return small(whole, stable, **messages)


INSIDE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("T.f", {"T": obj(f=STRING)}, {"T": obj()}),
    ("T.f", {"T": obj(f=obj(g=obj(h=STRING)))}, {"T": obj()}),
    ("T.f", {"T": obj(f={"type": "array", "items": obj(g=STRING)})}, {"T": obj()}),
    ('T="b"', {"T": words("a", "b")}, {"T": words("a")}),
    (
        "T[b]",
        {"T": either(obj("type", **tag("a")), obj("type", **tag("b"), f=obj(g=STRING)))},
        {"T": either(obj("type", **tag("a")))},
    ),
    ("T[a].x", {"T": TAGGED}, {"T": either(obj("type", **tag("a")), obj("type", **tag("b")))}),
    ("T[k]", {"T": either(words("a"), obj("k", k=obj(x=STRING)))}, {"T": words("a")}),
    ("T.*", {"T": {**obj(), "additionalProperties": obj(x=STRING)}}, {"T": obj()}),
    ("T[*]", {"T": {"anyOf": [words("a"), STRING]}}, {"T": words("a")}),
    ("T", {"T": obj(f=obj(g=STRING), h=words("a", "b")), "U": obj()}, {"U": obj()}),
    ("T", {"T": either(words("a"), obj("k", k=obj(x=STRING))), "U": obj()}, {"U": obj()}),
]


@pytest.mark.parametrize(("place", "whole", "stable"), INSIDE)
def test_part_that_becomes_stable_or_experimental_is_told_once(
    place: str, whole: dict[str, Any], stable: dict[str, Any]
) -> None:
    experimental, all_stable = marked(whole, stable), marked(whole, whole)
    (change,) = diff(experimental, all_stable)
    assert (change.kind, change.place, change.experimental) == ("became stable", place, False)
    assert change.verdict is Verdict.compatible
    (change,) = diff(all_stable, experimental)
    assert (change.kind, change.place, change.experimental) == ("became experimental", place, False)


@pytest.mark.parametrize(
    ("group", "direction"), [("requests", "sent"), ("notifications", "read"), ("server_requests", "read")]
)
def test_message_that_becomes_stable_or_experimental(group: str, direction: str) -> None:
    messages: dict[str, Any] = {group: [message("m", ref("T"))]}
    stable = small({"T": obj()}, {"T": obj()}, **messages)
    kind = {"requests": "request", "notifications": "notification", "server_requests": "server request"}[group]
    experimental = replace(stable, experimental=frozenset({f"{kind}:m"}))
    (change,) = diff(experimental, stable)
    assert (change.kind, change.place, change.methods) == ("became stable", "m", ("m",))
    (change,) = diff(stable, experimental)
    assert (change.kind, change.place, change.direction) == ("became experimental", "m", direction)
    assert change.verdict is Verdict.attention


def test_move_is_carried_by_the_methods_of_its_type() -> None:
    definitions = {"T": obj(f=obj(g={"type": "array", "items": obj(h=STRING)}))}
    stable = small(definitions, definitions, requests=[message("m", ref("T"))])
    for place in ("T", "T.f", "T.f.g", "T.f.g.item.h"):
        experimental = replace(stable, experimental=frozenset({place}))
        (change,) = diff(stable, experimental)
        assert (change.place, change.direction, change.methods) == (place, "sent", ("m",))
        assert change.verdict is Verdict.attention


def test_word_with_a_colon_is_no_message() -> None:
    one, other = {"T": words("a:b", "c")}, {"T": words("c")}
    (change,) = diff(marked(one, other), marked(one, one))
    assert (change.kind, change.place) == ("became stable", 'T="a:b"')


def test_what_is_inside_moves_along_and_what_stays_behind_does_not() -> None:
    whole = {"T": obj(f=STRING, g=STRING), "U": obj(t=ref("T"))}
    type_is = marked(whole, {"U": obj()})
    field_is = marked(whole, {"T": obj(g=STRING), "U": obj(t=ref("T"))})
    none_is = marked(whole, whole)
    assert type_is.experimental == {"T", "U.t"}
    assert kinds(diff(type_is, none_is)) == [("became stable", "T"), ("became stable", "U.t")]
    # The field stays experimental while its type becomes stable around it.
    assert kinds(diff(type_is, field_is)) == [("became stable", "T"), ("became stable", "U.t")]
    assert kinds(diff(field_is, type_is)) == [("became experimental", "T"), ("became experimental", "U.t")]
    assert kinds(diff(field_is, none_is)) == [("became stable", "T.f")]


def test_move_that_only_one_side_knows_of_is_none() -> None:
    whole, stable = {"T": obj(f=STRING)}, {"T": obj()}
    assert diff(marked(whole, stable), small(whole)) == []
    assert diff(small(whole), marked(whole, stable)) == []


def test_change_is_experimental_where_it_was_and_is() -> None:
    stable = {"T": obj(), "U": obj(f=STRING)}
    old = marked(
        {"T": obj(a=STRING, e=STRING), "U": obj(f=STRING), "X": {**obj(), "additionalProperties": INTEGER}}, stable
    )
    new = marked(
        {"T": obj(a=INTEGER, b=STRING), "U": obj(f=INTEGER), "X": {**obj(x=STRING), "additionalProperties": STRING}},
        stable,
    )
    assert {change.place: change.experimental for change in diff(old, new)} == {
        "T.a": True,
        "T.b": True,
        "T.e": True,
        "U.f": False,
        "X.x": True,
        "X.*": True,
    }


def test_change_to_what_was_stable_once_is_not_experimental() -> None:
    definitions = {"T": obj(f=STRING)}
    changes = diff(marked(definitions, definitions), marked({"T": obj(f=INTEGER)}, {"T": obj()}))
    assert [(change.kind, change.experimental) for change in changes] == [
        ("type changed", False),
        ("became experimental", False),
    ]


# --- the real ones -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["stable", "experimental", "both"])
@pytest.mark.parametrize(("old", "new"), STEPS)
def test_what_one_direction_adds_the_other_removes(old: str, new: str, kind: str) -> None:
    forth = diff(described(old, kind), described(new, kind))
    back = diff(described(new, kind), described(old, kind))
    for thing in ("request", "notification", "server request", "type", "value", "variant"):
        added = [change.place for change in forth if change.kind == f"{thing} added"]
        assert added == [change.place for change in back if change.kind == f"{thing} removed"]
        removed = [change.place for change in forth if change.kind == f"{thing} removed"]
        assert removed == [change.place for change in back if change.kind == f"{thing} added"]

    def fields(changes: list[Change], what: str) -> set[str]:
        return {change.place for change in changes if change.kind in (f"field {what}", f"required field {what}")}

    assert fields(forth, "added") == fields(back, "removed")
    assert fields(forth, "removed") == fields(back, "added")
    for one, other in (("became required", "became optional"), ("became stable", "became experimental")):
        places = sorted(change.place for change in forth if change.kind == one)
        assert places == sorted(change.place for change in back if change.kind == other)
    assert {change.place for change in forth if change.kind.startswith("type ")} == {
        change.place for change in back if change.kind.startswith("type ")
    }


@pytest.mark.parametrize(("old", "new"), [*STEPS, (VERSIONS[0], NEWEST), (NEWEST, VERSIONS[0])])
def test_comparison_takes_less_than_half_a_second(old: str, new: str) -> None:
    one, other = described(old), described(new)
    times: list[float] = []
    for _ in range(3):
        start = time.perf_counter()
        diff(one, other)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.5


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ({"const": "a"}, {"const": "b"}, "type changed"),
        ({"enum": [1]}, {"enum": [2]}, "type changed"),
        ({"enum": [1]}, {"enum": [1, 2]}, "type widened"),
        ({"enum": [1, 2]}, {"type": "integer"}, "type widened"),
        ({"type": "number"}, {"enum": [1]}, "type narrowed"),
        ({"enum": [True]}, {"type": "boolean"}, "type widened"),
        ({"enum": [True]}, {"type": "string"}, "type changed"),
    ],
)
def test_constants_are_compared_by_their_value(old: Schema, new: Schema, kind: str) -> None:
    before, after = (carried({"T": obj(f=each)}, "both") for each in (old, new))
    assert [change.kind for change in diff(before, after)] == [kind]
    same = carried({"T": obj(const=old, f={"enum": [False, True]})}, "both")
    assert diff(same, carried({"T": obj(const=old, f={"type": "boolean"})}, "both")) == []
