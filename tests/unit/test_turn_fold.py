"""What the notifications of a turn add up to, when not all of them come."""

from __future__ import annotations

from typing import Any

import pytest

from openai_codex import CodexError, TurnFailedError
from openai_codex._core.notification import Notification
from openai_codex._core.turn import TurnFold
from openai_codex.types import TurnStatus


def fold(*messages: tuple[str, dict[str, Any]]) -> TurnFold:
    """The state of turn U after these messages."""
    state = TurnFold("U")
    for method, params in messages:
        state.add(Notification.from_wire(method, {"threadId": "T", "turnId": "U", **params}, None))
    return state


def error(will_retry: bool) -> tuple[str, dict[str, Any]]:
    return "error", {"willRetry": will_retry, "error": {"message": "no such branch"}}


def completed(**turn: Any) -> tuple[str, dict[str, Any]]:
    return "turn/completed", {"turn": {"id": "U", "items": [], **turn}}


def test_turn_fails_with_its_last_error_when_its_end_is_given_up() -> None:
    state = fold(error(will_retry=False))
    assert (state.failing, state.ended) == (True, False)
    state.give_up()
    assert state.ended
    with pytest.raises(TurnFailedError, match="turn U failed: no such branch") as caught:
        state.outcome()
    assert caught.value.result.status is TurnStatus.failed
    assert caught.value.result.error is not None


def test_turn_that_the_runtime_tries_again_is_not_failing() -> None:
    assert not fold(error(will_retry=True)).failing
    assert not fold(error(will_retry=False), error(will_retry=True)).failing


def test_end_that_comes_after_all_decides() -> None:
    state = fold(error(will_retry=False))
    state.give_up()
    state.add(Notification.from_wire(*completed(status="completed"), None))
    assert state.outcome().status is TurnStatus.completed


def test_turn_whose_end_was_not_seen_has_no_outcome() -> None:
    with pytest.raises(CodexError, match="turn U ended before") as caught:
        fold().outcome()
    assert not isinstance(caught.value, TurnFailedError)


@pytest.mark.parametrize("turn", [{"status": None, "error": 5}, {"status": None}, {}])
def test_end_without_a_status_is_an_end(turn: dict[str, Any]) -> None:
    result = fold(completed(**turn)).outcome()
    assert result.status is TurnStatus.in_progress  # what the runtime did not say is not made up
