"""What type checkers know of tools and handlers. Checked, never run."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

from openai_codex import (
    Approval,
    ApprovalRequest,
    AsyncCodex,
    AsyncServerRequestHandlers,
    AsyncThread,
    Codex,
    CommandApprovalRequest,
    FileChangeApprovalRequest,
    HandlerFailure,
    ImageInput,
    ServerRequestHandlers,
    Thread,
    Tool,
    ToolContext,
    ToolSet,
    tool,
)
from openai_codex.types import FileUpdateChange


@tool
def lookup(q: str, limit: int = 3) -> list[str]:
    return [q] * limit


@tool(name="find", description="Find it.", timeout=3, concurrency=1)
async def find(q: str, context: ToolContext[AsyncCodex]) -> ImageInput:
    assert_type(context.client, AsyncCodex)
    assert_type(context.cancelled.is_set(), bool)
    return ImageInput(q)


def plain(q: str, context: ToolContext) -> None:
    assert_type(context.client, Any)


def tools_are_called_like_their_functions() -> None:
    assert_type(lookup("a"), list[str])
    assert_type(lookup(q="a", limit=3), list[str])
    assert_type(lookup.function("a"), list[str])
    assert_type(lookup.schema, dict[str, Any])
    assert_type(find.timeout, float | None)


async def coroutine_functions_are_awaited(context: ToolContext[AsyncCodex]) -> None:
    assert_type(await find("a", context), ImageInput)


def sync_threads(codex: Codex) -> None:
    crm = ToolSet("crm", [lookup, plain], description="Sales", defer_loading=True)
    assert_type(crm.tools[0], Tool[..., Any])
    assert_type(codex.thread_start(tools=[lookup, find, plain, crm]), Thread)
    assert_type(codex.thread_start(tools=(crm,)), Thread)
    assert_type(codex.thread_resume("t", tool_handlers=[plain]), Thread)
    assert_type(codex.thread_fork("t", tool_handlers=[lookup]), Thread)


async def async_threads(codex: AsyncCodex) -> None:
    assert_type(await codex.thread_start(tools=[lookup, find, plain]), AsyncThread)
    assert_type(await codex.thread_resume("t", tool_handlers=[ToolSet("crm", [find])]), AsyncThread)


def decide(request: ApprovalRequest) -> Approval:
    if isinstance(request, CommandApprovalRequest):
        assert_type(request.command, str | None)
    if isinstance(request, FileChangeApprovalRequest):
        for change in request.changes or ():
            assert_type(change, FileUpdateChange)
    return Approval.accept() if request.reason else Approval.decline()


def agree(request: ApprovalRequest) -> bool:
    return True


async def agree_later(request: ApprovalRequest) -> Approval | bool:
    return Approval.cancel()


class Decider:
    async def __call__(self, request: ApprovalRequest) -> Approval:
        return Approval.accept_for_session()


def both_clients_take_both_kinds_of_handlers() -> None:
    Codex(approval_handler=decide)
    Codex(approval_handler=agree)
    Codex(approval_handler=agree_later, handlers=ServerRequestHandlers())
    Codex(approval_handler=Decider())
    AsyncCodex(approval_handler=decide)
    AsyncCodex(approval_handler=agree_later, handlers=AsyncServerRequestHandlers())
    AsyncCodex(approval_handler=lambda request: request.command is None)


async def so_do_threads(codex: Codex, async_codex: AsyncCodex) -> None:
    assert_type(codex.thread_start(approval_handler=agree_later), Thread)
    assert_type(await async_codex.thread_resume("t", approval_handler=agree), AsyncThread)
    assert_type(await async_codex.thread_fork("t", approval_handler=decide), AsyncThread)


def failures_of_handlers(payload: object) -> None:
    if isinstance(payload, HandlerFailure):
        assert_type(payload.error, str)
        assert_type(payload.thread_id, str | None)
