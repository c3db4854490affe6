"""Which mailboxes a turn's notifications go to.

A turn id is in one of four states:

- *claimed*: somebody follows it; its fold takes each event in, and every follower's mailbox gets it. It stays claimed
  until its end, whoever leaves: its result is still wanted;
- *unclaimed*: events came before anybody asked. They wait in one bounded backlog, which the first claimer
  gets;
- *finished*: ``turn/completed`` was delivered; what still comes (a background command that ends) belongs to
  no turn;
- *dropped*: its backlog had to make room, or it is *unwanted*: whoever started it left before it was accepted. What
  comes is dropped too; when an unwanted turn begins it can be interrupted.

The memory of finished and dropped turns is bounded, and so are the backlogs, in turns and in events.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from ..errors import TransportClosedError
from .mailbox import Mailbox, Waiter
from .notification import Notification
from .turn import TurnFold

__all__ = ["Turn", "TurnRoutes"]


_AT_REST = ("idle", "systemError", "notLoaded")
"""What a thread is called that does nothing. A status that is not known may be one of a thread at work."""


class Turn:
    """One turn that somebody follows.

    Attributes:
        id: Turn id.
        thread_id: The thread that it belongs to.
        fold: What its events add up to.
        followers: The mailboxes that get its events.
        over: Nothing of it will come any more.
        error: Nothing of it will come any more, because the connection is gone.
        requested: A request of this client started it.
        orphaned: Whoever started it has left, so it belongs to all who follow it.
        idle: The thread's status says that it does nothing.
        interrupt_tried: An interrupt was sent, and not answered in time.
        interrupt_answered: The runtime has confirmed an interrupt.
    """

    __slots__ = (
        "_event_buffer",
        "_muted",
        "error",
        "fold",
        "followers",
        "id",
        "idle",
        "interrupt_answered",
        "interrupt_tried",
        "orphaned",
        "over",
        "requested",
        "thread_id",
    )

    def __init__(
        self, id: str, thread_id: str, fold: TurnFold, muted: deque[Mailbox], event_buffer: int | None
    ) -> None:
        self.id = id
        self.thread_id = thread_id
        self.fold = fold
        self._muted = muted
        self._event_buffer = event_buffer
        self.followers: list[Mailbox] = []
        self.over = False
        self.error: TransportClosedError | None = None
        self.requested = False
        self.orphaned = False
        self.idle = False
        self.interrupt_tried = False
        self.interrupt_answered = False

    def follow(self, mailbox: Mailbox | None = None) -> Mailbox:
        """Return a mailbox that gets all events from now on; none when the turn is over."""
        mailbox = Mailbox() if mailbox is None else mailbox
        mailbox.muted = self._muted
        if self._event_buffer is not None:
            mailbox.merge(self._event_buffer)
        mailbox.closed = mailbox.closed or self.over
        mailbox.error = self.error
        if not mailbox.closed and self.error is None:
            mailbox.follow(self.followers)
        return mailbox


class _Backlog(Mailbox):
    """Events of an unclaimed turn, and the fold to begin with when it is claimed."""

    __slots__ = ("fold",)

    def __init__(self, fold: TurnFold) -> None:
        super().__init__()
        self.fold = fold


class _Thread:
    """What was heard of a thread: its token totals as raw JSON, its model, and the error of a turn that never ended."""

    __slots__ = ("leftover", "model", "usage")

    def __init__(self) -> None:
        self.leftover: tuple[str, Any] | None = None  # turn id and error
        self.model: str | None = None
        self.usage: Mapping[str, Any] | None = None


class TurnRoutes:
    """The state of every turn that is known.

    Args:
        max_unclaimed_turns: Most backlogs.
        max_unclaimed_events: Most events in all of them.
        max_settled: How many turns are remembered that finished or were dropped.
        muted: Where mailboxes announce that nobody reads them any more.
        event_buffer: From how many unread events on a follower's mailbox merges text; None never does.

    Attributes:
        claimed: Turns that are followed, by id. The connection reads it directly for each event.
        unwanted: Ids of turns that are to be interrupted as soon as they begin.
        evicted: Events of unclaimed turns that were dropped because nobody claimed them in time.
    """

    def __init__(
        self,
        *,
        max_unclaimed_turns: int,
        max_unclaimed_events: int,
        max_settled: int,
        muted: deque[Mailbox],
        event_buffer: int | None = None,
    ) -> None:
        self._muted = muted
        self._event_buffer = event_buffer
        self.claimed: dict[str, Turn] = {}
        self._claimed_of: dict[str, list[Turn]] = {}  # by thread
        self.unwanted: dict[str, None] = {}
        self.evicted = 0
        self._unclaimed: dict[str, _Backlog] = {}
        self._unclaimed_events = 0
        self._settled: dict[str, bool] = {}  # turn id -> finished (True) or dropped (False), oldest first
        self._threads: dict[str, _Thread] = {}  # the latest heard of last
        self._max_unclaimed_turns = max_unclaimed_turns
        self._max_unclaimed_events = max_unclaimed_events
        self._max_settled = max_settled

    def was_claimed(self, turn_id: str) -> bool:
        """Whether somebody follows the turn, or it has ended or was dropped."""
        return turn_id in self.claimed or turn_id in self._settled

    def running(self, thread_id: str) -> set[str]:
        """Ids of the turns that have not ended: the thread's, and some others of which nobody has heard yet."""
        claimed = {turn.id for turn in self._claimed_of.get(thread_id, ())}
        return claimed | {id for id, backlog in self._unclaimed.items() if not backlog.closed}

    def open(self, turn_id: str, thread_id: str) -> tuple[Turn, Mailbox]:
        """Follow a turn: the mailbox gets the backlog, if this is the first claim, and all that follows."""
        self.unwanted.pop(turn_id, None)
        turn = self.claimed.get(turn_id)
        if turn is not None:
            return turn, turn.follow()
        backlog = self._unclaimed.pop(turn_id, None)
        fold = self._fold(turn_id, thread_id) if backlog is None else backlog.fold
        turn = Turn(turn_id, thread_id, fold, self._muted, self._event_buffer)
        if backlog is not None:
            self._unclaimed_events -= len(backlog.items)
            for notification in backlog.items:
                turn.fold.add(notification)
            turn.over, turn.error = backlog.closed, backlog.error
        elif self._settled.get(turn_id):
            turn.over = True
        if turn.over:
            self._settle(turn_id, finished=True)
        else:
            self._settled.pop(turn_id, None)
            self.claimed[turn_id] = turn
            self._claimed_of.setdefault(thread_id, []).append(turn)
        return turn, turn.follow(backlog)

    def end(self, turn_id: str) -> list[Mailbox]:
        """Nothing of a claimed turn follows any more; returns the mailboxes that were waiting for more."""
        turn = self.claimed.pop(turn_id, None)
        if turn is None:
            return []
        turn.over = True
        siblings = self._claimed_of[turn.thread_id]
        siblings.remove(turn)
        if not siblings:
            del self._claimed_of[turn.thread_id]
        self._settle(turn_id, finished=True)
        for mailbox in turn.followers:
            mailbox.closed = True
        return turn.followers

    def abandon(self, turn_id: str) -> None:
        """Nobody wants this turn, which has not begun: it is to be interrupted when it does."""
        self.unwanted[turn_id] = None
        if len(self.unwanted) > self._max_settled:
            del self.unwanted[next(iter(self.unwanted))]
        if turn_id not in self.claimed:
            self._settle(turn_id, finished=False)

    def keep(self, turn_id: str, thread_id: str, notification: Notification) -> bool:
        """Store an event of a turn that nobody follows. False: the turn is over, so it belongs to no turn."""
        ends = notification.method == "turn/completed"
        finished = self._settled.get(turn_id)
        if finished is not None:
            if ends and not finished:
                self._settled[turn_id] = True
            return not finished
        backlog = self._unclaimed.get(turn_id)
        if backlog is None:
            backlog = self._unclaimed[turn_id] = _Backlog(self._fold(turn_id, thread_id))
        elif backlog.closed:
            return False
        backlog.items.append(notification)
        backlog.closed = ends
        self._unclaimed_events += 1
        self._trim()
        return True

    def forget_usage(self, thread_id: Any) -> None:
        """The thread's token totals have gone back, because turns were taken back."""
        thread = self._threads.get(thread_id) if isinstance(thread_id, str) else None
        if thread is not None:
            thread.usage = None

    def note_status(self, thread_id: Any, status: Any, wake: list[Waiter]) -> None:
        """What a thread does has changed. Whoever waits for a turn of a thread that does nothing is woken."""
        for turn in self._claimed_of.get(thread_id, ()) if isinstance(thread_id, str) else ():
            turn.idle = status in _AT_REST
            if turn.idle:
                for mailbox in turn.followers:
                    mailbox.take_waiter(wake)

    def note_error(self, turn: Turn) -> None:
        """Remember the final error of a turn until the turn ends. If it never does, the error may come up again."""
        if turn.fold.failing:
            self.note(turn.thread_id)
            self._threads[turn.thread_id].leftover = turn.id, turn.fold.final_error

    def note(self, thread_id: Any, *, usage: Any = None, model: Any = None) -> None:
        """Remember what was heard of a thread, for its next turn: raw JSON, of any shape."""
        if not isinstance(thread_id, str):
            return
        thread = self._threads.pop(thread_id, None) or _Thread()
        if isinstance(usage, dict):
            thread.usage = usage
        if isinstance(model, str):
            thread.model = model
        self._threads[thread_id] = thread
        if len(self._threads) > self._max_settled:
            del self._threads[next(iter(self._threads))]

    def _fold(self, turn_id: str, thread_id: str) -> TurnFold:
        thread = self._threads.get(thread_id) or _Thread()
        leftover, thread.leftover = thread.leftover, None  # it concerns the next turn only
        error = None if leftover is None else leftover[1]
        failed = None if leftover is None else self.claimed.get(leftover[0])
        if failed is not None and all(mailbox.closed for mailbox in failed.followers):
            self.end(failed.id)  # it never said so, and nobody is left to ask
        return TurnFold(turn_id, usage_before=thread.usage, model=thread.model, leftover=error)

    def complete(self, turn: Turn) -> None:
        """The runtime says that a claimed turn has ended."""
        self.end(turn.id)
        thread = self._threads.get(turn.thread_id)
        if thread is not None and thread.leftover is not None and thread.leftover[0] == turn.id:
            thread.leftover = None

    def fail(self, error: TransportClosedError, wake: list[Waiter]) -> None:
        """The connection is gone: end every mailbox."""
        for turn in self.claimed.values():
            turn.error = error
            for mailbox in turn.followers:
                mailbox.fail(error)
                mailbox.take_waiter(wake)
        for backlog in self._unclaimed.values():
            backlog.fail(error)

    def _settle(self, turn_id: str, *, finished: bool) -> None:
        self._settled[turn_id] = finished
        if len(self._settled) > self._max_settled:
            del self._settled[next(iter(self._settled))]

    def _trim(self) -> None:
        """Drop from the oldest backlog until the limits hold."""
        while len(self._unclaimed) > self._max_unclaimed_turns or self._unclaimed_events > self._max_unclaimed_events:
            turn_id, backlog = next(iter(self._unclaimed.items()))
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
