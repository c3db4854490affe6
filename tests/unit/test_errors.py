"""Errors travel: between processes, and as copies."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from openai_codex._core.notification import Notification
from openai_codex._core.turn import TurnFold
from openai_codex.errors import TurnFailedError, TurnStalledError, TurnTimeoutError


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
