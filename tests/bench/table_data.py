"""The file with every sample behind the table, and the table made of it again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from .plan import ROWS
from .table import Line, Sample, Side, markdown


def save(path: Path, head: Mapping[str, object], lines: Sequence[Line]) -> None:
    """Write every sample and the rows made of them."""
    rows = [
        {
            "step": line.row.step,
            "metric": line.row.metric,
            "title": line.row.title,
            "unit": line.row.unit,
            "official": _side(line, line.official),
            "ours": _side(line, line.ours),
            "better_by": line.ratio,
            "target": None if line.row.target is None else asdict(line.row.target),
            "kept": line.met,
        }
        for line in lines
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**head, "rows": rows}, indent=1) + "\n")


def load(path: Path) -> str:
    """The table of a file that `save` wrote, as markdown."""
    content: dict[str, Any] = json.loads(path.read_text())
    known = {(row.step, row.metric): row for row in ROWS}
    raw_rows = cast("list[dict[str, Any]]", content["rows"])
    lines = [
        Line(
            known[raw["step"], raw["metric"]],
            *(_loaded(raw["metric"], raw[side]) for side in ("official", "ours")),
        )
        for raw in raw_rows
    ]
    return markdown(lines, *content["labels"])


def _side(line: Line, side: Side) -> dict[str, object]:
    """One row's value of every process on one side."""
    measured = line.measured(side)
    finished = [sample.metrics["finished"] for sample in side.samples if "finished" in sample.metrics]
    return {
        "size": side.size,
        "values": measured.values if measured else (),
        "finished": finished,
        "reached_limit": measured is not None and measured.beyond,
        "error": side.error,
    }


def _loaded(metric: str, raw: Mapping[str, Any]) -> Side:
    beyond = frozenset({metric} if raw["reached_limit"] else ())
    finished = raw["finished"] or [None] * len(raw["values"])
    samples = (
        Sample({metric: value, **({} if count is None else {"finished": count})}, beyond)
        for value, count in zip(raw["values"], finished, strict=True)
    )
    return Side(raw["size"], tuple(samples), raw["error"])
