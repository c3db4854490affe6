"""The protocol as data: every request, notification and server request of the schema, with its types.

Importing this loads no model; ``params_type``, ``result_type``, ``payload_type`` and ``doc`` are resolved when read.

    >>> REQUESTS["thread/name/set"].python_path
    'thread.name_set'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from ._generated import _methods
from ._generated._version import RUNTIME_VERSION

__all__ = [
    "NOTIFICATIONS",
    "REQUESTS",
    "SCHEMA_VERSION",
    "SERVER_REQUESTS",
    "NotificationInfo",
    "RequestInfo",
    "ServerRequestInfo",
]

SCHEMA_VERSION: Final = RUNTIME_VERSION
"""Version of the runtime whose schema this package was generated from."""


def _type(name: str) -> Any:
    from ._generated import models

    return getattr(models, name)


def _doc(method: str) -> str:
    from ._generated._docs import DOCS

    return DOCS.get(method, "")


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """A request that a client may send.

    Attributes:
        method: Wire method.
        python_path: Dotted path below ``codex.rpc``.
        params_name: Name of the params type; "" where the request takes none.
        result_name: Name of the result type.
        experimental: Whether it needs ``CodexConfig(experimental_api=True)``.
        long_running: Whether it has no default deadline.
    """

    method: str
    python_path: str
    params_name: str
    result_name: str
    experimental: bool
    long_running: bool

    @property
    def params_type(self) -> Any:
        """Model class or union of the parameters; None where the request takes none."""
        return _type(self.params_name) if self.params_name else None

    @property
    def result_type(self) -> Any:
        """Model class or union of the result."""
        return _type(self.result_name)

    @property
    def doc(self) -> str:
        """The schema's description; "" where it has none."""
        return _doc(self.method)


@dataclass(frozen=True, slots=True)
class NotificationInfo:
    """A notification that the runtime may send.

    Attributes:
        method: Wire method.
        payload_name: Name of the payload type.
        experimental: Whether it needs ``CodexConfig(experimental_api=True)``.
    """

    method: str
    payload_name: str
    experimental: bool

    @property
    def payload_type(self) -> Any:
        """Model class of the payload."""
        return _type(self.payload_name)

    @property
    def params_type(self) -> Any:
        """The same as ``payload_type``: a notification's parameters are its payload."""
        return self.payload_type

    @property
    def doc(self) -> str:
        """The schema's description; "" where it has none."""
        return _doc(self.method)


@dataclass(frozen=True, slots=True)
class ServerRequestInfo:
    """A request that the runtime may send to the client.

    Attributes:
        method: Wire method.
        handler: Method of ``ServerRequestHandlers`` that answers it.
        params_name: Name of the params type.
        result_name: Name of the result type.
        experimental: Whether it needs ``CodexConfig(experimental_api=True)``.
    """

    method: str
    handler: str
    params_name: str
    result_name: str
    experimental: bool

    @property
    def python_path(self) -> str:
        """The same as ``handler``."""
        return self.handler

    @property
    def params_type(self) -> Any:
        """Model class or union of the parameters."""
        return _type(self.params_name)

    @property
    def result_type(self) -> Any:
        """Model class of the result."""
        return _type(self.result_name)

    @property
    def doc(self) -> str:
        """The schema's description; "" where it has none."""
        return _doc(self.method)


REQUESTS: Final[Mapping[str, RequestInfo]] = MappingProxyType(
    {
        method: RequestInfo(method, path, params, result, experimental, method in _methods.LONG_RUNNING)
        for method, (path, params, result, experimental) in _methods.REQUESTS.items()
    }
)
"""Wire method -> what is known about the request."""

NOTIFICATIONS: Final[Mapping[str, NotificationInfo]] = MappingProxyType(
    {
        method: NotificationInfo(method, payload, method in _methods.EXPERIMENTAL_NOTIFICATIONS)
        for method, payload in _methods.NOTIFICATIONS.items()
    }
)
"""Wire method -> what is known about the notification."""

SERVER_REQUESTS: Final[Mapping[str, ServerRequestInfo]] = MappingProxyType(
    {
        method: ServerRequestInfo(method, handler, params, result, experimental)
        for method, (params, result, handler, experimental) in _methods.SERVER_REQUESTS.items()
    }
)
"""Wire method -> what is known about the server request."""
