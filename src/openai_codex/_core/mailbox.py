"""A queue of notifications between the connection, which fills it, and one consumer, which may wait on it.

The consumer takes from ``items`` directly. To wait, it looks, puts a callable into ``waiter`` and looks
again; whoever adds something takes the callable out of the slot and calls it, so one chunk of input wakes a
consumer once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ..errors import TransportClosedError
from .merging import MergingItems, Tally
from .notification import Notification

__all__ = ["Mailbox", "Waiter"]

Waiter = Callable[[], object]


class Mailbox:
    """Notifications of one turn, of one kind, or of none.

    Attributes:
        items: What has arrived and was not taken yet, oldest first.
        waiter: Called once when something happens; None when nobody waits.
        closed: Nothing will be added any more, because the turn ended or the consumer left.
        error: Nothing will be added any more, because the connection is gone.
        limit: Most items held; None for no limit. Beyond it the oldest is dropped.
        dropped: How many were dropped.
        thread_id: The only thread whose notifications are wanted; None for any. Only ``Connection.watch`` heeds it.
        sources: The lists of followers that this mailbox stands in.
        tally: How much was merged; None where nothing is.
        muted: Mailboxes that were muted, for whoever fills them to strike off; None where that does not matter.
    """

    __slots__ = ("closed", "dropped", "error", "items", "limit", "muted", "sources", "tally", "thread_id", "waiter")

    def __init__(
        self, limit: int | None = None, *, thread_id: str | None = None, muted: deque[Mailbox] | None = None
    ) -> None:
        self.items: deque[Notification] = deque()
        self.waiter: Waiter | None = None
        self.closed = False
        self.error: TransportClosedError | None = None
        self.limit = limit
        self.dropped = 0
        self.tally: Tally | None = None
        self.thread_id = thread_id
        self.sources: list[list[Mailbox]] = []
        self.muted = muted

    @property
    def settled(self) -> bool:
        """Whether waiting is pointless: there is something to take, or nothing will ever come."""
        return bool(self.items) or self.closed or self.error is not None

    @property
    def merged(self) -> int:
        """How many were merged into the one before them."""
        return 0 if self.tally is None else self.tally.merged

    def merge(self, limit: int) -> None:
        """From so many unread items on, merge text that belongs together. Call this before anybody has ``items``."""
        items, self.tally = self.items, Tally()
        self.items = MergingItems(limit, self.tally)
        for notification in items:
            self.items.append(notification)

    def follow(self, followers: list[Mailbox]) -> None:
        """Join a list of mailboxes that get the same notifications."""
        followers.append(self)
        self.sources.append(followers)

    def put(self, notification: Notification) -> None:
        """Add one notification; at the limit the oldest makes room."""
        if self.limit is not None and len(self.items) >= self.limit:
            self.items.popleft()
            self.dropped += 1
        self.items.append(notification)

    def mute(self) -> None:
        """Keep nothing from now on: nobody is left to take it.

        Takes no lock and changes no list, so that a finalizer may call it, even in the middle of a delivery: whoever
        fills the mailbox strikes it off the next time.
        """
        self.closed = True
        self.items = deque(maxlen=0)
        if self.sources:
            if self.muted is None:
                self.strike_off()
            else:
                self.muted.append(self)

    def leave(self) -> None:
        """Get nothing any more; what is here is dropped."""
        self.mute()

    def strike_off(self) -> None:
        """Take a mailbox that nobody reads out of all lists."""
        for followers in self.sources:
            if self in followers:
                followers.remove(self)
        self.sources.clear()

    def fail(self, error: TransportClosedError) -> None:
        """End the mailbox with ``error``, unless it ended well already. What it holds can still be taken."""
        if not self.closed and self.error is None:
            self.error = error

    def take_waiter(self, wake: list[Waiter]) -> None:
        """Move the waiter, if there is one, to ``wake``."""
        if self.waiter is not None:
            wake.append(self.waiter)
            self.waiter = None
