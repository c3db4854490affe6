"""What the notifications of one turn add up to.

Only a handful of methods matter for the result. Items come from ``item/completed`` (``turn/completed`` carries just a
summary), and final text from items, never from deltas: after a retry the runtime sends deltas again. Nothing that
arrives can make this raise; what does not fit its model is kept in raw form.
"""

from __future__ import annotations

from typing import Any, cast

from .._generated import models as m
from .._results import TurnResult
from .._unknown import UnknownNotification
from ..errors import CodexError, TurnFailedError
from .notification import Notification

__all__ = ["FOLDED", "TurnFold"]

FOLDED = frozenset({"item/completed", "thread/tokenUsage/updated", "error", "turn/completed"})
"""Methods that change the result; everything else may skip `TurnFold.add`."""


class TurnFold:
    """The state of one turn, from its notifications."""

    __slots__ = ("_completed", "_error", "_given_up", "_items", "_usage", "turn_id")

    def __init__(self, turn_id: str) -> None:
        self.turn_id = turn_id
        self._items: list[Notification] = []
        self._usage: Notification | None = None
        self._error: Notification | None = None
        self._completed: Notification | None = None
        self._given_up = False

    @property
    def ended(self) -> bool:
        """Whether the turn is over, as far as anybody will ever hear."""
        return self._completed is not None or self._given_up

    @property
    def failing(self) -> bool:
        """Whether the runtime reported a final error; ``turn/completed`` follows at once, or never."""
        return self._error is not None and self._error.params.get("willRetry") is False

    def give_up(self) -> None:
        """Take a failing turn as failed: its ``turn/completed`` did not come."""
        self._given_up = True

    @property
    def interrupted(self) -> bool:
        """Whether the turn ended by an interrupt."""
        return self._completed is not None and self._raw_turn().get("status") == "interrupted"

    def add(self, notification: Notification) -> None:
        """Take one notification of this turn into account."""
        method = notification.method
        if method == "item/completed":
            self._items.append(notification)
        elif method == "thread/tokenUsage/updated":
            self._usage = notification
        elif method == "error":
            self._error = notification
        elif method == "turn/completed":
            self._completed = notification

    def result(self) -> TurnResult:
        """The result of the turn as far as it is known. ``status`` is ``in_progress`` before its end."""
        items = [_item(notification) for notification in self._items]
        turn = None if self._completed is None else self._completed.payload
        if isinstance(turn, m.TurnCompletedNotification):
            status, error = turn.turn.status, turn.turn.error
            started, completed, duration = turn.turn.started_at, turn.turn.completed_at, turn.turn.duration_ms
        else:
            raw = self._raw_turn()
            status = m.TurnStatus(str(raw.get("status") or ("failed" if self._given_up else "inProgress")))
            error = None
            started, completed, duration = (_integer(raw, key) for key in ("startedAt", "completedAt", "durationMs"))
        if error is None and status is m.TurnStatus.failed:
            error = self._last_error()
        usage = None if self._usage is None else self._usage.payload
        return TurnResult(
            id=self.turn_id,
            status=status,
            error=error,
            started_at=started,
            completed_at=completed,
            duration_ms=duration,
            final_response=_final_response(items),
            items=items,
            usage=usage.token_usage if isinstance(usage, m.ThreadTokenUsageUpdatedNotification) else None,
        )

    def outcome(self) -> TurnResult:
        """The result of a turn that ended.

        Raises:
            TurnFailedError: the turn ended as failed.
            CodexError: its end was not seen.
        """
        if not self.ended:
            raise CodexError(
                f"turn {self.turn_id} ended before this handle could follow it; thread.read(include_turns=True) has it"
            )
        result = self.result()
        if result.status is m.TurnStatus.failed:
            message = result.error.message if result.error is not None else "the runtime gave no reason"
            raise TurnFailedError(f"turn {self.turn_id} failed: {message}", result=result)
        return result

    def _raw_turn(self) -> dict[str, Any]:
        turn: Any = {} if self._completed is None else self._completed.params.get("turn")
        return cast("dict[str, Any]", turn) if isinstance(turn, dict) else {}

    def _last_error(self) -> m.TurnError | None:
        payload = None if self._error is None else self._error.payload
        return payload.error if isinstance(payload, m.ErrorNotification) else None


def _integer(raw: dict[str, Any], key: str) -> int | None:
    value = raw.get(key)
    return value if isinstance(value, int) else None


def _item(notification: Notification) -> m.ThreadItem:
    payload = notification.payload
    if isinstance(payload, m.ItemCompletedNotification):
        return payload.item
    raw = payload.params.get("item") if isinstance(payload, UnknownNotification) else None
    return m.UnrecognizedThreadItem.model_validate(raw)


def _final_response(items: list[m.ThreadItem]) -> str | None:
    fallback: str | None = None
    for item in reversed(items):
        if not isinstance(item, m.AgentMessageThreadItem):
            continue
        if item.phase is m.MessagePhase.final_answer:
            return item.text
        if item.phase is None and fallback is None:
            fallback = item.text
    return fallback
