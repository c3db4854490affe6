"""Logins of both clients on the real runtime, and where a secret may be seen: nowhere."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from openai_codex import AsyncCodex, CodexError, RequestTimeoutError, TurnFailedError
from openai_codex.testing import ScriptedModel
from openai_codex.types import ApiKeyAccount, CancelLoginAccountStatus
from tests.e2e.facade import process_id, scenario

MARKER = "sk-marker-0123456789"


@pytest.fixture(autouse=True)
def browser_port() -> Any:
    """The port of browser logins belongs to all runtimes of the machine: one test at a time."""
    fcntl = pytest.importorskip("fcntl")
    with open(Path(__file__).with_name("facade.py")) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@scenario(requires_openai_auth=True, repeat_last=True)
async def test_api_key_reaches_the_model_and_nothing_else(
    codex: AsyncCodex, model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "openai_codex")
    assert (await codex.account()).account is None
    await codex.login_api_key(MARKER)
    account = await codex.account()
    assert isinstance(account.account, ApiKeyAccount) and account.requires_openai_auth
    model.say("Hello")
    thread = await codex.thread_start()
    result = await thread.run("Hi")
    assert model.requests[-1].headers["authorization"] == f"Bearer {MARKER}"
    shown = [repr(each) for each in (codex, thread, account, result, codex.metadata)]
    assert not any(MARKER in text for text in shown)
    assert MARKER not in "".join(str(request.body) for request in model.requests)
    command_line = Path(f"/proc/{process_id()}/cmdline")
    if command_line.exists():
        assert MARKER.encode() not in command_line.read_bytes()
    assert "account/login/start" in caplog.text and MARKER not in caplog.text
    await codex.logout()
    await codex.logout()
    assert (await codex.account()).account is None


@scenario(requires_openai_auth=True)
async def test_secrets_appear_in_no_log_line_error_or_repr(
    codex: AsyncCodex, model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    """Everything that takes a secret, used rightly and wrongly."""
    from openai_codex import types as t

    caplog.set_level(logging.DEBUG, "openai_codex")
    texts: list[str] = []

    async def attempt(call: Any) -> None:
        try:
            texts.append(repr(await call))
        except Exception as error:
            chain: BaseException | None = error
            while chain is not None:
                texts.extend([str(chain), repr(chain)])
                chain = chain.__cause__ or chain.__context__

    await codex.login_api_key(MARKER)
    tokens = t.ChatgptAuthTokensLoginAccountParams(access_token=MARKER, chatgpt_account_id="a")
    texts.append(repr(tokens))
    texts.append(repr(t.ApiKeyLoginAccountParams(api_key=MARKER)))
    await attempt(codex.rpc.account.login_start(tokens))
    await attempt(codex.login_api_key(MARKER, timeout=0))
    with pytest.raises(ValueError) as caught:
        await codex.login_api_key([MARKER])  # type: ignore[arg-type]
    texts.append(str(caught.value))
    await attempt(codex.request("account/login/start", {"type": "apiKey", "apiKey": {"nested": MARKER}}))
    await attempt(codex.rpc.command.exec(command=["true"], env={"TOKEN": MARKER}))
    await attempt(codex.rpc.command.exec(command=["true"], env={"TOKEN": [MARKER]}))  # type: ignore[dict-item]
    await attempt(codex.rpc.command.exec(command=["true", f"{MARKER}\ud800"]))
    await attempt(codex.request("x", {"a": [MARKER, object()]}))
    await attempt(codex.thread_start(config={"a": {"b": [MARKER, object()]}}))  # type: ignore[list-item]
    servers: Any = {"a": {"command": "true", "env": {"TOKEN": MARKER}}}
    await attempt(codex.thread_start(config={"mcp_servers": servers}))
    await attempt(codex.thread_start(config={"model_providers": {"x": {"http_headers": {"Authorization": MARKER}}}}))
    await attempt(codex.thread_start(sandbox=5))  # type: ignore[arg-type]
    model.fail(401)
    await attempt((await codex.thread_start()).run("Hi"))
    assert len(texts) > 12
    assert [text for text in texts if MARKER in text] == []
    assert [record.getMessage() for record in caplog.records if MARKER in record.getMessage()] == []


@scenario()
async def test_browser_login_that_is_refused_completes_without_success(codex: AsyncCodex, model: ScriptedModel) -> None:
    login = await codex.login_chatgpt()
    assert login.login_id in repr(login) and login.auth_url not in repr(login)
    with pytest.raises(RequestTimeoutError, match=r"was not completed within 0.2 s.*wait\(\) again"):
        await login.wait(timeout=0.2)
    query = parse_qs(urlsplit(login.auth_url).query)
    (redirect,), (state,) = query["redirect_uri"], query["state"]
    waiting = [asyncio.ensure_future(login.wait(timeout=20)) for _ in range(2)]
    await asyncio.sleep(0.1)
    async with httpx.AsyncClient(trust_env=False) as browser:
        answer = await browser.get(redirect, params={"error": "access_denied", "state": state})
    assert answer.status_code == 200
    for completed in await asyncio.gather(*waiting):
        assert (completed.success, completed.login_id) == (False, login.login_id)
        assert completed.error is not None and "access_denied" in completed.error
    assert (await login.wait()).success is False  # late


@scenario()
async def test_cancelled_login_completes_without_success(codex: AsyncCodex, model: ScriptedModel) -> None:
    login = await codex.login_chatgpt()
    assert (await login.cancel()).status is CancelLoginAccountStatus.canceled
    completed = await login.wait(timeout=10)
    assert (completed.success, completed.error is not None) == (False, True)
    assert (await login.cancel()).status is CancelLoginAccountStatus.not_found


@scenario()
async def test_two_logins_are_kept_apart(codex: AsyncCodex, model: ScriptedModel) -> None:
    first = await codex.login_chatgpt()
    second = await codex.login_chatgpt()  # which cancels the first: there is one port
    completed = await first.wait(timeout=10)
    assert (completed.login_id, completed.success) == (first.login_id, False)
    with pytest.raises(RequestTimeoutError):
        await second.wait(timeout=0.2)
    await second.cancel()
    assert (await second.wait(timeout=10)).login_id == second.login_id
    assert (await first.wait(timeout=10)) == completed


@scenario()
async def test_device_code_without_a_network_is_a_clear_error(codex: AsyncCodex, model: ScriptedModel) -> None:
    with pytest.raises(CodexError, match=r"account/login/start.*failed to request device code"):
        await codex.login_chatgpt_device_code()


@scenario()
async def test_waiting_for_a_login_ends_with_the_client(codex: AsyncCodex, model: ScriptedModel) -> None:
    login = await codex.login_chatgpt()
    waiting = asyncio.ensure_future(login.wait())
    await asyncio.sleep(0.1)
    os.kill(process_id(), 9)
    with pytest.raises(CodexError, match="SIGKILL"):
        await waiting


@scenario(requires_openai_auth=True)
async def test_turn_without_a_login_tells_its_cause(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.fail(401)
    with pytest.raises(TurnFailedError, match="401") as caught:
        await (await codex.thread_start()).run("Hi")
    info = caught.value.codex_error_info
    assert type(info).__name__ == "HttpConnectionFailedCodexErrorInfo"
