# The synchronous twin of this file is derived line for line: run "make generate".
"""``AsyncTurnStream`` and ``AsyncTextStream``: the events, or the text, of one turn as iterators."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING

from .._compat import NO_DEADLINE, AsyncClosing
from .._core.notification import Notification
from .._core.text import TextFold
from .follower import AsyncTurnFollower

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["AsyncTextStream", "AsyncTurnStream"]


class AsyncTurnStream(AsyncClosing):
    """The events of one turn, as an iterator that can be closed.

    Iterating yields `Notification` objects and ends after ``turn/completed``. Several streams of a turn do not disturb
    each other: each gets every event from the moment it was made, the first one also those before. Unread events are
    kept, however many; ``CodexConfig.event_buffer`` merges pieces of one text from some number on.

    Breaking out of a plain loop leaves the turn running; in a ``with`` statement, leaving early interrupts it.
    """

    __slots__ = ("_follower", "_idle_timeout", "_items")

    def __init__(self, follower: AsyncTurnFollower, idle_timeout: float | None) -> None:
        self._follower = follower
        self._idle_timeout = idle_timeout
        self._items: deque[Notification] = follower.mailbox.items

    def __repr__(self) -> str:
        return f"{type(self).__name__}(turn_id={self._follower.turn.id!r}, merged={self.merged})"

    @property
    def merged(self) -> int:
        """How many events were merged into the one before them; 0 unless ``CodexConfig.event_buffer`` is set."""
        return self._follower.mailbox.merged

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Notification:
        """The next event.

        Raises:
            TurnStalledError: it fell silent and has not ended: for ``idle_timeout``, or its thread does nothing more.
            TransportClosedError: the runtime is gone, or the client was closed.
        """
        items = self._items
        while items or await self._follower.wait(NO_DEADLINE, self._idle_timeout):
            try:
                return items.popleft()
            except IndexError:  # somebody else was faster
                continue
        raise StopAsyncIteration

    async def close(self) -> None:
        """Stop iterating; whoever waits for the next event gets the end. The turn goes on."""
        self._follower.close()
        self._items = deque()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
        await self._follower.leave()


class AsyncTextStream(AsyncClosing):
    """The text of one turn, as an iterator over its pieces that can be closed.

    Iterating yields what the model writes, as it comes. Messages are set off by an empty line. When the runtime had to
    ask the model a second time, text that repeats what was yielded is left out; where the second attempt says something
    else, it is yielded from its beginning. ``run()`` has the final text in any case.
    """

    __slots__ = ("_events", "_text")

    def __init__(self, events: AsyncTurnStream) -> None:
        self._events = events
        self._text = TextFold()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._events!r})"

    @property
    def merged(self) -> int:
        """How many events of the turn were merged into the one before them; see ``AsyncTurnStream.merged``."""
        return self._events.merged

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        """The next piece of text. Raises as iterating over events does."""
        while True:
            piece = self._text.add(await self._events.__anext__())
            if piece:
                return piece

    async def close(self) -> None:
        """Stop iterating. The turn goes on."""
        await self._events.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._events.__aexit__(kind, error, trace)
