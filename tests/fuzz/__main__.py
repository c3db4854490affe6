"""``python -m tests.fuzz [--turns N] [--seed S] [--only TURN]``: mutated turns on both clients.

Each client plays some hundred turns, many at a time. What fails can be played again, alone, with its seed and number.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from .plan import make_plan
from .player import Played, play
from .script import Plan

__all__ = ["fuzz", "main"]

_TURNS_OF_A_CLIENT = 500
_CLIENTS = ("async", "sync")
_ENOUGH = 20  # failures to see


def fuzz(seed: int, turns: Sequence[int], *, each: int = _TURNS_OF_A_CLIENT) -> Iterator[Played]:
    """Play turns, in turn on one client and on the other, and tell after each client what has come of it.

    Args:
        seed: Where chance comes from.
        turns: Numbers of the turns.
        each: How many turns a client plays.
    """
    raw = make_plan()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan.json"
        file.write_text(json.dumps(raw), encoding="utf-8")
        plan = Plan(raw, seed)
        for place, first in enumerate(range(0, len(turns), each)):
            client, debug = _CLIENTS[place % len(_CLIENTS)], place % 4 > 1
            yield play(client, file, plan, turns[first : first + each], debug=debug)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program. Returns 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--turns", type=int, default=10_000, help="how many turns to play (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="where chance comes from (default: another one each time)")
    parser.add_argument(
        "--only", type=int, action="append", metavar="TURN", help="play this turn alone, on both clients"
    )
    options = parser.parse_args(arguments)
    seed: int = secrets.randbelow(10**9) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    total, started = Played(), time.monotonic()
    if options.only:
        rounds = fuzz(seed, [turn for turn in options.only for _ in _CLIENTS], each=1)
    else:
        rounds = fuzz(seed, range(options.turns))
    for played in rounds:
        total.add(played)
        if sys.stderr.isatty():
            print(f"\r{total.turns} turns", end="", file=sys.stderr, flush=True)
        if len(total.failures) >= _ENOUGH:
            break
    seconds = time.monotonic() - started
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    print(
        f"{total.turns} turns, {total.events} notifications, {total.requests} requests of the runtime, {seconds:.1f} s"
    )
    print(f"{sum(total.changes.values())} changes")
    for kind, count in total.changes.most_common():
        print(f"  {count:>7} {kind}")
    for failure in total.failures:
        again = f"python -m tests.fuzz --seed {seed} --only {failure.turn}" if failure.turn >= 0 else "of no turn"
        print(f"FAILED {failure.client}: {failure.text}\n  {again}")
    print(f"{len(total.failures)} failures")
    return 1 if total.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
