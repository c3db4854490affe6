"""Sandbox presets and approval modes: what is sent, and what the runtime then does."""

from __future__ import annotations

from typing import Any

import pytest

from openai_codex import ApprovalMode, AsyncCodex, AsyncThread, Sandbox
from openai_codex.testing import ScriptedModel
from openai_codex.types import (
    CommandExecutionApprovalDecisionValue,
    CommandExecutionRequestApprovalParams,
    CommandExecutionRequestApprovalResponse,
    CommandExecutionStatus,
    CommandExecutionThreadItem,
    TurnStatus,
)
from tests.e2e.facade import Wire, scenario

WRITE = {"cmd": "echo written > made.txt || echo refused"}
ESCALATE = {**WRITE, "sandbox_permissions": "require_escalated", "justification": "to write"}

asked: list[CommandExecutionRequestApprovalParams] = []


def accept(params: CommandExecutionRequestApprovalParams) -> CommandExecutionRequestApprovalResponse:
    """Allow a command, and remember it."""
    asked.append(params)
    return CommandExecutionRequestApprovalResponse(decision=CommandExecutionApprovalDecisionValue.accept)


def stumble(params: CommandExecutionRequestApprovalParams) -> CommandExecutionRequestApprovalResponse:
    """A handler with a bug."""
    raise LookupError(params.item_id)


def made(model: ScriptedModel) -> bool:
    """Whether the command has written its file."""
    return (model.workspace / "made.txt").exists()


# Sandbox


@scenario()
async def test_sandbox_presets_are_sent_and_honoured(codex: AsyncCodex, model: ScriptedModel, wire: Wire) -> None:
    async def write(thread: AsyncThread, sandbox: Sandbox | None = None) -> bool:
        (model.workspace / "made.txt").unlink(missing_ok=True)
        model.call_tool("exec_command", WRITE).say("ok")
        await thread.run("Write", sandbox=sandbox)
        assert made(model) is ("refused" not in model.requests[-1].last_tool_output)
        return made(model)

    never = ApprovalMode.deny_all
    for sandbox, writes in [(Sandbox.read_only, False), (Sandbox.workspace_write, True), (Sandbox.full_access, True)]:
        assert await write(await codex.thread_start(sandbox=sandbox, approval_mode=never)) is writes
    modes = [params["sandbox"] for params in wire.sent("thread/start")]
    assert modes == ["read-only", "workspace-write", "danger-full-access"]

    thread = await codex.thread_start(sandbox=Sandbox.full_access, approval_mode=never)
    for sandbox, writes in [(Sandbox.read_only, False), (Sandbox.workspace_write, True), (Sandbox.full_access, True)]:
        assert await write(thread, sandbox) is writes
        if not writes:  # it also holds for the turns after it
            assert await write(thread) is writes
    policies = [params.get("sandboxPolicy", {}).get("type") for params in wire.sent("turn/start")[3:]]
    assert policies == ["readOnly", None, "workspaceWrite", "dangerFullAccess"]


# Approval


@scenario(repeat_last=True)
async def test_approval_modes_are_sent_on_threads_and_turns(
    codex: AsyncCodex, model: ScriptedModel, wire: Wire
) -> None:
    model.say("ok")
    for mode in ApprovalMode:
        await (await codex.thread_start(approval_mode=mode)).run("Hi", approval_mode=mode)
    await (await codex.thread_start()).run("Hi")
    reviewed = ("on-request", "auto_review")
    expected = {"thread/start": reviewed, "turn/start": (None, None)}  # a turn keeps what its thread has
    for method, default in expected.items():
        sent = [(params.get("approvalPolicy"), params.get("approvalsReviewer")) for params in wire.sent(method)]
        assert sent == [("never", None), reviewed, ("on-request", "user"), default]


async def escalate(codex: AsyncCodex, model: ScriptedModel, mode: ApprovalMode) -> CommandExecutionThreadItem | None:
    """Let the model ask for a command outside of the sandbox; return the command's item if there was one."""
    thread = await codex.thread_start(approval_mode=mode, sandbox=Sandbox.read_only)
    model.call_tool("exec_command", ESCALATE).say("ok")
    result = await thread.run("Write")
    assert (result.status, result.final_response) == (TurnStatus.completed, "ok")
    return next((item for item in result.items if isinstance(item, CommandExecutionThreadItem)), None)


@scenario(answers={"item_command_execution_request_approval": accept})
async def test_deny_all_asks_nobody(codex: AsyncCodex, model: ScriptedModel) -> None:
    asked.clear()
    assert await escalate(codex, model, ApprovalMode.deny_all) is None
    assert not made(model)
    assert asked == []


@scenario()
async def test_ask_without_a_handler_declines(codex: AsyncCodex, model: ScriptedModel) -> None:
    command = await escalate(codex, model, ApprovalMode.ask)
    assert command is not None and command.status is CommandExecutionStatus.declined
    assert not made(model)
    assert "rejected" in model.requests[-1].last_tool_output


@scenario(answers={"item_command_execution_request_approval": accept})
async def test_ask_runs_the_command_that_a_handler_accepts(codex: AsyncCodex, model: ScriptedModel) -> None:
    asked.clear()
    command = await escalate(codex, model, ApprovalMode.ask)
    assert command is not None and command.status is CommandExecutionStatus.completed
    assert made(model)
    (params,) = asked
    assert params.item_id == command.id
    assert params.reason == "to write"
    assert params.command is not None and WRITE["cmd"] in params.command


@scenario(answers={"item_command_execution_request_approval": stumble})
async def test_ask_declines_when_the_handler_raises(
    codex: AsyncCodex, model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    command = await escalate(codex, model, ApprovalMode.ask)
    assert command is not None and command.status is CommandExecutionStatus.declined
    assert not made(model)
    assert "item/commandExecution/requestApproval" in caplog.text
    assert "LookupError" in caplog.text


@scenario()
async def test_wrong_preset_is_refused_with_the_choices(codex: AsyncCodex, model: ScriptedModel, wire: Wire) -> None:
    wrong: Any = "read-only"
    with pytest.raises(ValueError, match=r"sandbox: 'read-only' is none of Sandbox\.read_only, "):
        await codex.thread_start(sandbox=wrong)
    wrong = "never"
    with pytest.raises(ValueError, match=r"approval_mode: 'never' is none of ApprovalMode\.deny_all, "):
        await codex.thread_start(approval_mode=wrong)
    assert wire.sent("thread/start") == []
