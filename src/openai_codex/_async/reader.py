# The synchronous twin of this file is derived line for line: run "make generate".
"""``AsyncTurnReader``: what the handle of a turn and its streams share.

Every event that is taken from the turn's mailbox goes through one fold, so a result is there whether the events were
streamed or not. One consumer takes events at a time: the latest.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .._compat import async_shield_for, async_sleep
from .._core.turn import FOLDED, TurnFold
from ..errors import CodexError, RequestTimeoutError, TurnNotActiveError

if TYPE_CHECKING:
    from .._core.mailbox import Mailbox
    from .._generated import models as m
    from .session import AsyncSession

__all__ = ["AsyncTurnReader"]

_INTERRUPT_S = 10.0  # for an interrupt, all attempts included
_ANSWER_S = 0.5  # the runtime answers in milliseconds, or not at all when the turn was interrupted meanwhile
_START_S = 2.0  # from the acceptance of a turn until it can be interrupted
_GRACE_S = 1.0  # from a final error until turn/completed; it comes within milliseconds, or never
_LOOK_S = 2.0  # for looking whether the thread is active after all
_LEAVE_S = 2.0  # for the interrupt of a stream that is left early
_POLL_S = 0.01


class AsyncTurnReader:
    """The events of one turn, and its interrupt.

    Attributes:
        session: The session that the turn runs on.
        thread_id: The thread that the turn belongs to.
        turn_id: Turn id.
        mailbox: Events not taken yet.
        fold: What the taken events add up to.
        consumer: The stream that takes the events; None when ``run()`` does, or nobody. The latest one counts: a
            stream that was left without closing it must not keep the events from others.
    """

    __slots__ = ("_interrupted", "consumer", "fold", "mailbox", "session", "thread_id", "turn_id")

    def __init__(self, session: AsyncSession, thread_id: str, turn_id: str, mailbox: Mailbox) -> None:
        self.session = session
        self.thread_id = thread_id
        self.turn_id = turn_id
        self.mailbox = mailbox
        self.fold = TurnFold(turn_id)
        self.consumer: object | None = None
        self._interrupted = False

    async def wait(self) -> bool:
        """Wait until there is an event to take; False at the end of the turn."""
        mailbox, engine = self.mailbox, self.session.engine
        while not mailbox.items:
            if mailbox.closed or self.fold.ended:
                return False
            if await engine.receive(mailbox, timeout=_GRACE_S if self.fold.failing else None):
                continue
            # The thread may be active with its next turn, so look again until this one, or the thread, is over.
            if not await self._thread_is_active():
                self.fold.give_up()
                engine.close_turn(self.turn_id, mailbox)
        return True

    async def _thread_is_active(self) -> bool:
        """Ask the runtime whether a turn of this thread runs; no answer counts as no."""
        from .._generated import models as m

        try:
            read: m.ThreadReadResponse = await self.session.call("thread/read", {"thread_id": self.thread_id}, _LOOK_S)
        except CodexError:
            return False
        return isinstance(read.thread.status, m.ActiveThreadStatus)

    def take_over(self, consumer: object | None) -> None:
        """Make ``consumer`` the one that takes events from now on.

        Raises:
            RuntimeError: somebody is waiting for one at this moment, and keeps waiting undisturbed.
        """
        if self.mailbox.waiter is not None:
            raise RuntimeError(f"somebody is waiting for the events of turn {self.turn_id} at this moment")
        self.consumer = consumer

    async def drain(self) -> None:
        """Take all events up to the end, for the fold alone."""
        items, add = self.mailbox.items, self.fold.add
        while await self.wait():
            while items:
                event = items.popleft()
                if event.method in FOLDED:
                    add(event)

    async def interrupt(self, limit: float = _INTERRUPT_S) -> m.TurnInterruptResponse:
        """Stop the turn; a second call does nothing. See ``AsyncTurnHandle.interrupt``."""
        from .._generated import models as m

        if self._interrupted or self.fold.interrupted:
            return m.TurnInterruptResponse()
        fields = {"thread_id": self.thread_id, "turn_id": self.turn_id}
        early = unanswered = 0.0
        while True:
            try:
                done: m.TurnInterruptResponse = await self.session.call("turn/interrupt", fields, _ANSWER_S)
            except TurnNotActiveError:
                if self._interrupted or (unanswered and self.mailbox.closed):  # an attempt that was answered late
                    return m.TurnInterruptResponse()
                # An accepted turn that has not begun cannot be interrupted yet.
                if self.mailbox.closed or early >= min(limit, _START_S):
                    raise
                await async_sleep(_POLL_S)
                early += _POLL_S
            except RequestTimeoutError:
                # The runtime leaves an interrupt unanswered when the turn was interrupted before.
                if self.mailbox.closed:
                    return m.TurnInterruptResponse()
                unanswered += _ANSWER_S
                if unanswered >= limit:
                    raise
            else:
                self._interrupted = True
                return done

    async def leave(self) -> None:
        """Interrupt a turn that its consumer abandons, without waiting for long."""
        if not (self.mailbox.closed or self.fold.ended):
            await async_shield_for(_LEAVE_S, partial(self.interrupt, _LEAVE_S))
