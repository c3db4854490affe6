"""The base of all generated models: strict in what is sent, tolerant in what is read.

Reading: fields that the schema does not know are ignored. An enum value that it does not know becomes a pseudo-member
(`OpenEnum`), a union member that it does not know becomes an ``Unrecognized...`` variant that keeps the raw object.
Null where a field may only be missing counts as missing.

Sending: a model serialises the fields that were set (``None`` included: null on the wire is not the same as absent)
plus the constants that tell the members of a union apart, at every depth.

Models outside the hot module are built on first use, by one thread at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from enum import Enum
from functools import cache
from typing import Any, Literal, cast, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    ModelWrapValidatorHandler,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticUseDefault, core_schema
from typing_extensions import Self

__all__ = [
    "NULL_IS_MISSING",
    "OpenEnum",
    "OpenKey",
    "OpenTag",
    "OpenUnion",
    "Unrecognized",
    "Variant",
    "WireModel",
    "to_wire",
    "validator_of",
]


_build_lock = threading.RLock()


class WireModel(BaseModel):
    """Base of every protocol type. Attributes are snake_case; the wire name works as well when constructing."""

    model_config = ConfigDict(
        validate_by_name=True,
        validate_by_alias=True,
        extra="ignore",
        protected_namespaces=(),
        hide_input_in_errors=True,
    )

    def __init__(self, **data: Any) -> None:
        """Make an object to send: names must be right, and what is set here is what is sent.

        Raises:
            TypeError: there is no such field.
            ValidationError: a value does not fit.
        """
        super().__init__(**data)
        cls = type(self)
        if cls.model_config.get("extra") != "allow" and (unknown := data.keys() - _field_names(cls)):
            known = ", ".join(cls.model_fields)
            raise TypeError(f"{cls.__name__} has no field {', '.join(sorted(unknown))}; it has: {known or 'none'}")
        self.__pydantic_fields_set__.update(_constants(cls))

    # Tells pydantic that validation need not go through __init__: what comes from the wire has its constants set.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]

    @classmethod
    def model_rebuild(
        cls,
        *,
        force: bool = False,
        raise_errors: bool = True,
        _parent_namespace_depth: int = 2,
        _types_namespace: Any = None,
    ) -> bool | None:
        """Build the validator, one thread at a time (two racing builds would break each other)."""
        with _build_lock:
            return super().model_rebuild(
                force=force,
                raise_errors=raise_errors,
                _parent_namespace_depth=_parent_namespace_depth + 1,
                _types_namespace=_types_namespace,
            )


class Variant(WireModel):
    """One member of a union. ``root`` is the object itself, so code written for wrapped unions keeps working."""

    @property
    def root(self) -> Self:
        """The object itself."""
        return self


class Unrecognized(Variant):
    """A union member that this schema does not know. It keeps, and serialises back to, what the runtime sent."""

    _raw: Any = PrivateAttr(default=None)

    @property
    def raw(self) -> Any:
        """The decoded JSON value as it came."""
        return self._raw

    @model_validator(mode="wrap")
    @classmethod
    def _keep_raw(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(value, cls):
            return value
        constants = {wire for wire, _ in _constants(cls).values()}
        known: dict[str, Any] = {}
        if isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            known = {key: item for key, item in members.items() if key not in constants}
        try:
            self = handler(known)
        except ValidationError:
            self = handler({})
        self._raw = value
        return self

    @model_serializer(mode="plain")
    def _dump_raw(self) -> Any:
        return self._raw


def _refuse_null(value: Any) -> Any:
    if value is None:
        raise PydanticUseDefault
    return value


NULL_IS_MISSING = BeforeValidator(_refuse_null)
"""Marks a field of what is read: null, which it may not be, gives its default."""


class OpenEnum(str, Enum):
    """A string enum that takes values from the future: an unknown one becomes a pseudo-member.

    Pseudo-members are equal, identical, picklable and hashable like members; iterating the class does not show them.
    """

    def __format__(self, spec: str) -> str:
        """As ``str()``, in every Python; 3.10 would show the value."""
        return format(str(self), spec)

    @property
    def root(self) -> Self:
        """The member itself, so code written for wrapped enums keeps working."""
        return self

    @classmethod
    def model_validate(cls, value: Any) -> Self:
        """The member for a value, by the name that wrapped enums have for it."""
        return cls(value)

    @property
    def is_known(self) -> bool:
        """Whether the schema has this value; False for a pseudo-member."""
        return type(self).__members__.get(self.name) is self

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return cast(Self, cls._value2member_map_.setdefault(value, member))


@cache
def _constants(model: type[BaseModel]) -> dict[str, tuple[str, Any]]:
    """Fields of ``model`` that are fixed to one value: attribute -> (wire name, value)."""
    return {
        name: (field.alias or name, field.default)
        for name, field in model.model_fields.items()
        if get_origin(field.annotation) is Literal and not field.is_required()
    }


def to_wire(model: BaseModel) -> dict[str, Any]:
    """The JSON object to send for ``model``: what was set, under wire names."""
    # Pydantic's warnings about what was assigned later show the value, and it may be secret.
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)


def validator_of(schema_type: Any) -> Callable[[Any], Any]:
    """What validates a value of a model or of a union: the validator itself, in half the time of ``model_validate``."""
    if _is_class(schema_type, BaseModel):
        model = cast("type[BaseModel]", schema_type)
        model.model_rebuild()  # unless it is built
        return model.__pydantic_validator__.validate_python
    return TypeAdapter[Any](schema_type).validate_python


def _is_class(member: Any, base: type) -> bool:
    return get_origin(member) is None and isinstance(member, type) and issubclass(member, base)


def _split(source: Any) -> tuple[list[type[Any]], type[Unrecognized]]:
    """The known members of a union, and its fallback."""
    members: list[type[Any]] = list(get_args(source))
    fallback = next(member for member in members if _is_class(member, Unrecognized))
    members.remove(fallback)
    return members, fallback


class OpenTag:
    """Marks a union that goes by the value of one field; a value it does not know selects the fallback.

    Args:
        wire: Name of that field on the wire.
    """

    def __init__(self, wire: str) -> None:
        self.wire = wire

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        members, fallback = _split(source)
        choices: dict[str, CoreSchema] = {}
        by_class: dict[type, str] = {}
        for member in (*members, fallback):
            value = next(
                value for wire, value in _constants(cast("type[BaseModel]", member)).values() if wire == self.wire
            )
            choices[value] = handler.generate_schema(member)
            by_class[member] = value
        other, wire = by_class[fallback], self.wire
        names = {wire, *(name for name, (alias, _) in _constants(fallback).items() if alias == wire)}

        def discriminate(value: Any) -> str | None:
            if not isinstance(value, dict):
                return by_class.get(cast("type[object]", type(value)))
            members = cast("dict[str, Any]", value)
            tag = members.get(wire)
            if tag is None:
                tag = next((members[name] for name in names if name in members), None)
            return None if tag is None else tag if isinstance(tag, str) and tag in choices else other

        return core_schema.tagged_union_schema(choices, discriminate)


class OpenKey:
    """Marks a union of an enum and of objects with a single key, as externally tagged Rust enums look in JSON."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        members, fallback = _split(source)
        other = fallback.__name__
        choices: dict[str, CoreSchema] = {other: handler.generate_schema(fallback)}
        by_class: dict[type, str] = {fallback: other}
        by_key: dict[str, str] = {}
        words: str | None = None
        for member in members:
            choices[member.__name__] = handler.generate_schema(member)
            by_class[member] = member.__name__
            if issubclass(member, BaseModel):
                by_key.update(dict.fromkeys(_field_names(member), member.__name__))
            else:
                words = member.__name__

        def discriminate(value: Any) -> str | None:
            if isinstance(value, str):
                return words
            if isinstance(value, dict):
                return next((by_key[key] for key in cast("Iterable[str]", value) if key in by_key), other)
            return by_class.get(cast("type[object]", type(value)))

        return core_schema.tagged_union_schema(choices, discriminate)


@cache
def _field_names(model: type[BaseModel]) -> frozenset[str]:
    """Every name that a field of ``model`` can be given by."""
    aliases = (field.alias for field in model.model_fields.values())
    return frozenset([*model.model_fields, *(alias for alias in aliases if alias)])


def _known(model: BaseModel) -> BaseModel:
    """Refuse a member that holds an enum value from the future: to another member the value may be known."""
    for value in vars(model).values():
        if isinstance(value, OpenEnum) and not value.is_known:
            raise ValueError(f"{value.value!r} is not known")
    return model


class OpenUnion:
    """Marks a union without any tag: the members are tried, and the fallback takes what none of them takes.

    A member whose enums know all values goes before one that merely tolerates them.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        members, fallback = _split(source)
        schemas = [handler.generate_schema(member) for member in members]
        exact = [
            core_schema.no_info_after_validator_function(_known, schema) if _is_class(member, BaseModel) else schema
            for member, schema in zip(members, schemas, strict=True)
        ]
        known, tolerated = core_schema.union_schema([*exact]), core_schema.union_schema([*schemas])
        return core_schema.union_schema([known, tolerated, handler.generate_schema(fallback)], mode="left_to_right")
