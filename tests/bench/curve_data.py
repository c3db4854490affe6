"""What was measured along the curves: the file, and the tables made of it."""

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from .curve_plan import CURVES, Column, Curve
from .runner import SideName
from .table import Sample, number


@dataclass(frozen=True)
class Point:
    """One side at one point of a curve: every process's value of each metric.

    ``beyond`` names the metrics that reached a limit; ``error`` says why there are no values.
    """

    side: SideName
    x: float
    values: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    beyond: tuple[str, ...] = ()
    error: str | None = None

    def plus(self, sample: Sample) -> "Point":
        """This point with the values of one process more."""
        values = {name: [*self.values.get(name, ()), value] for name, value in sample.metrics.items()}
        return replace(self, values=values, beyond=tuple(sorted(sample.beyond.union(self.beyond))))

    def median(self, metric: str) -> float | None:
        """The middle value of a metric; None where there is none."""
        values = self.values.get(metric)
        return statistics.median(values) if values else None


SIDES: tuple[SideName, ...] = ("ours", "official")
Points = dict[str, list[Point]]
"""The points of each curve by its name."""


def save(path: Path, head: Mapping[str, object], points: Points) -> None:
    """Write the points, each on a line of its own, whole numbers exactly and others with four digits that matter."""

    def line(point: Point) -> str:
        values = {name: [_rounded(value) for value in each] for name, each in point.values.items()}
        return "   " + json.dumps(asdict(replace(point, values=values)))

    def curve(name: str) -> str:
        lines = ",\n".join(map(line, points[name]))
        return f"  {json.dumps(name)}: [\n{lines}\n  ]"

    start = json.dumps(head, indent=1).removesuffix("\n}")
    curves = ",\n".join(map(curve, points))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{start},\n "curves": {{\n{curves}\n }}\n}}\n')


def _rounded(value: float) -> float:
    return int(value) if value == int(value) else float(f"{value:.4g}")


def load(path: Path) -> Points:
    """The points of a file that `save` wrote."""
    curves = cast("dict[str, list[dict[str, Any]]]", json.loads(path.read_text())["curves"])
    return {
        name: [Point(raw["side"], raw["x"], raw["values"], tuple(raw["beyond"]), raw["error"]) for raw in each]
        for name, each in curves.items()
    }


def page(path: Path) -> str:
    """The tables of all curves of a file that `save` wrote, as a page of their own."""
    head: dict[str, Any] = json.loads(path.read_text())
    points = load(path)
    python, pydantic = (head["versions"][0][name] for name in ("python", "pydantic"))
    tables = [markdown(curve, points[curve.name]) for curve in CURVES if curve.name in points]
    intro = (
        f"Both packages with Python {python} and pydantic {pydantic}, {head['cpus']} CPUs. "
        "Written by `make bench-curves`; [Performance](../performance.md) says what it means."
    )
    return "\n\n".join(("# Curves", intro, *tables)) + "\n"


def series(points: Sequence[Point], side: SideName, metric: str) -> list[tuple[float, float]]:
    """A side's medians of a metric along a curve."""
    return [(p.x, median) for p in points if p.side == side and (median := p.median(metric)) is not None]


def order(line: Sequence[tuple[float, float]]) -> float | None:
    """The power of x that the values grow with, from the last three points; None where they tell none.

    1 is linear, 0 does not grow. It is the slope of the straight line through the logarithms.
    """
    last = [(math.log(x), math.log(y)) for x, y in line[-3:] if x > 0 and y > 0]
    if len(last) < 2:
        return None
    return statistics.linear_regression(*zip(*last, strict=True)).slope


def cell(point: Point, column: Column) -> str:
    """One value of a table."""
    if point.error is not None:
        return "failed"
    median = point.median(column.metric)
    if median is None:
        return ""
    text = number(median * column.factor)
    if column.metric not in point.beyond:
        return text
    return f"> {text}" if column.bound else f"{text} until the limit"


def markdown(curve: Curve, points: Sequence[Point]) -> str:
    """The table of one curve, and the orders of growth below it."""
    rows: list[tuple[str, ...]] = [(curve.x, "package", *(column.heading for column in curve.columns))]
    for point in sorted(points, key=lambda point: point.x):
        rows.append((number(point.x), point.side, *(cell(point, column) for column in curve.columns)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, tuple("-" * width for width in widths))
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    orders = [
        f"{column.heading}: grows with the power {power:.2f} of {curve.x} ({side})"
        for column in curve.columns
        if column.metric in curve.order
        for side in SIDES
        if (power := order(series(points, side, column.metric))) is not None
    ]
    notes = [*([curve.note] if curve.note else []), *_smaller(curve), *orders]
    return "\n".join((f"### {curve.title}\n", *lines, *(["", *notes] if notes else [])))


def _smaller(curve: Curve) -> list[str]:
    """In what the official package's cases differ."""
    sizes = [f"{name} {number(value)}" for name, value in curve.official_size.items()]
    return [f"official: with {', '.join(sizes)}"] if sizes else []
