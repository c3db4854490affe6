"""The demo: the first thing that anybody runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT

pytestmark = pytest.mark.e2e


def demo(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(ROOT / "docs" / "examples" / "demo.py"), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_demo_shows_answer_command_usage_and_versions() -> None:
    done = demo()
    assert (done.returncode, done.stderr) == (0, "")
    for text in ("I am a script", "touch note.txt", "refused", "[exit code 0]", "5693 in, 71 out", "schema 0."):
        assert text in done.stdout


def test_live_demo_without_a_login_says_so(tmp_path: Path) -> None:
    # Without its own name for the home, the runtime would use the login of whoever runs the tests.
    isolated = {"CODEX_HOME": str(tmp_path), "HOME": str(tmp_path), "OPENAI_API_KEY": "", "CODEX_API_KEY": ""}
    done = demo("--live", **isolated)
    assert done.returncode == 1
    assert "no Codex login" in done.stderr
    assert "Traceback" not in done.stderr


def test_demo_takes_a_prompt_only_for_a_live_model() -> None:
    done = demo("--prompt", "Hi")
    assert done.returncode == 2
    assert "--live" in done.stderr


def test_demo_shows_errors_of_the_client_without_a_traceback(tmp_path: Path) -> None:
    done = demo("--live", HOME=str(tmp_path), CODEX_HOME=str(tmp_path / "missing"))
    assert done.returncode == 1
    assert done.stderr.startswith("\ndemo: ")
    assert "Traceback" not in done.stderr
