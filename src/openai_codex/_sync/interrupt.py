# @generated from _async/interrupt.py (same line numbers) by python -m codegen. Do not edit: run "make generate".
"""Interrupting a turn, which the runtime can do from the moment it has announced the turn until it ends.

Before that moment it refuses, and after an earlier interrupt it does not answer at all. So the client waits for the
turn to begin, gives every attempt a short time, and looks after each whether the turn is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._compat import Deadline, sleep
from ..errors import RequestTimeoutError, TurnNotActiveError

if TYPE_CHECKING:
    from .._core.routes import Turn
    from .session import Session

__all__ = ["interrupt_turn"]

_ANSWER_S = 0.5  # the runtime answers in milliseconds, or not at all when the turn was interrupted meanwhile
_BEGIN_S = 2.0  # from the acceptance of a turn until it can be interrupted; then it is tried all the same
_MOST_S = 60.0  # without any limit of the caller's
_LEAST_S = 0.05  # for the last attempt: an answer that is a refusal says more than none
_END_S = 0.5  # from the answer until turn/completed, which comes with it
_POLL_S = 0.01
_INVALID_REQUEST = -32600


def interrupt_turn(session: Session, turn: Turn, limit: float | None) -> None:
    """Stop a turn, unless that was done, and return when its end has come.

    Raises:
        TurnNotActiveError: it has ended by itself, or is not the running one.
        RequestTimeoutError: the runtime did not answer within ``limit`` seconds.
    """
    deadline = Deadline(_MOST_S if limit is None else limit)
    patience = deadline  # for a turn that does not begin
    settled = False
    mailbox = session.engine.follow(turn)
    try:
        while not (turn.interrupt_answered or turn.fold.interrupted):
            if turn.over:
                raise _not_active(turn)
            if not (turn.fold.begun or turn.fold.failing):
                mailbox.items.clear()
                session.engine.receive(mailbox, timeout=patience.left(_BEGIN_S))
            elif not settled:
                patience, settled = Deadline(deadline.left(_BEGIN_S)), True
            _try(session, turn, deadline, patience)
        end = Deadline(_END_S)
        while not (turn.over or end.passed):
            mailbox.items.clear()
            session.engine.receive(mailbox, timeout=end.left())
    finally:
        session.engine.leave(mailbox)


def _try(session: Session, turn: Turn, deadline: Deadline, patience: Deadline) -> None:
    """Ask once. An attempt that stays without an answer may have worked: the next one, or the turn's end, tells."""
    fields = {"thread_id": turn.thread_id, "turn_id": turn.fold.started_id or turn.id}
    failing = turn.fold.failing
    try:
        session.call("turn/interrupt", fields, max(deadline.left(_ANSWER_S), _LEAST_S))
        turn.interrupt_answered = True
    except TurnNotActiveError:
        if turn.over and turn.interrupt_tried:
            turn.interrupt_answered = True
        elif turn.over or failing:
            raise
        elif deadline.passed:
            what = "could not be interrupted" if turn.fold.begun else "did not begin"
            raise RequestTimeoutError(f"turn/interrupt: turn {turn.id} {what} in time") from None
        elif patience.passed:
            raise
        else:
            sleep(_POLL_S)
    except RequestTimeoutError:
        turn.interrupt_tried = True
        if turn.over:
            turn.interrupt_answered = True
        elif deadline.passed:
            raise


def _not_active(turn: Turn) -> TurnNotActiveError:
    """What the runtime would say: it need not be asked."""
    error = TurnNotActiveError(_INVALID_REQUEST, f"no active turn to interrupt: turn {turn.id} has ended")
    error.method = "turn/interrupt"
    return error
