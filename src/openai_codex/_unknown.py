"""What stands in for a notification's payload that no model reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["UnknownNotification"]


@dataclass(slots=True)
class UnknownNotification:
    """Payload of a notification that this package has no model for, or that does not fit its model.

    Attributes:
        params: The parameters as they were received.
    """

    params: dict[str, Any]
