"""Format generated Python with the project's own ruff settings, so that ``make lint`` has nothing to say about it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .findings import CodegenError, Finding

__all__ = ["format_python"]

_ROOT = Path(__file__).resolve().parents[1]


def format_python(files: Mapping[str, str]) -> dict[str, str]:
    """Drop unused imports, sort the rest, and format.

    Args:
        files: Source by path; the paths decide nothing but the order.

    Raises:
        CodegenError: ruff refuses one of the files.
    """
    with tempfile.TemporaryDirectory(prefix="codegen-") as folder:
        base = Path(folder)
        for path, text in files.items():
            target = base / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        config = str(_ROOT / "pyproject.toml")
        _ruff("check", "--quiet", "--fix", "--select", "F401,I,UP034", "--config", config, folder)
        _ruff("format", "--quiet", "--config", config, folder)
        return {path: (base / path).read_text(encoding="utf-8") for path in files}


def _ruff(*arguments: str) -> None:
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache"]
    # ruff tells first-party imports by the working directory, even with --config.
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        if importlib.util.find_spec("ruff") is None:
            raise CodegenError([Finding("ruff", "is not installed", 'run "make install"')])
        reason = " ".join((done.stdout + done.stderr).split())[:500]
        raise CodegenError([Finding("generated code", f"ruff {arguments[0]}: {reason}", "mend the template")])
