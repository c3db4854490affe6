"""What a turn leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._generated import models as m

__all__ = ["TurnResult"]


@dataclass(slots=True)
class TurnResult:
    """A finished turn.

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
