"""What several layers do to arguments before they use them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

__all__ = ["canonical_id", "check_count", "check_seconds", "without_none"]


def check_seconds(what: str, seconds: Any) -> float | None:
    """Return ``seconds`` if it is a time to wait, or None for no limit.

    Raises:
        TypeError: it is no number.
        ValueError: it is negative, or no time at all.
    """
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{what}: {seconds!r} is no number of seconds; None means no limit")
    if not seconds >= 0:
        raise ValueError(f"{what}: {seconds!r} is no time to wait; None means no limit")
    return float(seconds)


def check_count(what: str, number: Any) -> None:
    """Check a whole number of 1 or more.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is less than 1.
    """
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"{what} is {number!r}, and no whole number; it takes 1 or more")
    if number < 1:
        raise ValueError(f"{what} is {number}; it takes 1 or more")


def without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are set. For public keywords, where None means "not given"."""
    return {name: value for name, value in fields.items() if value is not None}


def canonical_id(thread_id: Any) -> str:
    """A thread's id in the one form in which ids can be compared; the runtime takes others as well."""
    try:
        return str(UUID(thread_id))
    except (ValueError, TypeError, AttributeError):
        return str(thread_id)
