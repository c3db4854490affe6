"""What has to come of a turn, held against what comes, event by event."""

from __future__ import annotations

from typing import Any

from openai_codex import Notification

from .script import DIFF, Kind, kind_of

__all__ = ["Check", "Difference"]


class Difference(Exception):
    """Something came that should not have, or did not come. The text says where."""


class Check:
    """What one follower of a turn gets.

    Args:
        who: The follower, in words.
        count: How many numbers the turn has.
        since: It follows from a later number than those before this one; None: from the beginning.
        typed: It reads typed payloads, not raw parameters.

    Attributes:
        events: How many events it has taken.
        position: The number that comes next.
        ended: The turn has.
    """

    def __init__(self, who: str, count: int, *, since: int | None = None, typed: bool = False) -> None:
        self._who = who
        self._count = count
        self._typed = typed
        self._begins = since is None  # whether the turn's start is still to come
        self._first = since  # until it is known
        self._seeks = since is not None
        self.events = 0
        self.position = since or 0
        self.ended = False

    def take(self, event: Notification) -> None:
        """Take the next event.

        Raises:
            Difference: another one should have come.
        """
        source: Any = event.payload if self._typed else None
        params, method = event.params, event.method
        self.events += 1
        if self.ended:
            raise self.difference(f"{method} after the end of the turn")
        if self._begins:
            if method != "turn/started":
                raise self.difference(f"{method} before the start of the turn")
            self._begins = False
        elif method == "turn/completed":
            if self.position != self._count and not self._seeks:
                raise self.difference("the turn ends")
            self.ended = True
        elif method == DIFF:
            self._take_diff(params["diff"] if source is None else source.diff)
        elif "delta" in params:
            self._take_text(event, params["delta"] if source is None else source.delta)
        else:
            raise self.difference(f"{method} has nothing to do here")

    def _take_diff(self, diff: str) -> None:
        if self._seeks:
            self._find(int(diff))
        if diff != str(self.position) or kind_of(self.position) is not None:
            raise self.difference(f"{diff!r} came as a diff")
        self.position += 1

    def _take_text(self, event: Notification, text: str) -> None:
        if self._seeks:
            self._find(int(text.split()[0]))
        first, kind, params = self.position, kind_of(self.position), event.params
        have = Kind(event.method, params["itemId"], params.get("contentIndex"))
        end = first + 1 if text == f"{first} " else first + text.count(" ")
        if kind != have or text != "".join([f"{number} " for number in range(first, end)]):
            raise self.difference(f"{text[:60]!r} came as {have}")
        if end - first > 1 and any(kind_of(number) != kind for number in range(first, end)):
            raise self.difference(f"the numbers until {end} were merged")
        self.position = end

    def _find(self, number: int) -> None:
        """The first number of a follower that came late."""
        if number < self.position:
            raise self.difference(f"{number} came, although it was there before this follower")
        self._seeks, self._first, self.position = False, number, number

    def finish(self, merged: int) -> None:
        """The stream has ended.

        Args:
            merged: How many events it says were merged.

        Raises:
            Difference: too soon, or the events do not add up to those that were sent.
        """
        if self._seeks and not self.events:  # the end of the turn had come before this follower
            return
        if not self.ended:
            raise self.difference("the stream ended before the turn")
        numbers = 0 if self._seeks else self._count - (self._first or 0)
        sent = numbers + (2 if self._first is None else 1)
        if self.events + merged != sent:
            raise self.difference(f"{self.events} events and {merged} merged ones do not add up to {sent}")

    def difference(self, text: str) -> Difference:
        """Something is wrong, here."""
        return Difference(f"{self._who}, at number {self.position} of {self._count}: {text}")
