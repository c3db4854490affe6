"""Requests of both directions while they are open."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ..errors import CodexError, TransportClosedError, map_jsonrpc_error
from .items import ItemBook
from .mailbox import Mailbox, Waiter
from .routes import Turn

__all__ = ["OpenedTurn", "PendingRequest", "ServerRequest", "ServerRequests", "fresh_error", "rpc_error"]

_MAX_SEEN = 4096
_TOOL_CALL = "item/tool/call"


@dataclass(slots=True, frozen=True)
class OpenedTurn:
    """A turn that the answer to a request named.

    Attributes:
        turn: Its state, shared by all who follow it.
        mailbox: Its events from now on, and those that came before anybody followed it.
        joined: It was known before: the request added to a turn that somebody else had started.
    """

    turn: Turn
    mailbox: Mailbox
    joined: bool


class PendingRequest:
    """A request and, once it is ``done``, its answer.

    Attributes:
        id: Id on the wire.
        method: Wire method.
        sent: Its line was released for writing; False while it is queued behind the cap.
        done: It has its answer, or was given up.
        unwanted: It is about to be given up: it must not be sent any more.
        result: The decoded result.
        error: Why there is no result.
        waiter: Called once when it is done.
        thread_id: The thread whose turn the answer opens, for requests that open one.
        opened: That turn.
        running: Turns that were running when such a request was sent: if its turn is one of them, it has joined it.
    """

    __slots__ = (
        "counted",
        "done",
        "error",
        "id",
        "line",
        "method",
        "opened",
        "result",
        "running",
        "sent",
        "thread_id",
        "unwanted",
        "waiter",
    )

    def __init__(self, id: int, method: str, line: bytes, *, counted: bool, thread_id: str | None) -> None:
        self.id = id
        self.method = method
        self.line = line
        self.counted = counted
        self.thread_id = thread_id
        self.sent = False
        self.done = False
        self.unwanted = False
        self.result: Any = None
        self.error: CodexError | None = None
        self.waiter: Waiter | None = None
        self.opened: OpenedTurn | None = None
        self.running: Collection[str] = ()


@dataclass(slots=True, frozen=True)
class ServerRequest:
    """A request from the runtime, to be answered with ``respond`` or ``respond_error`` under the same id.

    Attributes:
        id: Id on the wire; the runtime's own.
        method: Wire method.
        params: Raw parameters.
        lineage: The thread that it belongs to, and those that this one comes from.
        items: The items of its turn that have started and not ended, as raw JSON.
    """

    id: int | str
    method: str
    params: dict[str, Any]
    lineage: tuple[str, ...] = ()
    items: tuple[Mapping[str, Any], ...] = ()


class ServerRequests:
    """The runtime's requests, each given out once.

    When a thread is resumed, the runtime sends those again that it has no answer to, and an answer may be on its way.

    Args:
        items: What they are about.
    """

    def __init__(self, items: ItemBook) -> None:
        self._items = items
        self._arrived: list[ServerRequest] = []
        self._seen: dict[int | str, None] = {}

    def add(self, id: int | str, method: str, params: Any) -> None:
        """Take a request in, with parameters of any shape, unless it was there before."""
        if id not in self._seen:
            given = cast("dict[str, Any]", params) if isinstance(params, dict) else {}
            lineage = self._items.lineage(given.get("threadId"))
            items = self._items.under_way(given.get("turnId"))
            self._arrived.append(ServerRequest(id, method, given, lineage, items))
            if method == _TOOL_CALL:
                self._items.note_call(id, given)
            self._seen[id] = None
            if len(self._seen) > _MAX_SEEN:
                del self._seen[next(iter(self._seen))]

    def take(self) -> list[ServerRequest]:
        """Return the requests that came since the last call."""
        arrived, self._arrived = self._arrived, []
        return arrived


def rpc_error(method: str, error: Any) -> CodexError:
    """Return the exception for the ``error`` member of an answer, whatever its shape."""
    members = cast("dict[str, Any]", error) if isinstance(error, dict) else {}
    code, message = members.get("code"), members.get("message")
    mapped = map_jsonrpc_error(
        code if type(code) is int else -32603,
        message if isinstance(message, str) else "the runtime sent an error without a message",
        members.get("data"),
    )
    mapped.method = method
    return mapped


def fresh_error(error: TransportClosedError, method: str | None = None) -> TransportClosedError:
    """Return a copy to raise: a shared exception would collect the tracebacks of every caller."""
    text = str(error) if method is None else f"{method}: {error}"
    return TransportClosedError(text, exit_code=error.exit_code, stderr_tail=error.stderr_tail)
