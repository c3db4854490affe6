"""What the runtime wants a person to know: its warnings and notices go to the log, each text once."""

from __future__ import annotations

import logging
from typing import Any

from .._log import LogBook

__all__ = ["NOTICES", "NoticeLog"]

NOTICES = frozenset({"configWarning", "deprecationNotice", "guardianWarning", "warning"})
"""Notifications that are logged."""

_MAX_TEXTS = 256


class NoticeLog:
    """Logs notices of one connection, which repeats some of them with every thread or turn."""

    def __init__(self, log: LogBook) -> None:
        self._log = log
        self._texts: dict[str, None] = {}

    def report(self, method: str, params: dict[str, Any]) -> None:
        """Log one notice, unless its text was logged before."""
        parts = [params.get(name) for name in ("summary", "message", "details")]
        text = " ".join(part for part in parts if isinstance(part, str) and part) or "(no text)"
        if text not in self._texts:
            self._texts[text] = None
            if len(self._texts) > _MAX_TEXTS:
                del self._texts[next(iter(self._texts))]
            self._log.write(logging.WARNING, "%s: %s", method, text)
