"""Presets for what a thread may do, and who decides when it wants more."""

from __future__ import annotations

from enum import Enum
from typing import Any

__all__ = ["ApprovalMode", "Sandbox", "approval_fields", "sandbox_fields_of_thread", "sandbox_fields_of_turn"]


class ApprovalMode(str, Enum):
    """Who decides when the runtime wants to do something that the sandbox does not allow.

    The client itself approves nothing in any mode.
    """

    deny_all = "deny_all"
    """Nobody is asked: what the sandbox refuses stays refused."""
    auto_review = "auto_review"
    """The runtime's own reviewer decides."""
    ask = "ask"
    """The client's server-request handlers decide; without a handler everything is refused."""


class Sandbox(str, Enum):
    """Where commands of the model may write."""

    read_only = "read-only"
    """Read everything, write nothing."""
    workspace_write = "workspace-write"
    """Write below the working directory and in temporary directories, without network access."""
    full_access = "full-access"
    """No sandbox at all."""


_APPROVALS: dict[ApprovalMode, dict[str, str]] = {
    ApprovalMode.deny_all: {"approval_policy": "never"},
    ApprovalMode.auto_review: {"approval_policy": "on-request", "approvals_reviewer": "auto_review"},
    ApprovalMode.ask: {"approval_policy": "on-request", "approvals_reviewer": "user"},
}
_THREAD_MODES = {Sandbox.full_access: "danger-full-access"}
_TURN_POLICIES = {
    Sandbox.read_only: "readOnly",
    Sandbox.workspace_write: "workspaceWrite",
    Sandbox.full_access: "dangerFullAccess",
}


def _options(enum: type[Enum]) -> str:
    return ", ".join(f"{enum.__name__}.{member.name}" for member in enum)


def approval_fields(mode: ApprovalMode | None) -> dict[str, Any]:
    """Request fields for an approval mode; none for None, which keeps the thread's setting.

    Raises:
        ValueError: ``mode`` is no approval mode.
    """
    if mode is None:
        return {}
    if not isinstance(mode, ApprovalMode):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"approval_mode: {mode!r} is none of {_options(ApprovalMode)}")
    return dict(_APPROVALS[mode])


def _checked(sandbox: Sandbox) -> Sandbox:
    if not isinstance(sandbox, Sandbox):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"sandbox: {sandbox!r} is none of {_options(Sandbox)}")
    return sandbox


def sandbox_fields_of_thread(sandbox: Sandbox | None) -> dict[str, Any]:
    """Request fields for a preset on thread methods; none for None.

    Raises:
        ValueError: ``sandbox`` is no preset.
    """
    if sandbox is None:
        return {}
    return {"sandbox": _THREAD_MODES.get(_checked(sandbox), sandbox.value)}


def sandbox_fields_of_turn(sandbox: Sandbox | None) -> dict[str, Any]:
    """Request fields for a preset on a turn, where it also applies to later turns; none for None.

    Raises:
        ValueError: ``sandbox`` is no preset.
    """
    if sandbox is None:
        return {}
    return {"sandbox_policy": {"type": _TURN_POLICIES[_checked(sandbox)]}}
