"""Unread events of a turn that is read too slowly: adjacent pieces of one text become one event.

A turn's mailbox is filled at one end and emptied at the other, with no lock between the two. So nothing that lies in it
is ever changed. A piece that arrives makes a longer successor of the newest event, which takes its place in one step;
where the consumer was faster, the step fails and the piece stands for itself. A mailbox that holds something is never
empty on the way, which whoever waits for it could take for silence.

Successors share one text that only grows, and each knows how much of it is its own. A million pieces are a million
additions to it, and one copy when somebody looks.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from .._generated._methods import NOTIFICATIONS
from .notification import Notification
from .pieces import Pieces

__all__ = ["MergingItems", "Tally"]

_append = deque[Notification].append  # by this name it costs half of what it does by super()


class Tally:
    """How much was merged.

    Attributes:
        merged: How many events were added to the one before them.
    """

    __slots__ = ("merged",)

    def __init__(self) -> None:
        self.merged = 0


class MergingItems(deque[Notification]):
    """The unread events of a turn. Many of them make no more room for text: a piece of it is added to the newest event.

    Only one thread at a time may append; any may take from the left.

    Args:
        limit: From how many on.
        tally: Where to count.
    """

    __slots__ = ("_limit", "_tally")

    def __init__(self, limit: int, tally: Tally) -> None:
        super().__init__()
        self._limit = limit
        self._tally = tally

    def append(self, notification: Notification) -> None:
        """Add an event, or its text to the newest one."""
        if len(self) < self._limit or not self._merge(notification):
            _append(self, notification)

    def _merge(self, piece: Notification) -> bool:
        try:
            longer = _joined(self[-1], piece)
            if longer is None:
                return False
            self[-1] = longer
        except IndexError:  # the consumer took the newest event, which was the last one
            return False
        self._tally.merged += 1
        return True


class _Run(Notification):
    """Several pieces of one text, as a notification with the whole of it. Its parameters are made when one looks.

    Attributes:
        source: Parameters of the first piece, the text, and how much of that belongs here; None once they are made.
    """

    __slots__ = ("source",)
    source: tuple[dict[str, Any], Pieces, int] | None

    @classmethod
    def after(cls, newest: Notification, first: dict[str, Any], text: Pieces, end: int) -> _Run:
        """What takes the place of ``newest``."""
        run = cls.__new__(cls)  # without parameters, unlike the constructor
        run.method, run._payload, run._error = newest.method, None, None
        run._emitted_at_ms = newest._emitted_at_ms
        run.source = first, text, end
        return run

    def __getattr__(self, name: str) -> Any:
        # Python asks here for a slot that is empty.
        if name != "_params":
            raise AttributeError(f"'Notification' object has no attribute {name!r}")
        source = self.source
        if source is not None:  # two threads may both make them; they get equal ones and the last ones stay
            first, text, end = source
            self._params = {**first, "delta": text.text(end)}
            self.source = None
        return self._params


def _joined(newest: Notification, piece: Notification) -> Notification | None:
    """An event with the text of both; None if it is not one text."""
    params = piece.params
    more = params.get("delta")
    if newest.method != piece.method or not isinstance(more, str):
        return None
    source = newest.source if isinstance(newest, _Run) else None
    if source is None:
        first = newest.params
        # What a method means that is not known here, nobody can say: two pieces of base64 would make none.
        if not (_is_text(first) and piece.method in NOTIFICATIONS):
            return None
        text, end = Pieces(), len(first["delta"])
        text.add(first["delta"])
    else:
        first, text, end = source
    if {**params, "delta": first["delta"]} != first:
        return None
    text.add(more)
    return _Run.after(newest, first, text, end + len(more))


def _is_text(params: dict[str, Any]) -> bool:
    return isinstance(params.get("delta"), str) and isinstance(params.get("itemId"), str)
