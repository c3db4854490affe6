"""Workflows are valid, ask for little, and name only commands, targets and options that there are."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

import codegen.__main__ as pipeline
from openai_codex import _cli
from openai_codex._schema.names import kinds, select
from openai_codex._schema.shipped import shipped
from tests.docs.blocks import ROOT
from tests.docs.workflows import Workflow, commands_of, workflows

NAMES = [*workflows()]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
ACTIONS = {"actions/checkout", "actions/setup-python"}
SHELL_PAGES = ["ci.md", "command-line.md"]

needs_bash = pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="bash is not installed")


@pytest.fixture(params=NAMES)
def workflow(request: pytest.FixtureRequest) -> Workflow:
    return workflows()[request.param]


def parser_of(module: object) -> argparse.ArgumentParser:
    """The parser of a command line, which is nobody else's business."""
    return cast("Callable[[], argparse.ArgumentParser]", vars(module)["_parser"])()


def check_command(words: list[str]) -> None:
    """Let the program that a command starts read its words; fail where it does not understand them."""
    program, *arguments = words
    if program == "make":
        assignments = [word.partition("=")[0] for word in arguments if "=" in word]
        assert {word for word in arguments if "=" not in word} <= TARGETS, words
        assert all(re.search(rf"\$\({name}\)|\$\(filter 1,\$\({name}\)", MAKEFILE) for name in assignments), words
    elif arguments[:2] == ["-m", "openai_codex"]:
        parser_of(_cli).parse_args(arguments[2:])
    elif arguments[:2] == ["-m", "codegen"]:
        parser_of(pipeline).parse_args(arguments[2:])
    elif arguments[:2] == ["-m", "pytest"]:
        assert all((ROOT / path).exists() for path in arguments[2:]), words
    else:
        assert arguments[0] == "-c" or arguments[:2] == ["-m", "pip"], words


def test_project_has_its_workflows() -> None:
    assert NAMES == ["ci.yml", "drift.yml", "docs/ci.md:codex-runtime.yml"]


# -- form -----------------------------------------------------------------------------------------------------


def test_workflow_has_the_parts_that_it_needs(workflow: Workflow) -> None:
    assert set(workflow.content) <= {"name", "on", "permissions", "concurrency", "env", "jobs"}
    assert set(workflow.content["on"]) <= {"push", "pull_request", "schedule", "workflow_dispatch"}
    for each in workflow.content["on"].get("schedule", ()):
        assert re.fullmatch(r"\d{1,2} \d{1,2} \* \* [0-6]", each["cron"])
    for job in workflow.jobs().values():
        assert set(job) <= {
            "defaults",
            "if",
            "name",
            "permissions",
            "runs-on",
            "steps",
            "strategy",
            "timeout-minutes",
        }
        assert 0 < job["timeout-minutes"] <= 90


def test_workflow_may_do_no_more_than_it_must(workflow: Workflow) -> None:
    assert workflow.content["permissions"] == {"contents": "read"}
    granted = {name: job["permissions"] for name, job in workflow.jobs().items() if "permissions" in job}
    further = {"contents": "write", "pull-requests": "write", "actions": "write"}
    assert granted == ({"upgrade": further} if workflow.name == "drift.yml" else {})


def test_step_is_a_script_or_an_action_of_a_pinned_version(workflow: Workflow) -> None:
    for step in workflow.steps():
        assert ("run" in step) != ("uses" in step), step
        if "uses" in step:
            action, _, version = step["uses"].partition("@")
            assert action in ACTIONS and re.fullmatch(r"v\d+", version), step


def test_actions_have_the_same_version_everywhere() -> None:
    used = {step["uses"] for each in workflows().values() for step in each.steps() if "uses" in step}
    assert len(used) == len(ACTIONS)


def test_expressions_name_what_there_is(workflow: Workflow) -> None:
    known = {"github.token", "github.ref", "github.event_name"}
    for job in workflow.jobs().values():
        known |= {f"matrix.{name}" for name in job.get("strategy", {}).get("matrix", {})}
        for step in job["steps"]:
            outputs = re.findall(r'echo "(\w+)=.*>> "\$GITHUB_OUTPUT"', step.get("run", ""))
            known |= {f"steps.{step['id']}.outputs.{name}" for name in outputs if "id" in step}
    conditions = [each["if"] for each in (*workflow.jobs().values(), *workflow.steps()) if "if" in each]
    expressions = [*conditions, *re.findall(r"\$\{\{(.*?)\}\}", json.dumps(workflow.content))]
    assert set(re.findall(r"\b[a-z]+(?:\.\w+)+", " ".join(expressions))) <= known


def test_variables_of_a_script_are_set(workflow: Workflow) -> None:
    given = {"GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "RUNNER_TEMP", *workflow.content.get("env", {})}
    for step in workflow.steps():
        script = step.get("run", "")
        own = set(re.findall(r"^\s*(\w+)=", script, re.MULTILINE)) | set(step.get("env", {}))
        assert set(re.findall(r"\$\{?([A-Za-z_]\w*)", re.sub(r"\$\{\{.*?\}\}", "", script))) <= given | own, script


@needs_bash
def test_scripts_are_read_by_bash(workflow: Workflow) -> None:
    for script in workflow.scripts():
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, timeout=30, check=False)
        assert (done.returncode, done.stderr) == (0, ""), script


# -- commands -------------------------------------------------------------------------------------------------


def test_commands_of_workflows_are_understood(workflow: Workflow) -> None:
    commands = [*workflow.commands()]
    for words in commands:
        check_command(words)
    text = "\n".join(workflow.scripts())
    ours = len(re.findall(r"\bmake \w|-m (?:openai_codex|codegen)\b", text))
    assert ours == sum(words[0] == "make" or words[2] in ("openai_codex", "codegen") for words in commands)


def test_what_continuous_integration_runs_is_a_target() -> None:
    assert {"run": "bash .ci/run"} in workflows()["ci.yml"].jobs()["check"]["steps"]
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    lines = [line for line in script.splitlines() if "#" not in line]
    commands = [words for line in lines for words in commands_of(line)]
    assert commands == [["make", "check"]]
    check_command(commands[0])


def test_every_supported_python_is_checked() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    supported = re.findall(r"Python :: (3\.\d+)", project)
    assert workflows()["ci.yml"].jobs()["check"]["strategy"]["matrix"]["python"] == supported


def test_methods_of_the_workflow_to_copy_are_methods() -> None:
    methods: str = workflows()["docs/ci.md:codex-runtime.yml"].content["env"]["METHODS"]
    assert {"initialize", "turn/start", "item/completed"} <= select(methods.split(","), kinds(shipped()))


@pytest.mark.parametrize("page", SHELL_PAGES)
def test_commands_of_pages_are_understood(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    commands = [words for line in "".join(blocks).splitlines() if "--help" not in line for words in commands_of(line)]
    assert commands
    for words in commands:
        check_command(words)


@pytest.mark.parametrize(
    "line",
    [
        "make upgrad RUNTIME=1",
        "make upgrade RUNTIM=1",
        "x=$(python -m openai_codex schema check --fail-on braking)",
        "python -m openai_codex schema chek | tee x",
        "true && .venv/bin/python -m codegen diff a > x",
        "python -m pytest tests/unite",
        "python -m http.server",
    ],
)
def test_command_that_there_is_not_would_be_found(line: str) -> None:
    (words,) = commands_of(line)
    with pytest.raises((AssertionError, SystemExit)):
        check_command(words)


# -- drift ----------------------------------------------------------------------------------------------------


def script_of(name: str) -> str:
    (step,) = [step for step in workflows()["drift.yml"].steps() if step.get("name") == name]
    script: str = step["run"]
    return script


@needs_bash
@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("openai-codex-cli-bin (0.170.0)\nAvailable versions: 0.170.0, 0.163.0", "version=0.170.0\n"),
        ("openai-codex-cli-bin (0.99.0)", ""),  # numbers, not letters
        ("openai-codex-cli-bin (PRESENT)", ""),
        ("", None),
    ],
)
def test_newest_runtime_is_found_where_it_is_newer(tmp_path: Path, answer: str, found: str | None) -> None:
    manifest: dict[str, Any] = json.loads((ROOT / "schema/manifest.json").read_bytes())
    (tmp_path / "schema").mkdir()
    shutil.copy(ROOT / "schema/manifest.json", tmp_path / "schema")
    (tmp_path / "answer").write_text(answer.replace("PRESENT", manifest["runtime_version"]))
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\ncase "$*" in "-m pip index versions "*) cat answer ;; *) exec python3 "$@" ;; esac\n')
    python.chmod(0o755)
    (tmp_path / "output").touch()
    env = {**os.environ, "GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary"}
    command = ["bash", "-eo", "pipefail", "-c", script_of("Find the newest runtime")]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (tmp_path / "output").read_text() == (found or "")
    if found is None:
        assert done.returncode == 1
        assert "::error::the newest version of openai-codex-cli-bin cannot be found" in done.stdout
    else:
        assert (done.returncode, done.stderr) == (0, "")
        assert f"The schema is that of {manifest['runtime_version']}," in (tmp_path / "summary").read_text()


@needs_bash
@pytest.mark.parametrize("code", [0, 1])
def test_upgrade_that_a_human_must_decide_fails_and_shows_why(tmp_path: Path, code: int) -> None:
    for folder in ("src/openai_codex/_generated", "bin", "temp"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "src/openai_codex/_generated/schema.json").write_text("{}")
    make = tmp_path / "bin/make"
    make.write_text(f'#!/bin/sh\necho "asked for $*"\necho "a decision" >&2\nexit {code}\n')
    make.chmod(0o755)
    paths = {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", "RUNNER_TEMP": str(tmp_path / "temp")}
    env = {**os.environ, **paths, "RUNTIME": "0.170.0", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    command = ["bash", "-eo", "pipefail", "-c", script_of("Upgrade")]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code
    assert (tmp_path / "summary").read_text() == "\n```text\nasked for upgrade RUNTIME=0.170.0\na decision\n```\n"


def lines_of(script: str) -> Iterator[str]:
    yield from (line.strip() for line in script.splitlines())


def test_pull_request_is_for_the_branch_that_was_pushed() -> None:
    lines = [*lines_of(script_of("Open the pull request"))]
    assert lines.index("git add --all") < lines.index('git commit --quiet --message "$title"')
    assert lines.index('git push --force origin "$branch"') < lines.index('gh workflow run ci.yml --ref "$branch"')
    assert "workflow_dispatch" in workflows()["ci.yml"].content["on"]
