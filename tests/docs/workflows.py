"""The workflows of the project and those of the documentation, and the commands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own

from tests.docs.blocks import ROOT

_BLOCK = re.compile(r"<!-- workflow: (?P<name>\S+) -->\n```yaml\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
_PROGRAMS = frozenset({"python", ".venv/bin/python", "make"})


@dataclass(frozen=True)
class Workflow:
    """One workflow.

    Attributes:
        name: Where it lies.
        content: What it says; the key ``on`` is spelled ``on``, although YAML 1.1 takes it for true.
    """

    name: str
    content: dict[str, Any]

    def jobs(self) -> dict[str, dict[str, Any]]:
        jobs: dict[str, dict[str, Any]] = self.content["jobs"]
        return jobs

    def steps(self) -> Iterator[dict[str, Any]]:
        for job in self.jobs().values():
            yield from job["steps"]

    def scripts(self) -> Iterator[str]:
        """The shell scripts, with a word in place of each expression."""
        for step in self.steps():
            if "run" in step:
                yield _EXPRESSION.sub("expression", step["run"])

    def commands(self) -> Iterator[list[str]]:
        """The words of each command that is a ``make`` or a Python, without what comes behind it."""
        for script in self.scripts():
            for line in script.splitlines():
                yield from commands_of(line)


def commands_of(line: str) -> Iterator[list[str]]:
    """The words of each command of a line that is a ``make`` or a Python, without what comes behind it."""
    lexer = shlex.shlex(line.replace("2>&1", ""), posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    command: list[str] = []
    for word in [*lexer, ";"]:
        if command and not word.strip("();<>|&"):
            yield command
            command = []
        elif command:
            command.append(word)
        elif word.rpartition("$(")[2] in _PROGRAMS:
            command = [word.rpartition("$(")[2]]


@cache
def workflows() -> dict[str, Workflow]:
    """All workflows by name."""
    files = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / ".github/workflows").iterdir()}
    page = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    blocks = {f"docs/ci.md:{found['name']}": found["text"] for found in _BLOCK.finditer(page)}
    loaded: dict[str, Workflow] = {}
    for name, text in {**files, **blocks}.items():
        content: dict[Any, Any] = yaml.safe_load(text)
        content["on"] = content.pop(True)
        loaded[name] = Workflow(name, content)
    return loaded
