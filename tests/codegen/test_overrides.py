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


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("response = 3", "[response] is not of its shape"),
        ('core_types = ["A"]', "[core_types] is not of its shape"),
        ('[secret_fields]\nnames = "A.b"', "[secret_fields] is not of its shape"),
        ("[long_running]\nnames = [1]", "[long_running] is not of its shape"),
        ('[replaced_types]\nname = ["A"]', "[replaced_types] is not of its shape"),
        ("[response]\na = 3", "[response] a is not of the section's shape"),
        ('[response]\na = { x = "y" }', "[response] a is not of the section's shape"),
        ('[open_enum]\nA = ["a"]', "[open_enum] A is not of the section's shape"),
        ("[open_enum]\nA = { values = [1] }", "[open_enum] A is not of the section's shape"),
        ('[refusal]\na = "decline"', "[refusal] a is not of the section's shape"),
        ("[refusal]\na = { eror = { code = 1 } }", "[refusal] a is not of the section's shape"),
        ("[refusal]\na = { error = { code = 1 } }", "[refusal] a is not of the section's shape"),
        ('[refusal]\na = { result = {}, clock = "at" }', "[refusal] a is not of the section's shape"),
        ("[refusal]\na = { error = 3 }", "[refusal] a is not of the section's shape"),
        ("[refusal]\na = { error = { code = 'x', message = 'no' } }", "[refusal] a is not of the section's shape"),
        ("[refusal]\na = { clock = 3 }", "[refusal] a is not of the section's shape"),
        ('[rpc_name]\na = "b"', "[rpc_name] a is not of the section's shape"),
        ('[rpc_name]\na = ["b"]', "[rpc_name] a is not of the section's shape"),
        ("[rpc_name]\na = [1, 2]", "[rpc_name] a is not of the section's shape"),
    ],
)
def test_entry_of_another_shape_is_refused(tmp_path: Path, text: str, entry: str) -> None:
    with pytest.raises(CodegenError) as caught:
        overrides(tmp_path, f"{text}\n")
    assert str(caught.value) == f"overrides.toml: {entry}; mend the entry"


def test_entries_of_every_right_shape_are_taken(tmp_path: Path) -> None:
    entries = overrides(
        tmp_path,
        "[response]\na = 'A'\nb = { type = 'B', until = '2.0.0' }\n"
        "[open_enum]\nE = { values = ['a'] }\n"
        "[refusal]\na = { result = {} }\nb = { error = { code = 1, message = 'no' } }\nc = { clock = 'at' }\n"
        "[rpc_name]\na = ['b', 'c']\n[core_types]\nnames = []\n",
        runtime_version="1.0.0",
    )
    assert len(entries.stale()) == 7


def test_broken_file_is_refused_with_one_line(tmp_path: Path) -> None:
    with pytest.raises(CodegenError) as caught:
        overrides(tmp_path, "[response\n")
    (finding,) = caught.value.findings
    assert finding.where == "overrides.toml"
    assert "\n" not in str(finding)


def test_file_that_is_no_text_is_refused_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "overrides.toml"
    path.write_bytes(b"# \xff\n")
    with pytest.raises(CodegenError, match=r"^overrides\.toml: .*utf-8.*; mend the file$"):
        Overrides(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match="mend the file"):
        Overrides(tmp_path / "gone.toml")


SINCE = '[core_types]\nnames = ["A", { name = "B", since = "0.163.0" }]\n'


@pytest.mark.parametrize(
    ("runtime", "there"),
    [("0.162.9", False), ("0.163.0", True), ("0.163.0-alpha.3", True), ("0.164.0", True), ("", True)],
)
def test_entry_of_a_list_begins_with_its_runtime(tmp_path: Path, runtime: str, there: bool) -> None:
    entries = overrides(tmp_path, SINCE, runtime_version=runtime)
    assert set(entries.names("core_types")) == ({"A", "B"} if there else {"A"})
    assert {finding.reason.split()[1] for finding in entries.stale()} == ({"A", "B"} if there else {"A"})


@pytest.mark.parametrize(
    "text",
    [
        '[response]\na = { type = "A", untill = "1.0.0" }\n',
        '[response]\na = { type = "A", until = "v1.0.0" }\n',
        '[response]\na = { type = "A", since = 1 }\n',
        '[core_types]\nnames = [{ name = "A", from = "1.0.0" }]\n',
        '[core_types]\nnames = [{ since = "1.0.0" }]\n',
        '[open_enum]\nA = { values = ["a"], value = "b" }\n',
    ],
)
def test_misspelt_limit_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CodegenError, match=r"is not of (the section's|its) shape; mend the entry"):
        overrides(tmp_path, text)
