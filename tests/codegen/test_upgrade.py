"""Another runtime in one step: all of it there and back, or nothing at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codegen import pipeline
from codegen.findings import CodegenError
from codegen.sources import Bundles, Source
from codegen.upgrade import upgrade
from tests.codegen.golden_schema import EXPERIMENTAL, OVERRIDES, STABLE, protocol_bundle
from tests.codegen.project import ROOT, copy, run

pytestmark = pytest.mark.slow

OLD, NEW = "9.0.0", "9.1.0"
Change = Callable[[dict[str, Any]], None]


def small(version: str, *changes: Change) -> Bundles:
    """The schema of a small runtime, changed."""
    pair: list[bytes] = []
    for definitions in (STABLE, EXPERIMENTAL):
        document = json.loads(protocol_bundle(definitions))
        for change in changes:
            change(document["definitions"])
        pair.append(json.dumps(document).encode())
    return Bundles(pair[0], pair[1], version, Source("package", version))


def request(method: str, *types: str, params: Any = None) -> Change:
    def change(definitions: dict[str, Any]) -> None:
        properties = {"method": {"enum": [method], "type": "string"}, "params": params or {"type": "null"}}
        definitions["ClientRequest"]["oneOf"].append({"type": "object", "properties": properties})
        definitions["v2"].update((name, {"type": "object"}) for name in types)

    return change


def without_request(method: str) -> Change:
    def change(definitions: dict[str, Any]) -> None:
        branches = definitions["ClientRequest"]["oneOf"]
        branches[:] = [each for each in branches if each["properties"]["method"]["enum"] != [method]]

    return change


def tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the small runtime, as it was released."""
    root = copy(ROOT, tmp_path_factory.mktemp("upgrade") / "project")
    changelog = (root / "CHANGELOG.md").read_bytes()
    (root / "codegen/overrides.toml").write_text(OVERRIDES, encoding="utf-8")
    upgrade(small(OLD), root, tests=False)
    shutil.copy(root / pipeline.GENERATED / pipeline.DESCRIPTION, root / "schema/released.json")
    (root / "CHANGELOG.md").write_bytes(changelog)
    return root


@pytest.fixture
def project(released: Path, tmp_path: Path) -> Path:
    return copy(released, tmp_path / "project")


def test_upgrade_there_and_back_leaves_the_tree_as_it_was(project: Path) -> None:
    before = tree(project)
    added = [request("job/one", "JobOneResponse"), request("board/one", "BoardOneResponse")]
    done = upgrade(small(NEW, *added, without_request("job/reset")), project, tests=False)
    assert (done.old, done.new) == (OLD, NEW)
    assert [note.reason for note in done.notes] == ["JobResetResponse is the result of no request"]
    assert [(change.kind, change.place) for change in done.changes if change.kind.startswith("request")] == [
        ("request added", "board/one"),
        ("request added", "job/one"),
        ("request removed", "job/reset"),
    ]
    between = tree(project)
    assert {path for path in {*before, *between} if before.get(path) != between.get(path)} == set(done.files)
    assert "src/openai_codex/_generated/rpc_async/board.py" in between.keys() - before.keys()
    versions = json.loads(between["schema/manifest.json"])
    assert (versions["runtime_version"], versions["package_version"]) == (NEW, NEW)
    assert f'"openai-codex-cli-bin=={NEW}"'.encode() in between["pyproject.toml"]
    assert f'RUNTIME_VERSION: Final = "{NEW}"'.encode() in between["src/openai_codex/_generated/_version.py"]
    changelog = between["CHANGELOG.md"].decode()
    assert changelog.count(f"\n### Protocol {OLD} -> {NEW}\n") == changelog.count("\n### Protocol ") == 1
    assert run(project, "check", "--quick").returncode == 0
    back = upgrade(small(OLD), project, tests=False)
    assert (back.old, back.new) == (NEW, OLD)
    assert tree(project) == before
    assert run(project, "check", "--quick").returncode == 0


def test_real_schema_upgrades_as_well(tmp_path: Path) -> None:
    project = copy(ROOT, tmp_path / "project")
    present = json.loads((project / "schema/manifest.json").read_text(encoding="utf-8"))
    bundles = [
        (project / f"schema/{kind}.json").read_bytes().replace(b'"account/logout"', b'"account/leave"')
        for kind in ("stable", "experimental")
    ]
    exceptions = project / "codegen/overrides.toml"
    exceptions.write_bytes(exceptions.read_bytes().replace(b'"account/logout"', b'"account/leave"'))
    done = upgrade(Bundles(bundles[0], bundles[1], "99.0.0", Source("binary", "99.0.0")), project, tests=False)
    assert [(change.kind, change.place) for change in done.changes] == [
        ("request added", "account/leave"),
        ("request removed", "account/logout"),
    ]
    assert done.old == present["runtime_version"]
    assert "def leave(" in (project / "src/openai_codex/_generated/rpc_async/account.py").read_text(encoding="utf-8")
    assert run(project, "check", "--quick").returncode == 0


def test_changelog_compares_with_the_last_release_and_not_with_the_last_upgrade(project: Path) -> None:
    one, two = request("job/one", "JobOneResponse"), request("job/two", "JobTwoResponse")
    upgrade(small(NEW, one), project, tests=False)
    done = upgrade(small(NEW, one, two), project, tests=False)
    assert [change.place for change in done.changes if change.kind == "request added"] == ["job/two"]
    changelog = (project / "CHANGELOG.md").read_text(encoding="utf-8")
    assert changelog.count("\n### Protocol ") == 1
    assert "- `job/one`\n- `job/two`\n" in changelog


def test_every_decision_is_listed_at_once_and_nothing_is_changed(project: Path) -> None:
    before = tree(project)
    changes = [
        request("job/answer/read", "ReadJobAnswerResponse"),
        request("job/board/read", "ReadJobBoardResponse"),
        request("job/sourceSet", params={"$ref": "#/definitions/v2/JobRunParams"}),
        without_request("job"),
    ]
    with pytest.raises(CodegenError) as caught:
        upgrade(small(NEW, *changes), project)
    assert list(map(str, caught.value.findings)) == [
        "overrides.toml: [response] job matches nothing in this schema; remove the entry",
        "overrides.toml: job/source/set and job/sourceSet would both be rpc.job.source_set; "
        'name one of them in [rpc_name]: `"job/sourceSet" = ["job", "..."]`',
        "overrides.toml: no result type known for job/answer/read (JobAnswerReadResponse does not exist); "
        'add `"job/answer/read" = "ReadJobAnswerResponse"` to [response]; candidates: ReadJobAnswerResponse, '
        "ReadJobBoardResponse, JobAskResponse, JobCancelResponse",
        "overrides.toml: no result type known for job/board/read (JobBoardReadResponse does not exist); "
        'add `"job/board/read" = "ReadJobBoardResponse"` to [response]; candidates: ReadJobBoardResponse, '
        "ReadJobAnswerResponse, JobAskResponse, JobCancelResponse",
    ]
    assert tree(project) == before


def test_pasted_decision_lets_the_upgrade_pass(project: Path) -> None:
    overrides = project / "codegen/overrides.toml"
    line = '[response]\n"job/answer/read" = "ReadJobAnswerResponse"\n'
    overrides.write_text(OVERRIDES.replace("[response]\n", line), encoding="utf-8")
    done = upgrade(small(NEW, request("job/answer/read", "ReadJobAnswerResponse")), project, tests=False)
    assert [change.place for change in done.changes if change.kind == "request added"] == ["job/answer/read"]


def put_tests(project: Path, body: str) -> None:
    for name in ("generated", "architecture"):
        (project / "tests" / name).mkdir(parents=True)
    (project / "tests/generated/test_it.py").write_text(body, encoding="utf-8")
    (project / "tests/architecture/test_generated.py").write_text(WRITTEN, encoding="utf-8")


WRITTEN = """
from codegen import manifest

def test_files():
    assert manifest.check() == []
"""
HOLDS = """
from openai_codex import protocol
from openai_codex._generated import _version

def test_version():
    assert _version.RUNTIME_VERSION == protocol.SCHEMA_VERSION == "9.1.0"
"""


def test_failing_test_of_the_generated_layer_changes_nothing(project: Path) -> None:
    put_tests(project, HOLDS.replace(NEW, OLD))
    before = tree(project)
    with pytest.raises(CodegenError) as caught:
        upgrade(small(NEW), project)
    (finding,) = caught.value.findings
    assert finding.reason.startswith("FAILED tests/generated/test_it.py::test_version")
    assert finding.next_step == "mend it, or add `--skip-tests` to have the new files in place while you do"
    assert tree(project) == before


def test_passing_tests_run_on_the_new_tree(project: Path) -> None:
    put_tests(project, HOLDS)
    done = upgrade(small(NEW), project)
    assert done.changes == []
    assert "CHANGELOG.md" not in done.files
    assert json.loads((project / "schema/manifest.json").read_text())["runtime_version"] == NEW


def test_disk_that_fills_up_leaves_the_old_tree(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(project)
    written: list[Path] = []
    write = Path.write_bytes

    def write_some(path: Path, data: Any) -> int:
        if path.is_relative_to(project):
            written.append(path)
            if len(written) > 10:
                raise OSError(28, "No space left on device", str(path))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", write_some)
    with pytest.raises(OSError, match="No space left"):
        upgrade(small(NEW, request("job/one", "JobOneResponse")), project, tests=False)
    assert len(written) == 11
    assert tree(project) == before


def test_schema_of_the_last_release_must_be_there(project: Path) -> None:
    (project / "schema/released.json").write_text("{}", encoding="utf-8")
    before = tree(project)
    with pytest.raises(CodegenError, match=r"released\.json: unreadable \(.*\); run \"make generate\""):
        upgrade(small(NEW), project)
    assert tree(project) == before


@pytest.mark.parametrize("arguments", [("upgrade",), ("upgrade", "--runtime", ""), ("upgrade", "--nope")])
def test_upgrade_asks_for_a_runtime(arguments: tuple[str, ...]) -> None:
    done = run(ROOT, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
