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
    OutputValidationError,
    SchemaNotStrictError,
    TransportClosedError,
    TurnFailedError,
    TurnStalledError,
    TurnTimeoutError,
    UnsupportedRuntimeError,
    map_jsonrpc_error,
)


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
