"""The package's logger, and a way to log later.

A program that sets up no logging sees nothing. Log handlers are the program's own code: they may raise, wait, or call
the client, and what they raise is none of the client's business. The protocol core only writes down what it has to
say, and the engines log it when they hold no lock.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque

__all__ = ["LogBook", "log", "logger"]

logger = logging.getLogger("openai_codex")
logger.addHandler(logging.NullHandler())  # without it, warnings of a library land on stderr


def log(level: int, text: str, *args: object, error: BaseException | None = None) -> None:
    """Log at once; to be called without any lock. Raises nothing, whatever the log handlers do.

    Args:
        level: As in ``logging``.
        text: With a place for each argument.
        error: What the entry is about, to be logged with its traceback.
    """
    with contextlib.suppress(Exception, SystemExit):
        logger.log(level, text, *args, exc_info=error, stacklevel=2)


class LogBook:
    """What is to be logged."""

    def __init__(self) -> None:
        self._entries: deque[tuple[int, str, tuple[object, ...], BaseException | None]] = deque()

    def write(self, level: int, text: str, *args: object, error: BaseException | None = None) -> None:
        """Write an entry down, with the arguments of its text and the error that it is about."""
        self._entries.append((level, text, args, error))

    def publish(self) -> None:
        """Log all entries. Never raises, whatever the log handlers do; to be called without any lock."""
        while self._entries:
            try:
                level, text, args, error = self._entries.popleft()
            except IndexError:  # another thread was faster
                return
            log(level, text, *args, error=error)
