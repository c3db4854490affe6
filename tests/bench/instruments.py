"""Two instruments that count the instructions which a process needs: what the processor says, or an emulated one.

``perf`` asks the processor; many virtual machines have no counters to ask. ``valgrind --tool=callgrind`` emulates the
processor, one thread at a time, some fifty times slower. Both count the process alone and not the peer that it starts:
valgrind lets a child process run natively, and for perf, which follows it, the peer is counted a second time by itself
and taken off. So a command names the peer's prefix, ``peer``, among its own arguments.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

__all__ = ["Callgrind", "Instrument", "Perf", "ProcessFailed", "Unusable", "run"]

LIMIT_S = 300.0
STDERR_END = 2000


class ProcessFailed(Exception):
    """A process that was to be counted did not end well; the text ends with the end of its stderr."""


class Unusable(Exception):
    """This instrument counts nothing here; the text says why."""


class Instrument(Protocol):
    """Something that counts instructions; ``name`` is part of what a count is filed under."""

    @property
    def name(self) -> str: ...

    def peer(self, folder: Path) -> Sequence[str]:
        """What to put before the command of the peer."""
        ...

    async def count(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> int:
        """Instructions of the command, its peer not counted. ``folder`` is for this count alone."""
        ...


class Perf:
    """The processor's own counter, user space only.

    Args:
        event: What to count; everything but instructions is for tests.
    """

    name = "perf"

    def __init__(self, event: str = "instructions:u") -> None:
        self._event = event

    def peer(self, folder: Path) -> Sequence[str]:
        return self._stat(folder / "peer")

    async def count(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> int:
        _require("perf")
        await run([*self._stat(folder / "all"), *command], environment)
        peer = folder / "peer"
        return self._value(folder / "all") - (self._value(peer) if peer.exists() else 0)

    def _stat(self, output: Path) -> Sequence[str]:
        return ("perf", "stat", "--field-separator", ",", "--output", str(output), "--event", self._event, "--")

    def _value(self, output: Path) -> int:
        # A line for each kind of core, of which one may have had no time on the processor.
        lines = [line for line in output.read_text("utf-8").splitlines() if "," in line and not line.startswith("#")]
        first = [line.partition(",")[0] for line in lines]
        values = [int(text) for text in first if text.isdecimal()]
        if not any(values):
            raise Unusable(f"perf says {' and '.join(first) or 'nothing'} about {self._event}")
        return sum(values)


class Callgrind:
    """An emulated processor."""

    name = "callgrind"

    def peer(self, folder: Path) -> Sequence[str]:
        return ()

    async def count(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> int:
        _require("valgrind")
        log = folder / "log"
        # With fair turns the counts of threads differ half as much on a busy machine.
        options = ("--tool=callgrind", "--trace-children=no", "--fair-sched=try", "--command-line-only=yes")
        outputs = (f"--log-file={log}", "--callgrind-out-file=/dev/null")
        await run(["valgrind", *options, *outputs, *command], environment)
        text = log.read_text("utf-8", errors="replace")
        found = re.search(r"Collected : (\d+)", text)
        if found is None:
            raise Unusable(f"valgrind has counted nothing: {text.strip()[-STDERR_END:]}")
        return int(found[1])


async def run(command: Sequence[str], environment: Mapping[str, str], limit_s: float = LIMIT_S) -> None:
    """Run a command to its end, and end it when the time is over or nobody waits any more.

    Raises:
        ProcessFailed: it failed, or it took longer than ``limit_s`` seconds.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _, errors = await asyncio.wait_for(process.communicate(), limit_s)
    except asyncio.TimeoutError:
        raise ProcessFailed(f"{' '.join(command)} does not end within {limit_s:g} s") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.communicate()
    if process.returncode != 0:
        text = errors.decode(errors="replace").strip()[-STDERR_END:]
        raise ProcessFailed(f"{' '.join(command)} ends with exit status {process.returncode}\n{text}".rstrip())


def check(instrument: Instrument) -> None:
    """Let an instrument count something.

    Raises:
        Unusable: it cannot.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            asyncio.run(instrument.count([sys.executable, "-I", "-S", "-c", ""], os.environ, Path(folder)))
        except ProcessFailed as failure:
            raise Unusable(f"{instrument.name} fails here: {failure}") from None


def _require(program: str) -> None:
    if shutil.which(program) is None:
        raise Unusable(f"there is no {program} on the path")
