"""Output types: what a type is asked for with, and what becomes of the answer."""

from __future__ import annotations

import json
import logging
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ForwardRef, Literal, Union
from uuid import UUID

import pytest
from hypothesis import given, settings, strategies as st
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    RootModel,
    TypeAdapter,
    create_model,
    field_validator,
)
from pydantic_core import CoreSchema
from typing_extensions import TypedDict

from openai_codex._output import InvalidAnswer, OutputType
from openai_codex.errors import SchemaNotStrictError
from tests.unit.strictness import violations


class Line(BaseModel):
    name: str = Field(min_length=2)
    price: float


class Order(BaseModel):
    model_config = ConfigDict(title="An order")
    lines: list[Line]
    due: date = Field(alias="dueDate")


class Node(BaseModel):
    children: list[Node]


class Shelf(RootModel[list[Line]]):
    pass


class Film(TypedDict):
    title: str


@dataclass
class Point:
    x: int


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Broken(BaseModel):
    other: Missing  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable]


@dataclass
class BrokenPoint:
    other: Missing  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable]


def of(output_type: Any) -> OutputType[Any]:
    return OutputType(output_type)


def errors_of(output_type: Any, text: str | None) -> list[dict[str, Any]]:
    with pytest.raises(InvalidAnswer) as caught:
        of(output_type).parse(text)
    return caught.value.errors


@pytest.mark.parametrize(
    ("output_type", "text", "value"),
    [
        (
            Order,
            '{"lines": [{"name": "ab", "price": 1.5}], "dueDate": "2026-01-31"}',
            Order(lines=[Line(name="ab", price=1.5)], dueDate=date(2026, 1, 31)),
        ),
        (Node, '{"children": [{"children": []}]}', Node(children=[Node(children=[])])),
        (Film, '{"title": "M"}', {"title": "M"}),
        (Point, '{"x": 1}', Point(1)),
        (Shelf, '{"value": [{"name": "ab", "price": 1}]}', Shelf([Line(name="ab", price=1)])),
        (list[int], '{"value": [1, 2]}', [1, 2]),
        (set[date], '{"value": ["2026-01-31"]}', {date(2026, 1, 31)}),
        (Union[int, str], ' {"value": "1"}\n', "1"),
        (Union[Line, None], '{"value": null}', None),
        (Colour, '{"value": "red"}', Colour.RED),
        (Literal["a", "b"], '{"value": "b"}', "b"),
        (Annotated[int, Field(ge=1)], '{"value": 1}', 1),
        (str, '{"value": "text"}', "text"),
        (TypeAdapter(list[Line]), '{"value": []}', []),
        (TypeAdapter(Line), '{"name": "ab", "price": 1}', Line(name="ab", price=1)),
    ],
)
def test_answer_becomes_a_value_of_the_type(output_type: Any, text: str, value: object) -> None:
    kind = of(output_type)
    assert list(violations(kind.schema)) == []
    parsed = kind.parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


def test_errors_are_those_of_pydantic_without_addresses() -> None:
    assert errors_of(Order, '{"lines": [{"name": "a"}], "dueDate": "2026-01-31"}') == [
        {
            "type": "string_too_short",
            "loc": ("lines", 0, "name"),
            "msg": "String should have at least 2 characters",
            "input": "a",
        },
        {"type": "missing", "loc": ("lines", 0, "price"), "msg": "Field required", "input": {"name": "a"}},
    ]


def test_errors_of_a_wrapped_value_say_where_it_is_in_the_answer() -> None:
    (error,) = errors_of(list[int], '{"value": [1, "x"]}')
    assert (error["type"], error["loc"], error["input"]) == ("int_parsing", ("value", 1), "x")


def test_error_of_a_validator_keeps_only_plain_details() -> None:
    class Picky(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def refuse(cls, value: str) -> str:
            raise ValueError("not this one")

    (error,) = errors_of(Picky, '{"name": "a"}')
    assert error == {"type": "value_error", "loc": ("name",), "msg": "Value error, not this one", "input": "a"}


@pytest.mark.parametrize("output_type", [Line, list[int]])
@pytest.mark.parametrize("text", [None, "", " \n"])
def test_missing_answer_is_an_error(output_type: Any, text: str | None) -> None:
    (error,) = errors_of(output_type, text)
    assert error == {"type": "missing", "loc": (), "msg": "the turn ended without an answer", "input": text}


@pytest.mark.parametrize("output_type", [Line, list[int]])
@pytest.mark.parametrize("text", ["Sorry, I cannot.", '{"value": [1', '{"value": 1} and more', "```json\n{}\n```"])
def test_answer_that_is_no_json_is_an_error_with_the_words_of_the_parser(output_type: Any, text: str) -> None:
    (error,) = errors_of(output_type, text)
    assert (error["type"], error["loc"], error["input"]) == ("json_invalid", (), text)
    assert error["msg"].startswith("Invalid JSON: ")
    assert "line 1 column" in error["msg"]


@pytest.mark.parametrize("output_type", [Line, list[int]])
@pytest.mark.parametrize("text", ["\ud800", '"\ud800"', r'{"value": "\ud800"}'])
def test_answer_that_is_no_unicode_is_an_error(output_type: Any, text: str) -> None:
    assert errors_of(output_type, text)


def test_wrapped_answer_has_to_be_wrapped() -> None:
    (no_object,) = errors_of(list[int], "[1]")
    assert (no_object["loc"], no_object["input"]) == ((), [1])
    (without,) = errors_of(list[int], '{"values": [1]}')
    assert (without["type"], without["loc"], without["input"]) == ("missing", ("value",), {"values": [1]})


@pytest.mark.parametrize(
    ("output_type", "name"),
    [
        (Order, "Order"),
        (list[int], "list[int]"),
        (Colour, "Colour"),
        (TypeAdapter(list[int]), "TypeAdapter(list[int])"),
    ],
)
def test_name_is_that_of_the_type(output_type: Any, name: str) -> None:
    assert of(output_type).name == name


@pytest.mark.parametrize(
    ("output_type", "cause"),
    [
        (Broken, "'Missing' is not defined"),
        (BrokenPoint, "'Missing' is not defined"),
        (list[ForwardRef("Missing")], "Missing"),  # type: ignore[misc]
        ("Missing", "Missing"),
        ("not a type", "not a type"),
        ("1 + 'x'", "1 + 'x'"),
        (Callable[[], int], "JsonSchema"),
        (5, "Unable to generate"),
        (TypeAdapter(Callable[[], int]), "JsonSchema"),
    ],
)
def test_type_that_pydantic_has_no_schema_for_is_a_type_error_of_one_line(output_type: Any, cause: str) -> None:
    with pytest.raises(TypeError) as caught:
        of(output_type)
    text = str(caught.value)
    assert text.startswith("output_type ")
    assert cause in text
    assert "\n" not in text
    assert caught.value.__cause__ is not None


def test_type_that_is_completed_later_is_taken_then() -> None:
    class Late(BaseModel):
        other: Other  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

    with pytest.raises(TypeError, match="'Other' is not defined"):
        of(Late)
    Late.model_rebuild(_types_namespace={"Other": int})
    assert of(Late).parse('{"other": 1}').other == 1


def test_type_without_a_strict_schema_is_refused_by_its_name() -> None:
    with pytest.raises(SchemaNotStrictError, match=r"output_type dict\[str, int\]: \$ is an open mapping"):
        of(dict[str, int])


def test_default_that_is_no_json_is_no_reason_for_a_warning() -> None:
    class Sized(BaseModel):
        size: Any = Field(default=object(), json_schema_extra={"type": "integer"})

    assert of(Sized).schema["properties"]["size"]["type"] == "integer"  # warnings are errors here


def test_notes_are_logged_for_each_output_type(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="openai_codex"):
        kinds = [of(Line), of(Line), of(Point)]
    assert [kind.notes for kind in kinds] == [("$.name: minLength",)] * 2 + [()]
    text = "output_type Line: its strict schema leaves out $.name: minLength"
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [(logging.DEBUG, text)] * 2


def test_adapter_of_a_type_is_built_once() -> None:
    built: list[object] = []

    class Counted:
        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
            built.append(source)
            return handler(int)

    of(list[Counted])
    before = len(built)
    assert of(list[Counted]).parse('{"value": [1]}') == [1]
    assert len(built) == before > 0


def test_schema_belongs_to_its_output_type_alone() -> None:
    of(Line).schema["properties"].clear()
    assert list(of(Line).schema["properties"]) == ["name", "price"]


def test_unions_in_another_order_have_schemas_of_their_own() -> None:
    schemas = [of(each).schema["properties"]["value"]["anyOf"] for each in (Union[int, str], Union[str, int])]
    assert schemas == [[{"type": "integer"}, {"type": "string"}], [{"type": "string"}, {"type": "integer"}]]


def test_type_that_cannot_be_hashed_is_taken() -> None:
    unhashable = Annotated[int, Field(ge=1), ["a list"]]
    with pytest.raises(TypeError):
        hash(unhashable)
    assert of(unhashable).parse('{"value": 1}') == 1


def test_follow_up_quotes_errors_and_asks_for_json() -> None:
    kind = of(Order)
    with pytest.raises(InvalidAnswer) as caught:
        kind.parse('{"lines": [{"name": "a"}]}')
    assert kind.follow_up(caught.value.errors).splitlines() == [
        "Your last answer does not fit the JSON schema that it was asked for:",
        "- $.lines[0].name: String should have at least 2 characters",
        "- $.lines[0].price: Field required",
        "- $.dueDate: Field required",
        "Answer again with JSON that fits the schema, and with nothing else.",
    ]


def test_follow_up_is_bounded() -> None:
    kind = of(list[int])
    with pytest.raises(InvalidAnswer) as caught:
        kind.parse(json.dumps({"value": ["x"] * 25}))
    lines = kind.follow_up(caught.value.errors).splitlines()
    assert len(lines) == 1 + 20 + 1 + 1
    assert lines[20].startswith("- $.value[19]: ")
    assert lines[21] == "- and 5 more"
    long = kind.follow_up([{"loc": (), "msg": "first\n\nsecond " + "x" * 10_000}]).splitlines()
    assert len(long) == 3
    assert long[1].startswith("- $: first second xxx")
    assert len(long[1]) < 400


# Types at random, each with a strategy of its values. Names are those of keywords of JSON schema, among others.
NAMES = ["type", "properties", "default", "title", "items", "required", "const", "enum", "description", "x", "y"]
ALIASES = ["$ref", "$defs", "anyOf", "allOf", "odd name", "not", "z"]

LEAVES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, st.integers()),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (str, st.text()),
    (bool, st.booleans()),
    (date, st.dates()),
    (datetime, st.datetimes()),
    (time, st.times()),
    (timedelta, st.timedeltas(timedelta(days=-999), timedelta(days=999))),
    (UUID, st.uuids()),
    (Decimal, st.decimals(-1000, 1000, places=2)),
    (Colour, st.sampled_from(Colour)),
    (Literal["a", 1, None], st.sampled_from(["a", 1, None])),
    (Union[int, str], st.integers() | st.text()),
    (Annotated[int, Field(ge=0, le=9)], st.integers(0, 9)),
    (Annotated[str, Field(min_length=1, max_length=3)], st.text(min_size=1, max_size=3)),
]

Typed = tuple[Any, st.SearchStrategy[Any]]


def listed(inner: Typed) -> Typed:
    annotation: Any = inner[0]
    return list[annotation], st.lists(inner[1], max_size=3)


def optional(inner: Typed) -> Typed:
    return Union[inner[0], None], st.none() | inner[1]


@st.composite
def models(draw: st.DrawFn, inner: st.SearchStrategy[Typed]) -> Typed:
    fields: dict[str, Any] = {}
    values: dict[str, st.SearchStrategy[Any]] = {}
    aliases = iter(draw(st.permutations(ALIASES)))
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True)):
        annotation, strategy = draw(inner)
        alias = next(aliases) if draw(st.booleans()) else None
        more: dict[str, Any] = {"description": "d"} if draw(st.booleans()) else {}
        if draw(st.booleans()):
            more["default_factory"] = lambda: None
        fields[name] = (annotation, Field(alias=alias, **more))
        values[alias or name] = strategy
    name = "".join(draw(st.lists(st.sampled_from(string.ascii_uppercase), min_size=1, max_size=2)))
    extra: Any = draw(st.sampled_from(["ignore", "forbid"]))
    model = create_model(name, __config__=ConfigDict(extra=extra), **fields)
    return model, st.fixed_dictionaries(values).map(model.model_validate)


def types() -> st.SearchStrategy[Typed]:
    return st.recursive(
        st.sampled_from(LEAVES),
        lambda inner: models(inner) | inner.map(listed) | inner.map(optional),
        max_leaves=6,
    )


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_schema_is_strict_and_what_pydantic_writes_is_read_back(data: st.DataObject) -> None:
    annotation, values = data.draw(types())
    kind = of(annotation)
    assert list(violations(kind.schema)) == []
    value = data.draw(values)
    written = TypeAdapter(annotation).dump_python(value, mode="json", by_alias=True)
    is_object = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    text = json.dumps(written if is_object else {"value": written})
    assert kind.parse(text) == value
