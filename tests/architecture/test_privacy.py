"""Nothing in the project tells on which machine or in which network somebody worked on it."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

# Written so that no pattern matches its own line.
TRACES = {
    "a home directory": r"/(?:root|home/(?!dev/|user/|me/)[a-z][\w.-]*|Users/(?!me/)[A-Za-z][\w.-]*)/",
    "a home directory of Windows": r"[A-Z]:\\+Users\\+(?!me\\)\w",
    "a working directory of one machine": r"(?<![\w.}])/(?:work|workspace|workspaces|mnt|scratch)/[\w.]",
    "a temporary directory of one machine": r"(?<![\w.}])/(?:tmp|var/tmp|private/var)/[\w.]",
    "a package index": r"(?:index-ur[l][= ]+|find-link[s][= ]+)(?:https?|file):|https?://[^\s/\"']*(?:/[^\s\"']*)?/simpl[e]/?\b",
    "a host of a private network": r"https?://(?:10\.|192\.168\.|[\w.-]+\.(?:corp|internal|intranet|lan|local)\b)",
    "an address of a person": r"\b[\w.+-]+@(?!example\.|users\.noreply\.)[\w-]+\.(?:com|de|net|org|io)\b",
    "a credential": r"\b(?:ghp_|github_pat_|glpat-|sk-(?:proj-)?|xox[bp]-|AKIA)[A-Za-z0-9]{16,}",
}

# One text per kind that must be found, in pieces, so that this file stays clean.
SAMPLES = {
    "a home directory": ("/ro", "ot/x"),
    "a home directory of Windows": ("C:\\Us", "ers\\x"),
    "a working directory of one machine": ("cd /wo", "rk/x"),
    "a temporary directory of one machine": ("in /tm", "p/x"),
    "a package index": ("https://mirror.test/pypi/si", "mple/"),
    "a host of a private network": ("http://host.cor", "p/"),
    "an address of a person": ("someone@compa", "ny.com"),
    "a credential": ("gh", "p_0123456789abcdefABCD"),
}

# Texts that the runtime wrote, examples of the protocol included.
NOT_OURS = (
    "schema/experimental.json",
    "schema/stable.json",
    "src/openai_codex/_generated/",
    "docs/protocol/",
    "LICENSE",
)


@cache
def own_files() -> list[Path]:
    """Files of the project: what git would take, or, in a tree that was only copied, what a clone would have."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True) if (ROOT / ".git").exists() else None
    if done is not None and done.returncode == 0:
        names = done.stdout.splitlines()
    else:
        names = [
            path.relative_to(ROOT).as_posix()
            for top in ("codegen", "docs", "schema", "src", "tests", ".ci", "*.md", "*.toml", "Makefile")
            for found in ROOT.glob(top)
            for path in (found.rglob("*") if found.is_dir() else [found])
            if "__pycache__" not in path.parts
        ]
    return [ROOT / name for name in names if not name.startswith(NOT_OURS) and (ROOT / name).is_file()]


@pytest.mark.parametrize("kind", TRACES)
def test_no_file_holds(kind: str) -> None:
    pattern = re.compile(TRACES[kind])
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{number}: {match.group()}"
        for path in own_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if (match := pattern.search(line))
    ]
    assert found == []


@pytest.mark.parametrize("kind", TRACES)
def test_sample_is_found(kind: str) -> None:
    assert re.search(TRACES[kind], "".join(SAMPLES[kind]))
