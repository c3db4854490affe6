"""Descriptions for tests: of the runtimes whose bundles are kept, and of small handwritten schemas."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from openai_codex._schema.describe import describe
from openai_codex._schema.description import Description
from tests.codegen.small_schema import Schema, bundle, message, obj, ref

ROOT = Path(__file__).parents[2]
NEWEST = "0.163.0"
VERSIONS = ("0.149.0", "0.154.0", "0.158.0", "0.160.1", NEWEST)
STEPS = tuple(pairwise(VERSIONS))


def raw(version: str, kind: str) -> bytes:
    """The bundle of a runtime, ``stable`` or ``experimental``."""
    if version == NEWEST:
        return (ROOT / "schema" / f"{kind}.json").read_bytes()
    return gzip.decompress((ROOT / "tests/codegen/bundles" / f"{version}-{kind}.json.gz").read_bytes())


@cache
def described(version: str, kind: str = "both") -> Description:
    """A runtime's protocol: ``stable`` and ``experimental`` of that bundle alone, ``both`` of the two together."""
    if kind == "both":
        return describe(raw(version, "experimental"), raw(version, "stable"), version=version)
    return describe(raw(version, kind), None, version=version)


def small(definitions: Mapping[str, Any], stable: Mapping[str, Any] | None = None, **messages: Any) -> Description:
    """The description of a handwritten schema; without ``stable`` nothing is known of what is experimental."""
    part = None if stable is None else bundle(stable, **messages)
    return describe(bundle(definitions, **messages), part, version="1")


def carried(definitions: Mapping[str, Any], direction: str) -> Description:
    """A protocol in which ``Carrier``, with a ``T`` in it, is sent, read, both or neither (``none``)."""
    requests = [message("job/run", ref("Carrier"))] if direction in ("sent", "both") else []
    notifications = [message("job/done", ref("Carrier"))] if direction in ("read", "both") else []
    whole = {"Carrier": obj("it", it=ref("T")), **definitions}
    return small(whole, requests=requests, notifications=notifications)


def words(*values: Any) -> Schema:
    """A list of words."""
    return {"type": "string", "enum": list(values)}


def either(*branches: Any) -> Schema:
    """A union."""
    return {"oneOf": list(branches)}
