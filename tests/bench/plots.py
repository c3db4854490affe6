"""``python -m tests.bench.plots``: the pictures of docs/benchmarks, from table.json and curves.json beside them.

Only here is matplotlib imported. The same numbers give the same bytes: ids come from a fixed salt, there is no date,
and texts stay texts, for the reader's fonts to draw. The background is white, so that a dark page does no harm.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from . import venvs
from .curve_data import SIDES, Points, load, series
from .runner import SideName
from .table import number

# Its own types are partial, and differ from release to release.
matplotlib: Any = import_module("matplotlib")
Figure: Any = import_module("matplotlib.figure").Figure
Line2D: Any = import_module("matplotlib.lines").Line2D
ticker: Any = import_module("matplotlib.ticker")
Axes = Any

FOLDER = venvs.ROOT / "docs" / "benchmarks"
COLOURS: Mapping[SideName, str] = {"ours": "#1667c0", "official": "#d1601f"}
NAMES: Mapping[SideName, str] = {"ours": "this package", "official": "official package"}
STYLE: Mapping[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "openai_codex",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "text.color": "#222222",
    "axes.labelcolor": "#222222",
}

Row = dict[str, Any]
Draw = Callable[[Any, Points, Sequence[Row]], None]


@dataclass(frozen=True)
class Kind:
    """How the lines of one series look, on either side."""

    label: str
    marker: str = "o"
    dash: str = "-"


ASYNCIO, THREADS = Kind("asyncio"), Kind("a thread each", "s", "--")
P50, P99 = Kind("p50"), Kind("p99", "^", "--")


def draw_lines(
    axes: Axes,
    points: Points,
    lines: Iterable[tuple[str, str, Kind]],
    *,
    title: str,
    unit: str,
    factor: float = 1.0,
    least: float = 0.0,
) -> None:
    """Lines of both sides: (curve, metric, kind) each, from ``least`` on.

    A hollow mark is a value up to the case's limit.
    """
    for curve, metric, kind in lines:
        for side in SIDES:
            limited = {point.x for point in points.get(curve, ()) if point.side == side and metric in point.beyond}
            line = [(x, y * factor) for x, y in series(points.get(curve, ()), side, metric) if x >= least]
            look: dict[str, Any] = {"color": COLOURS[side], "marker": kind.marker, "clip_on": False}
            if line:
                axes.plot([x for x, _ in line], [y for _, y in line], linestyle=kind.dash, linewidth=1.5, **look)
            for x, y in line:
                if x in limited:
                    axes.plot([x], [y], markerfacecolor="white", zorder=3, **look)
    axes.set_title(title, loc="left")
    axes.set_ylabel(unit)


def log_axes(axes: Axes, x: str, *, y: bool = True, names: Callable[[float, int], str] | None = None) -> None:
    """A mark for every point that was measured and, if ``y`` is logarithmic too, for powers of ten."""
    axes.set_xscale("log")
    axes.set_xlabel(x)
    together = axes.get_shared_x_axes().get_siblings(axes)
    if measured := {float(x) for each in together for line in each.lines for x in line.get_xdata()}:
        axes.set_xticks(sorted(measured))
    axes.xaxis.set_major_formatter(names or plain)
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    if y:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(plain)
        axes.yaxis.set_minor_locator(ticker.NullLocator())
    else:
        axes.set_ylim(bottom=0)


def plain(value: float, position: int = 0) -> str:
    """1000 as 1,000 and 0.1 as 0.1."""
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def size(value: float, position: int = 0) -> str:
    """A number of bytes in words."""
    for unit, bytes in (("MB", 1e6), ("KB", 1e3)):
        if value >= bytes:
            return f"{value / bytes:g} {unit}"
    return f"{value:g} B"


def add_legend(figure: Any, kinds: Sequence[Kind], *, limits: bool = False) -> None:
    """What the colours and marks mean, below all panels."""
    entries = [Line2D([], [], color=COLOURS[side], linewidth=3, label=NAMES[side]) for side in SIDES]
    entries += [
        Line2D([], [], color="#555555", marker=kind.marker, linestyle=kind.dash, label=kind.label) for kind in kinds
    ]
    if limits:
        entries.append(
            Line2D(
                [], [], color="#555555", marker="o", markerfacecolor="white", linestyle="", label="stopped at a limit"
            )
        )
    figure.legend(handles=entries, loc="lower center", ncols=len(entries), handlelength=2.2, columnspacing=1.6)


def throughput(figure: Any, points: Points, rows: Sequence[Row]) -> None:
    """Events per second, and what each costs, against the number of turns."""
    curves = (("busy-async", ASYNCIO), ("busy-sync", THREADS))
    left, right = panels(figure, 1, 2)
    draw_lines(
        left,
        points,
        ((curve, "events_per_s", kind) for curve, kind in curves),
        title="Throughput of busy turns",
        unit="events per second, all turns together",
    )
    draw_lines(
        right,
        points,
        ((curve, "cpu_us_per_event", kind) for curve, kind in curves),
        title="CPU of the client for each event",
        unit="microseconds",
    )
    for axes in (left, right):
        log_axes(axes, "turns at once")
    add_legend(figure, (ASYNCIO, THREADS), limits=True)


def control_latency(figure: Any, points: Points, rows: Sequence[Row]) -> None:
    """How long a small request takes meanwhile."""
    curves = (
        ("busy-async", "Busy turns, asyncio"),
        ("quiet-async", "Quiet turns, asyncio"),
        ("busy-sync", "Busy turns, a thread each"),
        ("quiet-sync", "Quiet turns, a thread each"),
    )
    drawn = panels(figure, 2, 2, share=True)
    for axes, (curve, title) in zip(drawn, curves, strict=True):
        lines = ((curve, "control_p50_ms", P50), (curve, "control_p99_ms", P99))
        draw_lines(axes, points, lines, title=title, unit="milliseconds")
    for axes in drawn:
        log_axes(axes, "turns at once")
    add_legend(figure, (P50, P99), limits=True)


def memory_threads(figure: Any, points: Points, rows: Sequence[Row]) -> None:
    """Memory and OS threads against the number of turns."""
    left, right = panels(figure, 1, 2)
    curves = (("quiet-async", ASYNCIO), ("quiet-sync", THREADS))
    memory = ((curve, "peak_mb", kind) for curve, kind in curves)
    threads = ((curve, "os_threads", kind) for curve, kind in curves)
    draw_lines(left, points, memory, title="Peak memory of the client, quiet turns", unit="MB")
    draw_lines(right, points, threads, title="OS threads of the client, quiet turns", unit="threads")
    log_axes(left, "turns at once", y=False)
    log_axes(right, "turns at once")
    add_legend(figure, (ASYNCIO, THREADS))


def message_size(figure: Any, points: Points, rows: Sequence[Row]) -> None:
    """What one large message costs."""
    kinds = (
        ("message-async", Kind("notification, asyncio")),
        ("message-sync", Kind("notification, sync", "s", "--")),
        ("answer-sync", Kind("answer, sync", "^", ":")),
    )
    left, right = panels(figure, 1, 2)
    time = ((curve, "cpu_ms", kind) for curve, kind in kinds)
    memory = ((curve, "peak_multiple", kind) for curve, kind in kinds)
    draw_lines(left, points, time, title="CPU of the client for one message", unit="milliseconds")
    draw_lines(right, points, memory, title="Memory that it takes at the peak", unit="times its size", least=100e3)
    log_axes(left, "size of the message", names=size)
    log_axes(right, "size of the message", y=False, names=size)
    add_legend(figure, [kind for _, kind in kinds])


def growth(figure: Any, points: Points, rows: Sequence[Row]) -> None:
    """What is left of turns that have ended."""
    kinds = (
        ("finished", Kind("finished")),
        ("finished-fresh", Kind("finished, a thread each", "s", "--")),
        ("unclaimed", Kind("never claimed", "^", ":")),
    )
    (axes,) = panels(figure, 1, 1)
    lines = ((curve, "grown_mb", kind) for curve, kind in kinds)
    draw_lines(axes, points, lines, title="Memory left of turns that have ended", unit="MB")
    axes.set_xlabel("turns in one client")
    axes.xaxis.set_major_formatter(plain)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.text(
        0.98,
        0.74,
        "levels off: short strings that the JSON parser keeps",
        transform=axes.transAxes,
        ha="right",
        color="#555555",
    )
    add_legend(figure, [kind for _, kind in kinds])


def startup(figure: Any, points: Points, rows: Sequence[Row]) -> None:
    """Import and first event, in time and memory."""
    bars = (
        ("import", "import_ms", "import_rss_mb"),
        ("import and\nfirst events", "first_events_ms", "first_events_rss_mb"),
    )
    left, right = panels(figure, 1, 2)
    for axes, column, title, unit in (
        (left, 1, "Start of a program: time", "milliseconds"),
        (right, 2, "Start of a program: memory", "MB"),
    ):
        for k, side in enumerate(SIDES):
            values = [table_value(rows, bar[column], side) for bar in bars]
            places = [place + (k - 0.5) * 0.36 for place in range(len(bars))]
            drawn = axes.bar(places, values, width=0.34, color=COLOURS[side])
            axes.bar_label(drawn, [number(value) for value in values], padding=2, fontsize=8)
        axes.set_xticks(range(len(bars)), [bar[0] for bar in bars])
        axes.set_title(title, loc="left")
        axes.set_ylabel(unit)
        axes.yaxis.set_major_formatter(plain)
        axes.grid(visible=False, axis="x")
        axes.margins(y=0.12)
    add_legend(figure, ())


def table_value(rows: Sequence[Row], metric: str, side: SideName) -> float:
    """The median of one of the start-up's rows; 0 where there is none."""
    found = [row[side]["values"] for row in rows if row["step"] == "startup" and row["metric"] == metric]
    return statistics.median(found[0]) if found and found[0] else 0.0


def runtime(figure: Any, points: Points, rows: Sequence[Row]) -> None:
    """What the client takes of a turn on the real runtime."""
    left, right = panels(figure, 1, 2)
    share, cpu = (("runtime", metric, ASYNCIO) for metric in ("client_share", "client_cpu_ms"))
    draw_lines(
        left, points, (share,), factor=100, title="Client's share of all CPU", unit="% of client, runtime and model"
    )
    draw_lines(right, points, (cpu,), title="CPU of the client for each short turn", unit="milliseconds")
    for axes in (left, right):
        log_axes(axes, "turns at once on the real runtime", y=False)
    add_legend(figure, (ASYNCIO,))


def panels(figure: Any, rows: int, columns: int, *, share: bool = False) -> list[Axes]:
    """Axes in reading order, on a common scale if they share it."""
    found: list[Axes] = []
    for k in range(rows * columns):
        first = found[0] if share and found else None
        found.append(figure.add_subplot(rows, columns, k + 1, sharex=first, sharey=first))
    return found


PLOTS: Mapping[str, tuple[Draw, tuple[float, float]]] = {
    "throughput": (throughput, (9.0, 3.8)),
    "control-latency": (control_latency, (9.0, 6.4)),
    "memory-threads": (memory_threads, (9.0, 3.8)),
    "message-size": (message_size, (9.0, 3.8)),
    "memory-growth": (growth, (9.0, 3.8)),
    "startup": (startup, (9.0, 3.6)),
    "runtime": (runtime, (9.0, 3.8)),
}


def write(
    folder: Path, rows: Sequence[Row], points: Points, *, kind: str = "svg", names: Iterable[str] = PLOTS
) -> list[Path]:
    """Draw the pictures into a folder."""
    written: list[Path] = []
    with matplotlib.rc_context(dict(STYLE)):
        for name in names:
            draw, inches = PLOTS[name]
            figure = Figure(figsize=inches, dpi=100, facecolor="white")
            draw(figure, points, rows)
            figure.tight_layout(rect=(0, 0.08 * 3.8 / inches[1], 1, 1))
            written.append(folder / f"{name}.{kind}")
            figure.savefig(written[-1], metadata={"Date": None, "Creator": None} if kind == "svg" else None)
    return written


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.plots", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the JSON is; by default docs/benchmarks")
    parser.add_argument("--output", type=Path, help="where the pictures go; by default the same folder")
    parser.add_argument("--png", action="store_true", help="bitmaps, to look at them")
    options = parser.parse_args(arguments)
    output: Path = options.output or options.folder
    rows = cast("list[Row]", json.loads((options.folder / "table.json").read_text())["rows"])
    for path in write(output, rows, load(options.folder / "curves.json"), kind="png" if options.png else "svg"):
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
