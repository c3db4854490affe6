"""What happens to requests that get no proper answer: nothing is done, nothing hangs, and the model is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from openai_codex import ApprovalMode, AsyncCodex, HandlerFailure, Sandbox
from openai_codex.protocol import SERVER_REQUESTS
from openai_codex.testing import ScriptedModel, tool_call
from openai_codex.types import TurnStatus
from tests.e2e.facade import KINDS, no_leftovers, open_client, scenario
from tests.e2e.test_facade_approvals import PATCH, escalated
from tests.e2e.test_facade_questions import DESK, QUESTIONS, USER_INPUT, always, desk

FEATURES = USER_INPUT + "request_permissions_tool = true\n" + DESK
TOOL: dict[str, Any] = {
    "type": "function",
    "name": "lookup",
    "description": "",
    "inputSchema": {"type": "object", "properties": {}},
}
PERMISSIONS = {"reason": "to write", "permissions": {"network": {"enabled": True}}}


@dataclass(frozen=True)
class Case:
    """A request of the runtime.

    Attributes:
        call: The model's call that leads to it.
        method: Name of its handler method.
        told: What the model is told when it is refused.
    """

    call: Any
    method: str
    told: str


CASES = {
    "command": Case(escalated("touch made.txt"), "item_command_execution_request_approval", "rejected by user"),
    "patch": Case(tool_call("apply_patch", PATCH), "item_file_change_request_approval", "rejected by user"),
    "permissions": Case(
        tool_call("request_permissions", PERMISSIONS), "item_permissions_request_approval", '"network":null'
    ),
    "questions": Case(tool_call("request_user_input", QUESTIONS), "item_tool_request_user_input", '{"answers":{}}'),
    "form": Case(desk("ask_form"), "mcp_server_elicitation_request", '"action": "decline"'),
    "server tool": Case(desk("wipe", what="all"), "mcp_server_elicitation_request", "user rejected MCP tool call"),
    "tool": Case(tool_call("lookup"), "item_tool_call", "This client has no such tool."),
}


def raises(params: Any) -> Any:
    raise ValueError("this handler is broken")


def answers_nonsense(params: Any) -> Any:
    return {"decision": "accept", "success": True, "action": "accept", "permissions": {"network": {"enabled": True}}}


async def takes_long(params: Any) -> Any:
    await asyncio.sleep(30)


BROKEN: dict[str, tuple[Callable[[Any], Any], str]] = {
    "raises": (raises, "ValueError: this handler is broken"),
    "nonsense": (answers_nonsense, "TypeError: the handler returned dict, not "),
    "slow": (takes_long, "TimeoutError: it took longer than 0.3 s"),
}


async def check_refusal(codex: AsyncCodex, model: ScriptedModel, case: Case) -> None:
    """Play a turn in which the request is made, and see that it is refused."""
    settings: dict[str, Any] = {"dynamicTools": [TOOL], "approvalPolicy": "on-request", "approvalsReviewer": "user"}
    started = await codex.request("thread/start", {**settings, "sandbox": "read-only"})
    thread = codex.thread(started["thread"]["id"])
    model.answer(case.call).say("I see.")
    result = await thread.run("Go", timeout=10)
    assert (result.status, result.final_response) == (TurnStatus.completed, "I see.")
    assert case.told in model.requests[-1].last_tool_output
    assert [*model.workspace.iterdir()] == []


@pytest.mark.parametrize("name", CASES)
@scenario(config_toml=FEATURES)
async def test_request_that_nobody_answers_is_refused(codex: AsyncCodex, model: ScriptedModel, name: str) -> None:
    await check_refusal(codex, model, CASES[name])


@pytest.mark.e2e
@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", KINDS)
def test_request_whose_handler_is_broken_is_refused(
    kind: str, name: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    case, (handler, error) = CASES[name], BROKEN[how]

    async def play(model: ScriptedModel) -> HandlerFailure:
        async with open_client(kind, model.config(handler_timeout=0.3), {case.method: handler}) as codex:
            events = codex.events(timeout=5)
            await check_refusal(codex, model, case)
            async for event in events:
                if isinstance(event.payload, HandlerFailure):
                    return event.payload
        raise AssertionError("the failure was not announced")

    with no_leftovers(), ScriptedModel(config_toml=FEATURES) as model:
        failure = asyncio.run(play(model))
    assert failure.error.startswith(error) and failure.thread_id and failure.turn_id
    assert SERVER_REQUESTS[failure.method].python_path.endswith(case.method)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert failure.method in record.getMessage()


@scenario(config_toml=FEATURES)
async def test_answer_that_is_no_approval_is_no_approval(codex: AsyncCodex, model: ScriptedModel) -> None:
    """What is truthy has said nothing yet."""
    for answer in (None, 1, "yes", {"decision": "accept"}):
        thread = await codex.thread_start(
            approval_mode=ApprovalMode.ask, sandbox=Sandbox.read_only, approval_handler=always(answer)
        )
        model.answer(CASES["command"].call).say("I see.")
        await thread.run("Go")
        assert [*model.workspace.iterdir()] == []
