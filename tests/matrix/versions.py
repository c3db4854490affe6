"""Which runtimes are tried: a rule over what is published.

The newest patch of each of the four newest minor versions, then of every fifth minor version before; where a number
was not published, of the nearest older one. Then the oldest version that is supported, those whose schemas the tests
of the generator have, and one that is too old.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

__all__ = ["choose", "record", "recorded", "release"]

NEWEST_MINORS = 4
MINOR_STEP = 5
WITH_SCHEMA = ("0.154.0", "0.158.0")  # besides those that the rule takes
_RECORD = Path(__file__).with_name("published.txt")

Release = tuple[int, int, int]


def release(version: str) -> Release:
    """Return the numbers of a version; those of the release for a ``.postN`` of it."""
    major, minor, patch = map(int, re.findall(r"\d+", version)[:3])
    return major, minor, patch


def choose(published: Iterable[str], oldest: str) -> list[str]:
    """Return the versions to try, newest first.

    Args:
        published: Versions that there are, in any order. Whatever is no plain release is left out.
        oldest: The oldest version that is supported.
    """
    versions = {release(version): version for version in published if re.fullmatch(r"\d+\.\d+\.\d+", version)}
    supported = sorted(each for each in versions if each >= release(oldest))
    newest_patch = {(major, minor): (major, minor, patch) for major, minor, patch in supported}
    minors = sorted(newest_patch, reverse=True)
    chosen = minors[:NEWEST_MINORS]
    while older := [each for each in minors if chosen and each <= (chosen[-1][0], chosen[-1][1] - MINOR_STEP)]:
        chosen.append(older[0])
    wanted = {newest_patch[minor] for minor in chosen}
    wanted.update(supported[:1])
    wanted.update(each for each in map(release, WITH_SCHEMA) if each in supported)
    wanted.update(sorted(each for each in versions if each < release(oldest))[-1:])
    return [versions[each] for each in sorted(wanted, reverse=True)]


def recorded() -> list[str]:
    """Return what was published when the page was made."""
    return _RECORD.read_text(encoding="utf-8").split()


def record(published: Iterable[str]) -> None:
    """Keep what is published, for runs that cannot ask."""
    _RECORD.write_text("".join(f"{version}\n" for version in published), encoding="utf-8", newline="\n")
