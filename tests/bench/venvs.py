"""The two interpreters to compare: one with the official package, one with this checkout.

The official package lives in a virtual environment of its own, ``.bench/official``, made on first use with
the running interpreter and its pydantic version. This checkout needs no installation: it is the running
interpreter with ``src`` on its path. So Python and pydantic are the same on both sides; `compared`
verifies it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OFFICIAL = "openai-codex==0.163.0"
PROBE = """
import compileall, json, pathlib, platform
import openai_codex, pydantic
compileall.compile_dir(pathlib.Path(openai_codex.__file__).parent, quiet=2)
print(json.dumps([platform.python_version(), pydantic.VERSION, openai_codex.__version__]))
"""


class NotComparable(Exception):
    """One side is missing, or the sides differ in more than the package; the text says what to do."""


@dataclass(frozen=True)
class Implementation:
    """One side of the comparison; ``label`` is its column's title."""

    label: str
    python: Path
    environment: dict[str, str]


@dataclass(frozen=True)
class Versions:
    """What an interpreter would measure."""

    python: str
    pydantic: str
    package: str


def probe(implementation: Implementation) -> Versions:
    """The versions that an interpreter has, its package compiled; NotComparable where there is none."""
    command = [str(implementation.python), "-c", PROBE]
    done = subprocess.run(command, env=implementation.environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise NotComparable(f"{implementation.label} cannot be imported: {done.stderr.strip()}")
    return Versions(*json.loads(done.stdout))


def holds(implementation: Implementation, wanted: Versions) -> bool:
    """Whether an interpreter is there and has just these versions."""
    try:
        return probe(implementation) == wanted
    except (OSError, NotComparable):
        return False


def checkout() -> Implementation:
    """The running interpreter with this checkout's ``src``."""
    return Implementation("ours", Path(sys.executable), {**_environment(), "PYTHONPATH": str(ROOT / "src")})


def official(progress: Callable[[str], None]) -> Implementation:
    """The official package in ``.bench/official``, installed where it is missing or has other versions."""
    home = ROOT / ".bench" / "official"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    found = Implementation("official", python, _environment())
    pydantic = version("pydantic")
    wanted = Versions(".".join(map(str, sys.version_info[:3])), pydantic, OFFICIAL.partition("==")[2])
    if not holds(found, wanted):
        progress(f"installing {OFFICIAL} with pydantic {pydantic} into {home.relative_to(ROOT)} ...")
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        command = [str(python), "-m", "pip", "install", "--quiet", OFFICIAL, f"pydantic=={pydantic}"]
        subprocess.run(command, check=True, stdout=sys.stderr)
        if not holds(found, wanted):
            raise NotComparable(f"{home} does not hold {wanted}; remove it and try again")
    return replace(found, label=f"official {wanted.package}")


def compared(official: Implementation, ours: Implementation) -> tuple[Versions, Versions]:
    """The versions on both sides; NotComparable if these are two Pythons or two pydantics."""
    left, right = probe(official), probe(ours)
    if (left.python, left.pydantic) != (right.python, right.pydantic):
        raise NotComparable(f"the two sides differ in more than the package: {left} and {right}")
    return left, right


def _environment() -> dict[str, str]:
    """The caller's environment without a path that could show either side the other's package."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
