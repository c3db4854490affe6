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
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic_core import from_json

from .._json import member
from .._log import LogBook, logger
from ..errors import ResponseValidationError, TransportClosedError
from .events import EventRoutes
from .framing import BadLine, LineSplitter, encode_message, encode_request, parse_line
from .items import ItemBook
from .mailbox import Mailbox, Waiter
from .notification import Notification
from .redact import describe, describe_line
from .requests import OpenedTurn, PendingRequest, ServerRequest, ServerRequests, fresh_error, rpc_error
from .routes import Turn, TurnRoutes
from .turn import TurnFold

__all__ = ["Connection"]

_USAGE = "thread/tokenUsage/updated"
_NOTED = ("turn/started", _USAGE, "error", "turn/completed")  # they tell more than what happened in their turn

# These have to get through when the cap is reached: one frees capacity, without the other nothing works.
_NEVER_QUEUED = frozenset({"initialize", "turn/interrupt"})

# An unreadable line may still show whose answer it is. Both patterns match at the top level of the object
# only.
_ANSWER_ID_FIRST = re.compile(rb'\s*\{\s*"id"\s*:\s*(\d{1,18})\s*,\s*"(?:result|error)"\s*:')
_ANSWER_ID_LAST = re.compile(rb',\s*"id"\s*:\s*(\d{1,18})\s*\}\s*$')
_ANSWER_START = re.compile(rb'\s*\{\s*"(?:result|error)"\s*:')


class Connection:
    """State of one connection. Not thread-safe, ``prepare`` excepted: the engine guards it.

    Args:
        long_running: Methods that do not count towards the cap.
        max_in_flight: Most counted requests that are out at a time.
        max_events: Most notifications without a turn that are held unread.
        max_unclaimed_turns: Most turns whose events are kept although nobody has asked for them yet.
        max_unclaimed_events: Most events kept for all of those together.
        max_settled: How many ended turns are remembered.
        event_buffer: From how many unread events on a follower of a turn gets text merged; None for never.

    Attributes:
        error: Why the connection is over; None while it lives.
        log: What is to be logged; the engine does that, when it holds no lock.
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
        event_buffer: int | None = None,
    ) -> None:
        self.error: TransportClosedError | None = None
        self._uncounted = _NEVER_QUEUED.union(long_running)
        self._max_in_flight = max_in_flight
        self.log = LogBook()
        self._muted: deque[Mailbox] = deque()  # filled by finalizers, on any thread
        self._routes = TurnRoutes(
            max_unclaimed_turns=max_unclaimed_turns,
            max_unclaimed_events=max_unclaimed_events,
            max_settled=max_settled,
            muted=self._muted,
            event_buffer=event_buffer,
        )
        self._items = ItemBook()
        self._events = EventRoutes(max_events, self._muted, self.log, self._items, _NOTED)
        self._splitter = LineSplitter()
        self._ids = itertools.count(1)
        self._pending: dict[int, PendingRequest] = {}
        self._queue: deque[PendingRequest] = deque()
        self._in_flight = 0
        self._outgoing: list[bytes] = []
        self._server_requests = ServerRequests(self._items)

    # -- sending ----------------------------------------------------------------------------------

    def prepare(
        self, method: str, params: Mapping[str, Any] | None = None, *, opens_turn: bool = False
    ) -> PendingRequest:
        """Encode a request without sending it. Touches no shared state, so it needs no lock.

        Args:
            method: Wire method.
            params: Parameters; None is sent as ``{}``, which the runtime requires.
            opens_turn: The answer names a turn (``result.turn.id``) to be claimed the moment it arrives.

        Raises:
            ValueError, TypeError: ``params`` cannot be written as JSON.
        """
        id = next(self._ids)
        line = encode_request(id, method, params)
        thread_id = str((params or {}).get("threadId")) if opens_turn else None
        return PendingRequest(id, method, line, counted=method not in self._uncounted, thread_id=thread_id)

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

    def request(
        self, method: str, params: Mapping[str, Any] | None = None, *, opens_turn: bool = False
    ) -> PendingRequest:
        """``prepare`` and ``submit`` in one."""
        pending = self.prepare(method, params, opens_turn=opens_turn)
        self.submit(pending)
        return pending

    def cancel(self, pending: PendingRequest) -> None:
        """Give a request up: its place is free, it is not sent if still queued, a late answer is dropped.

        A turn that the answer opens, or has just opened, is unwanted: it is interrupted as soon as it can be.
        """
        if not pending.done:
            if pending.thread_id is None or not pending.sent:
                self._pending.pop(pending.id, None)
            pending.line = b""
            self._finish(pending)
        elif pending.opened is not None:  # the answer came, but its caller is gone
            opened, pending.opened = pending.opened, None
            opened.mailbox.leave()
            if not opened.joined:
                self.abandon(opened.turn)

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification; None for ``params`` leaves them out. Raises as ``prepare`` and ``submit``."""
        line = encode_message({"method": method} if params is None else {"method": method, "params": params})
        if self.error is not None:
            raise fresh_error(self.error, method)
        self._post(line)

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
            self._post(line)

    def _post(self, line: bytes) -> None:
        self._outgoing.append(line)
        if logger.isEnabledFor(logging.DEBUG):
            self.log.write(logging.DEBUG, "-> %s", describe_line(line))

    def _send(self, pending: PendingRequest) -> None:
        pending.sent = True
        if pending.thread_id is not None:
            pending.running = self._routes.running(pending.thread_id)
        self._in_flight += pending.counted
        self._post(pending.line)
        pending.line = b""

    def _finish(self, pending: PendingRequest) -> None:
        """Mark a request as done and let the next one out."""
        pending.done = True
        if not (pending.sent and pending.counted):
            return
        self._in_flight -= 1
        while self._queue and self._in_flight < self._max_in_flight:
            following = self._queue.popleft()
            if not (following.done or following.unwanted):
                self._send(following)

    # -- mailboxes --------------------------------------------------------------------------------

    def open_turn(self, turn_id: str, thread_id: str) -> tuple[Turn, Mailbox]:
        """Follow a turn by its id. The first to ask gets what came before; anyone else gets what comes from now on."""
        turn, mailbox = self._routes.open(turn_id, thread_id)
        if self.error is not None:
            turn.error = self.error
            mailbox.fail(self.error)
        return turn, mailbox

    def running_turns(self, thread_id: str) -> set[str]:
        """See ``TurnRoutes.running``."""
        return self._routes.running(thread_id)

    def follow(self, turn: Turn) -> Mailbox:
        """Follow a turn from now on."""
        return turn.follow()

    def end_turn(self, turn: Turn) -> list[Waiter]:
        """Nothing of this turn will come any more, though the runtime did not say so. Returns the waiters to call."""
        wake: list[Waiter] = []
        for mailbox in self._routes.end(turn.id):
            mailbox.take_waiter(wake)
        return wake

    def listen(self) -> Mailbox:
        """See ``EventRoutes.listen``."""
        return self._events.listen()

    def watch(self, methods: Iterable[str], thread_id: str | None = None) -> Mailbox:
        """See ``EventRoutes.watch``."""
        return self._events.watch(methods, thread_id)

    def follow_login(self, login_id: str) -> Mailbox:
        """See ``EventRoutes.follow_login``."""
        return self._events.follow_login(login_id)

    def announce(self, notification: Notification) -> list[Waiter]:
        """Give a notification of the client's own to all who listen. Returns the waiters to call."""
        wake: list[Waiter] = []
        self._events.put(notification, wake)
        return wake

    def leave(self, mailbox: Mailbox) -> list[Waiter]:
        """Stop filling a mailbox, drop what it holds and end a wait for it. Returns the waiters to call."""
        wake: list[Waiter] = []
        mailbox.leave()
        mailbox.take_waiter(wake)
        return wake

    # -- receiving --------------------------------------------------------------------------------

    def feed(self, data: bytes) -> list[Waiter]:
        """Route every line that ``data`` completes and return the waiters to call. Never raises."""
        wake: list[Waiter] = []
        while self._muted:
            self._muted.popleft().strike_off()
        claimed, folds = self._routes.claimed, TurnFold.FOLDS
        watchers = self._events.watchers
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
            if debug:
                self.log.write(logging.DEBUG, "<- %s", describe(message))
            try:
                method = message.get("method")
                if type(method) is not str or message.get("id") is not None:
                    self._route_other(message, wake)
                    continue
                params: dict[str, Any] | None = message.get("params")
                if type(params) is not dict:
                    params = {}
                notification = Notification(method, None, params, message.get("emittedAtMs"))
                turn = None
                turn_id = params.get("turnId")
                if turn_id is None and "turn" in params:
                    turn_id = member(params["turn"], "id")
                if type(turn_id) is not str:
                    self._put_event(notification, wake)
                elif (turn := claimed.get(turn_id)) is not None or (turn := self._renamed(notification)) is not None:
                    fold = folds.get(method)
                    if fold is not None:
                        fold(turn.fold, notification, params)
                    for mailbox in turn.followers:
                        mailbox.items.append(notification)
                        if mailbox.waiter is not None:
                            wake.append(mailbox.waiter)
                            mailbox.waiter = None
                else:
                    self._put_unclaimed(turn_id, notification, wake)
                if method in watchers:
                    self._note(notification, turn, wake)
            except Exception as error:  # of this message alone
                self._report(message, error, wake)
        return wake

    def _report(self, message: dict[str, Any], error: Exception, wake: list[Waiter]) -> None:
        """A message could not be routed, for a reason that nobody thought of; what waits for it must not wait on."""
        self.log.write(
            logging.ERROR, "a message from the runtime could not be used: %s", type(error).__name__, error=error
        )
        id = message.get("id")
        pending = self._pending.pop(id, None) if type(id) is int and "method" not in message else None
        if pending is not None:
            pending.error = ResponseValidationError(f"{pending.method}: the answer could not be used: {error}")
            if not pending.done:
                self._finish(pending)
            _wake_request(pending, wake)

    def _renamed(self, notification: Notification) -> Turn | None:
        """The claimed turn that starts under another id: a review announces itself with an id of its own."""
        params = notification.params
        if notification.method != "turn/started" or not isinstance(params.get("turn"), dict):
            return None
        root_id = params["turn"].get("rootTurnId")
        turn = self._routes.claimed.get(root_id) if isinstance(root_id, str) else None
        return turn if turn is not None and turn.thread_id == params.get("threadId") else None

    def _put_unclaimed(self, turn_id: str, notification: Notification, wake: list[Waiter]) -> None:
        """Route an event of a turn that nobody follows."""
        params = notification.params
        if not self._routes.keep(turn_id, str(params.get("threadId")), notification):
            self._put_event(notification, wake)

    def _put_event(self, notification: Notification, wake: list[Waiter]) -> None:
        """Route an event that belongs to no turn."""
        params = notification.params
        if notification.method == "thread/reverted":
            self._routes.forget_usage(params.get("threadId"))
        elif notification.method == "thread/status/changed":
            self._routes.note_status(params.get("threadId"), member(params.get("status"), "type"), wake)
        elif notification.method == "thread/settings/updated":
            self._routes.note(params.get("threadId"), model=member(params.get("threadSettings"), "model"))
        self._events.put(notification, wake)

    def _note(self, notification: Notification, turn: Turn | None, wake: list[Waiter]) -> None:
        """Take in what a notification of a few methods tells beyond its turn, and give it to those who watch it."""
        method, params = notification.method, notification.params
        if method == _USAGE:
            self._routes.note(params.get("threadId"), usage=member(params.get("tokenUsage"), "total"))
        elif method == "turn/started" and self._routes.unwanted:
            self._interrupt_begun(params)
        elif method == "error" and turn is not None:
            self._routes.note_error(turn)
        elif method == "turn/completed" and turn is not None:
            self._routes.complete(turn)
        self._events.put_watched(notification, wake)

    def abandon(self, turn: Turn) -> None:
        """Whoever started this turn leaves it. If nobody else follows it, it is interrupted, now or when it begins."""
        if turn.over or self.error is not None:
            return
        if any(not mailbox.closed for mailbox in turn.followers):
            turn.orphaned = True
        elif turn.fold.started_id is not None:
            self._send_interrupt(turn.thread_id, turn.fold.started_id)
        else:
            self._routes.abandon(turn.id)

    def _interrupt_begun(self, params: dict[str, Any]) -> None:
        """A turn has begun: interrupt it if nobody wants it. A review is known by the id of its root."""
        ids = [member(params.get("turn"), name) for name in ("id", "rootTurnId")]
        for id in ids:
            if isinstance(id, str) and id in self._routes.unwanted:
                del self._routes.unwanted[id]
                self._send_interrupt(params.get("threadId"), ids[0])

    def _send_interrupt(self, thread_id: Any, turn_id: Any) -> None:
        self.log.write(logging.DEBUG, "interrupting turn %s, whose starter has left", turn_id)
        self.request("turn/interrupt", {"threadId": thread_id, "turnId": turn_id})

    def take_server_requests(self) -> list[ServerRequest]:
        """See ``ServerRequests.take``."""
        return self._server_requests.take()

    def take_resolved(self) -> list[int | str]:
        """Return the ids of server requests that the runtime settled since the last call: no answer is wanted."""
        return self._events.take_resolved() + self._items.take_ended_calls()

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
        self._events.fail(error, wake)
        return wake

    def _route_other(self, message: dict[str, Any], wake: list[Waiter]) -> None:
        """Route an answer or a server request."""
        id, method = message.get("id"), message.get("method")
        id = id if type(id) in (int, str) else None
        if type(method) is str and id is not None:
            self._server_requests.add(id, method, message.get("params"))
            return
        pending = self._pending.get(id) if type(id) is int and method is None else None
        if pending is None or not pending.sent:
            self.log.write(logging.DEBUG, "dropped a message that answers nothing (id %r)", id)
            return
        error = message.get("error")
        if error is not None:
            pending.error = rpc_error(pending.method, error)
        elif "result" in message:
            pending.result = message["result"]
            if pending.thread_id is not None:
                self._claim(pending)
            elif isinstance(thread := member(pending.result, "thread"), dict):  # one was started, resumed or forked
                self._routes.note(member(thread, "id"), model=member(pending.result, "model"))
                self._items.note_thread(thread)
        else:
            pending.error = ResponseValidationError(f"{pending.method}: the answer has neither result nor error")
        del self._pending[pending.id]
        if not pending.done:
            self._finish(pending)
        _wake_request(pending, wake)

    def _claim(self, pending: PendingRequest) -> None:
        """Claim the turn that an answer opened at once: its events may follow in the same chunk."""
        turn_id = member(member(pending.result, "turn"), "id")
        thread_id = str(pending.thread_id)
        if not isinstance(turn_id, str):
            pending.error = ResponseValidationError(f"{pending.method}: the answer names no turn")
            return
        # Of a turn of its own, the caller may see the first events before the answer.
        known = turn_id in pending.running or self._routes.was_claimed(turn_id)
        joined = known and turn_id not in self._routes.unwanted
        if not pending.done:
            pending.opened = OpenedTurn(*self._routes.open(turn_id, thread_id), joined)
            pending.opened.turn.requested = not joined
        elif not joined:  # its caller has left
            turn, mailbox = self._routes.open(turn_id, thread_id)
            mailbox.leave()
            self.abandon(turn)

    def _reject(self, line: bytes, error: BadLine, wake: list[Waiter]) -> None:
        """Report a line that cannot be read, and fail the request that it visibly answers, if any."""
        if not line.strip():
            return
        self.log.write(logging.WARNING, "ignored a line of %d bytes from the runtime: %s", len(line), error)
        found = _ANSWER_ID_FIRST.match(line)
        if found is None and _ANSWER_START.match(line):
            found = _ANSWER_ID_LAST.search(line, max(0, len(line) - 64))
        pending = self._pending.get(int(found[1])) if found is not None else None
        if pending is not None and pending.sent:
            del self._pending[pending.id]
            pending.error = ResponseValidationError(f"{pending.method}: the answer cannot be read: {error}")
            if not pending.done:
                self._finish(pending)
            _wake_request(pending, wake)


def _wake_request(pending: PendingRequest, wake: list[Waiter]) -> None:
    if pending.waiter is not None:
        wake.append(pending.waiter)
        pending.waiter = None
