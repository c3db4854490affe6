"""What the notifications of a turn add up to, when not all of them come."""

from __future__ import annotations

import tracemalloc
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


# -- what the result tells --------------------------------------------------------------------


def delta(text: Any) -> tuple[str, dict[str, Any]]:
    return "item/agentMessage/delta", {"itemId": "m", "delta": text}


def item(method: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return f"item/{method}", {"item": {"type": "agentMessage", "id": "m", "text": "", **fields}, "completedAtMs": 1}


def breakdown(**numbers: int) -> dict[str, int]:
    names = ("totalTokens", "inputTokens", "cachedInputTokens", "outputTokens", "reasoningOutputTokens")
    return {**dict.fromkeys(names, 0), "cacheWriteInputTokens": 0, **numbers}


def usage(total: dict[str, int], last: dict[str, int]) -> tuple[str, dict[str, Any]]:
    return "thread/tokenUsage/updated", {"tokenUsage": {"total": total, "last": last}}


def test_text_of_an_unfinished_message_is_partial_text() -> None:
    result = fold(item("started"), delta("Hel"), delta("lo"), error(will_retry=False)).result()
    assert (result.partial_text, result.final_response) == ("Hello", None)


@pytest.mark.parametrize("again", [error(will_retry=True), item("started")])
def test_partial_text_of_a_retried_message_is_discarded(again: tuple[str, dict[str, Any]]) -> None:
    assert fold(delta("Hel"), again).result().partial_text is None
    assert fold(delta("Hel"), again, delta("Hal")).result().partial_text == "Hal"


def test_partial_text_ends_with_its_message() -> None:
    result = fold(delta("Hel"), delta("lo"), item("completed", text="Hello"), completed(status="completed")).result()
    assert (result.partial_text, result.final_response, result.output_text) == (None, "Hello", "Hello")


def test_text_of_a_long_message_is_whole_and_costs_little_more_than_its_letters() -> None:
    count, state = 50_000, TurnFold("U")
    pieces = (delta(f"{number} ") for number in range(count))
    tracemalloc.start()
    try:
        for method, params in pieces:
            state.add(Notification.from_wire(method, params, None))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    text = "".join(f"{number} " for number in range(count))
    assert state.result().partial_text == text
    assert held < 2 * len(text)


def test_piece_that_is_no_text_is_no_part_of_it() -> None:
    assert fold(delta("Hel"), delta(5), delta(None), delta(["x"]), delta("lo")).result().partial_text == "Hello"


def test_text_of_a_long_message_does_not_run_into_that_of_the_next() -> None:
    long = [delta("x")] * 3000
    state = fold(*long, item("completed", text="x" * 3000), item("started"), *long, delta("y"))
    assert state.result().partial_text == "x" * 3000 + "y"


def test_other_items_leave_partial_text_alone() -> None:
    command = {"item": {"type": "commandExecution", "id": "c"}}
    assert fold(delta("Hel"), ("item/started", command), ("item/completed", command)).result().partial_text == "Hel"


def test_usage_of_the_turn_alone_is_the_difference_of_the_threads_totals() -> None:
    state = TurnFold("U", usage_before=breakdown(totalTokens=100, inputTokens=90, outputTokens=10))
    reports = [
        usage(breakdown(totalTokens=100, inputTokens=90, outputTokens=10), breakdown(totalTokens=7)),  # said again
        usage(breakdown(totalTokens=150, inputTokens=130, outputTokens=20), breakdown(totalTokens=50)),
        usage(breakdown(totalTokens=190, inputTokens=165, outputTokens=25), breakdown(totalTokens=40)),
    ]
    for method, params in reports:
        state.add(Notification.from_wire(method, {"threadId": "T", "turnId": "U", **params}, None))
    delta = state.result().usage_delta
    assert delta is not None
    assert (delta.total_tokens, delta.input_tokens, delta.output_tokens) == (90, 75, 15)


def test_usage_in_a_thread_that_was_not_seen_before_starts_at_the_first_call() -> None:
    state = fold(
        usage(breakdown(totalTokens=150), breakdown(totalTokens=50)),
        usage(breakdown(totalTokens=190), breakdown(totalTokens=40)),
    )
    delta = state.result().usage_delta
    assert delta is not None and delta.total_tokens == 90


def test_usage_that_the_reports_do_not_tell_is_unknown() -> None:
    assert fold().result().usage_delta is None
    # When the context is full, the total jumps to its size, and its parts start anew.
    state = TurnFold("U", usage_before=breakdown(totalTokens=50, inputTokens=50))
    totals = {"total": breakdown(totalTokens=258_400), "last": breakdown()}
    params = {"threadId": "T", "turnId": "U", "tokenUsage": totals}
    state.add(Notification.from_wire("thread/tokenUsage/updated", params, None))
    assert state.result().usage is not None
    assert state.result().usage_delta is None


@pytest.mark.parametrize("raw", [None, 5, [], {}, {"total": 5}, {"total": {"totalTokens": "x"}}, {"total": {}}])
def test_usage_of_any_shape_harms_nothing(raw: Any) -> None:
    result = fold(("thread/tokenUsage/updated", {"tokenUsage": raw})).result()
    assert (result.usage, result.usage_delta) == (None, None)


def test_model_plan_and_diff_are_the_latest() -> None:
    state = fold(
        ("turn/plan/updated", {"plan": [{"step": "a", "status": "pending"}]}),
        ("turn/plan/updated", {"plan": [{"step": "b", "status": "completed"}]}),
        ("turn/diff/updated", {"diff": "old"}),
        ("turn/diff/updated", {"diff": "new"}),
        ("model/rerouted", {"fromModel": "one", "toModel": "two", "reason": "highRisk"}),
    )
    result = state.result()
    assert result.plan is not None and [step.step for step in result.plan] == ["b"]
    assert (result.diff, result.model) == ("new", "two")


def test_model_is_that_of_the_thread_unless_it_was_rerouted() -> None:
    assert TurnFold("U", model="one").result().model == "one"
    assert TurnFold("U").result().model is None


ODD: list[dict[str, Any]] = [
    {"item": None},
    {},
    {"item": 5},
    {"item": {"type": 5}},
    {"turn": 5},
    {"turn": {"id": 5}},
    {"delta": 5},
]


@pytest.mark.parametrize("params", ODD)
@pytest.mark.parametrize("method", TurnFold.FOLDS)
def test_folding_never_raises(method: str, params: dict[str, Any]) -> None:
    state = TurnFold("U")
    state.add(Notification.from_wire(method, params, None))
    state.result()


def test_result_of_an_ended_turn_is_made_once() -> None:
    state = fold(completed(status="completed"))
    assert state.result() is state.result()


# -- turns that history finishes --------------------------------------------------------------


def test_history_finishes_a_turn() -> None:
    from openai_codex import types as t

    state = fold(delta("Hel"), usage(breakdown(totalTokens=5), breakdown(totalTokens=5)))
    stored = t.Turn.model_validate({"id": "U", "items": [], "status": "interrupted", "startedAt": 7})
    message = t.AgentMessageThreadItem(id="m", text="Hello")
    state.finish(stored, [message])
    assert state.ended and state.interrupted
    result = state.outcome()
    assert (result.status, result.started_at, result.items) == (TurnStatus.interrupted, 7, [message])
    assert result.final_response == "Hello"
    assert result.usage is not None  # what events told still counts


# -- the error of another turn ----------------------------------------------------------------

OLD = {"message": "no such branch"}


def test_turn_that_ends_with_the_error_of_the_turn_before_is_done() -> None:
    state = TurnFold("U", leftover=OLD)
    for method, params in (item("completed", text="Hello"), completed(status="failed", error=OLD)):
        state.add(Notification.from_wire(method, {"threadId": "T", "turnId": "U", **params}, None))
    result = state.outcome()
    assert (result.status, result.error, result.final_response) == (TurnStatus.completed, None, "Hello")


@pytest.mark.parametrize(
    "messages",
    [
        [completed(status="failed", error={"message": "another"})],
        [error(will_retry=False), completed(status="failed", error=OLD)],
    ],
    ids=["another", "its own"],
)
def test_turn_with_an_error_of_its_own_has_failed(messages: list[tuple[str, dict[str, Any]]]) -> None:
    state = TurnFold("U", leftover=OLD)
    for method, params in messages:
        state.add(Notification.from_wire(method, params, None))
    with pytest.raises(TurnFailedError):
        state.outcome()
