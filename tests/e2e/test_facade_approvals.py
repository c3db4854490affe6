"""Approvals on the real runtime: what the handler gets, and what its answer does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openai_codex import (
    Approval,
    ApprovalMode,
    ApprovalRequest,
    AsyncCodex,
    AsyncThread,
    CommandApprovalRequest,
    FileChangeApprovalRequest,
    PermissionsApprovalRequest,
    Sandbox,
)
from openai_codex.testing import ScriptedModel, message, tool_call
from openai_codex.types import (
    AddPatchChangeKind,
    CommandExecutionRequestApprovalParams,
    CommandExecutionRequestApprovalResponse,
    CommandExecutionThreadItem,
    FileChangeRequestApprovalResponse,
    FileUpdateChange,
    GrantedPermissionProfile,
    PermissionsRequestApprovalResponse,
    TurnStatus,
)
from tests.e2e.facade import handlers_of, scenario

PERMISSIONS = "[features]\nrequest_permissions_tool = true\n"
PATCH = "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch"

Answer = Callable[[ApprovalRequest], Any]


def escalated(command: str) -> Any:
    """A call that asks to run a command outside of the sandbox."""
    escalation = {"sandbox_permissions": "require_escalated", "justification": "because"}
    return tool_call("exec_command", {"cmd": command, **escalation})


class Asked:
    """A handler that answers as it is told to, and remembers what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = [*answers]
        self.requests: list[ApprovalRequest] = []

    def __call__(self, request: ApprovalRequest) -> Any:
        self.requests.append(request)
        return self.answers.pop(0)

    @property
    def only(self) -> Any:
        (request,) = self.requests
        return request


def accept(request: ApprovalRequest) -> bool:
    return True


async def asking(codex: AsyncCodex, handler: Any, sandbox: Sandbox = Sandbox.read_only) -> AsyncThread:
    return await codex.thread_start(approval_mode=ApprovalMode.ask, sandbox=sandbox, approval_handler=handler)


# Commands


@scenario()
async def test_command_that_is_accepted_runs(codex: AsyncCodex, model: ScriptedModel) -> None:
    handler = Asked(True)
    thread = await asking(codex, handler)
    model.answer(escalated("touch made.txt")).say("done")
    result = await thread.run("Go")
    request: CommandApprovalRequest = handler.only
    assert isinstance(request, CommandApprovalRequest) and request.kind == "command"
    assert (request.thread_id, request.turn_id, request.item_id) == (thread.id, result.id, "call_1_0")
    assert request.command == "/bin/bash -lc 'touch made.txt'"
    assert (request.cwd, request.reason) == (str(model.workspace), "because")
    assert request.proposed_rule == ("touch", "made.txt")
    assert request.available_decisions == [
        Approval.accept(),
        Approval.accept_with_rule(["touch", "made.txt"]),
        Approval.cancel(),
    ]
    assert isinstance(request.item, CommandExecutionThreadItem) and request.item.id == request.item_id
    assert not request.cancelled.is_set()
    assert (model.workspace / "made.txt").exists()


@scenario()
async def test_command_that_is_declined_does_not_run(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await asking(codex, Asked(Approval.decline()))
    model.answer(escalated("touch made.txt")).say("as you like")
    result = await thread.run("Go")
    assert (result.status, result.final_response) == (TurnStatus.completed, "as you like")
    assert not (model.workspace / "made.txt").exists()
    assert "rejected by user" in model.requests[-1].last_tool_output


@scenario()
async def test_command_that_is_accepted_for_the_session_is_asked_for_once(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    handler = Asked(Approval.accept_for_session())
    thread = await asking(codex, handler)
    for n in range(2):
        model.answer(escalated("echo x >> made.txt")).say("done")
        await thread.run(f"Go {n}")
    assert len(handler.requests) == 1
    assert (model.workspace / "made.txt").read_text() == "x\nx\n"


@scenario()
async def test_rule_covers_later_commands(codex: AsyncCodex, model: ScriptedModel) -> None:
    handler = Asked(Approval.accept_with_rule(["touch"]))
    thread = await asking(codex, handler)
    model.answer(escalated("touch one.txt")).answer(escalated("touch two.txt")).say("done")
    await thread.run("Go")
    assert len(handler.requests) == 1
    assert sorted(path.name for path in model.workspace.iterdir()) == ["one.txt", "two.txt"]


@scenario()
async def test_cancelled_command_ends_the_turn(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await asking(codex, Asked(Approval.cancel()))
    model.answer(escalated("touch made.txt"))
    assert (await thread.run("Go")).status is TurnStatus.interrupted
    assert not (model.workspace / "made.txt").exists()


@scenario()
async def test_handler_may_be_a_coroutine_function(codex: AsyncCodex, model: ScriptedModel) -> None:
    async def approve(request: ApprovalRequest) -> Approval:
        return Approval.accept()

    thread = await asking(codex, approve)
    model.answer(escalated("touch made.txt")).say("done")
    await thread.run("Go")
    assert (model.workspace / "made.txt").exists()


@scenario()
async def test_handler_method_gets_the_item_with_its_request(codex: AsyncCodex, model: ScriptedModel) -> None:
    seen: list[Any] = []

    def approve(params: CommandExecutionRequestApprovalParams) -> CommandExecutionRequestApprovalResponse:
        seen.append((params, handlers.request))
        return CommandExecutionRequestApprovalResponse.model_validate({"decision": "accept"})

    handlers = handlers_of(codex, item_command_execution_request_approval=approve)
    thread = await codex.thread_start(approval_mode=ApprovalMode.ask, sandbox=Sandbox.read_only, handlers=handlers)
    model.answer(escalated("touch made.txt")).say("done")
    result = await thread.run("Go")
    ((params, request),) = seen
    assert (request.method, request.thread_id, request.turn_id) == (
        "item/commandExecution/requestApproval",
        thread.id,
        result.id,
    )
    assert isinstance(request.item, CommandExecutionThreadItem)
    assert (request.item.id, request.item.command, request.changes) == (params.item_id, params.command, None)
    assert (model.workspace / "made.txt").exists()
    with pytest.raises(RuntimeError, match="no server request is being answered here"):
        _ = handlers.request


# File changes


@scenario()
async def test_patch_that_is_accepted_is_applied(codex: AsyncCodex, model: ScriptedModel) -> None:
    handler = Asked(True)
    thread = await asking(codex, handler)
    model.answer(tool_call("apply_patch", PATCH)).say("done")
    result = await thread.run("Go")
    request: FileChangeApprovalRequest = handler.only
    assert isinstance(request, FileChangeApprovalRequest) and request.kind == "file_change"
    assert (request.thread_id, request.turn_id, request.item_id) == (thread.id, result.id, "call_1_0")
    path = model.workspace / "new.txt"
    assert request.changes == [FileUpdateChange(diff="hello\n", kind=AddPatchChangeKind(), path=str(path))]
    assert (request.grant_root, request.command) == (None, None)
    assert path.read_text() == "hello\n"


@pytest.mark.parametrize("answer", ["decline", "cancel"])
@scenario()
async def test_patch_that_is_refused_is_not_applied(codex: AsyncCodex, model: ScriptedModel, answer: str) -> None:
    thread = await asking(codex, Asked(getattr(Approval, answer)()))
    model.answer(tool_call("apply_patch", PATCH))
    if answer == "decline":
        model.say("as you like")
    result = await thread.run("Go")
    assert result.status is (TurnStatus.completed if answer == "decline" else TurnStatus.interrupted)
    assert [*model.workspace.iterdir()] == []
    if answer == "decline":
        assert "rejected by user" in model.requests[-1].last_tool_output


@scenario()
async def test_patches_that_are_accepted_for_the_session_are_asked_for_once(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    handler = Asked(Approval.accept_for_session())
    thread = await asking(codex, handler)
    model.answer(tool_call("apply_patch", PATCH))
    model.answer(tool_call("apply_patch", PATCH.replace("Add", "Update").replace("+hello", "@@\n-hello\n+bye")))
    model.say("done")
    await thread.run("Go")
    assert len(handler.requests) == 1
    assert (model.workspace / "new.txt").read_text() == "bye\n"


@scenario()
async def test_handler_method_gets_the_changes(codex: AsyncCodex, model: ScriptedModel) -> None:
    seen: list[Any] = []

    def approve(params: Any) -> FileChangeRequestApprovalResponse:
        seen.append(handlers.request.changes)
        return FileChangeRequestApprovalResponse.model_validate({"decision": "decline"})

    handlers = handlers_of(codex, item_file_change_request_approval=approve)
    thread = await codex.thread_start(approval_mode=ApprovalMode.ask, sandbox=Sandbox.read_only, handlers=handlers)
    model.answer(tool_call("apply_patch", PATCH)).say("ok")
    await thread.run("Go")
    ((change,),) = seen
    assert (Path(change.path).name, change.diff) == ("new.txt", "hello\n")


# Permissions


def wanted(model: ScriptedModel) -> Any:
    files = {"write": [str(model.workspace.parent / "other")]}
    return tool_call("request_permissions", {"reason": "to write", "permissions": {"file_system": files}})


@scenario(config_toml=PERMISSIONS)
async def test_permissions_are_granted_as_they_were_asked_for(codex: AsyncCodex, model: ScriptedModel) -> None:
    handler = Asked(True)
    thread = await asking(codex, handler)
    model.answer(wanted(model)).say("done")
    result = await thread.run("Go")
    request: PermissionsApprovalRequest = handler.only
    assert isinstance(request, PermissionsApprovalRequest) and request.kind == "permissions"
    assert (request.thread_id, request.turn_id, request.reason) == (thread.id, result.id, "to write")
    assert (request.cwd, request.environment_id) == (str(model.workspace), "local")
    files = request.permissions.file_system
    assert files is not None and files.write == [str(model.workspace.parent / "other")]
    granted = model.requests[-1].last_tool_output
    assert str(model.workspace.parent / "other") in granted and '"scope":"turn"' in granted


@pytest.mark.parametrize(("answer", "granted"), [("decline", "turn"), ("cancel", "turn"), ("session", "session")])
@scenario(config_toml=PERMISSIONS)
async def test_other_answers_about_permissions(
    codex: AsyncCodex, model: ScriptedModel, answer: str, granted: str
) -> None:
    answers = {"session": Approval.accept_for_session(), "decline": Approval.decline(), "cancel": Approval.cancel()}
    thread = await asking(codex, Asked(answers[answer]))
    model.answer(wanted(model)).say("ok")
    assert (await thread.run("Go")).status is TurnStatus.completed
    told = model.requests[-1].last_tool_output
    assert f'"scope":"{granted}"' in told
    assert (str(model.workspace.parent / "other") in told) is (answer == "session")


@scenario(config_toml=PERMISSIONS)
async def test_handler_method_may_grant_less(codex: AsyncCodex, model: ScriptedModel) -> None:
    def grant(params: Any) -> PermissionsRequestApprovalResponse:
        return PermissionsRequestApprovalResponse(permissions=GrantedPermissionProfile())

    thread = await codex.thread_start(
        approval_mode=ApprovalMode.ask,
        sandbox=Sandbox.read_only,
        handlers=handlers_of(codex, item_permissions_request_approval=grant),
    )
    model.answer(wanted(model)).say("ok")
    await thread.run("Go")
    assert "other" not in model.requests[-1].last_tool_output


# Who is asked


@scenario(client={"approval_handler": accept})
async def test_threads_handler_comes_before_the_clients(codex: AsyncCodex, model: ScriptedModel) -> None:
    strict, lenient = await asking(codex, Asked(False)), await asking(codex, None)
    for thread, name in ((strict, "strict.txt"), (lenient, "lenient.txt")):
        model.answer(escalated(f"touch {name}")).say("ok")
        await thread.run("Go")
    assert [path.name for path in model.workspace.iterdir()] == ["lenient.txt"]


@scenario(client={"approval_handler": accept})
async def test_what_the_threads_handlers_do_not_answer_is_the_clients(codex: AsyncCodex, model: ScriptedModel) -> None:
    def time(params: Any) -> Any:
        raise AssertionError("nobody asks for the time")

    thread = await codex.thread_start(
        approval_mode=ApprovalMode.ask,
        sandbox=Sandbox.read_only,
        handlers=handlers_of(codex, current_time_read=time),
    )
    model.answer(escalated("touch made.txt")).say("ok")
    await thread.run("Go")
    assert (model.workspace / "made.txt").exists()


@scenario(model="mock-model", client={"approval_handler": accept})
async def test_sub_agents_ask_the_handler_of_their_parent(codex: AsyncCodex, model: ScriptedModel) -> None:
    handler = Asked(False, False)
    thread = await asking(codex, handler)
    model.answer(tool_call("spawn_agent", {"message": "Help"}, namespace="multi_agent_v1"))
    for name in ("one.txt", "two.txt"):  # which of them is whose depends on who is faster
        model.answer(escalated(f"touch {name}"))
    for _ in range(4):
        model.answer(message("ok"))
    await thread.run("Go")
    while len(handler.requests) < 2:
        await codex.account()
    assert {request.thread_id for request in handler.requests} > {thread.id}
    for request in handler.requests:
        await codex.thread(request.thread_id).read()
    assert [*model.workspace.iterdir()] == []


@scenario()
async def test_forks_ask_the_handler_of_their_source(codex: AsyncCodex, model: ScriptedModel) -> None:
    handler = Asked(True, True)
    thread = await asking(codex, handler)
    model.answer(escalated("touch one.txt")).say("ok")
    await thread.run("Go")
    fork = await codex.thread_fork(thread.id, approval_mode=ApprovalMode.ask, sandbox=Sandbox.read_only)
    model.answer(escalated("touch two.txt")).say("ok")
    await fork.run("Go")
    assert [request.thread_id for request in handler.requests] == [thread.id, fork.id]
    assert len([*model.workspace.iterdir()]) == 2


@scenario()
async def test_resuming_replaces_handlers_of_the_same_kind_and_keeps_others(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    first, second = Asked(True), Asked(True)
    thread = await asking(codex, first)
    model.answer(escalated("touch one.txt")).say("ok")
    await thread.run("Go")
    await codex.thread_resume(thread.id, user_input_handler=print)
    await codex.thread_resume(thread.id.upper(), approval_handler=second)
    with pytest.raises(ValueError, match="personality"):
        await codex.thread_resume(thread.id, approval_handler=first, personality="?")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    model.answer(escalated("touch two.txt")).say("ok")
    await thread.run("Go")
    assert (len(first.requests), len(second.requests)) == (1, 1)
    await codex.thread_resume(thread.id)
    second.answers.append(False)
    model.answer(escalated("touch three.txt")).say("ok")
    await thread.run("Go")
    assert len(second.requests) == 2
