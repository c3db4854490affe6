"""What type checkers know of ``codex.rpc``. Checked, never run."""

from __future__ import annotations

from typing_extensions import assert_type

from openai_codex import UNSET, AsyncCodex, Codex
from openai_codex.types import (
    ApiKeyLoginAccountParams,
    CancelLoginAccountResponse,
    CommandExecResponse,
    DangerFullAccessSandboxPolicy,
    FuzzyFileSearchResponse,
    FuzzyFileSearchSessionStartResponse,
    LoginAccountResponse,
    LogoutAccountResponse,
    ModelListResponse,
    SortDirection,
    Thread,
    ThreadListResponse,
    ThreadReadResponse,
    ThreadSetNameResponse,
    ThreadSortKey,
    ThreadStartResponse,
    TurnStartResponse,
)


def sync_results(codex: Codex) -> None:
    rpc = codex.rpc
    assert_type(rpc.thread.start(), ThreadStartResponse)
    assert_type(rpc.thread.name_set(thread_id="t", name="n"), ThreadSetNameResponse)
    assert_type(rpc.thread.list().data, list[Thread])
    assert_type(rpc.thread.read(thread_id="t").thread.name, str | None)
    assert_type(rpc.turn.start(thread_id="t", input=[]), TurnStartResponse)
    assert_type(rpc.model.list(), ModelListResponse)
    assert_type(rpc.command.exec(command=["ls"]), CommandExecResponse)
    assert_type(rpc.command.exec(command=["ls"]).exit_code, int)
    assert_type(rpc.account.logout(), LogoutAccountResponse)
    assert_type(rpc.account.login_start(ApiKeyLoginAccountParams(api_key="k")), LoginAccountResponse)
    assert_type(rpc.account.login_cancel(login_id="l"), CancelLoginAccountResponse)
    # A request and a namespace of the same name.
    assert_type(rpc.fuzzy_file_search(query="q", roots=["/"]), FuzzyFileSearchResponse)
    assert_type(rpc.fuzzy_file_search.session_start(session_id="s", roots=["/"]), FuzzyFileSearchSessionStartResponse)


async def async_results(codex: AsyncCodex) -> None:
    rpc = codex.rpc
    assert_type(await rpc.thread.start(), ThreadStartResponse)
    assert_type(await rpc.thread.name_set(thread_id="t", name="n"), ThreadSetNameResponse)
    assert_type(await rpc.thread.list(), ThreadListResponse)
    assert_type(await rpc.thread.read(thread_id="t"), ThreadReadResponse)
    assert_type(await rpc.account.login_start(ApiKeyLoginAccountParams(api_key="k")), LoginAccountResponse)
    assert_type(await rpc.fuzzy_file_search(query="q", roots=["/"]), FuzzyFileSearchResponse)


def optional_parameters_take_null_and_unset(codex: Codex, cursor: str | None) -> None:
    codex.rpc.thread.list(cursor=cursor, limit=None, archived=UNSET, sort_key=ThreadSortKey.recency_at)
    codex.rpc.thread.list(cwd=["/a", "/b"], sort_direction=SortDirection.desc if cursor else UNSET)
    codex.rpc.thread.list(cwd="/a", timeout=None)
    codex.rpc.command.exec(command=["ls"], sandbox_policy=DangerFullAccessSandboxPolicy(), timeout=1.5)
