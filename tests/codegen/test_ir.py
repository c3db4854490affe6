"""The protocol: result types, experimental marks, Python paths, and what has to be decided by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.findings import CodegenError
from tests.codegen.small_schema import STRING, Schema, bundle, message, obj, overrides, protocol, ref

OPTIONAL: Schema = {"anyOf": [ref("UsageParams"), {"type": "null"}]}
NULL: Schema = {"type": "null"}


def definitions(*names: str) -> dict[str, Schema]:
    return {name: obj() for name in names}


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("thread/name/set", ref("ThreadSetNameParams"), ("ThreadSetNameParams", "ThreadSetNameResponse")),
        ("account/usage/read", OPTIONAL, ("UsageParams", "UsageResponse")),
        ("memory/reset", NULL, (None, "MemoryResetResponse")),
        ("memory/reset", None, (None, "MemoryResetResponse")),
    ],
)
def test_result_type_follows_from_the_params_type(
    tmp_path: Path, method: str, params: Schema | None, expected: tuple[str | None, str]
) -> None:
    types = definitions("ThreadSetNameParams", "ThreadSetNameResponse", "UsageParams", "UsageResponse")
    source = bundle({**types, **definitions("MemoryResetResponse")}, requests=[message(method, params)])
    (request,) = protocol(source, overrides(tmp_path)).requests
    assert (request.params, request.result) == expected


def test_response_override_wins(tmp_path: Path) -> None:
    types = definitions("WriteParams", "WriteResponse", "SharedResponse")
    source = bundle(types, requests=[message("config/write", ref("WriteParams"))])
    exceptions = overrides(tmp_path, '[response]\n"config/write" = "SharedResponse"\n')
    assert protocol(source, exceptions).requests[0].result == "SharedResponse"
    assert exceptions.stale() == []


def test_unmapped_response_is_refused_with_candidates(tmp_path: Path) -> None:
    types = definitions("LogoutAccountResponse", "LoginAccountResponse", "FsReadResponse")
    source = bundle(types, requests=[message("account/logout", NULL)])
    with pytest.raises(CodegenError) as caught:
        protocol(source, overrides(tmp_path))
    (finding,) = caught.value.findings
    assert str(finding).startswith(
        "overrides.toml: no result type known for account/logout (AccountLogoutResponse does not exist);"
        ' add `"account/logout" = "LogoutAccountResponse"` to [response]; candidates: LogoutAccountResponse'
    )
    assert "LogoutAccountResponse" in finding.next_step


def test_response_override_to_nothing_is_refused_with_candidates(tmp_path: Path) -> None:
    source = bundle(definitions("LogoutAccountResponse"), requests=[message("account/logout", NULL)])
    exceptions = overrides(tmp_path, '[response]\n"account/logout" = "LogoutResponse"\n')
    with pytest.raises(CodegenError) as caught:
        protocol(source, exceptions)
    assert str(caught.value) == (
        "overrides.toml: [response] account/logout = LogoutResponse: there is no such type;"
        ' say `"account/logout" = "LogoutAccountResponse"`; candidates: LogoutAccountResponse'
    )


def test_two_methods_on_one_python_path_are_refused_until_one_is_named(tmp_path: Path) -> None:
    types = definitions("AParams", "AResponse")
    requests = [message("thread/nameSet", ref("AParams")), message("thread/name/set", ref("AParams"))]
    source = bundle(types, requests=requests)
    with pytest.raises(CodegenError) as caught:
        protocol(source, overrides(tmp_path))
    assert str(caught.value) == (
        "overrides.toml: thread/nameSet and thread/name/set would both be rpc.thread.name_set;"
        ' name one of them in [rpc_name]: `"thread/name/set" = ["thread", "..."]`'
    )
    exceptions = overrides(tmp_path, '[rpc_name]\n"thread/nameSet" = ["thread", "set_name"]\n')
    assert [request.path for request in protocol(source, exceptions).requests] == ["thread.name_set", "thread.set_name"]


def test_messages_without_payload_types_are_refused(tmp_path: Path) -> None:
    source = bundle({}, notifications=[message("thread/started")])
    with pytest.raises(CodegenError, match="schema: thread/started has no payload type; teach"):
        protocol(source, overrides(tmp_path))


def test_request_with_nameless_params_is_refused(tmp_path: Path) -> None:
    source = bundle(definitions("RunResponse"), requests=[message("run", obj("x", x=STRING))])
    with pytest.raises(CodegenError) as caught:
        protocol(source, overrides(tmp_path))
    assert str(caught.value) == "schema: the params of run have no name; teach codegen/ir.py about it"


def test_two_server_requests_on_one_handler_are_refused(tmp_path: Path) -> None:
    asked = [message("a/sk", ref("AskParams")), message("aSk", ref("AskParams"))]
    source = bundle(definitions("AskParams", "AskResponse"), server_requests=asked)
    with pytest.raises(CodegenError) as caught:
        protocol(source, overrides(tmp_path))
    assert str(caught.value) == (
        "schema: a/sk and aSk would both be the handler a_sk; teach codegen/naming.py another name"
    )


def test_all_decisions_are_asked_for_at_once(tmp_path: Path) -> None:
    source = bundle({}, requests=[message("a/b"), message("c/d")], notifications=[message("e/f")])
    with pytest.raises(CodegenError) as caught:
        protocol(source, overrides(tmp_path))
    assert len(caught.value.findings) == 3


def test_what_the_stable_bundle_lacks_is_experimental(tmp_path: Path) -> None:
    old = {"AParams": obj(a=STRING), **definitions("AResponse")}
    new = {**old, "AParams": obj(a=STRING, b=STRING), **definitions("BParams", "BResponse", "Note")}
    first = [message("x/a", ref("AParams"))]
    second = [*first, message("x/b", ref("BParams"))]
    asked = [message("ask", ref("BParams"))]
    told = [message("told", ref("Note"))]
    made = protocol(
        bundle(new, requests=second, notifications=told, server_requests=asked),
        overrides(tmp_path),
        bundle(old, requests=first),
    )
    assert {request.method: request.experimental for request in made.requests} == {"x/a": False, "x/b": True}
    assert made.notifications[0].experimental
    assert made.server_requests[0].experimental
    assert made.experimental_types == {"BParams", "BResponse", "Note"}
    assert made.experimental_fields == {("AParams", "b")}


def test_overrides_reach_the_messages_they_name(tmp_path: Path) -> None:
    types = definitions("RunParams", "RunResponse", "AskParams", "AskResponse")
    source = bundle(
        types,
        requests=[message("run", ref("RunParams"), description="Run it.")],
        server_requests=[message("item/ask", ref("AskParams"))],
    )
    exceptions = overrides(
        tmp_path, '[long_running]\nnames = ["run"]\n[refusal]\n"item/ask" = { result = { ok = false } }\n'
    )
    made = protocol(source, exceptions)
    assert made.requests[0].long_running
    assert made.requests[0].doc == "Run it."
    assert made.server_requests[0].refusal == {"result": {"ok": False}}
    assert made.server_requests[0].handler == "item_ask"
    assert exceptions.stale() == []
