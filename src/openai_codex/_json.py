"""Names for decoded JSON."""

from __future__ import annotations

from typing import Union

from typing_extensions import TypeAliasType

__all__ = ["JsonObject", "JsonScalar", "JsonValue"]

JsonScalar = TypeAliasType("JsonScalar", Union[str, int, float, bool, None])
JsonValue = TypeAliasType("JsonValue", "JsonScalar | dict[str, JsonValue] | list[JsonValue]")
JsonObject = TypeAliasType("JsonObject", dict[str, JsonValue])
