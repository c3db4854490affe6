"""From samples to the markdown table: medians, spreads, ratios and targets."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from .plan import Row, Size


@dataclass(frozen=True)
class Sample:
    """What one process measured. A metric in ``beyond`` reached its limit: the true value is higher."""

    metrics: dict[str, float]
    beyond: frozenset[str]


@dataclass(frozen=True)
class Side:
    """One implementation's samples of a step; ``size`` is None where the step was not run."""

    size: Size | None
    samples: tuple[Sample, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Measured:
    """One row's metric on one side, over all its processes."""

    values: tuple[float, ...]
    beyond: bool

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)


@dataclass(frozen=True)
class Line:
    """One row with both sides' samples."""

    row: Row
    official: Side
    ours: Side

    def measured(self, side: Side) -> Measured | None:
        """The row's metric on this side; None where there is no value."""
        if side.error or not side.samples:
            return None
        name = self.row.metric
        values = tuple(sample.metrics[name] for sample in side.samples)
        return Measured(values, any(name in sample.beyond for sample in side.samples))

    @property
    def ratio(self) -> float | None:
        """How many times better we are; a lower bound where the official package reached its limit."""
        official, ours = self.measured(self.official), self.measured(self.ours)
        if official is None or ours is None or ours.beyond or min(official.median, ours.median) <= 0:
            return None
        if self.row.per_size and self.official.size != self.ours.size:
            return None
        ratio = official.median / ours.median
        return 1 / ratio if self.row.more_is_better else ratio

    @property
    def met(self) -> bool | None:
        """Whether our value keeps the row's target; None without a target or without a value to compare."""
        target, ours = self.row.target, self.measured(self.ours)
        if target is None or (ours is None and not self.ours.error):
            return None
        if ours is None or ours.beyond:
            return False
        if target.kind == "times better":
            return None if self.ratio is None else self.ratio >= target.bound
        return ours.median <= target.bound if target.kind == "at most" else ours.median >= target.bound

    def cells(self) -> tuple[str, ...]:
        """The table's columns."""
        return (
            self.row.title,
            self._cell(self.official),
            self._cell(self.ours),
            self._ratio(),
            self._target(),
            {True: "yes", False: "NO", None: ""}[self.met],
        )

    def _cell(self, side: Side) -> str:
        if side.error:
            return "failed"
        measured = self.measured(side)
        if side.size is None or measured is None:
            return "not run"
        text = f"{'> ' if measured.beyond else ''}{number(measured.median)} {self.row.unit}".strip()
        if len(measured.values) > 1 and not measured.beyond:
            text += f" ({number(min(measured.values))}-{number(max(measured.values))})"
        if self.row.per_size and side is self.official and side.size != self.ours.size:
            text += f" with {number(side.size['turns'])} turns"
        if side.size.get("turns") and "finished" in side.samples[0].metrics and self.row.metric == "late_s":
            unfinished = side.size["turns"] - min(sample.metrics["finished"] for sample in side.samples)
            text += f", {number(unfinished)} turns unfinished" if unfinished else ""
        return text

    def _ratio(self) -> str:
        if self.ratio is None:
            return ""
        official = self.measured(self.official)
        return f"{'> ' if official and official.beyond else ''}{number(self.ratio)}x"

    def _target(self) -> str:
        target = self.row.target
        if target is None:
            return ""
        if target.kind == "times better":
            return f">= {target.bound:g}x"
        return f"{'<=' if target.kind == 'at most' else '>='} {number(target.bound)} {self.row.unit}".strip()


def number(value: float) -> str:
    """Three digits that matter, never more decimals than two; whole numbers without decimals."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def markdown(lines: Sequence[Line], official: str, ours: str) -> str:
    """The table, its columns aligned for reading it as plain text too."""
    header = ("case", official, ours, "better by", "target", "kept")
    table = [header, *(line.cells() for line in lines)]
    widths = [max(len(cells[k]) for cells in table) for k in range(len(header))]
    table.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"
        for cells in table
    )
