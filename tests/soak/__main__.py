"""``python -m tests.soak [--events N] [--seed S] [--only LEG]``: is every event there, once, and in order?

Both clients read 100 turns at a time, with and without ``event_buffer``, each turn at a pace of its own. Every event
has a number; what arrives is held against what was sent. Each leg runs in a process of its own, so that its memory can
be told.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .player import Leg, Outcome

__all__ = ["legs_of", "main"]

_ROOT = Path(__file__).parents[2]
_TURNS = 100
_LEGS = (("async", None), ("sync", None), ("async", 64), ("sync", 64), ("sync", 1))
_SHOWN = 20  # differences to see


def legs_of(events: int, seed: int) -> list[Leg]:
    """The legs that send about so many events together."""
    count = max(1, events // len(_LEGS) // _TURNS - 2)  # each turn also begins and ends
    return [Leg(client, buffer, _TURNS, count, seed, hectic=buffer == 1) for client, buffer in _LEGS]


def played(leg: Leg) -> Outcome:
    """Play one leg in a process of its own."""
    command = [sys.executable, "-m", "tests.soak.player", json.dumps(asdict(leg))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (_ROOT / "src", _ROOT)))}
    done = subprocess.run(command, cwd=_ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    return Outcome(**json.loads(done.stdout))


def described(leg: Leg, outcome: Outcome) -> str:
    """One line of the report."""
    merged = "" if leg.event_buffer is None else f" ({outcome.taken:,} taken + {outcome.merged:,} merged)"
    return (
        f"{leg.name:<8} {outcome.sent:>10,} events in {leg.turns} turns{merged}, "
        f"{outcome.late} late followers with {outcome.late_taken:,}, {outcome.seconds:.1f} s, "
        f"{outcome.sent / outcome.seconds:,.0f} events/s, {outcome.rss / 2**20:.0f} MB at most, "
        f"{outcome.threads} threads, {len(outcome.differences)} differences"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program. Returns 1 if anything differed."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--events", type=int, default=10_000_000, help="how many, in all legs (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="where chance comes from (default: another one each time)")
    parser.add_argument("--only", metavar="LEG", help="only this leg: async, sync, async+64 ...")
    options = parser.parse_args(arguments)
    seed: int = secrets.randbelow(10**9) if options.seed is None else options.seed
    legs = [leg for leg in legs_of(options.events, seed) if options.only in (None, leg.name)]
    if not legs:
        names = ", ".join(leg.name for leg in legs_of(options.events, seed))
        parser.error(f"there is no leg {options.only}; there are {names}")
    print(f"seed {seed}", flush=True)
    started, sent, differences = time.monotonic(), 0, 0
    for leg in legs:
        outcome = played(leg)
        print(described(leg, outcome), flush=True)
        for difference in outcome.differences[:_SHOWN]:
            print(f"  DIFFERENT {difference}")
        if outcome.differences:
            print(f"  python -m tests.soak --events {options.events} --seed {seed} --only {leg.name}", flush=True)
        sent += outcome.sent
        differences += len(outcome.differences)
    print(f"{sent:,} events in {time.monotonic() - started:.1f} s, {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
