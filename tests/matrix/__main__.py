"""Try this package with runtimes of many versions, and write down what works: ``python -m tests.matrix``.

Without --versions a rule takes them from what is published, and the page is written. Runtimes are fetched with pip
once and kept, see codegen/runtimes.py. The table goes to standard output, progress to standard error. Linux only:
what is left behind is looked up in /proc. Exit status: 0 fine, 1 something is broken or could not be had, 2 usage.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from codegen import runtimes
from codegen.findings import SourceError
from openai_codex._generated._version import OLDEST_RUNTIME, PACKAGE_VERSION
from tests.matrix import page, versions
from tests.matrix.smoke import ROOT, Row, smoke
from tests.matrix.verdicts import Verdict

PAGE = ROOT / "docs" / "compatibility.md"


def progress(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr, flush=True)


def published() -> list[str]:
    """Return what is published, as far as that is known here."""
    try:
        return runtimes.published()
    except SourceError as error:
        progress(f"{error}; going by the versions that were recorded")
        return versions.recorded()


def try_all(chosen: Sequence[str]) -> list[Row]:
    """Fetch the runtimes, then try each.

    Raises:
        SourceError: A runtime cannot be had; nothing was tried.
    """
    binaries = {version: runtimes.fetch(version) for version in chosen}
    rows: list[Row] = []
    for number, (version, binary) in enumerate(binaries.items(), start=1):
        begin = time.monotonic()
        row = smoke(version, binary)
        rows.append(row)
        said = [f"{step} {outcome.verdict.value}" for step, outcome in row.outcomes.items() if outcome.text]
        result = ", ".join(said) or Verdict.works.value
        progress(f"[{number}/{len(binaries)}] codex {version}: {result} ({time.monotonic() - begin:.0f} s)")
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the matrix; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__, allow_abbrev=False)
    parser.add_argument("--versions", metavar="A,B", help="these versions; no page is written without --output")
    parser.add_argument("--output", metavar="FILE", type=Path, help="the page to write; default: docs/compatibility.md")
    options = parser.parse_args(arguments)
    named = [version.strip() for version in (options.versions or "").split(",") if version.strip()]
    if options.versions is not None and not named:
        parser.error("--versions names none")
    output: Path | None = options.output or (None if named else PAGE)
    known = [] if named else published()
    try:
        rows = try_all(named or versions.choose(known, OLDEST_RUNTIME))
    except SourceError as error:
        progress(f"{error}")
        return 1
    print(page.table(rows))
    print(page.notes(rows), end="")
    if output is not None:
        output.write_text(page.page(rows, PACKAGE_VERSION), encoding="utf-8", newline="\n")
        progress(f"{output.name} is written")
        if not named and output == PAGE:
            versions.record(known)
    return 1 if any(row.broken for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
