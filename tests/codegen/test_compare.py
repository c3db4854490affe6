"""``python -m codegen diff``: what can be named, in which forms it answers, and with which exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from codegen import compare, sources
from codegen.sources import Bundles, Source
from openai_codex._schema.errors import SchemaError
from tests.codegen.project import ROOT, run

BUNDLES = Path(__file__).with_name("bundles")
OLD, NEW = (str(BUNDLES / f"{version}-experimental.json.gz") for version in ("0.158.0", "0.160.1"))
FURTHER = str(BUNDLES / "0.154.0-stable.json.gz")


def test_reports_have_three_forms() -> None:
    text, markdown, data = (run(ROOT, "diff", OLD, NEW, "--format", each) for each in ("text", "markdown", "json"))
    assert (text.returncode, markdown.returncode, data.returncode) == (0, 0, 0)
    assert text.stdout.startswith("0.158.0 -> 0.160.1: attention (0 breaking, ")
    assert "\x1b" not in text.stdout
    assert markdown.stdout.startswith("### Protocol 0.158.0 -> 0.160.1\n\n0 breaking, ")
    document = json.loads(data.stdout)
    assert (document["old"], document["new"], document["verdict"]) == ("0.158.0", "0.160.1", "attention")
    assert len(document["changes"]) == sum(document["counts"].values()) > 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((OLD, NEW), 0),
        ((OLD, NEW, "--fail-on", "attention"), 1),
        ((OLD, NEW, "--fail-on", "breaking"), 0),
        ((NEW, FURTHER, "--fail-on", "breaking"), 2),
        ((NEW, FURTHER, "--fail-on", "attention"), 2),
        ((NEW, NEW, "--fail-on", "attention"), 0),
        ((OLD, "nowhere.json"), 3),
        ((OLD,), 2),
        ((OLD, NEW, "--fail-on", "compatible"), 2),
    ],
)
def test_exit_code_is_the_verdict_where_it_is_asked_for(arguments: tuple[str, ...], code: int) -> None:
    assert run(ROOT, "diff", *arguments).returncode == code


def test_what_cannot_be_compared_is_said_in_one_line() -> None:
    done = run(ROOT, "diff", "nowhere.json", NEW)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("nowhere.json: there is no such file or directory; give ")


def test_stable_leaves_out_what_is_experimental() -> None:
    both = compare.describe_named(NEW)
    stable = compare.describe_named(NEW, stable=True)
    assert stable.requests.keys() < both.requests.keys()
    assert "request:thread/backgroundTerminals/list" in (both.experimental or ())
    assert "thread/backgroundTerminals/list" not in stable.requests


def test_stable_needs_to_know_what_is_experimental(tmp_path: Path) -> None:
    shutil.copy(NEW, tmp_path / "bundle.json.gz")
    with pytest.raises(SchemaError, match="does not say what is experimental"):
        compare.describe_named(str(tmp_path / "bundle.json.gz"), stable=True)


def test_schema_directory_has_its_version_and_reviewed_result_types() -> None:
    version = json.loads((ROOT / "schema/manifest.json").read_text(encoding="utf-8"))["runtime_version"]
    described = compare.describe_named(str(ROOT / "schema"))
    assert described.version == version
    assert described.requests["account/logout"].result == "LogoutAccountResponse"
    assert described == compare.describe_named("package")


def test_runtime_version_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fetch(version: str) -> Bundles:
        asked.append(version)
        stable, experimental = ((ROOT / f"schema/{kind}.json").read_bytes() for kind in ("stable", "experimental"))
        return Bundles(stable, experimental, version, Source("package", version))

    monkeypatch.setattr(sources, "from_runtime_version", fetch)
    described = compare.describe_named("0.162.1")
    assert (asked, described.version) == (["0.162.1"], "0.162.1")
    assert described.requests == compare.describe_named("package").requests
