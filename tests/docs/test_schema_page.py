"""What the page on the command line shows of ``schema`` is what it says."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from openai_codex._cli import main
from openai_codex._generated._version import PACKAGE_VERSION, RUNTIME_VERSION
from openai_codex._schema.rules import RULES, RUNTIME_RULES
from tests.cli.schema_runs import BUNDLES, recorded_runtime
from tests.docs.blocks import ROOT

PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")


def example(name: str) -> str:
    """The example of that name, as it is for the present version."""
    found = re.search(rf"<!-- schema: {name} -->\n```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, name
    written = f"openai-codex {PACKAGE_VERSION} (schema {RUNTIME_VERSION})"
    return re.sub(r"openai-codex \S+ \(schema \S+\)", written, found[1])


def section(title: str) -> str:
    """The part of the page below a heading of the third level."""
    return re.split(r"^##", PAGE.partition(f"### {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def options_of(command: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    with pytest.raises(SystemExit):
        main(["schema", command, "--help"])
    return set(re.findall(r"(?<!\w)--[a-z-]+", capsys.readouterr().out)) - {"--help", "--methods"}


@pytest.mark.skipif(os.name == "nt", reason="the runtime of the example is a script")
def test_example_of_check_is_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    binary = recorded_runtime(tmp_path, "0.154.0")
    methods = "thread/attachment/add,thread/attachment/updated,thread/archive"
    assert main(["schema", "check", "--codex-bin", binary, "--method", methods]) == 0
    assert capsys.readouterr().out.replace(binary, "/opt/codex/bin/codex") == example("check")


def test_example_of_diff_is_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    sides = [str(BUNDLES / f"{version}-experimental.json.gz") for version in ("0.158.0", "0.160.1")]
    assert main(["schema", "diff", *sides]) == 0
    assert capsys.readouterr().out == example("diff")


def test_example_of_show_is_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "show", "turn/interrupt"]) == 0
    assert capsys.readouterr().out == example("show")


def test_page_has_every_option_of_schema(capsys: pytest.CaptureFixture[str]) -> None:
    described = {
        command: set(re.findall(r"`(--[a-z-]+)", "\n".join(re.findall(r"^\| `.*$", text, re.MULTILINE))))
        for command in ("check", "show")
        for text in (section(f"schema {command}"),)
    }
    assert described["check"] == options_of("check", capsys)
    assert described["show"] == options_of("show", capsys)
    assert options_of("diff", capsys) == described["check"] - {"--codex-bin", "--method"}


def test_page_has_every_rule_that_is_another_for_a_runtime_alone() -> None:
    differing = {
        kind
        for kind, rule in RULES.items()
        if (rule.sent, rule.read) != (RUNTIME_RULES[kind].sent, RUNTIME_RULES[kind].read)
    }
    table = re.findall(r"^\| ([a-z ]+) \| (?:breaking|attention)", section("schema diff"), re.MULTILINE)
    assert sorted(table) == sorted(differing)
