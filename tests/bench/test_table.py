"""Medians, ratios and verdicts of the benchmark's table."""

from pathlib import Path

import pytest

from tests.bench.plan import ROWS, STEPS, Row, Target, at_most, times
from tests.bench.table import Line, Sample, Side, markdown, number
from tests.bench.table_data import load, save


def side(*values: float, turns: float = 10, beyond: bool = False) -> Side:
    """A side with these values of the metric ``m``."""
    reached = frozenset({"m"} if beyond else ())
    return Side({"turns": turns}, tuple(Sample({"m": value}, reached) for value in values))


def row(target: Target | None = None, more_is_better: bool = False, per_size: bool = False) -> Row:
    return Row("step", "m", "case", "ms", target, more_is_better, per_size)


def test_line_shows_medians_spread_and_ratio() -> None:
    cells = Line(row(), side(30, 10, 20), side(4, 5, 6)).cells()
    assert cells == ("case", "20 ms (10-30)", "5 ms (4-6)", "4x", "", "")


def test_ratio_is_turned_round_where_more_is_better() -> None:
    assert Line(row(more_is_better=True), side(10), side(40)).ratio == pytest.approx(4)


def test_ratio_is_a_lower_bound_where_the_official_package_reached_its_limit() -> None:
    cells = Line(row(), side(8, beyond=True), side(2)).cells()
    assert (cells[1], cells[3]) == ("> 8 ms", "> 4x")


def test_ratio_is_left_out_between_different_sizes_of_a_growing_value() -> None:
    line = Line(row(per_size=True), side(8, turns=5), side(2))
    assert line.ratio is None
    assert line.cells()[1] == "8 ms with 5 turns"


@pytest.mark.parametrize(
    ("target", "ours", "kept"),
    [
        (at_most(5), side(5), True),
        (at_most(5), side(6), False),
        (at_most(5), side(4, beyond=True), False),
        (Target("at least", 5), side(6), True),
        (Target("at least", 5), side(4), False),
        (times(4), side(5), True),
        (times(4), side(6), False),
        (at_most(5), Side({}, error="crashed"), False),
        (None, side(5), None),
    ],
)
def test_target_is_judged(target: Target | None, ours: Side, kept: bool | None) -> None:
    assert Line(row(target), side(20), ours).met is kept


def test_markdown_is_one_aligned_table() -> None:
    text = markdown([Line(row(at_most(5)), Side(None), Side({}, error="crashed"))], "official", "ours")
    lines = text.splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [cell.strip() for cell in lines[2].strip("|").split("|")] == [
        *("case", "not run", "failed", "", "<= 5 ms", "NO"),
    ]


@pytest.mark.parametrize(("value", "text"), [(2, "2"), (1234.5, "1,234"), (12.34, "12.3"), (1.234, "1.23")])
def test_number_keeps_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_every_row_belongs_to_a_step() -> None:
    assert {row.step for row in ROWS} == {step.name for step in STEPS}


def test_file_holds_all_that_the_table_needs(tmp_path: Path) -> None:
    first = {row.step: row for row in reversed(ROWS)}
    slow, fast = (Side({"n": 5}, (Sample({"cpu_us_per_event": cpu}, frozenset()),)) for cpu in (9, 3))
    unfinished = Side({"turns": 10}, (Sample({"late_s": 3, "finished": 8}, frozenset({"late_s"})),))
    lines = [
        Line(first["stream-sync"], slow, fast),
        Line(first["read"], Side(None), Side({"items": 5}, error="crashed")),
        *(Line(row, unfinished, unfinished) for row in ROWS if row.metric == "late_s"),
    ]
    save(tmp_path / "new" / "table.json", {"labels": ["official", "ours"]}, lines)
    assert load(tmp_path / "new" / "table.json") == markdown(lines, "official", "ours")
