"""The spelling rules, as a table."""

from __future__ import annotations

import pytest

from codegen.naming import (
    attribute_name,
    handler_name,
    is_class_name,
    python_path,
    shadows_builtin,
    snake_case,
)
from openai_codex._schema.shapes import class_name


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ("thread", "thread"),
        ("threadId", "thread_id"),
        ("gatewayOAuth", "gateway_oauth"),
        ("mcpServerOauthLogin", "mcp_server_oauth_login"),
        ("readHTTPBody", "read_http_body"),
        ("sha256Sum", "sha256_sum"),
        ("v2Item", "v2_item"),
        ("increment_elicitation", "increment_elicitation"),
        ("import/readHistories", "import_read_histories"),
        ("us-cr", "us_cr"),
        ("_meta", "meta"),
        ("$schema", "schema"),
        ("NOT_CONFIGURED", "not_configured"),
    ],
)
def test_snake_case(wire: str, expected: str) -> None:
    assert snake_case(wire) == expected


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ("input_text", "InputText"),
        ("openai/form", "OpenaiForm"),
        ("openaiForm", "OpenaiForm"),
        ("apiKey", "ApiKey"),
        ("gatewayOAuth", "GatewayOAuth"),
        ("account/gatewayOAuth/read", "AccountGatewayOAuthRead"),
        ("slash_tmp", "SlashTmp"),
        ("a", "A"),
    ],
)
def test_class_name(wire: str, expected: str) -> None:
    assert class_name(wire) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Thread", True),
        ("ToolsV2", True),
        ("thread", False),
        ("Some words", False),
        ("A_B", False),
        ("v2::A", False),
        ("", False),
    ],
)
def test_is_class_name(name: str, expected: bool) -> None:
    assert is_class_name(name) is expected


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("thread/start", ("thread", "start")),
        ("thread/name/set", ("thread", "name_set")),
        ("thread/increment_elicitation", ("thread", "increment_elicitation")),
        ("account/gatewayOAuth/read", ("account", "gateway_oauth_read")),
        ("mcpServer/tool/call", ("mcp_server", "tool_call")),
        ("externalAgentConfig/import", ("external_agent_config", "import_")),
        ("initialize", ("", "initialize")),
        ("fuzzyFileSearch", ("", "fuzzy_file_search")),
        ("import", ("", "import_")),
        ("async/run", ("async_", "run")),
    ],
)
def test_python_path(method: str, expected: tuple[str, str]) -> None:
    assert python_path(method) == expected


@pytest.mark.parametrize(
    ("method", "expected"),
    [("item/tool/call", "item_tool_call"), ("applyPatchApproval", "apply_patch_approval"), ("yield", "yield_")],
)
def test_handler_name(method: str, expected: str) -> None:
    assert handler_name(method) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("async", "async_"), ("None", "None_"), ("list", "list"), ("match", "match")]
)
def test_attribute_name_escapes_keywords_only(name: str, expected: str) -> None:
    assert attribute_name(name) == expected


def test_names_of_builtins_are_recognised() -> None:
    assert shadows_builtin("Exception")
    assert not shadows_builtin("Thread")
