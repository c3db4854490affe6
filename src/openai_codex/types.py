"""Every protocol type by name, for annotations and matching: ``from openai_codex.types import ThreadItem``.

The names are those of the schema; ``__all__`` holds the ones that most programs need, and any other can be imported
as well. Importing this module loads no model; each name loads the types it belongs to.
"""

# ruff: noqa: F403, F405 - the names come with a star, from the list that is generated.
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._core.notification import Notification as Notification
from ._unknown import UnknownNotification as UnknownNotification

if TYPE_CHECKING:
    from ._generated.models import *
    from ._json import JsonObject as JsonObject, JsonScalar as JsonScalar, JsonValue as JsonValue
    from ._metadata import InitializeResponse as InitializeResponse, ServerInfo as ServerInfo
    from ._model import Unrecognized as Unrecognized
else:
    # Type checkers do not see this list: to them, a name that it leaves out would be private.
    __all__ = [
        "Account",
        "AccountLoginCompletedNotification",
        "ApprovalsReviewer",
        "AskForApproval",
        "CancelLoginAccountResponse",
        "CancelLoginAccountStatus",
        "GetAccountResponse",
        "InitializeResponse",
        "JsonObject",
        "JsonScalar",
        "JsonValue",
        "ModelListResponse",
        "Notification",
        "Personality",
        "PlanType",
        "ReasoningEffort",
        "ReasoningSummary",
        "SandboxMode",
        "SandboxPolicy",
        "ServerInfo",
        "SortDirection",
        "ThreadArchiveResponse",
        "ThreadCompactStartResponse",
        "ThreadItem",
        "ThreadListCwdFilter",
        "ThreadListResponse",
        "ThreadReadResponse",
        "ThreadSetNameResponse",
        "ThreadSortKey",
        "ThreadSource",
        "ThreadSourceKind",
        "ThreadStartSource",
        "ThreadTokenUsage",
        "ThreadTokenUsageUpdatedNotification",
        "Turn",
        "TurnCompletedNotification",
        "TurnError",
        "TurnInterruptResponse",
        "TurnStatus",
        "TurnSteerResponse",
        "UnknownNotification",
        "Unrecognized",
    ]

    # Names that do not come from the schema, or that stand in for one that does.
    _HANDWRITTEN = {
        "InitializeResponse": "_metadata",
        "JsonObject": "_json",
        "JsonScalar": "_json",
        "JsonValue": "_json",
        "NotificationPayload": "models",
        "ServerInfo": "_metadata",
        "Unrecognized": "_model",
    }

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        from ._generated import models

        if name in _HANDWRITTEN:
            value = getattr(import_module(f".{_HANDWRITTEN[name]}", __package__), name)
        elif name in models.MODULE_OF:
            value = getattr(models, name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        from ._generated.models import MODULE_OF

        return sorted({*globals(), *MODULE_OF, *_HANDWRITTEN} - {"TYPE_CHECKING", "Any", "annotations"})
