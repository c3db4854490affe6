"""Each rule: the smallest pair of schemas that it is about, its verdict in every direction, and a near miss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from openai_codex._schema.diff import Change, Direction, diff, verdict_of
from openai_codex._schema.rules import RULES, RUNTIME_RULES, Rule, Verdict
from tests.codegen.small_schema import STRING, Schema, message, obj, ref, tag
from tests.unit.protocols import carried, either, small, words

INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
NULL: Schema = {"type": "null"}
NULLABLE: Schema = {"type": ["string", "null"]}
DEFAULT: Schema = {**STRING, "default": "x"}
TAGGED = either(obj("type", **tag("a"), x=STRING), obj("type", **tag("b")))
WORDS = {"A": words("a"), "B": words("a", "b"), "C": words("c"), "D": words("a")}
DIRECTIONS: tuple[Direction, ...] = ("sent", "read", "both", "none")
SENT: dict[Direction, tuple[str, ...]] = {"sent": ("job/run",), "read": (), "both": ("job/run",), "none": ()}
READ: dict[Direction, tuple[str, ...]] = {"sent": (), "read": ("job/done",), "both": ("job/done",), "none": ()}
TABLES = [pytest.param(RULES, id="package"), pytest.param(RUNTIME_RULES, id="runtime")]


@dataclass(frozen=True)
class Example:
    """``T`` as it was and as it is: one change at ``place``. With ``near`` it is something else: these kinds."""

    place: str
    old: Schema
    new: Schema
    near: Schema
    instead: tuple[str, ...] = ()
    shown: tuple[str, str] = ("", "")
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])
    directions: tuple[Direction, ...] = DIRECTIONS


def named(one: str, other: str, near: str, instead: str) -> Example:
    return Example("T.f", obj(f=ref(one)), obj(f=ref(other)), obj(f=ref(near)), (instead,), (one, other), WORDS)


EXAMPLES: dict[str, Example] = {
    "type renamed": named("A", "D", "B", "type extended"),
    "type extended": named("A", "B", "D", "type renamed"),
    "type widened": Example(
        "T.f",
        obj(f=INTEGER),
        obj(f=NUMBER),
        obj(f={"type": ["integer", "null"]}),
        ("optional became nullable",),
        ("integer", "number"),
    ),
    "type narrowed": Example(
        "T.f", obj(f=NUMBER), obj(f=INTEGER), obj(f=True), ("type widened",), ("number", "integer")
    ),
    "type reshaped": named("A", "C", "B", "type extended"),
    "type changed": Example(
        "T.f", obj(f=STRING), obj(f=INTEGER), obj(f={**STRING, "format": "uri"}), (), ("string", "integer")
    ),
    "field added": Example("T.f", obj(), obj(f=STRING), obj("f", f=STRING), ("required field added",), ("", "string")),
    "required field added": Example(
        "T.f", obj(), obj("f", f=NULLABLE), obj(f=NULLABLE), ("field added",), ("", "string | null")
    ),
    "field removed": Example("T.f", obj(f=DEFAULT), obj(), obj(f=STRING), ("default changed",), ("string", "")),
    "required field removed": Example(
        "T.f", obj("f", f=STRING), obj(), obj(f=STRING), ("became optional",), ("string", "")
    ),
    "became required": Example("T.f", obj(f=STRING), obj("f", f=STRING), obj(f=DEFAULT), ("default changed",)),
    "became optional": Example("T.f", obj("f", f=STRING), obj(f=STRING), obj("f", f=NULLABLE), ("null allowed",)),
    # Where it is sent as well, older models require it.
    "nullable became optional": Example(
        "T.f", obj("f", f=NULLABLE), obj(f=NULLABLE), obj("f", f=STRING), ("null refused",), directions=("read", "none")
    ),
    "optional became nullable": Example(
        "T.f", obj(f=STRING), obj(f=NULLABLE), obj("f", f=STRING), ("became required",), ("string", "string | null")
    ),
    "default became nullable": Example(
        "T.f",
        obj(f=DEFAULT),
        obj(f={**NULLABLE, "default": "x"}),
        obj("f", f=STRING),
        ("became required",),
        ("string", "string | null"),
    ),
    "null allowed": Example(
        "T.f",
        obj("f", f=STRING),
        obj("f", f=NULLABLE),
        obj("f", f={"anyOf": [STRING]}),
        (),
        ("string", "string | null"),
    ),
    "null refused": Example(
        "T.f", obj(f=NULLABLE), obj(f=STRING), obj("f", f=NULLABLE), ("became required",), ("string | null", "string")
    ),
    "default changed": Example(
        "T.f",
        obj(f=DEFAULT),
        obj(f={**STRING, "default": "y"}),
        obj(f={**DEFAULT, "description": "Text."}),
        (),
        ('"x"', '"y"'),
    ),
    "value added": Example('T="b"', words("a", "c"), words("a", "b", "c"), either(words("c"), words("a"))),
    "value removed": Example('T="b"', words("a", "b", "c"), words("a", "c"), either(words("c", "a"), words("b"))),
    "variant added": Example(
        "T[c]", TAGGED, {"oneOf": [obj("type", **tag("c")), *TAGGED["oneOf"]]}, {"oneOf": TAGGED["oneOf"][::-1]}
    ),
    "variant removed": Example("T[b]", TAGGED, {"oneOf": TAGGED["oneOf"][:1]}, {"anyOf": TAGGED["oneOf"]}),
}

CASES = [(kind, direction) for kind, example in EXAMPLES.items() for direction in example.directions]


def verdict(rule: Rule, direction: Direction) -> Verdict:
    verdicts: dict[Direction, Verdict] = {
        "sent": rule.sent,
        "read": rule.read,
        "both": max(rule.sent, rule.read),
        "none": Verdict.compatible,
    }
    return verdicts[direction]


@pytest.mark.parametrize("rules", TABLES)
@pytest.mark.parametrize(("kind", "direction"), CASES)
def test_smallest_pair_gives_the_change_with_its_verdict(
    kind: str, direction: Direction, rules: Mapping[str, Rule]
) -> None:
    example, rule = EXAMPLES[kind], rules[kind]
    old = carried({"T": example.old, **example.more}, direction)
    new = carried({"T": example.new, **example.more}, direction)
    (change,) = diff(old, new, rules)
    before, after = example.shown
    assert change == Change(kind, example.place, rule, before, after, SENT[direction], READ[direction])
    assert (change.direction, change.verdict, change.meaning) == (direction, verdict(rule, direction), rule.meaning)
    assert change.methods == tuple(sorted(SENT[direction] + READ[direction]))
    assert verdict_of([change]) is change.verdict


@pytest.mark.parametrize(("kind", "direction"), CASES)
def test_near_miss_is_something_else(kind: str, direction: Direction) -> None:
    example = EXAMPLES[kind]
    old = carried({"T": example.old, **example.more}, direction)
    near = carried({"T": example.near, **example.more}, direction)
    assert [change.kind for change in diff(old, near)] == list(example.instead)
    assert kind not in example.instead


@pytest.mark.parametrize("direction", ["sent", "both"])
def test_required_null_is_missed_by_models_of_what_is_sent_as_well(direction: str) -> None:
    old = carried({"T": obj("f", f=NULLABLE)}, direction)
    (change,) = diff(old, carried({"T": obj(f=NULLABLE)}, direction))
    assert change.kind == "became optional"
    (change,) = diff(old, carried({"T": obj()}, direction))
    assert change.kind == "required field removed"


def test_required_null_that_is_only_read_may_go() -> None:
    (change,) = diff(carried({"T": obj("f", f=NULLABLE)}, "read"), carried({"T": obj()}, "read"))
    assert (change.kind, change.verdict) == ("field removed", Verdict.attention)


def test_null_for_a_field_with_a_default_reads_as_the_default() -> None:
    nullable = {**NULLABLE, "default": "x"}
    (change,) = diff(carried({"T": obj(f=DEFAULT)}, "read"), carried({"T": obj(f=nullable)}, "read"))
    assert (change.kind, change.verdict) == ("default became nullable", Verdict.attention)


# --- messages and whole types ------------------------------------------------------------------------------

DEFINITIONS = {"A": ref("P"), "P": obj(a=STRING), "Q": obj("a", a=STRING), "U": TAGGED}
NONE: dict[str, Any] = {}


def requests(*params: Schema | None) -> dict[str, Any]:
    return {"requests": [message("m", each) for each in params]}


def notifications(*params: Schema | None) -> dict[str, Any]:
    return {"notifications": [message("m", each) for each in params]}


def asked(*params: Schema | None) -> dict[str, Any]:
    return {"server_requests": [message("m", each) for each in params]}


OPTIONAL = {"anyOf": [ref("P"), NULL]}
NO_Q = {"anyOf": [ref("Q"), NULL]}
UNION = {"anyOf": [ref("Q"), ref("U")]}
UNIONS = {"anyOf": [ref("Q"), ref("P")]}
FREE = {"type": "object", "additionalProperties": STRING}
MESSAGES: list[
    tuple[str, Direction, dict[str, Any], dict[str, Any], tuple[str, str], dict[str, Any], tuple[str, ...]]
] = [
    # kind, direction, old, new, what is shown, a near miss and what that is instead
    ("request added", "sent", NONE, requests(None), ("", ""), notifications(None), ("notification added",)),
    ("request removed", "sent", requests(None), NONE, ("", ""), requests(NULL), ()),
    ("notification added", "read", NONE, notifications(None), ("", ""), asked(None), ("server request added",)),
    ("notification removed", "read", notifications(None), NONE, ("", ""), notifications(NULL), ()),
    ("server request added", "read", NONE, asked(None), ("", ""), requests(None), ("request added",)),
    ("server request removed", "read", asked(None), NONE, ("", ""), asked(NULL), ()),
    ("params added", "sent", requests(None), requests(ref("P")), ("", "P"), requests(ref("Q")), ("params required",)),
    ("params added", "sent", requests(NULL), requests(OPTIONAL), ("", "P | null"), requests(NULL), ()),
    ("params added", "sent", requests(None), requests({}), ("", "any"), requests(ref("U")), ("params required",)),
    ("params added", "read", asked(None), asked(ref("P")), ("", "P"), asked(ref("Q")), ("params required",)),
    ("params required", "sent", requests(None), requests(ref("Q")), ("", "Q"), requests(ref("P")), ("params added",)),
    # A call without arguments sends an empty object.
    ("params required", "sent", requests(None), requests(ref("U")), ("", "U"), requests(ref("A")), ("params added",)),
    ("params required", "sent", requests(None), requests(STRING), ("", "string"), requests(FREE), ("params added",)),
    ("params required", "sent", requests(None), requests(UNION), ("", "Q | U"), requests(UNIONS), ("params added",)),
    (
        "params required",
        "sent",
        requests(None),
        requests(NO_Q),
        ("", "Q | null"),
        requests(OPTIONAL),
        ("params added",),
    ),
    ("params required", "read", notifications(None), notifications(ref("Q")), ("", "Q"), notifications(None), ()),
    ("params removed", "sent", requests(ref("P")), requests(None), ("P", ""), requests(ref("P")), ()),
    ("params removed", "read", notifications(ref("P")), notifications(NULL), ("P", ""), notifications(ref("P")), ()),
    ("type narrowed", "sent", requests(OPTIONAL), requests(ref("P")), ("P | null", "P"), requests(OPTIONAL), ()),
    ("type widened", "read", asked(ref("P")), asked(OPTIONAL), ("P", "P | null"), asked(ref("P")), ()),
    ("type changed", "sent", requests(ref("Q")), requests(ref("U")), ("Q", "U"), requests(ref("Q")), ()),
]


@pytest.mark.parametrize(("kind", "direction", "old", "new", "shown", "near", "instead"), MESSAGES)
def test_messages(
    kind: str,
    direction: Direction,
    old: dict[str, Any],
    new: dict[str, Any],
    shown: tuple[str, str],
    near: dict[str, Any],
    instead: tuple[str, ...],
) -> None:
    before = small(DEFINITIONS, **old)
    sent, read = (("m",), ()) if direction == "sent" else ((), ("m",))
    for rules in (RULES, RUNTIME_RULES):
        (change,) = diff(before, small(DEFINITIONS, **new), rules)
        assert change == Change(kind, "m", rules[kind], shown[0], shown[1], sent, read)
        assert (change.direction, change.verdict) == (direction, verdict(rules[kind], direction))
    assert tuple(change.kind for change in diff(before, small(DEFINITIONS, **near))) == instead


RESULTS = {"MResponse": obj(a=STRING), "OptionsResponse": obj(a=INTEGER), "Options": obj(), "MParams": obj()}


@pytest.mark.parametrize(("group", "direction"), [("requests", "read"), ("server_requests", "sent")])
def test_result_of_another_type_is_compared(group: str, direction: Direction) -> None:
    before: dict[str, Any] = {group: [message("m", ref("MParams"))]}
    after: dict[str, Any] = {group: [message("m", ref("Options"))]}
    old, new = small(RESULTS, **before), small(RESULTS, **after)
    assert [
        (change.kind, change.direction, change.before, change.after, change.methods) for change in diff(old, new)
    ] == [
        ("type renamed", "sent" if group == "requests" else "read", "MParams", "Options", ("m",)),
        ("type changed", direction, "MResponse", "OptionsResponse", ("m",)),
    ]


@pytest.mark.parametrize("rules", TABLES)
@pytest.mark.parametrize(("group", "direction"), [("requests", "read"), ("server_requests", "sent")])
def test_result_that_only_one_side_knows_is_no_result_alike(
    group: str, direction: Direction, rules: Mapping[str, Rule]
) -> None:
    messages: dict[str, Any] = {group: [message("m", None)]}
    known, unknown = small({"MResponse": obj(a=STRING)}, **messages), small({"MAnswer": obj(a=INTEGER)}, **messages)
    for old, new, shown in ((known, unknown, ("MResponse", "")), (unknown, known, ("", "MResponse"))):
        (change,) = [each for each in diff(old, new, rules) if not each.kind.startswith("type ")]
        assert (change.kind, change.place, change.direction, change.methods) == (
            "result unknown",
            "m",
            direction,
            ("m",),
        )
        assert ((change.before, change.after), change.verdict) == (shown, Verdict.attention)
    # What neither knows, and what one has and the other only calls otherwise, is nothing to look at.
    assert diff(unknown, unknown, rules) == []
    both = small({"MResponse": obj(), "PResponse": obj(), "P": obj()}, **messages)
    params: dict[str, Any] = {group: [message("m", ref("P"))]}
    moved = small({"MResponse": obj(), "PResponse": obj(), "P": obj()}, **params)
    assert "result unknown" not in {each.kind for each in diff(both, moved, rules)}


@pytest.mark.parametrize("direction", ["sent", "read"])
def test_type_that_comes_or_goes_is_carried_by_what_uses_it(direction: Direction) -> None:
    without, using = {"T": obj()}, {"T": obj(f=ref("N")), "N": obj()}
    added = diff(carried(without, direction), carried(using, direction))
    assert [(change.kind, change.place, change.direction) for change in added] == [
        ("type added", "N", direction),
        ("field added", "T.f", direction),
    ]
    removed = diff(carried(using, direction), carried(without, direction))
    assert [(change.kind, change.place, change.verdict) for change in removed] == [
        ("type removed", "N", Verdict.attention),
        ("field removed", "T.f", RULES["field removed"].sent if direction == "sent" else RULES["field removed"].read),
    ]


def test_type_that_nothing_uses_comes_and_goes_without_a_verdict() -> None:
    one, two = small({"T": obj()}), small({"T": obj(), "N": obj()})
    added, removed = diff(one, two), diff(two, one)
    assert added == [Change("type added", "N", RULES["type added"])]
    assert removed == [Change("type removed", "N", RULES["type removed"])]
    assert added[0].direction == removed[0].direction == "none"
    assert verdict_of(added + removed) is Verdict.compatible


def test_nameless_type_is_no_type_that_comes_or_goes() -> None:
    one, two = small({"T": obj()}), small({"T": obj(f=obj(g=STRING))})
    assert [change.kind for change in diff(one, two)] == ["field added"]
    assert [change.kind for change in diff(two, one)] == ["field removed"]


def test_every_rule_has_an_example_and_every_example_a_rule() -> None:
    elsewhere = {"result unknown", "type added", "type removed", "became experimental", "became stable"}
    assert {*EXAMPLES, *(kind for kind, *_ in MESSAGES), *elsewhere} == set(RULES)
    assert list(RUNTIME_RULES) == list(RULES)
    assert not elsewhere & {*EXAMPLES, *(kind for kind, *_ in MESSAGES)}


def test_verdicts_are_exit_codes_that_grow_with_the_harm() -> None:
    assert [(verdict.name, int(verdict)) for verdict in sorted(Verdict)] == [
        ("compatible", 0),
        ("attention", 1),
        ("breaking", 2),
    ]
    changes = [Change("field added", "T.f", Rule(each, each, ""), sent=("m",)) for each in Verdict]
    assert verdict_of(changes) is Verdict.breaking
    assert verdict_of(changes[:2]) is Verdict.attention
    assert verdict_of([]) is Verdict.compatible


def test_changes_come_by_kind_in_the_order_of_the_rules_and_then_by_place() -> None:
    old = carried({"T": obj(a=STRING, d=STRING), "Z": words("b")}, "sent")
    new = carried({"T": obj(b=STRING, c=STRING), "Z": words("b", "a", "c"), "N": obj()}, "sent")
    assert [(change.kind, change.place) for change in diff(old, new)] == [
        ("type added", "N"),
        ("field added", "T.b"),
        ("field added", "T.c"),
        ("field removed", "T.a"),
        ("field removed", "T.d"),
        ("value added", 'Z="a"'),
        ("value added", 'Z="c"'),
    ]
