"""What both engines say and decide in the same way."""

from __future__ import annotations

from collections.abc import Collection

from .._checks import check_seconds
from .._transport.stdio import StdioProcess
from ..errors import TransportClosedError
from . import DefaultTimeout

__all__ = [
    "CLOSED_TEXT",
    "EXIT_GRACE_S",
    "FORKED_TEXT",
    "JOIN_S",
    "LEFT_BEHIND_TEXT",
    "NOT_STARTED_TEXT",
    "OTHER_LOOP_TEXT",
    "READER_TEXT",
    "TWO_WAITERS_TEXT",
    "death_error",
    "resolve_timeout",
    "timeout_text",
]

EXIT_GRACE_S = 0.5  # between the first sign that the runtime is gone and the report, for its status and last words
JOIN_S = 1.0  # for a thread or transport that has nothing left to wait for

CLOSED_TEXT = "the client was closed; make a new one to go on"
FORKED_TEXT = "the client was made before a fork and belongs to the parent process; make a new one in the child"
LEFT_BEHIND_TEXT = "handlers that did not end when the client was closed: %d; request.cancelled tells them when to stop"
NOT_STARTED_TEXT = "the client was not started"
OTHER_LOOP_TEXT = "the client belongs to the event loop it was started on; make one client per loop"
READER_TEXT = "called on a thread of the client itself, by a log handler or a finalizer: it would wait for itself"
TWO_WAITERS_TEXT = "something else is waiting for these events already; one consumer at a time"

_SHOWN_LINES = 10


def resolve_timeout(
    method: str, timeout: float | DefaultTimeout | None, default: float | None, long_running: Collection[str]
) -> float | None:
    """Return the seconds that a request may take, or None for no limit.

    Raises:
        TypeError: ``timeout`` is no number.
    """
    if isinstance(timeout, DefaultTimeout):
        return None if method in long_running else default
    return check_seconds(f"{method}: timeout", timeout)


def timeout_text(method: str, timeout: float, sent: bool) -> str:
    """Return the message of a request that was not answered in time."""
    waited = "no answer" if sent else "still queued behind other requests"
    return (
        f"{method}: {waited} within {round(timeout, 3):g} s; the request was given up and a late answer will be "
        "dropped. If the runtime needs more time, pass a longer timeout=, or raise CodexConfig.request_timeout, which "
        "applies where none is passed"
    )


def death_error(process: StdioProcess) -> TransportClosedError:
    """Return the error of everything that waits for a runtime that is gone."""
    tail = process.tail.lines()
    # The reason stands above the backtrace that a failed start prints.
    end = next((at for at, line in enumerate(tail) if at and line.strip() == "Stack backtrace:"), len(tail))
    shown = "".join(f"\n  {line}" for line in tail[:end][-_SHOWN_LINES:])
    said = f"; its last words on stderr:{shown}" if shown else "; it wrote nothing to stderr"
    return TransportClosedError(
        f"the runtime {process.describe_exit()}{said}", exit_code=process.returncode, stderr_tail=tail
    )
