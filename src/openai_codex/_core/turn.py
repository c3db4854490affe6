"""What the notifications of one turn add up to.

The connection folds each notification that matters when it arrives, so the result does not depend on who reads the
events, or whether anybody does. Items come from ``item/completed`` (``turn/completed`` carries just a summary), and
final text from items, never from deltas: after a retry the runtime sends deltas again, so partial text is forgotten
then. Folding looks at raw parameters and cannot raise, whatever they hold; models are built when a result is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

from .._generated import models as m
from .._json import member
from .._results import TurnResult
from .._unknown import UnknownNotification
from ..errors import CodexError, TurnFailedError
from .notification import Notification
from .pieces import ENOUGH, pack, text_of

__all__ = ["TurnFold"]


class TurnFold:
    """The state of one turn, from its notifications.

    Attributes:
        turn_id: Turn id.
        model: The model of the thread when the turn began, or the one it was rerouted to, if that is known.
        usage_before: The thread's token totals before the turn as raw JSON, if they are known.
        leftover: Error of the thread's turn before, if that one never ended. Some runtimes then report it as the error
            of this turn, too, although this turn was done.
        started_id: The id that ``turn/started`` gave the turn; a review has another there, which interrupts take.
        begun: Whether anything of the turn was seen.
    """

    __slots__ = (
        "_completed",
        "_diff",
        "_error",
        "_first_usage",
        "_full",
        "_given_up",
        "_history",
        "_items",
        "_partial",
        "_plan",
        "_result",
        "_usage",
        "begun",
        "leftover",
        "model",
        "started_id",
        "turn_id",
        "usage_before",
    )

    def __init__(
        self,
        turn_id: str,
        *,
        usage_before: Mapping[str, Any] | None = None,
        model: str | None = None,
        leftover: Any = None,
    ) -> None:
        self.turn_id = turn_id
        self.usage_before = usage_before
        self.leftover = leftover
        self.model = model
        self.started_id: str | None = None
        self.begun = False
        self._items: list[Notification] = []
        self._partial: list[Any] = []  # deltas, of whatever type: this is the hottest of all
        self._full = ENOUGH  # how long it may be before something is done about it
        self._first_usage: Notification | None = None
        self._usage: Notification | None = None
        self._plan: Notification | None = None
        self._diff: Notification | None = None
        self._error: Notification | None = None
        self._completed: Notification | None = None
        self._history: tuple[m.Turn, list[m.ThreadItem] | None] | None = None
        self._given_up = False
        self._result: TurnResult | None = None

    # -- state ------------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """Whether the turn is over, as far as anybody will ever hear."""
        return self._completed is not None or self._given_up or self._history is not None

    @property
    def failing(self) -> bool:
        """Whether the runtime reported a final error; ``turn/completed`` follows at once, or never."""
        return self._error is not None and self._error.params.get("willRetry") is False

    @property
    def final_error(self) -> Any:
        """The error that the runtime reported as final, as raw JSON; None where there was none."""
        return self._error.params.get("error") if self._error is not None and self.failing else None

    @property
    def interrupted(self) -> bool:
        """Whether the turn ended by an interrupt."""
        if self._history is not None:
            return self._history[0].status is m.TurnStatus.interrupted
        return self._completed is not None and member(self._completed.params.get("turn"), "status") == "interrupted"

    def give_up(self) -> None:
        """Take a failing turn as failed: its ``turn/completed`` did not come."""
        self._given_up = True

    def finish(self, turn: m.Turn, items: list[m.ThreadItem] | None) -> None:
        """Take the turn as ended in the way that the thread's history tells; None for what events told of items."""
        self._history = turn, items

    # -- folding ----------------------------------------------------------------------------------

    def add(self, notification: Notification) -> None:
        """Take one notification of this turn into account."""
        fold = self.FOLDS.get(notification.method)
        if fold is not None:
            fold(self, notification, notification.params)

    def _add_started(self, notification: Notification, params: Mapping[str, Any]) -> None:
        self.begun = True
        started_id = member(params.get("turn"), "id")
        if isinstance(started_id, str):
            self.started_id = started_id

    def _add_item_started(self, notification: Notification, params: Mapping[str, Any]) -> None:
        self.begun = True
        if member(params.get("item"), "type") == "agentMessage":
            self._forget_partial()

    def _add_delta(self, notification: Notification, params: Mapping[str, Any]) -> None:
        partial = self._partial
        partial.append(params.get("delta"))
        if len(partial) >= self._full:
            self._full = pack(partial, self._full)

    def _forget_partial(self) -> None:
        self._partial.clear()
        self._full = ENOUGH

    def _add_item(self, notification: Notification, params: Mapping[str, Any]) -> None:
        self._items.append(notification)
        if member(params.get("item"), "type") == "agentMessage":
            self._forget_partial()

    def _add_usage(self, notification: Notification, params: Mapping[str, Any]) -> None:
        self._usage = notification
        if self._first_usage is None:
            self._first_usage = notification

    def _add_error(self, notification: Notification, params: Mapping[str, Any]) -> None:
        self._error = notification
        if params.get("willRetry") is True:
            self._forget_partial()

    def _add_plan(self, notification: Notification, params: Mapping[str, Any]) -> None:
        self._plan = notification

    def _add_diff(self, notification: Notification, params: Mapping[str, Any]) -> None:
        self._diff = notification

    def _add_rerouted(self, notification: Notification, params: Mapping[str, Any]) -> None:
        model = params.get("toModel")
        if isinstance(model, str):
            self.model = model

    def _add_completed(self, notification: Notification, params: Mapping[str, Any]) -> None:
        self._completed = notification

    FOLDS: ClassVar[Mapping[str, Callable[[Any, Notification, Mapping[str, Any]], None]]] = {
        "turn/started": _add_started,
        "item/started": _add_item_started,
        "item/agentMessage/delta": _add_delta,
        "item/completed": _add_item,
        "thread/tokenUsage/updated": _add_usage,
        "error": _add_error,
        "turn/plan/updated": _add_plan,
        "turn/diff/updated": _add_diff,
        "model/rerouted": _add_rerouted,
        "turn/completed": _add_completed,
    }
    """Method to what it does to a fold, given the notification and its raw parameters; no other changes a result."""

    # -- results ----------------------------------------------------------------------------------

    def result(self) -> TurnResult:
        """The result of the turn as far as it is known. ``status`` is ``in_progress`` before its end."""
        if not self.ended:
            return self._make_result()
        if self._result is None:  # two threads may both make it; they get equal results
            self._result = self._make_result()
        return self._result

    def outcome(self) -> TurnResult:
        """The result of a turn that ended.

        Raises:
            TurnFailedError: the turn ended as failed.
            CodexError: its end was not seen.
        """
        if not self.ended:
            raise CodexError(
                f"turn {self.turn_id} ended before this handle could follow it, and the thread's history does not "
                "have it; thread.turns() has what is stored"
            )
        result = self.result()
        if result.status is m.TurnStatus.failed:
            message = result.error.message if result.error is not None else "the runtime gave no reason"
            raise TurnFailedError(f"turn {self.turn_id} failed: {message}", result=result)
        return result

    def _make_result(self) -> TurnResult:
        stored = None if self._history is None else self._history[1]
        items = [_item(notification) for notification in [*self._items]] if stored is None else stored
        turn, usage = self._end(), _payload(self._usage, m.ThreadTokenUsageUpdatedNotification)
        plan, diff = _payload(self._plan, m.TurnPlanUpdatedNotification), self._diff
        if turn is not None:
            status, error = turn.status, turn.error
            started, completed, duration = turn.started_at, turn.completed_at, turn.duration_ms
        else:
            raw: Any = None if self._completed is None else self._completed.params.get("turn")
            unsaid = "failed" if self._given_up else "inProgress"
            status, error = m.TurnStatus(str(member(raw, "status") or unsaid)), None
            started, completed, duration = (_integer(raw, key) for key in ("startedAt", "completedAt", "durationMs"))
        if status is m.TurnStatus.failed and self._is_leftover():
            status, error = m.TurnStatus.completed, None
        if error is None and status is m.TurnStatus.failed:
            last = _payload(self._error, m.ErrorNotification)
            error = None if last is None else last.error
        return TurnResult(
            id=self.turn_id,
            status=status,
            error=error,
            started_at=started,
            completed_at=completed,
            duration_ms=duration,
            final_response=_final_response(items),
            items=items,
            usage=None if usage is None else usage.token_usage,
            usage_delta=self._usage_delta(),
            model=self.model,
            plan=None if plan is None else plan.plan,
            diff=str(diff.params.get("diff")) if diff is not None else None,
            partial_text=None if status is m.TurnStatus.completed else self._partial_text(),
        )

    def _partial_text(self) -> str | None:
        return text_of(self._partial) or None

    def _is_leftover(self) -> bool:
        """Whether the turn ended with the error of the turn before, and with none of its own."""
        raw: Any = None if self._completed is None else self._completed.params.get("turn")
        return self.leftover is not None and self._error is None and member(raw, "error") == self.leftover

    def _end(self) -> m.Turn | None:
        """The ended turn as a model: as history has it, else as ``turn/completed`` says, if that can be read."""
        if self._history is not None:
            return self._history[0]
        completed = _payload(self._completed, m.TurnCompletedNotification)
        return None if completed is None else completed.turn

    def _usage_delta(self) -> m.TokenUsageBreakdown | None:
        if self._usage is None or self._first_usage is None:
            return None
        total, before = _usage(self._usage, "total"), self.usage_before
        if before is None:  # the thread was not seen before this turn: take the first call off its first report
            first, call = _usage(self._first_usage, "total"), _usage(self._first_usage, "last")
            before = {key: value - call.get(key, 0) for key, value in first.items()}
        delta = {key: value - (_integer(before, key) or 0) for key, value in total.items()}
        if min(delta.values(), default=0) < 0:  # the runtime sets the totals anew when the context is full
            return None
        try:
            return m.TokenUsageBreakdown.model_validate(delta)
        except ValueError:
            return None


def _integer(value: Any, name: str) -> int | None:
    found = member(value, name)
    return found if isinstance(found, int) else None


def _usage(notification: Notification, which: str) -> dict[str, int]:
    """The whole numbers of one breakdown."""
    raw: Any = member(notification.params.get("tokenUsage"), which)
    members = cast("dict[str, Any]", raw) if isinstance(raw, dict) else {}
    return {key: value for key, value in members.items() if isinstance(value, int)}


def _payload(notification: Notification | None, model: type[Any]) -> Any:
    """The payload, if there is one and it could be read."""
    payload = None if notification is None else notification.payload
    return payload if isinstance(payload, model) else None


def _item(notification: Notification) -> m.ThreadItem:
    payload = notification.payload
    if isinstance(payload, m.ItemCompletedNotification):
        return payload.item
    raw = payload.params.get("item") if isinstance(payload, UnknownNotification) else None
    return m.UnrecognizedThreadItem.model_validate(raw)


def _final_response(items: Sequence[m.ThreadItem]) -> str | None:
    fallback: str | None = None
    for item in reversed(items):
        if not isinstance(item, m.AgentMessageThreadItem):
            continue
        if item.phase is m.MessagePhase.final_answer:
            return item.text
        if item.phase is None and fallback is None:
            fallback = item.text
    return fallback
