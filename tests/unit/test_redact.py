"""What the log may show of a message."""

from __future__ import annotations

from typing import Any

import pytest

from openai_codex._core.redact import describe, describe_line, redact
from openai_codex._generated._methods import SECRET_FIELDS

SECRET_NAMES = [
    *sorted(SECRET_FIELDS),
    "access_token",
    "OPENAI_API_KEY",
    "api-key",
    "Authorization",
    "clientSecret",
    "password",
    "http_headers",
    "set-cookie",
    "aws_credentials",
    "experimental_bearer_token",
    "AWS_SECRET_ACCESS_KEY",
    "userCode",
    "headers",
    "query_params",
    "mcp_servers.a.env",
    "shell_environment_policy.set",
    "model_providers.p.http_headers",
    "answers",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize("value", ["sk-marker", {"A": "sk-marker"}, ["sk-marker"]])
def test_what_stands_under_a_secret_name_is_hidden(name: str, value: Any) -> None:
    message = {"method": "x", "params": {"deep": [{name: value}]}}
    assert redact(message) == {"method": "x", "params": {"deep": [{name: "***"}]}}
    assert "marker" not in describe(message)


@pytest.mark.parametrize("name", ["totalTokens", "tokenUsage", "threadId", "environment", "keyboard", "secretary"])
def test_other_names_are_shown(name: str) -> None:
    assert redact({name: "x"}) == {name: "x"}


@pytest.mark.parametrize("value", [None, "", 0, 5, True, {}, []])
def test_no_value_is_no_secret(value: Any) -> None:
    assert redact({"token": value}) == {"token": value}


@pytest.mark.parametrize("content", [{"pin": "marker"}, "marker", ["marker"]])
@pytest.mark.parametrize("action", ["accept", "decline", "cancel"])
def test_content_of_an_elicitation_is_hidden(action: str, content: Any) -> None:
    result = {"action": action, "content": content, "_meta": {"persist": "session"}}
    assert redact({"id": 1, "result": result})["result"] == {**result, "content": "***"}


@pytest.mark.parametrize(
    "message",
    [
        {"content": {"pin": "x"}},
        {"action": "run", "content": {"pin": "x"}},
        {"action": ["accept"], "content": "x"},
        {"action": "accept", "content": {}},
        {"action": "accept", "content": None},
    ],
)
def test_other_content_is_shown(message: Any) -> None:
    assert redact(message) == message


def test_answers_to_questions_are_hidden() -> None:
    message = {"id": 1, "result": {"answers": {"q": {"answers": ["marker"]}}}}
    assert describe(message) == '{"id":1,"result":{"answers":"***"}}'


def test_address_of_a_login_is_hidden() -> None:
    assert redact({"authUrl": "https://host/login?state=marker"}) == {"authUrl": "***"}


def test_message_itself_stays_as_it_is() -> None:
    message = {"token": "sk-marker", "list": [1, {"a": "b"}]}
    redact(message)
    assert message == {"token": "sk-marker", "list": [1, {"a": "b"}]}


def test_line_is_described_without_its_secrets() -> None:
    assert describe_line(b'{"id":1,"params":{"apiKey":"sk-marker"}}\n') == '{"id":1,"params":{"apiKey":"***"}}'
    assert describe_line(b"sk-marker") == "(9 bytes)"


def test_message_that_is_no_json_has_no_text() -> None:
    deep: Any = None
    for _ in range(100_000):
        deep = [deep]
    for message in (deep, {"x": float("nan")}, {"x": object()}):
        assert describe(message) == "(a message that cannot be shown)"
