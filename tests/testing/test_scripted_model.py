"""The scripted model as an HTTP server and as a set of directories; no runtime is started."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from openai_codex.testing import RecordedRequest, ScriptedModel, Usage, message, tool_call


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as scripted:
        yield scripted


def address(model: ScriptedModel) -> tuple[str, int]:
    host, port = model.base_url.removeprefix("http://").removesuffix("/v1").split(":")
    return host, int(port)


def connect(model: ScriptedModel) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(*address(model), timeout=10)


def post(
    model: ScriptedModel,
    body: Any = None,
    *,
    path: str = "/v1/responses",
    headers: dict[str, str] | None = None,
) -> tuple[int, str]:
    connection = connect(model)
    try:
        connection.request("POST", path, json.dumps({} if body is None else body), headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def events(text: str) -> list[dict[str, Any]]:
    """Decode server-sent events, checking that the event line agrees with the data."""
    decoded: list[dict[str, Any]] = []
    for block in text.split("\n\n")[:-1]:
        name, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        decoded.append(event)
    return decoded


def ask(model: ScriptedModel) -> list[dict[str, Any]]:
    status, text = post(model)
    assert status == 200, text
    return events(text)


def types(answer: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in answer]


def test_say_sends_one_whole_message(model: ScriptedModel) -> None:
    model.say("Hello", phase="final_answer", usage=Usage(input_tokens=7, output_tokens=3))
    answer = ask(model)
    assert types(answer) == ["created", "output_item.done", "completed"]
    item = answer[1]["item"]
    assert (item["content"][0]["text"], item["phase"]) == ("Hello", "final_answer")
    assert answer[2]["response"]["usage"]["total_tokens"] == 10
    assert answer[0]["response"]["id"] == answer[2]["response"]["id"]


def test_say_leaves_phase_out_by_default(model: ScriptedModel) -> None:
    model.say("Hello")
    assert "phase" not in ask(model)[1]["item"]


def test_steps_are_played_in_order(model: ScriptedModel) -> None:
    model.say("one").say("two")
    assert model.remaining == 2
    texts = [ask(model)[1]["item"]["content"][0]["text"] for _ in range(2)]
    assert texts == ["one", "two"]
    assert model.remaining == 0
    assert model.unexpected == []


def test_stream_sends_deltas_of_one_item_then_the_whole(model: ScriptedModel) -> None:
    model.stream(["Hel", "lo"])
    answer = ask(model)
    assert types(answer) == [
        "created",
        "output_item.added",
        "output_text.delta",
        "output_text.delta",
        "output_item.done",
        "completed",
    ]
    assert [event["delta"] for event in answer[2:4]] == ["Hel", "lo"]
    assert answer[4]["item"]["content"][0]["text"] == "Hello"
    ids = {answer[1]["item"]["id"], answer[2]["item_id"], answer[3]["item_id"], answer[4]["item"]["id"]}
    assert len(ids) == 1


def test_stream_waits_between_deltas(model: ScriptedModel) -> None:
    model.stream(["a", "b", "c"], delay=0.1)
    started = time.monotonic()
    ask(model)
    assert 0.2 <= time.monotonic() - started < 2.0


def test_call_tool_encodes_an_object_as_function_arguments(model: ScriptedModel) -> None:
    model.call_tool("lookup", {"id": 7}, call_id="c1", namespace="mcp__crm")
    item = ask(model)[1]["item"]
    assert (item["type"], item["name"], item["call_id"]) == ("function_call", "lookup", "c1")
    assert (json.loads(item["arguments"]), item["namespace"]) == ({"id": 7}, "mcp__crm")


def test_call_tool_sends_a_string_as_freeform_input(model: ScriptedModel) -> None:
    model.call_tool("apply_patch", "*** Begin Patch")
    item = ask(model)[1]["item"]
    assert (item["type"], item["input"]) == ("custom_tool_call", "*** Begin Patch")


def test_answer_holds_several_items_with_distinct_ids(model: ScriptedModel) -> None:
    model.answer(message("Both:"), tool_call("a"), tool_call("b"))
    items = [event["item"] for event in ask(model) if event["type"] == "response.output_item.done"]
    assert [item.get("name") for item in items] == [None, "a", "b"]
    assert len({item["id"] for item in items}) == 3
    assert items[1]["call_id"] != items[2]["call_id"]


def test_empty_answer_has_no_item(model: ScriptedModel) -> None:
    model.answer()
    assert types(ask(model)) == ["created", "completed"]


def test_fail_with_a_status_sends_that_status(model: ScriptedModel) -> None:
    model.fail(503, "busy").fail(429, body={"error": {"type": "usage_limit_reached"}}).fail(400, body="plain")
    assert post(model) == (503, '{"error": {"message": "busy"}}')
    assert post(model) == (429, '{"error": {"type": "usage_limit_reached"}}')
    assert post(model) == (400, "plain")


def test_fail_with_an_error_code_ends_the_stream_as_failed(model: ScriptedModel) -> None:
    model.fail("server_error", "boom").fail({"code": "rate_limit_exceeded", "message": "slow down"})
    first, second = ask(model), ask(model)
    assert types(first) == types(second) == ["created", "failed"]
    assert first[1]["response"]["error"] == {"code": "server_error", "message": "boom"}
    assert second[1]["response"]["error"]["code"] == "rate_limit_exceeded"


def test_raw_sends_exactly_the_events(model: ScriptedModel) -> None:
    script: list[dict[str, Any]] = [
        {"type": "response.created", "response": {"id": "r"}},
        {"type": "response.odd", "x": [1]},
    ]
    model.raw(script)
    assert ask(model) == script


@pytest.mark.parametrize("step", [{"no": "type"}, {"type": "x", "data": {1, 2}}])
def test_raw_refuses_events_that_cannot_be_sent(model: ScriptedModel, step: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        model.raw([step])
    assert model.remaining == 0


def test_call_tool_refuses_arguments_that_are_not_json(model: ScriptedModel) -> None:
    with pytest.raises(TypeError):
        model.call_tool("x", {"path": Path("x")})


@pytest.mark.parametrize("status", [0, 200, 302, 600])
def test_fail_refuses_a_status_that_is_no_error(model: ScriptedModel, status: int) -> None:
    with pytest.raises(ValueError, match="400 to 599"):
        model.fail(status)


def test_fail_refuses_a_body_without_a_status(model: ScriptedModel) -> None:
    with pytest.raises(ValueError, match="only an HTTP status"):
        model.fail("server_error", body="x")


def test_exhausted_script_is_an_error_that_says_so(model: ScriptedModel) -> None:
    model.say("only one")
    ask(model)
    status, text = post(model)
    assert status == 400
    assert "script is exhausted: request 2 came after all 1 steps" in text
    assert model.unexpected == [text]
    model.say("late")
    assert types(ask(model))[-1] == "completed"


def test_repeat_last_repeats_with_fresh_ids() -> None:
    with ScriptedModel(repeat_last=True) as model:
        model.say("first").call_tool("again")
        ask(model)
        calls = [ask(model)[1]["item"] for _ in range(3)]
        assert {call["name"] for call in calls} == {"again"}
        assert len({call["call_id"] for call in calls}) == len({call["id"] for call in calls}) == 3
        assert (model.remaining, model.unexpected) == (0, [])


def test_repeat_last_without_any_step_is_exhausted() -> None:
    with ScriptedModel(repeat_last=True) as model:
        assert post(model)[0] == 400
        assert len(model.unexpected) == 1


def test_repeat_last_prefers_a_step_added_later() -> None:
    with ScriptedModel(repeat_last=True) as model:
        model.say("a")
        ask(model)
        ask(model)
        model.say("b")
        assert ask(model)[1]["item"]["content"][0]["text"] == "b"


def test_hang_begins_an_answer_and_ends_on_close() -> None:
    with ScriptedModel() as model:
        model.hang()
        with socket.create_connection(address(model)) as client, client.makefile("rb") as answer:
            client.sendall(b"POST /v1/responses HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}")
            while not answer.readline().startswith(b"data: "):
                pass
            assert answer.readline() == b"\n"
            client.settimeout(0.2)
            with pytest.raises(TimeoutError):
                client.recv(1)
            client.settimeout(10)
            started = time.monotonic()
            model.close()
            assert client.recv(1) == b""
    assert time.monotonic() - started < 2.0


def test_hang_ends_when_the_client_goes_away(model: ScriptedModel) -> None:
    model.hang()
    connection = connect(model)
    connection.request("POST", "/v1/responses", "{}")
    response = connection.getresponse()
    response.readline()
    assert answering_threads() == 1
    response.close()
    connection.close()
    deadline = time.monotonic() + 5
    while answering_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert answering_threads() == 0


def answering_threads() -> int:
    return sum(thread.name == "scripted-model-request" for thread in threading.enumerate())


def test_close_does_not_wait_for_a_slow_stream() -> None:
    with ScriptedModel() as model:
        model.stream(["a", "b"], delay=60)
        connection = connect(model)
        connection.request("POST", "/v1/responses", "{}")
        response = connection.getresponse()
        started = time.monotonic()
    assert time.monotonic() - started < 2.0
    assert b"response.completed" not in response.read()
    connection.close()


def test_parallel_requests_get_one_step_each(model: ScriptedModel) -> None:
    for number in range(40):
        model.stream([f"answer {number}"], delay=0.01)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, [model] * 40))
    texts = {answer[-2]["item"]["content"][0]["text"] for answer in answers}
    assert texts == {f"answer {number}" for number in range(40)}
    assert len(model.requests) == 40
    assert len({answer[0]["response"]["id"] for answer in answers}) == 40


def test_parallel_answers_do_not_wait_for_each_other(model: ScriptedModel) -> None:
    for _ in range(10):
        model.stream(["a", "b"], delay=0.3)
    started = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(ask, [model] * 10))
    assert time.monotonic() - started < 2.0


def test_chunked_request_body_is_read(model: ScriptedModel) -> None:
    model.say("ok")
    connection = connect(model)
    connection.request("POST", "/v1/responses", iter([b'{"a":', b' "\xc3\xa4"}']), encode_chunked=True)
    assert connection.getresponse().read()
    connection.close()
    assert model.requests[0].body == {"a": "ä"}


def test_models_are_an_empty_list_and_no_request(model: ScriptedModel) -> None:
    connection = connect(model)
    connection.request("GET", "/v1/models?client_version=1")
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())["models"]) == (200, [])
    connection.close()
    assert (model.requests, model.unexpected) == ([], [])


def test_unknown_endpoint_is_noted(model: ScriptedModel) -> None:
    model.say("untouched")
    assert post(model, path="/v1/embeddings")[0] == 404
    assert model.unexpected == ["ScriptedModel: no such endpoint: POST /v1/embeddings"]
    assert (model.requests, model.remaining) == ([], 1)


def test_body_that_is_no_object_is_noted(model: ScriptedModel) -> None:
    assert post(model, [1])[0] == 400
    assert model.unexpected == ["ScriptedModel: the body of POST /v1/responses is not a JSON object"]


def test_proxied_traffic_is_refused_and_not_noted(model: ScriptedModel) -> None:
    assert post(model, path="http://example.test/v1/responses")[0] == 403
    tunnel = connect(model)
    tunnel.set_tunnel("example.test", 443)
    with pytest.raises(OSError, match="403"):
        tunnel.connect()
    tunnel.close()
    assert (model.requests, model.unexpected) == ([], [])


def test_client_that_sends_garbage_leaves_the_server_working(
    model: ScriptedModel, capfd: pytest.CaptureFixture[str]
) -> None:
    for data in (b"", b"\x00\xff\r\n\r\n", b"POST /v1/responses HTTP/1.1\r\ncontent-length: 9\r\n\r\n{"):
        with socket.create_connection(address(model)) as raw:
            raw.sendall(data)
    model.say("still here")
    assert types(ask(model))[-1] == "completed"
    model.close()
    assert model.unexpected == []
    assert capfd.readouterr() == ("", "")


REQUEST_BODY: dict[str, Any] = {
    "model": "gpt-5.5",
    "tools": [
        {"type": "function", "name": "exec_command"},
        {"type": "namespace", "name": "mcp__crm", "tools": [{"type": "function", "name": "lookup"}]},
        {"type": "web_search"},
    ],
    "input": [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "rules"}]},
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "Hi"}, {"type": "input_image", "image_url": "data:"}],
        },
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes?"}]},
        {"type": "function_call_output", "call_id": "c1", "output": "one"},
        {
            "type": "custom_tool_call_output",
            "call_id": "c2",
            "output": [{"type": "input_text", "text": "two"}],
        },
    ],
}


def test_requests_are_recorded_with_helpers(model: ScriptedModel) -> None:
    model.say("ok")
    post(model, REQUEST_BODY, headers={"Authorization": "Bearer sk-secret"})
    (request,) = model.requests
    assert request.path == "/v1/responses"
    assert request.headers["authorization"] == "Bearer sk-secret"
    assert request.body == REQUEST_BODY
    assert request.input == REQUEST_BODY["input"]
    assert request.user_texts == ["Hi"]
    assert request.tool_outputs == {"c1": "one", "c2": "two"}
    assert request.last_tool_output == "two"
    assert request.tools == ["exec_command", "mcp__crm.lookup", "web_search"]


def test_tools_are_found_among_the_input_items() -> None:
    item = {"type": "additional_tools", "role": "developer", "tools": [{"type": "custom", "name": "exec"}]}
    assert RecordedRequest("/v1/responses", {}, {"input": [item]}).tools == ["exec"]


def test_last_tool_output_without_any_is_a_lookup_error() -> None:
    with pytest.raises(LookupError, match="no tool output"):
        _ = RecordedRequest("/v1/responses", {}, {"input": []}).last_tool_output


def test_repr_of_a_request_has_no_secret_and_no_body() -> None:
    body = {**REQUEST_BODY, "instructions": "long text"}
    text = repr(RecordedRequest("/v1/responses", {"authorization": "Bearer sk-secret"}, body))
    assert "sk-secret" not in text
    assert "long text" not in text
    assert "'Hi'" in text


def test_recorded_request_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        RecordedRequest("/", {}, {}).path = "/x"  # type: ignore[misc]  # the point of the test


def test_wait_for_request_returns_the_nth(model: ScriptedModel) -> None:
    model.say("a").say("b")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(model.wait_for_request, 2, 5.0)
        post(model, {"n": 1})
        assert not waiting.done()
        post(model, {"n": 2})
        assert waiting.result().body == {"n": 2}
    assert model.wait_for_request().body == {"n": 1}


def test_wait_for_request_times_out_with_the_count(model: ScriptedModel) -> None:
    with pytest.raises(TimeoutError, match=r"0 of 1 requests came within 0\.05 s"):
        model.wait_for_request(1, 0.05)
    with pytest.raises(ValueError, match="counted from 1"):
        model.wait_for_request(0)


def test_config_leads_to_an_isolated_home(model: ScriptedModel) -> None:
    config = model.config()
    assert config.cwd == str(model.workspace)
    assert config.env is not None
    assert config.env["CODEX_HOME"] == str(model.home)
    home, temporary = Path(config.env["HOME"]), Path(config.env["TMPDIR"])
    assert all(directory.is_dir() for directory in (model.home, model.workspace, home, temporary))
    assert list(home.iterdir()) == list(model.workspace.iterdir()) == []
    assert temporary not in model.home.parents
    assert len({model.home, model.workspace, home, temporary}) == 4
    toml = (model.home / "config.toml").read_text()
    assert f'base_url = "{model.base_url}"' in toml
    assert toml.startswith('model = "gpt-5.5"\n')


def test_config_shuts_the_users_environment_out(model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "CODEX_API_KEY", "CODEX_SQLITE_HOME", "HTTPS_PROXY", "BASH_ENV"):
        monkeypatch.setenv(name, "the user's own")
    env = {**os.environ, **(model.config().env or {})}
    assert "the user's own" not in env.values()
    assert env["OPENAI_API_KEY"] == env["CODEX_SQLITE_HOME"] == env["BASH_ENV"] == ""
    assert "127.0.0.1" in env["NO_PROXY"] == env["no_proxy"]
    assert env["HTTPS_PROXY"] == env["all_proxy"] == model.base_url.removesuffix("/v1")


@pytest.mark.parametrize("name", ["OPENAI_FEDERATION_RULE_ID", "OPENAI_IDENTITY_TOKEN_FILE"])
def test_config_refuses_a_real_login_that_it_cannot_shut_out(
    model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(RuntimeError, match=name):
        model.config()


def test_config_overrides_fields_and_adds_variables(model: ScriptedModel) -> None:
    config = model.config(env={"EXTRA": "1", "HOME": "/elsewhere"}, client_name="app", request_timeout=5.0)
    assert (config.client_name, config.request_timeout) == ("app", 5.0)
    assert config.env is not None
    assert (config.env["EXTRA"], config.env["HOME"]) == ("1", "/elsewhere")
    assert config.env["CODEX_HOME"] == str(model.home)
    with pytest.raises(TypeError):
        model.config(no_such_field=1)


def test_config_toml_has_the_given_model_and_lines() -> None:
    extra = 'model_reasoning_effort = "low"\n[features]\ngoals = false'
    with ScriptedModel(model='o"x', config_toml=extra, requires_openai_auth=True) as model:
        toml = (model.home / "config.toml").read_text()
    assert toml.startswith('model = "o\\"x"\n')
    assert f"{extra}\n[model_providers." in toml
    assert "requires_openai_auth = true" in toml


def test_close_removes_directories_and_threads_and_keeps_records() -> None:
    before = set(threading.enumerate())
    with ScriptedModel() as model:
        root = model.home.parent
        (model.workspace / "left over").write_text("x")
        post(model)
    assert not root.exists()
    assert set(threading.enumerate()) == before
    assert len(model.requests) == len(model.unexpected) == 1
    model.close()


def test_use_while_not_running_is_an_error() -> None:
    model = ScriptedModel().say("scripts may be written before")
    for use in (model.config, lambda: model.home, lambda: model.base_url):
        with pytest.raises(RuntimeError, match="not running"):
            use()
    model.close()
    with model, pytest.raises(RuntimeError, match="started before"):
        model.start()
    with pytest.raises(RuntimeError, match="not running"):
        model.config()


def test_forgotten_close_does_not_keep_the_interpreter_alive() -> None:
    code = "from openai_codex.testing import ScriptedModel; print(ScriptedModel().start().home.parent)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    assert not Path(done.stdout.strip()).exists()


def test_import_loads_no_heavy_module() -> None:
    code = "import sys, openai_codex.testing; print(*(set(sys.modules) & {'pydantic', 'asyncio', 'httpx'}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.stdout.strip() == "", done.stderr
