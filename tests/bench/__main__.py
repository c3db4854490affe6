"""``python -m tests.bench``: this checkout against the official package, in one interleaved run.

Every case runs in a process of its own against the same stand-in server, and the two sides take turns. The table goes
to standard output, progress to standard error, and every sample to a JSON file: that of a full run to
docs/benchmarks/table.json, of which the page and the plots are made. A missed target does not change the exit status,
a case that fails on our side does. Linux only: the cases read /proc.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from . import venvs
from .plan import ROWS, STEPS, Size, Step
from .runner import CaseFailed, SideName, progress, run_case
from .table import Line, Side, markdown
from .table_data import save

DEFAULT_FILE = venvs.ROOT / "docs" / "benchmarks" / "table.json"  # of a full run
OTHER_FILE = venvs.ROOT / ".bench" / "table.json"


def run_step(
    step: Step,
    sides: dict[SideName, venvs.Implementation],
    sizes: dict[SideName, Size | None],
    repeats: int,
) -> dict[SideName, Side]:
    """Run both sides of one step, taking turns."""
    results: dict[SideName, Side] = {name: Side(size) for name, size in sizes.items()}
    for repeat in range(repeats):
        order = list(sides) if repeat % 2 == 0 else list(reversed(sides))
        for name in order:
            side = results[name]
            if side.size is None or side.error:
                continue
            try:
                sample = run_case(sides[name], step.case, side.size)
            except CaseFailed as failure:
                progress(f"{step.name} on {sides[name].label} failed: {failure}")
                results[name] = replace(side, error=str(failure))
            else:
                results[name] = replace(side, samples=(*side.samples, sample))
    return results


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer repeats: under 90 seconds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where every sample goes")
    parser.add_argument("--only", metavar="CASE", help="only the steps whose name contains CASE")
    parser.add_argument("--reps", type=int, metavar="N", help="processes for each side of every step")
    parser.add_argument(
        "--self-check",
        action="store_true",
        help="the official package on both sides: ratios away from 1 are the machine's noise",
    )
    options = parser.parse_args(arguments)

    steps = [step for step in STEPS if not options.only or options.only in step.name]
    if not steps:
        parser.error(f"no step is called {options.only}; there are {', '.join(s.name for s in STEPS)}")
    try:
        official = venvs.official(progress)
        ours = replace(official, label="official again") if options.self_check else venvs.checkout()
        versions = venvs.compared(official, ours)
    except venvs.NotComparable as reason:
        progress(str(reason))
        return 1

    begin = time.monotonic()
    results: dict[str, dict[SideName, Side]] = {}
    for number, step in enumerate(steps, start=1):
        progress(f"[{number}/{len(steps)}] {step.name}, {time.monotonic() - begin:.0f} s")
        repeats = options.reps or (step.quick_repeats if options.quick else step.repeats)
        official_size = step.sizes("official", options.quick)
        our_size = official_size if options.self_check else step.sizes("ours", options.quick)
        results[step.name] = run_step(
            step,
            {"official": official, "ours": ours},
            {"official": official_size, "ours": our_size},
            repeats,
        )
    rows = [replace(row, target=None) for row in ROWS] if options.self_check else ROWS
    lines = [Line(row, **results[row.step]) for row in rows if row.step in results]

    both = f"Python {versions[0].python} and pydantic {versions[0].pydantic} on both sides"
    kind = "quick" if options.quick else "full"
    print(f"{both}, {os.cpu_count()} CPUs, {kind} run of {time.monotonic() - begin:.0f} s.")
    print("Each value is the median of the processes, then (lowest-highest).\n")
    labels = (official.label, f"{ours.label} {versions[1].package}")
    print(markdown(lines, *labels))
    whole = not (options.quick or options.only or options.self_check)
    file = options.json or (DEFAULT_FILE if whole else OTHER_FILE)
    save(file, {"quick": options.quick, "labels": labels, "versions": [asdict(version) for version in versions]}, lines)
    progress(f"every sample is in {os.path.relpath(file)}")
    return 1 if any(sides["ours"].error for sides in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
