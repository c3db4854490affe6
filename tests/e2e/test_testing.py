"""The scripted model in front of the real runtime: every kind of step has the effect that it stands for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from openai_codex.testing import ScriptedModel, Usage, message, tool_call
from tests.e2e.rawclient import RawClient

pytestmark = pytest.mark.e2e

PATCH = "*** Begin Patch\n*** Add File: note.txt\n+written by a patch\n*** End Patch\n"


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as scripted:
        yield scripted


@pytest.fixture
def client(model: ScriptedModel) -> Iterator[RawClient]:
    with RawClient(model.config()) as raw:
        yield raw


@pytest.fixture
def thread_id(client: RawClient) -> str:
    return client.start_thread(sandbox="workspace-write", approvalPolicy="never")


def item(turn: Any, kind: str) -> Any:
    (found,) = [each for each in turn["items"] if each["type"] == kind]
    return found


def test_say_is_the_agents_message(model: ScriptedModel, client: RawClient, thread_id: str) -> None:
    model.say("Hello", phase="final_answer", usage=Usage(11, 5, 4, 2))
    turn = client.run(thread_id, "Hi")
    assert turn["status"] == "completed"
    answer = item(turn, "agentMessage")
    assert (answer["text"], answer["phase"]) == ("Hello", "final_answer")
    last = client.notification("thread/tokenUsage/updated", turnId=turn["id"])["tokenUsage"]["last"]
    counts = ("inputTokens", "outputTokens", "cachedInputTokens", "reasoningOutputTokens", "totalTokens")
    assert [last[name] for name in counts] == [11, 5, 4, 2, 16]
    (request,) = model.requests
    assert request.user_texts[-1] == "Hi"
    assert {"exec_command", "apply_patch"} <= set(request.tools)
    assert (model.remaining, model.unexpected) == (0, [])


def test_stream_arrives_in_order(model: ScriptedModel, client: RawClient, thread_id: str) -> None:
    parts = [f"{number} " for number in range(50)]
    model.stream(parts)
    turn = client.run(thread_id, "Count")
    assert client.deltas(turn["id"]) == parts
    assert item(turn, "agentMessage")["text"] == "".join(parts)


def test_stream_with_a_delay_arrives_while_it_lasts(model: ScriptedModel, client: RawClient, thread_id: str) -> None:
    model.stream(["soon", "late"], delay=1.0)
    turn_id = client.start_turn(thread_id, "Hi")
    client.notification("item/agentMessage/delta", turnId=turn_id, delta="soon")
    assert client.deltas(turn_id) == ["soon"]
    assert client.end_of_turn(turn_id)["status"] == "completed"


@pytest.mark.parametrize("tty", [False, True])
def test_exec_command_runs_in_the_sandbox(model: ScriptedModel, client: RawClient, thread_id: str, tty: bool) -> None:
    command = "echo written > made.txt; pwd; test -t 1 && echo terminal; touch /etc/codex-was-here || echo sealed"
    model.call_tool("exec_command", {"cmd": command, "tty": tty}, call_id="c1").say("done")
    turn = client.run(thread_id, "Run")
    execution = item(turn, "commandExecution")
    assert (execution["status"], execution["exitCode"]) == ("completed", 0)
    for output in (execution["aggregatedOutput"], model.requests[1].tool_outputs["c1"]):
        assert str(model.workspace) in output
        assert ("terminal" in output) == tty
        assert "sealed" in output
    assert (model.workspace / "made.txt").read_text() == "written\n"
    assert item(turn, "agentMessage")["text"] == "done"


def test_apply_patch_writes_the_file(model: ScriptedModel, client: RawClient, thread_id: str) -> None:
    model.call_tool("apply_patch", PATCH).say("done")
    turn = client.run(thread_id, "Patch")
    assert item(turn, "fileChange")["status"] == "completed"
    assert (model.workspace / "note.txt").read_text() == "written by a patch\n"
    assert "Success" in model.requests[1].last_tool_output


def test_several_tool_calls_in_one_answer_all_run(model: ScriptedModel, client: RawClient, thread_id: str) -> None:
    model.answer(
        message("Looking", phase="commentary"),
        tool_call("exec_command", {"cmd": "echo first"}),
        tool_call("exec_command", {"cmd": "echo second"}),
    ).say("done")
    turn = client.run(thread_id, "Run both")
    assert turn["status"] == "completed"
    assert [each["text"] for each in turn["items"] if each["type"] == "agentMessage"] == ["Looking", "done"]
    first, second = model.requests[1].tool_outputs.values()
    assert "first" in first
    assert "second" in second


@pytest.mark.parametrize(
    ("error", "body", "info"),
    [
        (500, None, "internalServerError"),
        (401, None, {"httpConnectionFailed": {"httpStatusCode": 401}}),
        (429, {"error": {"type": "usage_limit_reached"}}, "usageLimitExceeded"),
        (503, {"error": {"code": "server_is_overloaded"}}, "serverOverloaded"),
        ("context_length_exceeded", None, "contextWindowExceeded"),
        ({"code": "rate_limit_exceeded", "message": "slow down"}, None, "rateLimitExceeded"),
    ],
)
def test_fail_fails_the_turn_at_once(
    model: ScriptedModel, client: RawClient, thread_id: str, error: Any, body: Any, info: Any
) -> None:
    model.fail(error, body=body)
    turn = client.run(thread_id, "Hi")
    assert (turn["status"], turn["error"]["codexErrorInfo"]) == ("failed", info)
    assert len(model.requests) == 1  # not tried again


def test_fail_text_is_the_turns_error(model: ScriptedModel, client: RawClient, thread_id: str) -> None:
    model.fail("server_error", "boom")
    assert "boom" in client.run(thread_id, "Hi")["error"]["message"]


def test_retries_can_be_turned_on(model: ScriptedModel) -> None:
    model.raw([{"type": "response.created", "response": {"id": "r"}}]).say("second try")
    config = model.config(config_overrides=("model_providers.scripted.stream_max_retries=1",))
    with RawClient(config) as client:
        turn = client.run(client.start_thread(), "Hi")
        assert client.notification("error", turnId=turn["id"])["willRetry"] is True
    assert item(turn, "agentMessage")["text"] == "second try"


def test_hang_lasts_until_the_turn_is_interrupted(model: ScriptedModel, client: RawClient, thread_id: str) -> None:
    model.hang().say("next")
    turn_id = client.start_turn(thread_id, "Hi")
    client.notification("turn/started")
    model.wait_for_request()
    time.sleep(0.3)
    assert not any(message.get("method") == "turn/completed" for message in client.messages)
    client.request("turn/interrupt", {"threadId": thread_id, "turnId": turn_id})
    assert client.end_of_turn(turn_id)["status"] == "interrupted"
    assert item(client.run(thread_id, "Again"), "agentMessage")["text"] == "next"


def test_hang_fails_the_turn_when_the_model_closes() -> None:
    with ScriptedModel() as model, RawClient(model.config()) as client:
        model.hang()
        turn_id = client.start_turn(client.start_thread(ephemeral=True), "Hi")
        model.wait_for_request()
        model.close()
        assert client.end_of_turn(turn_id)["status"] == "failed"


def test_exhausted_script_fails_the_turn_and_names_the_cause(
    model: ScriptedModel, client: RawClient, thread_id: str
) -> None:
    model.call_tool("exec_command", {"cmd": "true"})
    turn = client.run(thread_id, "Hi")
    assert turn["status"] == "failed"
    assert "script is exhausted: request 2 came after all 1 steps" in turn["error"]["message"]
    assert model.unexpected == [turn["error"]["message"]]


def test_threads_in_parallel_share_the_script(model: ScriptedModel, client: RawClient) -> None:
    model.stream(["a", "b"], delay=0.5).stream(["a", "b"], delay=0.5)
    threads = [client.start_thread() for _ in range(2)]
    turns = [client.start_turn(thread, f"from {thread}") for thread in threads]
    model.wait_for_request(2)
    for turn in turns:
        assert client.end_of_turn(turn)["status"] == "completed"
        assert client.deltas(turn) == ["a", "b"]
    asked = {request.user_texts[-1] for request in model.requests}
    assert asked == {f"from {thread}" for thread in threads}


def test_repeat_last_answers_every_turn() -> None:
    with ScriptedModel(repeat_last=True) as model, RawClient(model.config()) as client:
        model.say("again")
        thread = client.start_thread()
        turns = [client.run(thread, f"turn {number}") for number in range(3)]
    answers = [item(turn, "agentMessage") for turn in turns]
    assert [answer["text"] for answer in answers] == ["again"] * 3
    assert len({answer["id"] for answer in answers}) == 3
    assert model.unexpected == []


def test_own_configuration_and_model_reach_the_runtime() -> None:
    extra = 'sandbox_mode = "workspace-write"\n[features]\ngoals = false\n'
    with (
        ScriptedModel(model="gpt-6.1-sol", config_toml=extra) as model,
        RawClient(model.config()) as client,
    ):
        model.say("ok")
        started = client.request("thread/start", {})
        assert started["sandbox"]["type"] == "workspaceWrite"
        client.run(started["thread"]["id"], "Hi")
        (request,) = model.requests
    assert request.body["model"] == "gpt-6.1-sol"
    assert any(name.split(".")[-1] == "exec" for name in request.tools)
    assert not any("goal" in name for name in request.tools)


def test_authorization_of_a_login_reaches_the_model() -> None:
    with ScriptedModel(requires_openai_auth=True) as model, RawClient(model.config()) as client:
        client.request("account/login/start", {"type": "apiKey", "apiKey": "sk-test"})
        model.say("ok")
        client.run(client.start_thread(), "Hi")
        (request,) = model.requests
    assert request.headers["authorization"] == "Bearer sk-test"
    assert "sk-test" not in repr(model.requests)


def test_users_environment_does_not_leak_into_the_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in (
        "CODEX_API_KEY",
        "CODEX_ACCESS_TOKEN",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "CODEX_SQLITE_HOME",
    ):
        monkeypatch.setenv(name, "/nonexistent/of-the-user")
    with ScriptedModel() as model, RawClient(model.config()) as client:
        assert client.request("account/read", {})["account"] is None
        command = {"cmd": "env | grep of-the-user; echo HOME=$HOME; ls -A $HOME"}
        model.call_tool("exec_command", command).say("ok")
        client.run(client.start_thread(), "Hi")
        output = model.requests[1].last_tool_output
        assert "authorization" not in model.requests[0].headers
        assert output.endswith(f"HOME={model.home.parent / 'user'}\n")
    assert "of-the-user" not in output
