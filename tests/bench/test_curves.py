"""Arithmetic, file and tables of the curves."""

import dataclasses
from pathlib import Path

import pytest

from tests.bench.curve_data import Point, cell, load, markdown, order, save, series
from tests.bench.curve_plan import CURVES, Column, Curve
from tests.bench.table import Sample

CURVE = Curve(
    name="c",
    title="Title",
    case="case",
    x="turns",
    points=(1.0, 10.0),
    official=(1.0,),
    quick=(5.0,),
    quick_official=(),
    columns=(Column("m", "metric"), Column("t", "time, ms", 1000, bound=True)),
    size={"events": 100.0, "limit_s": 60.0},
    official_size={"events": 7.0},
    quick_size={"limit_s": 2.0},
    order=("m",),
)


def point(x: float, *values: float, beyond: tuple[str, ...] = ()) -> Point:
    return Point("ours", x, {"m": list(values), "t": [0.5]}, beyond)


def test_sizes_differ_by_side_and_by_kind_of_run() -> None:
    assert CURVE.sizes("ours", quick=False) == [{"turns": x, "events": 100, "limit_s": 60} for x in (1, 10)]
    assert CURVE.sizes("official", quick=False) == [{"turns": 1, "events": 7, "limit_s": 60}]
    assert CURVE.sizes("ours", quick=True) == [{"turns": 5, "events": 100, "limit_s": 2}]
    assert CURVE.sizes("official", quick=True) == []


def test_point_gathers_the_values_of_its_processes() -> None:
    found = Point("ours", 1.0)
    for value, beyond in ((3.0, ()), (1.0, ("m",)), (2.0, ())):
        found = found.plus(Sample({"m": value}, frozenset(beyond)))
    assert (found.values, found.median("m"), found.median("other")) == ({"m": [3.0, 1.0, 2.0]}, 2.0, None)
    assert found.beyond == ("m",)


@pytest.mark.parametrize(("power", "start"), [(1, 1.0), (2, 0.1), (0, 5.0)])
def test_order_is_the_power_of_growth(power: int, start: float) -> None:
    line = [(x, start * x**power) for x in (1.0, 10.0, 100.0, 1000.0)]
    assert order(line) == pytest.approx(power, abs=1e-9)


def test_order_looks_at_the_last_points_and_needs_two_that_count() -> None:
    assert order([(1, 1000), (10, 1), (100, 10), (1000, 100)]) == pytest.approx(1)
    assert order([(10, 1)]) is None
    assert order([(1, 0), (10, -1), (100, 10)]) is None


def test_series_leaves_out_the_other_side_and_what_failed() -> None:
    points = [point(1, 4.0), Point("ours", 10, error="failed"), dataclasses.replace(point(1, 9.0), side="official")]
    assert series(points, "ours", "m") == [(1, 4.0)]


def test_cell_tells_a_limit_and_a_failure() -> None:
    metric, time = CURVE.columns
    limited = point(1, 1234.0, beyond=("m", "t"))
    assert (cell(limited, metric), cell(limited, time)) == ("1,234 until the limit", "> 500")
    assert (cell(point(1, 2.0), metric), cell(Point("ours", 1, error="x"), metric)) == ("2", "failed")
    assert cell(Point("ours", 1), metric) == ""


def test_markdown_has_both_sides_in_order_and_the_growth() -> None:
    points = [point(10, 20.0), dataclasses.replace(point(1, 9.0), side="official"), point(1, 2.0)]
    title, blank, *table = markdown(CURVE, points).splitlines()
    assert (title, blank) == ("### Title", "")
    assert len({len(line) for line in table[:5]}) == 1
    assert [[text.strip() for text in line.strip("|").split("|")][:3] for line in table[2:5]] == [
        ["1", "official", "9"],
        ["1", "ours", "2"],
        ["10", "ours", "20"],
    ]
    assert table[-2] == "official: with events 7"
    assert table[-1] == "metric: grows with the power 1.00 of turns (ours)"


def test_file_keeps_every_point(tmp_path: Path) -> None:
    file = tmp_path / "new" / "curves.json"
    points = {
        "a": [point(1, 1.23456, 200_003.0, beyond=("m",)), Point("official", 1.0, error="why")],
        "b": [point(2, 3.0)],
    }
    save(file, {"quick": False, "versions": [{"python": "3"}]}, points)
    found = load(file)
    assert found["a"][0].values == {"m": [1.235, 200_003], "t": [0.5]}
    assert found["a"][0].beyond == ("m",)
    assert (found["a"][1:], found["b"]) == ([Point("official", 1.0, error="why")], points["b"])
    assert len(file.read_text().splitlines()) < 30


def test_names_of_curves_are_unique() -> None:
    assert len({curve.name for curve in CURVES}) == len(CURVES)
