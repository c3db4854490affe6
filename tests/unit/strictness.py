"""The rules of the strict subset, told apart from how the package follows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
LOOKAROUND = re.compile(r"\(\?<?[=!]")
SAYS: dict[object, set[str]] = {
    "string": {"enum", "pattern", "format"},
    "number": {"enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "integer": {"enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "boolean": {"enum"},
    "null": set(),
    "array": {"items", "minItems", "maxItems"},
    "object": {"properties", "required", "additionalProperties"},
}


def violations(schema: Any) -> Iterator[str]:
    """What the API would refuse in a schema."""
    if schema.get("type") != "object":
        yield "root: no object"
    defined = {f"#/$defs/{name}" for name in schema.get("$defs", {})}
    root = {key: value for key, value in schema.items() if key != "$defs"}
    for place, node in [("root", root), *schema.get("$defs", {}).items()]:
        yield from violations_of_node(node, place, defined)


def violations_of_node(node: Any, place: str, defined: set[str]) -> Iterator[str]:
    if "$ref" in node:
        if node.keys() != {"$ref"} or node["$ref"] not in defined:
            yield f"{place}: {node}"
        return
    kind = node.get("type")
    if "anyOf" in node:
        allowed: set[str] = {"anyOf"}
        for member in node["anyOf"]:
            yield from violations_of_node(member, f"{place}|", defined)
    elif kind in SAYS:
        allowed = {"type", *SAYS[kind]}
    else:
        yield f"{place}: no type"
        return
    if extra := node.keys() - allowed - {"title", "description"}:
        yield f"{place}: {extra}"
    if node.get("format", "date") not in FORMATS:
        yield f"{place}: format"
    if LOOKAROUND.search(re.sub(r"\\.", "", node.get("pattern", ""))):
        yield f"{place}: pattern"
    if kind == "array":
        yield from violations_of_node(node.get("items", {}), f"{place}[]", defined)
    if kind == "object":
        if node.get("additionalProperties") is not False or node.get("required") != list(node["properties"]):
            yield f"{place}: open"
        for name, each in node["properties"].items():
            yield from violations_of_node(each, f"{place}.{name}", defined)
