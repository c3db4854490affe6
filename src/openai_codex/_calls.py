"""From Python arguments to parameters on the wire, and from a raw answer to its typed result. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from ._config import CodexConfig
from ._generated import models
from ._generated._methods import EXPERIMENTAL_FIELDS, OPEN_ENUMS, REQUESTS
from ._generated._version import RUNTIME_VERSION
from ._metadata import InitializeResponse
from ._model import OpenEnum, Unrecognized, to_wire, validator_of
from ._unset import UNSET
from .errors import ResponseValidationError

__all__ = ["decode_result", "encode_params", "initialize_params", "refuse_experimental"]

_SHOWN_ERRORS = 3
_SCALARS = frozenset({str, int, float, bool, type(None)})


@cache
def _validator(type_name: str) -> Callable[[Any], Any]:
    return validator_of(getattr(models, type_name))


def _validate(type_name: str, value: Any) -> tuple[Any, str]:
    """Validate a value; returns what is wrong with it, or "". The original error, which shows it, goes nowhere."""
    try:
        return _validator(type_name)(value), ""
    except ValidationError as error:
        return None, _explain(error)


def _dump(params: Any) -> tuple[dict[str, Any], str]:
    try:
        return to_wire(params) if isinstance(params, BaseModel) else cast("dict[str, Any]", params), ""
    except PydanticSerializationError as error:
        return {}, str(error)


def _unheard_of(params: Any, given: Any) -> str:
    """Say which value the schema does not know, or "". One that the caller has as an object may be sent."""
    for where, value in _strangers(params, ""):
        if any(value is known for _, known in _strangers(given, "")):
            continue
        if isinstance(value, OpenEnum):
            kind, known = type(value).__name__, ", ".join(each.value for each in type(value))
            return f"{where}: {value.value!r} is no {kind} ({known}); {kind}({value.value!r}) is sent all the same"
        return f"{where}: no such kind of {type(value).__name__.removeprefix('Unrecognized')} is known"
    return ""


def _strangers(value: Any, where: str) -> Iterator[tuple[str, OpenEnum | Unrecognized]]:
    """What the schema does not know inside of a value, with the path to it."""
    if isinstance(value, OpenEnum):
        if not value.is_known and type(value).__name__ not in OPEN_ENUMS:
            yield where, value
    elif isinstance(value, Unrecognized):
        yield where, value
    elif isinstance(value, BaseModel):
        for name in value.model_fields_set:
            member = getattr(value, name)
            if type(member) not in _SCALARS:
                yield from _strangers(member, f"{where}.{name}" if where else name)
    elif isinstance(value, dict):
        for key, member in cast("dict[str, Any]", value).items():
            yield from _strangers(member, f"{where}.{key}" if where else key)
    elif isinstance(value, (list, tuple)):
        for index, member in enumerate(cast("list[Any]", value)):
            yield from _strangers(member, f"{where}.{index}")


def _explain(error: ValidationError) -> str:
    """What is wrong, without the values: they may be secret."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    texts = [f"{'.'.join(map(str, each['loc'])) or 'value'}: {each['msg']}" for each in details[:_SHOWN_ERRORS]]
    more = len(details) - _SHOWN_ERRORS
    return "; ".join(texts) + (f"; and {more} more" if more > 0 else "")


def encode_params(method: str, fields: Any, experimental_api: bool = True) -> dict[str, Any]:
    """Validate the arguments of a call and return the parameters to send.

    Args:
        method: Wire method.
        fields: Arguments by Python name, ``UNSET`` ones left out of the message; or one model, for methods whose
            parameters are a union.
        experimental_api: Whether the connection was made for experimental methods and fields.

    Raises:
        ValueError: the arguments do not fit the schema, hold what it does not know, or need the experimental API.
    """
    params_type = REQUESTS[method][1]
    if isinstance(fields, dict):
        fields = {name: value for name, value in cast("dict[str, Any]", fields).items() if value is not UNSET}
        if not params_type:
            if not experimental_api:
                refuse_experimental(method, {})
            return {}
    params, problem = _validate(params_type, fields)
    if problem:
        raise ValueError(f"{method}: {problem} (schema {params_type})")
    if problem := _unheard_of(params, fields):
        raise ValueError(f"{method}: {problem}")
    wire, problem = _dump(params)
    if problem:
        raise ValueError(f"{method}: an argument holds what JSON has no form for: {problem}")
    if not experimental_api:
        refuse_experimental(method, wire)
    return wire


def refuse_experimental(method: str, params: Mapping[str, Any]) -> None:
    """Check a request of a client without the experimental API. What the schema does not know is let through.

    Args:
        method: Wire method.
        params: Parameters as they would be sent.

    Raises:
        ValueError: the method, or a field that is set, is experimental.
    """
    _, params_type, _, experimental = REQUESTS.get(method, ("", "", "", False))
    field = next((name for name in EXPERIMENTAL_FIELDS.get(params_type, ()) if name in params), None)
    if experimental or field is not None:
        what = "the method" if field is None else f"the field {field}"
        raise ValueError(f"{method}: {what} is experimental, and needs CodexConfig(experimental_api=True)")


def decode_result(method: str, raw: Any, metadata: InitializeResponse) -> Any:
    """Return the typed result of a call.

    Raises:
        ResponseValidationError: the answer does not fit the schema.
    """
    result_type = REQUESTS[method][2]
    result, problem = _validate(result_type, raw)
    if problem:
        version = metadata.serverInfo.version if metadata.serverInfo is not None else "of unknown version"
        raise ResponseValidationError(
            f"{method}: the answer of codex {version} does not fit schema {result_type} of codex {RUNTIME_VERSION}: "
            f"{problem}. codex.request() returns answers as they come; "
            "a package of the runtime's own version can read this one"
        )
    return result


def initialize_params(config: CodexConfig, *, attests: bool = False) -> dict[str, Any]:
    """Parameters of ``initialize`` for a client with these settings.

    Args:
        config: Settings.
        attests: Whether the client answers ``attestation/generate``; otherwise the runtime does not ask for it.
    """
    info = {"name": config.client_name, "title": config.client_title, "version": config.client_version}
    capabilities = {"experimentalApi": config.experimental_api, **({"requestAttestation": True} if attests else {})}
    fields = {"client_info": info, "capabilities": capabilities}
    return encode_params("initialize", fields)
