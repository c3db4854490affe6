"""What a command has found out, as checks, and the two forms in which it is shown."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from shutil import get_terminal_size
from typing import Literal

from .._terminal import printable

__all__ = ["Check", "Status", "as_json", "as_text", "conclusion", "failed", "terminal_width", "write"]

Status = Literal["ok", "warning", "failed", "skipped"]

_STATUS_WIDTH = len("warning")
_NAME_WIDTH = len("configuration")
_MARGIN = " " * (_STATUS_WIDTH + _NAME_WIDTH + 4)
_LEAST_WIDTH = 30  # columns for the detail; in less, folding helps nobody


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What was looked at; one word.
        status: How it is. ``failed``: something that programs need will not work.
        detail: What was found.
        fix: The next step, in one line; None if there is nothing to do.
    """

    name: str
    status: Status
    detail: str
    fix: str | None = None

    def __post_init__(self) -> None:
        assert (self.fix is None) == (self.status == "ok"), f"{self.name} is {self.status}, fix: {self.fix}"


def failed(checks: Iterable[Check]) -> bool:
    """Whether something will not work."""
    return any(check.status == "failed" for check in checks)


def as_text(check: Check, width: int | None = None) -> str:
    """A check as one line, and lines with a margin for what goes on. What was skipped has no next step of its own.

    Args:
        check: The check.
        width: Columns to fold the detail to; None leaves it as it is. A fix is never folded, for it may be pasted.
    """
    details = check.detail.rstrip().split("\n")
    if width is not None and width - len(_MARGIN) >= _LEAST_WIDTH:
        details = [line for detail in details for line in _folded(detail, width - len(_MARGIN))]
    fixes = [f"fix: {check.fix}"] if check.fix is not None and check.status != "skipped" else []
    first, *others = [*details, *fixes]
    lines = [f"{check.status:<{_STATUS_WIDTH}}  {check.name:<{_NAME_WIDTH}}  {first}"]
    return "\n".join([*lines, *(f"{_MARGIN}{line}" for line in others)])


def _folded(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]


def conclusion(checks: Sequence[Check]) -> str:
    """The closing line."""
    problems, warnings = (sum(check.status == status for check in checks) for status in ("failed", "warning"))
    counts = [_count(problems, "problem"), _count(warnings, "warning")]
    if problems:
        return ", ".join(filter(None, counts))
    return "everything works" + (f", with {counts[1]}" if warnings else "")


def _count(number: int, noun: str) -> str:
    return "" if number == 0 else f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def as_json(checks: Sequence[Check], versions: Mapping[str, str | None]) -> str:
    """Everything as one JSON object; a check without a next step has a ``fix`` of null."""
    shown = {"ok": not failed(checks), "versions": versions, "checks": [asdict(check) for check in checks]}
    return json.dumps(shown, indent=2)


def terminal_width() -> int | None:
    """Columns of the terminal that standard output is; None if it is none."""
    return get_terminal_size().columns if sys.stdout.isatty() else None


def write(text: str) -> None:
    """Write text to standard output at once, without anything that would move the cursor."""
    sys.stdout.write(f"{printable(text, block=True)}\n")
    sys.stdout.flush()
