"""Tools: what the model is told about a function's parameters, and what becomes of the arguments it sends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Optional, Union  # as older code has them
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator
from typing_extensions import TypedDict

from openai_codex import Tool, ToolContext, tool
from openai_codex._tool_arguments import ToolArgumentError

ID = UUID("12345678-1234-5678-1234-567812345678")


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Line(BaseModel):
    name: str = Field(description="What it is", min_length=2)
    price: float = 0.5


class Order(BaseModel):
    lines: list[Line]


class Node(BaseModel):
    children: list[Node] = []


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    due: date


class Fussy(BaseModel):
    word: str

    @field_validator("word")
    @classmethod
    def check(cls, word: str) -> str:
        raise ValueError("not this word")


@dataclass
class Point:
    x: int
    y: int = 0


class Film(TypedDict):
    title: str


class Opaque:
    pass


def of(hint: Any, default: Any = ...) -> Tool[..., Any]:
    """A tool with one parameter ``x``."""

    def lookup(x: Any) -> None: ...

    lookup.__annotations__["x"] = hint
    if default is not ...:
        lookup.__defaults__ = (default,)
    return tool(lookup)


LINE = {
    "title": "Line",
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "What it is", "minLength": 2},
        "price": {"type": "number", "default": 0.5},
    },
    "required": ["name"],
}
NODE: dict[str, Any] = {
    "title": "Node",
    "type": "object",
    "properties": {"children": {"type": "array", "default": [], "items": {"$ref": "#/$defs/Node"}}},
}
COLOUR = {"title": "Colour", "type": "string", "enum": ["red", "blue"]}
POINT = {
    "title": "Point",
    "type": "object",
    "properties": {"x": {"type": "integer"}, "y": {"type": "integer", "default": 0}},
    "required": ["x"],
    "additionalProperties": False,
}
ORDER = {
    "title": "Order",
    "type": "object",
    "properties": {"lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}}},
    "required": ["lines"],
}
TYPES: list[tuple[Any, dict[str, Any], Any, Any]] = [
    (str, {"type": "string"}, "a", "a"),
    (int, {"type": "integer"}, 3, 3),
    (float, {"type": "number"}, 3, 3.0),
    (bool, {"type": "boolean"}, False, False),
    (Any, {}, {"a": [None]}, {"a": [None]}),
    (Optional[int], {"anyOf": [{"type": "integer"}, {"type": "null"}]}, None, None),  # noqa: UP045
    ("int | None", {"anyOf": [{"type": "integer"}, {"type": "null"}]}, 3, 3),
    (Union[int, str], {"anyOf": [{"type": "integer"}, {"type": "string"}]}, "3", "3"),
    (
        Annotated[int, Field(description="How many", ge=1, le=5)],
        {"type": "integer", "description": "How many", "minimum": 1, "maximum": 5},
        5,
        5,
    ),
    (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}, "b", "b"),
    (Colour, {"$ref": "#/$defs/Colour", "$defs": {"Colour": COLOUR}}, "red", Colour.RED),
    (
        Order,
        {"$ref": "#/$defs/Order", "$defs": {"Order": ORDER, "Line": LINE}},
        {"lines": [{"name": "pen"}]},
        Order(lines=[Line(name="pen")]),
    ),
    (
        Node,
        {"$ref": "#/$defs/Node", "$defs": {"Node": NODE}},
        {"children": [{"children": []}]},
        Node(children=[Node()]),
    ),
    (Point, {"$ref": "#/$defs/Point", "$defs": {"Point": POINT}}, {"x": 1}, Point(1)),
    (list[int], {"type": "array", "items": {"type": "integer"}}, [1, 2], [1, 2]),
    (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}, {"a": 1}, {"a": 1}),
    (set[int], {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}, [1, 1], {1}),
    (date, {"type": "string", "format": "date"}, "2030-12-24", date(2030, 12, 24)),
    (timedelta, {"type": "string", "format": "duration"}, "PT5S", timedelta(seconds=5)),
    (UUID, {"type": "string", "format": "uuid"}, str(ID), ID),
]


@pytest.mark.parametrize(("hint", "schema", "sent", "value"), TYPES, ids=[str(row[0]) for row in TYPES])
def test_type_hint_is_a_schema_and_the_way_to_a_value(
    hint: Any, schema: dict[str, Any], sent: object, value: object
) -> None:
    made, schema = of(hint), {**schema}
    definitions = {"$defs": schema.pop("$defs")} if "$defs" in schema else {}
    whole = {"type": "object", "properties": {"x": schema}, "required": ["x"], "additionalProperties": False}
    assert made.schema == {**whole, **definitions}
    bound = made.parameters.bind({"x": sent})
    assert bound == {"x": value}
    assert type(bound["x"]) is type(value)


@pytest.mark.parametrize(
    ("hint", "sent", "value"),
    [
        (Annotated[date, Field(strict=True)], "2030-12-24", date(2030, 12, 24)),
        (Annotated[Colour, Field(strict=True)], "red", Colour.RED),
        (Strict, {"due": "2030-12-24"}, Strict(due=date(2030, 12, 24))),
        (tuple[int, str], [1, "a"], (1, "a")),
        (bytes, "a", b"a"),
        (Decimal, "1.5", Decimal("1.5")),
        (Film, {"title": "M"}, {"title": "M"}),
    ],
    ids=str,
)
def test_arguments_are_read_by_the_rules_of_json(hint: Any, sent: object, value: object) -> None:
    assert of(hint).parameters.bind({"x": sent}) == {"x": value}


@pytest.mark.parametrize(
    ("default", "shown"), [(3, {"default": 3}), (None, {"default": None}), (Opaque(), {})], ids=["int", "none", "odd"]
)
def test_parameter_with_a_default_may_be_left_out_and_is_then_up_to_the_function(
    default: object, shown: dict[str, Any]
) -> None:
    made = of(int, default)
    assert made.schema["properties"] == {"x": {"type": "integer", **shown}}
    assert "required" not in made.schema
    assert made.parameters.bind({}) == made.parameters.bind(None) == {}


def test_default_that_is_a_field_is_bound_because_python_knows_none() -> None:
    def lookup(
        limit: int = Field(4, description="How many"),
        tags: list[str] = Field(default_factory=list),  # noqa: B008
    ) -> None: ...

    made = tool(lookup)
    assert made.schema["properties"]["limit"] == {"type": "integer", "default": 4, "description": "How many"}
    assert made.parameters.bind({}) == {"limit": 4, "tags": []}
    assert made.parameters.bind({"limit": 5, "tags": ["a"]}) == {"limit": 5, "tags": ["a"]}


def test_names_of_models_members_are_names_like_others() -> None:
    def lookup(
        schema: int,
        json: int,
        copy: int,
        model_config: int,
        model_fields: int,
        _x: int,
        __root__: int,
        validate: int = 1,
    ) -> None: ...

    made = tool(lookup)
    names = ["schema", "json", "copy", "model_config", "model_fields", "_x", "__root__"]
    assert [*made.schema["properties"]] == [*names, "validate"]
    assert made.schema["required"] == names
    assert made.parameters.bind(dict.fromkeys(names, 1)) == dict.fromkeys(names, 1)


def test_alias_is_the_name_for_the_model() -> None:
    def lookup(from_: Annotated[str, Field(alias="from")], class_: str = Field("k", alias="class")) -> None: ...

    made = tool(lookup)
    assert [*made.schema["properties"]] == ["from", "class"]
    assert made.parameters.bind({"from": "a", "class": "b"}) == {"from_": "a", "class_": "b"}
    with pytest.raises(ToolArgumentError, match=r"^from: Field required; from_: Extra inputs are not permitted$"):
        made.parameters.bind({"from_": "a"})


def test_two_parameters_of_one_alias_are_refused() -> None:
    def lookup(a: int, b: int = Field(3, alias="a")) -> None: ...

    with pytest.raises(TypeError, match="tool lookup: two parameters have the same name"):
        tool(lookup)


# Context


def plain(context: ToolContext, q: str) -> None: ...
def optional(q: str, context: Optional[ToolContext] = None) -> None: ...  # noqa: UP045
def united(q: str, context: ToolContext[int] | None = None) -> None: ...
def bare(q: str, context: ToolContext | None = None) -> None: ...
def annotated(q: str, *, context: Annotated[ToolContext, "the call"]) -> None: ...


@pytest.mark.parametrize("function", [plain, optional, united, bare, annotated])
def test_context_is_no_parameter_for_the_model(function: Any) -> None:
    made = tool(function)
    assert made.parameters.context_name == "context"
    assert [*made.schema["properties"]] == made.schema["required"] == ["q"]
    assert made.parameters.bind({"q": "a"}) == {"q": "a"}
    with pytest.raises(ToolArgumentError, match="context: Extra inputs"):
        made.parameters.bind({"q": "a", "context": None})


def test_second_context_is_refused() -> None:
    def lookup(a: ToolContext, b: ToolContext) -> None: ...

    with pytest.raises(TypeError, match="tool lookup: only one parameter can be a ToolContext"):
        tool(lookup)


# What does not fit


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "line: Field required"),
        ({"line": {"name": "pen", "price": "much"}}, "line.price: Input should be a valid number.*"),
        ({"line": {"name": "p"}}, "line.name: String should have at least 2 characters"),
        ({"line": {"name": "pen"}, "z": 1}, "z: Extra inputs are not permitted"),
        ({"line": {"name": "pen"}, "fussy": {"word": "no"}}, "fussy.word: Value error, not this word"),
        ({"line": 3, "z": 1}, "line: Input should be an object; z: Extra inputs are not permitted"),
        ([], "arguments: Input should be an object"),
        ("text", "arguments: Input should be an object"),
        (None, "line: Field required"),
        ({"line": {"name": "\ud800"}}, "arguments: Invalid JSON: .*"),
    ],
)
def test_arguments_that_do_not_fit_are_explained(arguments: object, text: str) -> None:
    def buy(line: Line, fussy: Fussy | None = None) -> None: ...

    with pytest.raises(ToolArgumentError, match=f"^{text}$") as caught:
        tool(buy).parameters.bind(arguments)
    assert caught.value.__cause__ is None and caught.value.__context__ is None  # they hold the arguments


def test_explanation_is_bounded() -> None:
    with pytest.raises(ToolArgumentError, match=r"x\.9: [^;]+; and 2 more$"):
        of(list[int]).parameters.bind({"x": ["a"] * 12})
