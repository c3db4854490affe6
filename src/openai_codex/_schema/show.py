"""A method or a type in readable form, with all types that it refers to, the nearest first and each once.

The notation: ``name?`` may be left out, and means what stands behind ``=``. Words are in quotes. Types are written as
in a description: ``string``, ``list[Turn]``, ``map[string]``, ``Turn | null``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from .description import Description, Fields, Message
from .expressions import names
from .names import kinds

__all__ = ["Subject", "as_json", "as_text", "listed_as_json", "listed_as_text", "show_method", "show_type"]

_WIDTH = 100
_INDENT = "  "
_KIND_WIDTH = len("server request")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be shown.

    Attributes:
        name: Name of the method, or of the type.
        kind: What kind of message it is, or ``type``.
        message: What travels; None for a type.
        experimental: Whether only a client with the experimental API has it.
        doc: What the schema says of it, "" for nothing.
        python: How it is reached in Python, "" where it is not.
    """

    name: str
    kind: str
    message: Message | None
    experimental: bool
    doc: str = ""
    python: str = ""

    @property
    def roots(self) -> list[str]:
        """The expressions to begin with."""
        parts = [self.name] if self.message is None else [self.message.params, self.message.result]
        return [part for part in parts if part]


def show_method(description: Description, name: str, *, doc: str = "", python: str = "") -> Subject:
    """A method of a description, which must have it."""
    kind = kinds(description)[name]
    groups = {
        "request": description.requests,
        "notification": description.notifications,
        "server request": description.server_requests,
    }
    experimental = description.is_experimental(f"{kind}:{name}")
    return Subject(name, kind, groups[kind][name], experimental, doc, python)


def show_type(description: Description, name: str, *, python: str = "") -> Subject:
    """A type of a description, which must have it."""
    return Subject(name, "type", None, description.is_experimental(name), python=python)


def listed_as_text(description: Description, found: Iterable[str]) -> str:
    """Methods or types, one on a line, with what kind of message each is and whether it is experimental."""
    rows = [*_rows(description, found)]
    width = max(len(name) for name, _, _ in rows)
    lines = (f"{name:{width}}  {kind:{_KIND_WIDTH}}  {'experimental' if mark else ''}" for name, kind, mark in rows)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def listed_as_json(description: Description, found: Iterable[str]) -> str:
    """The same for programs, as a list."""
    keys = ("name", "kind", "experimental")
    return json.dumps([dict(zip(keys, row, strict=True)) for row in _rows(description, found)], indent=2) + "\n"


def _rows(description: Description, found: Iterable[str]) -> Iterator[tuple[str, str, bool]]:
    known = kinds(description)
    for name in found:
        place = f"{known[name]}:{name}" if name in known else name
        yield name, known.get(name, "type"), description.is_experimental(place)


def as_text(description: Description, subject: Subject) -> str:
    """For a terminal."""
    # A type says what it is in its definition.
    mark = " (experimental)" if subject.experimental else ""
    lines = [f"{subject.name}{'' if subject.message is None else f': {subject.kind}{mark}'}"]
    lines += [f"{_INDENT}{line}" for paragraph in subject.doc.split("\n") for line in wrap(paragraph, _WIDTH)]
    if subject.python:
        lines += [f"{_INDENT}Python: {subject.python}"]
    if subject.message is not None:
        lines += ["", f"params: {subject.message.params or 'none'}"]
        if subject.kind != "notification":
            lines += [f"result: {subject.message.result or 'unknown'}"]
    for name in _reached(description, subject.roots):
        lines += ["", *_definition(description, name)]
    return "\n".join(lines) + "\n"


def as_json(description: Description, subject: Subject) -> str:
    """For programs, in ASCII. Keys stay as they are; further ones may come."""
    message = subject.message
    document: dict[str, Any] = {
        "version": description.version,
        "name": subject.name,
        "kind": subject.kind,
        "experimental": subject.experimental,
        "doc": subject.doc or None,
        "python": subject.python or None,
        "params": (message.params or None) if message else None,
        "result": (message.result or None) if message else None,
        "types": {name: _data(description, name) for name in _reached(description, subject.roots)},
    }
    return json.dumps(document, indent=2) + "\n"


def _reached(description: Description, roots: Iterable[str]) -> Iterator[str]:
    """The types that expressions refer to, breadth first."""
    todo = [name for root in roots for name in names(root)]
    seen: set[str] = set()
    for name in todo:  # grows while it is read
        if name not in seen and name in description.types:
            seen.add(name)
            yield name
            todo += [each for text in description.types[name].expressions() for each in names(text)]


# -- as text ---------------------------------------------------------------------------------------------------


def _definition(description: Description, name: str) -> Iterator[str]:
    known = description.types[name]
    mark = " (experimental)" if _marked(description, name) else ""
    if known.alias:
        yield f"{name}{mark} = {known.alias}"
    elif known.tag:
        yield f'{name}{mark}: an object, by its "{known.tag}"'
        for tag, fields in known.variants.items():
            yield from _variant(description, f"{name}[{tag}]", f"{json.dumps(tag)}", fields)
        yield from _rest(description, name)
    elif known.kind == "words":
        yield f"{name}{mark}: {'one of' if known.values else 'an object with one key of'}"
        yield from _words(description, name, known.values)
        for key, fields in known.variants.items():
            inner = " ".join(each.text for each in fields.values())
            yield f"{_INDENT}{{{json.dumps(key)}: {inner}}}{_mark(description, f'{name}[{key}]')}"
        yield from _rest(description, name)
    else:
        yield f"{name}{mark}:{'' if known.fields or known.rest else ' an object without fields'}"
        yield from _fields(description, name, known.fields, _INDENT)
        yield from _rest(description, name)


def _rest(description: Description, name: str) -> Iterator[str]:
    """All other properties of an object, or what else a union may be."""
    known = description.types[name]
    if known.rest:
        title = "*  " if known.kind == "object" else "or "
        yield f"{_INDENT}{title}{known.rest}{_mark(description, f'{name}{known.rest_part}')}"


def _variant(description: Description, place: str, title: str, fields: Fields) -> Iterator[str]:
    yield f"{_INDENT}{title}{_mark(description, place)}"
    yield from _fields(description, place, fields, 2 * _INDENT)


def _fields(description: Description, place: str, fields: Fields, indent: str) -> Iterator[str]:
    # What is needed comes first.
    ordered = sorted(fields.items(), key=lambda item: (not item[1].required, item[0]))
    shown = [(f"{name}{'' if each.required else '?'}", name, each) for name, each in ordered]
    width = max((len(title) for title, _, _ in shown), default=0)
    for title, name, each in shown:
        default = f" = {each.default}" if each.default else ""
        yield f"{indent}{title:{width}}  {each.text}{default}{_mark(description, f'{place}.{name}')}"


def _words(description: Description, name: str, values: Iterable[str]) -> Iterator[str]:
    words = [f"{json.dumps(word)}{_mark(description, f'{name}={json.dumps(word)}')}" for word in values]
    yield from (
        f"{_INDENT}{line}" for line in wrap(", ".join(words), _WIDTH, break_long_words=False, break_on_hyphens=False)
    )


def _marked(description: Description, place: str) -> bool:
    return place in (description.experimental or ())


def _mark(description: Description, place: str) -> str:
    """Whether this place is experimental and what it lies in is not."""
    return " (experimental)" if _marked(description, place) else ""


# -- as data ---------------------------------------------------------------------------------------------------


def _data(description: Description, name: str) -> dict[str, Any]:
    known = description.types[name]
    out: dict[str, Any] = {"kind": known.kind, "experimental": description.is_experimental(name)}
    if known.kind == "object":
        out |= {"fields": _fields_data(description, name, known.fields), "rest": known.rest or None}
    elif known.kind == "alias":
        out |= {"alias": known.alias}
    else:
        places = {tag: f"{name}[{tag}]" for tag in known.variants}
        out |= {
            "values": list(known.values),
            "experimental_values": [
                word for word in known.values if description.is_experimental(f"{name}={json.dumps(word)}")
            ],
            "tag": known.tag or None,
            "variants": {
                tag: {
                    "experimental": description.is_experimental(places[tag]),
                    "fields": _fields_data(description, places[tag], fields),
                }
                for tag, fields in known.variants.items()
            },
            "rest": known.rest or None,
        }
    return out


def _fields_data(description: Description, place: str, fields: Fields) -> dict[str, Any]:
    return {
        name: {
            "type": each.type,
            "required": each.required,
            "nullable": each.nullable,
            "default": json.loads(each.default) if each.default else None,
            "experimental": description.is_experimental(f"{place}.{name}"),
        }
        for name, each in fields.items()
    }
