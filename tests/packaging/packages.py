"""Building sdist and wheel, and what must be in them."""

from __future__ import annotations

import email
import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Collection
from email.message import Message
from pathlib import Path

__all__ = [
    "CheckFailed",
    "build",
    "build_wheel",
    "check_same",
    "check_sdist",
    "check_wheel",
    "project_version",
    "unpack",
]

DEPENDENCIES = {"openai-codex-cli-bin", "pydantic", "typing-extensions"}
# PKG-INFO and .gitignore are added by the build backend.
SDIST_ONLY = {
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "PKG-INFO",
    "README.md",
    "pyproject.toml",
    "schema/manifest.json",
}
DATA = {"py.typed", "_generated/MANIFEST.json", "_generated/schema.json"}
MUST_HAVE = {"_sync/client.py", "_generated/models/core.py", "_generated/rpc_sync/thread.py"}


class CheckFailed(Exception):
    """Something is not as it must be; the text says what."""


def project_version(root: Path) -> str:
    """The version that the schema's manifest gives the package."""
    version: str = json.loads((root / "schema" / "manifest.json").read_bytes())["package_version"]
    return version


def build(root: Path, folder: Path) -> tuple[Path, Path]:
    """Build sdist and wheel of a source tree, each from the tree itself; return both files."""
    _build(root, folder, "--sdist", "--wheel")
    return _only(folder, "*.tar.gz"), _only(folder, "*.whl")


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the wheel of a source tree; return the file."""
    _build(root, folder, "--wheel")
    return _only(folder, "*.whl")


def _build(root: Path, folder: Path, *kinds: str) -> None:
    # The tools are in this environment already; an isolated build would fetch them again.
    command = [sys.executable, "-m", "build", "--no-isolation", *kinds, "--outdir", str(folder), str(root)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise CheckFailed(f"building {' and '.join(kinds)} failed:\n{done.stdout.strip()}")


def _only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise CheckFailed(f"the build made {len(found)} files {pattern}, not one")
    return found[0]


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist that was just built here; return its top directory."""
    with tarfile.open(sdist) as archive:
        if hasattr(tarfile, "data_filter"):  # all but the first releases of 3.10 and 3.11 have it
            archive.extractall(folder, filter="data")
        else:
            archive.extractall(folder)
    return _only(folder, "*")


def check_same(left: Path, right: Path) -> None:
    """Compare two wheels: name and bytes."""
    if left.name != right.name or left.read_bytes() != right.read_bytes():
        raise CheckFailed(f"the wheel from the tree ({left.name}) differs from the one from the sdist ({right.name})")


def _package_files(root: Path) -> set[str]:
    """What of the package's directory is the package: its modules and three files of data."""
    package = root / "src" / "openai_codex"
    return {path.relative_to(package).as_posix() for path in package.rglob("*.py")} | DATA


def _compare(what: str, found: Collection[str], wanted: Collection[str]) -> None:
    if missing := sorted(set(wanted) - set(found)):
        raise CheckFailed(f"the {what} lacks {', '.join(missing)}")
    if extra := sorted(set(found) - set(wanted)):
        raise CheckFailed(f"the {what} has no use for {', '.join(extra)}")


def check_sdist(sdist: Path, root: Path) -> None:
    """The sdist holds the package, what builds it, and nothing else."""
    with tarfile.open(sdist) as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}
    _compare("sdist", found, {f"src/openai_codex/{name}" for name in _package_files(root)} | SDIST_ONLY)


def check_wheel(wheel: Path, root: Path) -> None:
    """The wheel holds the package and its metadata, and nothing else; the metadata says what the project says."""
    version = project_version(root)
    info = f"openai_codex-{version}.dist-info"
    files = _package_files(root)
    if absent := MUST_HAVE - files:
        raise CheckFailed(f"the source tree lacks {', '.join(sorted(absent))}")
    metadata_files = {f"{info}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "licenses/LICENSE")}
    with zipfile.ZipFile(wheel) as archive:
        _compare("wheel", archive.namelist(), {f"openai_codex/{name}" for name in files} | metadata_files)
        _check_metadata(email.message_from_bytes(archive.read(f"{info}/METADATA")), version, root)


def _check_metadata(metadata: Message, version: str, root: Path) -> None:
    expected = {
        "Name": "openai-codex",
        "Version": version,
        "License-Expression": "Apache-2.0",
        "License-File": "LICENSE",
        "Requires-Python": ">=3.10",
        "Description-Content-Type": "text/markdown",
    }
    for field, value in expected.items():
        if metadata[field] != value:
            raise CheckFailed(f"the wheel's metadata says {field}: {metadata[field]}, not {value}")
    requirements = [str(line) for line in metadata.get_all("Requires-Dist", [])]
    always = [line for line in requirements if "extra ==" not in line]
    runtime = json.loads((root / "schema" / "manifest.json").read_bytes())["runtime_version"]
    if f"openai-codex-cli-bin=={runtime}" not in always:
        raise CheckFailed(f"the wheel does not require the runtime {runtime}: {', '.join(always)}")
    names = {line.partition("=")[0].partition(">")[0].strip() for line in always}
    _compare("list of requirements", names, DEPENDENCIES)
