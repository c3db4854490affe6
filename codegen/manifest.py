"""Which files are generated, and their hashes: how a hand edit is found in no time, without generating."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from .findings import Finding
from .pipeline import API, DOCS, GENERATED, PACKAGE, ROOT, SCHEMA, SYNC
from .public import handwritten

__all__ = [
    "FOLDERS",
    "MANIFEST",
    "OUTDATED",
    "check",
    "check_schema",
    "compare",
    "generated_files",
    "manifest_text",
    "tidy",
    "write",
]

MANIFEST = GENERATED / "MANIFEST.json"
OUTDATED = "is not what the generated code was made with"
FOLDERS = (GENERATED, SYNC, DOCS, API)
_REGENERATE = 'run "make generate"'
_PIN = '"openai-codex-cli-bin=={}"'


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _inputs(root: Path) -> dict[str, str]:
    """Hashes of what decides the output: schema, pipeline, async sources, what is public. Not tests, not the rest."""
    sources = [
        root / "schema/manifest.json",  # it holds the hashes of the bundles
        *sorted(path for path in (root / "codegen").rglob("*") if path.suffix in (".py", ".toml", ".jinja", ".jinja2")),
        *sorted((root / PACKAGE / "_async").glob("*.py")),
        *sorted((root / PACKAGE / "_schema").glob("*.py")),
        *sorted(handwritten(root / PACKAGE)),
    ]
    return {path.relative_to(root).as_posix(): _hash(path.read_bytes()) for path in sources if path.is_file()}


def manifest_text(files: Mapping[str, str], root: Path = ROOT) -> str:
    """The manifest for ``files``."""
    content = {
        "inputs": _inputs(root),
        "files": {path: _hash(text.encode()) for path, text in sorted(files.items())},
    }
    return json.dumps(content, indent=1) + "\n"


def write(files: Mapping[str, str], root: Path = ROOT, *, inputs_below: Path = ROOT) -> list[str]:
    """Write all files and their manifest below ``root``, remove what is generated no more; return what changed."""
    wanted = {**files, MANIFEST.as_posix(): manifest_text(files, inputs_below)}
    changed: list[str] = []
    for path in generated_files(root):
        if path not in wanted:
            (root / path).unlink()
            changed.append(path)
    for path, text in wanted.items():
        target = root / path
        if not target.exists() or target.read_bytes() != text.encode():
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{target.name}.part")  # whole or not at all, even if interrupted
            part.write_bytes(text.encode())
            part.replace(target)
            changed.append(path)
    tidy(root)
    return sorted(changed)


def tidy(root: Path) -> None:
    """Remove what is left of packages that are generated no more: caches without sources, and empty folders."""
    for folder in FOLDERS:
        for cache in sorted((root / folder).rglob("__pycache__")):
            if not any(entry.suffix == ".py" for entry in cache.parent.iterdir()):
                shutil.rmtree(cache)
        for path in sorted((root / folder).rglob("*"), reverse=True):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()


def generated_files(root: Path) -> Iterator[str]:
    """Every file that lies in a generated directory, whoever put it there."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(root).as_posix()


def check(root: Path = ROOT) -> list[Finding]:
    """Compare what lies there with the manifest: edits, strays, missing files, and inputs that changed since."""
    try:
        manifest = json.loads((root / MANIFEST).read_bytes())
        files: dict[str, str] = dict(manifest["files"])
        inputs: dict[str, str] = dict(manifest["inputs"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [Finding(MANIFEST.as_posix(), f"unreadable ({error})", _REGENERATE)]
    present = set(generated_files(root)) - {MANIFEST.as_posix()}
    findings = [*_differences(files, present, root)]
    now = _inputs(root)
    for path in sorted(inputs.keys() | now.keys()):
        if inputs.get(path) != now.get(path):
            findings.append(Finding(path, OUTDATED, _REGENERATE))
    return sorted([*findings, *check_schema(root)])


def _differences(files: Mapping[str, str], present: Iterable[str], root: Path) -> Iterator[Finding]:
    for path in sorted({*files, *present}):
        if path not in files:
            yield Finding(path, "no generated file, but lies in a generated directory", "move it away or delete it")
        elif not (root / path).is_file():
            yield Finding(path, "is missing", _REGENERATE)
        elif _hash((root / path).read_bytes()) != files[path]:
            step = f"change the schema override or the template, then {_REGENERATE}"
            yield Finding(path, "was edited by hand", step)


def compare(files: Mapping[str, str], root: Path = ROOT) -> list[Finding]:
    """Compare what lies there with what the pipeline makes now, apart from what the manifest shows anyway."""
    try:
        known: dict[str, str] = dict(json.loads((root / MANIFEST).read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [
        Finding(path, "is not what the pipeline makes now", _REGENERATE)
        for path in sorted({*files, *known})
        if path not in files or known.get(path) != _hash(files[path].encode())
    ]


def check_schema(root: Path = ROOT) -> Iterator[Finding]:
    """Compare the bundles with the schema manifest, and the dependency pin with the runtime version."""
    folder = root / "schema"
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        hashes: dict[str, str] = dict(manifest["sha256"])
        version: str = manifest["runtime_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield Finding(f"{SCHEMA.name}/manifest.json", f"unreadable ({error})", 'run "make schema"')
        return
    for name, digest in sorted(hashes.items()):
        path = folder / name
        if not path.is_file() or _hash(path.read_bytes()) != digest:
            yield Finding(
                f"{SCHEMA.name}/{name}", "is not what the manifest says the runtime emitted", 'run "make schema"'
            )
    if _PIN.format(version).encode() not in (root / "pyproject.toml").read_bytes():
        yield Finding("pyproject.toml", f"does not depend on {_PIN.format(version)}", 'run "make schema"')
