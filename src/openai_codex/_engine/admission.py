"""Which handlers may run, and which have to wait.

A handler stands in lanes: all that need a thread share one, and so do all calls of a tool that limits them. It runs
when each of its lanes has room; the others wait, and the oldest that can go on does. The caller holds the lock.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .handlers import Invocation

__all__ = ["Admission"]


class Admission:
    """Handlers that run and handlers that wait, by the ids of their requests."""

    def __init__(self) -> None:
        self._running: dict[int | str, Invocation] = {}
        self._waiting: dict[int | str, Invocation] = {}
        self._taken: Counter[object] = Counter()
        self._closed = False

    def add(self, invocation: Invocation) -> bool:
        """Take a handler in; returns whether it may run now. Not one whose request has a handler already."""
        if self._closed or invocation.id in self._running or invocation.id in self._waiting:
            return False
        if self._has_room(invocation):
            self._admit(invocation)
            return True
        self._waiting[invocation.id] = invocation
        return False

    def end(self, invocation: Invocation) -> tuple[Invocation | None, list[Invocation]]:
        """As ``remove``, for a handler that has ended: by now another one may be here under the same id."""
        return self.remove(invocation.id) if self.is_running(invocation) else (None, [])

    def remove(self, id: int | str) -> tuple[Invocation | None, list[Invocation]]:
        """Take a handler out: it has ended, or is given up. Returns it, and those that may run now.

        It is None if it was not here any more.
        """
        waited = self._waiting.pop(id, None)
        if waited is not None:
            return waited, []
        removed = self._running.pop(id, None)
        if removed is None:
            return None, []
        self._taken.subtract(lane for lane, _ in removed.lanes)
        self._taken += Counter()  # forgets the lanes that are empty
        following = list["Invocation"]()
        for each in [*self._waiting.values()]:
            if self._has_room(each):
                del self._waiting[each.id]
                self._admit(each)
                following.append(each)
        return removed, following

    def close(self) -> list[Invocation]:
        """Take all out, and no more in; returns them."""
        self._closed = True
        everything = [*self._running.values(), *self._waiting.values()]
        self._running.clear()
        self._waiting.clear()
        self._taken.clear()
        return everything

    def is_running(self, invocation: Invocation) -> bool:
        """Whether a handler was admitted, and not removed."""
        return self._running.get(invocation.id) is invocation

    def concerns(self, thread_id: str) -> bool:
        """Whether a handler for a request of this thread is here."""
        return any(each.thread_id == thread_id for each in [*self._running.values(), *self._waiting.values()])

    def _has_room(self, invocation: Invocation) -> bool:
        return all(self._taken[lane] < most for lane, most in invocation.lanes)

    def _admit(self, invocation: Invocation) -> None:
        self._running[invocation.id] = invocation
        self._taken.update(lane for lane, _ in invocation.lanes)
