"""``python -m tests.bench.guard``: fail when the client needs more instructions for the same work than it did.

Times differ from run to run and from machine to machine; the number of instructions hardly does. Five fixed
workloads (`workloads.py`) run in processes of their own against the stand-in, each with two sizes. What the larger
needs beyond the smaller, divided by the units of work between them, is held against ``instructions.json``. Standard
output gets the table, standard error the progress.

Exit status: 0, nothing became dearer; 1, something did, or does not run at all; 2, nothing was found out. There must
be an instrument, and a baseline of the same instrument, processor, Python and pydantic-core. Whether their builds are
the same too is shown by the yardstick, work that uses nothing of this package: it has to need what it needed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydantic_core

from .instruments import Callgrind, Instrument, Perf, ProcessFailed, Unusable, check, run

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("workloads.py")
BASELINE = Path(__file__).with_name("instructions.json")
TOLERANCE = 0.10
YARDSTICK_TOLERANCE = 0.02
RECORD = "make bench-guard ARGS=--record"


@dataclass(frozen=True)
class Workload:
    """Work that grows with its size, in two sizes. ``name`` is a function in `workloads.py`."""

    name: str
    title: str
    unit: str
    small: int
    large: int

    def per_unit(self, small: int, large: int) -> int:
        """Instructions for one unit of work, from those of both sizes."""
        return round((large - small) / (self.large - self.small))


YARDSTICK = Workload("yardstick", "yardstick: Python and pydantic alone", "turn", 1, 3)
WORKLOADS = (
    Workload("imports", "import openai_codex", "import", 0, 1),
    Workload("stream_sync", "stream, payload read", "event", 3_300, 9_900),
    Workload("stream_async", "stream, payload read, async", "event", 3_300, 9_900),
    Workload("run_sync", "run()", "event", 3_300, 13_200),
    Workload("request_async", "small request, async", "request", 200, 600),
)
INSTRUMENTS: tuple[Instrument, ...] = (Perf(), Callgrind())

Baselines = dict[str, dict[str, int]]


class NoVerdict(Exception):
    """Nothing can be said; the text says why and what to do."""


@dataclass(frozen=True)
class Line:
    """One workload, then and now; ``baseline`` is None where nothing was recorded."""

    workload: Workload
    baseline: int | None
    now: int

    @property
    def change(self) -> float:
        """The share by which the work became dearer, below zero where it became cheaper."""
        return (self.now - self.baseline) / self.baseline if self.baseline is not None else 0.0

    @property
    def verdict(self) -> str:
        """A word for the table."""
        if self.baseline is None:
            return "new"
        if self.workload is YARDSTICK:
            return "same" if abs(self.change) <= YARDSTICK_TOLERANCE else "DIFFERS"
        if abs(self.change) <= TOLERANCE:
            return "ok"
        return "WORSE" if self.change > 0 else "better"

    def cells(self) -> tuple[str, ...]:
        """The table's columns."""
        before = ("", "") if self.baseline is None else (f"{self.baseline:,}", f"{self.change:+.1%}")
        return (self.workload.title, self.workload.unit, before[0], f"{self.now:,}", before[1], self.verdict)


def table(lines: Iterable[Line]) -> str:
    """All lines in aligned columns, words to the left and numbers to the right."""
    rows = [("instructions", "per", "baseline", "now", "change", "verdict"), *(line.cells() for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if 2 <= k <= 4 else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def conclude(lines: Sequence[Line]) -> tuple[int, str]:
    """The exit status of a comparison, and what it means."""

    def names(verdict: str) -> str:
        return ", ".join(line.workload.name for line in lines if line.verdict == verdict)

    if names("DIFFERS"):
        return 2, (
            "No verdict: the yardstick, which uses nothing of this package, does not need what it needed. Python or "
            f"pydantic-core is another build than that of the baseline. Record one for this build: {RECORD}"
        )
    if worse := names("WORSE"):
        return 1, (
            f"More than {TOLERANCE:.0%} dearer: {worse}. Where that is the price of something wanted, say so in the "
            f"commit and record it: {RECORD}"
        )
    if better := names("better"):
        return 0, f"More than {TOLERANCE:.0%} cheaper: {better}. Record it, so that it stays so: {RECORD}"
    return 0, f"Nothing is more than {TOLERANCE:.0%} dearer than the baseline."


def key(instrument: Instrument) -> str:
    """What two counts must have in common to be compared."""
    python = f"{platform.python_implementation()} {sys.version_info[0]}.{sys.version_info[1]}"
    return f"{instrument.name}, {platform.machine()}, {python}, pydantic-core {pydantic_core.__version__}"


def choose(instruments: Iterable[Instrument], baselines: Mapping[str, object]) -> Instrument:
    """The first instrument that works here and has a baseline, else the first that works.

    Raises:
        NoVerdict: none works.
    """
    usable: list[Instrument] = []
    reasons: list[str] = []
    for instrument in instruments:
        try:
            check(instrument)
        except Unusable as reason:
            reasons.append(f"{instrument.name}: {reason}")
        else:
            usable.append(instrument)
    if not usable:
        raise NoVerdict(
            "No verdict: nothing here counts instructions. Install valgrind, or allow perf to read the processor's "
            "counters.\n" + "\n".join(reasons)
        )
    return next((instrument for instrument in usable if key(instrument) in baselines), usable[0])


def environment() -> dict[str, str]:
    """That of every process: this checkout, the same hashes each time, and nothing that happens to be set here."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": "0"}


def program(workload: Workload, size: int) -> list[str]:
    """The command that does the work."""
    return [sys.executable, str(PROGRAM), workload.name, str(size)]


async def measure(instrument: Instrument, workloads: Sequence[Workload]) -> dict[str, int]:
    """Instructions for one unit of each workload, by name.

    Raises:
        ProcessFailed: a workload does not run.
    """
    room = asyncio.Semaphore(min(os.cpu_count() or 1, 4))
    variables = environment()

    async def count(workload: Workload, size: int) -> int:
        async with room:
            with tempfile.TemporaryDirectory() as folder:
                command = [*program(workload, size), *instrument.peer(Path(folder))]
                counted = await instrument.count(command, variables, Path(folder))
            progress(f"{workload.name} {size}: {counted:,}")
            return counted

    async def both(workload: Workload) -> tuple[str, int]:
        small, large = await asyncio.gather(count(workload, workload.small), count(workload, workload.large))
        return workload.name, workload.per_unit(small, large)

    for workload in workloads:
        # Without an instrument first: what does not run fails at once, and what was never imported is compiled.
        await run(program(workload, workload.large), variables)
    return dict(await asyncio.gather(*map(both, workloads)))


def progress(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr, flush=True)


def main(
    arguments: Sequence[str] | None = None,
    *,
    instruments: Sequence[Instrument] = INSTRUMENTS,
    path: Path = BASELINE,
) -> int:
    """Compare, or record; the exit status."""
    names = [workload.name for workload in WORKLOADS]
    parser = argparse.ArgumentParser(prog="python -m tests.bench.guard", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write what is counted to the baseline")
    parser.add_argument("--only", metavar="NAME", choices=names, help=f"one workload alone: {', '.join(names)}")
    options = parser.parse_args(arguments)
    workloads = [YARDSTICK, *(workload for workload in WORKLOADS if options.only in (None, workload.name))]

    baselines: Baselines = json.loads(path.read_text("utf-8")) if path.exists() else {}
    try:
        instrument = choose(instruments, baselines)
        baseline = baselines.get(key(instrument), {})
        missing = [workload.name for workload in workloads if workload.name not in baseline]
        if missing and not options.record:
            raise NoVerdict(
                f"No verdict: {path.name} lacks {', '.join(missing)} for {key(instrument)}. Take a state of the code "
                f"that is fast enough, and there run: {RECORD}"
            )
        progress(f"{key(instrument)}; about two minutes")
        counts = asyncio.run(measure(instrument, workloads))
    except (NoVerdict, Unusable) as reason:
        progress(str(reason))
        return 2
    except ProcessFailed as failure:
        progress(f"A workload does not run: {failure}")
        return 1
    lines = [Line(workload, baseline.get(workload.name), counts[workload.name]) for workload in workloads]
    print(table(lines))
    status, text = conclude(lines)
    if options.record and not (options.only and status == 2):
        baselines[key(instrument)] = {**(baseline if options.only else {}), **counts}
        path.write_text(json.dumps(baselines, indent=1, sort_keys=True) + "\n", "utf-8")
        status, text = 0, f"Recorded in {path.name} for {key(instrument)}."
    print(text)
    return status


if __name__ == "__main__":
    sys.exit(main())
