"""What the cases share: the stand-in to talk to, clocks and memory, and the report. Linux only: /proc.

A case reports from inside its ``with`` block and the process ends there: an implementation that has parked
its workers for good could otherwise never leave.
"""

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, NoReturn

from openai_codex import CodexConfig

SERVER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("standin.py")))
WARM_UP = "mixed n=1320"
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")

Case = Callable[..., NoReturn] | Callable[..., Coroutine[Any, Any, NoReturn]]


class Meter:
    """Wall clock and CPU seconds (all threads of this process) of a ``with`` block."""

    wall_s = cpu_s = 0.0

    def __enter__(self) -> "Meter":
        self._cpu, self._begin = cpu_s(), time.perf_counter()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.wall_s, self.cpu_s = time.perf_counter() - self._begin, cpu_s() - self._cpu


def cpu_s() -> float:
    """CPU seconds of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def cpu_s_of(pid: int) -> float:
    """CPU seconds of another process so far, in steps of 10 ms; its children do not count."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def resident_bytes(pid: int | str = "self") -> int:
    """Memory of a process now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES


def peak_bytes(pid: int | str = "self") -> int:
    """The most memory that a process has had, since its start or since `reset_peak`."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def reset_peak() -> None:
    """Let `peak_bytes` of this process begin anew."""
    Path("/proc/self/clear_refs").write_text("5")


def os_threads() -> int:
    """Threads of this process now, also those that Python does not know."""
    return len(os.listdir("/proc/self/task"))


def child() -> int:
    """Process id of this process's only child: the server."""
    lists = (task.read_text().split() for task in Path("/proc/self/task").glob("*/children"))
    (pid,) = (int(pid) for pids in lists for pid in pids)
    return pid


def settle() -> None:
    """Wait until this process has nothing more to do."""
    idle = 0
    while idle < 4:
        before = cpu_s()
        time.sleep(0.1)
        idle = idle + 1 if cpu_s() - before < 0.005 else 0


def config() -> CodexConfig:
    """A client of the stand-in."""
    return CodexConfig(launch_args_override=SERVER)


def report(*beyond: str, **metrics: float) -> NoReturn:
    """Print the result and end the process, whatever still runs.

    ``beyond`` names the metrics whose number is only the limit at which the case gave up.
    """
    print(json.dumps({"metrics": metrics, "beyond": beyond}), flush=True)
    os._exit(0)


def run_named(cases: Mapping[str, Case], name: str, *arguments: str) -> None:
    """Run the case that a command line names, with ``NAME=NUMBER`` for its arguments."""
    pairs = (argument.split("=", 1) for argument in arguments)
    asyncio.run(cases[name](**{key: float(value) for key, value in pairs}))
