"""The package's logger, and a way to log later.

A program that sets up no logging sees nothing. Log handlers are the program's own code: they may wait, raise, or call
the client. So the protocol core only writes down what it has to say, and the engines log it when they hold no lock.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque

__all__ = ["LogBook", "logger"]

logger = logging.getLogger("openai_codex")
logger.addHandler(logging.NullHandler())  # without it, warnings of a library land on stderr


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
            with contextlib.suppress(Exception):
                logger.log(level, text, *args, exc_info=error)
