"""One case in a process of its own, on either side."""

import json
import os
import signal
import subprocess
import sys
from typing import Literal

from . import venvs
from .plan import Size
from .table import Sample

HARD_LIMIT_S = 150.0
SideName = Literal["official", "ours"]


class CaseFailed(Exception):
    """A case's process printed no result; the text says why."""


def progress(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr, flush=True)


def run_case(implementation: venvs.Implementation, case: str, size: Size, *, module: str = "cases") -> Sample:
    """Run one case in one process.

    Raises:
        CaseFailed: it ended with an error, or not in time.
    """
    command = [str(implementation.python), "-m", f"tests.bench.{module}", case, *(f"{k}={v}" for k, v in size.items())]
    process = subprocess.Popen(
        command,
        env=implementation.environment,
        cwd=venvs.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=HARD_LIMIT_S)
    except subprocess.TimeoutExpired:
        raise CaseFailed(f"no result within {HARD_LIMIT_S:g} s") from None
    finally:
        if process.poll() is None:
            # A stand-in that is not in the session ends with its pipe.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode != 0 or not output.strip():
        raise CaseFailed((errors.strip() or f"exit status {process.returncode}")[-2000:])
    result = json.loads(output.splitlines()[-1])
    return Sample(result["metrics"], frozenset(result["beyond"]))
