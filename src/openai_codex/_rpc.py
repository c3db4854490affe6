"""What the generated request stubs stand on: one callable that sends a request by wire name and fields."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ._engine import DEFAULT_TIMEOUT, DefaultTimeout
from ._unset import UNSET, Unset

__all__ = ["DEFAULT_TIMEOUT", "UNSET", "AsyncNamespace", "DefaultTimeout", "Namespace", "Unset"]


class AsyncNamespace:
    """A group of requests over one asynchronous client."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[[str, Any, float | DefaultTimeout | None], Awaitable[Any]]) -> None:
        self._call = call


class Namespace:
    """A group of requests over one synchronous client."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[[str, Any, float | DefaultTimeout | None], Any]) -> None:
        self._call = call
