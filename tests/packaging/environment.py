"""An empty virtual environment with the wheel in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .packages import CheckFailed

__all__ = ["import_ms", "install", "installed"]

RUNS = 9
TIME_IMPORT = """
import __future__, time, typing
started = time.perf_counter()
import openai_codex
print(time.perf_counter() - started)
"""


def install(wheel: Path, folder: Path) -> Path:
    """Make a virtual environment, install the wheel with its dependencies, return the interpreter."""
    _run(sys.executable, "-m", "venv", str(folder))
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    _run(str(python), "-m", "pip", "install", "--quiet", str(wheel))
    _run(str(python), "-m", "pip", "check")
    return python


def installed(python: Path) -> list[str]:
    """What the environment holds besides pip: ``name==version``."""
    return _run(str(python), "-m", "pip", "freeze", "--exclude", "openai-codex").split()


def import_ms(python: Path, *, cwd: Path) -> float:
    """Milliseconds that importing the package takes beyond what any typed module needs; the best of a few runs."""
    return min(float(_run(str(python), "-I", "-c", TIME_IMPORT, cwd=cwd)) for _ in range(RUNS)) * 1000


def _run(*command: str, cwd: Path | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise CheckFailed(f"{' '.join(command[1:5])} failed:\n{(done.stderr or done.stdout).strip()}")
    return done.stdout
