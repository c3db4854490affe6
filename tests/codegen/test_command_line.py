"""``python -m codegen generate`` and ``check`` on a copy of the project: what they notice, and in which words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen import manifest, pipeline
from tests.codegen.project import ROOT, copy, generated, run

pytestmark = pytest.mark.slow

CORE = "src/openai_codex/_generated/models/core.py"
TWIN = "src/openai_codex/_generated/rpc_sync/thread.py"
OVERRIDES = "codegen/overrides.toml"
THREAD = "src/openai_codex/_async/thread.py"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose generated files are what its pipeline makes."""
    root = copy(ROOT, tmp_path_factory.mktemp("fresh") / "project")
    done = run(root, "generate", hash_seed="1")
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def project(fresh: Path, tmp_path: Path) -> Path:
    return copy(fresh, tmp_path / "project")


# --- generate --------------------------------------------------------------------------------------------


def test_generating_again_under_another_hash_seed_gives_the_same_bytes(fresh: Path, tmp_path: Path) -> None:
    before = generated(fresh)
    done = run(fresh, "generate", "--output", str(tmp_path), hash_seed="4711")
    assert done.returncode == 0, done.stderr
    assert f"codegen: {len(before) - 1} files, {len(before)} changed" in done.stderr
    assert generated(tmp_path) == before
    assert generated(fresh) == before


def test_generated_text_holds_no_path_and_no_date(fresh: Path) -> None:
    for path, content in generated(fresh).items():
        assert str(fresh).encode() not in content, path
        assert b"timestamp:" not in content, path
        assert b"\r" not in content, path


def test_full_check_of_a_fresh_project_passes(fresh: Path) -> None:
    done = run(fresh, "check", hash_seed="2")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-1] == "codegen: everything generated is up to date"


def test_writing_removes_orphans_and_leaves_equal_files_alone(tmp_path: Path) -> None:
    kept, gone = f"{pipeline.GENERATED}/models/kept.py", f"{pipeline.GENERATED}/models/gone.py"
    assert manifest.write({kept: "a = 1\n", gone: ""}, tmp_path) == sorted([manifest.MANIFEST.as_posix(), gone, kept])
    stamp = (tmp_path / kept).stat().st_mtime_ns
    (tmp_path / pipeline.PACKAGE / "handwritten.py").write_text("")
    assert manifest.write({kept: "a = 1\n"}, tmp_path) == sorted([manifest.MANIFEST.as_posix(), gone])
    assert not (tmp_path / gone).exists()
    assert (tmp_path / kept).stat().st_mtime_ns == stamp
    assert (tmp_path / pipeline.PACKAGE / "handwritten.py").exists()
    assert manifest.write({kept: "a = 1\n"}, tmp_path) == []


def refused(root: Path, line: str) -> None:
    """``generate`` and ``check`` say exactly this, and nothing is written."""
    before = generated(root)
    for command in ("generate", "check"):
        done = run(root, command)
        assert (done.returncode, done.stdout, done.stderr.splitlines()) == (1, "", [line]), command
    assert generated(root) == before


def test_stale_override_is_refused(project: Path) -> None:
    path = project / OVERRIDES
    path.write_text(path.read_text().replace("[response]\n", '[response]\n"nope/nope" = "NopeResponse"\n', 1))
    refused(
        project,
        "overrides.toml: [response] nope/nope matches nothing in this schema; remove or limit it (since, until)",
    )


def test_missing_override_is_asked_for_with_candidates(project: Path) -> None:
    path = project / OVERRIDES
    path.write_text(path.read_text().replace('"account/logout" = "LogoutAccountResponse"\n', ""))
    refused(
        project,
        "overrides.toml: no result type known for account/logout (AccountLogoutResponse does not exist);"
        ' add `"account/logout" = "LogoutAccountResponse"` to [response]; candidates: LogoutAccountResponse,'
        " GetAccountResponse, LoginAccountResponse, CancelLoginAccountResponse",
    )


def test_schema_that_is_none_is_refused(project: Path) -> None:
    (project / "schema/stable.json").write_text("{}")
    done = run(project, "generate")
    line = "stable.json: not a schema bundle of the app-server (KeyError: 'definitions'); run \"make schema\""
    assert (done.returncode, done.stderr.splitlines()) == (1, [line])


def test_public_method_without_a_docstring_is_refused(project: Path) -> None:
    path = project / THREAD
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"""Give the thread', '_ = """Give the thread'), encoding="utf-8")
    line = text[: text.index("def set_name")].count("\n") + 1
    before = generated(project)
    done = run(project, "generate")
    finding = f"{THREAD}:{line}: AsyncThread.set_name has no docstring; write one"
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, finding)
    assert generated(project) == before


def test_one_run_brings_a_changed_docstring_into_twin_and_page(project: Path) -> None:
    path = project / THREAD
    path.write_text(path.read_text(encoding="utf-8").replace("Give the thread a", "Choose its"), encoding="utf-8")
    assert run(project, "generate").returncode == 0
    assert "\nChoose its name.\n" in (project / pipeline.API / "thread.md").read_text(encoding="utf-8")
    assert run(project, "check").returncode == 0


# --- check -----------------------------------------------------------------------------------------------


def test_quick_check_of_a_fresh_project_passes(fresh: Path) -> None:
    done = run(fresh, "check", "--quick")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "codegen: everything generated is up to date\n")


def edit(path: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / path).write_text((root / path).read_text(encoding="utf-8") + "\n", encoding="utf-8")

    return change


def put(path: str, text: str = "") -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / path).write_text(text, encoding="utf-8")

    return change


def remove(path: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / path).unlink()

    return change


BY_HAND = 'was edited by hand; change the schema override or the template, then run "make generate"'
CHANGED = 'is not what the generated code was made with; run "make generate"'
STRAY = "no generated file, but lies in a generated directory; move it away or delete it"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        pytest.param(edit(CORE), f"{CORE}: {BY_HAND}", id="edited model"),
        pytest.param(edit(TWIN), f"{TWIN}: {BY_HAND}", id="edited twin"),
        pytest.param(remove(CORE), f'{CORE}: is missing; run "make generate"', id="missing file"),
        pytest.param(
            put("src/openai_codex/_generated/models/extra.py"),
            f"src/openai_codex/_generated/models/extra.py: {STRAY}",
            id="stray module",
        ),
        pytest.param(
            put("docs/protocol/notes.txt"),
            f"docs/protocol/notes.txt: {STRAY}",
            id="stray page",
        ),
        pytest.param(
            put("docs/api-reference/notes.txt"),
            f"docs/api-reference/notes.txt: {STRAY}",
            id="stray page of the API",
        ),
        pytest.param(edit(OVERRIDES), f"{OVERRIDES}: {CHANGED}", id="overrides"),
        pytest.param(
            edit("codegen/templates/macros.jinja"), f"codegen/templates/macros.jinja: {CHANGED}", id="template"
        ),
        pytest.param(
            put("codegen/new.py"),
            f"codegen/new.py: {CHANGED}",
            id="new stage",
        ),
        pytest.param(
            edit("src/openai_codex/_async/client.py"),
            f"src/openai_codex/_async/client.py: {CHANGED}",
            id="async source",
        ),
        pytest.param(
            edit("src/openai_codex/_config.py"),
            f"src/openai_codex/_config.py: {CHANGED}",
            id="docstrings of a public class",
        ),
        pytest.param(
            edit("src/openai_codex/testing/__init__.py"),
            f"src/openai_codex/testing/__init__.py: {CHANGED}",
            id="list of public names",
        ),
        pytest.param(
            put("src/openai_codex/errors.py", "\n)"),
            "src/openai_codex/errors.py:2: cannot be parsed (unmatched ')'); correct it",
            id="source that is no Python",
        ),
        pytest.param(
            put(manifest.MANIFEST.as_posix(), "{}"),
            f"{manifest.MANIFEST.as_posix()}: unreadable ('files'); run \"make generate\"",
            id="manifest",
        ),
    ],
)
def test_check_says_in_one_line_what_changed(project: Path, change: Callable[[Path], None], line: str) -> None:
    change(project)
    done = run(project, "check", "--quick")
    assert (done.returncode, done.stdout, done.stderr.splitlines()) == (1, "", [line])


def test_check_leaves_alone_what_is_neither_public_nor_generated_from(project: Path) -> None:
    edit("src/openai_codex/_media.py")(project)
    edit("src/openai_codex/testing/_server.py")(project)
    done = run(project, "check", "--quick")
    assert (done.returncode, done.stderr) == (0, "codegen: everything generated is up to date\n")


def test_check_notices_one_changed_byte_of_a_bundle(project: Path) -> None:
    path = project / "schema/experimental.json"
    content = bytearray(path.read_bytes())
    content[content.index(b"description")] ^= 0x20
    path.write_bytes(content)
    done = run(project, "check", "--quick")
    assert done.returncode == 1
    assert (
        'schema/experimental.json: is not what the manifest says the runtime emitted; run "make schema"'
        in done.stderr.splitlines()
    )
    assert all(line.startswith("schema/experimental.json: ") for line in done.stderr.splitlines())


def test_check_notices_a_dependency_on_another_runtime(project: Path) -> None:
    path = project / "pyproject.toml"
    version = json.loads((project / "schema/manifest.json").read_text())["runtime_version"]
    path.write_text(path.read_text().replace(f"openai-codex-cli-bin=={version}", "openai-codex-cli-bin==0.1.0"))
    done = run(project, "check", "--quick")
    line = f'pyproject.toml: does not depend on "openai-codex-cli-bin=={version}"; run "make schema"'
    assert (done.returncode, done.stderr.splitlines()) == (1, [line])


def test_full_check_is_not_fooled_by_a_manifest_that_was_brought_in_line(project: Path) -> None:
    edit(CORE)(project)
    recorded = json.loads((project / manifest.MANIFEST).read_text())
    files = {path: (project / path).read_text(encoding="utf-8") for path in recorded["files"]}
    (project / manifest.MANIFEST).write_text(manifest.manifest_text(files, project), encoding="utf-8")
    assert run(project, "check", "--quick").returncode == 0
    done = run(project, "check")
    line = f'{CORE}: is not what the pipeline makes now; run "make generate"'
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, line)


# --- usage -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [(), ("nope",), ("generate", "--nope"), ("check", "extra")])
def test_wrong_usage_exits_with_two(arguments: tuple[str, ...]) -> None:
    done = run(ROOT, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: python -m codegen")
