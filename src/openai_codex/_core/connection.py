"""The JSON-RPC machine of one connection, without input and output.

An engine calls ``request`` and the like, writes what ``take_outgoing`` returns, and feeds what it reads.
``feed`` routes every complete line and returns the waiters to call, each once, however many messages the
chunk held; an engine with threads calls them after it has released the lock that guards this object.

Requests that count towards the cap wait in a queue while ``max_in_flight`` of them are out, because a runtime
that is flooded drops answers. Client ids and server ids are two separate spaces: the same number may be live
in both.
"""

from __future__ import annotations

import itertools
import logging
import re
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from pydantic_core import from_json

from ..errors import CodexError, ResponseValidationError, TransportClosedError, map_jsonrpc_error
from .framing import BadLine, LineSplitter, encode_json, encode_message, parse_line
from .mailbox import Mailbox, Waiter
from .notification import Notification
from .routes import TurnRoutes

__all__ = ["Connection", "PendingRequest", "ServerRequest", "fresh_error"]

logger = logging.getLogger("openai_codex")

_method_json = lru_cache(maxsize=1024)(encode_json)

# These have to get through when the cap is reached: one frees capacity, without the other nothing works.
_NEVER_QUEUED = frozenset({"initialize", "turn/interrupt"})

# An unreadable line may still show whose answer it is. Both patterns match at the top level of the object
# only.
_ANSWER_ID_FIRST = re.compile(rb'\s*\{\s*"id"\s*:\s*(\d{1,18})\s*,\s*"(?:result|error)"\s*:')
_ANSWER_ID_LAST = re.compile(rb',\s*"id"\s*:\s*(\d{1,18})\s*\}\s*$')
_ANSWER_START = re.compile(rb'\s*\{\s*"(?:result|error)"\s*:')


class PendingRequest:
    """A request and, once it is ``done``, its answer.

    Attributes:
        id: Id on the wire.
        method: Wire method.
        sent: Its line was released for writing; False while it is queued behind the cap.
        done: It has its answer, or was given up.
        result: The decoded result.
        error: Why there is no result.
        waiter: Called once when it is done.
        mailbox: The turn that the answer opened, for requests that open one.
    """

    __slots__ = (
        "counted",
        "done",
        "error",
        "id",
        "line",
        "mailbox",
        "method",
        "opens_turn",
        "result",
        "sent",
        "waiter",
    )

    def __init__(self, id: int, method: str, line: bytes, *, counted: bool, opens_turn: bool) -> None:
        self.id = id
        self.method = method
        self.line = line
        self.counted = counted
        self.opens_turn = opens_turn
        self.sent = False
        self.done = False
        self.result: Any = None
        self.error: CodexError | None = None
        self.waiter: Waiter | None = None
        self.mailbox: Mailbox | None = None


@dataclass(slots=True, frozen=True)
class ServerRequest:
    """A request from the runtime, to be answered with ``respond`` or ``respond_error`` under the same id."""

    id: int | str
    method: str
    params: dict[str, Any]


class Connection:
    """State of one connection. Not thread-safe, ``prepare`` excepted: the engine guards it.

    Args:
        long_running: Methods that do not count towards the cap.
        max_in_flight: Most counted requests that are out at a time.
        max_events: Most notifications without a turn that are held unread.
        max_unclaimed_turns: Most turns whose events are kept although nobody has asked for them yet.
        max_unclaimed_events: Most events kept for all of those together.
        max_settled: How many ended turns are remembered.

    Attributes:
        events: Notifications that belong to no turn; bounded, the oldest is dropped first.
        error: Why the connection is over; None while it lives.
    """

    def __init__(
        self,
        *,
        long_running: Collection[str] = frozenset(),
        max_in_flight: int = 64,
        max_events: int = 1024,
        max_unclaimed_turns: int = 256,
        max_unclaimed_events: int = 16384,
        max_settled: int = 1024,
    ) -> None:
        self.events = Mailbox(max_events)
        self.error: TransportClosedError | None = None
        self._uncounted = _NEVER_QUEUED.union(long_running)
        self._max_in_flight = max_in_flight
        self._max_events = max_events
        self._routes = TurnRoutes(
            max_unclaimed_turns=max_unclaimed_turns,
            max_unclaimed_events=max_unclaimed_events,
            max_settled=max_settled,
        )
        self._watchers: dict[str, list[Mailbox]] = {}
        self._splitter = LineSplitter()
        self._ids = itertools.count(1)
        self._pending: dict[int, PendingRequest] = {}
        self._queue: deque[PendingRequest] = deque()
        self._in_flight = 0
        self._outgoing: list[bytes] = []
        self._server_requests: list[ServerRequest] = []
        self._resolved: list[int | str] = []

    # -- sending ----------------------------------------------------------------------------------

    def prepare(self, method: str, params: Any = None, *, opens_turn: bool = False) -> PendingRequest:
        """Encode a request without sending it. Touches no shared state, so it needs no lock.

        Args:
            method: Wire method.
            params: Parameters; None is sent as ``{}``, which the runtime requires.
            opens_turn: The answer names a turn (``result.turn.id``) to be claimed the moment it arrives.

        Raises:
            ValueError, TypeError: ``params`` cannot be written as JSON.
        """
        id = next(self._ids)
        body = b"{}" if params is None else encode_json(params)
        line = b'{"id":%d,"method":%s,"params":%s}\n' % (id, _method_json(method), body)
        return PendingRequest(id, method, line, counted=method not in self._uncounted, opens_turn=opens_turn)

    def submit(self, pending: PendingRequest) -> None:
        """Send a prepared request, or queue it while too many are out.

        Raises:
            TransportClosedError: the connection is over.
        """
        if self.error is not None:
            raise fresh_error(self.error, pending.method)
        self._pending[pending.id] = pending
        if pending.counted and self._in_flight >= self._max_in_flight:
            self._queue.append(pending)
        else:
            self._send(pending)

    def request(self, method: str, params: Any = None, *, opens_turn: bool = False) -> PendingRequest:
        """``prepare`` and ``submit`` in one."""
        pending = self.prepare(method, params, opens_turn=opens_turn)
        self.submit(pending)
        return pending

    def cancel(self, pending: PendingRequest) -> None:
        """Give a request up: its place is free, it is not sent if still queued, a late answer is dropped."""
        if not pending.done:
            self._pending.pop(pending.id, None)
            pending.line = b""
            self._finish(pending)
        elif pending.mailbox is not None:  # the answer came, but its caller is gone
            self.close_turn(pending.result["turn"]["id"], pending.mailbox)

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification; None for ``params`` leaves them out. Raises as ``prepare`` and ``submit``."""
        message = {"method": method} if params is None else {"method": method, "params": params}
        line = encode_message(message)
        if self.error is not None:
            raise fresh_error(self.error, method)
        self._outgoing.append(line)

    def respond(self, id: int | str, result: Any) -> None:
        """Answer a server request. Dropped when the connection is over."""
        self._respond({"id": id, "result": result})

    def respond_error(self, id: int | str, code: int, message: str, data: Any = None) -> None:
        """Answer a server request with an error. Dropped when the connection is over."""
        error: dict[str, Any] = {"code": code, "message": message}
        if data is not None:
            error["data"] = data
        self._respond({"id": id, "error": error})

    def take_outgoing(self) -> list[bytes]:
        """Return the lines to write, in order, and forget them."""
        lines, self._outgoing = self._outgoing, []
        return lines

    def _respond(self, message: dict[str, Any]) -> None:
        line = encode_message(message)
        if self.error is None:
            self._outgoing.append(line)

    def _send(self, pending: PendingRequest) -> None:
        pending.sent = True
        self._in_flight += pending.counted
        self._outgoing.append(pending.line)
        pending.line = b""
        logger.debug("-> %s (request %d)", pending.method, pending.id)

    def _finish(self, pending: PendingRequest) -> None:
        """Mark a request as done and let the next one out."""
        pending.done = True
        if not (pending.sent and pending.counted):
            return
        self._in_flight -= 1
        while self._queue and self._in_flight < self._max_in_flight:
            following = self._queue.popleft()
            if not following.done:
                self._send(following)

    # -- turns and watchers -----------------------------------------------------------------------

    def open_turn(self, turn_id: str) -> Mailbox:
        """Follow a turn. The first to ask gets what came before; anyone else gets what comes from now on."""
        mailbox = self._routes.open(turn_id)
        if self.error is not None:
            mailbox.fail(self.error)
        return mailbox

    def close_turn(self, turn_id: str, mailbox: Mailbox) -> None:
        """Stop following a turn; harmless when it has ended."""
        self._routes.close(turn_id, mailbox)

    def watch(self, methods: Iterable[str]) -> Mailbox:
        """Return a bounded mailbox that also gets every notification of ``methods``, of a turn or not."""
        mailbox = Mailbox(self._max_events)
        for method in methods:
            self._watchers.setdefault(method, []).append(mailbox)
        if self.error is not None:
            mailbox.fail(self.error)
        return mailbox

    def unwatch(self, mailbox: Mailbox) -> None:
        """Stop filling a mailbox that ``watch`` returned."""
        for method, watchers in list(self._watchers.items()):
            if mailbox in watchers:
                watchers.remove(mailbox)
                if not watchers:
                    del self._watchers[method]

    # -- receiving --------------------------------------------------------------------------------

    def feed(self, data: bytes) -> list[Waiter]:
        """Route every line that ``data`` completes and return the waiters to call. Never raises."""
        wake: list[Waiter] = []
        routes, watchers = self._routes, self._watchers
        claimed = routes.claimed
        debug = logger.isEnabledFor(logging.DEBUG)
        for line in self._splitter.feed(data):
            try:
                message: dict[str, Any] | None = from_json(line)
            except ValueError:
                message = None
            if type(message) is not dict:
                try:
                    message = parse_line(line)
                except BadLine as error:
                    self._reject(line, error, wake)
                    continue
            method = message.get("method")
            if type(method) is not str or message.get("id") is not None:
                self._route_other(message, wake)
                continue
            if debug:
                logger.debug("<- %s (%d bytes)", method, len(line))
            params: dict[str, Any] | None = message.get("params")
            if type(params) is not dict:
                params = {}
            notification = Notification(method, None, params, message.get("emittedAtMs"))
            turn_id = params.get("turnId")
            if turn_id is None and "turn" in params:
                turn_id = _member(params["turn"], "id")
            if type(turn_id) is not str:
                self._put_event(notification, wake)
            elif turn_id in claimed:
                for mailbox in claimed[turn_id]:
                    mailbox.items.append(notification)
                    if mailbox.waiter is not None:
                        wake.append(mailbox.waiter)
                        mailbox.waiter = None
                if method == "turn/completed":
                    routes.complete(turn_id)
            elif not routes.keep(turn_id, notification):
                self._put_event(notification, wake)
            if method in watchers:
                for mailbox in watchers[method]:
                    mailbox.put(notification)
                    mailbox.take_waiter(wake)
        return wake

    def _put_event(self, notification: Notification, wake: list[Waiter]) -> None:
        if notification.method == "serverRequest/resolved":
            id = notification.params.get("requestId")
            if isinstance(id, (int, str)):
                self._resolved.append(id)
        self.events.put(notification)
        self.events.take_waiter(wake)

    def take_server_requests(self) -> list[ServerRequest]:
        """Return the runtime's requests that came since the last call."""
        requests, self._server_requests = self._server_requests, []
        return requests

    def take_resolved(self) -> list[int | str]:
        """Return the ids of server requests that the runtime settled since the last call: no answer is wanted."""
        resolved, self._resolved = self._resolved, []
        return resolved

    def fail(self, error: TransportClosedError) -> list[Waiter]:
        """End the connection: every pending request and mailbox gets ``error``, and so does every later call.

        Only the first call counts. Returns the waiters to call.
        """
        wake: list[Waiter] = []
        if self.error is not None:
            return wake
        self.error = error
        pending_requests = list(self._pending.values())
        self._pending.clear()
        self._queue.clear()
        self._outgoing.clear()
        for pending in pending_requests:
            pending.error = fresh_error(error, pending.method)
            pending.done = True
            _wake_request(pending, wake)
        self._routes.fail(error, wake)
        for watchers in [[self.events], *self._watchers.values()]:
            for mailbox in watchers:
                mailbox.fail(error)
                mailbox.take_waiter(wake)
        return wake

    def _route_other(self, message: dict[str, Any], wake: list[Waiter]) -> None:
        """Route an answer or a server request."""
        id, method = message.get("id"), message.get("method")
        id = id if type(id) in (int, str) else None
        if type(method) is str and id is not None:
            logger.debug("<- %s (server request %r)", method, id)
            params: dict[str, Any] | None = message.get("params")
            self._server_requests.append(ServerRequest(id, method, params if type(params) is dict else {}))
            return
        pending = self._pending.get(id) if type(id) is int and method is None else None
        if pending is None or not pending.sent:
            logger.debug("dropped a message that answers nothing (id %r)", id)
            return
        del self._pending[pending.id]
        error = message.get("error")
        if error is not None:
            pending.error = _rpc_error(pending.method, error)
        elif "result" in message:
            pending.result = message["result"]
            if pending.opens_turn:
                self._claim(pending)
        else:
            pending.error = ResponseValidationError(f"{pending.method}: the answer has neither result nor error")
        logger.debug("<- answer to %s (request %d)", pending.method, pending.id)
        self._finish(pending)
        _wake_request(pending, wake)

    def _claim(self, pending: PendingRequest) -> None:
        """Claim the turn that an answer opened at once: its events may follow in the same chunk."""
        turn_id = _member(_member(pending.result, "turn"), "id")
        if isinstance(turn_id, str):
            pending.mailbox = self._routes.open(turn_id)
        else:
            pending.error = ResponseValidationError(f"{pending.method}: the answer names no turn")

    def _reject(self, line: bytes, error: BadLine, wake: list[Waiter]) -> None:
        """Report a line that cannot be read, and fail the request that it visibly answers, if any."""
        if not line.strip():
            return
        logger.warning("ignored a line of %d bytes from the runtime: %s", len(line), error)
        found = _ANSWER_ID_FIRST.match(line)
        if found is None and _ANSWER_START.match(line):
            found = _ANSWER_ID_LAST.search(line, max(0, len(line) - 64))
        pending = self._pending.get(int(found[1])) if found is not None else None
        if pending is not None and pending.sent:
            del self._pending[pending.id]
            pending.error = ResponseValidationError(f"{pending.method}: the answer cannot be read: {error}")
            self._finish(pending)
            _wake_request(pending, wake)


def _member(value: Any, name: str) -> Any:
    """Return a member of what should be an object, or None."""
    return cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None


def _wake_request(pending: PendingRequest, wake: list[Waiter]) -> None:
    if pending.waiter is not None:
        wake.append(pending.waiter)
        pending.waiter = None


def _rpc_error(method: str, error: Any) -> CodexError:
    """Return the exception for the ``error`` member of an answer, whatever its shape."""
    code, message = _member(error, "code"), _member(error, "message")
    mapped = map_jsonrpc_error(
        code if type(code) is int else -32603,
        message if isinstance(message, str) else "the runtime sent an error without a message",
        _member(error, "data"),
    )
    mapped.method = method
    return mapped


def fresh_error(error: TransportClosedError, method: str | None = None) -> TransportClosedError:
    """Return a copy to raise: a shared exception would collect the tracebacks of every caller."""
    text = str(error) if method is None else f"{method}: {error}"
    return TransportClosedError(text, exit_code=error.exit_code, stderr_tail=error.stderr_tail)
