"""Presets and policies as fields of requests."""

from __future__ import annotations

from typing import Any

import pytest

from openai_codex import ApprovalMode, Sandbox
from openai_codex._policy import (
    approval_fields,
    further_directories,
    sandbox_fields_of_thread,
    sandbox_fields_of_turn,
)
from openai_codex.types import (
    DangerFullAccessSandboxPolicy,
    ExternalSandboxSandboxPolicy,
    NetworkAccess,
    ReadOnlySandboxPolicy,
    UnrecognizedSandboxPolicy,
    WorkspaceWriteSandboxPolicy,
)

OPEN_WORKSPACE = WorkspaceWriteSandboxPolicy(network_access=True, writable_roots=["/srv"])
READ_WITH_NETWORK = ReadOnlySandboxPolicy(network_access=True)
EXTERNAL = ExternalSandboxSandboxPolicy(network_access=NetworkAccess.enabled)
WRITABLE = {
    "writable_roots": ["/srv"],
    "network_access": True,
    "exclude_tmpdir_env_var": False,
    "exclude_slash_tmp": False,
}

THREADS: list[tuple[Any, Any, dict[str, Any], dict[str, Any]]] = [
    (None, None, {"sandbox": None, "config": None}, {}),
    (None, {"a": 1}, {"sandbox": None, "config": {"a": 1}}, {}),
    (Sandbox.read_only, None, {"sandbox": "read-only", "config": None}, {}),
    (
        Sandbox.workspace_write,
        {"sandbox_mode": "x"},
        {"sandbox": "workspace-write", "config": {"sandbox_mode": "x"}},
        {},
    ),
    (Sandbox.full_access, None, {"sandbox": "danger-full-access", "config": None}, {}),
    (DangerFullAccessSandboxPolicy(), None, {"sandbox": "danger-full-access", "config": None}, {}),
    (ReadOnlySandboxPolicy(), None, {"sandbox": "read-only", "config": None}, {}),
    (READ_WITH_NETWORK, None, {"sandbox": "read-only", "config": None}, {"sandbox_policy": READ_WITH_NETWORK}),
    (EXTERNAL, None, {"sandbox": "read-only", "config": None}, {"sandbox_policy": EXTERNAL}),
    (
        OPEN_WORKSPACE,
        {"a": 1},
        {"sandbox": "workspace-write", "config": {"a": 1, "sandbox_workspace_write": WRITABLE}},
        {},
    ),
]


@pytest.mark.parametrize(("sandbox", "config", "fields", "settings"), THREADS)
def test_sandbox_of_a_thread(sandbox: Any, config: Any, fields: dict[str, Any], settings: dict[str, Any]) -> None:
    before = None if config is None else dict(config)
    assert sandbox_fields_of_thread(sandbox, config) == (fields, settings)
    assert config == before


@pytest.mark.parametrize(
    ("sandbox", "policy"),
    [
        (Sandbox.read_only, {"type": "readOnly"}),
        (Sandbox.workspace_write, {"type": "workspaceWrite"}),
        (Sandbox.full_access, {"type": "dangerFullAccess"}),
        (OPEN_WORKSPACE, OPEN_WORKSPACE),
    ],
)
def test_sandbox_of_a_turn(sandbox: Any, policy: Any) -> None:
    assert sandbox_fields_of_turn(sandbox) == {"sandbox_policy": policy}
    assert sandbox_fields_of_turn(None) == {}


@pytest.mark.parametrize(
    "wrong", ["read-only", "workspaceWrite", {"type": "readOnly"}, 1, True, UnrecognizedSandboxPolicy()]
)
def test_what_is_no_sandbox_is_refused_with_the_presets(wrong: Any) -> None:
    presets = "Sandbox.read_only, Sandbox.workspace_write, Sandbox.full_access"
    with pytest.raises(ValueError, match=presets):
        sandbox_fields_of_turn(wrong)
    with pytest.raises(ValueError, match=presets):
        sandbox_fields_of_thread(wrong, None)


@pytest.mark.parametrize("key", ["sandbox_mode", "sandbox_workspace_write", "sandbox_workspace_write.network_access"])
@pytest.mark.parametrize("policy", [OPEN_WORKSPACE, READ_WITH_NETWORK])
def test_policy_and_configuration_do_not_both_decide(key: str, policy: Any) -> None:
    with pytest.raises(ValueError, match=f"config\\['{key}'\\] both say"):
        sandbox_fields_of_thread(policy, {key: {}})


def test_approval_mode_that_is_none_is_refused_with_the_modes() -> None:
    assert approval_fields(None) == {}
    assert approval_fields(ApprovalMode.deny_all) == {"approval_policy": "never"}
    with pytest.raises(ValueError, match=r"ApprovalMode\.deny_all, ApprovalMode\.auto_review, ApprovalMode\.ask"):
        approval_fields("never")  # type: ignore[arg-type]


def test_directories_are_compared_as_the_runtime_writes_them() -> None:
    def policy(*roots: str) -> WorkspaceWriteSandboxPolicy:
        return WorkspaceWriteSandboxPolicy(writable_roots=list(roots))

    assert further_directories(policy("/a/c"), policy("/a/b/../c/")) == []
    assert further_directories(policy("/a", "/b"), policy("/b")) == ["/a"]
    assert further_directories(policy("/a"), Sandbox.workspace_write) == []
    assert further_directories(ReadOnlySandboxPolicy(), policy()) == []
