# The synchronous twin of this file is derived line for line: run "make generate".
"""``AsyncTurnHandle`` and ``AsyncTurnStream``: one turn while it runs.

The handle owns the turn's mailbox and one fold, which every event that is taken goes through; so a result is there
whether the events were streamed or not. One consumer takes events at a time.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from .._compat import async_shield_for, async_sleep
from .._core.notification import Notification
from .._core.turn import FOLDED, TurnFold
from .._inputs import Input, user_input
from .._results import TurnResult
from ..errors import RequestTimeoutError, TurnNotActiveError

if TYPE_CHECKING:
    from .._core.mailbox import Mailbox
    from .._generated import models as m
    from .client import AsyncCodex

__all__ = ["AsyncTurnHandle", "AsyncTurnStream"]

_INTERRUPT_S = 10.0  # the runtime answers in milliseconds, or not at all when the turn ended meanwhile
_START_S = 2.0  # from the acceptance of a turn until it can be interrupted
_LEAVE_S = 2.0  # for the interrupt of a stream that is left early
_POLL_S = 0.01


class AsyncTurnHandle:
    """A turn that was accepted by the runtime.

    Attributes:
        thread_id: The thread that the turn belongs to.
        id: Turn id.
    """

    __slots__ = ("_codex", "_fold", "_interrupted", "_mailbox", "_streaming", "id", "thread_id")

    def __init__(self, codex: AsyncCodex, thread_id: str, id: str, mailbox: Mailbox) -> None:
        self._codex = codex
        self.thread_id = thread_id
        self.id = id
        self._mailbox = mailbox
        self._fold = TurnFold(id)
        self._streaming = False
        self._interrupted = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}(thread_id={self.thread_id!r}, id={self.id!r})"

    def stream(self) -> AsyncTurnStream:
        """Return an iterator over the turn's events, from the first one to ``turn/completed``.

        Breaking a plain loop leaves the turn running, and ``run()`` can still wait for its result. In a ``with``
        statement, leaving early interrupts the turn.

        Raises:
            RuntimeError: the turn's events are being streamed already.
        """
        return AsyncTurnStream(self)

    async def run(self) -> TurnResult:
        """Wait for the end of the turn.

        Returns:
            The finished turn, also after its events were streamed. An interrupted one returns as well.

        Raises:
            TurnFailedError: the turn failed; ``.result`` has what there is.
            RuntimeError: the turn's events are being streamed; finish or close that stream first.
            TransportClosedError: the runtime is gone, or the client was closed.
        """
        if not self._fold.ended:
            stream = AsyncTurnStream(self)
            try:
                await stream._drain()
            finally:
                await stream.close()
        return self._fold.outcome()

    async def steer(self, input: Input | str) -> m.TurnSteerResponse:
        """Give the running turn more input.

        Args:
            input: Text, one item, or a list of items; not empty.

        Raises:
            TurnNotActiveError: the turn is not the running one (any more).
            TurnNotSteerableError: the running turn takes no input.
            TypeError: an item is of no input class.

        Wire: ``turn/steer`` (stable). Source: schema TurnSteerParams.
        """
        fields = {"thread_id": self.thread_id, "expected_turn_id": self.id, "input": user_input(input)}
        steered: m.TurnSteerResponse = await self._codex._call("turn/steer", fields)
        return steered

    async def interrupt(self) -> m.TurnInterruptResponse:
        """Stop the turn, and return when the runtime has stopped it. A second call does nothing.

        A command that the turn has started may go on in the background.

        Raises:
            TurnNotActiveError: the turn has ended by itself.
            RequestTimeoutError: the runtime did not answer.

        Wire: ``turn/interrupt`` (stable). Source: schema TurnInterruptParams.
        """
        from .._generated import models as m

        if self._interrupted or self._fold.interrupted:
            return m.TurnInterruptResponse()
        fields = {"thread_id": self.thread_id, "turn_id": self.id}
        waited = 0.0
        while True:
            try:
                done: m.TurnInterruptResponse = await self._codex._call("turn/interrupt", fields, _INTERRUPT_S)
            except TurnNotActiveError:
                # An accepted turn that has not begun cannot be interrupted yet.
                if self._mailbox.closed or waited >= _START_S:
                    raise
                await async_sleep(_POLL_S)
                waited += _POLL_S
            except RequestTimeoutError:
                # The runtime leaves an interrupt unanswered when the turn was interrupted before.
                if not self._mailbox.closed:
                    raise
                return m.TurnInterruptResponse()
            else:
                self._interrupted = True
                return done

    async def _leave(self) -> None:
        """Interrupt a turn that its consumer abandons, without waiting for long."""
        if not self._mailbox.closed:
            await async_shield_for(_LEAVE_S, self.interrupt)


class AsyncTurnStream:
    """The events of one turn, as an iterator that can be closed.

    Iterating yields `Notification` objects and ends after ``turn/completed``.
    """

    __slots__ = ("_engine", "_fold", "_items", "_mailbox", "_open", "_turn")

    def __init__(self, turn: AsyncTurnHandle) -> None:
        if turn._streaming:
            raise RuntimeError(f"the events of turn {turn.id} are being streamed already; close that stream first")
        turn._streaming = True
        self._turn = turn
        self._mailbox = turn._mailbox
        self._items = turn._mailbox.items
        self._fold = turn._fold
        self._engine = turn._codex._engine
        self._open = True

    def __aiter__(self) -> AsyncTurnStream:
        return self

    async def __anext__(self) -> Notification:
        items = self._items
        while not items or not self._open:
            if self._mailbox.closed or not self._open:
                await self.close()
                raise StopAsyncIteration
            await self._engine.receive(self._mailbox)
        event = items.popleft()
        if event.method in FOLDED:
            self._fold.add(event)
        return event

    async def _drain(self) -> None:
        """Take all events until the end, for the fold alone."""
        items, add = self._items, self._fold.add
        while True:
            while items:
                event = items.popleft()
                if event.method in FOLDED:
                    add(event)
            if self._mailbox.closed:
                return
            await self._engine.receive(self._mailbox)

    async def close(self) -> None:
        """Stop iterating. The turn goes on; its further events are kept for ``run()`` or another stream."""
        if self._open:
            self._open = False
            self._turn._streaming = False

    async def __aenter__(self) -> AsyncTurnStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
        await self._turn._leave()
