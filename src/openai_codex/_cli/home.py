"""The runtime's home: where it is before the runtime has told, and whether it can be used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from .fixes import command

__all__ = ["Problem", "expected_home", "home_problem"]

_OTHER = "or let CODEX_HOME name a folder of yours"


class Problem(NamedTuple):
    """What is wrong, and the next step."""

    detail: str
    fix: str


def expected_home(environment: Mapping[str, str]) -> str:
    """Where the runtime will look for its home; an empty variable counts as none."""
    return environment.get("CODEX_HOME") or os.path.join(os.path.expanduser("~"), ".codex")


def home_problem(home: str, *, given: bool) -> Problem | None:
    """Why a folder cannot be the runtime's home; None if it can. Nothing is written.

    Args:
        home: The folder.
        given: Whether somebody has named it. The runtime makes none but its default.
    """
    if os.path.isdir(home):
        if os.access(home, os.W_OK | os.X_OK):
            return None
        return Problem(f"{home} cannot be written to", f"let it belong to you, {_OTHER}")
    if os.path.lexists(home):
        return Problem(f"{home} is not a folder", f"move it away, {_OTHER}")
    if given:
        return Problem(f"CODEX_HOME names {home}, which does not exist", command("mkdir", "-p", home))
    parent = os.path.dirname(home)
    if os.access(parent, os.W_OK | os.X_OK):
        return None
    return Problem(f"{home} does not exist, and {parent} cannot be written to", f"make it yourself, {_OTHER}")
