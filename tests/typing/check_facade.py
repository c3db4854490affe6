"""What type checkers know of clients, threads, turns, results and errors. Checked, never run."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

from openai_codex import (
    ApprovalMode,
    AsyncCodex,
    AsyncServerRequestHandlers,
    AsyncThread,
    AsyncTurnHandle,
    AsyncTurnStream,
    Codex,
    CodexConfig,
    ExternalMessage,
    ImageInput,
    Sandbox,
    ServerRequestHandlers,
    TextInput,
    Thread,
    TurnFailedError,
    TurnHandle,
    TurnResult,
    TurnStream,
    __version__,
)
from openai_codex.protocol import REQUESTS, SCHEMA_VERSION, RequestInfo
from openai_codex.types import (
    CommandExecutionApprovalDecisionValue,
    CommandExecutionRequestApprovalParams,
    CommandExecutionRequestApprovalResponse,
    InitializeResponse,
    Personality,
    ReasoningEffort,
    ReasoningSummary,
    ThreadItem,
    ThreadTokenUsage,
    TurnInterruptResponse,
    TurnStatus,
    TurnSteerResponse,
)


class Handlers(ServerRequestHandlers):
    def item_command_execution_request_approval(
        self, params: CommandExecutionRequestApprovalParams
    ) -> CommandExecutionRequestApprovalResponse:
        assert_type(params.command, str | None)
        return CommandExecutionRequestApprovalResponse(decision=CommandExecutionApprovalDecisionValue.decline)


class AsyncHandlers(AsyncServerRequestHandlers):
    async def item_command_execution_request_approval(
        self, params: CommandExecutionRequestApprovalParams
    ) -> CommandExecutionRequestApprovalResponse:
        return await super().item_command_execution_request_approval(params)


def sync_client() -> None:
    with Codex(CodexConfig(cwd="/"), handlers=Handlers()) as codex:
        assert_type(codex, Codex)
        assert_type(codex.metadata, InitializeResponse)
        assert_type(codex.request("x/y", {"a": [1]}, timeout=None), Any)
        thread = codex.thread_start(approval_mode=ApprovalMode.ask, sandbox=Sandbox.read_only, config={"a": [1, None]})
        assert_type(thread, Thread)
        assert_type(thread.run("Hi"), TurnResult)
        turn = thread.turn([TextInput("Hi"), ImageInput("data:")], effort=ReasoningEffort.low)
        assert_type(turn, TurnHandle)
        assert_type(turn.stream(), TurnStream)
        assert_type(turn.run(), TurnResult)
        assert_type(turn.steer("More"), TurnSteerResponse)
        assert_type(turn.interrupt(), TurnInterruptResponse)


async def async_client() -> None:
    async with AsyncCodex(handlers=AsyncHandlers()) as codex:
        assert_type(codex, AsyncCodex)
        assert_type(codex.metadata, InitializeResponse)
        assert_type(await codex.request("x/y"), Any)
        thread = await codex.thread_start(personality=Personality.friendly)
        assert_type(thread, AsyncThread)
        assert_type(await thread.run(ExternalMessage("tool", "text")), TurnResult)
        turn = await thread.turn(TextInput("Hi"), summary=ReasoningSummary.none, output_schema={"type": "object"})
        assert_type(turn, AsyncTurnHandle)
        assert_type(turn.stream(), AsyncTurnStream)
        assert_type(await turn.run(), TurnResult)
        assert_type(await turn.steer([TextInput("More")]), TurnSteerResponse)
        assert_type(await turn.interrupt(), TurnInterruptResponse)


def results(result: TurnResult, error: TurnFailedError) -> None:
    assert_type(result.status, TurnStatus)
    assert_type(result.final_response, str | None)
    assert_type(result.items, list[ThreadItem])
    assert_type(result.usage, ThreadTokenUsage | None)
    assert_type(error.result, TurnResult)


def tables() -> None:
    assert_type(REQUESTS["thread/start"], RequestInfo)
    _: list[str] = [SCHEMA_VERSION, __version__]
