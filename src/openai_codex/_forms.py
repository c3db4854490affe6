"""Forms of MCP elicitations as pydantic models.

A form is an object schema of flat fields. Its model takes what the schema allows and nothing else, because servers
check what they get with a validator of their own and fail in their own ways. A schema that holds anything that is not
understood has no model at all: half a check would promise what it cannot hold.

This module loads pydantic and the models of the protocol, so others import it when they need it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from keyword import iskeyword
from math import ceil, floor
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic_core import PydanticUndefined, SchemaError

from ._generated import models as m

__all__ = ["choices", "field_problem", "form_content", "form_model"]

_CONFIG = ConfigDict(
    strict=True,
    extra="forbid",
    validate_by_name=True,
    validate_by_alias=True,
    protected_namespaces=(),
    hide_input_in_errors=True,
)


class _Form(BaseModel):
    model_config = _CONFIG


def form_model(schema: m.McpElicitationSchema | None) -> type[BaseModel] | None:
    """Return the model of a form; the same schema gives the same class. None if the schema is not understood.

    A field is called as on the wire where Python can do that, and can be given by its wire name in any case.

    Args:
        schema: The schema, if there is any.
    """
    return None if schema is None else _model(schema.model_dump_json(by_alias=True, exclude_unset=True))


@lru_cache(maxsize=64)
def _model(schema_json: str) -> type[BaseModel] | None:
    schema = m.McpElicitationSchema.model_validate_json(schema_json)
    required = set(schema.required or ())
    fields: dict[str, Any] = {}
    try:
        for wire, prop in schema.properties.items():
            name = _attribute_name(wire, {*schema.properties, *fields})
            fields[name] = _field(wire, prop, name=name, required=wire in required)
        return create_model("Form", __base__=_Form, **fields) if required <= schema.properties.keys() else None
    except (_NotUnderstood, SchemaError):
        return None


class _NotUnderstood(Exception):
    """The schema has something that this version does not know, or that nothing could fulfil."""


def _attribute_name(wire: str, taken: set[str]) -> str:
    """What a field is called in Python."""
    if wire.isidentifier() and not wire.startswith("_") and wire not in _RESERVED and not iskeyword(wire):
        return wire
    name = re.sub(r"\W", "_", wire).strip("_") or "field"
    if not name.isidentifier():
        name = f"field_{name}"
    while name in taken or name in _RESERVED or iskeyword(name):
        name += "_"
    return name


_RESERVED = frozenset(dir(_Form))


def _field(wire: str, prop: Any, *, name: str, required: bool) -> tuple[Any, Any]:
    """Annotation and default of a field, as ``create_model`` takes them."""
    annotation = _annotation(prop)
    options: dict[str, Any] = {"title": prop.title, "description": prop.description}
    if name != wire:
        options["alias"] = wire
    default = _default(annotation, prop)
    if default is not PydanticUndefined:
        return annotation, Field(default, **options)
    if required:
        return annotation, Field(**options)
    # No field of a form can be null, so None is free to say that it is left out.
    return annotation | None, Field(None, **options)


def _default(annotation: Any, prop: Any) -> Any:
    """The default of a field. One that is not allowed itself would be refused by the server, and counts for nothing."""
    if prop.default is None:
        return PydanticUndefined
    # The schema reads every number as a float.
    default = _whole(prop.default) if isinstance(prop, m.McpElicitationNumberSchema) else prop.default
    try:
        return TypeAdapter(annotation, config=_CONFIG).validate_python(default)
    except ValidationError:
        return PydanticUndefined


def _annotation(prop: Any) -> Any:
    if isinstance(prop, m.UnrecognizedMcpElicitationPrimitiveSchema) or not prop.type.is_known:
        raise _NotUnderstood
    values = choices(prop)
    if values is not None:
        if not values:
            raise _NotUnderstood
        one: Any = Literal[tuple(value for value, _ in values)]  # pyright: ignore[reportInvalidTypeForm]
        if isinstance(prop, _MULTI):
            return Annotated[list[one], Field(min_length=prop.min_items, max_length=prop.max_items)]
        return one
    if isinstance(prop, m.McpElicitationBooleanSchema):
        return bool
    if isinstance(prop, m.McpElicitationNumberSchema):
        low, high = prop.minimum, prop.maximum
        if prop.type is m.McpElicitationNumberType.integer:
            low, high = None if low is None else ceil(low), None if high is None else floor(high)
            return Annotated[int, Field(ge=low, le=high)]
        return Annotated[float, Field(ge=low, le=high, allow_inf_nan=False)]
    limits = Field(min_length=prop.min_length, max_length=prop.max_length)
    check = _FORMATS.get(prop.format)
    # A format that is not known is a mere annotation, as JSON Schema has it.
    return Annotated[str, limits] if check is None else Annotated[str, limits, BeforeValidator(_as_text), check]


_MULTI = (m.McpElicitationUntitledMultiSelectEnumSchema, m.McpElicitationTitledMultiSelectEnumSchema)


def choices(prop: Any) -> list[tuple[str, str]] | None:
    """Return what may be chosen for a field, each as it is sent and as people read it; None where text is free.

    Args:
        prop: Schema of the field (schema McpElicitationPrimitiveSchema).
    """
    if isinstance(prop, m.McpElicitationTitledSingleSelectEnumSchema):
        return [(each.const, each.title) for each in prop.one_of]
    if isinstance(prop, m.McpElicitationTitledMultiSelectEnumSchema):
        return [(each.const, each.title) for each in prop.items.any_of]
    if isinstance(prop, m.McpElicitationUntitledMultiSelectEnumSchema):
        return [(each, each) for each in prop.items.enum]
    if isinstance(prop, m.McpElicitationLegacyTitledEnumSchema):
        titles = prop.enum_names or []
        return list(zip(prop.enum, [*titles, *prop.enum[len(titles) :]], strict=False))
    if isinstance(prop, m.McpElicitationUntitledSingleSelectEnumSchema):
        return [(each, each) for each in prop.enum]
    return None


def _whole(value: float) -> float:
    """A number without a fraction as people write it; larger ones are no longer exact."""
    return int(value) if abs(value) < 2**53 and value.is_integer() else value


def _as_text(value: Any) -> Any:
    """Dates and times as ISO 8601 has them; anything else as it is."""
    return value.isoformat() if isinstance(value, date) else value


def _matching(pattern: str, what: str, parse: Callable[[str], Any] = str) -> AfterValidator:
    """A check of text that does not repeat it."""

    def check(value: str) -> str:
        try:
            if re.fullmatch(pattern, value):
                parse(value)
                return value
        except ValueError:
            pass
        raise ValueError(f"it should be {what}")

    return AfterValidator(check)


def _moment(value: str) -> datetime:
    # Python 3.10 reads neither Z nor every number of digits after the second.
    return datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", re.sub(r"\.\d+", "", value.upper())))


_FORMATS: Mapping[Any, AfterValidator] = {
    m.McpElicitationStringFormat.email: _matching(r"[^@\s]+@[^@\s]+", "an email address"),
    m.McpElicitationStringFormat.uri: _matching(r"[A-Za-z][A-Za-z0-9+.-]*:\S+", "a URI with its scheme"),
    m.McpElicitationStringFormat.date: _matching(r"\d{4}-\d\d-\d\d", "a date such as 2026-01-31", date.fromisoformat),
    m.McpElicitationStringFormat.date_time: _matching(
        r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)",
        "a date and time with its offset, such as 2026-01-31T12:00:00Z",
        _moment,
    ),
}


def form_content(model: type[BaseModel], content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a form as it is sent: checked, under wire names, with the defaults of what is left out.

    Args:
        model: Model of the form.
        content: Values by wire name or attribute; None for what is left out.

    Raises:
        ValueError: a value does not fit. The text names the field and not the value.
    """
    try:
        filled = model.model_validate({**content})
    except ValidationError as error:
        problems = [f"{name}: {problem}" for name, problem in _errors(error)]
        raise ValueError(f"the content does not fit the form ({'; '.join(problems)})") from None
    values = filled.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {name: _whole(value) if isinstance(value, float) else value for name, value in values.items()}


def field_problem(model: type[BaseModel], wire: str, value: Any) -> str | None:
    """Return what is wrong with the value of one field, without the value; None if nothing is.

    Args:
        model: Model of the form.
        wire: Wire name of the field.
        value: The value.
    """
    try:
        model.model_validate({wire: value})
    except ValidationError as error:
        return next((problem for name, problem in _errors(error) if name == wire), None)
    return None


def _errors(error: ValidationError) -> list[tuple[str, str]]:
    """Names of fields, and what is wrong with them."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        (str(each["loc"][0]) if each["loc"] else "the form", each["msg"].removeprefix("Value error, "))
        for each in details
    ]
