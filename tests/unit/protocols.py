"""Descriptions for tests: of runtimes, and of small handwritten schemas.

What is known of certain versions is told of bundles that are kept for the tests, so it stays true after an upgrade.
``VENDORED`` is the schema that the package is generated from, whichever version that is of.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from openai_codex._generated._version import RUNTIME_VERSION
from openai_codex._schema.describe import describe
from openai_codex._schema.description import Description
from tests.codegen.small_schema import Schema, bundle, message, obj, ref

ROOT = Path(__file__).parents[2]
KEPT = ("0.149.0", "0.154.0", "0.158.0", "0.160.1", "0.163.0")
NEWEST = KEPT[-1]
VENDORED = "vendored"
VERSIONS = (*KEPT, VENDORED)
STEPS = tuple(pairwise(KEPT))


def raw(version: str, kind: str) -> bytes:
    """The bundle of a runtime, ``stable`` or ``experimental``."""
    if version == VENDORED:
        return (ROOT / "schema" / f"{kind}.json").read_bytes()
    return gzip.decompress((ROOT / "tests/codegen/bundles" / f"{version}-{kind}.json.gz").read_bytes())


@cache
def described(version: str, kind: str = "both") -> Description:
    """A runtime's protocol: ``stable`` and ``experimental`` of that bundle alone, ``both`` of the two together."""
    number = RUNTIME_VERSION if version == VENDORED else version
    if kind == "both":
        return describe(raw(version, "experimental"), raw(version, "stable"), version=number)
    return describe(raw(version, kind), None, version=number)


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
