# The synchronous twin of this file is derived line for line: run "make generate".
"""``AsyncTurnHandle`` and ``AsyncTurnStream``: one turn while it runs."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from .._core.notification import Notification
from .._core.turn import FOLDED
from .._inputs import Input, user_input
from .._results import TurnResult
from .reader import AsyncTurnReader

if TYPE_CHECKING:
    from .._generated import models as m

__all__ = ["AsyncTurnHandle", "AsyncTurnStream"]


class AsyncTurnHandle:
    """A turn that was accepted by the runtime.

    Attributes:
        thread_id: The thread that the turn belongs to.
        id: Turn id.
    """

    __slots__ = ("_reader", "id", "thread_id")

    def __init__(self, reader: AsyncTurnReader) -> None:
        self._reader = reader
        self.thread_id = reader.thread_id
        self.id = reader.turn_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}(thread_id={self.thread_id!r}, id={self.id!r})"

    def stream(self) -> AsyncTurnStream:
        """Return an iterator over the turn's events, from the first one to ``turn/completed``.

        Breaking out of a plain loop leaves the turn running, and ``run()`` can still wait for its result. In a ``with``
        statement, leaving early interrupts the turn. A later stream, or ``run()``, goes on where this one stopped.
        """
        return AsyncTurnStream(self._reader)

    async def run(self) -> TurnResult:
        """Wait for the end of the turn.

        Returns:
            The finished turn, also after its events were streamed. An interrupted one returns as well.

        Raises:
            TurnFailedError: the turn failed; ``.result`` has what there is.
            RuntimeError: somebody is waiting for the turn's events at this moment.
            TransportClosedError: the runtime is gone, or the client was closed.
        """
        if not self._reader.fold.ended:
            self._reader.take_over(None)
            await self._reader.drain()
        return self._reader.fold.outcome()

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
        steered: m.TurnSteerResponse = await self._reader.session.call("turn/steer", fields)
        return steered

    async def interrupt(self) -> m.TurnInterruptResponse:
        """Stop the turn, and return when the runtime has stopped it. A second call does nothing.

        A command that the turn has started may go on in the background. A turn that ends by itself at this very
        moment may end as completed all the same: ``run()`` says how it ended.

        Raises:
            TurnNotActiveError: the turn has ended by itself.
            RequestTimeoutError: the runtime did not answer.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``turn/interrupt`` (stable). Source: schema TurnInterruptParams.
        """
        return await self._reader.interrupt()


class AsyncTurnStream:
    """The events of one turn, as an iterator that can be closed.

    Iterating yields `Notification` objects and ends after ``turn/completed``.
    """

    __slots__ = ("_fold", "_items", "_open", "_reader")

    def __init__(self, reader: AsyncTurnReader) -> None:
        reader.take_over(self)
        self._reader = reader
        self._items = reader.mailbox.items
        self._fold = reader.fold
        self._open = True

    def __aiter__(self) -> AsyncTurnStream:
        return self

    async def __anext__(self) -> Notification:
        items = self._items
        if self._open and self._reader.consumer is not self:
            raise RuntimeError(f"the events of turn {self._reader.turn_id} are being read by somebody else since")
        if not self._open or not (items or await self._reader.wait()):
            await self.close()
            raise StopAsyncIteration
        event = items.popleft()
        if event.method in FOLDED:
            self._fold.add(event)
        return event

    async def close(self) -> None:
        """Stop iterating. The turn goes on; its further events are kept for ``run()`` or another stream."""
        self._open = False

    async def __aenter__(self) -> AsyncTurnStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
        await self._reader.leave()
