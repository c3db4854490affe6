"""What to do with a request from the runtime: answer at once, or call the user's handler.

This is the part that both engines share; they only differ in what a handler runs on. Every request is answered: a
handler that raises, takes too long, or returns something that cannot be sent, refuses in the shape that the protocol
defines. Handlers of a thread come before those of the thread that it comes from, and those before the client's.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from .._answers import (
    CURRENT_REQUEST,
    Answered,
    Answerer,
    AnswererSource,
    Call,
    HandlerMethods,
    ServerRequestContext,
    item_of,
)
from .._config import CodexConfig
from .._core.connection import Connection
from .._core.framing import encode_json
from .._core.mailbox import Waiter
from .._core.notification import Notification
from .._core.requests import ServerRequest
from .._failure import HandlerFailure, error_text
from .._log import log
from .protocol import Protocol

__all__ = ["Cancellation", "Dispatcher", "Invocation", "Reply"]

_METHOD_NOT_FOUND = -32601
_FAILED = "client/handlerFailed"
_MAX_THREADS = 16384  # that have handlers of their own

_THREADS = "threads"  # the lane of handlers that need one


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to one server request.

    Attributes:
        id: Id of the request.
        result: The result, as JSON.
        error: Code and message to send instead of the result.
        failure: What to tell whoever listens: the handler gave no answer, so this is not its own.
    """

    id: int | str
    result: Any = None
    error: tuple[int, str] | None = None
    failure: HandlerFailure | None = None

    def send(self, connection: Connection) -> list[Waiter]:
        """Put the answer on the connection. Returns the waiters to call."""
        if self.error is None:
            connection.respond(self.id, self.result)
        else:
            connection.respond_error(self.id, *self.error)
        return [] if self.failure is None else connection.announce(Notification(_FAILED, self.failure))


class Cancellation:
    """Says that an answer is not wanted any more; see the protocol of this name in ``_answers``."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._hook: Callable[[], object] | None = None

    def is_set(self) -> bool:
        """Whether it was set."""
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it is set, at most ``timeout`` seconds; returns whether it is."""
        return self._event.wait(timeout)

    def set(self) -> None:
        """Say so, and call what waits for it."""
        with self._lock:
            self._event.set()
            hook, self._hook = self._hook, None
        if hook is not None:
            hook()

    def call_when_set(self, hook: Callable[[], object] | None) -> None:
        """Call ``hook`` when it is set, or now if it was; None for nobody any more."""
        with self._lock:
            self._hook = None if self._event.is_set() else hook
        if hook is not None and self._event.is_set():
            hook()


class Invocation:
    """A handler to be called for one server request.

    ``prepare`` and ``reply`` may raise anything, which the engine passes to ``refuse``. ``refusal`` is the answer of
    one that is given up for other reasons.

    Attributes:
        id: Id of the request.
        thread_id: The thread that it belongs to, if it says so.
        lanes: What it shares with others; see ``Admission``.
        timeout: Seconds that the handler may take; None for no limit.
        cancelled: Set when the answer is not wanted any more.
        refusal: The answer that refuses.
        threaded: Whether the handler needs a thread.
    """

    def __init__(
        self,
        request: ServerRequest,
        answerer: Answerer,
        *,
        params_type: Callable[[], Any],  # resolved where the handler runs, because it may import models
        result_type: Callable[[], Any],
        result_name: str,
        refusal: Reply,
        timeout: float | None,
        threaded: bool,
        lanes: tuple[tuple[object, int], ...],
    ) -> None:
        self.id = request.id
        self.thread_id = request.lineage[0] if request.lineage else None
        self.timeout = timeout
        self.threaded = threaded
        self.lanes = lanes
        self.cancelled = Cancellation()
        self.refusal = refusal
        self._request = request
        self._answerer = answerer
        self._params_type = params_type
        self._params: Any = None
        self._result_type = result_type
        self._result_name = result_name

    def prepare(self) -> Call:
        """Return the call to make, with typed parameters. Raises ``Answered`` where no call is needed.

        The handler is called in the context of this call, where ``CURRENT_REQUEST`` is set.
        """
        request, params = self._request, self._request.params
        turn_id = params.get("turnId")
        context = ServerRequestContext(
            id=request.id,
            method=request.method,
            thread_id=self.thread_id,
            turn_id=turn_id if isinstance(turn_id, str) else None,
            params=params,
            item=item_of(params, request.items),
            cancelled=self.cancelled,
        )
        CURRENT_REQUEST.set(context)
        self._params = _validate(self._params_type(), params)
        return self._answerer.prepare(self._params, context)

    def reply(self, result: Any) -> Reply:
        """Return the answer for the handler's result."""
        return self._reply(self._answerer.answer(result, self._params))

    def _reply(self, answer: Any) -> Reply:
        # Imported late: the runtime is started before the models are loaded.
        from .._model import to_wire

        if not isinstance(answer, self._result_type()):
            raise TypeError(f"the handler returned {type(answer).__name__}, not {self._result_name}")
        wire = to_wire(answer)
        encode_json(wire)  # what cannot be sent is refused here, where somebody sees it
        return Reply(self.id, wire)

    def refuse(self, error: BaseException) -> Reply:
        """Log why the handler gave no answer, without the request's parameters, and return the refusal."""
        from pydantic import ValidationError

        from .._refusal import ServerRequestRefused

        if isinstance(error, Answered):
            return self._reply(error.answer)
        if isinstance(error, ServerRequestRefused):  # the handler chose the built-in refusal
            return self.refusal
        # The text of a validation error holds the values that did not validate. Where it was raised is no secret.
        secret = isinstance(error, ValidationError)
        shown = (
            _Withheld("its text holds values").with_traceback(error.__traceback__) if _shows_values(error) else error
        )
        label = self._answerer.label
        log(
            logging.ERROR,
            "the handler of %s failed with %s; the request was refused",
            f"{self._request.method} ({label})" if label else self._request.method,
            type(error).__name__,
            error=shown,
        )
        turn_id = self._request.params.get("turnId")
        failure = HandlerFailure(
            method=self._request.method,
            request_id=self.id,
            thread_id=self.thread_id,
            turn_id=turn_id if isinstance(turn_id, str) else None,
            error=type(error).__name__ if secret else error_text(error),
        )
        try:
            answer = self._answerer.failed(error)
            reply = self.refusal if answer is None else self._reply(answer)
        except (ValueError, TypeError):  # the text of the error cannot be sent
            reply = self.refusal
        return replace(reply, failure=failure)


class _Withheld(Exception):
    """Stands in the log for an exception whose text is not for it."""


class Dispatcher:
    """Decides about server requests.

    Args:
        protocol: Tables of the protocol.
        handlers: Handler methods for the whole client, or None.
        config: Limits of handlers.
        asynchronous: Whether coroutine functions run on an event loop. Otherwise every handler needs a thread.
    """

    def __init__(self, protocol: Protocol, handlers: object | None, config: CodexConfig, *, asynchronous: bool) -> None:
        self._protocol = protocol
        self._config = config
        self._asynchronous = asynchronous
        self._sources: dict[str | None, Mapping[str, AnswererSource]] = {}
        if handlers is not None:
            self._sources[None] = {"handlers": HandlerMethods(handlers, self.handler_base())}

    def handler_base(self) -> type:
        """The class of objects with handler methods."""
        return self._protocol.handler_base()

    def sources(self, thread_id: str | None) -> Mapping[str, AnswererSource]:
        """What answers the requests of a thread, by kind; with None, those of every thread."""
        return self._sources.get(thread_id, {})

    def set_sources(self, thread_id: str | None, sources: Mapping[str, AnswererSource]) -> None:
        """Set what answers the requests of a thread and of those that come from it; nothing to forget the thread."""
        if sources:
            self._sources[thread_id] = sources  # in one step: the reader may be about to look
        else:
            self._sources.pop(thread_id, None)
        if len(self._sources) > _MAX_THREADS:
            oldest = next(each for each in self._sources if each is not None)
            del self._sources[oldest]
            log(
                logging.WARNING, "the handlers of thread %s are forgotten; there are too many threads with some", oldest
            )

    def add_sources(self, thread_id: str | None, sources: Mapping[str, AnswererSource]) -> None:
        """Set some kinds of sources, and leave the others as they are."""
        others = {kind: each for kind, each in self.sources(thread_id).items() if kind not in sources}
        self.set_sources(thread_id, {**sources, **others})

    def answers(self, method: str) -> bool:
        """Whether the client has a handler for this request, whatever its parameters and its thread."""
        row = self._protocol.server_requests.get(method)
        found = (source.find(method, row[2], {}) for source in self.sources(None).values()) if row else ()
        return any(each is not None for each in found)

    def decide(self, request: ServerRequest) -> Reply | Invocation:
        """Return the answer to ``request``, or the handler to call for it."""
        row = self._protocol.server_requests.get(request.method)
        if row is None:
            log(logging.WARNING, "the runtime sent the request %s, which is not known to this version", request.method)
            return Reply(request.id, error=(_METHOD_NOT_FOUND, f"method not found: {request.method}"))
        refusal = self._refusal(request)
        params_type, result_type, name, _ = row
        answerer = self._answerer(request, name)
        if answerer is None:
            return refusal
        limits = answerer.timeout, self._config.handler_timeout
        threaded = answerer.threaded or not self._asynchronous
        return Invocation(
            request,
            answerer,
            params_type=partial(self._protocol.model, params_type),
            result_type=partial(self._protocol.model, result_type),
            result_name=result_type,
            refusal=refusal,
            timeout=min((limit for limit in limits if limit is not None), default=None),
            threaded=threaded,
            lanes=(*answerer.lanes, *([(_THREADS, self._config.handler_threads)] if threaded else [])),
        )

    def _answerer(self, request: ServerRequest, name: str) -> Answerer | None:
        scopes = [self.sources(thread_id).values() for thread_id in (*request.lineage, None)]
        found = (source.find(request.method, name, request.params) for scope in scopes for source in scope)
        answerers = [each for each in found if each is not None]
        return min(answerers, key=lambda each: each.last, default=None)  # the first of the smallest

    def _refusal(self, request: ServerRequest) -> Reply:
        refusal = self._protocol.refusals.get(request.method, {})
        if "result" in refusal:
            return Reply(request.id, refusal["result"])
        if "clock" in refusal:
            return Reply(request.id, {refusal["clock"]: int(time.time())})
        error = refusal.get("error", {"code": _METHOD_NOT_FOUND, "message": f"not handled: {request.method}"})
        return Reply(request.id, error=(error["code"], error["message"]))


def _shows_values(error: BaseException) -> bool:
    """Whether the traceback of an error shows a validation error, be it as its cause or as one of its group."""
    from pydantic import ValidationError

    shown: dict[int, BaseException] = {}
    level: list[Any] = [error]
    while level:
        each = level.pop()
        if isinstance(each, ValidationError):
            return True
        if isinstance(each, BaseException) and id(each) not in shown:
            shown[id(each)] = each
            level += [each.__cause__, None if each.__suppress_context__ else each.__context__]
            members = getattr(each, "exceptions", ())  # of a group
            level += members if isinstance(members, (list, tuple)) else ()
    return False


def _validate(type_: Any, params: dict[str, Any]) -> Any:
    from pydantic import TypeAdapter

    validate = getattr(type_, "model_validate", None)
    if validate is None:  # a union of models
        validate = TypeAdapter[Any](type_).validate_python
    return validate(params)
