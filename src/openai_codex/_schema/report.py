"""Show what differs: for a terminal, as Markdown, as JSON. Same differences, same bytes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from .diff import Change, verdict_of
from .rules import RULES, Verdict

__all__ = ["as_json", "as_markdown", "as_text", "headline"]

_COLOURS = {Verdict.breaking: "31", Verdict.attention: "33", Verdict.compatible: "32"}
_SHOWN_METHODS = 3
_DIRECTIONS = {"sent": "sent", "read": "read", "both": "sent and read", "none": "in no message"}


def headline(old: str, new: str, changes: Sequence[Change]) -> str:
    """The comparison in one line: versions, verdict, how many changes of each verdict."""
    if not changes:
        return f"{old} -> {new}: no differences"
    counts = Counter(change.verdict for change in changes)
    parts = ", ".join(f"{counts[verdict]} {verdict.name}" for verdict in sorted(Verdict, reverse=True))
    return f"{old} -> {new}: {verdict_of(changes).name} ({parts})"


def as_text(old: str, new: str, changes: Sequence[Change], *, colour: bool = False) -> str:
    """For a terminal: a table of counts, then every change, the grave ones first."""

    def paint(text: str, verdict: Verdict) -> str:
        return f"\x1b[{_COLOURS[verdict]}m{text}\x1b[0m" if colour else text

    lines = [paint(headline(old, new, changes), verdict_of(changes))]
    if changes:
        lines += ["", *_count_table(changes)]
    for verdict, kind, group in _grouped(changes):
        lines += ["", paint(f"{verdict.name}: {kind}", verdict) + f" ({RULES[kind].meaning})"]
        lines += [f"  {_place(change)}{_text_from_to(change)}{_carried(change)}" for change in group]
    return "\n".join(lines) + "\n"


def as_markdown(old: str, new: str, changes: Sequence[Change], *, level: int = 3) -> str:
    """For a pull request or a changelog.

    Args:
        old: Version that was.
        new: Version that is.
        changes: What differs.
        level: Level of the heading, 1 to 6.
    """
    lines = [f"{'#' * level} Protocol {old} -> {new}", ""]
    if not changes:
        return "\n".join([*lines, "No differences.", ""])
    counts = Counter(change.verdict for change in changes)
    lines.append(", ".join(f"{counts[verdict]} {verdict.name}" for verdict in sorted(Verdict, reverse=True)) + ".")
    for verdict, kind, group in _grouped(changes):
        lines += ["", f"**{verdict.name.capitalize()}: {kind}** ({RULES[kind].meaning})", ""]
        lines += [f"- `{change.place}`{_markdown_from_to(change)}{_carried(change)}" for change in group]
    return "\n".join(lines) + "\n"


def as_json(old: str, new: str, changes: Sequence[Change]) -> str:
    """For programs. Keys stay as they are; further ones may come."""
    counts = Counter(change.verdict for change in changes)
    document: dict[str, Any] = {
        "old": old,
        "new": new,
        "verdict": verdict_of(changes).name,
        "counts": {verdict.name: counts[verdict] for verdict in Verdict},
        "changes": [
            {
                "kind": change.kind,
                "place": change.place,
                "verdict": change.verdict.name,
                "direction": change.direction,
                "before": change.before or None,
                "after": change.after or None,
                "experimental": change.experimental,
                "methods": list(change.methods),
                "meaning": change.meaning,
            }
            for change in changes
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _grouped(changes: Sequence[Change]) -> Iterator[tuple[Verdict, str, Sequence[Change]]]:
    order = list(RULES)
    ranked = sorted(changes, key=lambda change: (-change.verdict, order.index(change.kind)))
    for (verdict, kind), group in groupby(ranked, key=lambda change: (change.verdict, change.kind)):
        yield verdict, kind, list(group)


def _count_table(changes: Sequence[Change]) -> Iterator[str]:
    counts = Counter((change.kind, change.verdict) for change in changes)
    verdicts = sorted(Verdict, reverse=True)
    width = max(len(kind) for kind in RULES)
    yield f"{'':{width}}  {'  '.join(verdict.name for verdict in verdicts)}"
    for kind in RULES:
        numbers = [counts[kind, verdict] for verdict in verdicts]
        if any(numbers):
            cells = (f"{number or '-':>{len(verdict.name)}}" for number, verdict in zip(numbers, verdicts, strict=True))
            yield f"{kind:{width}}  {'  '.join(cells)}"


def _place(change: Change) -> str:
    return f"{change.place} (experimental)" if change.experimental else change.place


def _text_from_to(change: Change) -> str:
    if change.before and change.after:
        return f": {change.before} -> {change.after}"
    return f": {change.before or change.after}" if change.before or change.after else ""


def _markdown_from_to(change: Change) -> str:
    mark = " (experimental)" if change.experimental else ""
    if change.before and change.after:
        return f"{mark}: `{change.before}` -> `{change.after}`"
    either = change.before or change.after
    return f"{mark}: `{either}`" if either else mark


def _carried(change: Change) -> str:
    if change.methods == (change.place,):
        return ""
    shown = ", ".join(change.methods[:_SHOWN_METHODS])
    more = len(change.methods) - _SHOWN_METHODS
    methods = f" by {shown}{f' and {more} more' if more > 0 else ''}" if change.methods else ""
    return f", {_DIRECTIONS[change.direction]}{methods}"
