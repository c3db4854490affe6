"""Which mailbox a turn's notifications go to.

A turn id is in one of four states:

- *claimed*: somebody follows it; every subscriber's mailbox gets each event;
- *unclaimed*: events came before anybody asked. They wait in one bounded backlog, which the first claimer
  gets;
- *finished*: ``turn/completed`` was delivered; what still comes (a background command that ends) belongs to
  no turn;
- *abandoned*: every subscriber left before its end, so what comes is not wanted.

The memory of finished and abandoned turns is bounded, and so are the backlogs, in turns and in events.
"""

from __future__ import annotations

import logging

from ..errors import TransportClosedError
from .mailbox import Mailbox, Waiter
from .notification import Notification

__all__ = ["TurnRoutes"]

logger = logging.getLogger("openai_codex")


class TurnRoutes:
    """The state of every turn that is known.

    Attributes:
        claimed: Turn id to the mailboxes that follow it. The connection reads it directly for each event.
        evicted: Events of unclaimed turns that were dropped because nobody claimed them in time.
    """

    def __init__(self, *, max_unclaimed_turns: int, max_unclaimed_events: int, max_settled: int) -> None:
        self.claimed: dict[str, list[Mailbox]] = {}
        self.evicted = 0
        self._unclaimed: dict[str, Mailbox] = {}
        self._unclaimed_events = 0
        self._settled: dict[str, bool] = {}  # turn id -> finished (True) or abandoned (False), oldest first
        self._max_unclaimed_turns = max_unclaimed_turns
        self._max_unclaimed_events = max_unclaimed_events
        self._max_settled = max_settled

    def open(self, turn_id: str) -> Mailbox:
        """Claim a turn: the mailbox gets the backlog, if this is the first claim, and all that follows."""
        mailbox = self._unclaimed.pop(turn_id, None)
        if mailbox is not None:
            self._unclaimed_events -= len(mailbox.items)
        elif self._settled.get(turn_id):
            mailbox = Mailbox()
            mailbox.closed = True
        else:
            mailbox = Mailbox()
        if mailbox.closed:
            self._settle(turn_id, finished=True)
        else:
            self._settled.pop(turn_id, None)
            self.claimed.setdefault(turn_id, []).append(mailbox)
        return mailbox

    def close(self, turn_id: str, mailbox: Mailbox) -> None:
        """Stop filling ``mailbox``; harmless when the turn has ended."""
        followers = self.claimed.get(turn_id)
        if followers is None or mailbox not in followers:
            return
        followers.remove(mailbox)
        if not followers:
            del self.claimed[turn_id]
            self._settle(turn_id, finished=False)

    def complete(self, turn_id: str) -> None:
        """The claimed turn's ``turn/completed`` was delivered: nothing follows."""
        for mailbox in self.claimed.pop(turn_id):
            mailbox.closed = True
        self._settle(turn_id, finished=True)

    def keep(self, turn_id: str, notification: Notification) -> bool:
        """Store an event of a turn that nobody follows. False: the turn is over, so it belongs to no turn."""
        ends = notification.method == "turn/completed"
        finished = self._settled.get(turn_id)
        if finished is not None:
            if ends and not finished:
                self._settled[turn_id] = True
            return not finished
        backlog = self._unclaimed.get(turn_id)
        if backlog is None:
            backlog = self._unclaimed[turn_id] = Mailbox()
        elif backlog.closed:
            return False
        backlog.items.append(notification)
        backlog.closed = ends
        self._unclaimed_events += 1
        self._trim()
        return True

    def fail(self, error: TransportClosedError, wake: list[Waiter]) -> None:
        """The connection is gone: end every mailbox."""
        for followers in self.claimed.values():
            for mailbox in followers:
                mailbox.fail(error)
                mailbox.take_waiter(wake)
        for mailbox in self._unclaimed.values():
            mailbox.fail(error)

    def _settle(self, turn_id: str, *, finished: bool) -> None:
        self._settled[turn_id] = finished
        if len(self._settled) > self._max_settled:
            del self._settled[next(iter(self._settled))]

    def _trim(self) -> None:
        """Drop from the oldest backlog until the limits hold."""
        while len(self._unclaimed) > self._max_unclaimed_turns or self._unclaimed_events > self._max_unclaimed_events:
            turn_id, backlog = next(iter(self._unclaimed.items()))
            if self.evicted == 0:
                logger.debug("events of turns that nobody follows are being dropped")
            if len(self._unclaimed) > 1:
                del self._unclaimed[turn_id]
                self._settle(turn_id, finished=backlog.closed)
                dropped = len(backlog.items)
            else:  # the only one, and it grows: keep its newest events
                backlog.items.popleft()
                dropped = 1
            backlog.dropped += dropped
            self._unclaimed_events -= dropped
            self.evicted += dropped
