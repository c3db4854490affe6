"""Generated files and their hashes: files that are damaged or gone, and a write that is cut short."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codegen import manifest, pipeline
from codegen.findings import CodegenError

MANIFEST = manifest.MANIFEST.as_posix()
SCHEMA = "schema/manifest.json"
KEPT = f"{pipeline.GENERATED.as_posix()}/kept.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The least that passes the check: no generated file, no bundle."""
    (tmp_path / "schema").mkdir()
    (tmp_path / SCHEMA).write_text(json.dumps({"runtime_version": "1.0.0", "sha256": {}}))
    (tmp_path / "pyproject.toml").write_text('dependencies = ["openai-codex-cli-bin==1.0.0"]\n')
    (tmp_path / MANIFEST).parent.mkdir(parents=True)
    (tmp_path / MANIFEST).write_text(manifest.manifest_text({}, tmp_path))
    assert manifest.check(tmp_path) == []
    return tmp_path


NO_OBJECTS = [b"", b"\xff", b"null", b"3", b"[]", b"{}", b'"text"']
NO_FILES = [*NO_OBJECTS, b'{"files": 3, "inputs": {}}', b'{"files": [1], "inputs": {}}']


@pytest.mark.parametrize("content", [*NO_FILES, b'{"files": {}, "inputs": 3}'])
def test_damaged_manifest_is_one_line(project: Path, content: bytes) -> None:
    (project / MANIFEST).write_bytes(content)
    (finding,) = manifest.check(project)
    assert str(finding).startswith(f"{MANIFEST}: unreadable (")
    assert finding.next_step == 'run "make generate"'


@pytest.mark.parametrize("content", NO_FILES)
def test_comparing_leaves_a_damaged_manifest_to_the_check(project: Path, content: bytes) -> None:
    (project / MANIFEST).write_bytes(content)
    assert manifest.compare({KEPT: ""}, project) == []


def test_missing_manifest_is_one_line(project: Path) -> None:
    (project / MANIFEST).unlink()
    (finding,) = manifest.check(project)
    assert str(finding).startswith(f"{MANIFEST}: unreadable (")
    assert manifest.compare({KEPT: ""}, project) == []


@pytest.mark.parametrize("content", [*NO_OBJECTS, b'{"sha256": 3, "runtime_version": "1.0.0"}', None])
def test_damaged_or_missing_schema_manifest_is_found(project: Path, content: bytes | None) -> None:
    (project / SCHEMA).unlink() if content is None else (project / SCHEMA).write_bytes(content)
    findings = manifest.check(project)
    assert {finding.where for finding in findings} == {SCHEMA}
    assert [finding.next_step for finding in findings if finding.reason.startswith("unreadable (")] == [
        'run "make schema"'
    ]


def test_project_file_that_is_no_text_is_searched_all_the_same(project: Path) -> None:
    (project / "pyproject.toml").write_bytes(b"\xff")
    line = 'pyproject.toml: does not depend on "openai-codex-cli-bin==1.0.0"; run "make schema"'
    assert [str(finding) for finding in manifest.check(project)] == [line]


@pytest.mark.parametrize("content", ["null", "[]", "3", "{}", '{"package_version": "1.0.0"}'])
def test_schema_manifest_without_versions_does_not_get_as_far_as_the_bundles(tmp_path: Path, content: str) -> None:
    for name in ("experimental.json", "stable.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(CodegenError) as caught:
        pipeline.build(tmp_path)
    (finding,) = caught.value.findings
    assert str(finding).startswith(f"{tmp_path.name}/manifest.json: unreadable (")
    assert finding.next_step == 'run "make schema"'


def test_interrupted_write_leaves_no_half_written_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest.write({KEPT: "before = 1\n"}, tmp_path)
    recorded = (tmp_path / MANIFEST).read_bytes()
    write_bytes = Path.write_bytes

    def interrupted(path: Path, data: bytes) -> int:
        write_bytes(path, data[: len(data) // 2])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", interrupted)
        with pytest.raises(KeyboardInterrupt):
            manifest.write({KEPT: "after = 22\n"}, tmp_path)
    assert (tmp_path / KEPT).read_text() == "before = 1\n"
    assert (tmp_path / MANIFEST).read_bytes() == recorded

    manifest.write({KEPT: "after = 22\n"}, tmp_path)
    assert (tmp_path / KEPT).read_text() == "after = 22\n"
    assert sorted(path.name for path in (tmp_path / pipeline.GENERATED).iterdir()) == ["MANIFEST.json", "kept.py"]
