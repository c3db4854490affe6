"""Typed client for the Codex app-server: every protocol method, sync and async.

    from openai_codex import Codex, Sandbox

    with Codex() as codex:
        thread = codex.thread_start(sandbox=Sandbox.read_only)
        result = thread.run("What does this project do?")
        print(result.final_response)

``AsyncCodex`` is the same with ``await``. ``help(openai_codex.Codex)`` and the classes it names tell the rest. Names
are loaded on first use, so importing the package costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        console as console,
        errors as errors,
        models as models,
        protocol as protocol,
        retry as retry,
        types as types,
    )
    from ._answers import Cancellation as Cancellation, ServerRequestContext as ServerRequestContext
    from ._approval_policy import (
        ApprovalPolicy as ApprovalPolicy,
        ApprovalRule as ApprovalRule,
        PolicyDecision as PolicyDecision,
    )
    from ._approvals import (
        Approval as Approval,
        ApprovalHandler as ApprovalHandler,
        ApprovalRequest as ApprovalRequest,
        CommandApprovalRequest as CommandApprovalRequest,
        FileChangeApprovalRequest as FileChangeApprovalRequest,
        PermissionsApprovalRequest as PermissionsApprovalRequest,
        ToolApprovalRequest as ToolApprovalRequest,
    )
    from ._async.client import AsyncCodex as AsyncCodex
    from ._async.events import AsyncEventStream as AsyncEventStream
    from ._async.goal import AsyncGoal as AsyncGoal, AsyncGoalRun as AsyncGoalRun
    from ._async.login import (
        AsyncChatgptLoginHandle as AsyncChatgptLoginHandle,
        AsyncDeviceCodeLoginHandle as AsyncDeviceCodeLoginHandle,
    )
    from ._async.pages import AsyncPager as AsyncPager
    from ._async.stream import AsyncTextStream as AsyncTextStream, AsyncTurnStream as AsyncTurnStream
    from ._async.thread import AsyncThread as AsyncThread
    from ._async.turn import AsyncTurnHandle as AsyncTurnHandle
    from ._config import CodexConfig as CodexConfig
    from ._core.notification import Notification as Notification
    from ._engine import DEFAULT_TIMEOUT as DEFAULT_TIMEOUT, DefaultTimeout as DefaultTimeout
    from ._failure import HandlerFailure as HandlerFailure
    from ._generated._version import PACKAGE_VERSION as __version__
    from ._generated.handlers_async import AsyncServerRequestHandlers as AsyncServerRequestHandlers
    from ._generated.handlers_sync import ServerRequestHandlers as ServerRequestHandlers
    from ._inputs import (
        AudioInput as AudioInput,
        ExternalMessage as ExternalMessage,
        FileIdInput as FileIdInput,
        ImageInput as ImageInput,
        Input as Input,
        InputItem as InputItem,
        LocalAudioInput as LocalAudioInput,
        LocalImageInput as LocalImageInput,
        MentionInput as MentionInput,
        RunInput as RunInput,
        SkillInput as SkillInput,
        TextInput as TextInput,
    )
    from ._policy import ApprovalMode as ApprovalMode, Sandbox as Sandbox
    from ._questions import (
        Elicitation as Elicitation,
        ElicitationHandler as ElicitationHandler,
        ElicitationRequest as ElicitationRequest,
        UserInputHandler as UserInputHandler,
        UserInputRequest as UserInputRequest,
    )
    from ._results import TurnResult as TurnResult
    from ._sync.client import Codex as Codex
    from ._sync.events import EventStream as EventStream
    from ._sync.goal import Goal as Goal, GoalRun as GoalRun
    from ._sync.login import ChatgptLoginHandle as ChatgptLoginHandle, DeviceCodeLoginHandle as DeviceCodeLoginHandle
    from ._sync.pages import Pager as Pager
    from ._sync.stream import TextStream as TextStream, TurnStream as TurnStream
    from ._sync.thread import Thread as Thread
    from ._sync.turn import TurnHandle as TurnHandle
    from ._tools import Tool as Tool, ToolContext as ToolContext, ToolSet as ToolSet, tool as tool
    from ._unknown import UnknownNotification as UnknownNotification
    from ._unset import UNSET as UNSET
    from .errors import (
        CodexError as CodexError,
        CodexRpcError as CodexRpcError,
        InternalRpcError as InternalRpcError,
        InvalidParamsError as InvalidParamsError,
        InvalidRequestError as InvalidRequestError,
        JsonRpcError as JsonRpcError,
        MethodNotFoundError as MethodNotFoundError,
        OutputValidationError as OutputValidationError,
        ParseError as ParseError,
        RequestTimeoutError as RequestTimeoutError,
        ResponseValidationError as ResponseValidationError,
        RetryLimitExceededError as RetryLimitExceededError,
        RuntimeNotFoundError as RuntimeNotFoundError,
        SchemaNotStrictError as SchemaNotStrictError,
        ServerBusyError as ServerBusyError,
        ThreadNotFoundError as ThreadNotFoundError,
        TransportClosedError as TransportClosedError,
        TurnFailedError as TurnFailedError,
        TurnNotActiveError as TurnNotActiveError,
        TurnNotSteerableError as TurnNotSteerableError,
        TurnStalledError as TurnStalledError,
        TurnTimeoutError as TurnTimeoutError,
        UnsupportedRuntimeError as UnsupportedRuntimeError,
        is_retryable_error as is_retryable_error,
    )
    from .retry import retry_on_overload as retry_on_overload

__all__ = [
    "DEFAULT_TIMEOUT",
    "UNSET",
    "Approval",
    "ApprovalHandler",
    "ApprovalMode",
    "ApprovalPolicy",
    "ApprovalRequest",
    "ApprovalRule",
    "AsyncChatgptLoginHandle",
    "AsyncCodex",
    "AsyncDeviceCodeLoginHandle",
    "AsyncEventStream",
    "AsyncGoal",
    "AsyncGoalRun",
    "AsyncPager",
    "AsyncServerRequestHandlers",
    "AsyncTextStream",
    "AsyncThread",
    "AsyncTurnHandle",
    "AsyncTurnStream",
    "AudioInput",
    "Cancellation",
    "ChatgptLoginHandle",
    "Codex",
    "CodexConfig",
    "CodexError",
    "CodexRpcError",
    "CommandApprovalRequest",
    "DefaultTimeout",
    "DeviceCodeLoginHandle",
    "Elicitation",
    "ElicitationHandler",
    "ElicitationRequest",
    "EventStream",
    "ExternalMessage",
    "FileChangeApprovalRequest",
    "FileIdInput",
    "Goal",
    "GoalRun",
    "HandlerFailure",
    "ImageInput",
    "Input",
    "InputItem",
    "InternalRpcError",
    "InvalidParamsError",
    "InvalidRequestError",
    "JsonRpcError",
    "LocalAudioInput",
    "LocalImageInput",
    "MentionInput",
    "MethodNotFoundError",
    "Notification",
    "OutputValidationError",
    "Pager",
    "ParseError",
    "PermissionsApprovalRequest",
    "PolicyDecision",
    "RequestTimeoutError",
    "ResponseValidationError",
    "RetryLimitExceededError",
    "RunInput",
    "RuntimeNotFoundError",
    "Sandbox",
    "SchemaNotStrictError",
    "ServerBusyError",
    "ServerRequestContext",
    "ServerRequestHandlers",
    "SkillInput",
    "TextInput",
    "TextStream",
    "Thread",
    "ThreadNotFoundError",
    "Tool",
    "ToolApprovalRequest",
    "ToolContext",
    "ToolSet",
    "TransportClosedError",
    "TurnFailedError",
    "TurnHandle",
    "TurnNotActiveError",
    "TurnNotSteerableError",
    "TurnResult",
    "TurnStalledError",
    "TurnStream",
    "TurnTimeoutError",
    "UnknownNotification",
    "UnsupportedRuntimeError",
    "UserInputHandler",
    "UserInputRequest",
    "__version__",
    "is_retryable_error",
    "retry_on_overload",
    "tool",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        from ._exports import MODULE_OF, PUBLIC_MODULES

        if name == "__version__":
            value = import_module("._generated._version", __name__).PACKAGE_VERSION
        elif name in MODULE_OF:
            value = getattr(import_module(f".{MODULE_OF[name]}", __name__), name)
        elif name in PUBLIC_MODULES:
            return import_module(f".{name}", __name__)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        from ._exports import PUBLIC_MODULES

        return sorted({*globals(), *__all__, *PUBLIC_MODULES})
