"""What a turn leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, cast

from typing_extensions import TypeVar

from ._generated import models as m

__all__ = ["TurnResult"]

_Output = TypeVar("_Output", default=None)


@dataclass(slots=True)
class TurnResult(Generic[_Output]):
    """A finished turn, or what is known of one that did not finish.

    Results are equal when the fields from ``id`` to ``usage`` are.

    Attributes:
        id: Turn id.
        status: How it ended (schema TurnStatus).
        error: Why it failed (schema TurnError), or None.
        started_at: Unix seconds, if known.
        completed_at: Unix seconds, if known.
        duration_ms: Milliseconds from start to end, if known.
        final_response: The model's final answer: the newest agent message with phase ``final_answer``, else the
            newest without a phase, else None.
        items: Every completed item, in order (schema ThreadItem).
        usage: Token usage as last reported (schema ThreadTokenUsage): ``total`` is the thread's, ``last`` that of the
            latest model call.
        usage_delta: Tokens of this turn alone (schema TokenUsageBreakdown), or None where the reports do not tell.
        model: Name of the model that answered, where it is known.
        plan: The latest plan that the model reported in this turn (schema TurnPlanStep), or None.
        diff: Unified diff of all changes of this turn to files, or None.
        partial_text: Text of the message that was being written when the turn ended early, or None.
        output: The final answer as a value of the ``output_type`` that was asked for; None where none was.
    """

    id: str
    status: m.TurnStatus
    error: m.TurnError | None
    started_at: int | None
    completed_at: int | None
    duration_ms: int | None
    final_response: str | None
    items: list[m.ThreadItem]
    usage: m.ThreadTokenUsage | None
    usage_delta: m.TokenUsageBreakdown | None = field(default=None, kw_only=True, compare=False)
    model: str | None = field(default=None, kw_only=True, compare=False)
    plan: list[m.TurnPlanStep] | None = field(default=None, kw_only=True, compare=False)
    diff: str | None = field(default=None, kw_only=True, compare=False)
    partial_text: str | None = field(default=None, kw_only=True, compare=False)
    output: _Output = field(default=cast(Any, None), kw_only=True, compare=False)

    @property
    def output_text(self) -> str | None:
        """The same as ``final_response``."""
        return self.final_response
