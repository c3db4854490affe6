"""Random changes to the real schema: what only adds breaks nothing, and whatever is changed is told, as what it is.

Each mutation changes a bundle in place and says which changes that is. The other way round it is a removal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from random import Random
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from openai_codex._schema.describe import describe
from openai_codex._schema.diff import diff, verdict_of
from openai_codex._schema.reach import Reach
from openai_codex._schema.rules import Verdict
from openai_codex._schema.shapes import common_tag, single_key, words_of
from tests.codegen.small_schema import STRING, Schema, message, obj, tag
from tests.unit.protocols import NEWEST, described, raw

Place = tuple[str, str]
"""Kind and place of a change."""

ENVELOPES = {"ClientRequest": "request", "ServerNotification": "notification", "ServerRequest": "server request"}
LEAVES: list[Any] = [STRING, {"type": ["integer", "null"]}, {"type": "array", "items": STRING}, True]


def ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/v2/{name}"}


class Bundle:
    """A copy of the newest bundle, and where in it things can be added."""

    def __init__(self, random: Random) -> None:
        document: Schema = json.loads(_text())
        self.random, self.document = random, document
        self.outer: Schema = document["definitions"]
        self.inner: Schema = self.outer["v2"]
        self.types = {
            **{name: each for name, each in self.outer.items() if name not in (*ENVELOPES, "v2", "ClientNotification")},
            **self.inner,
        }
        self.types = {name: each for name, each in self.types.items() if not name.startswith("JSONRPC")}
        self.count = 0

    def new(self, stem: str = "mutant") -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def pick(self, group: Iterable[Any]) -> Any:
        """One of them; of tuples, the first member tells them apart."""
        return self.random.choice(sorted(group, key=_first))

    def data(self) -> bytes:
        return json.dumps(self.document).encode()

    def objects(self) -> Iterator[tuple[str, Schema]]:
        """All objects: place, and what has the properties."""
        for name, each in self.types.items():
            branches: list[Schema] = each.get("oneOf") or each.get("anyOf") or []
            word = common_tag(branches)
            if "properties" in each and not branches:
                yield name, each
            for branch in branches if word is not None else ():
                yield f"{name}[{branch['properties'][word]['enum'][0]}]", branch
            for branch in branches if word is None else ():
                key = single_key(branch)
                payload: Schema = branch["properties"][key] if key is not None else {}
                if "properties" in payload:
                    yield f"{name}.{key}", payload

    def enums(self) -> Iterator[tuple[str, list[Schema]]]:
        """All lists of words, beside keys or not: place, and the branches that have them."""
        for name, each in self.types.items():
            branches: list[Schema] = [each, *(each.get("oneOf") or each.get("anyOf") or [])]
            lists = [branch for branch in branches if words_of(branch)]
            if lists:
                yield name, lists

    def unions(self) -> Iterator[tuple[str, list[Schema], str]]:
        """All tagged unions: place, branches, tag."""
        for name, each in self.types.items():
            branches: list[Schema] = each.get("oneOf") or each.get("anyOf") or []
            word = common_tag(branches)
            if word is not None:
                yield name, branches, word

    def keyed(self) -> Iterator[tuple[str, list[Schema]]]:
        for name, each in self.types.items():
            branches: list[Schema] = each.get("oneOf") or each.get("anyOf") or []
            if common_tag(branches) is None and any(map(single_key, branches)):
                yield name, branches


def _first(each: Any) -> str:
    return each if isinstance(each, str) else str(each[0])


@cache
def _text() -> str:
    return raw(NEWEST, "experimental").decode()


# --- mutations ---------------------------------------------------------------------------------------------

Mutation = Callable[[Bundle], set[Place]]


def add_field(bundle: Bundle) -> set[Place]:
    place, schema = bundle.pick(bundle.objects())
    name = bundle.new()
    schema["properties"][name] = bundle.random.choice(LEAVES)
    return {("field added", f"{place}.{name}")}


def add_field_of_a_nameless_type(bundle: Bundle) -> set[Place]:
    place, schema = bundle.pick(bundle.objects())
    name = bundle.new()
    nameless: list[Schema] = [
        obj("a", a=STRING),
        {"type": "string", "enum": ["a", "b"]},
        {"type": "array", "items": obj(a=obj(b=STRING))},
        {"anyOf": [obj("type", **tag("x")), obj("type", **tag("y"), z=STRING), {"type": "null"}]},
    ]
    schema["properties"][name] = bundle.random.choice(nameless)
    return {("field added", f"{place}.{name}")}


def add_field_of_a_known_type(bundle: Bundle) -> set[Place]:
    place, schema = bundle.pick(bundle.objects())
    name = bundle.new()
    schema["properties"][name] = {"anyOf": [ref(bundle.pick(bundle.inner)), {"type": "null"}]}
    return {("field added", f"{place}.{name}")}


def add_word(bundle: Bundle) -> set[Place]:
    place, lists = bundle.pick(bundle.enums())
    word = bundle.new()
    bundle.random.choice(lists)["enum"].append(word)
    return {("value added", f'{place}="{word}"')}


def add_word_in_a_branch_of_its_own(bundle: Bundle) -> set[Place]:
    place, _ = bundle.pick(bundle.enums())
    schema, word = bundle.types[place], bundle.new()
    if "enum" in schema:
        schema["oneOf"] = [{"type": "string", "enum": schema.pop("enum")}]
    (schema.get("oneOf") or schema["anyOf"]).insert(0, {"type": "string", "enum": [word], "description": "New."})
    return {("value added", f'{place}="{word}"')}


def add_variant(bundle: Bundle) -> set[Place]:
    place, branches, word = bundle.pick(bundle.unions())
    name = bundle.new()
    branches.append(obj(word, "x", **tag(name, word), x=STRING))
    return {("variant added", f"{place}[{name}]")}


def add_key(bundle: Bundle) -> set[Place]:
    place, branches = bundle.pick(bundle.keyed())
    name = bundle.new()
    branches.append(obj(name, **{name: obj("x", x=STRING)}))
    return {("variant added", f"{place}[{name}]")}


def add_member_of_an_open_union(bundle: Bundle) -> set[Place]:
    name = bundle.new("Mutant")
    bundle.inner[name] = obj("kind", kind=STRING)
    bundle.outer["McpElicitationPrimitiveSchema"]["anyOf"].append(ref(name))
    return {("type added", name), ("type extended", "McpElicitationPrimitiveSchema")}


def add_type(bundle: Bundle) -> set[Place]:
    name = bundle.new("Mutant")
    bundle.inner[name] = bundle.random.choice([obj("a", a=STRING), {"type": "string", "enum": ["a"]}, STRING])
    return {("type added", name)}


def add_message(bundle: Bundle) -> set[Place]:
    envelope = bundle.pick(ENVELOPES)
    method, name = bundle.new("mutant/run"), bundle.new("Mutant")
    known = bundle.pick(bundle.inner)
    bundle.inner[f"{name}Params"] = obj("a", a=ref(known), b={"type": "array", "items": obj(c=STRING)})
    bundle.inner[f"{name}Response"] = obj("a", a={"anyOf": [ref(known), {"type": "null"}]})
    bundle.outer[envelope]["oneOf"].append(message(method, ref(f"{name}Params")))
    return {
        (f"{ENVELOPES[envelope]} added", method),
        ("type added", f"{name}Params"),
        ("type added", f"{name}Response"),
    }


def add_params(bundle: Bundle) -> set[Place]:
    bare = [
        branch
        for branch in bundle.outer["ClientRequest"]["oneOf"]
        if branch["properties"].get("params", {}).get("type") == "null"
    ]
    if not bare:
        return set()
    branch, name = bundle.random.choice(bare), bundle.new("Mutant")
    bundle.inner[name] = obj(a=STRING)
    branch["properties"]["params"] = {"anyOf": [ref(name), {"type": "null"}]}
    return {("type added", name), ("params added", branch["properties"]["method"]["enum"][0])}


def inline_type(bundle: Bundle) -> set[Place]:
    """A field that referred to a type has a copy of it now."""
    found = [
        (f"{place}.{name}", schema["properties"], name)
        for place, schema in bundle.objects()
        for name, each in schema["properties"].items()
        if isinstance(each, dict) and "$ref" in each and "mutant" not in place.lower()
    ]
    place, properties, name = bundle.random.choice(sorted(found, key=_first))
    target = properties[name]["$ref"].rpartition("/")[2]
    properties[name] = json.loads(json.dumps(bundle.types[target]))
    return {("type renamed", place)}


def describe_otherwise(bundle: Bundle) -> set[Place]:
    def walk(node: Any, named: bool = False) -> None:
        if isinstance(node, dict):
            members = cast(Schema, node)
            if not named and "description" in members:
                members["description"] = f"Otherwise {members['description']}"
            for key, value in members.items():
                walk(value, named=key == "properties" and not named)
        elif isinstance(node, list):
            for each in cast("list[object]", node):
                walk(each)

    walk(bundle.document)
    return set()


def shuffle(bundle: Bundle) -> set[Place]:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            members = cast(Schema, node)
            items = list(members.items())
            bundle.random.shuffle(items)
            members.clear()
            members.update(items)
            for key, value in items:
                if key != "default":
                    walk(value)
        elif isinstance(node, list):
            bundle.random.shuffle(cast("list[object]", node))
            for each in cast("list[object]", node):
                walk(each)

    walk(bundle.document)
    return set()


def remove_field(bundle: Bundle) -> set[Place]:
    tags = {f"{name}[": word for name, _, word in bundle.unions()}
    found = [
        (f"{place}.{name}", schema, name)
        for place, schema in bundle.objects()
        for name in schema["properties"]
        if name != tags.get(f"{place.partition('[')[0]}[") or "[" not in place
    ]
    place, schema, name = bundle.random.choice(sorted(found, key=_first))
    removed = schema["properties"].pop(name)
    if name not in schema.get("required", ()):
        return {("field removed", place)}
    schema["required"].remove(name)
    null = {"type": "null"} in removed.get("anyOf", ()) or "null" in removed.get("type", ())
    owner = place.partition("[")[0].rpartition(".")[0] if "[" not in place else place.partition("[")[0]
    forgiven = null and owner not in Reach(described(NEWEST, "experimental")).sent
    return {("field removed" if forgiven else "required field removed", place)}


def remove_word(bundle: Bundle) -> set[Place]:
    found = [(place, branch) for place, lists in bundle.enums() for branch in lists if len(branch["enum"]) > 1]
    place, branch = bundle.random.choice(sorted(found, key=_first))
    word = branch["enum"].pop(bundle.random.randrange(len(branch["enum"])))
    return {("value removed", f'{place}="{word}"')}


def remove_variant(bundle: Bundle) -> set[Place]:
    found = [each for each in bundle.unions() if len(each[1]) > 1]
    place, branches, word = bundle.random.choice(sorted(found, key=_first))
    branch = branches.pop(bundle.random.randrange(len(branches)))
    return {("variant removed", f"{place}[{branch['properties'][word]['enum'][0]}]")}


def remove_message(bundle: Bundle) -> set[Place]:
    envelope = bundle.pick(ENVELOPES)
    branches = bundle.outer[envelope]["oneOf"]
    branch = branches.pop(bundle.random.randrange(len(branches)))
    return {(f"{ENVELOPES[envelope]} removed", branch["properties"]["method"]["enum"][0])}


REMOVALS: list[Mutation] = [remove_field, remove_word, remove_variant, remove_message]
ADDITIONS: list[Mutation] = [
    add_field,
    add_field_of_a_nameless_type,
    add_field_of_a_known_type,
    add_word,
    add_word_in_a_branch_of_its_own,
    add_variant,
    add_key,
    add_member_of_an_open_union,
    add_type,
    add_message,
    add_params,
]
SAME: list[Mutation] = [describe_otherwise, shuffle]
NAMES = {"request", "notification", "server request", "type", "value", "variant", "field"}


def mirrored(change: Place) -> Place:
    """What an addition is the other way round."""
    kind, place = change
    thing, _, what = kind.rpartition(" ")
    if thing in NAMES and what in ("added", "removed"):
        return f"{thing} {'removed' if what == 'added' else 'added'}", place
    return {"type extended": "type narrowed", "params added": "params removed"}.get(kind, kind), place


def told(old: bytes | None, new: bytes | None) -> tuple[set[Place], Verdict]:
    """What differs from the newest bundle, which None stands for."""
    one, other = (
        described(NEWEST, "experimental") if data is None else describe(data, None, version=NEWEST)
        for data in (old, new)
    )
    changes = diff(one, other)
    found = {(change.kind, change.place) for change in changes}
    assert len(found) == len(changes)
    return found, verdict_of(changes)


SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.slow
@given(st.lists(st.sampled_from([*ADDITIONS, *SAME]), min_size=1, max_size=12), st.randoms(use_true_random=False))
@SLOW
def test_additions_break_nothing_and_all_are_told(mutations: list[Mutation], random: Random) -> None:
    bundle = Bundle(random)
    expected = {place for mutate in mutations for place in mutate(bundle)}
    found, verdict = told(None, bundle.data())
    assert found == expected
    assert verdict < Verdict.breaking


@pytest.mark.slow
@given(st.lists(st.sampled_from(ADDITIONS), min_size=1, max_size=12), st.randoms(use_true_random=False))
@SLOW
def test_removals_are_all_told(mutations: list[Mutation], random: Random) -> None:
    bundle = Bundle(random)
    expected = {mirrored(place) for mutate in mutations for place in mutate(bundle)}
    assert told(bundle.data(), None)[0] == expected


@pytest.mark.parametrize("mutate", SAME)
def test_what_says_the_same_is_no_difference(mutate: Mutation) -> None:
    for seed in range(3):
        bundle = Bundle(Random(seed))
        mutate(bundle)
        assert bundle.data() != json.dumps(json.loads(_text())).encode()
        assert told(None, bundle.data()) == (set(), Verdict.compatible)
        assert told(bundle.data(), None) == (set(), Verdict.compatible)


@pytest.mark.parametrize("mutate", ADDITIONS)
def test_each_addition_alone(mutate: Mutation) -> None:
    for seed in range(2):
        bundle = Bundle(Random(seed))
        expected = mutate(bundle)
        found, verdict = told(None, bundle.data())
        assert found == expected
        assert verdict < Verdict.breaking


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mutate", REMOVALS)
def test_each_removal_of_what_was_there(mutate: Mutation, seed: int) -> None:
    bundle = Bundle(Random(seed))
    expected = mutate(bundle)
    assert told(None, bundle.data())[0] == expected
    # Back again it is as if it were new.
    back, verdict = told(bundle.data(), None)
    assert {place for _, place in back} == {place for _, place in expected}
    assert all(kind.endswith("added") for kind, _ in back)
    assert verdict < Verdict.breaking or back == {("required field added", *(place for _, place in expected))}


@pytest.mark.parametrize("seed", range(12))
def test_type_written_out_where_it_is_used_is_still_the_same(seed: int) -> None:
    bundle = Bundle(Random(seed))
    expected = inline_type(bundle)
    found, verdict = told(None, bundle.data())
    assert found == expected
    assert verdict is Verdict.compatible
    assert told(bundle.data(), None) == (expected, Verdict.compatible)
