# The synchronous twin of this file is derived line for line: run "make generate".
"""``AsyncThread``: one conversation of a runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from .._checks import check_seconds, without_none
from .._compat import Deadline
from .._core.requests import OpenedTurn
from .._engine import DEFAULT_TIMEOUT, DefaultTimeout
from .._generated import models as m
from .._inputs import RunInput, input_fields
from .._json import JsonObject
from .._policy import ApprovalMode, Sandbox, approval_fields, sandbox_fields_of_turn
from .._results import TurnResult
from ..errors import RequestTimeoutError
from .follower import AsyncTurnFollower
from .goal import AsyncGoal
from .pages import AsyncPager
from .turn import AsyncTurnHandle

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from .output import AsyncOutput
    from .session import AsyncSession

    ThreadInfo = m.ThreadStartResponse | m.ThreadResumeResponse | m.ThreadForkResponse | m.ThreadUnarchiveResponse

__all__ = ["AsyncThread"]

_T = TypeVar("_T")


class AsyncThread:
    """A handle to one thread of a runtime. Handles of the same thread and client are equal.

    Attributes:
        id: Thread id.

    The properties say how the thread was set up when this handle was made; turns may have changed it since. What the
    runtime did not tell is None.
    """

    __slots__ = ("_info", "_session", "id")

    def __init__(self, session: AsyncSession, id: str, info: ThreadInfo | None) -> None:
        self._session = session
        self.id = id
        self._info = info

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.id!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AsyncThread):
            return NotImplemented
        return self._session is other._session and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    # -- how it was set up --------------------------------------------------------------------------------------

    @property
    def info(self) -> ThreadInfo:
        """The runtime's whole answer when this handle was made.

        Schema ThreadStartResponse, ThreadResumeResponse, ThreadForkResponse or ThreadUnarchiveResponse.

        Raises:
            RuntimeError: the handle was made by ``thread()``, without asking.
        """
        if self._info is None:
            raise RuntimeError("this handle was made without asking the runtime; read() the thread, or resume it")
        return self._info

    @property
    def model(self) -> str | None:
        """Model name."""
        value: str | None = self._said("model")
        return value

    @property
    def model_provider(self) -> str | None:
        """Name of the model provider."""
        value: str | None = self._said("model_provider")
        return value

    @property
    def reasoning_effort(self) -> m.ReasoningEffort | None:
        """Reasoning effort; None where the model's own default applies."""
        value: m.ReasoningEffort | None = self._said("reasoning_effort")
        return value

    @property
    def service_tier(self) -> str | None:
        """Service tier; None where the default applies."""
        value: str | None = self._said("service_tier")
        return value

    @property
    def cwd(self) -> str | None:
        """Working directory of the thread's commands."""
        value: str | None = self._said("cwd")
        return value

    @property
    def sandbox(self) -> m.SandboxPolicy | None:
        """What commands may do (schema SandboxPolicy)."""
        value: m.SandboxPolicy | None = self._said("sandbox")
        return value

    @property
    def approval_policy(self) -> m.AskForApproval | None:
        """When somebody is asked for approval (schema AskForApproval)."""
        value: m.AskForApproval | None = self._said("approval_policy")
        return value

    @property
    def approvals_reviewer(self) -> m.ApprovalsReviewer | None:
        """Who is asked for approval (schema ApprovalsReviewer)."""
        value: m.ApprovalsReviewer | None = self._said("approvals_reviewer")
        return value

    def _said(self, name: str) -> Any:
        if self._info is None:
            return None
        return getattr(self._info, name, None) or getattr(self._info.thread, name, None)

    # -- turns --------------------------------------------------------------------------------------------------

    @overload
    async def run(
        self,
        input: RunInput,
        *,
        approval_mode: ApprovalMode | None = None,
        cwd: str | None = None,
        effort: m.ReasoningEffort | None = None,
        model: str | None = None,
        output_schema: JsonObject | None = None,
        output_type: None = None,
        output_retries: int = 1,
        personality: m.Personality | None = None,
        sandbox: Sandbox | m.SandboxPolicy | None = None,
        service_tier: str | None = None,
        source: str | None = None,
        summary: m.ReasoningSummary | None = None,
        turn_service_tier: str | None = None,
        timeout: float | None = None,
        idle_timeout: float | None = None,
    ) -> TurnResult: ...
    @overload
    async def run(
        self,
        input: RunInput,
        *,
        approval_mode: ApprovalMode | None = None,
        cwd: str | None = None,
        effort: m.ReasoningEffort | None = None,
        model: str | None = None,
        output_schema: JsonObject | None = None,
        output_type: type[_T] | TypeAdapter[_T],
        output_retries: int = 1,
        personality: m.Personality | None = None,
        sandbox: Sandbox | m.SandboxPolicy | None = None,
        service_tier: str | None = None,
        source: str | None = None,
        summary: m.ReasoningSummary | None = None,
        turn_service_tier: str | None = None,
        timeout: float | None = None,
        idle_timeout: float | None = None,
    ) -> TurnResult[_T]: ...
    @overload
    async def run(
        self,
        input: RunInput,
        *,
        approval_mode: ApprovalMode | None = None,
        cwd: str | None = None,
        effort: m.ReasoningEffort | None = None,
        model: str | None = None,
        output_schema: JsonObject | None = None,
        output_type: object,
        output_retries: int = 1,
        personality: m.Personality | None = None,
        sandbox: Sandbox | m.SandboxPolicy | None = None,
        service_tier: str | None = None,
        source: str | None = None,
        summary: m.ReasoningSummary | None = None,
        turn_service_tier: str | None = None,
        timeout: float | None = None,
        idle_timeout: float | None = None,
    ) -> TurnResult[Any]: ...
    async def run(
        self,
        input: RunInput,
        *,
        approval_mode: ApprovalMode | None = None,
        cwd: str | None = None,
        effort: m.ReasoningEffort | None = None,
        model: str | None = None,
        output_schema: JsonObject | None = None,
        output_type: Any = None,
        output_retries: int = 1,
        personality: m.Personality | None = None,
        sandbox: Sandbox | m.SandboxPolicy | None = None,
        service_tier: str | None = None,
        source: str | None = None,
        summary: m.ReasoningSummary | None = None,
        turn_service_tier: str | None = None,
        timeout: float | None = None,
        idle_timeout: float | None = None,
    ) -> TurnResult[Any]:
        """Start a turn and wait for its end. The arguments are those of ``turn``, but for the limits.

        Cancelling the task that waits, or Ctrl-C in synchronous code, interrupts the turn on the server first.

        Args:
            output_type: As for ``turn``.
            output_retries: How many further turns may ask again when the answer does not fit ``output_type``.
            timeout: Seconds that the turn may take, from this call on; then it is interrupted. Further turns are
                included. None for no limit.
            idle_timeout: Seconds without any event after which the client asks the runtime about the turn, and
                interrupts it if it is just silent; see ``TurnHandle.run``. None for no limit.

        Returns:
            The finished turn. An interrupted one returns as well, with that status, unless an ``output_type`` was
            asked for. With an ``output_type``, ``.output`` is the answer as a value of that type, and the result is
            that of the turn that gave it.

        Raises:
            TurnFailedError: the turn failed; ``.result`` has what there is, ``.codex_error_info`` the typed cause.
            OutputValidationError: no answer fits ``output_type``; ``.text``, ``.errors`` and ``.result`` are those of
                the last one.
            SchemaNotStrictError: ``output_type`` has no strict schema; nothing was sent.
            TurnTimeoutError: it took longer than ``timeout``; ``.result`` has what there is.
            TurnStalledError: it fell silent and had not ended; ``.result`` has what there is.
            ValueError, TypeError: an argument does not fit; nothing was sent.
            InvalidRequestError: the runtime refused the turn.
            RequestTimeoutError: the runtime did not accept the turn in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``turn/start`` (stable). Source: schema TurnStartParams.
        """
        deadline = Deadline(check_seconds("run: timeout", timeout))
        idle_timeout = check_seconds("run: idle_timeout", idle_timeout)
        output = self._output("run", output_type, output_schema, output_retries, turn_service_tier)
        limit = deadline.left(self._session.config.request_timeout)
        opened = await self._accept(
            input,
            approval_mode,
            sandbox,
            DEFAULT_TIMEOUT if timeout is None else limit,
            cwd=cwd,
            effort=effort,
            model=model,
            output_schema=output_schema if output is None else output.schema,
            personality=personality,
            service_tier=service_tier,
            service_tier_for_turn=turn_service_tier,
            summary=summary,
            turn_trigger=source,
        )
        follower = AsyncTurnFollower(self._session, opened.turn, opened.mailbox, owns=not opened.joined)
        result = await follower.finish(deadline, idle_timeout)
        return result if output is None else await output.complete(result, deadline, idle_timeout)

    @overload
    async def turn(
        self,
        input: RunInput,
        *,
        approval_mode: ApprovalMode | None = None,
        cwd: str | None = None,
        effort: m.ReasoningEffort | None = None,
        model: str | None = None,
        output_schema: JsonObject | None = None,
        output_type: None = None,
        output_retries: int = 1,
        personality: m.Personality | None = None,
        sandbox: Sandbox | m.SandboxPolicy | None = None,
        service_tier: str | None = None,
        source: str | None = None,
        summary: m.ReasoningSummary | None = None,
        turn_service_tier: str | None = None,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> AsyncTurnHandle: ...
    @overload
    async def turn(
        self,
        input: RunInput,
        *,
        approval_mode: ApprovalMode | None = None,
        cwd: str | None = None,
        effort: m.ReasoningEffort | None = None,
        model: str | None = None,
        output_schema: JsonObject | None = None,
        output_type: type[_T] | TypeAdapter[_T],
        output_retries: int = 1,
        personality: m.Personality | None = None,
        sandbox: Sandbox | m.SandboxPolicy | None = None,
        service_tier: str | None = None,
        source: str | None = None,
        summary: m.ReasoningSummary | None = None,
        turn_service_tier: str | None = None,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> AsyncTurnHandle[_T]: ...
    @overload
    async def turn(
        self,
        input: RunInput,
        *,
        approval_mode: ApprovalMode | None = None,
        cwd: str | None = None,
        effort: m.ReasoningEffort | None = None,
        model: str | None = None,
        output_schema: JsonObject | None = None,
        output_type: object,
        output_retries: int = 1,
        personality: m.Personality | None = None,
        sandbox: Sandbox | m.SandboxPolicy | None = None,
        service_tier: str | None = None,
        source: str | None = None,
        summary: m.ReasoningSummary | None = None,
        turn_service_tier: str | None = None,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> AsyncTurnHandle[Any]: ...
    async def turn(
        self,
        input: RunInput,
        *,
        approval_mode: ApprovalMode | None = None,
        cwd: str | None = None,
        effort: m.ReasoningEffort | None = None,
        model: str | None = None,
        output_schema: JsonObject | None = None,
        output_type: Any = None,
        output_retries: int = 1,
        personality: m.Personality | None = None,
        sandbox: Sandbox | m.SandboxPolicy | None = None,
        service_tier: str | None = None,
        source: str | None = None,
        summary: m.ReasoningSummary | None = None,
        turn_service_tier: str | None = None,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> AsyncTurnHandle[Any]:
        """Start a turn and return its handle without waiting for the model.

        If a regular turn is already running, the input joins it and the handle is that turn's (``joined``). Events are
        kept from the moment the runtime accepts the turn, so none is lost before ``stream()``.

        Args:
            input: Text, one item, a list of items, or an ``ExternalMessage``. A string is one text item.
            approval_mode: Who decides about what the sandbox does not allow, from this turn on.
            cwd: Working directory, from this turn on.
            effort: Reasoning effort, from this turn on.
            model: Model name, from this turn on.
            output_schema: JSON schema for the final answer of this turn. Neither side checks the answer against it.
            output_type: What the final answer of this turn is to be: a pydantic model, a dataclass, a ``TypedDict``,
                any other type that ``pydantic.TypeAdapter`` takes, or such an adapter. The model gets its strict JSON
                schema; ``run()`` validates the answer and returns it as ``.output``.
            output_retries: How many further turns ``run()`` may start to ask again when the answer does not fit.
            personality: The model's manner, from this turn on.
            sandbox: What commands may do, from this turn on: a preset, or a policy such as
                ``WorkspaceWriteSandboxPolicy(network_access=True)``. A preset sets nothing else, so configured
                network access ends with it. Directories that the thread's configuration lets it write stay writable.
            service_tier: Service tier, from this turn on; ignored when the input joins a running turn.
            source: What caused this turn; ignored when the input joins a running turn.
            summary: Reasoning summary, from this turn on.
            turn_service_tier: Service tier of this turn alone; ignored when the input joins a running turn.
            timeout: Seconds to wait for the acceptance, not for the turn; None for no limit. A turn that is accepted
                later is interrupted.

        Returns:
            Handle with the turn's ``id``.

        Raises:
            ValueError, TypeError: an argument does not fit; nothing was sent.
            SchemaNotStrictError: ``output_type`` has no strict schema; nothing was sent.
            ThreadNotFoundError: the runtime does not know the thread, or it is archived.
            InvalidRequestError: the runtime refused the turn.
            InternalRpcError: the thread is busy with something that takes no input, as a review does.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``turn/start`` (stable). Source: schema TurnStartParams.
        """
        output = self._output("turn", output_type, output_schema, output_retries, turn_service_tier)
        opened = await self._accept(
            input,
            approval_mode,
            sandbox,
            timeout,
            cwd=cwd,
            effort=effort,
            model=model,
            output_schema=output_schema if output is None else output.schema,
            personality=personality,
            service_tier=service_tier,
            service_tier_for_turn=turn_service_tier,
            summary=summary,
            turn_trigger=source,
        )
        return AsyncTurnHandle(self._session, opened, output=output)

    def _output(
        self, call: str, output_type: Any, schema: JsonObject | None, retries: int, turn_service_tier: str | None
    ) -> AsyncOutput[Any] | None:
        """What a turn is asked for, if that is a value of some type."""
        if output_type is None:
            return None
        if schema is not None:
            raise ValueError(f"{call}: output_type and output_schema both say what the answer is to be; leave one out")
        if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"{call}: output_retries is {retries!r}; it takes 0 or more")
        from .output import AsyncOutput

        again = without_none({"thread_id": self.id, "service_tier_for_turn": turn_service_tier})
        return AsyncOutput(self._session, output_type, retries, again)

    async def _accept(
        self,
        input: RunInput,
        approval_mode: ApprovalMode | None,
        sandbox: Sandbox | m.SandboxPolicy | None,
        timeout: float | DefaultTimeout | None,
        **fields: Any,
    ) -> OpenedTurn:
        """Start a turn, or add to the running one."""
        given = {
            "thread_id": self.id,
            **input_fields(input),
            **approval_fields(approval_mode),
            **sandbox_fields_of_turn(sandbox),
            **without_none(fields),
        }
        return await self._session.open_turn("turn/start", given, timeout)

    async def review(
        self, target: m.ReviewTarget, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> AsyncTurnHandle:
        """Start a review of changes as a turn of this thread.

        The review's text is the ``final_response`` of its result. It can be interrupted, but not steered. If the
        runtime cannot start it (no git repository, for example), ``run()`` raises `TurnFailedError`. A turn that is
        running is interrupted by the runtime.

        Args:
            target: What to review: ``UncommittedChangesReviewTarget()``, ``BaseBranchReviewTarget(branch=...)``,
                ``CommitReviewTarget(sha=...)`` or ``CustomReviewTarget(instructions=...)``.
            timeout: Seconds to wait for the acceptance; None for no limit.

        Raises:
            InvalidRequestError: the runtime refused it.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``review/start`` (stable). Source: schema ReviewStartParams.
        """
        fields = {"thread_id": self.id, "target": target}
        return AsyncTurnHandle(self._session, await self._session.open_turn("review/start", fields, timeout))

    async def shell_command(
        self, command: str, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> AsyncTurnHandle:
        """Run a command of the user's in the thread, so that the model knows of it. It runs **without a sandbox**.

        Args:
            command: Command line for the user's shell.
            timeout: Seconds to wait for its start; None for no limit.

        Returns:
            The turn that it runs in: its own, or the one that is already running (``joined``). The result's items hold
            the command with ``aggregated_output`` and ``exit_code`` (schema CommandExecutionThreadItem), unless it has
            joined a turn that ends before it does.

        Raises:
            InvalidRequestError: the runtime refused it.
            RequestTimeoutError: it was not started in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/shellCommand`` (stable). Source: schema ThreadShellCommandParams.
        """
        engine = self._session.engine
        deadline = self._session.deadline("shell_command", timeout)
        await self._session.ensure_started()
        # The start of a command does not say whose it is.
        async with self._session.locks.hold("thread/shellCommand", self.id, deadline.left()):
            mailbox = engine.watch(["item/started"], self.id)
            running = engine.running_turns(self.id)
            try:
                fields = {"thread_id": self.id, "command": command}
                await self._session.call("thread/shellCommand", fields, deadline.left())
                while await engine.receive(mailbox, timeout=deadline.left()):
                    started = mailbox.items.popleft().payload
                    if isinstance(started, m.ItemStartedNotification) and _is_users_command(started.item):
                        turn, events = engine.open_turn(started.turn_id, self.id)
                        joined = turn.id in running
                        turn.requested = turn.requested or not joined
                        return AsyncTurnHandle(self._session, OpenedTurn(turn, events, joined))
            finally:
                engine.leave(mailbox)
        raise RequestTimeoutError("thread/shellCommand: the command was accepted, but its start was not seen in time")

    @property
    def goal(self) -> AsyncGoal:
        """What the thread works towards by itself: set, get, pause and clear it, or run it to its end."""
        return AsyncGoal(self._session, self.id)

    # -- what is stored -----------------------------------------------------------------------------------------

    async def read(
        self, *, include_turns: bool = False, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> m.ThreadReadResponse:
        """Read the thread as the runtime has stored it.

        Args:
            include_turns: With the turns and their items; only for a thread that has had a turn. The runtime prefers
                ``turns()`` and ``items()``, which read page by page, and says so in a ``deprecationNotice``.
            timeout: Seconds to wait for the answer; None for no limit.

        Returns:
            The thread (schema ThreadReadResponse).

        Raises:
            ThreadNotFoundError: the runtime does not know the thread.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/read`` (stable). Source: schema ThreadReadParams.
        """
        fields = {"thread_id": self.id, "include_turns": include_turns}
        thread: m.ThreadReadResponse = await self._session.call("thread/read", fields, timeout)
        return thread

    def turns(
        self,
        *,
        cursor: str | None = None,
        items_view: m.TurnItemsView | None = None,
        limit: int | None = None,
        sort_direction: m.SortDirection | None = None,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> AsyncPager[m.Turn]:
        """Return an iterator over the stored turns (schema Turn), page by page; the newest first by default.

        Args:
            cursor: Where to begin, from an earlier answer.
            items_view: How many of a turn's items to include; by default the first user message and the answer.
            limit: Size of a page, not of the whole.
            sort_direction: ``asc`` for the oldest first.
            timeout: Seconds to wait for each page; None for no limit.

        Raises:
            JsonRpcError: while iterating: the thread keeps no history, because it is ephemeral for example.

        Wire: ``thread/turns/list`` (stable). Source: schema ThreadTurnsListParams.
        """
        fields = {"cursor": cursor, "items_view": items_view, "limit": limit, "sort_direction": sort_direction}
        return AsyncPager(self._session, "thread/turns/list", {"thread_id": self.id, **without_none(fields)}, timeout)

    def items(
        self,
        *,
        cursor: str | None = None,
        limit: int | None = None,
        sort_direction: m.SortDirection | None = None,
        turn_id: str | None = None,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> AsyncPager[m.ThreadItemEntry]:
        """Return an iterator over the stored items with their turn ids (schema ThreadItemEntry), page by page.

        Args:
            cursor: Where to begin, from an earlier answer.
            limit: Size of a page, not of the whole.
            sort_direction: ``desc`` for the newest first.
            turn_id: Only the items of this turn.
            timeout: Seconds to wait for each page; None for no limit.

        Raises:
            JsonRpcError: while iterating: the thread keeps no history, because it is ephemeral for example.

        Wire: ``thread/items/list`` (stable). Source: schema ThreadItemsListParams.
        """
        fields = {"cursor": cursor, "limit": limit, "sort_direction": sort_direction, "turn_id": turn_id}
        return AsyncPager(self._session, "thread/items/list", {"thread_id": self.id, **without_none(fields)}, timeout)

    async def set_name(
        self, name: str, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> m.ThreadSetNameResponse:
        """Give the thread a name.

        Args:
            name: The name; not empty.
            timeout: Seconds to wait for the answer; None for no limit.

        Raises:
            InvalidRequestError: the runtime refused the name, or does not know the thread.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/name/set`` (stable). Source: schema ThreadSetNameParams.
        """
        fields = {"thread_id": self.id, "name": name}
        named: m.ThreadSetNameResponse = await self._session.call("thread/name/set", fields, timeout)
        return named

    async def compact(
        self, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> m.ThreadCompactStartResponse:
        """Start summarising the thread's context, which makes room for more. It is a turn of its own.

        Args:
            timeout: Seconds to wait for the acceptance, not for the end; None for no limit.

        Raises:
            ThreadNotFoundError: the runtime does not know the thread.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/compact/start`` (stable). Source: schema ThreadCompactStartParams.
        """
        compacting: m.ThreadCompactStartResponse = await self._session.call(
            "thread/compact/start", {"thread_id": self.id}, timeout
        )
        return compacting

    async def inject(
        self, items: Sequence[JsonObject], *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> m.ThreadInjectItemsResponse:
        """Add items to the model's context without a turn.

        Args:
            items: Items of the Responses API, for example
                ``{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "..."}]}``.
            timeout: Seconds to wait for the answer; None for no limit.

        Raises:
            InvalidRequestError: an item is none of the Responses API's, or the runtime does not know the thread.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/inject_items`` (stable). Source: schema ThreadInjectItemsParams.
        """
        fields = {"thread_id": self.id, "items": [*items]}
        injected: m.ThreadInjectItemsResponse = await self._session.call("thread/inject_items", fields, timeout)
        return injected

    async def revert(
        self, before_turn_id: str, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> m.ThreadRevertResponse:
        """Take back a turn and all that followed it. Files that were changed stay as they are.

        Args:
            before_turn_id: The first turn to take back.
            timeout: Seconds to wait for the answer; None for no limit.

        Raises:
            InvalidRequestError: there is no such turn, or the thread is busy.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/revert`` (stable). Source: schema ThreadRevertParams.
        """
        fields = {"thread_id": self.id, "before_turn_id": before_turn_id}
        reverted: m.ThreadRevertResponse = await self._session.call("thread/revert", fields, timeout)
        return reverted

    async def delete(self, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT) -> m.ThreadDeleteResponse:
        """Delete the thread and what is stored of it, for good.

        Args:
            timeout: Seconds to wait for the answer; None for no limit.

        Raises:
            ThreadNotFoundError: the runtime has nothing stored of the thread.
            InvalidRequestError: the runtime refused, because a fork of the thread still needs it for example.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/delete`` (stable). Source: schema ThreadDeleteParams.
        """
        deleted: m.ThreadDeleteResponse = await self._session.call("thread/delete", {"thread_id": self.id}, timeout)
        self._session.engine.dispatcher.set_sources(self.id, {})
        return deleted


def _is_users_command(item: m.ThreadItem) -> bool:
    return isinstance(item, m.CommandExecutionThreadItem) and item.source is m.CommandExecutionSource.user_shell
