"""A small protocol with every shape in it, through the whole pipeline, compared with recorded text.

``UPDATE_GOLDEN=1`` records anew; look at the diff before keeping it.
"""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path

import pytest

from codegen import pipeline
from codegen.findings import CodegenError
from codegen.models import generate_models
from codegen.partition import Layout
from tests.codegen.golden_schema import EXPERIMENTAL, OVERRIDES, STABLE, protocol_bundle
from tests.codegen.small_schema import STRING, normalised, obj

GOLDEN = Path(__file__).with_name("golden")


def schema_dir(path: Path) -> Path:
    path.mkdir()
    (path / "stable.json").write_bytes(protocol_bundle(STABLE))
    (path / "experimental.json").write_bytes(protocol_bundle(EXPERIMENTAL))
    versions = {"package_version": "1.2.3.post1", "runtime_version": "1.2.3", "oldest_runtime": "1.0.0"}
    (path / "manifest.json").write_text(json.dumps(versions))
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("small")
    exceptions = folder / "overrides.toml"
    exceptions.write_text(OVERRIDES)
    files = pipeline.build(schema_dir(folder / "schema"), overrides_file=exceptions).files
    handwritten = (f"{pipeline.SYNC.as_posix()}/", f"{pipeline.API.as_posix()}/")
    return {path: text for path, text in files.items() if not path.startswith(handwritten)}


RECORDED = (
    "_generated/_docs.py",
    "_generated/_methods.py",
    "_generated/_version.py",
    "_generated/schema.json",
    "_generated/handlers_async/__init__.py",
    "_generated/models/__init__.py",
    "_generated/models/core.py",
    "_generated/models/job.py",
    "_generated/models/ping.py",
    "_generated/rpc_async/__init__.py",
    "_generated/rpc_async/job.py",
    "_generated/rpc_sync/job.py",
    "docs/protocol/README.md",
    "docs/protocol/core.md",
    "docs/protocol/job.md",
)


@pytest.mark.parametrize("path", RECORDED)
def test_output_is_as_recorded(built: dict[str, str], path: str) -> None:
    full = path if path.startswith("docs/") else f"{pipeline.PACKAGE.as_posix()}/{path}"
    # A suffix of its own keeps formatters and type checkers away from the recorded text.
    recorded = GOLDEN / f"{path.replace('/', '.')}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        recorded.write_text(built[full], encoding="utf-8", newline="\n")
    assert built[full] == recorded.read_text(encoding="utf-8")


def test_every_kind_of_file_is_made_and_nothing_else(built: dict[str, str]) -> None:
    package = f"{pipeline.PACKAGE.as_posix()}/"
    unrecorded = {"_generated/__init__.py", "_generated/handlers_sync/__init__.py", "_generated/rpc_sync/__init__.py"}
    assert {path.removeprefix(package) for path in built} == {*RECORDED, *unrecorded}


def test_twins_have_as_many_lines_as_their_sources(built: dict[str, str]) -> None:
    for path, text in built.items():
        if "_async/" in path:
            assert built[path.replace("_async/", "_sync/")].count("\n") == text.count("\n")


def test_stale_override_is_an_error_for_the_vendored_schema_and_a_note_for_any_other(tmp_path: Path) -> None:
    exceptions = tmp_path / "overrides.toml"
    exceptions.write_text(OVERRIDES.replace('names = ["job/run"]', 'names = ["job/run", "job/gone"]'))
    folder = schema_dir(tmp_path / "schema")
    line = "overrides.toml: [long_running] job/gone matches nothing in this schema; remove or limit it (since, until)"
    with pytest.raises(CodegenError) as caught:
        pipeline.build(folder, overrides_file=exceptions)
    assert str(caught.value) == line
    notes = pipeline.build(folder, overrides_file=exceptions, vendored=False).notes
    assert [str(note) for note in notes] == [line]


@pytest.mark.parametrize("name", ["timeout", "m", "result"])
def test_field_with_a_name_that_the_stub_needs_itself_is_refused(tmp_path: Path, name: str) -> None:
    folder = schema_dir(tmp_path / "schema")
    text = (folder / "experimental.json").read_text()
    (folder / "experimental.json").write_text(text.replace('"cursor"', f'"{name}"'))
    exceptions = tmp_path / "overrides.toml"
    exceptions.write_text(OVERRIDES)
    with pytest.raises(CodegenError, match=f"job has a field called {name}, which stubs use themselves"):
        pipeline.build(folder, overrides_file=exceptions)


@pytest.mark.parametrize(
    ("refusal", "said"),
    [('{ clock = "at" }', "By default the machine's clock answers."), ("{ result = {} }", "The default refuses.")],
)
def test_handler_says_what_it_does_by_default(tmp_path: Path, refusal: str, said: str) -> None:
    exceptions = tmp_path / "overrides.toml"
    exceptions.write_text(OVERRIDES.replace('{ result = { answer = "" } }', refusal))
    files = pipeline.build(schema_dir(tmp_path / "schema"), overrides_file=exceptions).files
    for side in ("async", "sync"):
        text = files[f"{pipeline.GENERATED.as_posix()}/handlers_{side}/__init__.py"]
        assert f"The answer (schema JobAskResponse). {said}\n" in text


def test_schema_directory_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match='run "make schema"'):
        pipeline.build(tmp_path)


@pytest.mark.parametrize(
    "text", ['ends with a "quote"', 'has """ inside', "back\\slash \\n", 'ends with """', "ends with \\"]
)
def test_any_description_makes_a_docstring_that_says_the_same(tmp_path: Path, text: str) -> None:
    definitions = {
        "Word": {"type": "string", "enum": ["a", "b"], "description": text},
        "Thing": {**obj(x={**STRING, "description": text}), "description": text},
    }
    made = normalised(tmp_path, definitions)
    source = generate_models(made, Layout(dict.fromkeys(made.definitions, "core")))["core"]
    classes = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    assert {name: (ast.get_docstring(node) or "").rstrip() for name, node in classes.items()} == {
        "Word": text,
        "Thing": text,
    }
    last = classes["Thing"].body[-1]
    assert isinstance(last, ast.Expr) and ast.literal_eval(last.value).rstrip() == text
