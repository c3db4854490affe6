"""The Python examples of the documentation.

Each block is a program of its own. It runs in a fresh process and directory, where plain ``Codex()`` reaches a
scripted model that gives the same answer for ever. A block that defines tests is run by pytest. What needs a person's
login has ``<!-- needs-login -->`` on the line before it, and is only checked for syntax, imports and types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^(?P<mark><!-- needs-login -->\n)?```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One example.

    Attributes:
        page: Path of the page from the project's root.
        line: Line of its first statement in the page.
        code: The program, shifted so that its lines have the numbers they have in the page.
        needs_login: Whether it cannot run without a person's login.
    """

    page: str
    line: int
    code: str
    needs_login: bool

    @property
    def name(self) -> str:
        """Where to find it."""
        return f"{self.page}:{self.line}"


def all_blocks() -> Iterator[Block]:
    """Every block of every page."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in _FENCE.finditer(text):
            line = text.count("\n", 0, found.start("code")) + 1
            code = "\n" * (line - 1) + found["code"]
            yield Block(page.relative_to(ROOT).as_posix(), line, code, found["mark"] is not None)
