"""``HandlerFailure``: what the client tells of a handler that gave no answer."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HandlerFailure", "error_text"]


def error_text(error: BaseException) -> str:
    """Class and message of an exception; the class alone where there is no message, or none can be had."""
    try:
        message = str(error)
    except (Exception, SystemExit):  # the class is the user's
        message = ""
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


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
