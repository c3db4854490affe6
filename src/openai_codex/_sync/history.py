# @generated from _async/history.py (same line numbers) by python -m codegen. Do not edit: run "make generate".
"""What the runtime has stored of a turn: for turns whose events did not come, or came before anybody followed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._compat import Deadline
from .._generated import models as m
from ..errors import CodexError, RequestTimeoutError

if TYPE_CHECKING:
    from .._core.routes import Turn
    from .session import Session

__all__ = ["ASKING", "ENDED", "ENDING", "GONE", "RUNNING", "UNKNOWN", "look", "may_work", "recall"]

RUNNING = "running"
ASKING = "asking"  # it waits for somebody's decision
ENDING = "ending"  # its thread has done with it, but has not said so
ENDED = "ended"
GONE = "gone"  # the thread does nothing, or something else, and has nothing stored of the turn
UNKNOWN = "unknown"  # the runtime does not answer

_LOOK_S = 2.0
_LATEST_TURNS = 20
_PAGE = 100


def look(session: Session, turn: Turn, seconds: float | None) -> str:
    """Ask the runtime what has become of a turn, for at most so long, or a little time of its own.

    If the turn has ended, its fold is finished from the thread's history.
    """
    deadline = Deadline(_LOOK_S if seconds is None else min(seconds, _LOOK_S))
    stored = recall(session, turn, deadline)
    if stored in (ENDED, UNKNOWN):
        return stored
    try:
        fields = {"thread_id": turn.thread_id}
        read: m.ThreadReadResponse = session.call("thread/read", fields, deadline.left())
    except RequestTimeoutError:
        return UNKNOWN
    except CodexError:
        return GONE
    status = read.thread.status
    if not may_work(status):
        return ENDING if stored == RUNNING else GONE
    if session.engine.is_handling(turn.thread_id):  # a tool call, for example, of which the status says nothing
        return ASKING
    asking = isinstance(status, m.ActiveThreadStatus) and status.active_flags
    return ASKING if asking else RUNNING if stored != GONE else GONE


def may_work(status: m.ThreadStatus) -> bool:
    """Whether a thread of this status does something, as far as this version can tell."""
    return isinstance(status, (m.ActiveThreadStatus, m.UnrecognizedThreadStatus))


def _may_run(turn: m.Turn) -> bool:
    """The same of a turn; one that is over says since when."""
    unheard_of = not turn.status.is_known and turn.completed_at is None
    return unheard_of or turn.status is m.TurnStatus.in_progress


def recall(session: Session, turn: Turn, deadline: Deadline | None = None) -> str:
    """Look for a turn in the thread's history; what is stored of one that has ended finishes its fold.

    Returns "" where the history does not tell: there is none, or the turn is too long ago.
    """
    deadline = Deadline(_LOOK_S) if deadline is None else deadline
    fields = {"thread_id": turn.thread_id, "limit": _LATEST_TURNS}
    begun = turn.fold.begun  # as of the question: it may begin while the answer is under way
    try:
        page: m.ThreadTurnsListResponse = session.call("thread/turns/list", fields, deadline.left())
    except RequestTimeoutError:
        return UNKNOWN
    except CodexError:
        return ""
    mine = next((each for each in page.data if each.id == turn.id), None)
    if any(turn.id in (each.id, each.root_turn_id) and _may_run(each) for each in page.data):
        return RUNNING
    if mine is None:
        others = [each for each in page.data if each.root_turn_id != turn.id]
        return GONE if any(map(_may_run, others)) else ""
    if mine.status is m.TurnStatus.interrupted and mine.completed_at is None and not begun:
        return RUNNING  # so the runtime calls a turn that is about to begin
    try:
        items = _items(session, turn, deadline)
    except CodexError:
        items = None  # what its events told has to do
    turn.fold.finish(mine, items)
    return ENDED


def _items(session: Session, turn: Turn, deadline: Deadline) -> list[m.ThreadItem]:
    fields = {"thread_id": turn.thread_id, "turn_id": turn.id, "limit": _PAGE, "sort_direction": m.SortDirection.asc}
    items: list[m.ThreadItem] = []
    cursor: str | None = None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        page: m.ThreadItemsListResponse = session.call("thread/items/list", {**fields, **more}, deadline.left())
        items += [entry.item for entry in page.data]
        if page.next_cursor is None or page.next_cursor == cursor:
            return items
        cursor = page.next_cursor
