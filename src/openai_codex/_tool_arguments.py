"""What a tool takes: the JSON schema of a function's parameters, and the way back from JSON to arguments.

Both come from one pydantic model with a field per parameter, so whatever pydantic understands works: ``Annotated`` and
``Field`` with descriptions and limits, defaults, ``Literal``, enums, models, dataclasses. The fields have neutral names
with the parameters' as aliases, because a parameter may be called what a model's attribute is.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType, SimpleNamespace, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema

__all__ = ["ToolArgumentError", "ToolParameters", "plain_function"]

_MAX_ERRORS = 10


class ToolArgumentError(ValueError):
    """The model called a tool with arguments that do not fit; the text tells it what to do better."""


class _Schema(GenerateJsonSchema):
    """Titles repeat the names, and a default that JSON has no form for is just not shown."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def emit_warning(self, kind: Any, detail: str) -> None:
        pass


class ToolParameters:
    """The parameters of one function.

    Args:
        name: Name of the tool, for errors.
        function: The function.
        context_type: Class of the parameter that gets the context of a call instead of a value from the model.
        caller: Who makes the tool: annotations may refer to what is local there.

    Attributes:
        schema: JSON schema of an object with the arguments.
        context_name: Name of the parameter for the context, if there is one.

    Raises:
        TypeError: a parameter has no type, or none that the model could give a value for; or two have the same name.
    """

    def __init__(
        self, name: str, function: Callable[..., Any], context_type: type, caller: FrameType | None = None
    ) -> None:
        self.context_name: str | None = None
        self._parameters: dict[str, inspect.Parameter] = {}  # by field
        fields: dict[str, Any] = {}
        hints = _hints(name, function, caller)
        bound = _bound_keywords(function)
        for each in _signature(name, function).parameters.values():
            if each.name in bound:
                continue
            if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD, each.POSITIONAL_ONLY):
                raise TypeError(f"tool {name}: the parameter {each} cannot be given by name, as the model does it")
            if each.name not in hints:
                hint = " (make a tool of the bound method)" if each.name in ("self", "cls") else ""
                raise TypeError(f"tool {name}: the parameter {each.name} has no type{hint}")
            if _is_context(hints[each.name], context_type):
                if self.context_name is not None:
                    raise TypeError(f"tool {name}: only one parameter can be a {context_type.__name__}")
                self.context_name = each.name
                continue
            field = f"openai_codex_parameter_{len(fields)}"
            self._parameters[field] = each
            fields[field] = (hints[each.name], ... if each.default is each.empty else each.default)
        # A TypedDict or a dataclass among the types takes this configuration over; its names have to stay.
        rename = partial(_alias, {field: each.name for field, each in self._parameters.items()})
        config = ConfigDict(extra="forbid", alias_generator=rename)
        try:
            self._model: type[BaseModel] = create_model(name, __config__=config, **fields)
            self.schema = self._model.model_json_schema(schema_generator=_Schema)
        except PydanticUserError as error:
            reason = error.message.partition(". Set `arbitrary")[0]
            raise TypeError(f"tool {name}: {reason}") from None
        if len(self.schema.get("properties", {})) < len(fields):
            raise TypeError(f"tool {name}: two parameters have the same name for the model")
        self.schema.pop("title", None)

    def bind(self, arguments: Any) -> dict[str, Any]:
        """Return the arguments for the function from what the model has sent.

        Raises:
            ToolArgumentError: they do not fit.
        """
        try:
            # By the rules of JSON: there is no other form for a date, however strict its type is.
            bound = self._model.model_validate_json(json.dumps({} if arguments is None else arguments))
        except ValidationError as error:
            problem = _explain(error)
        else:
            given = {
                field: parameter
                for field, parameter in self._parameters.items()
                if field in bound.model_fields_set or isinstance(parameter.default, FieldInfo)
            }
            return {parameter.name: getattr(bound, field) for field, parameter in given.items()}
        raise ToolArgumentError(problem)


def _alias(aliases: Mapping[str, str], field: str) -> str:
    return aliases.get(field, field)


def plain_function(function: Callable[..., Any]) -> Any:
    """The function behind partials and decorators."""
    while True:
        if isinstance(function, partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = inspect.unwrap(function)
        else:
            return function


def _bound_keywords(function: Callable[..., Any]) -> frozenset[str]:
    """What a partial has set: that is no longer up to the model, although Python would still let it."""
    return frozenset(function.keywords) if isinstance(function, partial) else frozenset()


def _signature(name: str, function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except ValueError:
        raise TypeError(f"tool {name}: Python does not know the parameters of {function!r}") from None


def _hints(name: str, function: Callable[..., Any], caller: FrameType | None) -> dict[str, Any]:
    """The types of the parameters, evaluated."""
    plain = plain_function(function)
    if isinstance(plain, type):
        raise TypeError(f"tool {name}: a class is no tool; write a function that returns an object of it")
    if not inspect.isroutine(plain):
        plain = inspect.unwrap(type(plain).__call__)
    annotations = {each: hint for each, hint in getattr(plain, "__annotations__", {}).items() if each != "return"}
    shim = SimpleNamespace(__annotations__=annotations)
    own = getattr(plain, "__globals__", {})
    local = {} if caller is None else caller.f_locals
    # What is local to the caller is meant if the function was written there, and not in another module.
    scope = {**own, **local} if caller is not None and caller.f_globals is own else {**local, **own}
    try:
        return get_type_hints(shim, globalns=scope, localns=scope, include_extras=True)
    except NameError as error:
        raise TypeError(f"tool {name}: {error}; the types of its parameters must exist when the tool is made") from None
    except SyntaxError as error:
        raise TypeError(f"tool {name}: {error.msg}") from None


def _is_context(hint: Any, context_type: type) -> bool:
    origin = get_origin(hint)
    if origin is Annotated:
        return _is_context(get_args(hint)[0], context_type)
    if origin in (Union, UnionType):
        return any(_is_context(each, context_type) for each in get_args(hint))
    return (hint if origin is None else origin) is context_type


def _explain(error: ValidationError) -> str:
    """What is wrong, for the model that made the call."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    texts = [f"{'.'.join(map(str, each['loc'])) or 'arguments'}: {each['msg']}" for each in details[:_MAX_ERRORS]]
    more = len(details) - _MAX_ERRORS
    return "; ".join(texts) + (f"; and {more} more" if more > 0 else "")
