# @generated from _async/follower.py (same line numbers) by python -m codegen. Do not edit: run "make generate".
"""``TurnFollower``: one consumer of a turn's events, and how long it waits for them.

A turn ends with ``turn/completed``. Where that does not come, somebody who waits finds out: a final error is given a
moment, silence the time that the caller allows, and then the runtime is asked what has become of the turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from .._compat import Action, Deadline, interrupts, shield_for
from .._results import TurnResult
from ..errors import TurnStalledError, TurnTimeoutError
from .history import ASKING, ENDED, ENDING, GONE, RUNNING, UNKNOWN, look, recall
from .interrupt import interrupt_turn

if TYPE_CHECKING:
    from .._core.mailbox import Mailbox
    from .._core.routes import Turn
    from .session import Session

__all__ = ["Limit", "TurnFollower"]

_SAYS = {
    RUNNING: "says that it is still running",
    ENDING: "says that its thread is idle",
    GONE: "says that it is neither running nor stored",
    UNKNOWN: "does not say what has become of it",
}

_GRACE_S = 1.0  # from a final error until turn/completed; it comes within milliseconds, or never
_LEAVE_S = 2.0  # for the interrupt of a turn that its owner leaves


@dataclass(slots=True, frozen=True)
class Limit:
    """The time of something that a turn is a part of.

    Attributes:
        deadline: Until when it may take.
        expire: Ends it, with the turn, and raises for whoever waits.
    """

    deadline: Deadline
    expire: Action


class TurnFollower:
    """One consumer of a turn's events.

    Args:
        owns: The turn was started for it, so it interrupts the turn when it gives up.
        limit: The time of what the turn is a part of, if there is such a thing.

    Attributes:
        turn: The turn, as all who follow it share it.
        mailbox: Events that were not taken yet.
    """

    __slots__ = ("_call", "_limit", "_owns", "_session", "_was_ending", "mailbox", "turn")

    def __init__(
        self, session: Session, turn: Turn, mailbox: Mailbox, *, owns: bool, limit: Limit | None = None
    ) -> None:
        self._session = session
        self.turn = turn
        self.mailbox = mailbox
        self._owns = owns
        self._limit = limit
        self._call = f"turn {turn.id}"
        self._was_ending = False

    def __del__(self) -> None:
        self.mailbox.mute()

    def wait(self, deadline: Deadline, idle_timeout: float | None) -> bool:
        """Wait until there is an event to take; False at the end of the turn.

        Raises:
            TurnTimeoutError: the deadline has passed.
            TurnStalledError: it fell silent and has not ended: for ``idle_timeout``, or its thread does nothing more.
            RequestTimeoutError: the time of what the turn is a part of is over.
            TransportClosedError: the runtime is gone, or the client was closed.
        """
        mailbox, fold, engine = self.mailbox, self.turn.fold, self._session.engine
        while True:
            over = mailbox.closed  # before the look for items: the last ones come first
            if mailbox.items:
                return True
            if over:
                return False
            if self._limit is not None and self._limit.deadline.passed:
                limit, self._limit = self._limit, None
                limit.expire()
            idle = self.turn.idle
            patience, left = _GRACE_S if fold.failing or idle else idle_timeout, deadline.left()
            seconds = deadline.left(patience)
            if self._limit is not None:
                seconds = self._limit.deadline.left(seconds)
            if engine.receive(mailbox, timeout=seconds, call=self._call):
                self._was_ending = False
            elif (self._limit is not None and self._limit.deadline.passed) or (self.turn.idle and not idle):
                continue
            elif left is not None and (patience is None or left <= patience):
                self._time_out(deadline)
            elif fold.failing:
                self._look_after_failure(deadline)
            elif idle:
                self._look_after_idleness(deadline)
            elif idle_timeout is not None:
                self._look_after_silence(deadline, idle_timeout)

    def finish(self, deadline: Deadline, idle_timeout: float | None) -> TurnResult:
        """Wait for the end of the turn and return its result; see ``TurnHandle.run``."""
        fold = self.turn.fold
        try:
            while not fold.ended and self.wait(deadline, idle_timeout):
                self.mailbox.items.clear()
                if deadline.passed and not fold.ended:
                    self._time_out(deadline)
        except interrupts():
            self.leave()
            raise
        finally:
            self.close()
        if not fold.ended:  # it ended before this handle could follow it
            recall(self._session, self.turn)
        return fold.outcome()

    def _time_out(self, deadline: Deadline) -> None:
        """Give the turn up because the time is over; raises ``TurnTimeoutError``."""
        self.leave()
        text = f"turn {self.turn.id} was not finished within {deadline.seconds:g} s{self._afterwards()}"
        raise TurnTimeoutError(text, result=self.turn.fold.result())

    @property
    def owns(self) -> bool:
        """Whether the turn is this follower's to interrupt when it gives up."""
        return self._owns or self.turn.orphaned

    def leave(self) -> None:
        """Interrupt a turn that its owner gives up, without waiting for long."""
        turn = self.turn
        if not self.owns or turn.over or turn.fold.ended:
            return
        try:
            shield_for(_LEAVE_S, partial(interrupt_turn, self._session, turn, _LEAVE_S))
        finally:
            if not (turn.over or turn.interrupt_answered):  # it has not begun: the connection waits for that
                self.close()
                self._session.engine.abandon(turn)

    def close(self) -> None:
        """Take no more events. The turn goes on."""
        self._session.engine.leave(self.mailbox)

    def _look_after_failure(self, deadline: Deadline) -> None:
        """A final error came, and then nothing: end the turn unless it, or its thread, goes on after all."""
        found = look(self._session, self.turn, deadline.left())
        if found in (ENDED, ENDING, GONE, UNKNOWN) and not self.mailbox.settled:
            self.turn.fold.give_up()
            self._session.engine.end_turn(self.turn)

    def _look_after_idleness(self, deadline: Deadline) -> None:
        """The thread does nothing, but the turn has not ended: this client may not be told any more."""
        self.turn.idle = False  # until the next sign of it
        found = look(self._session, self.turn, deadline.left())
        if found == ENDED:
            self._session.engine.end_turn(self.turn)
        elif found not in (RUNNING, ASKING):
            self.turn.idle = True
        if found in (ENDING, GONE) and not (self.mailbox.settled or deadline.passed):
            if self._was_ending:
                self.leave()
                self._stall("the thread does nothing any more", found)
            self._was_ending = True

    def _look_after_silence(self, deadline: Deadline, idle_timeout: float) -> None:
        found = look(self._session, self.turn, deadline.left())
        if self.mailbox.settled or deadline.passed or found == ASKING:
            return
        if found == ENDING and not self._was_ending:  # what it has to say may be on its way
            self._was_ending = True
            return
        if found == ENDED:
            self._session.engine.end_turn(self.turn)
            return
        self.leave()
        self._stall(f"nothing came of it for {idle_timeout:g} s", found)

    def _stall(self, why: str, found: str) -> NoReturn:
        text = f"turn {self.turn.id} has stalled: {why}, and the runtime {_SAYS[found]}{self._afterwards()}"
        raise TurnStalledError(text, result=self.turn.fold.result())

    def _afterwards(self) -> str:
        if not self.owns:
            return "; it goes on, because another call started it"
        return "; it was interrupted" if self.turn.interrupt_answered or self.turn.fold.interrupted else ""
