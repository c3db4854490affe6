"""Compare two schemas, each named as one likes: a runtime version, a binary, a bundle, a directory, the package."""

from __future__ import annotations

import re
from pathlib import Path

from openai_codex._schema.description import Description
from openai_codex._transport.schemas import describe_bundles, read_description, stable_part

from . import sources
from .overrides import Overrides

__all__ = ["describe_named"]

_VERSION = re.compile(r"\d+\.\d+\.\d+(?:[-.]?[a-z]+[-.]?\d+)*")


def describe_named(name: str, *, stable: bool = False) -> Description:
    """Describe what ``name`` stands for: what ``read_description`` takes, or a published runtime version.

    Args:
        name: The name.
        stable: Leave out what is experimental.

    Raises:
        CodegenError: no such version can be fetched.
        SchemaError: it is no schema, or does not say what is experimental.
    """
    described = _describe(name)
    return stable_part(name, described) if stable else described


def _describe(name: str) -> Description:
    overrides = Overrides()
    results: dict[str, str] = {}
    for method in overrides.names("response"):
        entry = overrides.get("response", method)
        results[method] = entry if isinstance(entry, str) else entry["type"]
    if _VERSION.fullmatch(name) and not Path(name).exists():
        made = sources.from_runtime_version(name)
        return describe_bundles(f"codex {name}", made.experimental, made.stable, made.runtime_version, results)
    return read_description(name, results=results)
