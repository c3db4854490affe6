"""Compare two schemas, each named as one likes: a runtime version, a binary, a bundle, a directory, the package."""

from __future__ import annotations

import re
from pathlib import Path

from openai_codex._schema.bundle import BundleError
from openai_codex._schema.describe import describe
from openai_codex._schema.description import Description
from openai_codex._schema.errors import SchemaError
from openai_codex._schema.sources import read_description

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
    if not stable:
        return described
    if described.experimental is None:
        step = "put the stable bundle beside it, named alike, or leave out --stable"
        raise SchemaError(name, "does not say what is experimental", step)
    return described.stable()


def _describe(name: str) -> Description:
    overrides = Overrides()
    results: dict[str, str] = {}
    for method in overrides.names("response"):
        entry = overrides.get("response", method)
        results[method] = entry if isinstance(entry, str) else entry["type"]
    if _VERSION.fullmatch(name) and not Path(name).exists():
        bundles = sources.from_runtime_version(name)
        try:
            return describe(bundles.experimental, bundles.stable, version=bundles.runtime_version, results=results)
        except BundleError as error:
            raise SchemaError(f"codex {name}", str(error), "teach openai_codex/_schema about it") from error
    return read_description(name, results=results)
