"""The whole way from schema bundles to files: load, ir, normalise, models, render, format, unasync, apidocs.

Pure: `build` returns every file as text, and `codegen.manifest` writes what changed. Same input, same bytes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openai_codex._schema import description
from openai_codex._schema.describe import describe

from . import ir, load
from .apidocs import render_api
from .findings import CodegenError, Finding
from .format import format_python
from .lint import lint
from .modelindex import Model, index_models
from .normalise import normalise
from .overrides import OVERRIDES_FILE, Overrides
from .partition import partition
from .public import read_below
from .render import Versions, namespaces, render_docs, render_package
from .unasync import derive_tree
from .unasync_rules import RULES

__all__ = [
    "API",
    "DESCRIPTION",
    "DOCS",
    "GENERATED",
    "PACKAGE",
    "ROOT",
    "SCHEMA",
    "SYNC",
    "Output",
    "build",
    "progress",
    "read_schema_dir",
]

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "schema"
PACKAGE = Path("src/openai_codex")
GENERATED = PACKAGE / "_generated"
SYNC = PACKAGE / "_sync"
DESCRIPTION = "schema.json"
DOCS = Path("docs/protocol")
API = Path("docs/api-reference")


@dataclass(frozen=True, slots=True)
class Output:
    """All generated files by path below the root, and what a human should know."""

    files: dict[str, str]
    notes: tuple[Finding, ...]


def read_schema_dir(folder: Path) -> tuple[bytes, bytes, dict[str, Any]]:
    """Experimental bundle, stable bundle and manifest of a schema directory."""
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return (folder / "experimental.json").read_bytes(), (folder / "stable.json").read_bytes(), manifest
    except (OSError, ValueError) as error:
        raise CodegenError([Finding(folder.name, str(error), 'run "make schema"')]) from error


def progress(text: str) -> None:
    """Say on stderr what takes seconds."""
    print(text, file=sys.stderr, flush=True)


def build(
    schema_dir: Path = SCHEMA,
    *,
    overrides_file: Path = OVERRIDES_FILE,
    vendored: bool = True,
) -> Output:
    """Generate everything.

    Args:
        schema_dir: Directory with ``experimental.json``, ``stable.json`` and ``manifest.json``.
        overrides_file: Reviewed exceptions.
        vendored: Whether this is the project's own schema, for which a stale override is an error.

    Raises:
        CodegenError: with everything that a human has to decide or mend.
    """
    experimental, stable, manifest = read_schema_dir(schema_dir)
    try:
        versions = Versions(*(str(manifest[key]) for key in ("package_version", "runtime_version", "oldest_runtime")))
    except (KeyError, TypeError) as error:
        step = 'run "make schema"'
        raise CodegenError([Finding(f"{schema_dir.name}/manifest.json", f"unreadable ({error})", step)]) from error
    overrides = Overrides(overrides_file, runtime_version=versions.runtime)
    bundle = load.load(experimental, name="experimental.json")
    protocol = ir.build(bundle, load.load(stable, name="stable.json"), overrides)
    try:
        normalised = normalise(protocol, overrides)
    except CodegenError as error:
        raise CodegenError([*protocol.undecided, *error.findings]) from error
    layout = partition(protocol, normalised, overrides)
    replaced = [name for name in normalised.definitions if overrides.get("replaced_types", name)]
    stale = overrides.stale()
    findings, notes = lint(protocol, normalised, layout)
    findings += protocol.undecided
    if stale and vendored:
        findings += stale
    else:
        notes += stale
    if findings:
        for note in sorted(notes):
            progress(f"note: {note}")
        raise CodegenError(findings)

    progress(f"codegen: {len(normalised.definitions)} types of codex {versions.runtime}")
    from .models import generate_models  # datamodel-code-generator takes a second to import

    sources = generate_models(normalised, layout)
    models = index_models(sources, layout)
    files = {f"models/{module}.py": _with_header(text, versions) for module, text in sources.items()}
    files.update(render_package(protocol, normalised, layout, models, versions, replaced))
    progress(f"codegen: format {len(files)} modules")
    formatted = format_python(files)

    async_files = {path: text for path, text in formatted.items() if path.startswith(("rpc_async/", "handlers_async/"))}
    for source in sorted((ROOT / PACKAGE / "_async").glob("*.py")):
        async_files[f"_async/{source.name}"] = source.read_text(encoding="utf-8")
    spaces, _ = namespaces(protocol, models, normalised)
    rules = RULES.extended(
        names={f"Async{space.cls}": space.cls for space in spaces},
        keep=_protocol_names(normalised.definitions, models),
    )
    twins = derive_tree(async_files, rules=rules)

    out: dict[str, str] = {f"{GENERATED.as_posix()}/{path}": text for path, text in formatted.items()}
    for path, text in twins.items():
        parent = PACKAGE if path.startswith("_sync/") else GENERATED
        out[f"{parent.as_posix()}/{path}"] = text
    results = {call.method: call.result for call in protocol.requests}
    results.update((asked.method, asked.result) for asked in protocol.server_requests)
    described = describe(experimental, stable, version=versions.runtime, results=results)
    out[f"{GENERATED.as_posix()}/{DESCRIPTION}"] = description.dumps(described)
    for path, text in render_docs(protocol, normalised, models, versions).items():
        out[f"{DOCS.as_posix()}/{path}"] = text
    on_disk = read_below(ROOT / PACKAGE)

    def read(path: str) -> str | None:
        if path.startswith(("_generated/", "_sync/")):  # what lies there may be of the last run
            return out.get(f"{PACKAGE.as_posix()}/{path}")
        return on_disk(path)

    for path, text in render_api(read, versions).items():
        out[f"{API.as_posix()}/{path}"] = text
    return Output(dict(sorted(out.items())), tuple(sorted(notes)))


def _protocol_names(definitions: Iterable[str], models: Mapping[str, Model]) -> set[str]:
    """Names of the protocol that look as if they belonged to asynchronous code."""
    fields = (field.name for model in models.values() for field in model.fields)
    return {
        *(name for name in definitions if "Async" in name or name.startswith("Sync")),
        *(name for name in fields if name.startswith("async")),
    }


def _with_header(text: str, versions: Versions) -> str:
    body = text.split("\n\n", 1)[1] if text.startswith("# generated by") else text
    header = (
        f"# @generated by python -m codegen from schema/experimental.json (codex {versions.runtime})."
        ' Do not edit: run "make generate".'
    )
    return f"{header}\n\n{body}"
