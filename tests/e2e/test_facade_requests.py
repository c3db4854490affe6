"""Requests by ``codex.rpc`` and ``codex.request``: what is sent, what comes back, and what can go wrong."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from openai_codex import (
    AsyncCodex,
    InvalidRequestError,
    RequestTimeoutError,
    ThreadNotFoundError,
)
from openai_codex.protocol import SCHEMA_VERSION
from openai_codex.testing import ScriptedModel
from openai_codex.types import (
    ApiKeyAccount,
    ApiKeyLoginAccountParams,
    ApiKeyLoginAccountResponse,
    ReadOnlySandboxPolicy,
    ThreadGoalStatus,
    ThreadListResponse,
    ThreadSortKey,
)
from tests.e2e.facade import Wire, scenario

UNKNOWN = "01a20000-0000-7000-8000-000000000000"
SECRET = "hunter2"


# Typed requests


@scenario()
async def test_threads_can_be_named_read_and_paged(codex: AsyncCodex, model: ScriptedModel) -> None:
    names = ["One", "Two", "Three"]
    for name in names:
        thread = await codex.thread_start()
        model.say("ok")
        await thread.run("Hi")
        await codex.rpc.thread.name_set(thread_id=thread.id, name=name)
        assert (await codex.rpc.thread.read(thread_id=thread.id)).thread.name == name
    seen: list[str | None] = []
    page = ThreadListResponse(data=[], next_cursor=None)
    while page.next_cursor or not seen:
        page = await codex.rpc.thread.list(limit=2, sort_key=ThreadSortKey.recency_at, cursor=page.next_cursor)
        assert len(page.data) <= 2
        seen += [thread.name for thread in page.data]
    assert seen == names[::-1]


@scenario()
async def test_models_are_listed_page_by_page(codex: AsyncCodex, model: ScriptedModel) -> None:
    everything = (await codex.rpc.model.list()).data
    page = await codex.rpc.model.list(limit=1)
    assert [each.id for each in page.data] == [everything[0].id]
    page = await codex.rpc.model.list(limit=1, cursor=page.next_cursor)
    assert [each.id for each in page.data] == [everything[1].id]


@scenario()
async def test_command_runs_in_the_sandbox_that_was_asked_for(codex: AsyncCodex, model: ScriptedModel) -> None:
    run = codex.rpc.command.exec
    done = await run(command=["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (done.exit_code, done.stdout, done.stderr) == (3, "out\n", "err\n")
    denied = await run(command=["touch", "made.txt"], sandbox_policy=ReadOnlySandboxPolicy())
    assert denied.exit_code != 0
    assert not (model.workspace / "made.txt").exists()


@scenario(requires_openai_auth=True)
async def test_login_by_key_and_logout(codex: AsyncCodex, model: ScriptedModel, wire: Wire) -> None:
    account = codex.rpc.account
    assert (await account.read()).account is None
    login = ApiKeyLoginAccountParams(api_key=SECRET)
    assert SECRET not in repr(login)
    assert isinstance(await account.login_start(login), ApiKeyLoginAccountResponse)
    assert isinstance((await account.read(refresh_token=False)).account, ApiKeyAccount)
    await account.logout()
    assert (await account.read()).account is None
    assert wire.sent("account/login/start") == [{"type": "apiKey", "apiKey": SECRET}]
    assert wire.sent("account/logout") == [{}]


@scenario()
async def test_null_is_sent_and_unset_is_not(codex: AsyncCodex, model: ScriptedModel, wire: Wire) -> None:
    thread = await codex.thread_start()
    model.say("ok")
    await thread.run("Hi")
    await codex.rpc.thread.list(cursor=None, archived=False, sort_key=None)
    await codex.rpc.thread.list()
    paused = ThreadGoalStatus.paused  # an active goal would go on to ask the model
    await codex.rpc.thread.goal_set(thread_id=thread.id, objective="Rest", status=paused, token_budget=None)
    assert wire.sent("thread/list") == [{"cursor": None, "archived": False, "sortKey": None}, {}]
    sent = {"threadId": thread.id, "objective": "Rest", "status": "paused", "tokenBudget": None}
    assert wire.sent("thread/goal/set") == [sent]


@scenario()
async def test_any_request_goes_out_as_it_is(codex: AsyncCodex, model: ScriptedModel, wire: Wire) -> None:
    loaded = await codex.request("thread/loaded/list")
    assert loaded["data"] == []
    thread = await codex.thread_start()
    params = {"threadId": thread.id, "somethingNew": {"a": None}}
    assert (await codex.request("thread/read", params))["thread"]["id"] == thread.id
    assert wire.sent("thread/loaded/list") == [{}]
    assert wire.sent("thread/read") == [params]


# Errors


@scenario()
async def test_refusals_name_the_method(codex: AsyncCodex, model: ScriptedModel) -> None:
    with pytest.raises(ThreadNotFoundError, match="thread/read: ") as caught:
        await codex.rpc.thread.read(thread_id=UNKNOWN)
    assert (caught.value.code, caught.value.method) == (-32600, "thread/read")
    with pytest.raises(ThreadNotFoundError):
        await codex.rpc.thread.resume(thread_id=UNKNOWN)
    with pytest.raises(InvalidRequestError, match=f"^no/such: .*codex {SCHEMA_VERSION} does not know it; check"):
        await codex.request("no/such")


@scenario()
async def test_wrong_arguments_are_refused_without_showing_them(
    codex: AsyncCodex, model: ScriptedModel, wire: Wire
) -> None:
    secret: Any = [SECRET]
    calls: dict[str, Any] = {
        r"thread/name/set: .*name": lambda: codex.rpc.thread.name_set(thread_id="x", name=secret),
        r"command/exec: command\.0": lambda: codex.rpc.command.exec(command=[secret]),
        r"account/login/start: .*": lambda: codex.rpc.account.login_start(secret),
    }
    for pattern, call in calls.items():
        with pytest.raises(ValueError, match=pattern) as caught:
            await call()
        assert SECRET not in "".join(traceback.format_exception_only(caught.value))
        assert caught.value.__cause__ is None and caught.value.__context__ is None
    for method in ("thread/name/set", "command/exec", "account/login/start"):
        assert wire.sent(method) == []


@scenario()
async def test_client_is_usable_after_a_timeout(codex: AsyncCodex, model: ScriptedModel) -> None:
    with pytest.raises(RequestTimeoutError, match=r"command/exec: .*0\.1 s"):
        await codex.rpc.command.exec(command=["sleep", "0.3"], timeout=0.1)
    # The late answer arrives meanwhile, and is dropped.
    assert (await codex.rpc.command.exec(command=["sleep", "0.5"])).exit_code == 0
    assert (await codex.rpc.thread.loaded_list()).data == []


@scenario()
async def test_method_that_is_no_text_is_refused_at_once(codex: AsyncCodex, model: ScriptedModel) -> None:
    with pytest.raises(TypeError, match="request: the method is 5, and no string"):
        await codex.request(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
