"""What a runtime means for a program that was written against this package: a verdict for each method.

The package's own description is what was, the runtime's is what is, whichever of the two is older. A change of a type
counts for each method that both have and that carries it, in the direction in which this method does. How types are
called does not count: names do not travel. A runtime older than the oldest supported one is breaking whatever differs,
for a client refuses it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .description import Description
from .diff import Change, diff, verdict_of
from .names import kinds
from .report import as_code, as_plain, changes_as_data, changes_as_markdown, changes_as_text, counted, paint, title_of
from .rules import RUNTIME_RULES, Verdict

__all__ = ["Check", "MethodCheck", "as_json", "as_markdown", "as_text", "check"]

_NAMING = frozenset({"type added", "type removed", "type renamed"})


@dataclass(frozen=True, slots=True)
class MethodCheck:
    """One method that is not the same in the runtime.

    Attributes:
        method: Its name.
        kind: What kind of message it is.
        changes: What differs, for this method alone.
    """

    method: str
    kind: str
    changes: Sequence[Change]

    @property
    def verdict(self) -> Verdict:
        """What it means for those who use the method."""
        return verdict_of(self.changes)

    @property
    def summary(self) -> str:
        """What differs, in short."""
        grave_first = sorted(self.changes, key=lambda change: -change.verdict)
        counts = Counter(title_of(change) for change in grave_first)
        return ", ".join(title if count == 1 else f"{title} ({count})" for title, count in counts.items())


@dataclass(frozen=True, slots=True)
class Check:
    """A runtime, held against this package.

    Attributes:
        package: Version of this package.
        schema: Version of the runtime that it was generated from.
        runtime: Version of the runtime.
        methods: Methods that differ, the grave ones first.
        unchanged: How many others there are among those that were asked for.
        changes: Everything that differs and travels.
        unsupported: Why no client starts with this runtime; "" where one does.
    """

    package: str
    schema: str
    runtime: str
    methods: Sequence[MethodCheck]
    unchanged: int
    changes: Sequence[Change]
    unsupported: str = ""

    @property
    def verdict(self) -> Verdict:
        """What the runtime means for the program."""
        return Verdict.breaking if self.unsupported else verdict_of(self.changes)

    @property
    def headline(self) -> str:
        """Versions and verdict."""
        return f"openai-codex {self.package} (schema {self.schema}) with codex {self.runtime}: {self.conclusion}"

    @property
    def conclusion(self) -> str:
        """The verdict in words."""
        if self.unsupported:
            return f"{self.verdict.name}, {self.unsupported}"
        return counted(self.changes) if self.changes else "compatible, no differences"

    @property
    def rest(self) -> str:
        """How many methods there is nothing to say of."""
        others = "other " if self.methods else ""
        return f"{self.unchanged} {others}{'method' if self.unchanged == 1 else 'methods'} unchanged"


def check(
    package: Description,
    runtime: Description,
    *,
    package_version: str,
    methods: frozenset[str] | None = None,
    unsupported: str = "",
) -> Check:
    """Hold a runtime against this package.

    Args:
        package: Description that this package ships.
        runtime: Description of the runtime.
        package_version: Version of this package.
        methods: Methods that the program uses; None for all.
        unsupported: Why no client starts with the runtime; "" where one does.
    """
    here, there = kinds(package), kinds(runtime)
    known = {**there, **here}
    chosen = frozenset(known) if methods is None else methods
    shared = chosen & here.keys() & there.keys()

    def scoped(change: Change) -> Change | None:
        return change.within(chosen if change.methods == (change.place,) else shared)

    everything = [change for change in diff(package, runtime, RUNTIME_RULES) if change.kind not in _NAMING]
    changes = [each for change in everything if (each := scoped(change)) is not None]
    found = [
        MethodCheck(method, known[method], own)
        for method in sorted(chosen)
        if (own := [each for change in changes if (each := change.within({method})) is not None])
    ]
    found.sort(key=lambda each: -each.verdict)
    unchanged = len(chosen) - len(found)
    return Check(package_version, package.version, runtime.version, found, unchanged, changes, unsupported)


def as_text(checked: Check, origin: str = "", *, colour: bool = False) -> str:
    """For a terminal: verdict, the methods that differ, then what differs.

    Args:
        checked: What was found.
        origin: Where the runtime lies, "" to leave it out.
        colour: Whether to colour the verdicts.
    """
    lines = [paint(checked.headline, checked.verdict, colour), *([f"runtime: {origin}"] if origin else [])]
    lines += ["", *_table(checked, colour)]
    return "\n".join([*lines, *changes_as_text(checked.changes, colour=colour)]) + "\n"


def _table(checked: Check, colour: bool) -> Iterator[str]:
    if checked.methods:
        width = max(len(each.method) for each in checked.methods)
        verdict_width = len(Verdict.compatible.name)
        yield f"{'method':{width}}  {'verdict':{verdict_width}}  what differs"
        for each in checked.methods:
            verdict = paint(f"{each.verdict.name:{verdict_width}}", each.verdict, colour)
            yield f"{each.method:{width}}  {verdict}  {each.summary}"
    yield checked.rest


def as_markdown(checked: Check, *, level: int = 3) -> str:
    """For a pull request or the summary of a job; ``level`` is that of the heading, 1 to 6."""
    lines = [
        f"{'#' * level} openai-codex {checked.package} with codex {as_plain(checked.runtime)}",
        "",
        f"Schema of the package: {checked.schema}. Verdict: **{checked.conclusion}**.",
        "",
    ]
    if checked.methods:
        lines += ["| method | verdict | what differs |", "|---|---|---|"]
        lines += [f"| {_cell(each.method)} | {each.verdict.name} | {each.summary} |" for each in checked.methods]
        lines += [""]
    return "\n".join([*lines, f"{checked.rest}.", *changes_as_markdown(checked.changes)]) + "\n"


def _cell(method: str) -> str:
    return as_code(method).replace("|", r"\|")


def as_json(checked: Check) -> str:
    """For programs, in ASCII. Keys stay as they are; further ones may come."""
    document: dict[str, Any] = {
        "package": checked.package,
        "schema": checked.schema,
        "runtime": checked.runtime,
        "methods": [
            {
                "method": each.method,
                "kind": each.kind,
                "verdict": each.verdict.name,
                "changes": dict(Counter(change.kind for change in each.changes)),
            }
            for each in checked.methods
        ],
        "unchanged": checked.unchanged,
        "unsupported": checked.unsupported or None,
        **changes_as_data(checked.changes),
        "verdict": checked.verdict.name,
    }
    return json.dumps(document, indent=2) + "\n"
