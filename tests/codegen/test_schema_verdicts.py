"""The verdicts of a comparison against the models themselves: what is called breaking when read does not validate.

For each case the models of the older schema are generated, as they are for the package, and take a value that only the
newer schema allows.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_uppercase
from types import ModuleType
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from codegen.ir import Protocol, Request
from codegen.models import generate_models
from codegen.normalise import normalise
from codegen.partition import Layout
from openai_codex._schema.diff import diff, verdict_of
from openai_codex._schema.rules import Verdict
from tests.codegen.small_schema import STRING, Schema, obj, overrides, ref, tag
from tests.unit.protocols import carried, either, words

INTEGER: Schema = {"type": "integer"}
NULL: Schema = {"type": "null"}
NULLABLE: Schema = {"type": ["string", "null"]}
BOTH = {"anyOf": [ref("A"), ref("B")]}
TAGGED = either(obj("type", "x", **tag("a"), x=STRING), obj("type", **tag("b")))
KEYED = either(words("a"), obj("k", k=STRING))
KEYS = either(obj("k", k=STRING), obj("l", l=STRING))


@dataclass(frozen=True)
class Case:
    """``T`` as it was and as it is, what may come now, and the kinds of change that this is."""

    old: Schema
    new: Schema
    value: Any
    kinds: tuple[str, ...]
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])
    sent: bool = False


A_TO_B = obj("f", f=ref("A")), obj("f", f=ref("B"))


def renamed(one: Any, other: Any, value: Any, kind: str) -> Case:
    """A field of type ``A`` has type ``B`` now."""
    return Case(*A_TO_B, {"f": value}, (kind,), {"A": one, "B": other})


CASES: dict[str, Case] = {
    "word": Case(words("a"), words("a", "b"), "b", ("value added",)),
    "word of a keyed union": Case(KEYED, either(words("a", "b"), obj("k", k=STRING)), "b", ("value added",)),
    "words beside keys": Case(KEYS, {"oneOf": [words("a"), *KEYS["oneOf"]]}, "a", ("type widened", "value added")),
    "keys beside words": Case(words("a"), KEYED, {"k": "x"}, ("type widened", "variant added")),
    "key": Case(KEYED, {"oneOf": [*KEYED["oneOf"], obj("l", l=STRING)]}, {"l": "x"}, ("variant added",)),
    "key with something else": Case(KEYED, either(words("a"), obj("k", k=INTEGER)), {"k": 5}, ("type changed",)),
    "tag": Case(TAGGED, {"oneOf": [*TAGGED["oneOf"], obj("type", **tag("c"))]}, {"type": "c"}, ("variant added",)),
    "other tag": Case(
        either(obj("type", **tag("a"))), either(obj("kind", **tag("a", "kind"))), {"kind": "a"}, ("type changed",)
    ),
    "any object beside keys": Case(
        KEYED, {"oneOf": [*KEYED["oneOf"], {"type": "object"}]}, {"z": 1}, ("variant added",)
    ),
    "any string beside keys": Case(KEYED, {"oneOf": [*KEYED["oneOf"], STRING]}, "z", ("variant added",)),
    "words to string": Case(words("a"), STRING, "b", ("type extended",)),
    "string to words": Case(STRING, words("a"), "a", ("type narrowed",)),
    "string to number": Case(STRING, INTEGER, 5, ("type changed",)),
    "string to object": Case(STRING, obj(a=STRING), {}, ("type changed",)),
    "field": Case(obj("f", f=STRING), obj("f", f=STRING, g=STRING), {"f": "x", "g": "y"}, ("field added",)),
    "required field": Case(obj(), obj("g", g=STRING), {"g": "y"}, ("required field added",)),
    "field gone": Case(obj(f=STRING), obj(), {}, ("field removed",)),
    "required field gone": Case(obj("f", f=STRING), obj(), {}, ("required field removed",)),
    "required null gone": Case(obj("f", f=NULLABLE), obj(), {}, ("field removed",)),
    "required null gone, sent": Case(obj("f", f=NULLABLE), obj(), {}, ("required field removed",), sent=True),
    "optional": Case(obj("f", f=STRING), obj(f=STRING), {}, ("became optional",)),
    "optional null": Case(obj("f", f=NULLABLE), obj(f=NULLABLE), {}, ("nullable became optional",)),
    "optional null, sent": Case(obj("f", f=NULLABLE), obj(f=NULLABLE), {}, ("became optional",), sent=True),
    "required": Case(obj(f=STRING), obj("f", f=STRING), {"f": "x"}, ("became required",)),
    "null": Case(obj("f", f=STRING), obj("f", f=NULLABLE), {"f": None}, ("null allowed",)),
    "null for optional": Case(obj(f=STRING), obj(f=NULLABLE), {"f": None}, ("optional became nullable",)),
    "null for default": Case(
        obj(f={**STRING, "default": "x"}),
        obj(f={**NULLABLE, "default": "x"}),
        {"f": None},
        ("default became nullable",),
    ),
    "no null": Case(obj("f", f=NULLABLE), obj("f", f=STRING), {"f": "x"}, ("null refused",)),
    "default": Case(obj(f={**STRING, "default": "x"}), obj(f={**STRING, "default": "y"}), {}, ("default changed",)),
    "any": Case(obj("f", f=STRING), obj("f", f=True), {"f": 5}, ("type widened",)),
    "no more any": Case(obj("f", f=True), obj("f", f=STRING), {"f": "x"}, ("type narrowed",)),
    "more scalars": Case(obj("f", f=STRING), obj("f", f={"type": ["string", "integer"]}), {"f": 5}, ("type widened",)),
    "fractions": Case(obj("f", f=INTEGER), obj("f", f={"type": "number"}), {"f": 1.5}, ("type widened",)),
    "no fractions": Case(obj("f", f={"type": "number"}), obj("f", f=INTEGER), {"f": 1}, ("type narrowed",)),
    "constant": Case(obj("f", f=words("a")), obj("f", f=words("a", "b")), {"f": "b"}, ("type widened",)),
    "inline words to string": Case(obj("f", f=words("a", "b")), obj("f", f=STRING), {"f": "z"}, ("type extended",)),
    "inline words": Case(
        obj("f", f=words("a", "b")), obj("f", f=words("a", "c")), {"f": "c"}, ("value added", "value removed")
    ),
    "inline objects": Case(obj(f=obj("g", g=STRING)), obj(f=obj(g=STRING)), {"f": {}}, ("became optional",)),
    "list of words": Case(
        obj(f={"type": "array", "items": ref("A")}),
        obj(f={"type": "array", "items": STRING}),
        {"f": ["z"]},
        ("type extended",),
        {"A": words("a")},
    ),
    "map of numbers": Case(
        obj(f={"type": "object", "additionalProperties": STRING}),
        obj(f={"type": "object", "additionalProperties": INTEGER}),
        {"f": {"x": 5}},
        ("type changed",),
    ),
    "open union": Case(
        obj(f=BOTH),
        obj(f={"anyOf": [*BOTH["anyOf"], ref("C")]}),
        {"f": {"c": 1}},
        ("type extended",),
        {"A": obj("a", a=STRING), "B": obj("b", b=STRING), "C": obj("c", c=INTEGER)},
    ),
    "open union to number": Case(
        BOTH, INTEGER, 5, ("type reshaped",), {"A": obj("a", a=STRING), "B": obj("b", b=STRING)}
    ),
    "open union gains a tag": Case(
        {"anyOf": [obj("a", "x", a=STRING, x=STRING), obj("b", "y", b=STRING, y=STRING)]},
        TAGGED,
        {"type": "b"},
        ("type reshaped",),
    ),
    "plain union": Case(
        obj(f={"anyOf": [ref("A"), STRING]}),
        obj(f={"anyOf": [ref("A"), STRING, INTEGER]}),
        {"f": 5},
        ("type widened",),
        {"A": obj("a", a=STRING)},
    ),
    "object to variants": Case(
        obj("x", x=STRING),
        either(obj("type", "x", **tag("a"), x=STRING), obj("type", "x", **tag("b"), x=STRING)),
        {"type": "b", "x": "x"},
        ("type narrowed",),
    ),
    "object to variants without its fields": Case(obj("x", x=STRING), TAGGED, {"type": "b"}, ("type changed",)),
    "other words": renamed(words("a"), words("b"), "b", "type reshaped"),
    "same words": renamed(words("a", "b"), words("a", "b"), "b", "type renamed"),
    "more words": renamed(words("a"), words("a", "b"), "b", "type extended"),
    "fewer words": renamed(words("a", "b"), words("a"), "a", "type narrowed"),
    "words to keyed": renamed(words("a"), KEYED, {"k": "x"}, "type widened"),
    "keyed to more words": renamed(KEYED, either(words("a", "b"), obj("k", k=STRING)), "b", "type extended"),
    "keyed to more keys": renamed(KEYED, {"oneOf": [*KEYED["oneOf"], obj("l", l=STRING)]}, {"l": "x"}, "type extended"),
    "keys to words": renamed(KEYS, {"oneOf": [*KEYS["oneOf"], words("a")]}, "a", "type widened"),
    "keyed to object": renamed(KEYED, obj("z", z=STRING), {"z": "x"}, "type reshaped"),
    "keyed to map": renamed(KEYED, {"type": "object", "additionalProperties": INTEGER}, {"z": 1}, "type reshaped"),
    "more fields": renamed(obj("a", a=STRING), obj("a", a=STRING, b=STRING), {"a": "x", "b": "y"}, "type renamed"),
    "more required fields": renamed(obj(a=STRING), obj("b", a=STRING, b=STRING), {"b": "y"}, "type narrowed"),
    "fewer fields": renamed(obj("a", a=STRING, b=STRING), obj("a", a=STRING), {"a": "x"}, "type reshaped"),
    "fewer required fields": renamed(obj("a", a=STRING), obj(), {}, "type changed"),
    "required to optional": renamed(obj("a", a=STRING), obj(a=STRING), {}, "type widened"),
    "null inside": renamed(obj(a=STRING), obj(a=NULLABLE), {"a": None}, "type renamed"),
    "null inside required": renamed(obj("a", a=STRING), obj("a", a=NULLABLE), {"a": None}, "type widened"),
    "null inside default": renamed(
        obj(a={**STRING, "default": "x"}), obj(a={**NULLABLE, "default": "x"}), {"a": None}, "type renamed"
    ),
    "more variants": renamed(
        TAGGED, {"oneOf": [*TAGGED["oneOf"], obj("type", **tag("c"))]}, {"type": "c"}, "type extended"
    ),
    "other variants": renamed(TAGGED, either(obj("type", **tag("c"))), {"type": "c"}, "type reshaped"),
    "variant without its fields": renamed(
        TAGGED, either(obj("type", **tag("a")), obj("type", **tag("b"))), {"type": "a"}, "type changed"
    ),
    "variant with more fields": renamed(
        TAGGED,
        either(obj("type", "x", **tag("a"), x=STRING, y=STRING), obj("type", **tag("b"))),
        {"type": "a", "x": "x", "y": "y"},
        "type renamed",
    ),
    "variants to one of them": renamed(TAGGED, obj("type", type=words("b")), {"type": "b"}, "type narrowed"),
    "variants to another one": renamed(TAGGED, obj("type", type=words("z")), {"type": "z"}, "type reshaped"),
    "variants to an object": renamed(TAGGED, obj(type=words("b")), {}, "type changed"),
    "string to named string": renamed(STRING, {"allOf": [STRING]}, "x", "type renamed"),
    "extra properties": renamed(obj(), {"type": "object", "additionalProperties": True}, {"x": 1}, "type renamed"),
    "other extra properties": renamed(
        {**obj(a=STRING), "additionalProperties": STRING},
        {**obj(a=STRING), "additionalProperties": INTEGER},
        {"x": 5},
        "type changed",
    ),
}


def _letters(index: int) -> str:
    return "Case" + ascii_uppercase[index // 26] + ascii_uppercase[index % 26].lower()


def _own(definitions: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The definitions under names that no other case has."""
    text = re.sub(r'"#/definitions/(\w+)"', rf'"#/definitions/{prefix}\1"', json.dumps(dict(definitions)))
    return {f"{prefix}{name}": schema for name, schema in json.loads(text).items()}


def _generated(folder: Path, side: str) -> dict[str, TypeAdapter[Any]]:
    """What reads ``T`` of each case, in its older or newer schema."""
    definitions: dict[str, Schema] = {}
    requests: list[Request] = []
    for index, case in enumerate(CASES.values()):
        prefix = _letters(index)
        definitions |= _own({"T": case.old if side == "old" else case.new, **case.more}, prefix)
        if case.sent:
            requests.append(Request(prefix, "", prefix, f"{prefix}T", f"{prefix}T", "", False, False))
    protocol = Protocol(tuple(requests), (), (), definitions, frozenset(), frozenset())
    made = normalise(protocol, overrides(folder))
    (source,) = generate_models(made, Layout(dict.fromkeys(made.definitions, "all"))).values()
    module = ModuleType(f"models_of_{side}_schemas")
    sys.modules[module.__name__] = module
    exec(compile(source, module.__name__, "exec"), vars(module))
    return {name: TypeAdapter(vars(module)[f"{_letters(index)}T"]) for index, name in enumerate(CASES)}


@pytest.fixture(scope="module", params=["old", "new"])
def models(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, TypeAdapter[Any]]:
    return _generated(tmp_path_factory.mktemp("verdicts"), request.param)


@pytest.mark.parametrize("name", CASES)
def test_breaking_when_read_is_what_older_models_refuse(
    request: pytest.FixtureRequest, models: dict[str, TypeAdapter[Any]], name: str
) -> None:
    case = CASES[name]
    direction = "both" if case.sent else "read"
    old, new = (carried({"T": each, **case.more}, direction) for each in (case.old, case.new))
    changes = diff(old, new)
    assert {change.kind for change in changes} == set(case.kinds)
    refused = False
    try:
        models[name].validate_python(case.value)
    except ValidationError:
        refused = True
    if request.node.callspec.params["models"] == "new":
        assert not refused, "what does not fit the newer schema proves nothing"
    else:
        assert (verdict_of(changes) is Verdict.breaking) is refused
