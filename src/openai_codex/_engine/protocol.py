"""What the engines need to know of the protocol's methods, taken from the generated layer or from a test."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Protocol", "generated_protocol"]


def _no_model(name: str) -> Any:
    raise LookupError(name)


@dataclass(frozen=True, slots=True)
class Protocol:
    """Tables over method names.

    Attributes:
        long_running: Requests without a default deadline, which do not count towards the in-flight cap.
        server_requests: Method to names of params type, result type and handler method, and whether
            experimental.
        refusals: Method to the answer that refuses: ``{"result": ...}``, ``{"error": {"code", "message"}}``
            or ``{"clock": <field>}``, which answers the current time as Unix seconds.
        model: Returns the type of a name.
        handler_base: Returns the class whose handler methods refuse; what a subclass overrides is called
            instead.
    """

    long_running: Collection[str] = frozenset()
    server_requests: Mapping[str, tuple[str, str, str, bool]] = field(
        default_factory=dict[str, tuple[str, str, str, bool]]
    )
    refusals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    model: Callable[[str], Any] = _no_model
    handler_base: Callable[[], type] = lambda: object


def generated_protocol(*, asynchronous: bool) -> Protocol:
    """Return the tables of the schema that this package was generated from, for one kind of handlers."""
    from .._generated import _methods

    return Protocol(
        long_running=_methods.LONG_RUNNING,
        server_requests=_methods.SERVER_REQUESTS,
        refusals=_methods.REFUSALS,
        model=_generated_model,
        handler_base=_async_handlers if asynchronous else _sync_handlers,
    )


def _generated_model(name: str) -> Any:
    from .._generated import models

    return getattr(models, name)


def _async_handlers() -> type:
    from .._generated.handlers_async import AsyncServerRequestHandlers

    return AsyncServerRequestHandlers


def _sync_handlers() -> type:
    from .._generated.handlers_sync import ServerRequestHandlers

    return ServerRequestHandlers
