"""A protocol in its compact form: what travels, and what it is made of. All names are those of the wire.

A type is written as an expression: ``string``, ``integer``, ``number``, ``boolean``, ``null``, ``any``, the name of a
type, a word in quotes, a number or truth value behind
``=``, ``list[...]``, ``map[...]``, and several of them separated by `` | ``. A type that the schema
leaves nameless is called after its owner: ``Config.tools``, ``ThreadItem.plan.steps.item``.

Every part has a place: ``request:thread/start``, ``Thread``, ``Thread.cwd``, ``ThreadItem[agentMessage]``,
``ThreadItem[agentMessage].text``, ``PlanType="free"``. What is experimental is a set of places.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

__all__ = ["Description", "Field", "Fields", "Message", "Type", "dumps", "enclosing", "loads"]


@dataclass(frozen=True, slots=True)
class Field:
    """One property of an object.

    Attributes:
        type: Expression, without null.
        required: Whether it may be missing.
        nullable: Whether it may be null.
        default: What a missing one means, as JSON; "" where nothing is said, or null.
    """

    type: str
    required: bool = False
    nullable: bool = False
    default: str = ""

    @property
    def text(self) -> str:
        """Expression with null."""
        return f"{self.type} | null" if self.nullable else self.type


Fields = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Type:
    """A definition. One of: an object, a list of words with or without variants by key, variants by tag, an alias.

    Attributes:
        fields: Properties of an object.
        rest: Expression of the values of all other properties, or of what else a union may be; "" for nothing.
        values: Words that it may be, in alphabetical order.
        variants: What it may be, by the value of ``tag``; without a tag, by the only key of an object.
        tag: The property that tells variants apart.
        alias: Expression that it stands for.
    """

    fields: Fields = field(default_factory=dict[str, Field])
    rest: str = ""
    values: tuple[str, ...] = ()
    variants: Mapping[str, Fields] = field(default_factory=dict[str, Fields])
    tag: str = ""
    alias: str = ""

    @property
    def kind(self) -> str:
        """``object``, ``words`` (with or without variants by key), ``variants`` or ``alias``."""
        if self.alias:
            return "alias"
        if self.tag:
            return "variants"
        return "words" if self.values or self.variants else "object"

    def parts(self) -> Iterator[tuple[str, Field]]:
        """All fields with their places behind the type's name."""
        for name, each in self.fields.items():
            yield f".{name}", each
        for variant, fields in self.variants.items():
            for name, each in fields.items():
                yield f"[{variant}].{name}", each

    @property
    def rest_part(self) -> str:
        """Where the rest has its place behind the type's name."""
        return ".*" if self.kind == "object" else "[*]"

    def expressions(self) -> Iterator[str]:
        """All expressions in it."""
        yield from (each.type for _, each in self.parts())
        yield from filter(None, (self.rest, self.alias))


@dataclass(frozen=True, slots=True)
class Message:
    """What travels under a method.

    Attributes:
        params: Expression, or "" for none.
        result: Name of the type of the answer; "" for a notification, and where it is not known.
    """

    params: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """A protocol.

    Attributes:
        version: Version of the runtime.
        requests: What the client may ask for.
        notifications: What the runtime may announce.
        server_requests: What the runtime may ask for.
        types: Everything they are made of, by name.
        experimental: Places that only a client with the experimental API has; None where that is not known.
    """

    version: str
    requests: Mapping[str, Message]
    notifications: Mapping[str, Message]
    server_requests: Mapping[str, Message]
    types: Mapping[str, Type]
    experimental: frozenset[str] | None = None

    def is_experimental(self, place: str) -> bool:
        """Whether the place, or the type that it is in, is experimental."""
        return not (self.experimental or frozenset[str]()).isdisjoint(enclosing(place))

    def places(self) -> frozenset[str]:
        """Every place."""
        return frozenset(_places(self))

    def stable(self) -> Description:
        """The part that every client has."""
        gone = self.experimental or frozenset[str]()

        def messages(kind: str, group: Mapping[str, Message]) -> dict[str, Message]:
            return {method: each for method, each in group.items() if f"{kind}:{method}" not in gone}

        return replace(
            self,
            requests=messages("request", self.requests),
            notifications=messages("notification", self.notifications),
            server_requests=messages("server request", self.server_requests),
            types={name: _stable_type(name, each, gone) for name, each in self.types.items() if name not in gone},
            experimental=None if self.experimental is None else frozenset(),
        )


def _stable_type(name: str, known: Type, gone: frozenset[str]) -> Type:
    def fields(place: str, group: Fields) -> dict[str, Field]:
        return {key: each for key, each in group.items() if f"{place}.{key}" not in gone}

    return replace(
        known,
        fields=fields(name, known.fields),
        rest="" if f"{name}{known.rest_part}" in gone else known.rest,
        values=tuple(word for word in known.values if f"{name}={json.dumps(word)}" not in gone),
        variants={
            tag: fields(f"{name}[{tag}]", group)
            for tag, group in known.variants.items()
            if f"{name}[{tag}]" not in gone
        },
    )


def enclosing(place: str) -> Iterator[str]:
    """The place, and what it lies in, from the inside out."""
    yield place
    for end in range(len(place) - 1, 0, -1):
        if place[end] in ".[=":
            yield place[:end]


def _places(description: Description) -> Iterator[str]:
    yield from (f"request:{method}" for method in description.requests)
    yield from (f"notification:{method}" for method in description.notifications)
    yield from (f"server request:{method}" for method in description.server_requests)
    for name, known in description.types.items():
        yield name
        yield from (f"{name}{part}" for part, _ in known.parts())
        yield from (f"{name}[{variant}]" for variant in known.variants)
        if known.rest:
            yield f"{name}{known.rest_part}"
        yield from (f"{name}={json.dumps(word)}" for word in known.values)


# -- as text ---------------------------------------------------------------------------------------------------

# Marks behind the expression of a field, and the version of this notation.
_OPTIONAL, _NULLABLE, _FORMAT = "?", "~", 1


def dumps(description: Description) -> str:
    """The description as JSON, one definition on a line: for package data that also shows well in a diff."""

    def table(entries: Mapping[str, Any]) -> str:
        lines = [f"{json.dumps(key)}:{_json(value)}" for key, value in sorted(entries.items())]
        return "{\n" + ",\n".join(lines) + "\n}"

    def messages(group: Mapping[str, Message]) -> str:
        return table({method: [each.params, each.result] for method, each in group.items()})

    experimental = None if description.experimental is None else sorted(description.experimental)
    parts = [
        f'"format":{_FORMAT}',
        f'"version":{json.dumps(description.version)}',
        f'"requests":{messages(description.requests)}',
        f'"notifications":{messages(description.notifications)}',
        f'"server_requests":{messages(description.server_requests)}',
        f'"types":{table({name: _packed(each) for name, each in description.types.items()})}',
        f'"experimental":{json.dumps(experimental, indent=0, ensure_ascii=False)}',
    ]
    return "{" + ",\n".join(parts) + "}\n"


def loads(text: str) -> Description:
    """Read what ``dumps`` wrote.

    Raises:
        ValueError: it is something else.
    """
    try:
        data = json.loads(text)
        if data["format"] != _FORMAT:
            raise ValueError(f"unknown format {data['format']!r}")
        requests, notifications, server_requests = (
            {key: Message(*_texts(each)) for key, each in data[group].items()} for group in _GROUPS
        )
        experimental = data["experimental"]
        return Description(
            _text(data["version"]),
            requests,
            notifications,
            server_requests,
            types={name: _unpacked(each) for name, each in data["types"].items()},
            experimental=None if experimental is None else frozenset(_texts(experimental)),
        )
    except RecursionError as error:
        raise ValueError("not the description of a protocol (nested too deeply)") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not the description of a protocol ({type(error).__name__}: {error})") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} where a text belongs")
    return value


def _texts(values: object) -> list[str]:
    if not isinstance(values, list):
        raise TypeError(f"{type(values).__name__} where a list belongs")
    return [_text(value) for value in cast("list[object]", values)]


_GROUPS = ("requests", "notifications", "server_requests")


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _packed(known: Type) -> dict[str, Any]:
    def fields(group: Fields) -> dict[str, Any]:
        return {name: _packed_field(each) for name, each in sorted(group.items())}

    out: dict[str, Any] = {}
    if known.fields:
        out["fields"] = fields(known.fields)
    if known.values:
        out["values"] = list(known.values)
    if known.variants:
        out["variants"] = {tag: fields(group) for tag, group in sorted(known.variants.items())}
    out.update({key: value for key in ("rest", "tag", "alias") if (value := getattr(known, key))})
    return out


def _packed_field(each: Field) -> str | list[str]:
    marks = ("" if each.required else _OPTIONAL) + (_NULLABLE if each.nullable else "")
    return [each.type + marks, each.default] if each.default else each.type + marks


def _unpacked(data: Mapping[str, Any]) -> Type:
    def fields(group: Mapping[str, Any]) -> dict[str, Field]:
        return {name: _unpacked_field(each) for name, each in group.items()}

    return Type(
        fields=fields(data.get("fields", {})),
        values=tuple(_texts(data.get("values", []))),
        variants={tag: fields(group) for tag, group in data.get("variants", {}).items()},
        **{key: _text(data[key]) for key in ("rest", "tag", "alias") if key in data},
    )


def _unpacked_field(packed: str | list[str]) -> Field:
    text, default = (packed, "") if isinstance(packed, str) else _texts(packed)
    nullable = text.endswith(_NULLABLE)
    text = text.removesuffix(_NULLABLE)
    return Field(text.removesuffix(_OPTIONAL), not text.endswith(_OPTIONAL), nullable, default)
