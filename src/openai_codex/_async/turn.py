# The synchronous twin of this file is derived line for line: run "make generate".
"""``AsyncTurnHandle``: one turn of a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, cast

from typing_extensions import TypeVar

from .._checks import check_seconds
from .._compat import Deadline
from .._engine import DEFAULT_TIMEOUT, DefaultTimeout
from .._generated import models as m
from .._inputs import Input, user_input
from .._results import TurnResult
from ..errors import TurnNotActiveError
from .follower import AsyncLimit, AsyncTurnFollower
from .interrupt import interrupt_turn
from .stream import AsyncTextStream, AsyncTurnStream

if TYPE_CHECKING:
    from .._core.requests import OpenedTurn
    from .output import AsyncOutput
    from .session import AsyncSession

__all__ = ["AsyncTurnHandle"]

_Output = TypeVar("_Output", default=None)


class AsyncTurnHandle(Generic[_Output]):
    """A turn that was accepted by the runtime. Handles of the same turn and client are equal.

    Attributes:
        thread_id: The thread that the turn belongs to.
        id: Turn id.
        joined: The input was added to a turn that was already running. Such a handle never interrupts the turn by
            itself, because the turn is not its own.
    """

    __slots__ = ("_limit", "_output", "_session", "_turn", "_unread", "id", "joined", "thread_id")

    def __init__(
        self,
        session: AsyncSession,
        opened: OpenedTurn,
        limit: AsyncLimit | None = None,
        *,
        output: AsyncOutput[_Output] | None = None,
    ) -> None:
        self._session = session
        self._output = output
        self._limit = limit
        self._turn = opened.turn
        self.thread_id = opened.turn.thread_id
        self.id = opened.turn.id
        self.joined = opened.joined
        # Holds the events since the acceptance, until somebody takes them.
        self._unread = [AsyncTurnFollower(session, opened.turn, opened.mailbox, owns=not opened.joined, limit=limit)]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(thread_id={self.thread_id!r}, id={self.id!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AsyncTurnHandle):
            return NotImplemented
        return self._session is other._session and (self.thread_id, self.id) == (other.thread_id, other.id)

    def __hash__(self) -> int:
        return hash(self.id)

    def stream(self, *, idle_timeout: float | None = None) -> AsyncTurnStream:
        """Return an iterator over the turn's events, from the first one to ``turn/completed``.

        Breaking out of a plain loop leaves the turn running, and ``run()`` can still wait for its result. In a ``with``
        statement, leaving early interrupts the turn. A second stream gets the events from the moment it was made; so
        does the first one, if ``run()`` was called before it.

        Args:
            idle_timeout: Seconds without any event after which the client asks the runtime about the turn. If it has
                ended, the iteration ends. If it waits for a decision of the client's, the iteration goes on. Otherwise
                the turn is interrupted and `TurnStalledError` raised. None waits as long as the thread works.

        Returns:
            Iterator over `Notification` objects; iterating tells what it raises.

        Raises:
            ValueError, TypeError: ``idle_timeout`` is no time to wait.

        Wire: the turn's notifications, ``turn/started`` to ``turn/completed``. Source: schema ServerNotification.
        """
        return AsyncTurnStream(self._take(), check_seconds("stream: idle_timeout", idle_timeout))

    def stream_text(self, *, idle_timeout: float | None = None) -> AsyncTextStream:
        """Return an iterator over the text that the model writes, piece by piece.

        Args:
            idle_timeout: As for ``stream``.

        Returns:
            Iterator over strings; iterating raises what it does for ``stream``.

        Raises:
            ValueError, TypeError: ``idle_timeout`` is no time to wait.

        Wire: notifications ``item/agentMessage/delta`` and ``item/completed`` (stable). Source: schema
        AgentMessageDeltaNotification.
        """
        return AsyncTextStream(self.stream(idle_timeout=idle_timeout))

    async def run(self, *, timeout: float | None = None, idle_timeout: float | None = None) -> TurnResult[_Output]:
        """Wait for the end of the turn. Others may run or stream it at the same time; all get the same result.

        Cancelling the task that waits, or Ctrl-C in synchronous code, interrupts the turn on the server first.

        Args:
            timeout: Seconds that the turn may take from now on, with further ones that ask again for an
                ``output_type``; then it is interrupted. None for no limit.
            idle_timeout: Seconds without any event after which the client asks the runtime about the turn: one that has
                ended is finished from the thread's history, one that waits for a decision of the client's goes on
                waiting, any other is interrupted. None for no limit.

        Returns:
            The finished turn, also after its events were streamed. An interrupted one returns as well, unless an
            ``output_type`` was asked for. With an ``output_type``, ``.output`` is the answer as a value of that type,
            and the result is that of the turn that gave it.

        Raises:
            TurnFailedError: the turn failed; ``.result`` has what there is, ``.codex_error_info`` the typed cause.
            OutputValidationError: no answer fits the ``output_type``; ``.text``, ``.errors`` and ``.result`` are of the
                last one.
            TurnTimeoutError: it took longer than ``timeout``; ``.result`` has what there is.
            TurnStalledError: it fell silent and had not ended; ``.result`` has what there is.
            RequestTimeoutError: the runtime did not accept a further turn in time.
            ValueError, TypeError: a limit is no time to wait.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: notification ``turn/completed`` (stable); where it does not come, ``thread/turns/list`` and
        ``thread/read``. Source: schema Turn.
        """
        deadline = Deadline(check_seconds("run: timeout", timeout))
        idle_timeout = check_seconds("run: idle_timeout", idle_timeout)
        result: Any = await self._take().finish(deadline, idle_timeout)
        if self._output is None:
            return cast("TurnResult[_Output]", result)
        return await self._output.complete(result, deadline, idle_timeout)

    async def steer(
        self, input: Input | str, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> m.TurnSteerResponse:
        """Give the running turn more input.

        Args:
            input: Text, one item, or a list of items; not empty.
            timeout: Seconds to wait for the answer; None for no limit.

        Returns:
            The id of the turn that took the input (schema TurnSteerResponse).

        Raises:
            TurnNotActiveError: the turn is not the running one (any more).
            TurnNotSteerableError: the running turn takes no input, as a review does.
            TypeError: an item is of no input class.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``turn/steer`` (stable). Source: schema TurnSteerParams.
        """
        fields = {"thread_id": self.thread_id, "expected_turn_id": self.id, "input": user_input(input)}
        steered: m.TurnSteerResponse = await self._session.call("turn/steer", fields, timeout)
        return steered

    async def interrupt(
        self, *, clean_terminals: bool = False, timeout: float | None = 10.0
    ) -> m.TurnInterruptResponse:
        """Stop the turn, and return when the runtime has stopped it. A second call does nothing.

        It may be called at once after the turn was accepted. A turn that ends by itself at this very moment may end as
        completed all the same: ``run()`` says how it ended.

        Args:
            clean_terminals: Also end the commands that the thread has in the background; an interrupted turn leaves
                the command running that it had started. This needs the experimental API.
            timeout: Seconds that it may take, all attempts included; None for a minute.

        Raises:
            TurnNotActiveError: the turn has ended by itself. Commands in the background were ended all the same.
            RequestTimeoutError: the runtime did not answer in time, or the turn did not begin.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``turn/interrupt`` (stable), ``thread/backgroundTerminals/clean`` (experimental). Source: schema
        TurnInterruptParams.
        """
        clean = "thread/backgroundTerminals/clean"
        if clean_terminals:
            self._session.require_experimental(clean)
        try:
            await interrupt_turn(self._session, self._turn, check_seconds("interrupt: timeout", timeout))
        except TurnNotActiveError:
            if clean_terminals:
                await self._session.call(clean, {"thread_id": self.thread_id})
            raise
        if clean_terminals:
            await self._session.call(clean, {"thread_id": self.thread_id})
        return m.TurnInterruptResponse()

    def _take(self) -> AsyncTurnFollower:
        """The events from the beginning, for whoever comes first; from now on for all others."""
        try:
            return self._unread.pop()
        except IndexError:
            mailbox = self._session.engine.follow(self._turn)
            return AsyncTurnFollower(self._session, self._turn, mailbox, owns=not self.joined, limit=self._limit)
