"""Read a schema bundle and flatten it: one namespace of definitions, plain names, refs as ``#/definitions/Name``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

__all__ = [
    "TOO_DEEP",
    "Bundle",
    "BundleError",
    "Schema",
    "closure",
    "meaning",
    "method_of",
    "params_of",
    "read",
    "ref_name",
    "references",
]

Schema = dict[str, Any]
_ENVELOPES = ("ClientRequest", "ServerNotification", "ServerRequest", "ClientNotification")
TOO_DEEP = "is nested too deeply"
"""What is said of anything that readers cannot descend into."""
_PREFIX = "#/definitions/"
_BRANCHES = ("allOf", "anyOf", "oneOf")
_UNORDERED = (*_BRANCHES, "enum", "required", "type")


class BundleError(ValueError):
    """The bytes are no schema bundle, or one of unknown shape.

    Attributes:
        reasons: What is wrong, each for itself.
        is_bundle: Whether they are a bundle at all.
    """

    def __init__(self, reasons: Iterable[str], *, is_bundle: bool = True) -> None:
        self.reasons = tuple(reasons)
        self.is_bundle = is_bundle
        super().__init__("; ".join(self.reasons))


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
            todo.extend(graph[name] & graph.keys())
    return seen


def method_of(branch: Schema) -> str:
    """Wire method of a branch of an envelope."""
    method: str = branch["properties"]["method"]["enum"][0]
    return method


def params_of(branch: Schema) -> str | None:
    """Name of the params type of a branch; an optional one counts, an absent or null one does not."""
    params = branch["properties"].get("params", {})
    for candidate in (params, *params.get("anyOf", ())):
        name = ref_name(candidate)
        if name is not None:
            return name
    return None


def _flat(node: Any) -> Any:
    """With plain references; a branch that says ``true`` says nothing, like one without keywords."""
    if isinstance(node, dict):
        return {key: _flat_member(key, value) for key, value in cast(Schema, node).items()}
    if isinstance(node, list):
        return [_flat(item) for item in cast("list[object]", node)]
    return node


def _flat_member(key: str, value: Any) -> Any:
    if key == "$ref" and isinstance(value, str):
        return f"{_PREFIX}{value.rpartition('/')[2]}"
    if key in _BRANCHES and isinstance(value, list):
        return [{} if item is True else _flat(item) for item in cast("list[object]", value)]
    return _flat(value)


def meaning(schema: Any) -> str:
    """What a schema says about values, as text: without titles and descriptions, whatever order it is in."""
    return json.dumps(_bare(schema), sort_keys=True)


def _bare(node: Any, *, named: bool = False) -> Any:
    if not isinstance(node, dict):
        return node
    out: Schema = {}
    for key, value in cast(Schema, node).items():
        if isinstance(value, list) and key in _UNORDERED and not named:
            out[key] = sorted(map(meaning, cast("list[object]", value)))
        elif named or key not in ("$schema", "title", "description"):
            out[key] = _bare(value, named=key == "properties" and not named)
    return out


def _well_formed(schema: Any) -> bool:
    """Whether the keywords by which readers descend hold what JSON schema says."""
    if not isinstance(schema, dict):
        return False
    members = cast(Schema, schema)
    properties: Any = members.get("properties", {})
    return (
        isinstance(properties, dict)
        and all(map(_is_schema, cast(Schema, properties).values()))
        and all(_is_list(members.get(key, []), _well_formed) for key in _BRANCHES)
        # One schema for each position is of no known shape, and what is in it nobody reads.
        and (isinstance(members.get("items", []), list) or _is_schema(members["items"]))
        and _is_schema(members.get("additionalProperties", True))
        and _is_list(members.get("required", []), _is_text)
        and (_is_text(members.get("type", "")) or _is_list(members["type"], _is_text))
        and _is_text(members.get("$ref", ""))
        and (isinstance(members.get("enum", [None]), list) and members.get("enum") != [])
    )


def _is_schema(value: Any) -> bool:
    return isinstance(value, bool) or _well_formed(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_list(value: Any, fits: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(fits, cast("list[object]", value)))


def _is_message(branch: Any) -> bool:
    try:
        properties = branch["properties"]
        return isinstance(properties["method"]["enum"][0], str) and _well_formed(properties.get("params", {}))
    except (KeyError, IndexError, TypeError):
        return False


def read(data: bytes) -> Bundle:
    """Read and flatten one bundle.

    Raises:
        BundleError: the bytes are no schema bundle, two namespaces disagree about a type, a shape is unknown, or it is
            nested too deeply.
    """
    try:
        return _read(data)
    except RecursionError as error:
        raise BundleError([TOO_DEEP], is_bundle=False) from error


def _read(data: bytes) -> Bundle:
    try:
        document = json.loads(data)
        nested: Schema = dict(document["definitions"])
        definitions: dict[str, Schema] = {}
        clashes: list[str] = []
        for group in (nested.pop("v2"), nested):
            for key, schema in _flat(group).items():
                if key in definitions and meaning(definitions[key]) != meaning(schema):
                    clashes.append(f"two different types are called {key}")
                definitions[key] = {} if schema is True else schema
        branches = {envelope: list(definitions.pop(envelope)["oneOf"]) for envelope in _ENVELOPES}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"not a schema bundle of the app-server ({type(error).__name__}: {error})"
        raise BundleError([reason], is_bundle=False) from error
    odd = [
        *clashes,
        *(f"{key} is of unknown shape" for key, schema in definitions.items() if not _well_formed(schema)),
        *(
            f"a branch of {envelope} is of unknown shape"
            for envelope in _ENVELOPES
            if not all(map(_is_message, branches[envelope]))
        ),
    ]
    if odd:
        raise BundleError(odd)
    # The envelopes of JSON-RPC itself are the connection's business, not protocol types.
    definitions = {key: schema for key, schema in sorted(definitions.items()) if not key.startswith("JSONRPC")}
    requests, notifications, server_requests, client_notifications = (branches[name] for name in _ENVELOPES)
    return Bundle(requests, notifications, server_requests, client_notifications, definitions)
