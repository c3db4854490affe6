"""Questions of the model and of MCP servers, on the real runtime."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openai_codex import (
    Approval,
    ApprovalMode,
    AsyncCodex,
    AsyncThread,
    Elicitation,
    ElicitationRequest,
    Sandbox,
    ToolApprovalRequest,
    UserInputRequest,
)
from openai_codex.testing import ScriptedModel, tool_call
from openai_codex.types import (
    McpServerElicitationRequestResponse,
    McpToolCallThreadItem,
    ToolRequestUserInputParams,
    ToolRequestUserInputResponse,
)
from tests.e2e.facade import handlers_of, scenario

USER_INPUT = "[features]\ndefault_mode_request_user_input = true\n"
SERVER = Path(__file__).with_name("mcp_server.py")
DESK = f"[mcp_servers.desk]\ncommand = {json.dumps(sys.executable)}\nargs = {json.dumps([str(SERVER)])}\n"
QUESTIONS = {
    "questions": [
        {
            "id": "size",
            "header": "Size",
            "question": "Which size?",
            "options": [{"label": "S", "description": "small"}, {"label": "L", "description": "large"}],
        },
        {
            "id": "color",
            "header": "Color",
            "question": "Which color?",
            "options": [{"label": "red", "description": ""}, {"label": "blue", "description": ""}],
        },
    ]
}


def always(answer: Any) -> Callable[[Any], Any]:
    """A handler that always answers the same."""
    return lambda _: answer


async def asking(codex: AsyncCodex, **handlers: Any) -> AsyncThread:
    return await codex.thread_start(approval_mode=ApprovalMode.ask, sandbox=Sandbox.read_only, **handlers)


def desk(name: str, **arguments: str) -> Any:
    return tool_call(name, arguments, namespace="mcp__desk")


# The model's


@scenario(config_toml=USER_INPUT)
async def test_answers_reach_the_model(codex: AsyncCodex, model: ScriptedModel) -> None:
    seen: list[UserInputRequest] = []

    def answer(request: UserInputRequest) -> dict[str, Any]:
        seen.append(request)
        return {"size": "L", "color": ["red", "and blue"]}

    thread = await asking(codex, user_input_handler=answer)
    model.answer(tool_call("request_user_input", QUESTIONS)).say("done")
    result = await thread.run("Go")
    (request,) = seen
    assert (request.thread_id, request.turn_id, request.item_id) == (thread.id, result.id, "call_1_0")
    assert [(each.id, each.question) for each in request.questions] == [
        ("size", "Which size?"),
        ("color", "Which color?"),
    ]
    assert [option.label for option in request.questions[0].options or ()] == ["S", "L"]
    assert json.loads(model.requests[-1].last_tool_output) == {
        "answers": {"size": {"answers": ["L"]}, "color": {"answers": ["red", "and blue"]}}
    }


@scenario(config_toml=USER_INPUT)
async def test_handler_method_answers_the_models_questions(codex: AsyncCodex, model: ScriptedModel) -> None:
    def answer(params: ToolRequestUserInputParams) -> ToolRequestUserInputResponse:
        return ToolRequestUserInputResponse.model_validate({"answers": {params.questions[0].id: {"answers": ["S"]}}})

    thread = await asking(codex, handlers=handlers_of(codex, item_tool_request_user_input=answer))
    model.answer(tool_call("request_user_input", QUESTIONS)).say("done")
    await thread.run("Go")
    assert json.loads(model.requests[-1].last_tool_output) == {"answers": {"size": {"answers": ["S"]}}}


# An MCP server's


@scenario(config_toml=DESK)
async def test_form_is_filled_in(codex: AsyncCodex, model: ScriptedModel) -> None:
    seen: list[ElicitationRequest] = []

    def fill_in(request: ElicitationRequest) -> Any:
        seen.append(request)
        assert request.model is not None
        return request.model(name="Ada", color="red")

    thread = await asking(codex, elicitation_handler=fill_in)
    model.answer(desk("ask_form")).say("done")
    result = await thread.run("Go")
    (request,) = seen
    assert (request.thread_id, request.turn_id, request.server) == (thread.id, result.id, "desk")
    assert (request.mode, request.message, request.url) == ("form", "Who are you?", None)
    assert request.schema is not None and [*request.schema.properties] == ["age", "color", "name"]
    output = model.requests[-1].last_tool_output
    answer = json.loads(output.partition("answered ")[2])
    assert (answer["action"], answer["content"]) == ("accept", {"name": "Ada", "color": "red"})


ANSWERS: list[tuple[Any, dict[str, Any]]] = [
    (Elicitation.accept({"name": "Ada", "color": "blue"}), {"action": "accept"}),
    (Elicitation.decline(), {"action": "decline"}),
    (Elicitation.cancel(), {"action": "cancel"}),
    (None, {"action": "decline"}),
    ({"name": "A", "color": "blue"}, {"action": "decline"}),  # does not fit the form
]


@pytest.mark.parametrize(("answer", "expected"), ANSWERS)
@scenario(config_toml=DESK)
async def test_answers_to_a_form(
    codex: AsyncCodex, model: ScriptedModel, answer: Any, expected: dict[str, Any]
) -> None:
    thread = await asking(codex, elicitation_handler=always(answer))
    model.answer(desk("ask_form")).say("done")
    await thread.run("Go")
    told = json.loads(model.requests[-1].last_tool_output.partition("answered ")[2])
    assert told["action"] == expected["action"]
    if expected["action"] == "accept":
        assert told["content"] == {"name": "Ada", "color": "blue"}


@scenario(config_toml=DESK)
async def test_address_is_accepted(codex: AsyncCodex, model: ScriptedModel) -> None:
    seen: list[ElicitationRequest] = []

    async def open_it(request: ElicitationRequest) -> bool:
        seen.append(request)
        return True

    thread = await asking(codex, elicitation_handler=open_it)
    model.answer(desk("ask_address")).say("done")
    await thread.run("Go")
    (request,) = seen
    assert (request.mode, request.url, request.elicitation_id) == ("url", "https://example.org/login", "e1")
    assert (request.schema, request.model) == (None, None)
    assert '"action": "accept"' in model.requests[-1].last_tool_output


@scenario(config_toml=DESK)
async def test_handler_method_answers_a_form(codex: AsyncCodex, model: ScriptedModel) -> None:
    def answer(params: Any) -> McpServerElicitationRequestResponse:
        content = {"name": params.server_name, "color": "red"}
        return McpServerElicitationRequestResponse.model_validate({"action": "accept", "content": content})

    thread = await asking(codex, handlers=handlers_of(codex, mcp_server_elicitation_request=answer))
    model.answer(desk("ask_form")).say("done")
    await thread.run("Go")
    assert '"name": "desk"' in model.requests[-1].last_tool_output


# Tools of MCP servers that want to be approved


@scenario(config_toml=DESK)
async def test_tool_of_a_server_is_approved(codex: AsyncCodex, model: ScriptedModel) -> None:
    seen: list[Any] = []

    def approve(request: Any) -> bool:
        seen.append(request)
        return len(seen) == 1

    thread = await asking(codex, approval_handler=approve)
    model.answer(desk("wipe", what="one")).answer(desk("wipe", what="two")).say("done")
    result = await thread.run("Go")
    request = seen[0]
    assert isinstance(request, ToolApprovalRequest) and request.kind == "tool"
    assert (request.thread_id, request.turn_id, request.item_id) == (thread.id, result.id, "call_1_0")
    assert (request.server, request.tool, request.arguments) == ("desk", "wipe", {"what": "one"})
    assert "wipe" in request.message and isinstance(request.item, McpToolCallThreadItem)
    outputs = [*model.requests[-1].tool_outputs.values()]
    assert "wiped one" in outputs[0] and "wiped two" not in outputs[1] and len(seen) == 2


@scenario(config_toml=DESK)
async def test_tool_of_a_server_is_approved_for_the_session(codex: AsyncCodex, model: ScriptedModel) -> None:
    asked: list[Any] = []

    def approve(request: Any) -> Approval:
        asked.append(request)
        return Approval.accept_for_session()

    thread = await asking(codex, approval_handler=approve)
    model.answer(desk("wipe", what="one")).answer(desk("wipe", what="two")).say("done")
    await thread.run("Go")
    assert ["wiped" in output for output in model.requests[-1].tool_outputs.values()] == [True, True]
    assert len(asked) == 1


@scenario(config_toml=DESK)
async def test_approvals_and_questions_of_a_server_go_to_their_own_handlers(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    seen: list[str] = []

    def approve(request: Any) -> bool:
        seen.append(request.kind)
        return True

    def fill_in(request: ElicitationRequest) -> None:
        seen.append(request.mode)

    thread = await asking(codex, approval_handler=approve, elicitation_handler=fill_in)
    model.answer(desk("wipe", what="all")).answer(desk("ask_form")).say("done")
    await thread.run("Go")
    assert seen == ["tool", "form"]


@scenario(config_toml=DESK)
async def test_what_fills_in_forms_approves_no_tool(codex: AsyncCodex, model: ScriptedModel) -> None:
    seen: list[ElicitationRequest] = []

    def fill_in(request: ElicitationRequest) -> Any:
        seen.append(request)
        return Elicitation.accept({})

    thread = await asking(codex, elicitation_handler=fill_in)
    model.answer(desk("wipe", what="all")).say("done")
    await thread.run("Go")
    assert "wiped" not in model.requests[-1].last_tool_output
    assert [(each.is_tool_approval, each.model) for each in seen] == [(True, None)]


@scenario(config_toml=DESK, client={"approval_handler": always(False)})
async def test_approval_of_a_tool_goes_to_the_approval_handler_of_the_client_first(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    thread = await asking(codex, elicitation_handler=always(True))
    model.answer(desk("wipe", what="all")).say("done")
    await thread.run("Go")
    assert "wiped" not in model.requests[-1].last_tool_output


@scenario(config_toml=DESK)
async def test_handler_of_questions_takes_approvals_that_nobody_else_takes(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    thread = await asking(codex, elicitation_handler=always(Elicitation.accept(persist="session")))
    model.answer(desk("wipe", what="one")).answer(desk("wipe", what="two")).say("done")
    await thread.run("Go")
    assert ["wiped" in output for output in model.requests[-1].tool_outputs.values()] == [True, True]
