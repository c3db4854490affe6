"""Every protocol type by name, for annotations and matching: ``from openai_codex.types import ThreadItem``.

The names are those of the schema. Importing this module loads no model; each name loads the types it belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._core.notification import Notification as Notification, UnknownNotification as UnknownNotification

if TYPE_CHECKING:
    from ._generated.models import *  # noqa: F403
    from ._json import JsonObject as JsonObject
    from ._metadata import InitializeResponse as InitializeResponse, ServerInfo as ServerInfo
else:

    def __getattr__(name: str) -> Any:
        if name in ("InitializeResponse", "ServerInfo"):
            from . import _metadata as module
        elif name in ("JsonObject", "JsonScalar", "JsonValue"):
            from . import _json as module
        else:
            from ._generated import models as module
        try:
            value = getattr(module, name)
        except AttributeError:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        from ._generated.models import MODULE_OF

        return sorted({*globals(), *MODULE_OF, "InitializeResponse", "JsonObject", "ServerInfo"})
