"""Messages as text for the log: shortened, and without what is secret.

A value is secret by the name it stands under: the names that the schema's secret fields have, and what such names look
like, because configuration and tool arguments have any. Of an object under such a name nothing is shown at all. What
people answer is secret as well: ``answers`` to questions, and the ``content`` beside the ``action`` of an elicitation.
"""

from __future__ import annotations

import re
from typing import Any, cast

from .._generated._methods import SECRET_FIELDS
from .framing import BadLine, encode_json, parse_line

__all__ = ["describe", "describe_line", "redact"]

# Configuration has dotted names as well: the last part counts.
_SECRET_NAME = re.compile(
    r"(?:token|secret|password|passwd|api[_-]?key|access[_-]?key|credentials?|authorization|cookie|bearer|user_?code)$"
    r"|(?:^|\.)(?:answers|env|set|(?:http[_-]?)?headers|query_params)$",
    re.IGNORECASE,
)
_ACTIONS = ("accept", "decline", "cancel")
_HIDDEN = "***"
_MAX_TEXT = 20_000


def _is_secret(name: str) -> bool:
    return name in SECRET_FIELDS or _SECRET_NAME.search(name) is not None


def redact(value: Any) -> Any:
    """A copy of decoded JSON with secrets replaced. Numbers, booleans and null are never secrets."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        hidden = {name: _redact_member(name, item) for name, item in members.items()}
        # Only there: the protocol has a content in many places, and what messages say belongs in the log.
        if members.get("content") and members.get("action") in _ACTIONS:
            hidden["content"] = _HIDDEN
        return hidden
    if isinstance(value, list):
        return [redact(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _redact_member(name: str, value: Any) -> Any:
    if value and isinstance(value, (str, dict, list)) and _is_secret(name):
        return _HIDDEN
    return redact(value)


def describe(message: Any) -> str:
    """A message as JSON text, fit for the log."""
    try:
        text = encode_json(redact(message)).decode()
    except (ValueError, TypeError, RecursionError):
        return "(a message that cannot be shown)"
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}... ({len(text)} characters)"


def describe_line(line: bytes) -> str:
    """The same for a line that is about to be written."""
    try:
        return describe(parse_line(line))
    except BadLine:
        return f"({len(line)} bytes)"
