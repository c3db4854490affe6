# @generated from _async/thread.py (same line numbers) by python -m codegen. Do not edit: run "make generate".
"""``Thread``: one conversation of a runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._inputs import RunInput, input_fields
from .._json import JsonObject
from .._policy import ApprovalMode, Sandbox, approval_fields, sandbox_fields_of_turn
from .._results import TurnResult
from .reader import TurnReader
from .turn import TurnHandle

if TYPE_CHECKING:
    from .._generated import models as m
    from .session import Session

__all__ = ["Thread"]


class Thread:
    """A handle to one thread of a runtime.

    Attributes:
        id: Thread id.
    """

    __slots__ = ("_session", "id")

    def __init__(self, session: Session, id: str) -> None:
        self._session = session
        self.id = id

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.id!r})"

    def read(self, *, include_turns: bool = False) -> m.ThreadReadResponse:
        """Read the thread as the runtime has stored it.

        Args:
            include_turns: With the turns and their items; only for a thread that has had a turn.

        Returns:
            The thread (schema ThreadReadResponse).

        Raises:
            ThreadNotFoundError: the runtime does not know the thread.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/read`` (stable). Source: schema ThreadReadParams.
        """
        fields = {"thread_id": self.id, "include_turns": include_turns}
        thread: m.ThreadReadResponse = self._session.call("thread/read", fields)
        return thread

    def set_name(self, name: str) -> m.ThreadSetNameResponse:
        """Give the thread a name.

        Args:
            name: The name; not empty.

        Raises:
            InvalidRequestError: the runtime refused the name, or does not know the thread.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/name/set`` (stable). Source: schema ThreadSetNameParams.
        """
        named: m.ThreadSetNameResponse = self._session.call(
            "thread/name/set", {"thread_id": self.id, "name": name}
        )
        return named

    def run(
        self,
        input: RunInput,
        *,
        approval_mode: ApprovalMode | None = None,
        cwd: str | None = None,
        effort: m.ReasoningEffort | None = None,
        model: str | None = None,
        output_schema: JsonObject | None = None,
        personality: m.Personality | None = None,
        sandbox: Sandbox | None = None,
        service_tier: str | None = None,
        source: str | None = None,
        summary: m.ReasoningSummary | None = None,
        turn_service_tier: str | None = None,
    ) -> TurnResult:
        """Start a turn and wait for its end. The arguments are those of ``turn``.

        Returns:
            The finished turn. An interrupted one returns as well, with that status.

        Raises:
            TurnFailedError: the turn failed; ``.result`` has what there is.
            ValueError, TypeError: an argument does not fit; nothing was sent.
            InvalidRequestError: the runtime refused the turn.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``turn/start`` (stable). Source: schema TurnStartParams.
        """
        turn = self.turn(
            input,
            approval_mode=approval_mode,
            cwd=cwd,
            effort=effort,
            model=model,
            output_schema=output_schema,
            personality=personality,
            sandbox=sandbox,
            service_tier=service_tier,
            source=source,
            summary=summary,
            turn_service_tier=turn_service_tier,
        )
        return turn.run()

    def turn(
        self,
        input: RunInput,
        *,
        approval_mode: ApprovalMode | None = None,
        cwd: str | None = None,
        effort: m.ReasoningEffort | None = None,
        model: str | None = None,
        output_schema: JsonObject | None = None,
        personality: m.Personality | None = None,
        sandbox: Sandbox | None = None,
        service_tier: str | None = None,
        source: str | None = None,
        summary: m.ReasoningSummary | None = None,
        turn_service_tier: str | None = None,
    ) -> TurnHandle:
        """Start a turn and return its handle without waiting for the model.

        If a regular turn is already running, the input joins it and the handle is that turn's. Events are kept from
        the moment the runtime accepts the turn, so none is lost before ``stream()``.

        Args:
            input: Text, one item, a list of items, or an ``ExternalMessage``. A string is one text item.
            approval_mode: Who decides about what the sandbox does not allow, from this turn on.
            cwd: Working directory, from this turn on.
            effort: Reasoning effort, from this turn on.
            model: Model name, from this turn on.
            output_schema: JSON schema for the final answer of this turn. Neither side checks the answer against it.
            personality: The model's manner, from this turn on.
            sandbox: What commands may write, from this turn on.
            service_tier: Service tier, from this turn on.
            source: What caused this turn.
            summary: Reasoning summary, from this turn on.
            turn_service_tier: Service tier of this turn alone.

        Returns:
            Handle with the turn's ``id``.

        Raises:
            ValueError, TypeError: an argument does not fit; nothing was sent.
            InvalidRequestError: the runtime refused the turn.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``turn/start`` (stable). Source: schema TurnStartParams.
        """
        from .._calls import without_none

        fields = without_none(
            {
                "thread_id": self.id,
                **input_fields(input),
                **approval_fields(approval_mode),
                **sandbox_fields_of_turn(sandbox),
                "cwd": cwd,
                "effort": effort,
                "model": model,
                "output_schema": output_schema,
                "personality": personality,
                "service_tier": service_tier,
                "turn_trigger": source,
                "summary": summary,
                "service_tier_for_turn": turn_service_tier,
            }
        )
        turn_id, mailbox = self._session.open_turn("turn/start", fields)
        return TurnHandle(TurnReader(self._session, self.id, turn_id, mailbox))
