"""What becomes of a JSON schema in the strict subset: kept, rewritten, dropped with a note, or refused with a place."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Optional, Union
from uuid import UUID

import pytest
from pydantic import (
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    TypeAdapter,
    computed_field,
)
from typing_extensions import NotRequired, TypedDict

from openai_codex._strict import StrictSchema, strict_schema, walk_path
from openai_codex.errors import SchemaNotStrictError
from tests.unit.strictness import violations


def bare(node: Any) -> Any:
    """A schema without its titles, which say nothing that a test is about."""
    kept = {key: value for key, value in node.items() if key != "title"}
    for key in ("properties", "$defs"):
        if key in kept:
            kept[key] = {name: bare(each) for name, each in kept[key].items()}
    if "items" in kept:
        kept["items"] = bare(kept["items"])
    if "anyOf" in kept:
        kept["anyOf"] = [bare(each) for each in kept["anyOf"]]
    return kept


def obj(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **more,
    }


def converted(output_type: Any) -> StrictSchema:
    return strict_schema(TypeAdapter(output_type).json_schema(), "T")


STRING = {"type": "string"}
INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}
NULL = {"type": "null"}


class Line(BaseModel):
    name: str
    price: float


class Order(BaseModel):
    lines: list[Line]


class Choices(BaseModel):
    nickname: Optional[str]  # noqa: UP045
    age: Optional[int] = None  # noqa: UP045
    size: int = 3
    tags: list[str] = Field(default_factory=list)


class Described(BaseModel):
    """A described order."""

    title: str = Field(description="What it is called.")
    first: Line = Field(description="The first line.")
    second: Line
    third: Line = Line(name="x", price=1)
    fourth: Line = Field(title="Nr. 4")


class Kept(BaseModel):
    percent: int = Field(ge=0, le=100)
    ratio: float = Field(gt=0, lt=1)
    even: int = Field(multiple_of=2)
    few: list[int] = Field(min_length=1, max_length=3)
    code: str = Field(pattern=r"^\d+(?:-\d+)?\(?=$")
    host: str = Field(json_schema_extra={"format": "hostname"})
    mail: str = Field(json_schema_extra={"format": "email"})


class Dropped(BaseModel):
    title: str = Field(min_length=1, max_length=9, examples=["a"], deprecated=True)
    ahead: str = Field(json_schema_extra={"pattern": r"^(?=.*\d).+$"})
    not_ahead: str = Field(json_schema_extra={"pattern": "^(?!a)b$"})
    behind: str = Field(json_schema_extra={"pattern": r"\\(?<=a)b"})
    not_behind: str = Field(json_schema_extra={"pattern": "(?<!a)b"})
    unique: set[int]
    site: AnyUrl
    file: Path
    data: bytes
    other: int = Field(json_schema_extra={"x-unit": "m"})


class Times(BaseModel):
    day: date
    moment: datetime
    clock: time
    span: timedelta
    key: UUID
    four: IPv4Address
    six: IPv6Address


class Colour(str, Enum):
    RED = "red"
    BLUE = "blue"


class Mixed(Enum):
    ONE = 1
    TWO = "two"


class Half(Enum):
    WHOLE = 1
    HALF = 0.5


class Values(BaseModel):
    colour: Colour
    mixed: Mixed
    half: Half
    one: Literal["a"]
    several: Literal["a", "b"]
    perhaps: Literal["a", None]
    yes: Literal[True, 1]


class Lists(BaseModel):
    plain: list[int]
    frozen: frozenset[str]
    endless: tuple[int, ...]
    nested: list[list[bool]]


class Node(BaseModel):
    value: str = Field(min_length=1)
    children: list[Node]


class Branch(BaseModel):
    branches: list[Branch]


class Chicken(BaseModel):
    egg: Egg | None


class Egg(BaseModel):
    chicken: Chicken | None


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    barks: bool


Pet = Annotated[Union[Cat, Dog], Field(discriminator="kind")]
PETS = {
    "Cat": obj({"kind": {"type": "string", "enum": ["cat"]}, "lives": INTEGER}),
    "Dog": obj({"kind": {"type": "string", "enum": ["dog"]}, "barks": {"type": "boolean"}}),
}
PET = {"anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]}


class Owner(BaseModel):
    pets: list[Pet]


class Film(TypedDict):
    title: str
    year: NotRequired[int]


@dataclass
class Point:
    x: int
    y: int = 0
    labels: list[str] = field(default_factory=list[str])


class Aliased(BaseModel):
    first_name: str = Field(alias="firstName")
    odd: int = Field(validation_alias="odd name", min_length=1, default=0)


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Empty(BaseModel):
    pass


class Keywords(BaseModel):
    ref: int = Field(alias="$ref")
    defs: int = Field(alias="$defs")
    properties: int
    default: str
    title: str
    type: list[str]
    any_of: int = Field(alias="anyOf")
    all_of: int = Field(alias="allOf")
    no: int = Field(alias="not")
    const: str
    enum: str
    items: Line
    required: bool


class Computed(BaseModel):
    side: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def area(self) -> int:
        return self.side**2


class Names(RootModel[list[str]]):
    pass


class Tree(RootModel[list["Tree"]]):
    pass


class Wrapper(RootModel[Line]):
    pass


LINE = obj({"name": STRING, "price": NUMBER})
LINE_REF = {"$ref": "#/$defs/Line"}
NODE = obj({"value": STRING, "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}})
BRANCH = obj({"branches": {"type": "array", "items": {"$ref": "#/$defs/Branch"}}})
MIXED = {"anyOf": [{"type": "integer", "enum": [1]}, {"type": "string", "enum": ["two"]}]}
HALF = {"anyOf": [{"type": "integer", "enum": [1]}, {"type": "number", "enum": [0.5]}]}


def wrap(node: dict[str, Any], **more: Any) -> dict[str, Any]:
    return obj({"value": node}, **more)


TABLE: dict[str, tuple[Any, dict[str, Any], list[str]]] = {
    "model": (Line, LINE, []),
    "nested model": (Order, obj({"lines": {"type": "array", "items": LINE_REF}}, **{"$defs": {"Line": LINE}}), []),
    "optional and default": (
        Choices,
        obj(
            {
                "nickname": {"anyOf": [STRING, NULL]},
                "age": {"anyOf": [INTEGER, NULL]},
                "size": INTEGER,
                "tags": {"type": "array", "items": STRING},
            }
        ),
        ["$.age: default", "$.size: default", "$.tags: not required"],
    ),
    "descriptions": (
        Described,
        obj(
            {
                "title": {"type": "string", "description": "What it is called."},
                "first": {"anyOf": [LINE_REF], "description": "The first line."},
                "second": LINE_REF,
                "third": LINE_REF,
                "fourth": {"anyOf": [LINE_REF]},
            },
            description="A described order.",
            **{"$defs": {"Line": LINE}},
        ),
        ["$.third: default"],
    ),
    "constraints that stay": (
        Kept,
        obj(
            {
                "percent": {"type": "integer", "minimum": 0, "maximum": 100},
                "ratio": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
                "even": {"type": "integer", "multipleOf": 2},
                "few": {"type": "array", "items": INTEGER, "minItems": 1, "maxItems": 3},
                "code": {"type": "string", "pattern": r"^\d+(?:-\d+)?\(?=$"},
                "host": {"type": "string", "format": "hostname"},
                "mail": {"type": "string", "format": "email"},
            }
        ),
        [],
    ),
    "constraints that go": (
        Dropped,
        obj(
            {
                **dict.fromkeys(["title", "ahead", "not_ahead", "behind", "not_behind"], STRING),
                "unique": {"type": "array", "items": INTEGER},
                **dict.fromkeys(["site", "file", "data"], STRING),
                "other": INTEGER,
            }
        ),
        [
            "$.title: deprecated",
            "$.title: examples",
            "$.title: maxLength",
            "$.title: minLength",
            "$.ahead: pattern",
            "$.not_ahead: pattern",
            "$.behind: pattern",
            "$.not_behind: pattern",
            "$.unique: uniqueItems",
            "$.site: minLength",
            "$.site: format",
            "$.file: format",
            "$.data: format",
            "$.other: x-unit",
        ],
    ),
    "dates and keys": (
        Times,
        obj(
            {
                "day": {"type": "string", "format": "date"},
                "moment": {"type": "string", "format": "date-time"},
                "clock": {"type": "string", "format": "time"},
                "span": {"type": "string", "format": "duration"},
                "key": {"type": "string", "format": "uuid"},
                "four": {"type": "string", "format": "ipv4"},
                "six": {"type": "string", "format": "ipv6"},
            }
        ),
        [],
    ),
    "enums and literals": (
        Values,
        obj(
            {
                "colour": {"$ref": "#/$defs/Colour"},
                "mixed": {"$ref": "#/$defs/Mixed"},
                "half": {"$ref": "#/$defs/Half"},
                "one": {"type": "string", "enum": ["a"]},
                "several": {"type": "string", "enum": ["a", "b"]},
                "perhaps": {"anyOf": [{"type": "string", "enum": ["a"]}, NULL]},
                "yes": {"anyOf": [{"type": "boolean", "enum": [True]}, {"type": "integer", "enum": [1]}]},
            },
            **{"$defs": {"Colour": {"type": "string", "enum": ["red", "blue"]}, "Mixed": MIXED, "Half": HALF}},
        ),
        [],
    ),
    "lists": (
        Lists,
        obj(
            {
                "plain": {"type": "array", "items": INTEGER},
                "frozen": {"type": "array", "items": STRING},
                "endless": {"type": "array", "items": INTEGER},
                "nested": {"type": "array", "items": {"type": "array", "items": {"type": "boolean"}}},
            }
        ),
        ["$.frozen: uniqueItems"],
    ),
    "recursion": (Node, {**NODE, "$defs": {"Node": NODE}}, ["$.value: minLength"]),
    "recursion that is described": (
        Annotated[Branch, Field(description="A tree.")],
        {**BRANCH, "description": "A tree.", "$defs": {"Branch": BRANCH}},
        [],
    ),
    "recursion of two": (
        Chicken,
        {
            **obj({"egg": {"anyOf": [{"$ref": "#/$defs/Egg"}, NULL]}}),
            "$defs": {
                "Chicken": obj({"egg": {"anyOf": [{"$ref": "#/$defs/Egg"}, NULL]}}),
                "Egg": obj({"chicken": {"anyOf": [{"$ref": "#/$defs/Chicken"}, NULL]}}),
            },
        },
        [],
    ),
    "recursion without an object": (
        Tree,
        wrap({"$ref": "#/$defs/Tree"}, **{"$defs": {"Tree": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}}),
        [],
    ),
    "discriminated union": (
        Owner,
        obj({"pets": {"type": "array", "items": PET}}, **{"$defs": PETS}),
        ["$.pets[]: discriminator"],
    ),
    "discriminated union as the whole": (Pet, wrap(PET, **{"$defs": PETS}), ["$: discriminator"]),
    "typed dict": (Film, obj({"title": STRING, "year": INTEGER}), ["$.year: not required"]),
    "dataclass": (
        Point,
        obj({"x": INTEGER, "y": INTEGER, "labels": {"type": "array", "items": STRING}}),
        ["$.y: default", "$.labels: not required"],
    ),
    "list": (list[int], wrap({"type": "array", "items": INTEGER}), []),
    "union": (Union[int, str], wrap({"anyOf": [INTEGER, STRING]}), []),
    "optional model": (
        Union[Line, None],
        wrap({"anyOf": [LINE_REF, NULL]}, **{"$defs": {"Line": LINE}}),
        [],
    ),
    "text": (str, wrap(STRING), []),
    "nothing": (None, wrap(NULL), []),
    "enum": (Colour, wrap({"type": "string", "enum": ["red", "blue"]}), []),
    "annotated": (
        Annotated[int, Field(ge=1, description="n")],
        wrap({**INTEGER, "minimum": 1, "description": "n"}),
        [],
    ),
    "notes of what is wrapped": (
        list[Annotated[str, Field(min_length=1)]],
        wrap({"type": "array", "items": STRING}),
        ["$[]: minLength"],
    ),
    "alias": (
        Aliased,
        obj({"firstName": STRING, "odd name": INTEGER}),
        ['$["odd name"]: default', '$["odd name"]: minLength'],
    ),
    "extra fields": (Open, obj({"name": STRING}), ["$: additionalProperties"]),
    "empty model": (Empty, obj({}), []),
    "empty model without extra fields": (Closed, obj({}), []),
    "properties called like keywords": (
        Keywords,
        obj(
            {
                "$ref": INTEGER,
                "$defs": INTEGER,
                "properties": INTEGER,
                "default": STRING,
                "title": STRING,
                "type": {"type": "array", "items": STRING},
                "anyOf": INTEGER,
                "allOf": INTEGER,
                "not": INTEGER,
                "const": STRING,
                "enum": STRING,
                "items": LINE_REF,
                "required": {"type": "boolean"},
            },
            **{"$defs": {"Line": LINE}},
        ),
        [],
    ),
    "computed field": (Computed, obj({"side": INTEGER}), []),
    "root model of a list": (Names, wrap({"type": "array", "items": STRING}), []),
    "root model of a model": (Wrapper, {**LINE, "$defs": {"Line": LINE}}, []),
}


@pytest.mark.parametrize("row", TABLE)
def test_type_has_its_strict_schema(row: str) -> None:
    output_type, schema, notes = TABLE[row]
    strict = converted(output_type)
    assert bare(strict.schema) == schema
    assert list(violations(strict.schema)) == []
    assert sorted(strict.notes) == sorted(notes)
    assert strict.wrapped is (list(schema["properties"]) == ["value"])


def test_number_that_may_be_text_loses_what_the_api_cannot_read() -> None:
    # The pattern of a Decimal has a lookahead, in the versions of pydantic that give one.
    strict = converted(Decimal)
    assert bare(strict.schema) == wrap({"anyOf": [NUMBER, STRING]})
    source = {"anyOf": [NUMBER, {"type": "string", "pattern": r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"}]}
    assert strict_schema(source, "T") == StrictSchema(wrap({"anyOf": [NUMBER, STRING]}), ("$: pattern",), True)


def test_titles_are_kept() -> None:
    schema = converted(Described).schema
    assert schema["title"] == "Described"
    assert schema["properties"]["title"]["title"] == "Title"
    assert schema["properties"]["fourth"] == {"anyOf": [LINE_REF], "title": "Nr. 4"}


class Pair(NamedTuple):
    a: int
    b: str


class Untyped(BaseModel):
    price: Any


class Lines(BaseModel):
    lines: list[Untyped]


class Again(BaseModel):
    first: Lines
    second: Lines


class Prices(BaseModel):
    prices: dict[str, float]


class OddlyNamed(BaseModel):
    odd: Prices = Field(alias="odd name")


class EmptyAndOpen(BaseModel):
    model_config = ConfigDict(extra="allow")


REFUSED: dict[str, tuple[Any, str, str]] = {
    "mapping": (dict[str, int], "$", "is an open mapping"),
    "mapping of anything": (dict, "$", "is an open mapping"),
    "abstract mapping": (Mapping[str, int], "$", "is an open mapping"),
    "mapping with patterns": (dict[Annotated[str, StringConstraints(pattern="a")], int], "$", "is an open mapping"),
    "mapping in a model": (Prices, "$.prices", "use a list of objects with a key and a value"),
    "mapping below an odd name": (OddlyNamed, '$["odd name"].prices', "is an open mapping"),
    "mapping in a union": (Union[int, list[dict[str, int]]], "$[]", "is an open mapping"),
    "model of any fields": (EmptyAndOpen, "$", "is an open mapping"),
    "anything": (Any, "$", "takes a value of any type"),
    "object": (object, "$", "takes a value of any type"),
    "list of anything": (list, "$[]", "takes a value of any type"),
    "union with anything": (list[Union[int, Any]], "$[]", "takes a value of any type"),
    "field of anything": (Lines, "$.lines[].price", "name the type"),
    "field by its first way": (Again, "$.first.lines[].price", "name the type"),
    "tuple": (tuple[int, str], "$", "is a tuple"),
    "tuple of one type": (tuple[int, int], "$", "use an object with a field for each place"),
    "named tuple": (list[Pair], "$[]", "is a tuple"),
}


@pytest.mark.parametrize("row", REFUSED)
def test_type_without_a_strict_schema_is_refused_with_its_place(row: str) -> None:
    output_type, path, text = REFUSED[row]
    with pytest.raises(SchemaNotStrictError) as caught:
        converted(output_type)
    assert caught.value.path == path
    assert f"output_type T: {path} " in str(caught.value)
    assert text in str(caught.value)


REFUSED_SCHEMAS: dict[str, tuple[dict[str, Any], str]] = {
    "object without properties": ({"type": "object"}, "$.x"),
    "object of one type": ({"type": "object", "properties": {}, "additionalProperties": {"type": "string"}}, "$.x"),
    "no type": ({"description": "whatever"}, "$.x"),
    "unknown type": ({"type": "any"}, "$.x"),
    "no types": ({"type": []}, "$.x"),
    "no choice": ({"anyOf": []}, "$.x"),
    "property of anything": ({"type": "object", "properties": {"a": True}}, "$.x.a"),
    "no items": ({"type": "array"}, "$.x[]"),
    "any items": ({"type": "array", "items": True}, "$.x[]"),
    "tuple": ({"type": "array", "prefixItems": [INTEGER], "items": INTEGER}, "$.x"),
    "patterns": ({"type": "object", "properties": {"a": STRING}, "patternProperties": {"b": STRING}}, "$.x"),
    **{
        keyword: ({"type": "string", keyword: {"type": "string"}}, "$.x")
        for keyword in ("not", "if", "then", "else", "dependentSchemas", "dependentRequired")
    },
    "two at once": ({"allOf": [INTEGER, {"minimum": 3}]}, "$.x"),
    "two that contradict": ({"type": "string", "allOf": [INTEGER]}, "$.x"),
    "two choices": ({"anyOf": [INTEGER], "oneOf": [INTEGER]}, "$.x"),
    "fields and a choice": ({"type": "object", "properties": {"a": STRING}, "anyOf": [STRING]}, "$.x"),
    "object as a value": ({"enum": [1, {"a": 1}]}, "$.x"),
    "no values": ({"enum": []}, "$.x"),
    "other document": ({"$ref": "https://example.com/schema.json"}, "$.x"),
    "missing definition": ({"$ref": "#/$defs/Missing"}, "$.x"),
    "other place": ({"$ref": "#/properties/y"}, "$.x"),
    "definition by its name alone": ({"$ref": "D"}, "$.x"),
    "deep": ({"type": "array", "items": {"anyOf": [NULL, obj({"a": obj({"b": True})})]}}, "$.x[].a.b"),
}


@pytest.mark.parametrize("row", REFUSED_SCHEMAS)
def test_schema_that_is_not_strict_is_refused_with_its_place(row: str) -> None:
    node, path = REFUSED_SCHEMAS[row]
    with pytest.raises(SchemaNotStrictError) as caught:
        strict_schema({"type": "object", "properties": {"x": node, "y": STRING}, "$defs": {"D": INTEGER}}, "T")
    assert caught.value.path == path


def test_definitions_that_refer_to_each_other_alone_are_refused() -> None:
    with pytest.raises(SchemaNotStrictError):
        strict_schema({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}}, "T")


REWRITTEN: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "one of": ({"oneOf": [STRING, NULL], "description": "d"}, {"anyOf": [STRING, NULL], "description": "d"}, []),
    "type of a union": ({"type": "string", "anyOf": [STRING]}, {"anyOf": [STRING]}, ["$.x: type"]),
    "all of one": ({"allOf": [{**STRING, "description": "a"}], "description": "b"}, {**STRING, "description": "b"}, []),
    "all of one reference": (
        {"allOf": [{"$ref": "#/$defs/D"}], "default": 1, "description": "b"},
        {"anyOf": [{"$ref": "#/$defs/D"}], "description": "b"},
        ["$.x: default"],
    ),
    "all of one of one": ({"allOf": [{"allOf": [STRING]}]}, STRING, []),
    "reference with a constraint": ({"$ref": "#/$defs/D", "minimum": 3}, {"$ref": "#/$defs/D"}, ["$.x: minimum"]),
    "constant": ({"const": "a", "title": "A", "default": "a"}, {**STRING, "enum": ["a"]}, ["$.x: default"]),
    "constant of no type": ({"const": 2.5}, {**NUMBER, "enum": [2.5]}, []),
    "null": ({"const": None}, NULL, []),
    "several types": (
        {"type": ["string", "null"], "minLength": 1, "pattern": "a"},
        {"type": ["string", "null"], "pattern": "a"},
        ["$.x: minLength"],
    ),
    "constraint of another type": ({"type": "boolean", "minimum": 1}, {"type": "boolean"}, ["$.x: minimum"]),
    "limits of an object": (
        {**obj({"a": STRING}), "minProperties": 1, "propertyNames": {"pattern": "a"}},
        obj({"a": STRING}),
        ["$.x: minProperties", "$.x: propertyNames"],
    ),
    "fields with more of one type": (
        {**obj({"a": STRING}), "additionalProperties": STRING},
        obj({"a": STRING}),
        ["$.x: additionalProperties"],
    ),
    "object without a word about others": (
        {"type": "object", "properties": {"a": STRING}, "required": ["a"]},
        obj({"a": STRING}),
        [],
    ),
    "content of a text": ({**STRING, "contentMediaType": "application/json"}, STRING, ["$.x: contentMediaType"]),
    "own definitions": ({**STRING, "$defs": {"A": True}, "$comment": "c"}, STRING, ["$.x: $defs", "$.x: $comment"]),
}


@pytest.mark.parametrize("row", REWRITTEN)
def test_schema_is_rewritten(row: str) -> None:
    node, expected, notes = REWRITTEN[row]
    source = obj({"x": node, "y": {"$ref": "#/$defs/D"}}, **{"$defs": {"D": INTEGER}})
    strict = strict_schema(source, "T")
    assert bare(strict.schema["properties"]["x"]) == expected
    assert list(strict.notes) == notes
    assert strict.schema["$defs"] == {"D": INTEGER}


def test_definition_that_nobody_refers_to_is_left_out() -> None:
    source = obj({"x": STRING}, **{"$defs": {"Unused": {"type": "object"}}})
    assert strict_schema(source, "T").schema == obj({"x": STRING})


def test_definition_may_have_a_name_that_has_to_be_escaped() -> None:
    source = {"$ref": "#/$defs/a~1b~0c", "$defs": {"a/b~c": obj({"x": {"$ref": "#/$defs/a~1b~0c"}})}}
    strict = strict_schema(source, "T")
    assert strict.schema == {**source["$defs"]["a/b~c"], "$defs": source["$defs"]}  # type: ignore[index]


SOURCES: dict[str, dict[str, Any]] = {
    **{row: TypeAdapter(each[0]).json_schema() for row, each in TABLE.items()},
    **{row: obj({"x": each[0]}, **{"$defs": {"D": INTEGER}}) for row, each in REWRITTEN.items()},
}


@pytest.mark.parametrize("row", SOURCES)
def test_schema_is_left_as_it_is_and_converted_alike_each_time(row: str) -> None:
    source = SOURCES[row]
    before = copy.deepcopy(source)
    first, second = strict_schema(source, "T"), strict_schema(source, "T")
    assert json.dumps(first.schema) == json.dumps(second.schema)
    assert first.notes == second.notes
    scribble(first.schema)
    assert source == before


def scribble(node: Any) -> None:
    """Write into every part of a value."""
    if isinstance(node, dict):
        parts: list[Any] = list(node.values())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        node["scribble"] = True
    elif isinstance(node, list):
        parts = list(node)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        node.append("scribble")  # pyright: ignore[reportUnknownMemberType]
    else:
        return
    for part in parts:
        scribble(part)


def test_definitions_keep_their_order() -> None:
    source = obj({"b": {"$ref": "#/$defs/B"}, "a": {"$ref": "#/$defs/A"}}, **{"$defs": {"A": obj({}), "B": obj({})}})
    assert list(strict_schema(source, "T").schema["$defs"]) == ["A", "B"]


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ((), "$"),
        (("lines", 0, "price"), "$.lines[0].price"),
        (("odd name", 'a"b', "é", "ü ö"), '$["odd name"]["a\\"b"].é["ü ö"]'),
    ],
)
def test_path_is_readable(steps: tuple[str | int, ...], path: str) -> None:
    assert walk_path("$", *steps) == path
