"""What to do with a request from the runtime: answer at once, or call the user's handler.

This is the part that both engines share; they only differ in what a handler runs on. Every request is
answered: a handler that raises, or returns something that cannot be sent, refuses in the shape that the
protocol defines.
"""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .._core.connection import Connection
from .._core.framing import encode_json
from .._core.requests import ServerRequest
from .._log import log
from .protocol import Protocol

__all__ = ["Dispatcher", "Invocation", "Reply"]

_METHOD_NOT_FOUND = -32601
_INTERNAL_ERROR = -32603


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to one server request.

    Attributes:
        id: Id of the request.
        result: The result, as JSON.
        error: Code and message to send instead of the result.
    """

    id: int | str
    result: Any = None
    error: tuple[int, str] | None = None

    def send(self, connection: Connection) -> None:
        """Put the answer on the connection."""
        if self.error is None:
            connection.respond(self.id, self.result)
        else:
            connection.respond_error(self.id, *self.error)


class Invocation:
    """A handler to be called for one server request.

    ``call`` and ``reply`` may raise anything, which the engine passes to ``refuse``. ``refusal`` is the answer of one
    that is given up for other reasons.
    """

    def __init__(
        self,
        request: ServerRequest,
        handler: Callable[[Any], Any],
        params_type: Callable[[], Any],  # resolved where the handler runs, because it may import models
        result_name: str,
        refusal: Reply,
    ) -> None:
        self.id = request.id
        self.thread_id = request.params.get("threadId")
        self._request = request
        self._handler = handler
        self._params_type = params_type
        self._result_name = result_name
        self.refusal = refusal

    def call(self) -> Any:
        """Call the handler with typed parameters; returns what it returns, which may be an awaitable."""
        return self._handler(_validate(self._params_type(), self._request.params))

    def reply(self, result: Any) -> Reply:
        """Return the answer that carries the handler's result."""
        # Imported late: the runtime is started before the models are loaded.
        from pydantic import BaseModel

        from .._model import to_wire

        if inspect.iscoroutine(result):
            result.close()
            raise TypeError("the handler is a coroutine function; a synchronous client needs plain functions")
        if not isinstance(result, BaseModel):
            raise TypeError(f"the handler returned {type(result).__name__}, not {self._result_name}")
        wire = to_wire(result)
        encode_json(wire)  # what cannot be sent is refused here, where somebody sees it
        return Reply(self.id, wire)

    def refuse(self, error: BaseException) -> Reply:
        """Log why the handler gave no answer, without the request's parameters, and return the refusal."""
        from pydantic import ValidationError

        from .._refusal import ServerRequestRefused

        if isinstance(error, ServerRequestRefused):  # the handler chose the built-in refusal
            return self.refusal
        log(
            logging.ERROR,
            "the handler of %s failed with %s; the request was refused",
            self._request.method,
            type(error).__name__,
            # the text of a validation error holds the values that did not validate
            error=None if isinstance(error, ValidationError) else error,
        )
        return self.refusal


class Dispatcher:
    """Decides about server requests.

    Args:
        protocol: Tables of the protocol.
        handlers: The user's handlers, or None to refuse everything.
    """

    def __init__(self, protocol: Protocol, handlers: object | None) -> None:
        self._protocol = protocol
        self._handlers = handlers
        self._base = None if handlers is None else protocol.handler_base()
        if self._base is not None and not isinstance(handlers, self._base):
            raise TypeError(f"handlers: {handlers!r} is no instance of {self._base.__name__}")

    def decide(self, request: ServerRequest) -> Reply | Invocation:
        """Return the answer to ``request``, or the handler to call for it."""
        row = self._protocol.server_requests.get(request.method)
        if row is None:
            log(logging.WARNING, "the runtime sent the request %s, which is not known to this version", request.method)
            return Reply(request.id, error=(_METHOD_NOT_FOUND, f"method not found: {request.method}"))
        refusal = self._refusal(request)
        params_type, result_type, name, _ = row
        handler = self._handler(name)
        if handler is None:
            return refusal
        return Invocation(request, handler, lambda: self._protocol.model(params_type), result_type, refusal)

    def _handler(self, name: str) -> Callable[[Any], Any] | None:
        """The user's handler of that name, if there is one."""
        try:
            method = getattr(self._handlers, name, None)  # a method, or a callable that was put on the instance
        except Exception as error:  # a property of the user's
            log(logging.ERROR, "the handler %s cannot be had: %s", name, type(error).__name__, error=error)
            return None
        inherited = getattr(method, "__func__", method) is getattr(self._base, name, None)
        return None if inherited else method

    def _refusal(self, request: ServerRequest) -> Reply:
        refusal = self._protocol.refusals.get(request.method, {})
        if "result" in refusal:
            return Reply(request.id, refusal["result"])
        if "clock" in refusal:
            return Reply(request.id, {refusal["clock"]: int(time.time())})
        error = refusal.get("error", {"code": _METHOD_NOT_FOUND, "message": f"not handled: {request.method}"})
        return Reply(request.id, error=(error["code"], error["message"]))


def _validate(type_: Any, params: dict[str, Any]) -> Any:
    from pydantic import TypeAdapter

    validate = getattr(type_, "model_validate", None)
    if validate is None:  # a union of models
        validate = TypeAdapter[Any](type_).validate_python
    return validate(params)
