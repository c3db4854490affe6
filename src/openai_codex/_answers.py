"""How server requests find their way to the functions that answer them.

Every request is answered by an ``Answerer``: it turns the typed parameters into a call of the user's function, and what
that returns into the typed answer. Answerers come from sources: an object of handler methods, or one of the short forms
such as ``approval_handler``. Nothing here waits or runs anything; the engines do that.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from ._generated import models as m
from ._json import member

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = [
    "CURRENT_REQUEST",
    "NEVER_CANCELLED",
    "Answered",
    "Answerer",
    "AnswererSource",
    "Call",
    "Cancellation",
    "HandlerMethods",
    "ServerRequestContext",
    "ShortForms",
    "current_request",
    "is_coroutine_function",
    "item_of",
]


class Cancellation(Protocol):
    """Whether an answer is still wanted. An asynchronous handler is cancelled as well; a thread has to look here."""

    def is_set(self) -> bool:
        """Whether nobody wants the answer any more."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Block until that is so, at most ``timeout`` seconds; returns whether it is. Not for event loops."""
        ...


class _NeverCancelled:
    """For requests that somebody has made by hand."""

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float | None = None) -> bool:
        raise RuntimeError("this request did not come from a runtime, so nothing will ever cancel it")


NEVER_CANCELLED: Cancellation = _NeverCancelled()


@dataclass(frozen=True, slots=True)
class ServerRequestContext:
    """The request that a handler is answering.

    Attributes:
        id: Its JSON-RPC id.
        method: Its wire method.
        thread_id: The thread that it belongs to, if it says so.
        turn_id: The turn that it belongs to, if it says so.
        params: Its parameters as they came, as JSON; with what this version does not know.
        item: The item that it is about (schema ThreadItem), as it was when it started: for an approval the command with
            its working directory, or the file change with its ``changes``. None where no such item is known.
        cancelled: Set as soon as the answer is not wanted any more: the runtime has settled the request otherwise, the
            time is over, or the connection is.
    """

    id: int | str
    method: str
    thread_id: str | None
    turn_id: str | None
    params: Mapping[str, Any] = field(repr=False)
    item: m.ThreadItem | None
    cancelled: Cancellation = field(repr=False, compare=False)

    @property
    def changes(self) -> list[m.FileUpdateChange] | None:
        """The changes of a file-change request (schema FileUpdateChange); None where they are not known."""
        return self.item.changes if isinstance(self.item, m.FileChangeThreadItem) else None


CURRENT_REQUEST: ContextVar[ServerRequestContext] = ContextVar("openai_codex_server_request")


def current_request() -> ServerRequestContext:
    """The request that the calling handler answers.

    Raises:
        RuntimeError: it is not called by a handler.
    """
    try:
        return CURRENT_REQUEST.get()
    except LookupError:
        raise RuntimeError("no server request is being answered here; only handlers may ask for it") from None


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the user's and what to call it with."""

    function: Callable[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Answered(Exception):
    """The answer is known without a call.

    Attributes:
        answer: The typed answer.
    """

    def __init__(self, answer: BaseModel) -> None:
        super().__init__()
        self.answer = answer


class Answerer:
    """Answers one kind of request with a function of the user's. This one passes parameters and answers on as they are.

    Args:
        function: The user's function, plain or a coroutine function.

    Attributes:
        label: Which of several functions for the same kind of request this is, for the log; "" if there is just one.
        threaded: Whether the function is a plain one, which may block.
        timeout: Seconds that the function may take; None for no limit of its own.
        lanes: Names and sizes of the groups that it shares with others: no more than so many of a group run at a time.
        last: Whether any other that takes the request comes first, however far away it is.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.last = False
        self.label = ""
        self.threaded = not is_coroutine_function(function)
        self.timeout: float | None = None
        self.lanes: tuple[tuple[object, int], ...] = ()

    def accept(self, params: Mapping[str, Any]) -> Answerer | None:
        """Return who answers the request with these raw parameters; None if this is for somebody else."""
        return self

    def prepare(self, params: Any, context: ServerRequestContext) -> Call:
        """Return the call that answers the request; raises ``Answered`` where none is needed."""
        return Call(self.function, (params,))

    def answer(self, result: Any, params: Any) -> Any:
        """Return the typed answer for what the function returned. What is none is refused."""
        return result

    def failed(self, error: BaseException) -> BaseModel | None:
        """Return the answer for a function that raised; None for the refusal that the protocol defines."""
        return None


class AnswererSource(Protocol):
    """Where answerers come from."""

    def find(self, method: str, name: str, params: Mapping[str, Any]) -> Answerer | None:
        """Return the answerer for a request, or None.

        Args:
            method: Wire method.
            name: Name that handler methods for it have.
            params: Raw parameters.
        """
        ...


class HandlerMethods:
    """The methods that a subclass of the generated handlers overrides.

    Args:
        handlers: The user's object.
        base: The generated class, whose methods refuse.
    """

    def __init__(self, handlers: object, base: type) -> None:
        if not isinstance(handlers, base):
            raise TypeError(f"handlers: {handlers!r} is no instance of {base.__name__}")
        self._handlers = handlers
        self._base = base

    def find(self, method: str, name: str, params: Mapping[str, Any]) -> Answerer | None:
        """See ``AnswererSource``."""
        function = self.override(name)
        return None if function is None else Answerer(function)

    def override(self, name: str) -> Callable[..., Any] | None:
        """The user's method of that name; None where the generated one was left as it is.

        One that cannot be had is there all the same: it fails when it is called, and nobody else answers in its place.
        """
        try:
            function = getattr(self._handlers, name, None)  # a method, or a callable that was put on the instance
            inherited = getattr(function, "__func__", function) is getattr(self._base, name, None)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a property of the user's
            return partial(_raise, error)
        return None if inherited else function


def _raise(error: BaseException, *_: object) -> None:
    raise error


class ShortForms:
    """What a short form of handlers comes to: an answerer for each wire method that it answers."""

    def __init__(self, answerers: Mapping[str, Answerer]) -> None:
        self._answerers = answerers

    def find(self, method: str, name: str, params: Mapping[str, Any]) -> Answerer | None:
        """See ``AnswererSource``."""
        answerer = self._answerers.get(method)
        return None if answerer is None else answerer.accept(params)


def item_of(params: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> m.ThreadItem | None:
    """Return the item that a request is about.

    Args:
        params: Raw parameters of the request.
        items: The items of its turn that have started and not ended, as raw JSON.
    """
    meta = params.get("_meta")
    if meta is None:
        found = [each for each in items if each.get("id") == params.get("itemId")]
    else:  # the approval of a tool call does not name the call
        calls = [each for each in items if each.get("type") == "mcpToolCall"]
        calls = [each for each in calls if each.get("server") == params.get("serverName")]
        arguments = member(meta, "tool_params")
        found = [each for each in calls if (each.get("arguments") or None) == (arguments or None)]
        found = found[-1:] if len({str(each.get("tool")) for each in found}) == 1 else []
    if not found:
        return None
    try:
        return _read_item(found[-1])
    except ValueError:
        return None


def _read_item(item: Mapping[str, Any]) -> m.ThreadItem:
    started = {"item": item, "threadId": "", "turnId": "", "startedAtMs": 0}
    return m.ItemStartedNotification.model_validate(started).item


def is_coroutine_function(function: Callable[..., Any]) -> bool:
    """Whether calling ``function`` gives a coroutine: a coroutine function, or an object that is called like one."""
    while isinstance(function, partial):
        function = function.func
    call = getattr(type(function), "__call__", None)  # noqa: B004 - the method itself, not whether there is one
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)
