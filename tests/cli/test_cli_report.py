"""What checks look like, for people and for programs."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from openai_codex._cli.report import Check, as_json, as_text, conclusion, failed, terminal_width, write

OK = Check("home", "ok", "/home/me/.codex")
WARNING = Check("sandbox", "warning", "it misses a program", "install it")
FAILED = Check("login", "failed", "nobody is logged in", "run codex login")
SKIPPED = Check("login", "skipped", "needs 'start'", "correct 'start' first")


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (OK, "ok       home           /home/me/.codex"),
        (
            WARNING,
            "warning  sandbox        it misses a program\n                        fix: install it",
        ),
        (
            FAILED,
            "failed   login          nobody is logged in\n                        fix: run codex login",
        ),
        (SKIPPED, "skipped  login          needs 'start'"),
        (
            Check("start", "failed", "it said:\n  ouch\n", "mend it"),
            "failed   start          it said:\n                          ouch\n                        fix: mend it",
        ),
    ],
    ids=lambda value: value.status if isinstance(value, Check) else None,
)
def test_check_as_text(check: Check, text: str) -> None:
    assert as_text(check) == text


def test_detail_is_folded_to_the_terminal_and_a_fix_is_not() -> None:
    check = Check("start", "failed", "one two three\nfour", "a command that is as long as it has to be")
    margin = " " * 24
    folded = as_text(check, 24 + 30)
    assert folded == as_text(check)
    long = Check("start", "failed", f"{'word ' * 12}/a/path/that/cannot/be/broken/anywhere\nfour", check.fix)
    lines = as_text(long, 24 + 30).splitlines()
    assert lines[0] == f"failed   start          {'word ' * 6}".rstrip()
    assert lines[1:] == [
        f"{margin}{'word ' * 6}".rstrip(),
        f"{margin}/a/path/that/cannot/be/broken/anywhere",
        f"{margin}four",
        f"{margin}fix: {check.fix}",
    ]
    assert as_text(long, 40) == as_text(long)  # too narrow to help


@pytest.mark.parametrize(
    ("checks", "text", "something_failed"),
    [
        ([OK], "everything works", False),
        ([OK, WARNING], "everything works, with 1 warning", False),
        ([WARNING, WARNING], "everything works, with 2 warnings", False),
        ([OK, FAILED, SKIPPED], "1 problem", True),
        ([FAILED, FAILED, WARNING], "2 problems, 1 warning", True),
    ],
)
def test_conclusion_counts(checks: list[Check], text: str, something_failed: bool) -> None:
    assert conclusion(checks) == text
    assert failed(checks) is something_failed


def test_json_has_everything() -> None:
    shown = json.loads(as_json([OK, FAILED], {"package": "1.2.3", "runtime": None}))
    assert shown == {
        "ok": False,
        "versions": {"package": "1.2.3", "runtime": None},
        "checks": [
            {"name": "home", "status": "ok", "detail": "/home/me/.codex", "fix": None},
            {"name": "login", "status": "failed", "detail": "nobody is logged in", "fix": "run codex login"},
        ],
    }
    assert json.loads(as_json([OK, WARNING, SKIPPED], {}))["ok"] is True


@pytest.mark.parametrize("status", ["warning", "failed", "skipped"])
def test_check_that_is_not_ok_needs_a_fix(status: Any) -> None:
    with pytest.raises(AssertionError, match=f"home is {status}"):
        Check("home", status, "it is not there")


def test_check_that_is_ok_has_none() -> None:
    with pytest.raises(AssertionError):
        Check("home", "ok", "there", "do nothing")


def test_text_cannot_paint_over_the_terminal_and_fits_its_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    write("1 \x1b[2J\n2 caf\u00e9 \udcff")
    stdout.seek(0)
    assert stdout.read() == "1 \\x1b[2J\n2 caf\\xe9 \\udcff\n"
    assert terminal_width() is None
