"""The only place with tasks and threads: it moves bytes between a transport and the core, and lets callers
wait.

``aio.AsyncEngine`` runs on an event loop, ``threads.Engine`` on a reader thread. Both have the same public
names and keywords, so that code over one can be turned into code over the other by dropping ``await``.
"""

from __future__ import annotations

from typing import Final, final

__all__ = ["DEFAULT_TIMEOUT", "DefaultTimeout"]


@final
class DefaultTimeout:
    """Type of ``DEFAULT_TIMEOUT``, for functions that pass a ``timeout`` on."""

    def __repr__(self) -> str:
        return "DEFAULT_TIMEOUT"


DEFAULT_TIMEOUT: Final = DefaultTimeout()
"""The default of every ``timeout`` of a request: ``CodexConfig.request_timeout``, and no limit at all for methods that
run for long by nature."""
