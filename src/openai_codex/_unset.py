"""``UNSET`` stands for a field that is not sent at all, as opposed to ``None``, which is sent as null."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal, final

__all__ = ["UNSET", "Unset"]


@final
class Unset(Enum):
    """The type of ``UNSET``."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> Literal[False]:
        return False


UNSET: Final = Unset.UNSET
"""This field is left out."""
