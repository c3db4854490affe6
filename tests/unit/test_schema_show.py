"""Methods and types in readable form."""

from __future__ import annotations

import json

import pytest

from openai_codex import types
from openai_codex._schema.description import Description, Field, Message, Type
from openai_codex._schema.names import kinds
from openai_codex._schema.shipped import shipped
from openai_codex._schema.show import as_json, as_text, listed_as_json, listed_as_text, show_method, show_type

PROTOCOL = Description(
    "9.0.0",
    requests={"item/add": Message("AddParams", "AddResponse"), "item/ping": Message("", "")},
    notifications={"item/added": Message("Item")},
    server_requests={"item/ask": Message("Item | null", "Choice")},
    types={
        "AddParams": Type(
            fields={
                "again": Field("boolean", default="false"),
                "item": Field("Item", required=True),
                "note": Field("string", nullable=True),
                "owner": Field("string", required=True, nullable=True),
                "parts": Field("list[Item] | map[Choice]"),
            }
        ),
        "AddResponse": Type(),
        "Choice": Type(values=("no", "yes"), variants={"later": {"later": Field("Delay", required=True)}}),
        "Delay": Type(alias="integer | string"),
        "Item": Type(
            tag="kind",
            variants={"book": {"pages": Field("integer", required=True), "title": Field("string")}, "nothing": {}},
        ),
        "Keyed": Type(variants={"a": {"a": Field("string", required=True)}}),
        "Loop": Type(fields={"next": Field("Loop", nullable=True)}, rest="any"),
        "Open": Type(values=("a",), rest="map[any] | string"),
        "OpenItem": Type(tag="kind", variants={"book": {}}, rest="map[any]"),
    },
    experimental=frozenset(
        {"request:item/ping", "AddParams.note", 'Choice="yes"', "Choice[later]", "Item[book].title", "Item[nothing]"}
        | {"Keyed", "OpenItem[*]"}
    ),
)


def test_request_is_shown_with_all_types_that_it_reaches_each_once() -> None:
    subject = show_method(PROTOCOL, "item/add", doc="Adds an item.\nTwice.", python="codex.rpc.item.add(...)")
    assert as_text(PROTOCOL, subject) == (
        """item/add: request
  Adds an item.
  Twice.
  Python: codex.rpc.item.add(...)

params: AddParams
result: AddResponse

AddParams:
  item    Item
  owner   string | null
  again?  boolean = false
  note?   string | null (experimental)
  parts?  list[Item] | map[Choice]

AddResponse: an object without fields

Item: an object, by its "kind"
  "book"
    pages   integer
    title?  string (experimental)
  "nothing" (experimental)

Choice: one of
  "no", "yes" (experimental)
  {"later": Delay} (experimental)

Delay = integer | string
"""
    )


@pytest.mark.parametrize(
    ("method", "lines"),
    [
        ("item/ping", ["item/ping: request (experimental)", "", "params: none", "result: unknown"]),
        ("item/added", ["item/added: notification", "", "params: Item", "", 'Item: an object, by its "kind"']),
        ("item/ask", ["item/ask: server request", "", "params: Item | null", "result: Choice"]),
    ],
)
def test_other_messages_begin_with_what_they_are(method: str, lines: list[str]) -> None:
    assert as_text(PROTOCOL, show_method(PROTOCOL, method)).split("\n")[: len(lines)] == lines


def test_type_is_shown_with_what_it_refers_to() -> None:
    assert as_text(PROTOCOL, show_type(PROTOCOL, "Loop", python="openai_codex.types.Loop")) == (
        "Loop\n  Python: openai_codex.types.Loop\n\nLoop:\n  next?  Loop | null\n  *  any\n"
    )
    assert as_text(PROTOCOL, show_type(PROTOCOL, "Keyed")) == (
        'Keyed\n\nKeyed (experimental): an object with one key of\n  {"a": string}\n'
    )


def test_union_is_shown_with_what_else_it_may_be() -> None:
    assert as_text(PROTOCOL, show_type(PROTOCOL, "Open")) == 'Open\n\nOpen: one of\n  "a"\n  or map[any] | string\n'
    assert as_text(PROTOCOL, show_type(PROTOCOL, "OpenItem")) == (
        'OpenItem\n\nOpenItem: an object, by its "kind"\n  "book"\n  or map[any] (experimental)\n'
    )
    for name, rest in (("Open", "map[any] | string"), ("OpenItem", "map[any]"), ("Choice", None)):
        assert json.loads(as_json(PROTOCOL, show_type(PROTOCOL, name)))["types"][name]["rest"] == rest


def test_json_has_every_field() -> None:
    data = json.loads(as_json(PROTOCOL, show_method(PROTOCOL, "item/add", python="x")))
    assert [*data["types"]] == ["AddParams", "AddResponse", "Item", "Choice", "Delay"]
    assert {key: data[key] for key in data if key != "types"} == {
        "version": "9.0.0",
        "name": "item/add",
        "kind": "request",
        "experimental": False,
        "doc": None,
        "python": "x",
        "params": "AddParams",
        "result": "AddResponse",
    }
    fields = data["types"]["AddParams"]["fields"]
    assert fields["again"] == {
        "type": "boolean",
        "required": False,
        "nullable": False,
        "default": False,
        "experimental": False,
    }
    assert (fields["owner"]["nullable"], fields["owner"]["required"]) == (True, True)
    assert fields["note"]["experimental"] is True
    choice = data["types"]["Choice"]
    assert (choice["values"], choice["experimental_values"], choice["tag"]) == (["no", "yes"], ["yes"], None)
    assert choice["variants"]["later"]["experimental"] is True
    assert data["types"]["Item"]["tag"] == "kind"
    assert data["types"]["Delay"] == {"kind": "alias", "experimental": False, "alias": "integer | string"}
    loop = json.loads(as_json(PROTOCOL, show_type(PROTOCOL, "Loop")))
    assert (loop["kind"], loop["params"], loop["types"]["Loop"]["rest"]) == ("type", None, "any")


def test_list_names_kind_and_what_is_experimental() -> None:
    found = ["item/add", "item/ask", "item/ping"]
    assert listed_as_text(PROTOCOL, found) == (
        "item/add   request\nitem/ask   server request\nitem/ping  request         experimental\n"
    )
    assert listed_as_text(PROTOCOL, ["Keyed", "Loop"]) == "Keyed  type            experimental\nLoop   type\n"
    assert json.loads(listed_as_json(PROTOCOL, ["item/ping", "Loop"])) == [
        {"name": "item/ping", "kind": "request", "experimental": True},
        {"name": "Loop", "kind": "type", "experimental": False},
    ]


def test_everything_that_is_shipped_can_be_shown() -> None:
    described = shipped()
    for method in kinds(described):
        subject = show_method(described, method)
        assert as_text(described, subject).startswith(f"{method}: ")
        data = json.loads(as_json(described, subject))
        assert all(part.removesuffix(" | null") in data["types"] for part in (data["params"], data["result"]) if part)
    for name in described.types:
        assert f"\n\n{name}" in as_text(described, show_type(described, name))
        assert name in json.loads(as_json(described, show_type(described, name)))["types"]


def test_every_named_type_is_reached_in_python() -> None:
    # ``schema show TYPE`` says so.
    missing = [name for name in shipped().types if "." not in name and not hasattr(types, name)]
    assert missing == []
