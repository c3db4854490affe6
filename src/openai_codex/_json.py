"""Decoded JSON: names for it, and a look into what may have any shape."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

__all__ = ["JsonObject", "JsonScalar", "JsonValue", "member"]

JsonScalar: TypeAlias = str | int | float | bool | None
JsonValue: TypeAlias = JsonScalar | dict[str, "JsonValue"] | list["JsonValue"]
JsonObject: TypeAlias = dict[str, JsonValue]


def member(value: Any, name: str) -> Any:
    """Return a member of what should be an object, or None."""
    return cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None
