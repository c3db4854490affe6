"""Table and page: what they show, and that the page in the repository is one that the command has written."""

from __future__ import annotations

import re

from openai_codex._generated._version import OLDEST_RUNTIME
from tests.matrix.__main__ import PAGE
from tests.matrix.page import notes, page, table
from tests.matrix.smoke import Row
from tests.matrix.steps import STEPS
from tests.matrix.verdicts import Outcome, Verdict
from tests.matrix.versions import choose, recorded

WORKS, NOT_RUN = Outcome(Verdict.works), Outcome(Verdict.not_run)
FIRST, *_, LAST = STEPS


def row(version: str, rest: Outcome = WORKS, **named: Outcome) -> Row:
    outcomes = dict.fromkeys(STEPS, rest) | {{"first": FIRST, "last": LAST}[name]: each for name, each in named.items()}
    return Row(version, outcomes)


def lacking(*methods: str) -> Outcome:
    return Outcome(Verdict.clean_error, "CodexError: no METHOD", methods)


ROWS = [
    row("0.170.0"),
    row("0.169.0", first=Outcome(Verdict.broken, "ValueError: oh"), last=lacking("b")),
    row("0.168.0", last=lacking("a", "b")),
    row("0.167.0", last=lacking("a", "b")),
    row("0.166.0", last=lacking("c")),
    row("0.100.0", NOT_RUN, first=Outcome(Verdict.clean_error, "UnsupportedRuntimeError: too old")),
]


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]


def test_table_has_a_row_for_each_runtime_and_numbers_that_lead_to_the_texts() -> None:
    header, _, *rows = cells(table(ROWS))
    assert header == ["runtime", *STEPS]
    assert [each[0] for each in rows] == [each.version for each in ROWS]
    assert {tuple(each[2:-1]) for each in rows[:-1]} == {("works",) * (len(STEPS) - 2)}
    assert [(each[1], each[-1]) for each in rows] == [
        ("works", "works"),
        ("**broken** (1)", "clean error (2)"),
        ("works", "clean error (2)"),
        ("works", "clean error (2)"),
        ("works", "clean error (2)"),
        ("clean error (3)", "not run"),
    ]
    assert notes(ROWS) == "1. ValueError: oh\n2. CodexError: no METHOD\n3. UnsupportedRuntimeError: too old\n"


def test_table_is_aligned() -> None:
    assert len({len(line) for line in table(ROWS).splitlines()}) == 1


def test_page_names_its_maker_the_package_and_what_is_lacking() -> None:
    text = page(ROWS, "1.2.3")
    assert "Version 1.2.3 of this package" in text and "`make matrix` has written this page" in text
    assert f"\n\n{table(ROWS)}\n\n{notes(ROWS)}\n## " in text
    lines = text.partition("| runtime | lacks |\n|---|---|\n")[2].partition("\n\n")[0]
    assert lines.splitlines() == [
        "| 0.169.0 | `b` |",
        "| 0.168.0 | those above, `a` |",
        "| 0.167.0 | those above |",
        "| 0.166.0 | `c` |",
    ]
    assert {name for name in STEPS if f"\n| {name} | " not in text} == set()


def test_same_verdicts_give_the_same_page() -> None:
    reordered = [Row(each.version, {step: each.outcomes[step] for step in sorted(STEPS)}) for each in ROWS]
    assert page(ROWS, "1.2.3") == page(reordered, "1.2.3")


def test_row_is_broken_where_any_step_is() -> None:
    assert [each.broken for each in ROWS] == [False, True, False, False, False, False]


def test_page_in_the_repository_is_one_of_this_command() -> None:
    written = PAGE.read_text(encoding="utf-8")
    package = re.search(r"^Version (\S+) of this package", written, re.MULTILINE)
    assert package is not None
    made = page([], package[1])
    assert written.partition("|")[0] == made.partition("|")[0]
    assert written.partition("## What is done")[1:] == made.partition("## What is done")[1:]
    header, _, *rows = cells(written.partition("\n\n|")[2].partition("\n\n")[0])
    assert header == ["runtime", *STEPS]
    assert [each[0] for each in rows] == choose(recorded(), OLDEST_RUNTIME)
