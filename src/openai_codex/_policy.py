"""What a thread may do, and who decides when it wants more: presets and policies as fields of requests."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from os.path import normpath
from typing import Any

from ._generated import models as m
from ._json import JsonObject

__all__ = [
    "GUARDED",
    "VISIBLE",
    "ApprovalMode",
    "Sandbox",
    "approval_fields",
    "fixed_settings",
    "further_directories",
    "sandbox_fields_of_thread",
    "sandbox_fields_of_turn",
    "settings_to_update",
    "visible_settings",
]


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
_WORKSPACE_CONFIG = "sandbox_workspace_write"


def _options(enum: type[Enum]) -> str:
    return ", ".join(f"{enum.__name__}.{member.name}" for member in enum)


def approval_fields(mode: ApprovalMode | None, *, required: bool = False) -> dict[str, Any]:
    """Request fields for an approval mode; none for None, which keeps the thread's setting.

    Raises:
        ValueError: ``mode`` is no approval mode, or None although one is required.
    """
    if mode is None and not required:
        return {}
    if not isinstance(mode, ApprovalMode):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"approval_mode: {mode!r} is none of {_options(ApprovalMode)}")
    return dict(_APPROVALS[mode])


def sandbox_fields_of_turn(sandbox: Sandbox | m.SandboxPolicy | None) -> dict[str, Any]:
    """Request fields for a sandbox on a turn, where it also applies to later turns; none for None.

    Raises:
        ValueError: ``sandbox`` is neither a preset nor a policy.
    """
    if sandbox is None:
        return {}
    if isinstance(sandbox, Sandbox):
        return {"sandbox_policy": {"type": _TURN_POLICIES[sandbox]}}
    return {"sandbox_policy": _policy(sandbox)}


def sandbox_fields_of_thread(
    sandbox: Sandbox | m.SandboxPolicy | None, config: JsonObject | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fields for a sandbox on thread methods: those of the request, and those of a settings update to follow it.

    The request itself takes just a mode. What a workspace may write goes into the thread's configuration; for the rest
    the thread begins with less, and its settings are updated before anybody can use it.

    Raises:
        ValueError: ``sandbox`` is neither a preset nor a policy, or ``config`` says something else.
    """
    settings: dict[str, Any] = {}
    if sandbox is None:
        mode = None
    elif isinstance(sandbox, Sandbox):
        mode = _THREAD_MODES.get(sandbox, sandbox.value)
    else:
        policy = _policy(sandbox)
        _refuse_conflict(sandbox, config)
        if isinstance(policy, m.DangerFullAccessSandboxPolicy):
            mode = "danger-full-access"
        elif isinstance(policy, m.WorkspaceWriteSandboxPolicy):
            mode = "workspace-write"
            values = policy.model_dump(mode="json", exclude={"type"})
            config = {**(config or {}), _WORKSPACE_CONFIG: values}
        else:
            mode = "read-only"
            if not isinstance(policy, m.ReadOnlySandboxPolicy) or policy.network_access:
                settings = {"sandbox_policy": policy}
    return {"sandbox": mode, "config": config}, settings


_UPDATABLE = ("model", "service_tier", "cwd", "personality", "approval_policy", "approvals_reviewer")
GUARDED = frozenset({"sandbox_policy", "approval_policy", "approvals_reviewer"})
"""Settings that must not be other than they were asked for."""
VISIBLE = {"sandbox_policy": "sandbox"} | {name: name for name in _UPDATABLE if name != "personality"}
"""Settings that an answer of the runtime shows, and what they are called there."""
_FIXED = ("base_instructions", "developer_instructions", "model_provider")


def fixed_settings(asked: Mapping[str, Any], config: JsonObject | None) -> list[str]:
    """Names of what was asked of ``thread/resume`` that a loaded thread cannot take any more."""
    return [name for name in _FIXED if name in asked] + (["config"] if config else [])


def settings_to_update(
    info: Any, asked: Mapping[str, Any], sandbox: Sandbox | m.SandboxPolicy | None
) -> dict[str, Any]:
    """What was asked of ``thread/resume`` and may not be in force, because a loaded thread keeps its own settings.

    Args:
        info: The runtime's answer.
        asked: Fields of the request.
        sandbox: The sandbox that was asked for.

    Returns:
        Fields of ``thread/settings/update``.
    """
    # What can be compared is compared; cwd and tier come back in another form, and personality not at all.
    settings = {name: asked[name] for name in _UPDATABLE if name in asked and getattr(info, name, None) != asked[name]}
    if isinstance(sandbox, Sandbox):
        in_force = info.sandbox.type == _TURN_POLICIES[sandbox]
    else:
        in_force = sandbox is None or _plain(info.sandbox) == _plain(sandbox)
    return settings if in_force else {**settings, **sandbox_fields_of_turn(sandbox)}


def visible_settings(info: Any) -> dict[str, Any]:
    """What an answer of ``thread/resume`` shows of a thread's settings."""
    return {name: getattr(info, shown) for name, shown in VISIBLE.items()}


def _plain(policy: Any) -> Any:
    """A policy with its directories as the runtime writes them."""
    if not isinstance(policy, m.WorkspaceWriteSandboxPolicy):
        return policy
    return policy.model_copy(update={"writable_roots": sorted({normpath(root) for root in policy.writable_roots})})


def further_directories(policy: Any, sandbox: Sandbox | m.SandboxPolicy | None) -> list[str]:
    """Directories that a thread's policy lets it write, beyond those that were asked for."""
    both = m.WorkspaceWriteSandboxPolicy
    if not isinstance(policy, both) or not isinstance(sandbox, both):
        return []
    return sorted({*_plain(policy).writable_roots} - {*_plain(sandbox).writable_roots})


def _policy(sandbox: Any) -> Any:
    """Return ``sandbox`` if it is one of the schema's policies."""
    known = (
        m.DangerFullAccessSandboxPolicy,
        m.ExternalSandboxSandboxPolicy,
        m.ReadOnlySandboxPolicy,
        m.WorkspaceWriteSandboxPolicy,
    )
    if not isinstance(sandbox, known):
        names = ", ".join(each.__name__ for each in known)
        raise ValueError(f"sandbox: {sandbox!r} is none of {_options(Sandbox)}, and no policy ({names})")
    return sandbox


def _refuse_conflict(sandbox: Any, config: Mapping[str, Any] | None) -> None:
    keys = [key for key in config or () if key.partition(".")[0] in (_WORKSPACE_CONFIG, "sandbox_mode")]
    if keys:
        raise ValueError(
            f"sandbox: {type(sandbox).__name__} and config[{keys[0]!r}] both say what may be written; leave one out"
        )
