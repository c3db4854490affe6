"""Read a schema bundle and flatten it: one namespace of definitions, plain names, refs as ``#/definitions/Name``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from .findings import CodegenError, Finding

__all__ = ["Bundle", "Schema", "closure", "load", "ref_name", "references"]

Schema = dict[str, Any]
_ENVELOPES = ("ClientRequest", "ServerNotification", "ServerRequest", "ClientNotification")
_PREFIX = "#/definitions/"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A flattened bundle: message envelopes apart from the definitions that they refer to."""

    client_requests: list[Schema]
    server_notifications: list[Schema]
    server_requests: list[Schema]
    client_notifications: list[Schema]
    definitions: dict[str, Schema]


def ref_name(schema: Any) -> str | None:
    """Name of the definition that ``schema`` refers to, or None if it is no reference."""
    ref = cast(Schema, schema).get("$ref") if isinstance(schema, dict) else None
    return ref.removeprefix(_PREFIX) if isinstance(ref, str) else None


def references(node: Any) -> Iterator[str]:
    """Names of all definitions that ``node`` refers to, directly."""
    if isinstance(node, dict):
        name = ref_name(node)
        if name is not None:
            yield name
        for value in node.values():  # pyright: ignore[reportUnknownVariableType]
            yield from references(value)
    elif isinstance(node, list):
        for item in node:  # pyright: ignore[reportUnknownVariableType]
            yield from references(item)


def closure(roots: Iterable[str], graph: Mapping[str, set[str]]) -> set[str]:
    """Names of all definitions that can be reached from ``roots``, those included.

    Args:
        roots: Where to begin; what is not in the graph is passed over.
        graph: Name of each definition, and the names that it refers to.
    """
    seen: set[str] = set()
    todo = [root for root in roots if root in graph]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(graph[name])
    return seen


def _flat_refs(node: Any) -> Any:
    if isinstance(node, dict):
        members = cast(Schema, node)
        return {
            key: f"{_PREFIX}{value.rpartition('/')[2]}" if key == "$ref" else _flat_refs(value)
            for key, value in members.items()
        }
    if isinstance(node, list):
        return [_flat_refs(item) for item in cast("list[object]", node)]
    return node


def _same(one: Schema, other: Schema) -> bool:
    def bare(schema: Schema) -> Schema:
        return {key: value for key, value in schema.items() if key not in ("title", "$schema")}

    return bare(one) == bare(other)


def _well_formed(schema: Any) -> bool:
    """Whether the keywords by which the pipeline descends hold what JSON schema says."""
    if not isinstance(schema, dict):
        return False
    members = cast(Schema, schema)
    properties = members.get("properties", {})
    branches = [members.get(key, []) for key in ("allOf", "anyOf", "oneOf")]
    return (
        isinstance(properties, dict)
        and all(_well_formed(each) for each in cast(Schema, properties).values() if not isinstance(each, bool))
        and all(isinstance(each, list) and all(map(_well_formed, cast("list[object]", each))) for each in branches)
    )


def _is_message(branch: Any) -> bool:
    try:
        properties = branch["properties"]
        return isinstance(properties["method"]["enum"][0], str) and isinstance(properties.get("params", {}), dict)
    except (KeyError, IndexError, TypeError):
        return False


def load(source: Path | bytes, *, name: str | None = None) -> Bundle:
    """Read and flatten one bundle.

    Args:
        source: File of the bundle, or its bytes.
        name: What to call it in errors; the file's name if left out.

    Raises:
        CodegenError: the file is no schema bundle, or two namespaces disagree about a type.
    """
    where = name or (source.name if isinstance(source, Path) else "bundle")
    try:
        document = json.loads(source if isinstance(source, bytes) else source.read_bytes())
        nested: Schema = dict(document["definitions"])
        definitions: dict[str, Schema] = {}
        for group in (nested.pop("v2"), nested):
            for key, schema in _flat_refs(group).items():
                if key in definitions and not _same(definitions[key], schema):
                    step = "teach codegen/load.py which one to take"
                    raise CodegenError([Finding(where, f"two different types are called {key}", step)])
                definitions[key] = schema
        branches = {envelope: list(definitions.pop(envelope)["oneOf"]) for envelope in _ENVELOPES}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"not a schema bundle of the app-server ({type(error).__name__}: {error})"
        raise CodegenError([Finding(where, reason, 'run "make schema"')]) from error
    odd = [
        *(key for key, schema in definitions.items() if not _well_formed(schema)),
        *(f"a branch of {envelope}" for envelope in _ENVELOPES if not all(map(_is_message, branches[envelope]))),
    ]
    if odd:
        raise CodegenError(
            [Finding(where, f"{what} is of unknown shape", "teach codegen/load.py about it") for what in odd]
        )
    # The envelopes of JSON-RPC itself are the connection's business, not protocol types.
    definitions = {key: schema for key, schema in sorted(definitions.items()) if not key.startswith("JSONRPC")}
    requests, notifications, server_requests, client_notifications = (branches[name] for name in _ENVELOPES)
    return Bundle(requests, notifications, server_requests, client_notifications, definitions)
