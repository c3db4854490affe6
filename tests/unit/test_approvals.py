"""Approval requests as the runtime sends them, and answers as it takes them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from openai_codex import (
    Approval,
    ApprovalRequest,
    CommandApprovalRequest,
    FileChangeApprovalRequest,
    PermissionsApprovalRequest,
    ToolApprovalRequest,
)
from openai_codex._answers import NEVER_CANCELLED, ServerRequestContext
from openai_codex._approvals import ApprovalAnswerer, approval_request, is_tool_approval
from openai_codex._generated import models as m

COMMON = {"itemId": "i", "threadId": "t", "turnId": "u", "startedAtMs": 0, "reason": "because"}
COMMAND = m.CommandExecutionRequestApprovalParams.model_validate(
    {
        **COMMON,
        "command": "/bin/bash -lc 'git status'",
        "cwd": "/srv/app",
        "environmentId": "local",
        "additionalPermissions": {"network": {"enabled": True}},
        "networkApprovalContext": {"host": "pypi.org", "protocol": "https"},
        "proposedExecpolicyAmendment": ["git", "status"],
        "availableDecisions": [
            "accept",
            "acceptForSession",
            "from the future",
            {"acceptWithExecpolicyAmendment": {"execpolicy_amendment": ["git"]}},
            {"applyNetworkPolicyAmendment": {"network_policy_amendment": {"host": "pypi.org", "action": "deny"}}},
            {"fromTheFuture": {}},
            "decline",
            "cancel",
        ],
    }
)
FILES = m.FileChangeRequestApprovalParams.model_validate({**COMMON, "grantRoot": "/srv"})
ASKED = {"network": {"enabled": True}, "fileSystem": {"write": ["/srv"]}}
PERMISSIONS = m.PermissionsRequestApprovalParams.model_validate(
    {**COMMON, "cwd": "/srv/app", "permissions": ASKED, "environmentId": "remote"}
)
TOOL = m.FormMcpServerElicitationRequestParams.model_validate(
    {
        "mode": "form",
        "message": "May docs search?",
        "requestedSchema": {"type": "object", "properties": {}},
        "serverName": "docs",
        "threadId": "t",
        "turnId": "u",
        "_meta": {"codex_approval_kind": "mcp_tool_call", "tool_params": {"q": "x"}},
    }
)
CHANGE = {"diff": "+a", "path": "/srv/app/a", "kind": {"type": "add"}}
CHANGED = m.FileChangeThreadItem.model_validate(
    {"type": "fileChange", "id": "i", "status": "inProgress", "changes": [CHANGE]}
)
CALLED = m.McpToolCallThreadItem.model_validate(
    {"type": "mcpToolCall", "id": "c", "server": "docs", "tool": "search", "status": "inProgress", "arguments": {}}
)
BLOCK = m.NetworkPolicyAmendment.model_validate({"host": "pypi.org", "action": "deny"})
OPEN = m.NetworkPolicyAmendment.model_validate({"host": "pypi.org", "action": "allow"})


def request(params: BaseModel, item: m.ThreadItem | None = None, thread_id: str | None = "t") -> ApprovalRequest:
    context = ServerRequestContext(1, "method", thread_id, "u", {}, item, NEVER_CANCELLED)
    return approval_request(params, context)


def common(params: BaseModel, item: m.ThreadItem | None = None, **fields: Any) -> dict[str, Any]:
    return {"thread_id": "t", "turn_id": "u", "item": item, "params": params, **fields}


# Requests


def test_command_request() -> None:
    assert request(COMMAND) == CommandApprovalRequest(
        **common(COMMAND, item_id="i", reason="because", command="/bin/bash -lc 'git status'", cwd="/srv/app"),
        available_decisions=[
            Approval.accept(),
            Approval.accept_for_session(),
            Approval.accept_with_rule(["git"]),
            Approval.accept_with_rule(BLOCK),
            Approval.decline(),
            Approval.cancel(),
        ],
        network=COMMAND.network_approval_context,
        additional_permissions=COMMAND.additional_permissions,
        environment_id="local",
        proposed_rule=("git", "status"),
    )
    assert request(COMMAND).kind == "command"


def test_command_request_with_nothing_in_it() -> None:
    params = m.CommandExecutionRequestApprovalParams.model_validate(
        {"itemId": "i", "threadId": "t", "turnId": "u", "startedAtMs": 0}
    )
    assert request(params) == CommandApprovalRequest(**common(params, item_id="i"), available_decisions=[])


def test_file_change_request_has_the_changes_of_its_item() -> None:
    expected = common(FILES, CHANGED, item_id="i", reason="because", changes=CHANGED.changes)
    assert request(FILES, CHANGED) == FileChangeApprovalRequest(**expected, grant_root="/srv")
    assert request(FILES).changes is None
    assert request(FILES, CALLED).changes is None


def test_permissions_request() -> None:
    assert request(PERMISSIONS) == PermissionsApprovalRequest(
        **common(PERMISSIONS, item_id="i", reason="because", cwd="/srv/app"),
        permissions=m.RequestPermissionProfile.model_validate(ASKED),
        environment_id="remote",
    )


def test_tool_request_names_the_tool_of_its_item() -> None:
    expected = common(TOOL, CALLED, item_id="c", server="docs", arguments={"q": "x"}, message="May docs search?")
    assert request(TOOL, CALLED) == ToolApprovalRequest(**expected, tool="search")
    for item in (None, CHANGED):
        unknown = request(TOOL, item)
        assert isinstance(unknown, ToolApprovalRequest)
        assert (unknown.item_id, unknown.tool) == ("", None)


def test_thread_that_is_not_told_is_empty() -> None:
    assert request(COMMAND, thread_id=None).thread_id == ""


def test_other_parameters_are_no_approval_request() -> None:
    with pytest.raises(TypeError, match="FileUpdateChange is no approval request"):
        request(m.FileUpdateChange.model_validate(CHANGE))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"_meta": {"codex_approval_kind": "mcp_tool_call"}}, True),
        ({"_meta": {"codex_approval_kind": "mcp_tool_call"}, "requestedSchema": {"properties": {}}}, True),
        # A server may say so too, to be answered by somebody who thinks of something else.
        ({"_meta": {"codex_approval_kind": "mcp_tool_call"}, "requestedSchema": {"properties": {"a": {}}}}, False),
        ({"_meta": {"codex_approval_kind": "other"}}, False),
        ({"_meta": {}}, False),
        ({"_meta": None}, False),
        ({"_meta": "mcp_tool_call"}, False),
        ({}, False),
    ],
)
def test_elicitation_is_an_approval_if_it_says_so(params: dict[str, Any], expected: bool) -> None:
    assert is_tool_approval(params) is expected
    of_tools = ApprovalAnswerer(lambda request: True, of_tools=True)
    assert (of_tools.accept(params) is of_tools) is expected
    of_all = ApprovalAnswerer(lambda request: True)
    assert of_all.accept(params) is of_all


def test_handler_is_called_with_the_request() -> None:
    seen: list[ApprovalRequest] = []

    def remember(request: ApprovalRequest) -> bool:
        seen.append(request)
        return True

    call = ApprovalAnswerer(remember).prepare(
        COMMAND, ServerRequestContext(1, "method", "t", "u", {}, None, NEVER_CANCELLED)
    )
    call.function(*call.args, **call.kwargs)
    assert seen == [request(COMMAND)]


# Answers

GRANT_NOTHING: dict[str, Any] = {"permissions": {}, "scope": "turn"}

ANSWERS: list[tuple[BaseModel, Any, dict[str, Any]]] = [
    (COMMAND, True, {"decision": "accept"}),
    (COMMAND, False, {"decision": "decline"}),
    (COMMAND, Approval.accept(), {"decision": "accept"}),
    (COMMAND, Approval.accept_for_session(), {"decision": "acceptForSession"}),
    (COMMAND, Approval.decline(), {"decision": "decline"}),
    (COMMAND, Approval.cancel(), {"decision": "cancel"}),
    (
        COMMAND,
        Approval.accept_with_rule(["git", "status"]),
        {"decision": {"acceptWithExecpolicyAmendment": {"execpolicy_amendment": ["git", "status"]}}},
    ),
    (
        COMMAND,
        Approval.accept_with_rule(BLOCK),
        {
            "decision": {
                "applyNetworkPolicyAmendment": {"network_policy_amendment": {"host": "pypi.org", "action": "deny"}}
            }
        },
    ),
    (FILES, True, {"decision": "accept"}),
    (FILES, False, {"decision": "decline"}),
    (FILES, Approval.accept_for_session(), {"decision": "acceptForSession"}),
    (FILES, Approval.cancel(), {"decision": "cancel"}),
    (PERMISSIONS, True, {"permissions": ASKED, "scope": "turn"}),
    (PERMISSIONS, Approval.accept_for_session(), {"permissions": ASKED, "scope": "session"}),
    (PERMISSIONS, False, GRANT_NOTHING),
    (PERMISSIONS, Approval.cancel(), GRANT_NOTHING),
    (TOOL, True, {"action": "accept", "content": {}, "_meta": None}),
    (TOOL, Approval.accept_for_session(), {"action": "accept", "content": {}, "_meta": {"persist": "session"}}),
    (TOOL, False, {"action": "decline"}),
    (TOOL, Approval.cancel(), {"action": "cancel"}),
]


@pytest.mark.parametrize(("params", "result", "wire"), ANSWERS)
def test_answer_takes_the_form_of_its_request(params: BaseModel, result: Any, wire: dict[str, Any]) -> None:
    answer = ApprovalAnswerer(lambda request: True).answer(result, params)
    assert answer.model_dump(mode="json", by_alias=True, exclude_unset=True) == wire


@pytest.mark.parametrize("params", [COMMAND, FILES, PERMISSIONS, TOOL], ids=lambda params: type(params).__name__)
@pytest.mark.parametrize("wrong", [None, 1, "accept", {"decision": "accept"}, Approval])
def test_answer_that_is_none_is_refused(params: BaseModel, wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"returned {type(wrong).__name__}; it takes an Approval, or True or False"):
        ApprovalAnswerer(lambda request: True).answer(wrong, params)


@pytest.mark.parametrize("params", [FILES, PERMISSIONS, TOOL], ids=lambda params: type(params).__name__)
@pytest.mark.parametrize("rule", [["git"], BLOCK, OPEN])
def test_only_commands_take_a_rule(params: BaseModel, rule: Any) -> None:
    with pytest.raises(ValueError, match="accept_with_rule: only a request about a command takes a rule"):
        ApprovalAnswerer(lambda request: True).answer(Approval.accept_with_rule(rule), params)


def test_permissions_from_the_future_are_passed_on_as_they_came() -> None:
    path = {"type": "from the future", "path": "/srv"}
    asked = {"fileSystem": {"entries": [{"access": "write", "path": path}]}}
    params = PERMISSIONS.model_copy(update={"permissions": m.RequestPermissionProfile.model_validate(asked)})
    answer = ApprovalAnswerer(lambda request: True).answer(True, params)
    assert answer.model_dump(mode="json", by_alias=True, exclude_unset=True)["permissions"] == asked


# Values


def test_accepted_tells_whether_the_runtime_goes_on() -> None:
    going_on = [Approval.accept(), Approval.accept_for_session(), Approval.accept_with_rule(["git"])]
    assert all(approval.accepted for approval in [*going_on, Approval.accept_with_rule(OPEN)])
    refusals = [Approval.decline(), Approval.cancel(), Approval.accept_with_rule(BLOCK)]
    assert not any(approval.accepted for approval in refusals)


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        ("git status", TypeError, r"'git status' is no list of words; write \['git', 'status'\]"),
        ([1], TypeError, "no list of words"),
        ([], ValueError, "an empty rule would allow every command"),
        ([""], ValueError, "an empty rule would allow every command"),
    ],
)
def test_rule_that_is_none_is_refused(rule: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Approval.accept_with_rule(rule)


def test_request_that_was_made_by_hand_is_never_cancelled() -> None:
    by_hand = CommandApprovalRequest(thread_id="t")
    assert not by_hand.cancelled.is_set()
    with pytest.raises(RuntimeError, match="nothing will ever cancel it"):
        by_hand.cancelled.wait(0)
