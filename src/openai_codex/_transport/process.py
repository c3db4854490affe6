"""How a runtime is started as a process, whatever it is to do."""

from __future__ import annotations

from typing import Any

__all__ = ["popen_options"]

# Windows process creation flags, by value because ``subprocess`` defines them on Windows only.
_CREATE_NEW_PROCESS_GROUP = 0x00000200
_CREATE_NO_WINDOW = 0x08000000


def popen_options(windows: bool) -> dict[str, Any]:
    """Return what detaches the runtime from the terminal: an interrupt key must reach this process alone."""
    if windows:
        return {"creationflags": _CREATE_NEW_PROCESS_GROUP | _CREATE_NO_WINDOW}
    return {"start_new_session": True}
