"""From what a user names to a description: the package, a bundle, a directory of bundles, or a runtime."""

from __future__ import annotations

import gzip
import json
import os
import re
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from .._schema import shipped
from .._schema.bundle import BundleError
from .._schema.describe import describe
from .._schema.description import Description, loads
from .._schema.errors import SchemaError
from .dump import DUMP_COMMAND, RUN_SECONDS, dump

__all__ = ["PACKAGE", "SOURCES", "describe_bundles", "describe_runtime", "read_description", "stable_part"]

PACKAGE = "package"
"""The name of the description that this package ships."""
SOURCES = f"`{PACKAGE}`, a bundle (.json or .json.gz), a directory like schema/, or a runtime binary"
"""What can be named, for help and errors."""

_SHOWN_REASONS = 3
_MARKS = frozenset({"format", "server_requests"})
_GZIP = b"\x1f\x8b"
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)(?:\.\d+)*)?")
_EXPERIMENTAL, _STABLE = "experimental", "stable"
_LAID_OUT, _MANIFEST = ("experimental.json", "stable.json"), "manifest.json"


def read_description(
    source: str, *, results: Mapping[str, str] | None = None, timeout_s: float = RUN_SECONDS
) -> Description:
    """Describe what ``source`` names.

    * ``package``: what this package was generated from.
    * A file ``.json`` or ``.json.gz``: a bundle, or a description as this package ships one. Of a bundle whose name
      has the word "experimental" in it, the file that has "stable" instead is taken as well where it exists,
      and the other way round. Its version is the one in its name, else its name.
    * A directory with ``experimental.json`` and ``stable.json``, or one of these two files. The version is that of
      ``manifest.json`` beside them.
    * Any other file: a runtime, which is asked.

    Args:
        source: The name.
        results: Result types of requests where the name does not follow from the params. None: those of this package.
        timeout_s: Seconds for each of the three runs of a runtime.

    Raises:
        SchemaError: there is nothing of that name, or it is something else.
    """
    path = Path(source)
    if source == PACKAGE:
        return shipped.shipped()
    if not source or not path.exists():
        raise SchemaError(source or "''", "there is no such file or directory", f"give {SOURCES}")
    try:
        if path.is_dir():
            return _of_directory(path, results)
        if path.name.endswith((".json", ".json.gz")):
            return _of_file(path, results)
    except OSError as error:
        file = error.filename or source
        raise SchemaError(str(file), f"cannot be read: {error.strerror or error}", f"give {SOURCES}") from error
    return describe_runtime(path, results=results, timeout_s=timeout_s)


def describe_runtime(
    binary: str | os.PathLike[str], *, results: Mapping[str, str] | None = None, timeout_s: float = RUN_SECONDS
) -> Description:
    """Describe what a runtime emits. Arguments and errors as of ``read_description``."""
    dumped = dump(binary, timeout_s=timeout_s)
    call = f"{Path(binary).name} {' '.join(DUMP_COMMAND)}"
    return describe_bundles(call, dumped.experimental, dumped.stable, dumped.version, results)


def _of_directory(path: Path, results: Mapping[str, str] | None) -> Description:
    experimental, stable = (path / name for name in _LAID_OUT)
    for each in (experimental, stable):
        if not each.is_file():
            raise SchemaError(str(path), f"has no {each.name}", f"give {SOURCES}")
    version = _version(path, path.absolute().name)
    return describe_bundles(str(path), experimental.read_bytes(), stable.read_bytes(), version, results)


def _of_file(path: Path, results: Mapping[str, str] | None) -> Description:
    data, name = _content(path), path.name
    if _is_description(data):
        try:
            return loads(data.decode())
        except ValueError as error:
            raise SchemaError(str(path), str(error), f"give {SOURCES}") from error
    version = _version(path.parent if name in _LAID_OUT else None, name)
    sibling, is_stable = _sibling(path)
    if sibling is not None:
        other = _content(sibling)
        return describe_bundles(str(path), *((other, data) if is_stable else (data, other)), version, results)
    alone = describe_bundles(str(path), data, None, version, results)
    return replace(alone, experimental=frozenset()) if is_stable else alone


def _is_description(data: bytes) -> bool:
    """Whether it is a description rather than a bundle, whatever else stands in either."""
    try:
        document: object = json.loads(data)
    except (ValueError, RecursionError):
        return False
    keys = set(cast("dict[str, object]", document)) if isinstance(document, dict) else set[str]()
    return "definitions" not in keys and not _MARKS.isdisjoint(keys)


def _sibling(path: Path) -> tuple[Path | None, bool]:
    """The other bundle of a pair where there is one, and whether this is the stable one."""
    for here, there in ((_EXPERIMENTAL, _STABLE), (_STABLE, _EXPERIMENTAL)):
        word = re.compile(rf"(?<![^-_.]){here}(?![^-_.])")
        if word.search(path.name):
            other = path.with_name(word.sub(there, path.name))
            return other if other.is_file() else None, here == _STABLE
    return None, False


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    if not data.startswith(_GZIP):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise SchemaError(str(path), f"is damaged ({error})", "get it again") from error


def _version(folder: Path | None, name: str) -> str:
    """The version that a directory's manifest names, else the one in a name, else the name."""
    if folder is not None:
        try:
            manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_bytes())
            return str(manifest["runtime_version"])
        except (OSError, ValueError, KeyError, TypeError):
            pass  # it is of use, not needed
    version = _VERSION.search(name)
    return version[0] if version else name


def describe_bundles(
    subject: str, experimental: bytes, stable: bytes | None, version: str, results: Mapping[str, str] | None
) -> Description:
    """Describe bundles as ``describe`` does, where ``subject`` is what errors call them.

    Raises:
        SchemaError: one of them is no schema bundle.
    """
    known = shipped.results() if results is None else results
    try:
        return describe(experimental, stable, version=version, results=known)
    except BundleError as error:
        step = "a newer version of this package may read it" if error.is_bundle else f"give {SOURCES}"
        raise SchemaError(subject, "; ".join(error.reasons[:_SHOWN_REASONS]), step) from error


def stable_part(subject: str, described: Description) -> Description:
    """The part that every client has.

    Raises:
        SchemaError: it is not known what is experimental.
    """
    if described.experimental is None:
        step = "put the stable bundle beside it, named alike, or leave out --stable"
        raise SchemaError(subject, "does not say what is experimental", step)
    return described.stable()
