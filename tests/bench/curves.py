"""``python -m tests.bench.curves``: how both packages behave as things grow, curve by curve, in one run.

Every point is a process of its own; the two sides take turns. Tables go to standard output, progress to standard
error. Everything goes to a file, from which ``python -m tests.bench.plots`` draws, and the tables beside it. The exit
status is 1 if a case failed on our side. Linux only.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

from . import venvs
from .curve_data import Point, Points, markdown, page, save
from .curve_plan import CURVES, Curve
from .instant import instant_model
from .plan import Size
from .runner import CaseFailed, SideName, progress, run_case
from .table import Sample

DEFAULT_FILE = venvs.ROOT / "docs" / "benchmarks" / "curves.json"
Sides = dict[SideName, venvs.Implementation]


def run_point(implementation: venvs.Implementation, curve: Curve, size: Size) -> Sample:
    """One process, with a runtime's model where it needs one."""
    with ExitStack() as stack:
        if curve.runtime:
            model = stack.enter_context(instant_model())
            implementation = replace(implementation, environment={**implementation.environment, **model.environment})
            size = {**size, "model": model.pid}
        return run_case(implementation, curve.case, size, module=curve.module)


def run_curve(curve: Curve, sides: Sides, quick: bool, repeats: int) -> list[Point]:
    """All points of one curve."""
    todo: list[tuple[SideName, Size]] = [(side, size) for side in sides for size in curve.sizes(side, quick)]
    points: list[Point] = []
    for side, size in sorted(todo, key=lambda each: each[1][curve.x]):
        point = Point(side, size[curve.x])
        try:
            for _ in range(repeats):
                point = point.plus(run_point(sides[side], curve, size))
        except CaseFailed as failure:
            progress(f"{curve.name} of {size[curve.x]:g} on {sides[side].label} failed: {failure}")
            point = replace(point, error=str(failure).splitlines()[-1])
        points.append(point)
    return points


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the curves; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.curves", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and smaller points: under a minute")
    parser.add_argument("--only", metavar="NAME", help="only the curves whose name contains NAME")
    parser.add_argument("--reps", type=int, default=1, metavar="N", help="processes for each point")
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="where to write; by default docs/benchmarks/curves.json for a full run, and nowhere for any other",
    )
    options = parser.parse_args(arguments)
    curves = [curve for curve in CURVES if not options.only or options.only in curve.name]
    if not curves:
        parser.error(f"no curve is called {options.only}; there are {', '.join(curve.name for curve in CURVES)}")
    try:
        sides: Sides = {"official": venvs.official(progress), "ours": venvs.checkout()}
        versions = venvs.compared(sides["official"], sides["ours"])
    except venvs.NotComparable as reason:
        progress(str(reason))
        return 1

    begin = time.monotonic()
    points: Points = {}
    print(f"Python {versions[0].python} and pydantic {versions[0].pydantic} on both sides, {os.cpu_count()} CPUs.\n")
    for number, curve in enumerate(curves, start=1):
        progress(f"[{number}/{len(curves)}] {curve.name}, {time.monotonic() - begin:.0f} s")
        points[curve.name] = run_curve(curve, sides, options.quick, options.reps)
        print(f"{markdown(curve, points[curve.name])}\n", flush=True)
    progress(f"{time.monotonic() - begin:.0f} s")

    file = options.json or (None if options.quick or options.only else DEFAULT_FILE)
    if file is not None:
        head = {"quick": options.quick, "cpus": os.cpu_count(), "versions": [asdict(version) for version in versions]}
        save(file, head, points)
        file.with_suffix(".md").write_text(page(file))
    failed = [point for each in points.values() for point in each if point.side == "ours" and point.error]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
