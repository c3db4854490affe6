"""What the runtime asks of the client itself: the time, fresh tokens, an attestation."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from openai_codex import AsyncCodex, TurnFailedError
from openai_codex.testing import ScriptedModel
from openai_codex.types import (
    AttestationGenerateResponse,
    ChatgptAuthTokensLoginAccountParams,
    ChatgptAuthTokensRefreshParams,
    ChatgptAuthTokensRefreshResponse,
    CurrentTimeReadResponse,
)
from tests.e2e.facade import Wire, scenario

CLOCK = '[features.current_time_reminder]\nenabled = true\nreminder_interval_seconds = 1\nclock_source = "external"\n'
ASKED: list[ChatgptAuthTokensRefreshParams] = []


def token(number: int) -> str:
    """An access token as ChatGPT issues them, without a signature."""
    claims = {
        "email": "a@example.org",
        "exp": int(time.time()) + 3600,
        "n": number,
        "https://api.openai.com/auth": {
            "chatgpt_plan_type": "pro",
            "chatgpt_account_id": "acc1",
            "chatgpt_user_id": "u1",
        },
    }
    parts = [{"alg": "none", "typ": "JWT"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2ln"])


FIRST, SECOND = token(0), token(2)


async def log_in(codex: AsyncCodex) -> None:
    params = ChatgptAuthTokensLoginAccountParams(access_token=FIRST, chatgpt_account_id="acc1", chatgpt_plan_type="pro")
    await codex.rpc.account.login_start(params)


@scenario(config_toml=CLOCK)
async def test_clock_of_the_machine_tells_the_time(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start()
    model.say("Late.")
    before = int(time.time())
    assert (await thread.run("What time is it?")).final_response == "Late."
    told = time.strftime("%Y-%m-%d", time.gmtime(before))
    assert told in json.dumps(model.requests[0].body)


@scenario(
    config_toml=CLOCK, answers={"current_time_read": lambda _: CurrentTimeReadResponse(current_time_at=1700000000)}
)
async def test_handler_tells_the_time(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start()
    model.say("Late.")
    await thread.run("What time is it?")
    assert "2023-11-14" in json.dumps(model.requests[0].body)


def fresh(params: ChatgptAuthTokensRefreshParams) -> ChatgptAuthTokensRefreshResponse:
    ASKED.append(params)
    return ChatgptAuthTokensRefreshResponse(access_token=SECOND, chatgpt_account_id="acc1", chatgpt_plan_type="pro")


@scenario(requires_openai_auth=True, answers={"account_chatgpt_auth_tokens_refresh": fresh})
async def test_refused_token_is_replaced(codex: AsyncCodex, model: ScriptedModel) -> None:
    await log_in(codex)
    ASKED.clear()
    model.fail(401, "expired").say("Welcome back.")
    result = await (await codex.thread_start()).run("Hi")
    assert result.final_response == "Welcome back."
    assert [request.headers["authorization"] for request in model.requests] == [
        f"Bearer {FIRST}",
        f"Bearer {SECOND}",
    ]
    assert [each.previous_account_id for each in ASKED] == ["acc1"]


@scenario(requires_openai_auth=True)
async def test_token_that_nobody_replaces_fails_the_turn(codex: AsyncCodex, model: ScriptedModel) -> None:
    await log_in(codex)
    model.fail(401, "expired")
    thread = await codex.thread_start()
    started = time.monotonic()
    try:
        await thread.run("Hi")
    except TurnFailedError as error:
        assert time.monotonic() - started < 5  # the runtime would wait for 10 s
        assert "auth refresh request failed" in str(error)
    else:
        raise AssertionError("the turn did not fail")


@scenario(
    requires_openai_auth=True, answers={"attestation_generate": lambda _: AttestationGenerateResponse(token="v1.abc")}
)
async def test_attestation_goes_to_the_provider(codex: AsyncCodex, model: ScriptedModel, wire: Wire) -> None:
    await log_in(codex)
    model.say("Hello.")
    await (await codex.thread_start()).run("Hi")
    assert json.loads(model.requests[0].headers["x-oai-attestation"]) == {"v": 1, "s": 0, "t": "v1.abc"}
    assert wire.sent("initialize")[0]["capabilities"]["requestAttestation"] is True


@scenario(requires_openai_auth=True)
async def test_without_a_handler_no_attestation_is_asked_for(
    codex: AsyncCodex, model: ScriptedModel, wire: Wire
) -> None:
    await log_in(codex)
    model.say("Hello.")
    await (await codex.thread_start()).run("Hi")
    assert "x-oai-attestation" not in model.requests[0].headers
    capabilities: dict[str, Any] = wire.sent("initialize")[0]["capabilities"]
    assert "requestAttestation" not in capabilities
