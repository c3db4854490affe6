"""The tables of the protocol: how much there is, and that every name in them leads somewhere."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from pydantic import BaseModel
from typing_extensions import TypeAliasType

from openai_codex import AsyncServerRequestHandlers, ServerRequestHandlers, protocol
from openai_codex._generated import _methods, _version, models
from openai_codex._generated.rpc_async import AsyncRpc
from openai_codex._generated.rpc_sync import Rpc
from openai_codex._model import Unrecognized, to_wire
from openai_codex._refusal import ServerRequestRefused, refuse
from openai_codex._unset import UNSET, Unset
from tests.generated.catalogue import CLASSES, adapter

SCHEMA = Path(__file__).parents[2] / "schema"
REQUESTS = sorted(_methods.REQUESTS)
SERVER_REQUESTS = sorted(_methods.SERVER_REQUESTS)


def never_called(method: str, params: Any, timeout: Any) -> Any:
    raise AssertionError(method)


class Calls(list[tuple[str, Any, Any]]):
    """Stands in for the client: keeps what would be sent."""

    def __call__(self, method: str, params: Any, timeout: Any) -> None:
        self.append((method, params, timeout))


def stub(root: Any, path: str) -> Any:
    """The bound method, or the namespace itself where that is callable."""
    for name in path.split("."):
        root = getattr(root, name)
    return root


def signature(function: Any) -> list[tuple[str, Any, Any, str]]:
    """Parameters with kind, default and annotation; the result last."""
    read = inspect.signature(function)
    parameters = [(each.name, each.kind, each.default, str(each.annotation)) for each in read.parameters.values()]
    return [*parameters, ("return", None, None, str(read.return_annotation))]


def in_schema(bundle: str, envelope: str) -> dict[str, bool]:
    """Methods of an envelope of the schema, as the runtime wrote it, and whether they have params."""
    document = json.loads((SCHEMA / bundle).read_text(encoding="utf-8"))
    branches = [branch["properties"] for branch in document["definitions"][envelope]["oneOf"]]
    return {
        branch["method"]["enum"][0]: branch.get("params", {"type": "null"}).get("type") != "null" for branch in branches
    }


@pytest.mark.parametrize(
    ("group", "envelope"),
    [
        (protocol.REQUESTS, "ClientRequest"),
        (protocol.NOTIFICATIONS, "ServerNotification"),
        (protocol.SERVER_REQUESTS, "ServerRequest"),
    ],
    ids=["requests", "notifications", "server requests"],
)
def test_registry_has_all_of_the_protocol(group: Mapping[str, Any], envelope: str) -> None:
    everything, stable = in_schema("experimental.json", envelope), in_schema("stable.json", envelope)
    assert len(everything) > 8
    assert set(group) == set(everything)
    assert {method for method, info in group.items() if info.experimental} == set(everything) - set(stable)
    assert {method for method, info in group.items() if info.params_type is not None} == {
        method for method, params in everything.items() if params
    }


def test_registry_is_of_the_version_of_the_package() -> None:
    assert protocol.SCHEMA_VERSION == _version.RUNTIME_VERSION


def test_every_type_of_the_registry_resolves() -> None:
    infos: list[Any] = [*protocol.REQUESTS.values(), *protocol.SERVER_REQUESTS.values()]
    for info in infos:
        assert isinstance(info.result_type, (type, TypeAliasType)), info.method
        assert info.params_type is None or isinstance(info.params_type, (type, TypeAliasType)), info.method
        assert isinstance(info.doc, str)
    for notification in protocol.NOTIFICATIONS.values():
        assert issubclass(notification.payload_type, BaseModel), notification.method
        assert notification.params_type is notification.payload_type


def test_python_paths_are_unique() -> None:
    paths = [info.python_path for info in protocol.REQUESTS.values()]
    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("thread/name/set", "thread.name_set"),
        ("fuzzyFileSearch", "fuzzy_file_search"),
        ("fuzzyFileSearch/sessionStart", "fuzzy_file_search.session_start"),
        ("externalAgentConfig/import", "external_agent_config.import_"),
        ("account/gatewayOAuth/read", "account.gateway_oauth_read"),
        ("initialize", "initialize"),
    ],
)
def test_path_follows_from_the_method(method: str, path: str) -> None:
    assert protocol.REQUESTS[method].python_path == path


# --- stubs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", REQUESTS)
def test_request_has_the_same_stub_in_both_worlds(method: str) -> None:
    path = _methods.REQUESTS[method][0]
    sync, asynchronous = stub(Rpc(never_called), path), stub(AsyncRpc(never_called), path)
    assert callable(sync) and callable(asynchronous)
    # A callable namespace is called through its class.
    sync_function = sync if inspect.ismethod(sync) else type(sync).__call__
    async_function = asynchronous if inspect.ismethod(asynchronous) else type(asynchronous).__call__
    assert signature(sync_function) == signature(async_function)
    assert inspect.iscoroutinefunction(async_function)
    assert not inspect.iscoroutinefunction(sync_function)


@pytest.mark.parametrize("method", REQUESTS)
def test_stub_takes_what_the_model_takes(method: str) -> None:
    """Parameter types are the field types, resolved; optional ones may be unset; the result is the result type."""
    path, params_name, result_name, _ = _methods.REQUESTS[method]
    bound = stub(Rpc(never_called), path)
    function = bound.__func__ if inspect.ismethod(bound) else type(bound).__call__
    hints = get_type_hints(function)
    assert hints.pop("return") is getattr(models, result_name)
    hints.pop("timeout")
    if params_name not in CLASSES:
        expected = {"params": getattr(models, params_name)} if params_name else {}
        assert hints == expected
        return
    fields = get_type_hints(CLASSES[params_name])
    expected = {
        name: fields[name] if field.is_required() else fields[name] | Unset
        for name, field in CLASSES[params_name].model_fields.items()
    }
    assert hints == expected
    defaults = {name: each.default for name, each in inspect.signature(function).parameters.items() if name in hints}
    assert all(
        defaults[name] is (inspect.Parameter.empty if field.is_required() else UNSET)
        for name, field in CLASSES[params_name].model_fields.items()
    )


@pytest.mark.parametrize("method", REQUESTS)
def test_stub_sends_its_own_method_and_fields(method: str) -> None:
    path, params_name, _, _ = _methods.REQUESTS[method]
    calls = Calls()
    function = stub(Rpc(calls), path)
    read = inspect.signature(function)
    given = {name: object() for name in read.parameters if name != "timeout"}
    if list(given) == ["params"] and params_name not in CLASSES:
        function(given["params"], timeout=3)
        assert calls == [(method, given["params"], 3)]
    else:
        function(**given, timeout=3)
        assert calls == [(method, given, 3)]


def test_stub_leaves_unset_what_was_not_given() -> None:
    calls = Calls()
    Rpc(calls).thread.list()
    ((_, fields, _),) = calls
    assert set(fields.values()) == {UNSET}


def test_no_public_name_of_the_rpc_classes_is_left_over() -> None:
    """Every namespace and method leads back to a request."""
    paths = {info.python_path for info in protocol.REQUESTS.values()}
    found: set[str] = set()
    rpc = Rpc(never_called)
    for name in (each for each in dir(Rpc) if not each.startswith("_")):
        value = getattr(rpc, name)
        if callable(value):
            found.add(name)
        if not inspect.ismethod(value):
            found |= {f"{name}.{each}" for each in dir(value) if not each.startswith("_")}
    assert found == paths


# --- server requests -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", SERVER_REQUESTS)
def test_server_request_has_the_same_handler_in_both_worlds(method: str) -> None:
    params_name, result_name, handler, _ = _methods.SERVER_REQUESTS[method]
    sync, asynchronous = getattr(ServerRequestHandlers, handler), getattr(AsyncServerRequestHandlers, handler)
    assert signature(sync) == signature(asynchronous)
    assert inspect.iscoroutinefunction(asynchronous) and not inspect.iscoroutinefunction(sync)
    hints = get_type_hints(sync)
    assert hints == {"params": getattr(models, params_name), "return": getattr(models, result_name)}


def _has_unrecognized(value: Any) -> bool:
    if isinstance(value, Unrecognized):
        return True
    if isinstance(value, BaseModel):
        return any(_has_unrecognized(each) for each in dict(value).values())
    if isinstance(value, (list, tuple)):
        return any(_has_unrecognized(each) for each in value)  # pyright: ignore[reportUnknownVariableType]
    return isinstance(value, dict) and any(_has_unrecognized(each) for each in value.values())  # pyright: ignore[reportUnknownVariableType]


def _wire(value: Any) -> Any:
    return to_wire(value) if isinstance(value, BaseModel) else value


@pytest.mark.parametrize("method", SERVER_REQUESTS)
def test_refusal_fits_the_result_type_and_accepts_nothing(method: str) -> None:
    try:
        answer = refuse(method)
    except ServerRequestRefused as refused:
        assert refused.code < 0 and refused.message
        assert method in {"account/chatgptAuthTokens/refresh", "attestation/generate"}
        return
    result_name = _methods.SERVER_REQUESTS[method][1]
    adapter(result_name).validate_python(answer)
    assert not _has_unrecognized(answer)
    if "result" in _methods.REFUSALS[method]:
        assert _wire(answer) == _methods.REFUSALS[method]["result"]
    text = json.dumps(_wire(answer)).lower()
    assert not any(word in text for word in ('"accept', '"approve', '"allow', "true"))


@pytest.mark.parametrize("method", SERVER_REQUESTS)
def test_default_handler_refuses(method: str) -> None:
    handler = getattr(ServerRequestHandlers(), _methods.SERVER_REQUESTS[method][2])
    try:
        answer = handler(None)
    except ServerRequestRefused:
        return
    assert type(answer) is getattr(models, _methods.SERVER_REQUESTS[method][1])


def test_request_that_this_version_does_not_know_is_refused_as_unsupported() -> None:
    with pytest.raises(ServerRequestRefused) as caught:
        refuse("item/new/thing")
    assert caught.value.code == -32601
