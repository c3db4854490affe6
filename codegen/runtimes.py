"""Finds runtime binaries: the one that is installed, and those of any published version.

A version is fetched with pip once, and then kept in a cache that all runs and all clones share: a folder for each
version and platform, below the user's cache directory. pip works in a folder beside it, and only a binary that has
said its version is moved in, with one rename. So what is in the cache is whole, also where a download was cut off,
or where two processes fetch the same version at a time.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from openai_codex._transport import dump
from openai_codex._transport.dump import RUN_SECONDS, VERSION, run

from .findings import SourceError, as_source_error

__all__ = [
    "CACHE_VARIABLE",
    "PACKAGE",
    "cache",
    "fetch",
    "installed",
    "published",
    "version_of",
]

PACKAGE = "openai-codex-cli-bin"
CACHE_VARIABLE = "OPENAI_CODEX_RUNTIMES"

_FIND_BINARY = """
import sys
sys.path.insert(0, sys.argv[1])
import codex_cli_bin
print(codex_cli_bin.bundled_codex_path())
"""
_STAGING = ".fetching-"
_INSTALL_SECONDS = 1800.0
_NO_WAY = "check that this version is published for this platform, and the network"


def cache() -> Path:
    """Return where fetched runtimes are kept: the folder that $OPENAI_CODEX_RUNTIMES names, else the user's cache."""
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named).absolute()
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches, "openai-codex-runtimes").absolute()


def installed() -> Path:
    """Return the binary of the runtime package that is installed beside this code.

    Raises:
        SourceError: The package is not installed, or has no binary.
    """
    try:
        return Path(importlib.import_module("codex_cli_bin").bundled_codex_path())
    except (ImportError, FileNotFoundError) as error:
        cause = f"no usable runtime is installed ({error})"
        raise SourceError(f"package {PACKAGE}", cause, "run `make install`") from error


def fetch(version: str) -> Path:
    """Return the binary of one version of the runtime package, from the cache or with pip.

    Args:
        version: Version of the runtime package, such as ``0.163.0``.

    Raises:
        SourceError: No such version, no way to it, or its binary calls itself another version.
    """
    if not VERSION.fullmatch(version):
        raise SourceError(f"runtime version {version!r}", "is no version", "write it like 0.163.0")
    kept = cache() / f"{version}-{sysconfig.get_platform()}"
    if not kept.exists():
        _install(version, kept)
    return _binary(kept, version, broken=f"remove {kept} and try again")


def published() -> list[str]:
    """Ask the package index for all versions of the runtime package that this platform can install, newest first.

    Raises:
        SourceError: The index cannot be asked.
    """
    call, next_step = f"pip index versions {PACKAGE}", "check the network"
    answer = _run([*_pip("index"), "versions", "--retries", "1", PACKAGE], call=call, next_step=next_step)
    found = re.search(r"^Available versions: (.+)$", answer, re.MULTILINE)
    if found is None:
        raise SourceError(call, "lists no versions", next_step)
    return [version.strip() for version in found[1].split(",")]


def version_of(binary: Path, *, timeout_s: float = RUN_SECONDS) -> str:
    """Ask a runtime binary for its version.

    Raises:
        SourceError: It is missing, fails, does not end, or is no runtime.
    """
    with as_source_error():
        return dump.version_of(binary, timeout_s=timeout_s)


def _install(version: str, kept: Path) -> None:
    requirement = f"{PACKAGE}=={version}"
    print(f"fetching {requirement} ...", file=sys.stderr, flush=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    _sweep(kept.parent)
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=kept.parent, ignore_cleanup_errors=True) as staging:
        target = Path(staging, "package")
        _run(
            [*_pip("install"), "--no-deps", "--only-binary", ":all:", "--target", str(target), requirement],
            call=f"pip install {requirement}",
            next_step=_NO_WAY,
            timeout_s=_INSTALL_SECONDS,
        )
        _binary(target, version, broken="choose another version")
        try:
            target.rename(kept)
        except OSError:
            if not kept.exists():  # else another process was faster
                raise


def _binary(package: Path, version: str, *, broken: str) -> Path:
    """Return the binary of a package that was installed into a folder of its own, if it is of that version."""
    requirement = f"{PACKAGE}=={version}"
    found = _run(
        [sys.executable, "-I", "-S", "-c", _FIND_BINARY, str(package)],
        call=f"package {requirement}",
        next_step=f"{broken}; if that does not help, the package's layout has changed: adapt codegen/runtimes.py",
    )
    binary = Path(found.strip())
    said = version_of(binary)
    if _release(said) != _release(version):
        raise SourceError(f"package {requirement}", f"its binary calls itself {said}", broken)
    return binary


def _sweep(folder: Path) -> None:
    """Remove what fetches have left that were ended before they could tidy up."""
    for staging in folder.glob(f"{_STAGING}*"):
        if time.time() - staging.stat().st_mtime > 2 * _INSTALL_SECONDS:
            shutil.rmtree(staging, ignore_errors=True)


def _pip(command: str) -> list[str]:
    return [sys.executable, "-m", "pip", "--no-input", command]


def _release(version: str) -> str:
    return VERSION.sub(r"\1", version)


def _run(command: Sequence[str], *, call: str, next_step: str, timeout_s: float = RUN_SECONDS) -> str:
    with as_source_error():
        return run(command, call=call, next_step=next_step, timeout_s=timeout_s)
