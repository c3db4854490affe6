"""Null and missing mean the same in what a client reads; what it sends stays exact.

Some runtimes leave out what may be null, and a newer one may write null for what an older one could only leave out.
"""

from __future__ import annotations

from openai_codex._schema.bundle import Schema, closure, references
from openai_codex._schema.shapes import may_be_null

from .ir import Protocol

__all__ = ["forgive_nulls"]


def forgive_nulls(protocol: Protocol, definitions: dict[str, Schema]) -> set[tuple[str, str]]:
    """Make optional what may be null, in types that are only read.

    Args:
        protocol: What travels, and which way.
        definitions: Normalised definitions, which are changed.

    Returns:
        Type and property of each default that is to stand for null as well: all of types that are read.
    """
    graph = {name: set(references(schema)) for name, schema in definitions.items()}
    sent, read = closure(protocol.sent, graph), closure(protocol.read, graph)
    forgiven: set[tuple[str, str]] = set()
    for name, schema in definitions.items():
        properties: Schema = {prop: each for prop, each in schema.get("properties", {}).items() if each is not True}
        if "required" in schema and name not in sent:
            schema["required"] = [prop for prop in schema["required"] if not may_be_null(properties.get(prop, {}))]
        if name in read or name not in sent:
            required = schema.get("required", ())
            forgiven |= {
                (name, prop)
                for prop, each in properties.items()
                if prop not in required and "default" in each and not may_be_null(each)
            }
    return forgiven
