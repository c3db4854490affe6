"""Workflows are valid, ask for little, and name only commands, targets and options that there are."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
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
        ("0.170.0, 0.163.0", "version=0.170.0\n"),
        ("0.99.0, 0.9.0", ""),  # numbers, not letters
        ("0.999.0, 0.1000.0, 0.170.0", "version=0.1000.0\n"),
        ("0.999.0.post1, 0.999.0a1, 0.999.0rc1, 0.999.0.dev1, 0.999, 0.170.0, 0.163.0", "version=0.170.0\n"),
        ("PRESENT.post1, PRESENT", ""),
        ("PRESENT", ""),
        ("0.999.0rc1", None),
        ("", None),
    ],
)
def test_newest_runtime_is_found_where_it_is_newer(tmp_path: Path, answer: str, found: str | None) -> None:
    manifest: dict[str, Any] = json.loads((ROOT / "schema/manifest.json").read_bytes())
    (tmp_path / "schema").mkdir()
    shutil.copy(ROOT / "schema/manifest.json", tmp_path / "schema")
    listed = f"openai-codex-cli-bin ({answer.partition(',')[0]})\nAvailable versions: {answer}\n  INSTALLED: 0.998.0\n"
    (tmp_path / "answer").write_text(listed.replace("PRESENT", manifest["runtime_version"]) if answer else "")
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


AUTHOR = "github-actions[bot]"
BRANCH = "runtime-0.170.0"


class Proposal:
    """A clone of a repository of its own, in which the upgrade is made and then proposed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clones = 0
        (folder / "bin").mkdir()
        gh = folder / "bin/gh"
        gh.write_text(f'#!/bin/sh\necho "$*" >> {folder}/asked\ncase "$*" in "pr list "*) cat {folder}/open ;; esac\n')
        gh.chmod(0o755)
        (folder / "open").write_text("0\n")
        self.git("init", "--quiet", "--bare", "--initial-branch", "main", "origin")
        clone = self.clone()
        (clone / "schema").write_text("old\n")
        (clone / ".gitignore").write_text(".venv\n")
        self.commit(clone, "Begin", "Ann")
        self.git("push", "--quiet", "origin", "HEAD:main", folder=clone)

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        command = ["git", "-c", "init.defaultBranch=main", *arguments]
        done = subprocess.run(
            command, cwd=folder or self.folder, env=self.env, capture_output=True, text=True, timeout=60, check=True
        )
        return done.stdout.strip()

    @property
    def env(self) -> dict[str, str]:
        """Without settings of whoever runs the tests."""
        own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        return {**own, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

    def clone(self, branch: str | None = None) -> Path:
        self.clones += 1
        name = f"clone{self.clones}"
        self.git("clone", "--quiet", *(["--branch", branch] if branch else []), "origin", name)
        return self.folder / name

    def commit(self, clone: Path, message: str, author: str) -> None:
        self.git("add", "--all", folder=clone)
        identity = ("-c", f"user.name={author}", "-c", "user.email=someone@example.com")
        self.git(*identity, "commit", "--quiet", "--message", message, folder=clone)

    def log(self) -> list[str]:
        """Subjects of the branch's commits, the newest first; none without the branch."""
        if not self.git("ls-remote", "origin", f"refs/heads/{BRANCH}"):
            return []
        return self.git("log", "--format=%s", BRANCH, folder=self.folder / "origin").splitlines()

    def asked(self) -> list[str]:
        """What GitHub was asked for since the last time."""
        path = self.folder / "asked"
        found = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [" ".join(line.split()[:2]) for line in found]

    def propose(self, content: str, report: str = "") -> str:
        """Run the step on a fresh clone after an upgrade that wrote this; return what it said, the end being green."""
        clone = self.clone()
        (clone / "schema").write_text(content)
        (clone / ".venv/bin").mkdir(parents=True)
        (self.folder / "report").write_text(report, encoding="utf-8")
        python = clone / ".venv/bin/python"
        python.write_text(f"#!/bin/sh\ncat {self.folder}/report\n")
        python.chmod(0o755)
        given = {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.folder),
            "RUNTIME": "0.170.0",
            "AUTHOR": AUTHOR,
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        }
        command = ["bash", "-eo", "pipefail", "-c", script_of("Open the pull request")]
        done = subprocess.run(
            command, cwd=clone, env={**self.env, **given}, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def proposal(tmp_path: Path) -> Proposal:
    return Proposal(tmp_path)


@needs_bash
def test_upgrade_is_pushed_and_proposed_and_once_more_over_the_workflows_own_commit(proposal: Proposal) -> None:
    proposal.propose("new\n")
    assert proposal.log() == ["Upgrade to runtime 0.170.0", "Begin"]
    assert proposal.asked() == ["pr list", "pr create", "workflow run"]
    assert (
        proposal.git("log", "-1", "--format=%an %cn", BRANCH, folder=proposal.folder / "origin") == f"{AUTHOR} {AUTHOR}"
    )
    (proposal.folder / "open").write_text("1\n")
    proposal.propose("newer\n")
    assert proposal.log() == ["Upgrade to runtime 0.170.0", "Begin"]
    assert proposal.git("show", f"{BRANCH}:schema", folder=proposal.folder / "origin") == "newer"
    assert proposal.asked() == ["pr list", "pr edit", "workflow run"]


@needs_bash
def test_commit_of_a_reviewer_stays(proposal: Proposal) -> None:
    proposal.propose("new\n")
    proposal.asked()
    reviewed = proposal.clone(BRANCH)
    (reviewed / "more").write_text("mended\n")
    proposal.commit(reviewed, "Mend the upgrade", "Ann")
    proposal.git("push", "--quiet", "origin", BRANCH, folder=reviewed)
    said = proposal.propose("newer\n")
    assert f"The last commit of {BRANCH} is not by this workflow, so it stays as it is" in said
    assert said in (proposal.folder / "summary").read_text()
    assert proposal.log() == ["Mend the upgrade", "Upgrade to runtime 0.170.0", "Begin"]
    assert proposal.asked() == []


@needs_bash
def test_upgrade_that_changes_nothing_is_not_proposed(proposal: Proposal) -> None:
    assert "so there is nothing to propose" in proposal.propose("old\n")
    assert (proposal.log(), proposal.asked()) == ([], [])


@needs_bash
@pytest.mark.parametrize("lines", [3, 1000, 4000])
def test_long_report_is_cut_between_lines(proposal: Proposal, lines: int) -> None:
    report = "".join(f"* é{number:06}: naïve …\n" for number in range(lines))
    proposal.propose("new\n", report)
    body = (proposal.folder / "body.md").read_bytes()
    assert report.startswith(body.decode()) and body.endswith(b"\n")
    whole = len(report.encode()) <= 60_000
    assert (body.decode() == report) is whole
    assert whole or 59_900 < len(body) <= 60_000


def test_step_that_pushes_is_given_its_author_and_starts_what_can_be_started() -> None:
    (step,) = [step for step in workflows()["drift.yml"].steps() if step.get("name") == "Open the pull request"]
    assert step["env"]["AUTHOR"] == AUTHOR
    assert "workflow_dispatch" in workflows()["ci.yml"].content["on"]


def test_only_checks_of_pull_requests_are_given_up_for_newer_ones() -> None:
    expected = "${{ github.event_name == 'pull_request' }}"
    assert workflows()["ci.yml"].content["concurrency"]["cancel-in-progress"] == expected
