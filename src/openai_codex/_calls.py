"""From Python arguments to parameters on the wire, and from a raw answer to its typed result. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError

from ._config import CodexConfig
from ._generated import models
from ._generated._methods import REQUESTS
from ._generated._version import RUNTIME_VERSION
from ._metadata import InitializeResponse
from ._model import to_wire
from ._unset import UNSET
from .errors import ResponseValidationError

__all__ = ["decode_result", "encode_params", "initialize_params", "without_none"]

_SHOWN_ERRORS = 3


def without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are set. For public keywords, where None means "not given"."""
    return {name: value for name, value in fields.items() if value is not None}


@cache
def _adapter(type_name: str) -> TypeAdapter[Any]:
    return TypeAdapter(getattr(models, type_name))


def _explain(error: ValidationError) -> str:
    """What is wrong, without the values: they may be secret."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    texts = [f"{'.'.join(map(str, each['loc'])) or 'value'}: {each['msg']}" for each in details[:_SHOWN_ERRORS]]
    more = len(details) - _SHOWN_ERRORS
    return "; ".join(texts) + (f"; and {more} more" if more > 0 else "")


def encode_params(method: str, fields: Any) -> dict[str, Any]:
    """Validate the arguments of a call and return the parameters to send.

    Args:
        method: Wire method.
        fields: Arguments by Python name, ``UNSET`` ones left out of the message; or one model, for methods whose
            parameters are a union.

    Raises:
        ValueError: the arguments do not fit the schema.
    """
    params_type = REQUESTS[method][1]
    if isinstance(fields, dict):
        fields = {name: value for name, value in cast("dict[str, Any]", fields).items() if value is not UNSET}
        if not params_type:
            return {}
    try:
        params = _adapter(params_type).validate_python(fields)
    except ValidationError as error:
        # The original would show the values.
        raise ValueError(f"{method}: {_explain(error)} (schema {params_type})") from None
    return to_wire(params) if isinstance(params, BaseModel) else cast("dict[str, Any]", params)


def decode_result(method: str, raw: Any, metadata: InitializeResponse) -> Any:
    """Return the typed result of a call.

    Raises:
        ResponseValidationError: the answer does not fit the schema.
    """
    result_type = REQUESTS[method][2]
    try:
        return _adapter(result_type).validate_python(raw)
    except ValidationError as error:
        version = metadata.serverInfo.version if metadata.serverInfo is not None else "of unknown version"
        raise ResponseValidationError(
            f"{method}: the answer of codex {version} does not fit schema {result_type} of codex {RUNTIME_VERSION}: "
            f"{_explain(error)}. codex.request() returns answers as they come; "
            "a package of the runtime's own version can read this one"
        ) from None


def initialize_params(config: CodexConfig) -> dict[str, Any]:
    """Parameters of ``initialize`` for a client with these settings."""
    info = {"name": config.client_name, "title": config.client_title, "version": config.client_version}
    fields = {"client_info": info, "capabilities": {"experimentalApi": config.experimental_api}}
    return encode_params("initialize", fields)
