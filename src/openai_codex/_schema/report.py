"""Show what differs: for a terminal, as Markdown, as JSON. Same differences, same bytes.

What is alike shares a line: the words of one type, and a field that several variants of a type have. JSON has one entry
for each change.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from .diff import Change, verdict_of
from .rules import RULES, Verdict

__all__ = [
    "as_code",
    "as_json",
    "as_markdown",
    "as_plain",
    "as_text",
    "changes_as_data",
    "changes_as_markdown",
    "changes_as_text",
    "counted",
    "headline",
    "paint",
    "title_of",
]

_COLOURS = {Verdict.breaking: "31", Verdict.attention: "33", Verdict.compatible: "32"}
_SHOWN_METHODS = 3
_DIRECTIONS = {"sent": "sent", "read": "read", "both": "sent and read", "none": "in no message"}

_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_PLAIN = re.compile(r"[\w/.:+-]*")
_WORD = re.compile(r'(?P<owner>[^="]+)=(?P<part>".*")', re.DOTALL)
_VARIANT = re.compile(r"(?P<owner>[^\[\]]+)\[(?P<part>[^\[\]]+)\](?P<field>\..+)?", re.DOTALL)


def headline(old: str, new: str, changes: Sequence[Change]) -> str:
    """The comparison in one line: versions, verdict, how many changes of each verdict."""
    return f"{old} -> {new}: {counted(changes)}"


def counted(changes: Sequence[Change]) -> str:
    """The verdict of changes, and how many there are of each."""
    return f"{verdict_of(changes).name} ({_counts(changes)})" if changes else "no differences"


def as_text(old: str, new: str, changes: Sequence[Change], *, colour: bool = False) -> str:
    """For a terminal: a table of counts, then every change, the grave ones first."""
    lines = [paint(headline(old, new, changes), verdict_of(changes), colour), *changes_as_text(changes, colour=colour)]
    return "\n".join(lines) + "\n"


def changes_as_text(changes: Sequence[Change], *, colour: bool = False) -> Iterator[str]:
    """The lines of ``as_text`` behind the headline."""
    if changes:
        yield ""
        yield from _count_table(changes)
    for verdict, title, group in _grouped(changes):
        yield ""
        yield paint(f"{verdict.name}: {title}", verdict, colour) + f" ({group[0].meaning})"
        yield from (f"  {line.text(str, str)}" for line in _lines(group))


def as_markdown(old: str, new: str, changes: Sequence[Change], *, level: int = 3) -> str:
    """For a pull request or a changelog.

    Args:
        old: Version that was.
        new: Version that is.
        changes: What differs.
        level: Level of the heading, 1 to 6.
    """
    lines = [f"{'#' * level} Protocol {as_plain(old)} -> {as_plain(new)}", ""]
    lines += [f"{_counts(changes)}.", *changes_as_markdown(changes)] if changes else ["No differences."]
    return "\n".join(lines) + "\n"


def as_code(text: str) -> str:
    """Text as a code span of Markdown that nothing in it ends."""
    line = _BREAKS.sub(" ", text)
    fence = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    pad = " " if line[:1] == "`" or line[-1:] == "`" else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def as_plain(text: str) -> str:
    """Text as it is in Markdown if it says nothing there, else as code."""
    return text if _PLAIN.fullmatch(text) else as_code(text)


def changes_as_markdown(changes: Sequence[Change]) -> Iterator[str]:
    """The lines of ``as_markdown`` behind the counts."""
    for verdict, title, group in _grouped(changes):
        yield from ("", f"**{verdict.name.capitalize()}: {title}** ({group[0].meaning})", "")
        yield from (f"- {line.text(as_code, as_plain)}" for line in _lines(group))


def as_json(old: str, new: str, changes: Sequence[Change]) -> str:
    """For programs, in ASCII. Keys stay as they are; further ones may come."""
    return json.dumps({"old": old, "new": new, **changes_as_data(changes)}, indent=2) + "\n"


def changes_as_data(changes: Sequence[Change]) -> dict[str, Any]:
    """The part of ``as_json`` that is about the changes."""
    counts = Counter(change.verdict for change in changes)
    return {
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


def paint(text: str, verdict: Verdict, colour: bool) -> str:
    """Text in the colour of a verdict, if colours are wanted."""
    return f"\x1b[{_COLOURS[verdict]}m{text}\x1b[0m" if colour else text


def title_of(change: Change) -> str:
    """What the kind of a change is called."""
    return change.rule.title or change.kind


def _counts(changes: Sequence[Change]) -> str:
    counts = Counter(change.verdict for change in changes)
    return ", ".join(f"{counts[verdict]} {verdict.name}" for verdict in sorted(Verdict, reverse=True))


def _grouped(changes: Sequence[Change]) -> Iterator[tuple[Verdict, str, Sequence[Change]]]:
    order = list(RULES)
    ranked = sorted(changes, key=lambda change: (-change.verdict, order.index(change.kind)))
    for (verdict, title), group in groupby(ranked, key=lambda change: (change.verdict, title_of(change))):
        yield verdict, title, list(group)


def _count_table(changes: Sequence[Change]) -> Iterator[str]:
    order = list(RULES)
    titles = dict.fromkeys(map(title_of, sorted(changes, key=lambda change: order.index(change.kind))))
    counts = Counter((title_of(change), change.verdict) for change in changes)
    verdicts = sorted(Verdict, reverse=True)
    width = max(map(len, titles))
    yield f"{'':{width}}  {'  '.join(verdict.name for verdict in verdicts)}"
    for title in titles:
        numbers = [counts[title, verdict] for verdict in verdicts]
        cells = (f"{number or '-':>{len(verdict.name)}}" for number, verdict in zip(numbers, verdicts, strict=True))
        yield f"{title:{width}}  {'  '.join(cells)}"


# -- lines -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """Changes that share a line: they differ in their part alone, which is a word or a variant of the same owner."""

    owner: str
    parts: tuple[str, ...]
    field: str
    change: Change

    def text(self, code: Callable[[str], str], plain: Callable[[str], str]) -> str:
        """The line; ``code`` marks what stands in the protocol, ``plain`` keeps a method from being taken as marks."""
        change, parts = self.change, ", ".join(self.parts)
        is_words = bool(parts) and parts.startswith('"')
        place = f"{self.owner}[{parts}]{self.field}" if parts and not is_words else self.owner
        before, after = change.before, change.after
        values = [parts] if is_words else [each for each in (before, after) if each]
        detail = f": {' -> '.join(map(code, values))}" if values else ""
        return f"{code(place)}{' (experimental)' if change.experimental else ''}{detail}{_carried(change, plain)}"


def _lines(changes: Sequence[Change]) -> Iterator[_Line]:
    """The lines of changes of one kind, in the order of the first change of each."""
    shared: dict[object, list[tuple[str, Change]]] = {}
    for change in changes:
        owner, part, field = _place(change)
        # What follows the place has to be the same for all.
        key = (
            owner,
            field,
            part[:1] == '"',
            change.before,
            change.after,
            change.experimental,
            change.sent,
            change.read,
        )
        shared.setdefault(key if part else change, []).append((part, change))
    for group in shared.values():
        owner, _, field = _place(group[0][1])
        yield _Line(owner, tuple(part for part, _ in group if part), field, group[0][1])


def _place(change: Change) -> tuple[str, str, str]:
    """The owner, the word or variant, and the field of it."""
    found = _WORD.fullmatch(change.place) or _VARIANT.fullmatch(change.place)
    if found is None:
        return change.place, "", ""
    parts = found.groupdict()
    return parts["owner"], parts["part"], parts.get("field") or ""


def _carried(change: Change, plain: Callable[[str], str]) -> str:
    methods = change.methods
    if methods == (change.place,):
        return ""
    more = len(methods) - _SHOWN_METHODS
    shown = ", ".join(map(plain, methods[:_SHOWN_METHODS])) + (f" and {more} more" if more > 0 else "")
    return f", {_DIRECTIONS[change.direction]}{f' by {shown}' if methods else ''}"
