"""``python -m tests.packaging``: build the packages, look inside, install the wheel elsewhere and try it there.

The wheel is built twice, from this tree and from the sdist, and both must be the same file, byte for byte. The build
backend stamps every file with one constant date and sorts them, so this needs no SOURCE_DATE_EPOCH. The wheel is then
installed into an empty virtual environment, with its dependencies from wherever pip is told to find them, and used from
there in isolated mode: nothing of this tree can be imported by accident.

The summary goes to standard output, progress to standard error. Exit status: 0 fine, 1 a check failed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import environment, packages
from .packages import CheckFailed

ROOT = Path(__file__).resolve().parents[2]
TURN = Path(__file__).with_name("turn.py")
HARD_LIMIT_S = 120


def progress(text: str) -> None:
    """Tell the person who waits."""
    print(f"packaging: {text} ...", file=sys.stderr, flush=True)


def check(folder: Path) -> list[str]:
    """Do everything below an empty folder; return the lines of the summary.

    Raises:
        CheckFailed: naming the first thing that is not as it must be.
    """
    progress("building sdist and wheel")
    sdist, wheel = packages.build(ROOT, folder / "dist")
    progress("building the wheel again, from the sdist")
    again = packages.build_wheel(packages.unpack(sdist, folder / "unpacked"), folder / "again")
    packages.check_sdist(sdist, ROOT)
    packages.check_wheel(wheel, ROOT)
    packages.check_same(wheel, again)
    summary = [
        f"{sdist.name}  {sdist.stat().st_size // 1024} KiB, nothing missing, nothing extra",
        f"{wheel.name}  {wheel.stat().st_size // 1024} KiB, nothing missing, nothing extra, the same from the sdist",
    ]

    progress("installing the wheel into an empty environment")
    python = environment.install(wheel, folder / "environment")
    summary.append("installed: " + ", ".join(environment.installed(python)))
    progress("running turns there")
    summary += run_turns(python, folder)
    progress("running the command line there")
    summary += run_commands(python, folder)
    summary.append(f"import openai_codex: {environment.import_ms(python, cwd=folder):.1f} ms beyond the interpreter")
    return summary


def run_turns(python: Path, folder: Path) -> list[str]:
    """Run a turn in both worlds with the installed package."""
    script = folder / TURN.name
    script.write_bytes(TURN.read_bytes())
    command = [str(python), "-I", "-W", "error", str(script)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=HARD_LIMIT_S)
    if done.returncode != 0:
        raise CheckFailed(f"a turn with the installed package failed:\n{done.stderr.strip()}")
    report: dict[str, Any] = json.loads(done.stdout)
    if not Path(report["package"]).resolve().is_relative_to(python.parents[1].resolve()):
        raise CheckFailed(f"the turns ran with {report['package']}, not with the installed package")
    expected = packages.project_version(ROOT)
    if report["version"] != expected:
        raise CheckFailed(f"openai_codex.__version__ is {report['version']!r}, not {expected!r}")
    return [f"{world}: a turn answered {answer!r}" for world, answer in report["answers"].items()]


def run_commands(python: Path, folder: Path) -> list[str]:
    """Show a method and check the runtime with the installed package and its data; return what they say first."""
    summary: list[str] = []
    for arguments in (("show", "thread/start"), ("check", "--fail-on", "attention")):
        command = [str(python), "-I", "-W", "error", "-m", "openai_codex", "schema", *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=HARD_LIMIT_S)
        if done.returncode != 0 or done.stderr:
            said = (done.stderr or done.stdout).strip()
            raise CheckFailed(f"schema {arguments[0]} ended with exit code {done.returncode}:\n{said}")
        summary.append(f"schema {' '.join(arguments)}: {done.stdout.splitlines()[0]}")
    return summary


def main(say: Callable[[str], None] = print) -> int:
    """Check the packages; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="openai-codex-packaging-") as folder:
        try:
            summary = check(Path(folder))
        except (CheckFailed, subprocess.TimeoutExpired) as error:
            say(f"FAILED: {error}")
            return 1
    for line in summary:
        say(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
