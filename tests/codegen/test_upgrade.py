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
        "overrides.toml: [response] job matches nothing in this schema; remove or limit it (since, until)",
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


# --- what is the user's stays -----------------------------------------------------------------------------


def test_what_an_upgrade_does_not_own_it_leaves_alone(project: Path) -> None:
    mine = ("schema/notes.md", "schema/.hidden", "schema/dist/a.json", "src/openai_codex/mine.py", "build/out")
    for name in mine:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("mine", encoding="utf-8")
    upgrade(small(NEW), project, tests=False)
    assert [(project / name).read_text(encoding="utf-8") for name in mine] == ["mine"] * len(mine)


@pytest.mark.parametrize("name", ["CHANGELOG.md", "pyproject.toml"])
def test_change_made_meanwhile_is_kept_and_nothing_is_swapped(
    project: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    build = pipeline.build

    def build_slowly(*arguments: Any, **options: Any) -> pipeline.Output:
        with (project / name).open("a", encoding="utf-8") as file:
            file.write("\n# mine\n")
        return build(*arguments, **options)

    monkeypatch.setattr(pipeline, "build", build_slowly)
    before = tree(project)
    with pytest.raises(CodegenError) as caught:
        upgrade(small(NEW), project, tests=False)
    assert str(caught.value).startswith(f"{name}: was changed while the upgrade was prepared; ")
    after = tree(project)
    assert {path for path in after if after[path] != before.get(path)} == {name}
    assert after[name].endswith(b"\n# mine\n")


def test_links_lead_where_they_led(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.md"
    (project / "CHANGELOG.md").rename(elsewhere)
    (project / "CHANGELOG.md").symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    put_tests(project, HOLDS.replace(NEW, OLD))
    with pytest.raises(CodegenError):
        upgrade(small(NEW, request("job/one", "JobOneResponse")), project)
    assert elsewhere.read_bytes() == before
    upgrade(small(NEW, request("job/one", "JobOneResponse")), project, tests=False)
    assert (project / "CHANGELOG.md").is_symlink()
    assert b"### Protocol " in elsewhere.read_bytes()


def test_rename_that_fails_gives_back_what_was_renamed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(project)
    replace, renamed = Path.replace, list[Path]()

    def replace_some(path: Path, target: Path) -> Path:
        if path.name.endswith(".part") and path.is_relative_to(project):
            renamed.append(path)
            if len(renamed) > 5:
                raise PermissionError(13, "in use", str(target))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replace_some)
    with pytest.raises(PermissionError):
        upgrade(small(NEW, request("job/one", "JobOneResponse")), project, tests=False)
    assert len(renamed) == 6
    assert tree(project) == before


def test_line_ends_of_the_changelog_and_modes_of_files_stay(project: Path) -> None:
    changelog = project / "CHANGELOG.md"
    changelog.write_bytes(changelog.read_bytes().replace(b"\n", b"\r\n"))
    (project / "pyproject.toml").chmod(0o600)
    upgrade(small(NEW, request("job/one", "JobOneResponse")), project, tests=False)
    text = changelog.read_bytes()
    assert b"### Protocol " in text
    assert text.count(b"\r\n") == text.count(b"\n")
    assert (project / "pyproject.toml").stat().st_mode & 0o777 == 0o600


def test_project_that_pins_no_runtime_is_refused(project: Path) -> None:
    path = project / "pyproject.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("openai-codex-cli-bin==", "openai-codex-cli-bin>="))
    before = tree(project)
    with pytest.raises(CodegenError, match=r"pyproject\.toml: pins no version of the runtime; add "):
        upgrade(small(NEW), project, tests=False)
    assert tree(project) == before


def test_options_of_pytest_in_the_environment_do_not_let_failing_tests_pass(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    put_tests(project, HOLDS.replace(NEW, OLD))
    with pytest.raises(CodegenError, match="FAILED"):
        upgrade(small(NEW), project)


def test_repeated_release_that_is_left_behind_is_told(project: Path) -> None:
    path = project / "schema/manifest.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace(f'"package_version": "{OLD}"', f'"package_version": "{OLD}.post1"')
    )
    assert upgrade(small(OLD), project, tests=False).notes == ()
    (note,) = upgrade(small(NEW), project, tests=False).notes
    assert str(note).startswith(f"schema/manifest.json: package_version was {OLD}.post1; set it by hand")


def test_same_schema_from_a_binary_changes_nothing(project: Path) -> None:
    before = tree(project)
    same = small(OLD)
    done = upgrade(Bundles(same.stable, same.experimental, OLD, Source("binary", OLD)), project, tests=False)
    assert (done.files, done.changes) == ([], [])
    assert tree(project) == before


def test_protocol_of_the_last_release_is_written_as_it_is_today() -> None:
    """Else coming back to it would look like a change."""
    kept, present = (ROOT / path for path in ("schema/released.json", pipeline.GENERATED / pipeline.DESCRIPTION))
    old, new = (json.loads(path.read_text(encoding="utf-8")) for path in (kept, present))
    assert old["format"] == new["format"]
    if old["version"] == new["version"]:
        assert kept.read_bytes() == present.read_bytes()
