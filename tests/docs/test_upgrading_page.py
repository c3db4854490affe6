"""The page on upgrading: its table is that of the rules, its report and its places are real."""

from __future__ import annotations

import re

import pytest

from openai_codex._schema import report
from openai_codex._schema.diff import diff
from openai_codex._schema.expressions import names
from openai_codex._schema.rules import RULES, Verdict
from tests.docs.blocks import ROOT
from tests.unit.protocols import NEWEST, described

PAGE = (ROOT / "docs" / "upgrading.md").read_text(encoding="utf-8")
_REPORT = re.compile(r"<!-- report: (\S+) (\S+) -->\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def rows(heading: str) -> list[tuple[str, ...]]:
    """The rows of the table with this heading."""
    table = PAGE.partition(f"{heading}\n")[2].partition("\n\n")[0]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()[1:]]


def test_table_is_the_rules_in_their_order() -> None:
    written = rows("| change | sent | read | meaning |")
    assert written == [(kind, rule.sent.name, rule.read.name, rule.meaning) for kind, rule in RULES.items()]


def test_every_kind_that_the_prose_names_is_one() -> None:
    prose = PAGE.partition("Some need a word more:\n")[2].partition("\n## ")[0]
    named = {" ".join(kind.split()) for kind in re.findall(r"\*\*([^*]+)\*\*", prose)}
    things = {"extended", "widened", "narrowed", "reshaped", "changed", "added"}
    assert named - things <= set(RULES)
    assert things & named <= {kind.rpartition(" ")[2] for kind in RULES}
    assert len(named - things) >= 7


def test_every_verdict_is_explained() -> None:
    assert [row[0] for row in rows("| verdict | meaning |")] == [verdict.name for verdict in Verdict]


def test_report_is_the_beginning_of_a_real_one() -> None:
    (found,) = _REPORT.finditer(PAGE)
    old, new, text = found.groups()
    whole = report.as_text(old, new, diff(described(old, "stable"), described(new, "stable")))
    assert whole.startswith(text)
    # What is left out is compatible, and nothing else.
    assert whole[len(text) :].startswith("\ncompatible: ")
    assert text.count("\nbreaking: ") == text.count("\nattention: ") - 1 == 1


PLACES = [row[0].strip("`") for row in rows("| place | what it is |")]


@pytest.mark.parametrize("place", PLACES)
def test_place_is_one_of_the_protocol(place: str) -> None:
    known = described(NEWEST)
    assert place in known.places() or place in known.requests


def test_places_are_of_every_sort() -> None:
    shapes = {re.sub(r"\w+", "x", place) for place in PLACES}
    assert shapes == {"x/x", "x", "x.x", "x[x]", "x[x].x", 'x="x"', "x[*]", "x.*"}
    assert any(place in described(NEWEST).types and "." in place for place in PLACES), "a nameless type"


def test_expressions_of_the_page_are_written_as_in_a_description() -> None:
    line = PAGE.partition("A type is an expression: ")[2].partition("\n\n")[0]
    written = re.findall(r"`([^`]+)`", line)
    types = {name for text in written for name in names(text)}
    assert types and types <= described(NEWEST).types.keys()
    texts = {text for each in described(NEWEST).types.values() for text in each.expressions()}
    assert {"string", "integer", "any"} <= texts & set(written)
