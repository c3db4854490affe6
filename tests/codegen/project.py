"""Copies of this project, and its pipeline run on them as a program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from codegen import pipeline

ROOT = Path(__file__).parents[2]


def run(root: Path, *arguments: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    """Run the pipeline of a project."""
    return run_python(root, "-m", "codegen", *arguments, PYTHONHASHSEED=hash_seed)


def run_python(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a project, with these environment variables and without a path of the caller's."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env={**inherited, "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def copy(source: Path, target: Path) -> Path:
    """Copy of a project, without its tests."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    for folder in ("codegen", "schema", "src"):
        shutil.copytree(source / folder, target / folder, ignore=ignored)
    for pages in (pipeline.DOCS, pipeline.API):
        if (source / pages).is_dir():
            shutil.copytree(source / pages, target / pages, ignore=ignored)
    for name in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copy(source / name, target / name)
    return target


def generated(root: Path) -> dict[str, bytes]:
    """Every generated file."""
    folders = (pipeline.GENERATED, pipeline.SYNC, pipeline.DOCS, pipeline.API)
    paths = (path for folder in folders for path in sorted((root / folder).rglob("*")))
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in paths
        if path.is_file() and "__pycache__" not in path.parts
    }
