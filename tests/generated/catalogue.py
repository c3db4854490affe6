"""Everything that the generated package holds, by kind; for tests that go through all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter
from typing_extensions import TypeAliasType

from openai_codex._generated import models
from openai_codex._generated._version import RUNTIME_VERSION
from openai_codex._model import OpenEnum, OpenKey, OpenTag, OpenUnion, Unrecognized, to_wire

RECORDED_WITH = "0.163.0"
"""Runtime that the recordings in tests/data were made with, and the version of the official package in them."""


def _release(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)[:3]]


needs_recorded_schema = pytest.mark.skipif(
    _release(RUNTIME_VERSION) < _release(RECORDED_WITH),
    reason=f"the schema is of {RUNTIME_VERSION}, older than the recordings of {RECORDED_WITH}",
)

TYPES: dict[str, Any] = {name: getattr(models, name) for name in models.MODULE_OF}
CLASSES: dict[str, type[BaseModel]] = {
    name: value for name, value in TYPES.items() if isinstance(value, type) and issubclass(value, BaseModel)
}
ENUMS: dict[str, type[Enum]] = {
    name: value for name, value in TYPES.items() if isinstance(value, type) and issubclass(value, Enum)
}
ALIASES: dict[str, TypeAliasType] = {name: value for name, value in TYPES.items() if isinstance(value, TypeAliasType)}


def marked(kind: type[Any]) -> dict[str, tuple[Any, Any]]:
    """Unions that carry this marker: name -> (members, marker)."""
    found: dict[str, tuple[Any, Any]] = {}
    for name, alias in ALIASES.items():
        value: Any = alias.__value__
        if get_origin(value) is Annotated:
            union, *extras = get_args(value)
            marker = next((extra for extra in extras if isinstance(extra, kind)), None)
            if marker is not None:
                found[name] = (get_args(union), marker)
    return found


TAGGED = marked(OpenTag)
KEYED = marked(OpenKey)
OPEN = marked(OpenUnion)


def constants(model: type[BaseModel]) -> dict[str, Any]:
    """Wire name -> value of the fields that a model fixes."""
    return {
        field.alias or name: get_args(field.annotation)[0]
        for name, field in model.model_fields.items()
        if get_origin(field.annotation) is Literal
    }


def _example(annotation: Any, depth: int) -> Any:
    """A JSON value for an annotation, as small as the schema allows."""
    if isinstance(annotation, TypeAliasType):
        return _example(annotation.__value__, depth)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _example(arguments[0], depth)
    if origin is Literal:
        return arguments[0]
    if origin is list:
        return []
    if origin is dict:
        return {}
    if origin is not None:  # a union: the first member that is no fallback
        return _example(next(each for each in arguments if not _is_fallback(each)), depth)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return example(annotation, depth + 1)
    if isinstance(annotation, type) and issubclass(annotation, OpenEnum):
        return next(iter(annotation)).value
    scalars: dict[Any, Any] = {str: "text", int: 7, bool: True, float: 0.5}
    return scalars.get(annotation, {"any": [1, None]})


def _is_fallback(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Unrecognized)


def example(model: type[BaseModel], depth: int = 0) -> dict[str, Any]:
    """A wire object for a model: what it requires and its constants."""
    assert depth < 20, "the schema is expected to have no recursive types"
    return {
        field.alias or name: _example(field.annotation, depth)
        for name, field in model.model_fields.items()
        if field.is_required() or get_origin(field.annotation) is Literal
    }


@cache
def adapter(name: str) -> TypeAdapter[Any]:
    """What reads values of this type."""
    return TypeAdapter(TYPES[name])


def written(name: str, value: Any) -> Any:
    """The JSON for a value of this type, as the client sends it."""
    if isinstance(value, BaseModel):
        return to_wire(value)
    return adapter(name).dump_python(value, mode="json", by_alias=True, exclude_unset=True, warnings=False)


def literals(annotation: Any) -> Iterator[Any]:
    """All ``Literal`` parts of an annotation, without following names."""
    if get_origin(annotation) is Literal:
        yield annotation
    for argument in get_args(annotation):
        if get_origin(annotation) is not Literal:
            yield from literals(argument)
