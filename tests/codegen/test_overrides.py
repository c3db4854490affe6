"""The reviewed exceptions: what they may say, when they end, and when they are stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.findings import CodegenError
from codegen.overrides import Overrides
from tests.codegen.small_schema import overrides

UNTIL = '[response]\n"account/usage/read" = { type = "UsageResponse", until = "0.154.0" }\n'


@pytest.mark.parametrize(
    ("runtime", "there"), [("0.149.0", True), ("0.153.9", True), ("0.154.0", False), ("0.163.0", False), ("", True)]
)
def test_entry_ends_with_its_runtime(tmp_path: Path, runtime: str, there: bool) -> None:
    entries = overrides(tmp_path, UNTIL, runtime_version=runtime)
    assert (entries.get("response", "account/usage/read") is not None) is there


def test_expired_entry_is_not_stale(tmp_path: Path) -> None:
    assert overrides(tmp_path, UNTIL, runtime_version="0.163.0").stale() == []


def test_entry_that_was_never_asked_for_is_stale(tmp_path: Path) -> None:
    entries = overrides(tmp_path, '[long_running]\nnames = ["a", "b"]\n[rpc_name]\nc = ["d", "e"]\n')
    assert entries.get("long_running", "a") is True
    assert entries.get("rpc_name", "unknown") is None
    assert [finding.reason for finding in entries.stale()] == [
        "[rpc_name] c matches nothing in this schema",
        "[long_running] b matches nothing in this schema",
    ]


def test_listing_names_uses_none_of_them(tmp_path: Path) -> None:
    entries = overrides(tmp_path, '[core_types]\nnames = ["A"]\n')
    assert list(entries.names("core_types")) == ["A"]
    assert len(entries.stale()) == 1


def test_unknown_section_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match=r"overrides\.toml: unknown section responses; the sections are response, "):
        overrides(tmp_path, '[responses]\na = "b"\n')


def test_broken_file_is_refused_with_one_line(tmp_path: Path) -> None:
    with pytest.raises(CodegenError) as caught:
        overrides(tmp_path, "[response\n")
    (finding,) = caught.value.findings
    assert finding.where == "overrides.toml"
    assert "\n" not in str(finding)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match="mend the file"):
        Overrides(tmp_path / "gone.toml")
