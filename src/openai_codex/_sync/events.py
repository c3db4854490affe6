# @generated from _async/events.py (same line numbers) by python -m codegen. Do not edit: run "make generate".
"""``EventStream``: what the runtime tells apart from turns."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from .._compat import Closing
from .._core.notification import Notification
from ..errors import RequestTimeoutError, TransportClosedError

if TYPE_CHECKING:
    from typing_extensions import Self

    from .session import Session

__all__ = ["EventStream"]


class EventStream(Closing):
    """Notifications that belong to no turn, as an iterator that can be closed.

    It holds a bounded number of them: where the consumer is too slow, the oldest are dropped and counted. The iteration
    ends when the stream or the client is closed.
    """

    __slots__ = ("_mailbox", "_session", "_timeout")

    def __init__(self, session: Session, timeout: float | None) -> None:
        self._session = session
        self._timeout = timeout
        self._mailbox = session.engine.listen()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(dropped={self.dropped})"

    def __del__(self) -> None:
        mailbox = getattr(self, "_mailbox", None)
        if mailbox is not None:
            mailbox.mute()

    @property
    def dropped(self) -> int:
        """How many notifications were dropped because they were not taken in time."""
        return self._mailbox.dropped

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Notification:
        """The next notification.

        Raises:
            RequestTimeoutError: none came in time. It can be asked again.
            TransportClosedError: the runtime has ended by itself.
        """
        self._session.ensure_started()
        while not self._mailbox.closed:
            try:
                if not self._session.engine.receive(self._mailbox, timeout=self._timeout, call="events"):
                    raise RequestTimeoutError(f"events: nothing came within {self._timeout:g} s")
                return self._mailbox.items.popleft()
            except IndexError:  # somebody else was faster, or the stream was closed
                continue
            except TransportClosedError:
                if not self._session.engine.closed_by_caller:
                    raise
                break
        raise StopIteration

    def close(self) -> None:
        """Stop iterating; whoever waits for the next notification gets the end."""
        self._session.engine.leave(self._mailbox)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
