"""Small handwritten protocols, in the shape in which the runtime writes its schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codegen import ir, load
from codegen.findings import CodegenError
from codegen.ir import Protocol
from codegen.normalise import Normalised, normalise
from codegen.overrides import Overrides

Schema = dict[str, Any]
STRING: Schema = {"type": "string"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def obj(*required: str, **properties: Any) -> Schema:
    """An object definition with these properties; the named ones are required."""
    return {"type": "object", "properties": properties, "required": list(required)}


def tag(value: str, name: str = "type") -> Schema:
    """The property that tells one variant from the others."""
    return {name: {"enum": [value], "type": "string", "title": f"{value}Type"}}


def message(method: str, params: Schema | None = None, **more: Any) -> Schema:
    """One branch of an envelope."""
    properties: Schema = {"method": {"enum": [method], "type": "string"}}
    if params is not None:
        properties["params"] = params
    return {"type": "object", "properties": properties, "required": ["method"], **more}


def bundle(
    definitions: Mapping[str, Schema],
    *,
    requests: list[Schema] | None = None,
    notifications: list[Schema] | None = None,
    server_requests: list[Schema] | None = None,
    outer: Mapping[str, Schema] | None = None,
) -> bytes:
    """A schema bundle: ``definitions`` in the namespace v2, ``outer`` beside it."""
    envelopes: Schema = {
        "ClientRequest": {"oneOf": requests or []},
        "ServerNotification": {"oneOf": notifications or []},
        "ServerRequest": {"oneOf": server_requests or []},
        "ClientNotification": {"oneOf": []},
    }
    return json.dumps({"definitions": {"v2": dict(definitions), **envelopes, **(outer or {})}}).encode()


def overrides(tmp_path: Path, text: str = "", *, runtime_version: str = "") -> Overrides:
    """Overrides from text."""
    path = tmp_path / "overrides.toml"
    path.write_text(text, encoding="utf-8")
    return Overrides(path, runtime_version=runtime_version)


def protocol(experimental: bytes, exceptions: Overrides, stable: bytes | None = None) -> Protocol:
    """The protocol of a bundle; everything is stable unless the stable bundle is given."""
    built = ir.build(load.load(experimental), load.load(stable or experimental), exceptions)
    if built.undecided:
        raise CodegenError(built.undecided)
    return built


def definitions_only(definitions: Mapping[str, Schema]) -> Protocol:
    """A protocol without messages, for rules about types alone."""
    return Protocol((), (), (), dict(definitions), frozenset(), frozenset())


def normalised(tmp_path: Path, definitions: Mapping[str, Schema], exceptions: str = "") -> Normalised:
    """What the normaliser makes of these definitions."""
    return normalise(definitions_only(definitions), overrides(tmp_path, exceptions))
