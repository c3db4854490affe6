"""Tries one runtime: its steps are played with each client, in processes that are watched from here.

A process that dies, or does not end, fails the step that it was at, and another one goes on with the next.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.e2e.facade import KINDS
from tests.matrix.play import STEP_S
from tests.matrix.steps import STEPS
from tests.matrix.verdicts import Outcome, Verdict, worst

__all__ = ["ROOT", "Row", "smoke", "with_client"]

ROOT = Path(__file__).resolve().parents[2]
MODULE = "tests.matrix.play"
ENDING_S = 30.0
WORKS = Outcome(Verdict.works)


@dataclass(frozen=True)
class Row:
    """What came of one runtime.

    Attributes:
        version: The runtime's.
        outcomes: By step, for all clients together.
    """

    version: str
    outcomes: Mapping[str, Outcome]

    @property
    def broken(self) -> bool:
        """Whether any step is."""
        return any(outcome.verdict is Verdict.broken for outcome in self.outcomes.values())


def smoke(version: str, binary: Path) -> Row:
    """Play all steps with both clients and return what came of them."""
    found = {kind: with_client(kind, version, binary) for kind in KINDS}
    return Row(version, {step: worst({kind: found[kind][step] for kind in KINDS}) for step in STEPS})


def with_client(kind: str, version: str, binary: Path) -> dict[str, Outcome]:
    """Play all steps with one client and return what came of each."""
    first, *_ = left = list(STEPS)
    found: dict[str, Outcome] = {}
    while left and found.get(first, WORKS) == WORKS:
        played, end = _process(kind, version, binary, left)
        found |= played
        left = [step for step in left if step not in played]
        if left:
            found[left.pop(0)] = Outcome(Verdict.broken, f"the process of the client {end}")
    return found | dict.fromkeys(left, Outcome(Verdict.not_run))


def _process(kind: str, version: str, binary: Path, steps: Sequence[str]) -> tuple[dict[str, Outcome], str]:
    """Play steps in a process; returns what came of those that it got to, and how it has ended."""
    limit = STEP_S * len(steps) + ENDING_S
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", MODULE, kind, str(binary), version, *steps],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        try:
            end = f"has ended with exit status {process.wait(limit)}"
        except subprocess.TimeoutExpired:
            end = f"has not ended within {limit:g} s"
        finally:
            _kill(process)
        said = _lines(errors)
        return dict(_outcomes(_lines(output))), f"{end}: {said[-1]}" if said else end


def _lines(file: IO[bytes]) -> list[str]:
    file.seek(0)
    return [line for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]


def _outcomes(lines: Sequence[str]) -> Iterator[tuple[str, Outcome]]:
    for line in lines:
        with suppress(ValueError):  # cut off
            values = json.loads(line)
            yield values["step"], Outcome(Verdict(values["verdict"]), values["text"], tuple(values["lacking"]))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it has started, unless it has ended."""
    if process.poll() is None:
        for pid in (*_descendants(process.pid), process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def _descendants(pid: int) -> Iterator[int]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # that thread has ended
            for child in map(int, children.read_text().split()):
                yield from _descendants(child)
                yield child
