"""The generator, as it is, on the schemas of older runtimes: each gives a package that can be imported whole."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.codegen.project import run_python

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BUNDLES = Path(__file__).with_name("bundles")
# version: requests, notifications, server requests
VERSIONS = {
    "0.149.0": (150, 75, 11),
    "0.154.0": (159, 81, 11),
    "0.158.0": (167, 83, 11),
    "0.160.1": (167, 83, 11),
}

# Imports every module, builds every model, resolves every annotation of every stub.
IMPORT_ALL = """
import importlib, inspect, json, pkgutil, re, typing
from openai_codex import _generated, protocol
from openai_codex._generated import models, rpc_async, rpc_sync
from openai_codex._model import WireModel
for package in (models, rpc_async, rpc_sync):
    for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        module = importlib.import_module(found.name)
        if package is models:
            continue
        for kind in vars(module).values():
            if inspect.isclass(kind) and kind.__module__ == module.__name__:
                for name, function in vars(kind).items():
                    if inspect.isfunction(function):
                        typing.get_type_hints(function)
numbered = []
for name in models.MODULE_OF:
    kind = getattr(models, name)
    if isinstance(kind, type) and issubclass(kind, WireModel):
        kind.model_rebuild()
        assert kind.__pydantic_complete__, name
        if re.search(r"[a-z]\\d+$", name):
            numbered.append(name)
for info in (*protocol.REQUESTS.values(), *protocol.SERVER_REQUESTS.values()):
    info.params_type, info.result_type
for info in protocol.NOTIFICATIONS.values():
    info.payload_type
for method in protocol.REQUESTS:
    target = rpc_sync.Rpc(None)
    for part in protocol.REQUESTS[method].python_path.split("."):
        target = getattr(target, part)
    assert callable(target)
print(json.dumps({
    "version": protocol.SCHEMA_VERSION,
    "counts": [len(protocol.REQUESTS), len(protocol.NOTIFICATIONS), len(protocol.SERVER_REQUESTS)],
    "file": _generated.__file__,
    "numbered": numbered,
}))
"""


def run(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return run_python(root, "-W", "error", *arguments, **variables)


def generate_and_import(version: str, folder: Path) -> tuple[str, str]:
    """Return what the generator said, and what importing the result said; an error text in place of what failed."""
    schema, project = folder / "schema", folder / "project"
    schema.mkdir(parents=True)
    for kind in ("stable", "experimental"):
        packed = (BUNDLES / f"{version}-{kind}.json.gz").read_bytes()
        (schema / f"{kind}.json").write_bytes(gzip.decompress(packed))
    versions = {"package_version": version, "runtime_version": version, "oldest_runtime": "0.149.0"}
    (schema / "manifest.json").write_text(json.dumps(versions))
    made = run(ROOT, "-m", "codegen", "generate", "--schema", str(schema), "--output", str(project))
    if made.returncode:
        return made.stderr, "not generated"
    handwritten = shutil.ignore_patterns("_generated", "_sync", "__pycache__")
    package = project / "src/openai_codex"
    shutil.copytree(ROOT / "src/openai_codex", package, ignore=handwritten, dirs_exist_ok=True)
    imported = run(folder, "-c", IMPORT_ALL, PYTHONPATH=str(project / "src"))
    return made.stderr, imported.stdout if imported.returncode == 0 else imported.stderr


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[tuple[str, str]]]]:
    with ThreadPoolExecutor(2) as pool:
        yield {
            version: pool.submit(generate_and_import, version, tmp_path_factory.mktemp(version)) for version in VERSIONS
        }


@pytest.mark.parametrize("version", VERSIONS)
def test_older_schema_gives_a_package_that_imports_whole(
    outcomes: dict[str, Future[tuple[str, str]]], version: str
) -> None:
    said, imported = outcomes[version].result()
    assert imported.startswith("{"), f"{said}\n{imported}"
    facts = json.loads(imported)
    assert facts["version"] == version
    assert tuple(facts["counts"]) == VERSIONS[version]
    assert version in facts["file"]
    assert facts["numbered"] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_what_an_older_schema_lacks_is_noted_not_refused(
    outcomes: dict[str, Future[tuple[str, str]]], version: str
) -> None:
    said, _ = outcomes[version].result()
    notes = [line for line in said.splitlines() if line.startswith("note: ")]
    assert "note: overrides.toml: [long_running] thread/prediction/request matches nothing in this schema" in said
    assert all(line.count("\n") == 0 and "; " in line for line in notes)
