"""How the tests run ``python -m openai_codex``: as users do, in a process of its own and in an isolated home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openai_codex.protocol import SCHEMA_VERSION
from openai_codex.testing import ScriptedModel
from tests.docs.blocks import ROOT

ORDER = ("python", "package", "runtime", "start", "version", "home", "configuration", "login", "sandbox")

_STAND_IN = """
import json, os, sys, time
answers = {
    "initialize": {"userAgent": "x/@VERSION@ (Some OS)", "codexHome": os.environ.get("CODEX_HOME")},
    "config/read": {"config": {}, "origins": {}},
    "account/read": {"account": @ACCOUNT@, "requiresOpenaiAuth": False},
}
@FIRST@
for line in sys.stdin:
    request = json.loads(line)
    if request.get("method") in answers:
        print(json.dumps({"id": request["id"], "result": answers[request["method"]]}), flush=True)
"""


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


def run(
    *arguments: str,
    env: Mapping[str, str],
    cwd: Path | None = None,
    prefix: Sequence[str] = (),
    python: Sequence[str] = (),
) -> Outcome:
    """Run one command line; ``prefix`` is a program that runs it, ``python`` are options of the interpreter."""
    command = [*prefix, sys.executable, "-W", "error", *python, "-m", "openai_codex", *arguments]
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, timeout=60)
    return Outcome(done.returncode, done.stdout, done.stderr)


def variables(model: ScriptedModel, **more: str) -> dict[str, str]:
    """The environment in which the model is the one that the runtime asks."""
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), more.pop("PYTHONPATH", "")]))
    return {**os.environ, **(model.config().env or {}), **more, "PYTHONPATH": path}


@dataclass(frozen=True)
class Report:
    """What ``doctor --json`` says."""

    code: int
    versions: dict[str, str | None]
    checks: list[dict[str, Any]]

    def __getitem__(self, name: str) -> dict[str, Any]:
        (found,) = [check for check in self.checks if check["name"] == name]
        return found

    def named(self, status: str) -> list[str]:
        """The checks of that status."""
        return [check["name"] for check in self.checks if check["status"] == status]


def examine(*arguments: str, env: Mapping[str, str], **how: Any) -> Report:
    """Run ``doctor --json``, and check what holds for every report."""
    outcome = run("doctor", "--json", *arguments, env=env, **how)
    assert outcome.stderr == ""
    shown = json.loads(outcome.stdout)
    assert set(shown) == {"ok", "versions", "checks"}
    report = Report(outcome.code, shown["versions"], shown["checks"])
    names = [check["name"] for check in report.checks]
    assert [name for name in dict.fromkeys(names) if name != "notice"] == [*ORDER]
    for check in report.checks:
        assert set(check) == {"name", "status", "detail", "fix"}
        assert check["status"] in ("ok", "warning", "failed", "skipped")
        assert check["detail"]
        assert (check["fix"] is None) == (check["status"] == "ok")
        assert "\n" not in (check["fix"] or "")
    assert shown["ok"] is (report.code == 0) is (report.named("failed") == [])
    assert report.code in (0, 1)
    return report


def stand_in(folder: Path, version: str = SCHEMA_VERSION, *, account: str = "None", first: str = "") -> Path:
    """A program that answers like a runtime of some version. It does ``first`` before it reads anything."""
    program = folder / "stand_in.py"
    text = _STAND_IN.replace("@VERSION@", version).replace("@ACCOUNT@", account).replace("@FIRST@", first)
    program.write_text(text, encoding="utf-8")
    binary = folder / "codex"
    binary.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{program}" "$@"\n', encoding="utf-8")
    binary.chmod(0o755)
    return binary


def without_runtime(folder: Path) -> str:
    """A folder of everything that is installed, but for the runtime."""
    site = folder / "site"
    site.mkdir()
    for place in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(place).iterdir():
            if not entry.name.startswith(("codex_cli_bin", "openai_codex")):
                (site / entry.name).symlink_to(entry)
    return str(site)


def add_settings(model: ScriptedModel, text: str) -> None:
    """Begin the configuration of the model's home with more lines."""
    file = model.home / "config.toml"
    file.write_text(f"{text}\n{file.read_text(encoding='utf-8')}", encoding="utf-8")


def add_project(model: ScriptedModel, settings: str) -> Path:
    """Make a trusted project with settings of its own of the model's workspace. Returns its folder."""
    (model.workspace / ".codex").mkdir()
    (model.workspace / ".codex" / "config.toml").write_text(settings, encoding="utf-8")
    with (model.home / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[projects.{json.dumps(str(model.workspace))}]\ntrust_level = "trusted"\n')
    return model.workspace
