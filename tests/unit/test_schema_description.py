"""The compact form of a protocol: written and read back, its places, and the part that every client has."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from openai_codex._generated._version import RUNTIME_VERSION
from openai_codex._schema.description import Description, Field, Message, Type, dumps, enclosing, loads
from tests.unit.protocols import ROOT, VERSIONS, described
from tests.unit.test_schema_expressions import EXPRESSIONS, NAMES

SMALL = Description(
    "1",
    {"thread/start": Message("Params", "Thread"), "ping": Message()},
    {"thread/started": Message("Thread")},
    {"ask": Message("Params", "Answer")},
    {
        "Answer": Type(values=("no", "yes"), variants={"later": {"later": Field("integer", True)}}, rest="null"),
        "Item": Type(variants={"text": {"body": Field("string", True)}, "end": {}}, tag="type"),
        "Params": Type(fields={"cwd": Field("string", nullable=True), "inner": Field("Params.inner")}),
        "Params.inner": Type(fields={"a": Field("any", default="1")}, rest="integer"),
        "Path": Type(alias="string"),
        "Thread": Type(fields={"items": Field("list[Item]", True)}),
    },
    frozenset({"request:ping", "Params.inner", "Item[end]", 'Answer="yes"', "Answer[*]", "Path"}),
)
PLACES = {
    "request:thread/start",
    "request:ping",
    "notification:thread/started",
    "server request:ask",
    "Answer",
    'Answer="no"',
    'Answer="yes"',
    "Answer[later]",
    "Answer[later].later",
    "Answer[*]",
    "Item",
    "Item[text]",
    "Item[text].body",
    "Item[end]",
    "Params",
    "Params.cwd",
    "Params.inner",
    "Params.inner.a",
    "Params.inner.*",
    "Path",
    "Thread",
    "Thread.items",
}
EXPERIMENTAL = {
    "request:ping",
    "Params.inner",
    "Params.inner.a",
    "Params.inner.*",
    "Item[end]",
    'Answer="yes"',
    "Answer[*]",
    "Path",
}

WORDS = st.text(max_size=6)
JSON = st.none() | st.booleans() | st.integers() | WORDS | st.lists(st.integers(), max_size=2)
FIELDS = st.dictionaries(
    WORDS,
    st.builds(Field, EXPRESSIONS, st.booleans(), st.booleans(), JSON.map(json.dumps) | st.just("")),
    max_size=3,
)
SORTED_WORDS = st.sets(WORDS, max_size=3).map(sorted).map(tuple)
TYPES = st.one_of(
    st.builds(Type, fields=FIELDS, rest=EXPRESSIONS | st.just("")),
    st.builds(Type, values=SORTED_WORDS, variants=st.dictionaries(WORDS, FIELDS, max_size=2), rest=EXPRESSIONS),
    st.builds(Type, variants=st.dictionaries(WORDS, FIELDS, max_size=2), tag=st.text(min_size=1, max_size=4)),
    st.builds(Type, alias=EXPRESSIONS),
)
MESSAGES = st.dictionaries(WORDS, st.builds(Message, EXPRESSIONS | st.just(""), NAMES | st.just("")), max_size=2)
DESCRIPTIONS = st.builds(
    Description,
    WORDS,
    MESSAGES,
    MESSAGES,
    MESSAGES,
    st.dictionaries(NAMES, TYPES, max_size=3),
    st.none() | st.frozensets(WORDS, max_size=3),
)


@given(DESCRIPTIONS)
@settings(deadline=None)
def test_whatever_is_described_is_read_back(description: Description) -> None:
    assert loads(dumps(description)) == description


@pytest.mark.parametrize("kind", ["stable", "experimental", "both"])
@pytest.mark.parametrize("version", VERSIONS)
def test_runtime_is_read_back(version: str, kind: str) -> None:
    description = described(version, kind)
    text = dumps(description)
    assert loads(text) == description
    assert dumps(loads(text)) == text


@given(DESCRIPTIONS, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_same_description_gives_the_same_text_in_any_order(description: Description, random: Any) -> None:
    def shuffled(group: Any) -> Any:
        keys = list(group)
        random.shuffle(keys)
        return {key: group[key] for key in keys}

    other = replace(
        description,
        requests=shuffled(description.requests),
        notifications=shuffled(description.notifications),
        server_requests=shuffled(description.server_requests),
        types={
            name: replace(
                each,
                fields=shuffled(each.fields),
                variants=shuffled({tag: shuffled(fields) for tag, fields in each.variants.items()}),
            )
            for name, each in shuffled(description.types).items()
        },
    )
    assert dumps(other) == dumps(description)


def test_text_has_one_definition_on_each_line() -> None:
    lines = dumps(SMALL).splitlines()
    assert '"Thread":{"fields":{"items":"list[Item]"}}' in lines
    assert '"Params":{"fields":{"cwd":"string?~","inner":"Params.inner?"}},' in lines
    assert '"Params.inner":{"fields":{"a":["any?","1"]},"rest":"integer"},' in lines
    assert '"thread/start":["Params","Thread"]' in lines


def test_description_of_the_vendored_schema_is_small_and_ships_with_the_package() -> None:
    data = (ROOT / "src/openai_codex/_generated/schema.json").read_bytes()
    assert loads(data.decode()).version == RUNTIME_VERSION
    assert len(data) < 300_000
    assert len(gzip.compress(data)) < 60_000


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "Expecting value"),
        ("[]", "not the description of a protocol (TypeError"),
        ("{}", "not the description of a protocol (KeyError: 'format')"),
        ('{"format": 2}', "unknown format 2"),
        ('{"format": 1, "version": "1"}', "not the description of a protocol (KeyError: 'requests')"),
        (dumps(SMALL).replace('["Params","Thread"]', '["Params","Thread","more"]'), "(TypeError"),
        (dumps(SMALL).replace('"list[Item]"', "3"), "(TypeError"),
        (dumps(SMALL).replace('"thread/start":["Params","Thread"]', '"thread/start":null'), "(TypeError"),
        (dumps(SMALL).replace('"alias":"string"', '"alias":5'), "(TypeError: int where a text belongs"),
        (dumps(SMALL).replace('["Params","Thread"]', '"ab"'), "(TypeError: str where a list belongs"),
        (dumps(SMALL).replace('["any?","1"]', '["any?",1]'), "(TypeError: int"),
        (dumps(SMALL).replace('["no","yes"]', '"no"'), "(TypeError: str"),
        (dumps(SMALL).replace('"version":"1"', '"version":1'), "(TypeError: int"),
        ("[" * 200_000, "nested too deeply"),
        (dumps(SMALL).replace('{"fields":{"items":"list[Item]"}}', "[]"), "(AttributeError"),
    ],
)
def test_anything_else_is_refused_with_its_cause(text: str, cause: str) -> None:
    with pytest.raises(ValueError, match=re.escape(cause)):
        loads(text)


def test_places_are_all_parts() -> None:
    assert SMALL.places() == PLACES


@pytest.mark.parametrize("version", VERSIONS)
def test_stable_part_is_what_the_stable_bundle_describes(version: str) -> None:
    assert replace(described(version).stable(), experimental=None) == described(version, "stable")
    assert described(version).stable().experimental == frozenset()
    assert described(version).stable().stable() == described(version).stable()


def test_stable_part_lacks_what_is_experimental_and_nothing_else() -> None:
    stable = SMALL.stable()
    assert stable.places() == PLACES - EXPERIMENTAL
    assert stable.types["Answer"].rest == ""
    assert stable.types["Params"].fields == {"cwd": Field("string", nullable=True)}


def test_stable_part_lacks_notifications_and_server_requests_by_their_kind() -> None:
    marked = replace(SMALL, experimental=frozenset({"notification:thread/started", "server request:ask"}))
    assert not marked.stable().notifications
    assert not marked.stable().server_requests
    assert marked.stable().requests == SMALL.requests
    fields = replace(SMALL, experimental=frozenset({"Item[text].body", "Params.inner.*"})).stable().types
    assert fields["Item"].variants == {"text": {}, "end": {}}
    assert fields["Params.inner"] == Type(fields={"a": Field("any", default="1")})


def test_without_knowledge_of_what_is_experimental_everything_is_stable() -> None:
    unknown = replace(SMALL, experimental=None)
    assert unknown.stable() == unknown
    assert not any(map(unknown.is_experimental, PLACES))


def test_what_lies_in_something_experimental_is_experimental() -> None:
    assert {place for place in PLACES if SMALL.is_experimental(place)} == EXPERIMENTAL
    assert SMALL.is_experimental("Path.more")
    assert not SMALL.is_experimental("Pathological")
    assert not SMALL.is_experimental("request:ping/more")


def test_enclosing_places_come_from_the_inside_out() -> None:
    assert list(enclosing("Item[text].body")) == ["Item[text].body", "Item[text]", "Item"]
    assert list(enclosing('Answer="no"')) == ['Answer="no"', "Answer"]
    assert list(enclosing("Params.inner.*")) == ["Params.inner.*", "Params.inner", "Params"]


@pytest.mark.parametrize(
    ("known", "kind", "rest_part"),
    [
        (Type(), "object", ".*"),
        (Type(fields={"a": Field("string")}), "object", ".*"),
        (Type(rest="any"), "object", ".*"),
        (Type(values=("a",)), "words", "[*]"),
        (Type(values=("a",), variants={"b": {}}), "words", "[*]"),
        (Type(variants={"b": {}}), "words", "[*]"),
        (Type(variants={"b": {}}, tag="type"), "variants", "[*]"),
        (Type(alias="string"), "alias", "[*]"),
    ],
)
def test_kind_of_a_type(known: Type, kind: str, rest_part: str) -> None:
    assert (known.kind, known.rest_part) == (kind, rest_part)


def test_expressions_of_a_type_are_all_that_it_refers_with() -> None:
    assert list(SMALL.types["Answer"].expressions()) == ["integer", "null"]
    assert list(SMALL.types["Params.inner"].expressions()) == ["any", "integer"]
    assert list(SMALL.types["Path"].expressions()) == ["string"]
    assert Field("A", nullable=True).text == "A | null"
    assert Field("A").text == "A"
