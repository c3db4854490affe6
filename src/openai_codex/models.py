"""Notifications and their payloads, under the names that the official package has in its module ``models``.

All of them but ``NotificationPayload`` are the ones of ``openai_codex.types``, which has every other type as well.
Importing this module loads no model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from .types import (
        AccountLoginCompletedNotification as AccountLoginCompletedNotification,
        AccountRateLimitsUpdatedNotification as AccountRateLimitsUpdatedNotification,
        AccountUpdatedNotification as AccountUpdatedNotification,
        AgentMessageDeltaNotification as AgentMessageDeltaNotification,
        AppListUpdatedNotification as AppListUpdatedNotification,
        CommandExecutionOutputDeltaNotification as CommandExecutionOutputDeltaNotification,
        ConfigWarningNotification as ConfigWarningNotification,
        ContextCompactedNotification as ContextCompactedNotification,
        DeprecationNoticeNotification as DeprecationNoticeNotification,
        ErrorNotification as ErrorNotification,
        FileChangeOutputDeltaNotification as FileChangeOutputDeltaNotification,
        InitializeResponse as InitializeResponse,
        ItemCompletedNotification as ItemCompletedNotification,
        ItemStartedNotification as ItemStartedNotification,
        JsonObject as JsonObject,
        JsonScalar as JsonScalar,
        JsonValue as JsonValue,
        McpServerOauthLoginCompletedNotification as McpServerOauthLoginCompletedNotification,
        McpToolCallProgressNotification as McpToolCallProgressNotification,
        Notification as Notification,
        NotificationPayload as NotificationPayload,
        PlanDeltaNotification as PlanDeltaNotification,
        RawResponseItemCompletedNotification as RawResponseItemCompletedNotification,
        ReasoningSummaryPartAddedNotification as ReasoningSummaryPartAddedNotification,
        ReasoningSummaryTextDeltaNotification as ReasoningSummaryTextDeltaNotification,
        ReasoningTextDeltaNotification as ReasoningTextDeltaNotification,
        ServerInfo as ServerInfo,
        TerminalInteractionNotification as TerminalInteractionNotification,
        ThreadGoalClearedNotification as ThreadGoalClearedNotification,
        ThreadGoalUpdatedNotification as ThreadGoalUpdatedNotification,
        ThreadNameUpdatedNotification as ThreadNameUpdatedNotification,
        ThreadStartedNotification as ThreadStartedNotification,
        ThreadTokenUsageUpdatedNotification as ThreadTokenUsageUpdatedNotification,
        TurnCompletedNotification as TurnCompletedNotification,
        TurnDiffUpdatedNotification as TurnDiffUpdatedNotification,
        TurnPlanUpdatedNotification as TurnPlanUpdatedNotification,
        TurnStartedNotification as TurnStartedNotification,
        UnknownNotification as UnknownNotification,
        WindowsWorldWritableWarningNotification as WindowsWorldWritableWarningNotification,
    )

__all__ = [
    "AccountLoginCompletedNotification",
    "AccountRateLimitsUpdatedNotification",
    "AccountUpdatedNotification",
    "AgentMessageDeltaNotification",
    "AppListUpdatedNotification",
    "CommandExecutionOutputDeltaNotification",
    "ConfigWarningNotification",
    "ContextCompactedNotification",
    "DeprecationNoticeNotification",
    "ErrorNotification",
    "FileChangeOutputDeltaNotification",
    "InitializeResponse",
    "ItemCompletedNotification",
    "ItemStartedNotification",
    "JsonObject",
    "JsonScalar",
    "JsonValue",
    "McpServerOauthLoginCompletedNotification",
    "McpToolCallProgressNotification",
    "Notification",
    "NotificationPayload",
    "PlanDeltaNotification",
    "RawResponseItemCompletedNotification",
    "ReasoningSummaryPartAddedNotification",
    "ReasoningSummaryTextDeltaNotification",
    "ReasoningTextDeltaNotification",
    "ServerInfo",
    "TerminalInteractionNotification",
    "ThreadGoalClearedNotification",
    "ThreadGoalUpdatedNotification",
    "ThreadNameUpdatedNotification",
    "ThreadStartedNotification",
    "ThreadTokenUsageUpdatedNotification",
    "TurnCompletedNotification",
    "TurnDiffUpdatedNotification",
    "TurnPlanUpdatedNotification",
    "TurnStartedNotification",
    "UnknownNotification",
    "WindowsWorldWritableWarningNotification",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from . import types

        value = _notification_payload() if name == "NotificationPayload" else getattr(types, name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__} - {"TYPE_CHECKING", "Any", "Union", "annotations"})

    def _notification_payload() -> Any:
        """Whatever ``Notification.payload`` can be: the union that is spelled out for type checkers."""
        from . import types
        from ._failure import HandlerFailure
        from ._generated._methods import NOTIFICATIONS

        payloads = [getattr(types, name) for name in sorted({*NOTIFICATIONS.values()})]
        payloads += [HandlerFailure, types.UnknownNotification]
        return Union[tuple(payloads)]
