"""``HandlerFailure``: what the client tells of a handler that gave no answer."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

__all__ = ["HandlerFailure", "error_text"]


@dataclass(frozen=True, slots=True)
class HandlerFailure:
    """A handler gave no answer, so its request was refused; the payload of a ``client/handlerFailed`` event.

    The client itself announces it through ``events()``; it does not come from the runtime.

    Attributes:
        method: Wire method of the request.
        request_id: JSON-RPC id of the request.
        thread_id: The thread that it belongs to, if it says so.
        turn_id: The turn that it belongs to, if it says so.
        error: What went wrong: class and message of the exception. The traceback is in the log.
    """

    method: str
    request_id: int | str
    thread_id: str | None
    turn_id: str | None
    error: str


def error_text(error: BaseException) -> str:
    """Return class and message of an exception. An exception whose message cannot be had has none."""
    message = ""
    with suppress(Exception, SystemExit):  # the class is the user's
        message = str(error)
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
