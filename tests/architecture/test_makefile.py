"""What the Makefile does to ``.venv`` when it is asked for something that cannot be."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_interpreter_that_does_not_exist_leaves_the_environment_alone(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    kept = tmp_path / ".venv/bin/python"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "install", "PYTHON=/nope"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "/nope is no Python 3.10 or later; choose one with PYTHON=..." in done.stdout
    assert kept.read_text() == "mine"
