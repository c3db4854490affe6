"""Typed client for the Codex app-server: every protocol method, sync and async.

``Codex`` and ``AsyncCodex`` start a runtime and talk to it; see their docstrings, or ``help(openai_codex.Codex)``.
Names are loaded on first use, so importing the package costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._async.client import AsyncCodex as AsyncCodex
    from ._async.thread import AsyncThread as AsyncThread
    from ._async.turn import AsyncTurnHandle as AsyncTurnHandle, AsyncTurnStream as AsyncTurnStream
    from ._config import CodexConfig as CodexConfig
    from ._generated._version import PACKAGE_VERSION as __version__
    from ._generated.handlers_async import AsyncServerRequestHandlers as AsyncServerRequestHandlers
    from ._generated.handlers_sync import ServerRequestHandlers as ServerRequestHandlers
    from ._inputs import (
        ExternalMessage as ExternalMessage,
        ImageInput as ImageInput,
        Input as Input,
        InputItem as InputItem,
        LocalImageInput as LocalImageInput,
        MentionInput as MentionInput,
        RunInput as RunInput,
        SkillInput as SkillInput,
        TextInput as TextInput,
    )
    from ._policy import ApprovalMode as ApprovalMode, Sandbox as Sandbox
    from ._results import TurnResult as TurnResult
    from ._sync.client import Codex as Codex
    from ._sync.thread import Thread as Thread
    from ._sync.turn import TurnHandle as TurnHandle, TurnStream as TurnStream
    from ._unset import UNSET as UNSET
    from .errors import (
        CodexError as CodexError,
        CodexRpcError as CodexRpcError,
        InternalRpcError as InternalRpcError,
        InvalidParamsError as InvalidParamsError,
        InvalidRequestError as InvalidRequestError,
        JsonRpcError as JsonRpcError,
        MethodNotFoundError as MethodNotFoundError,
        ParseError as ParseError,
        RequestTimeoutError as RequestTimeoutError,
        ResponseValidationError as ResponseValidationError,
        RetryLimitExceededError as RetryLimitExceededError,
        RuntimeNotFoundError as RuntimeNotFoundError,
        ServerBusyError as ServerBusyError,
        ThreadNotFoundError as ThreadNotFoundError,
        TransportClosedError as TransportClosedError,
        TurnFailedError as TurnFailedError,
        TurnNotActiveError as TurnNotActiveError,
        TurnNotSteerableError as TurnNotSteerableError,
        UnsupportedRuntimeError as UnsupportedRuntimeError,
        is_retryable_error as is_retryable_error,
    )

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
