"""Errors travel: between processes, and as copies."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from openai_codex._core.notification import Notification
from openai_codex._core.turn import TurnFold
from openai_codex.errors import (
    CodexError,
    InternalRpcError,
    InvalidRequestError,
    OutputValidationError,
    SchemaNotStrictError,
    TransportClosedError,
    TurnFailedError,
    TurnStalledError,
    TurnTimeoutError,
    UnsupportedRuntimeError,
    map_jsonrpc_error,
)
from openai_codex.protocol import SCHEMA_VERSION


def through_pickle(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize("clone", [through_pickle, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("kind", [TurnFailedError, TurnTimeoutError, TurnStalledError])
def test_errors_of_a_turn_can_be_pickled_and_copied(kind: Any, clone: Callable[[Any], Any]) -> None:
    fold = TurnFold("U")
    item = {"type": "agentMessage", "id": "i", "text": "Hello"}
    fold.add(Notification.from_wire("item/completed", {"threadId": "T", "turnId": "U", "item": item}, None))
    error = kind("it went wrong", result=fold.result())
    error.hint = "try again"
    cloned = clone(error)
    assert type(cloned) is kind
    assert str(cloned) == "it went wrong"
    assert cloned.result == error.result
    assert cloned.hint == "try again"


@pytest.mark.parametrize("clone", [through_pickle, copy.copy, copy.deepcopy])
def test_errors_of_an_output_type_can_be_pickled_and_copied(clone: Callable[[Any], Any]) -> None:
    result = TurnFold("U").result()
    details: list[dict[str, Any]] = [{"type": "missing", "loc": ("x",), "msg": "Field required", "input": {}}]
    invalid = clone(OutputValidationError("it does not fit", text="{}", errors=details, result=result))
    assert type(invalid) is OutputValidationError
    assert (str(invalid), invalid.text, invalid.errors, invalid.result) == ("it does not fit", "{}", details, result)
    loose = SchemaNotStrictError("it is open", path="$.prices")
    vars(loose)["hint"] = "use a list"
    cloned = clone(loose)
    assert type(cloned) is SchemaNotStrictError
    assert (str(cloned), cloned.path, vars(cloned)["hint"]) == ("it is open", "$.prices", "use a list")


@pytest.mark.parametrize("kind", [OutputValidationError, SchemaNotStrictError])
def test_errors_of_an_output_type_are_value_errors_too(kind: type[Exception]) -> None:
    assert issubclass(kind, CodexError) and issubclass(kind, ValueError)


def test_transport_error_can_be_made_like_any_exception() -> None:
    with pytest.raises(TransportClosedError) as caught:
        raise TransportClosedError
    assert (str(caught.value), caught.value.exit_code, caught.value.stderr_tail) == ("", None, ())
    assert TransportClosedError("a", "b").args == ("a", "b")
    cloned = through_pickle(TransportClosedError("gone", exit_code=3, stderr_tail=("x",)))
    assert (str(cloned), cloned.exit_code, cloned.stderr_tail) == ("gone", 3, ("x",))


def test_unsupported_runtime_names_its_version() -> None:
    cloned = through_pickle(UnsupportedRuntimeError("too old", version="0.1.0"))
    assert (type(cloned), str(cloned), cloned.version) == (UnsupportedRuntimeError, "too old", "0.1.0")
    assert UnsupportedRuntimeError().version is None


def test_thread_that_takes_no_input_now_is_told_with_the_next_step() -> None:
    text = "failed to submit turn input: ActiveTurnNotSteerable { turn_kind: Compact }"
    error = map_jsonrpc_error(-32603, text)
    assert type(error) is InternalRpcError
    assert str(error).endswith("takes no input; try again when it is over)")
    assert str(map_jsonrpc_error(-32603, "boom")) == "JSON-RPC error -32603: boom"


UNKNOWN_METHOD = "Invalid request: unknown variant `memory/status`, expected one of `initialize`, `thread/start`"
UNKNOWN_VALUE = "Invalid request: unknown variant `newest`, expected one of `created_at`, `updated_at`"
MISSING = "Invalid request: missing field `x`"
OTHER = (
    f" (codex 0.154.0 does not know it; this package is made for codex {SCHEMA_VERSION}: "
    f"install openai-codex-cli-bin=={SCHEMA_VERSION}, or point CodexConfig.codex_bin at it)"
)
SAME = f" (codex {SCHEMA_VERSION} does not know it; check the spelling)"
METHOD_ALONE = "Invalid request: unknown variant `memory/status`"  # all other methods would help nobody


@pytest.mark.parametrize(
    ("text", "version", "said"),
    [
        (UNKNOWN_METHOD, "0.154.0", METHOD_ALONE + OTHER),
        (UNKNOWN_METHOD, SCHEMA_VERSION, METHOD_ALONE + SAME),
        (UNKNOWN_METHOD, None, METHOD_ALONE),
        (UNKNOWN_VALUE, "0.154.0", UNKNOWN_VALUE + OTHER),
        (MISSING, "0.154.0", MISSING),
    ],
)
def test_what_a_runtime_does_not_know_is_told_with_both_versions(text: str, version: str | None, said: str) -> None:
    error = map_jsonrpc_error(-32600, text)
    error.method, error.runtime_version = "memory/status", version
    for each in (error, through_pickle(error), copy.copy(error)):
        assert type(each) is InvalidRequestError
        assert str(each) == f"memory/status: JSON-RPC error -32600: {said}"
        assert (each.message, each.runtime_version) == (text, version)
