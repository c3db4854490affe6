"""Every protocol type by name, for annotations and matching: ``from openai_codex.types import ThreadItem``.

The names are those of the schema. Importing this module loads no model; each name loads the types it belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._core.notification import Notification as Notification
from ._unknown import UnknownNotification as UnknownNotification

if TYPE_CHECKING:
    from ._generated.models import *  # noqa: F403
    from ._json import JsonObject as JsonObject, JsonScalar as JsonScalar, JsonValue as JsonValue
    from ._metadata import InitializeResponse as InitializeResponse, ServerInfo as ServerInfo
    from ._model import Unrecognized as Unrecognized
else:
    # Names that do not come from the schema, or that stand in for one that does.
    _HANDWRITTEN = {
        "InitializeResponse": "_metadata",
        "JsonObject": "_json",
        "JsonScalar": "_json",
        "JsonValue": "_json",
        "ServerInfo": "_metadata",
        "Unrecognized": "_model",
    }

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        module = import_module(f".{_HANDWRITTEN.get(name, '_generated.models')}", __package__)
        try:
            value = getattr(module, name)
        except AttributeError:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        from ._generated.models import MODULE_OF

        return sorted({*globals(), *MODULE_OF, *_HANDWRITTEN} - {"TYPE_CHECKING", "Any", "annotations"})
