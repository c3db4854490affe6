"""What the page on the command line shows is what the command line says."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from openai_codex import Codex, CodexConfig
from openai_codex._generated._version import OLDEST_RUNTIME, PACKAGE_VERSION, RUNTIME_VERSION
from openai_codex._transport.launch import find_runtime
from openai_codex.testing import ScriptedModel
from tests.cli.doctor_runs import ORDER, add_settings, examine, run, stand_in, variables, without_runtime
from tests.docs.blocks import ROOT

PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
NEUTRAL_HOME, NEUTRAL_RUNTIME, NEUTRAL_PYTHON = (
    "/home/me/.codex",
    "/home/me/venv/bin/codex",
    "CPython 3.11.7 on Linux x86_64",
)

pytestmark = pytest.mark.e2e


def example(name: str) -> str:
    """The example of that name."""
    found = re.search(rf"<!-- doctor: {re.escape(name)} -->\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    written = re.search(r"made from schema (\S+)", PAGE)
    assert found is not None and written is not None, name
    return found[1].replace(written[1], RUNTIME_VERSION)  # the page does not change with every version


def neutral(text: str, runtime: Path | str, home: Path) -> str:
    """Text as it would be on the machine of the page."""
    text = text.replace(str(runtime), NEUTRAL_RUNTIME).replace(str(home), NEUTRAL_HOME)
    text = text.replace(f"openai-codex {PACKAGE_VERSION},", f"openai-codex {RUNTIME_VERSION},")
    return re.sub(r"\w+ [\d.]+ on \w+ \w+", NEUTRAL_PYTHON, text)


def bundled() -> str:
    return find_runtime(CodexConfig()).path


@pytest.fixture(autouse=True)
def on_linux() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("the page was written on Linux, where the sandbox needs bubblewrap")


def test_healthy_example_is_what_is_said(tmp_path: Path) -> None:
    with ScriptedModel(requires_openai_auth=True) as model:
        with Codex(model.config()) as codex:
            codex.login_api_key("sk-example")
        outcome = run("doctor", env=variables(model, PATH=str(tmp_path)))
        assert neutral(outcome.stdout, bundled(), model.home) == example("healthy")
    assert outcome.code == 0


def test_example_without_a_runtime_is_what_is_said(tmp_path: Path) -> None:
    with ScriptedModel() as model:
        env = variables(model, PATH=str(tmp_path), PYTHONPATH=without_runtime(tmp_path))
        outcome = run("doctor", env=env, python=("-S",))
        assert neutral(outcome.stdout, bundled(), model.home) == example("runtime missing")
    assert outcome.code == 1


def test_example_of_an_old_runtime_is_what_is_said(tmp_path: Path) -> None:
    binary = stand_in(tmp_path, "0.147.0")
    with ScriptedModel() as model:
        outcome = run("doctor", "--codex-bin", str(binary), env=variables(model))
        assert neutral(outcome.stdout, binary, model.home) == example("runtime too old")
    assert outcome.code == 1


def test_example_of_a_broken_configuration_is_what_is_said(tmp_path: Path) -> None:
    with ScriptedModel() as model:
        add_settings(model, 'model_reasoning_effort = "high"\nnotify = ["notify-send", "codex"')
        env = variables(model, PATH=str(tmp_path))
        outcome, report = run("doctor", env=env), examine(env=env)
        assert neutral(outcome.stdout, bundled(), model.home) == example("broken config.toml")
        shown = json.loads(example("json"))
        assert shown["checks"] == [json.loads(neutral(json.dumps(report["configuration"]), bundled(), model.home))]
    assert outcome.code == 1
    assert shown["ok"] is False
    versions = {**report.versions, "package": RUNTIME_VERSION, "python": shown["versions"]["python"]}
    assert [*shown["versions"].items()] == [*versions.items()]


def test_page_has_every_check_and_option() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.partition("### What is looked at")[2].partition("###")[0], re.MULTILINE)
    assert rows == [*ORDER, "notice"]
    usage = run("doctor", "--help", env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "200"}).stdout
    options = set(re.findall(r"--[a-z-]+", usage)) - {"--help"}
    assert options == set(
        re.findall(r"`(?:-c KEY=VALUE`, `)?(--[a-z-]+)", PAGE.partition("### Options")[2].partition("###")[0])
    )


def test_page_names_the_oldest_version_that_is_checked() -> None:
    assert f"older than {OLDEST_RUNTIME}," in PAGE
