"""What an answer is asked for as: a Python type, its strict JSON schema, and the way back from text to a value.

The schema goes to the runtime, which hands it on to the model's provider. Neither of them promises that the answer
fits, and a strict schema says less than the type does, so the answer is validated here, by the type itself. The schema
of an answer must be an object; any other answer travels as the property ``value`` of one.

Pydantic decides what a type is, so this module takes whatever ``pydantic.TypeAdapter`` takes. It does so by the
defaults of pydantic: aliases in the schema and in the answer, and the rules of JSON, where a date is a text.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast, get_origin

from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind
from pydantic_core import from_json, to_json

from ._log import log
from ._strict import WRAPPED, StrictSchema, strict_schema, walk_path

__all__ = ["InvalidAnswer", "OutputType"]

_T = TypeVar("_T")

_QUOTED = 20
_SUMMED_UP = 3
_LINE = 300


class InvalidAnswer(Exception):
    """An answer that does not fit its type.

    Attributes:
        errors: What does not fit: dicts with ``type``, ``loc``, ``msg`` and ``input``, as pydantic details them.
    """

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class _Prepared:
    name: str
    adapter: TypeAdapter[Any]
    strict: StrictSchema


class _Generator(GenerateJsonSchema):
    """Makes schemas without a word about defaults that are no JSON: defaults are dropped anyway."""

    ignored_warning_kinds: set[JsonSchemaWarningKind] = {  # noqa: RUF012
        *GenerateJsonSchema.ignored_warning_kinds,
        "non-serializable-default",
    }


class OutputType(Generic[_T]):
    """A type that an answer is asked for as.

    Attributes:
        name: Name of the type, for messages.
        schema: Its strict JSON schema, as the runtime takes it (wire: ``outputSchema`` of ``turn/start``).
        notes: What the type says and the schema does not, such as ``$.title: minLength``.
    """

    def __init__(self, output_type: type[_T] | TypeAdapter[_T]) -> None:
        """Make the schema of a type.

        Args:
            output_type: Any type that pydantic knows, or a ``TypeAdapter`` of one.

        Raises:
            TypeError: Pydantic has no JSON schema for ``output_type``.
            SchemaNotStrictError: Its JSON schema describes values that no strict schema can describe.
        """
        prepared = _prepared(output_type)
        self.name = prepared.name
        self.schema = copy.deepcopy(prepared.strict.schema)
        self.notes = prepared.strict.notes
        self._adapter = cast("TypeAdapter[_T]", prepared.adapter)
        self._wrapped = prepared.strict.wrapped
        if self.notes:
            log(logging.DEBUG, "output_type %s: its strict schema leaves out %s", self.name, ", ".join(self.notes))

    def parse(self, text: str | None) -> _T:
        """Read an answer.

        Args:
            text: The answer, or None where there is none.

        Returns:
            The value.

        Raises:
            InvalidAnswer: There is no answer, it is no JSON, or it does not fit the type.
        """
        if text is None or not text.strip():
            raise InvalidAnswer([_detail("missing", "the turn ended without an answer", text)])
        try:
            if not self._wrapped:
                return self._adapter.validate_json(text)
            return self._adapter.validate_json(to_json(_unwrapped(text)))
        except ValidationError as error:
            prefix = (WRAPPED,) if self._wrapped else ()
            details = error.errors(include_url=False, include_context=False)
            raise InvalidAnswer([{**each, "loc": (*prefix, *each["loc"])} for each in details]) from error

    def summary(self, errors: Sequence[Mapping[str, Any]]) -> str:
        """Say in a line what is wrong with an answer, without the answer itself.

        Args:
            errors: The errors of an `InvalidAnswer`.
        """
        shown = [f"{walk_path('$', *each['loc'])}: {each['msg']}" for each in errors[:_SUMMED_UP]]
        more = len(errors) - len(shown)
        return _shortened("; ".join([*shown, *([f"and {more} more"] if more else [])]))

    def follow_up(self, errors: Sequence[Mapping[str, Any]]) -> str:
        """Say to the model what is wrong with its answer.

        Args:
            errors: The errors of an `InvalidAnswer`.

        Returns:
            The input of the turn that asks for another answer: the first errors, and what to answer with.
        """
        lines = [f"- {walk_path('$', *each['loc'])}: {each['msg']}" for each in errors[:_QUOTED]]
        if len(errors) > _QUOTED:
            lines.append(f"- and {len(errors) - _QUOTED} more")
        return "\n".join(
            [
                "Your last answer does not fit the JSON schema that it was asked for:",
                *(_shortened(" ".join(line.split())) for line in lines),
                "Answer again with JSON that fits the schema, and with nothing else.",
            ]
        )


def _shortened(line: str) -> str:
    return line if len(line) <= _LINE else f"{line[:_LINE]}..."


def _detail(kind: str, message: str, value: object, *loc: str) -> dict[str, Any]:
    return {"type": kind, "loc": loc, "msg": message, "input": value}


def _unwrapped(text: str) -> object:
    """The value in the object that an answer was wrapped in.

    Raises:
        InvalidAnswer: The text is no JSON, no object, or an object without the value.
    """
    try:
        answer = from_json(text.encode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise InvalidAnswer([_detail("json_invalid", f"Invalid JSON: {error}", text)]) from error
    if not isinstance(answer, dict):
        raise InvalidAnswer([_detail("dict_type", "Input should be an object", answer)])
    fields = cast("dict[str, object]", answer)
    if WRAPPED not in fields:
        raise InvalidAnswer([_detail("missing", "Field required", fields, WRAPPED)])
    return fields[WRAPPED]


def _prepared(output_type: Any) -> _Prepared:
    try:
        hash(output_type)
    except TypeError:  # metadata of Annotated, for example
        return _prepare(output_type)
    # Unions are equal whatever their order, and their schemas are not.
    return _prepare_once(output_type, repr(output_type))


@lru_cache(maxsize=128)
def _prepare_once(output_type: Any, order: str) -> _Prepared:
    return _prepare(output_type)


def _prepare(output_type: Any) -> _Prepared:
    name = _name(output_type)
    try:
        adapter = cast("TypeAdapter[Any]", output_type if _is_adapter(output_type) else TypeAdapter(output_type))
        adapter.rebuild()  # an adapter puts off what it cannot resolve, and then does not say what that was
        schema = adapter.json_schema(schema_generator=_Generator)
    except (PydanticUserError, NameError, SyntaxError, TypeError, AttributeError) as error:
        # Advice to authors of pydantic plugins and an address may follow the first line.
        cause = str(error).partition("\n")[0]
        raise TypeError(f"output_type {name}: pydantic has no JSON schema for it: {cause}") from error
    return _Prepared(name, adapter, strict_schema(schema, name))


def _is_adapter(value: object) -> bool:
    return isinstance(value, TypeAdapter)


def _name(output_type: Any) -> str:
    # Python 3.10 takes a generic alias for a class, with the name of its origin, which is not enough.
    named = isinstance(output_type, type) and get_origin(output_type) is None
    return output_type.__name__ if named else repr(output_type)
