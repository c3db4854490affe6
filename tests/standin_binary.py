"""Scripts that stand in for a runtime binary."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

needs_shebang = pytest.mark.skipif(os.name == "nt", reason="stand-in binaries are scripts")


def write_binary(folder: Path, program: str) -> Path:
    """An executable ``codex`` in ``folder`` that runs a Python program."""
    path = folder / "codex"
    path.write_text(f"#!{sys.executable}\n{program}")
    path.chmod(0o755)
    return path
