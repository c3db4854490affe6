"""Every type against the vectors that the schema makes of it: read, written back, and what is unknown kept usable."""

from __future__ import annotations

import copy
import pickle
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, cast

import pytest
from pydantic import BaseModel, ValidationError

from openai_codex._model import OpenEnum, Unrecognized, Variant
from tests.generated.catalogue import CLASSES, ENUMS, KEYED, OPEN, TAGGED, adapter, written
from tests.generated.shapes import Shape, read_protocol
from tests.generated.vectors import KINDS, WORD, Kind, Vector, vectors

DEFINITIONS = read_protocol().definitions
UNIONS = {**TAGGED, **KEYED, **OPEN}


def inside(value: Any) -> Iterable[Any]:
    """What a list or an object holds; nothing else holds anything."""
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).values()
    return cast("list[object]", value) if isinstance(value, list) else ()


def parts(value: Any) -> Iterator[Any]:
    """Every model and enum member in a decoded value, the value included."""
    if isinstance(value, (BaseModel, OpenEnum)):
        yield value
    if isinstance(value, BaseModel) and not isinstance(value, Unrecognized):
        value = {**dict(value), **(value.model_extra or {})}
    for member in inside(value):
        yield from parts(member)


def models(value: Any) -> Iterator[BaseModel]:
    """Every model in a decoded value."""
    return (part for part in parts(value) if isinstance(part, BaseModel))


def unknown(value: Any) -> list[OpenEnum | Unrecognized]:
    """What the schema of today does not know in a decoded value."""
    return [
        part
        for part in parts(value)
        if isinstance(part, Unrecognized) or (isinstance(part, OpenEnum) and not part.is_known)
    ]


def problem(vector: Vector) -> str:
    """What is wrong with the type of a vector, or ""."""
    try:
        value = adapter(vector.name).validate_python(vector.wire)
    except ValidationError as error:
        return "" if vector.refused else str(error)
    if vector.refused:
        return f"took {vector.wire}"
    if (back := written(vector.name, value)) != vector.back:
        return f"{vector.wire} went out as {back}"
    found = [part.raw if isinstance(part, Unrecognized) else part.value for part in unknown(value)]
    if found != vector.unknown:
        return f"{vector.wire}: unknown is {found}"
    if adapter(vector.name).validate_python(value) != value:
        return f"{vector.wire}: its object is another when it is validated again"
    for again in (pickle.loads(pickle.dumps(value)), copy.deepcopy(value), copy.copy(value)):
        if not (again == value and type(again) is type(value) and written(vector.name, again) == back):
            return f"{vector.wire}: a copy is not the same"
    if any(part.root is not part for part in parts(value) if isinstance(part, (Variant, OpenEnum))):
        return f"{vector.wire}: something is not its own root"
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_every_definition_reads_and_writes_its_vectors(kind: Kind) -> None:
    found = {vector.name: text for vector in vectors() if vector.kind == kind and (text := problem(vector))}
    assert found == {}


# --- that nothing is left out ------------------------------------------------------------------------------


def decoded(*kinds: Kind) -> Iterator[Any]:
    for vector in vectors():
        if vector.kind in kinds and not vector.refused:
            yield adapter(vector.name).validate_python(vector.wire)


def test_every_enum_of_the_package_has_taken_a_word_from_the_future() -> None:
    fed: dict[type[OpenEnum], OpenEnum] = {}
    for part in (part for value in decoded("unknown enum value") for part in unknown(value)):
        assert isinstance(part, OpenEnum)
        assert fed.setdefault(type(part), part) is part
    assert fed.keys() == set(ENUMS.values())
    for enum, part in fed.items():
        assert part is enum(WORD) and isinstance(part, str) and part == part.value == WORD
        assert hash(part) == hash(WORD) and not part.is_known
        assert pickle.loads(pickle.dumps(part)) is part and copy.deepcopy(part) is part and copy.copy(part) is part
        assert part not in list(enum) and WORD not in enum.__members__


def test_every_union_of_the_package_has_taken_a_variant_from_the_future() -> None:
    fed = {type(part) for value in decoded("unknown variant") for part in unknown(value)}
    fallbacks = {each for members, _ in UNIONS.values() for each in members if issubclass(each, Unrecognized)}
    assert fed == fallbacks
    assert len(fed) == len(UNIONS)


def test_every_class_of_the_package_has_been_made_of_each_kind_that_it_can_be_of() -> None:
    known = {model for model in CLASSES.values() if not issubclass(model, Unrecognized)}
    for kind in ("maximal", "unknown field"):
        assert {type(part) for value in decoded(kind) for part in models(value)} == known
    smallest: set[type[BaseModel]] = {type(part) for value in decoded("minimal") for part in models(value)}
    assert smallest >= {CLASSES[name] for name in DEFINITIONS if name in CLASSES}
    assert smallest >= {each for members, _ in UNIONS.values() for each in members if each in known}


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside of a schema."""
    if isinstance(schema, dict):
        node = cast("dict[str, Any]", schema)
        yield node
        inner = [*node.get("properties", {}).values(), *(node.get(key) for key in ("items", "additionalProperties"))]
        for each in [*inner, *(branch for key in ("allOf", "anyOf", "oneOf") for branch in node.get(key, ()))]:
            yield from nodes(each)


def texts(value: Any) -> Iterator[str]:
    """All strings and keys in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from cast("dict[str, Any]", value)
    for member in inside(value):
        yield from texts(member)


def test_every_word_and_every_member_of_a_definition_is_in_one_of_its_vectors() -> None:
    said: dict[str, set[str]] = {}
    for vector in vectors():
        if vector.kind == "maximal":
            said.setdefault(vector.name, set()).update(texts(vector.wire))
    for name, definition in DEFINITIONS.items():
        expected = {text for node in nodes(definition) for text in (*node.get("enum", ()), *node.get("properties", ()))}
        assert expected <= said[name], name


def may_be_null(node: dict[str, Any]) -> bool:
    return node.get("type") != "null" and ("null" in node.get("type", ()) or {"type": "null"} in node.get("anyOf", ()))


def test_vectors_are_as_many_as_the_schema_asks_for() -> None:
    """Counted in the bundle itself, without what has made the vectors. ``-s`` shows the numbers."""
    count = Counter(vector.kind for vector in vectors())
    changed: dict[str, set[Shape]] = {kind: set() for kind in KINDS}
    for vector in vectors():
        changed[vector.kind].update(vector.changed)
    every = [node for definition in DEFINITIONS.values() for node in nodes(definition)]
    ways = [max(len(each.get(key, "-")) for key in ("anyOf", "oneOf", "enum")) for each in DEFINITIONS.values()]
    defaults = [
        each
        for node in every
        for name, each in node.get("properties", {}).items()
        if name not in node.get("required", ()) and each is not True and "default" in each and not may_be_null(each)
    ]
    least: dict[Kind, tuple[int, int]] = {
        "minimal": (count["minimal"], len(DEFINITIONS)),
        "maximal": (count["maximal"], sum(ways)),
        "null": (len(changed["null"]), sum(may_be_null(node) for node in every)),
        "null for missing": (len(changed["null for missing"]), len(defaults)),
        "null left out": (len(changed["null left out"]), 1),
        "unknown field": (len(changed["unknown field"]), sum("properties" in node for node in every)),
        "unknown enum value": (len(changed["unknown enum value"]), len(ENUMS)),
        "unknown variant": (len(changed["unknown variant"]), len(UNIONS)),
    }
    for kind, (there, wanted) in least.items():
        print(f"{kind}: {count[kind]} vectors, {len(changed[kind])} places, {there} of {wanted}")
    assert {kind: pair for kind, pair in least.items() if pair[0] < pair[1]} == {}
    assert least.keys() == set(KINDS)
