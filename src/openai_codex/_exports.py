"""Where the public names of the package are: they are loaded when they are first asked for."""

from __future__ import annotations

__all__ = ["MODULES", "MODULE_OF", "PUBLIC_MODULES"]

MODULES = {
    "_answers": (
        "Cancellation",
        "ServerRequestContext",
    ),
    "_approval_policy": (
        "ApprovalPolicy",
        "ApprovalRule",
        "PolicyDecision",
    ),
    "_approvals": (
        "Approval",
        "ApprovalHandler",
        "ApprovalRequest",
        "CommandApprovalRequest",
        "FileChangeApprovalRequest",
        "PermissionsApprovalRequest",
        "ToolApprovalRequest",
    ),
    "_async.client": ("AsyncCodex",),
    "_async.events": ("AsyncEventStream",),
    "_async.goal": (
        "AsyncGoal",
        "AsyncGoalRun",
    ),
    "_async.login": (
        "AsyncChatgptLoginHandle",
        "AsyncDeviceCodeLoginHandle",
    ),
    "_async.pages": ("AsyncPager",),
    "_async.stream": (
        "AsyncTextStream",
        "AsyncTurnStream",
    ),
    "_async.thread": ("AsyncThread",),
    "_async.turn": ("AsyncTurnHandle",),
    "_config": ("CodexConfig",),
    "_core.notification": ("Notification",),
    "_engine": (
        "DEFAULT_TIMEOUT",
        "DefaultTimeout",
    ),
    "_failure": ("HandlerFailure",),
    "_generated.handlers_async": ("AsyncServerRequestHandlers",),
    "_generated.handlers_sync": ("ServerRequestHandlers",),
    "_inputs": (
        "AudioInput",
        "ExternalMessage",
        "FileIdInput",
        "ImageInput",
        "Input",
        "InputItem",
        "LocalAudioInput",
        "LocalImageInput",
        "MentionInput",
        "RunInput",
        "SkillInput",
        "TextInput",
    ),
    "_policy": (
        "ApprovalMode",
        "Sandbox",
    ),
    "_questions": (
        "Elicitation",
        "ElicitationHandler",
        "ElicitationRequest",
        "UserInputHandler",
        "UserInputRequest",
    ),
    "_results": ("TurnResult",),
    "_sync.client": ("Codex",),
    "_sync.events": ("EventStream",),
    "_sync.goal": (
        "Goal",
        "GoalRun",
    ),
    "_sync.login": (
        "ChatgptLoginHandle",
        "DeviceCodeLoginHandle",
    ),
    "_sync.pages": ("Pager",),
    "_sync.stream": (
        "TextStream",
        "TurnStream",
    ),
    "_sync.thread": ("Thread",),
    "_sync.turn": ("TurnHandle",),
    "_tools": (
        "Tool",
        "ToolContext",
        "ToolSet",
        "tool",
    ),
    "_unknown": ("UnknownNotification",),
    "_unset": ("UNSET",),
    "errors": (
        "CodexError",
        "CodexRpcError",
        "InternalRpcError",
        "InvalidParamsError",
        "InvalidRequestError",
        "JsonRpcError",
        "MethodNotFoundError",
        "OutputValidationError",
        "ParseError",
        "RequestTimeoutError",
        "ResponseValidationError",
        "RetryLimitExceededError",
        "RuntimeNotFoundError",
        "SchemaNotStrictError",
        "ServerBusyError",
        "ThreadNotFoundError",
        "TransportClosedError",
        "TurnFailedError",
        "TurnNotActiveError",
        "TurnNotSteerableError",
        "TurnStalledError",
        "TurnTimeoutError",
        "UnsupportedRuntimeError",
        "is_retryable_error",
    ),
    "retry": ("retry_on_overload",),
}
"""Public names by the module that defines them."""

PUBLIC_MODULES = ("console", "errors", "models", "protocol", "retry", "types")
"""Modules to import from."""

MODULE_OF = {name: module for module, names in MODULES.items() for name in names}
"""The module of each public name."""
