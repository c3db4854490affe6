"""Typed client for the Codex app-server: every protocol method, sync and async.

``Codex`` and ``AsyncCodex`` start a runtime and talk to it; see their docstrings, or ``help(openai_codex.Codex)``.
Names are loaded on first use, so importing the package costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._async.client import AsyncCodex as AsyncCodex
    from ._async.thread import AsyncThread as AsyncThread
    from ._async.turn import AsyncTurnHandle as AsyncTurnHandle
    from ._async.turn import AsyncTurnStream as AsyncTurnStream
    from ._config import CodexConfig as CodexConfig
    from ._generated._version import PACKAGE_VERSION as __version__
    from ._generated.handlers_async import AsyncServerRequestHandlers as AsyncServerRequestHandlers
    from ._generated.handlers_sync import ServerRequestHandlers as ServerRequestHandlers
    from ._inputs import ExternalMessage as ExternalMessage
    from ._inputs import ImageInput as ImageInput
    from ._inputs import Input as Input
    from ._inputs import InputItem as InputItem
    from ._inputs import LocalImageInput as LocalImageInput
    from ._inputs import MentionInput as MentionInput
    from ._inputs import RunInput as RunInput
    from ._inputs import SkillInput as SkillInput
    from ._inputs import TextInput as TextInput
    from ._policy import ApprovalMode as ApprovalMode
    from ._policy import Sandbox as Sandbox
    from ._results import TurnResult as TurnResult
    from ._sync.client import Codex as Codex
    from ._sync.thread import Thread as Thread
    from ._sync.turn import TurnHandle as TurnHandle
    from ._sync.turn import TurnStream as TurnStream
    from ._unset import UNSET as UNSET
    from .errors import CodexError as CodexError
    from .errors import CodexRpcError as CodexRpcError
    from .errors import InternalRpcError as InternalRpcError
    from .errors import InvalidParamsError as InvalidParamsError
    from .errors import InvalidRequestError as InvalidRequestError
    from .errors import JsonRpcError as JsonRpcError
    from .errors import MethodNotFoundError as MethodNotFoundError
    from .errors import ParseError as ParseError
    from .errors import RequestTimeoutError as RequestTimeoutError
    from .errors import ResponseValidationError as ResponseValidationError
    from .errors import RetryLimitExceededError as RetryLimitExceededError
    from .errors import RuntimeNotFoundError as RuntimeNotFoundError
    from .errors import ServerBusyError as ServerBusyError
    from .errors import ThreadNotFoundError as ThreadNotFoundError
    from .errors import TransportClosedError as TransportClosedError
    from .errors import TurnFailedError as TurnFailedError
    from .errors import TurnNotActiveError as TurnNotActiveError
    from .errors import TurnNotSteerableError as TurnNotSteerableError
    from .errors import UnsupportedRuntimeError as UnsupportedRuntimeError
    from .errors import is_retryable_error as is_retryable_error

_MODULES = {
    "_async.client": ("AsyncCodex",),
    "_async.thread": ("AsyncThread",),
    "_async.turn": ("AsyncTurnHandle", "AsyncTurnStream"),
    "_config": ("CodexConfig",),
    "_generated.handlers_async": ("AsyncServerRequestHandlers",),
    "_generated.handlers_sync": ("ServerRequestHandlers",),
    "_inputs": (
        "ExternalMessage",
        "ImageInput",
        "Input",
        "InputItem",
        "LocalImageInput",
        "MentionInput",
        "RunInput",
        "SkillInput",
        "TextInput",
    ),
    "_policy": ("ApprovalMode", "Sandbox"),
    "_results": ("TurnResult",),
    "_sync.client": ("Codex",),
    "_sync.thread": ("Thread",),
    "_sync.turn": ("TurnHandle", "TurnStream"),
    "_unset": ("UNSET",),
    "errors": (
        "CodexError",
        "CodexRpcError",
        "InternalRpcError",
        "InvalidParamsError",
        "InvalidRequestError",
        "JsonRpcError",
        "MethodNotFoundError",
        "ParseError",
        "RequestTimeoutError",
        "ResponseValidationError",
        "RetryLimitExceededError",
        "RuntimeNotFoundError",
        "ServerBusyError",
        "ThreadNotFoundError",
        "TransportClosedError",
        "TurnFailedError",
        "TurnNotActiveError",
        "TurnNotSteerableError",
        "UnsupportedRuntimeError",
        "is_retryable_error",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "UNSET",
    "ApprovalMode",
    "AsyncCodex",
    "AsyncServerRequestHandlers",
    "AsyncThread",
    "AsyncTurnHandle",
    "AsyncTurnStream",
    "Codex",
    "CodexConfig",
    "CodexError",
    "CodexRpcError",
    "ExternalMessage",
    "ImageInput",
    "Input",
    "InputItem",
    "InternalRpcError",
    "InvalidParamsError",
    "InvalidRequestError",
    "JsonRpcError",
    "LocalImageInput",
    "MentionInput",
    "MethodNotFoundError",
    "ParseError",
    "RequestTimeoutError",
    "ResponseValidationError",
    "RetryLimitExceededError",
    "RunInput",
    "RuntimeNotFoundError",
    "Sandbox",
    "ServerBusyError",
    "ServerRequestHandlers",
    "SkillInput",
    "TextInput",
    "Thread",
    "ThreadNotFoundError",
    "TransportClosedError",
    "TurnFailedError",
    "TurnHandle",
    "TurnNotActiveError",
    "TurnNotSteerableError",
    "TurnResult",
    "TurnStream",
    "UnsupportedRuntimeError",
    "__version__",
    "is_retryable_error",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name == "__version__":
            value = import_module("._generated._version", __name__).PACKAGE_VERSION
        elif name in _MODULE_OF:
            value = getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
