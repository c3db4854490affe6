"""The table, and the page that it stands on. Same verdicts, same bytes: nothing here knows of time or place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tests.matrix.smoke import Row
from tests.matrix.steps import STEPS
from tests.matrix.verdicts import Outcome, Verdict

__all__ = ["notes", "page", "table"]

PAGE = """\
# Compatibility

Version {package} of this package with runtimes of other versions. `make matrix` has written this page and writes it
anew; what is changed by hand is lost.

{table}

{notes}
## What older runtimes lack

Requests that this package has and the runtime does not. The error that refuses them names METHOD and VERSION. Fields
that a runtime does not know, it ignores.

| runtime | lacks |
|---|---|
{lacking}

## What is done

Each runtime is started by this package and does real work with a [scripted model](testing.md), once with `AsyncCodex`
and once with `Codex`. A cell is about both.

| column | what is done |
|---|---|
{steps}

| verdict | meaning |
|---|---|
| works | everything was as it must be, and no process, thread or open file was left |
| clean error | the client has said by a `CodexError` what this runtime does not take |
| broken | anything else: a wrong result, another exception, no end in time, something left behind |
| not run | the runtime was not started |

The versions are the newest patch of each of the four newest minor versions and of every fifth before, where there is
none of the nearest older one; then the oldest that is supported, those whose schemas the tests of the generator have,
and one that is too old.
"""


def table(rows: Sequence[Row]) -> str:
    """Return the table, its columns aligned for reading it as plain text too."""
    numbers = _numbers(rows)
    cells: list[tuple[str, ...]] = [("runtime", *STEPS)]
    cells += [(row.version, *(_cell(row.outcomes[step], numbers) for step in STEPS)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    )


def notes(rows: Sequence[Row]) -> str:
    """Return the texts behind the numbers in the table, each on a line."""
    return "".join(f"{number}. {text}\n" for text, number in _numbers(rows).items())


def page(rows: Sequence[Row], package: str) -> str:
    """Return the page.

    Args:
        rows: What came of the runtimes, newest first.
        package: Version of this package.
    """
    steps = "\n".join(f"| {name} | {step.__doc__} |" for name, step in STEPS.items())
    lacking = "\n".join(_lacking(rows))
    return PAGE.format(package=package, table=table(rows), notes=notes(rows), lacking=lacking, steps=steps)


def _lacking(rows: Sequence[Row]) -> Iterator[str]:
    above: set[str] = set()
    for row in rows:
        methods = [method for outcome in row.outcomes.values() for method in outcome.lacking]
        if not methods:
            continue
        added = [f"`{method}`" for method in methods if method not in above]
        if above <= set(methods):
            texts = [*(["those above"] if above else []), *added]
        else:
            texts = [f"`{method}`" for method in methods]
        yield f"| {row.version} | {', '.join(texts)} |"
        above = set(methods)


def _cell(outcome: Outcome, numbers: Mapping[str, int]) -> str:
    word = outcome.verdict.value
    word = f"**{word}**" if outcome.verdict is Verdict.broken else word
    return f"{word} ({numbers[outcome.text]})" if outcome.text else word


def _numbers(rows: Sequence[Row]) -> dict[str, int]:
    texts = [row.outcomes[step].text for row in rows for step in STEPS]
    return {text: number for number, text in enumerate(dict.fromkeys(filter(None, texts)), start=1)}
