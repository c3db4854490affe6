"""The JSON-RPC machine: bytes in, routed messages out."""

from __future__ import annotations

import json
import logging
from collections import deque
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from openai_codex._core.connection import Connection
from openai_codex._core.mailbox import Mailbox
from openai_codex._core.requests import PendingRequest, fresh_error
from openai_codex.errors import (
    InternalRpcError,
    InvalidRequestError,
    ResponseValidationError,
    ServerBusyError,
    TransportClosedError,
)


def line(**message: Any) -> bytes:
    return json.dumps(message).encode() + b"\n"


def event(turn: str | None, number: int = 0, method: str = "item/delta") -> bytes:
    return line(method=method, params={"turnId": turn, "n": number}, emittedAtMs=number)


def started(turn: str, root: str | None = None) -> bytes:
    return line(method="turn/started", params={"threadId": "t", "turn": {"id": turn, "rootTurnId": root or turn}})


def completed(turn: str) -> bytes:
    return line(method="turn/completed", params={"threadId": "t", "turn": {"id": turn, "status": "completed"}})


def opened(pending: PendingRequest, turn: str) -> bytes:
    return line(id=pending.id, result={"turn": {"id": turn}})


def numbers(mailbox: Mailbox) -> list[Any]:
    return [item.params.get("n", item.method) for item in mailbox.items]


def follow(connection: Connection, turn: str) -> Mailbox:
    return connection.open_turn(turn, "t")[1]


def taken(pending: PendingRequest) -> Mailbox:
    assert pending.opened is not None
    return pending.opened.mailbox


def sent(connection: Connection) -> list[dict[str, Any]]:
    connection.log.publish()
    return [json.loads(data) for data in connection.take_outgoing()]


class Flag:
    """A waiter that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1


def feed(connection: Connection, *data: bytes) -> None:
    for waiter in connection.feed(b"".join(data)):
        waiter()
    connection.log.publish()


def inner(value: Any, *names: str) -> Any:
    """An attribute that only tests look at."""
    for name in names:
        value = getattr(value, name)
    return value


# -- requests ---------------------------------------------------------------------------------


def test_request_without_params_sends_an_empty_object() -> None:
    connection = Connection()
    pending = connection.request("model/list")
    assert sent(connection) == [{"id": pending.id, "method": "model/list", "params": {}}]


def test_answers_in_any_order_reach_their_requests() -> None:
    connection = Connection()
    first, second = connection.request("a"), connection.request("b")
    feed(connection, line(id=second.id, result=2), line(error=None, result={"x": 1}, id=first.id))
    assert (first.result, second.result) == ({"x": 1}, 2)
    assert first.done and second.done


def test_error_answer_is_mapped_and_names_the_method() -> None:
    connection = Connection()
    pending = connection.request("thread/start")
    feed(connection, line(error={"code": -32600, "message": "no", "data": {"k": 1}}, id=pending.id))
    assert isinstance(pending.error, InvalidRequestError)
    assert (pending.error.method, pending.error.data) == ("thread/start", {"k": 1})


@pytest.mark.parametrize("error", ["text", 5, {"code": "x"}, {"message": None}])
def test_error_of_any_shape_is_an_error(error: Any) -> None:
    connection = Connection()
    pending = connection.request("a")
    feed(connection, line(id=pending.id, error=error))
    assert isinstance(pending.error, InternalRpcError)


def test_answer_with_neither_result_nor_error_is_an_error() -> None:
    connection = Connection()
    pending = connection.request("a")
    feed(connection, line(id=pending.id))
    assert isinstance(pending.error, ResponseValidationError)


@pytest.mark.parametrize("id", [999, "1", 1.0, True, None, [1], {"a": 1}])
def test_answer_to_nothing_is_dropped(id: Any) -> None:
    connection = Connection()
    pending = connection.request("a")
    assert pending.id == 1
    feed(connection, line(id=id, result="wrong"), line(id=pending.id, result="right"))
    assert pending.result == "right"


def test_second_answer_is_dropped() -> None:
    connection = Connection()
    pending = connection.request("a")
    feed(connection, line(id=pending.id, result=1), line(id=pending.id, result=2))
    assert pending.result == 1


def test_waiter_is_called_once_for_its_answer() -> None:
    connection = Connection()
    pending, flag = connection.request("a"), Flag()
    pending.waiter = flag
    feed(connection, line(id=pending.id, result=1), line(id=pending.id, result=1))
    assert flag.calls == 1


def test_cap_queues_requests_in_order() -> None:
    connection = Connection(max_in_flight=2)
    requests = [connection.request(f"m{i}") for i in range(5)]
    assert [message["method"] for message in sent(connection)] == ["m0", "m1"]
    feed(connection, line(id=requests[1].id, result=None))
    assert [message["method"] for message in sent(connection)] == ["m2"]
    connection.cancel(requests[3])
    feed(connection, line(id=requests[0].id, error={"code": -32001, "message": "busy"}))
    assert isinstance(requests[0].error, ServerBusyError)
    assert [message["method"] for message in sent(connection)] == ["m4"]


def test_uncounted_requests_bypass_the_cap() -> None:
    connection = Connection(max_in_flight=1, long_running={"command/exec"})
    exec_ = connection.request("command/exec")
    for method in ("a", "b", "turn/interrupt", "initialize", "command/exec"):
        connection.request(method)
    assert [m["method"] for m in sent(connection)] == [
        "command/exec",
        "a",
        "turn/interrupt",
        "initialize",
        "command/exec",
    ]
    feed(connection, line(id=exec_.id, result=None))
    assert sent(connection) == []  # it held no place, so it frees none


def test_cancelled_request_frees_its_place_and_its_late_answer_is_dropped() -> None:
    connection = Connection(max_in_flight=1)
    first, second = connection.request("a"), connection.request("b")
    sent(connection)
    connection.cancel(first)
    assert [message["method"] for message in sent(connection)] == ["b"]
    feed(connection, line(id=first.id, result="late"), line(id=second.id, result="ok"))
    assert (first.result, second.result) == (None, "ok")


def test_cancelled_request_in_the_queue_keeps_no_bytes() -> None:
    connection = Connection(max_in_flight=1)
    connection.request("a")
    queued = connection.request("b", {"text": "x" * 1000})
    assert len(queued.line) > 1000
    connection.cancel(queued)
    assert queued.line == b""  # its place is kept until it would be sent


def test_request_that_is_about_to_be_given_up_is_not_sent() -> None:
    connection = Connection(max_in_flight=1)
    first, queued, last = connection.request("a"), connection.request("b"), connection.request("c")
    queued.unwanted = True
    feed(connection, line(id=first.id, result=1))
    connection.cancel(queued)
    assert [message["method"] for message in sent(connection)] == ["a", "c"]
    feed(connection, line(id=last.id, result=1))
    connection.request("d")
    assert [message["method"] for message in sent(connection)] == ["d"]


def test_answer_to_a_request_that_was_not_sent_is_dropped() -> None:
    connection = Connection(max_in_flight=1)
    first, queued = connection.request("a"), connection.request("b")
    feed(connection, line(id=queued.id, result="guess"))
    assert not queued.done
    feed(connection, line(id=first.id, result=1))
    assert len(sent(connection)) == 2


def test_params_that_json_lacks_leave_no_trace() -> None:
    connection = Connection(max_in_flight=1)
    with pytest.raises(ValueError):
        connection.request("a", {"x": float("nan")})
    connection.request("b")
    assert [message["method"] for message in sent(connection)] == ["b"]


@pytest.mark.parametrize(
    "answer",
    [b'{"id":%d,"result":"\xff"}', b'{"result":"\xff","id":%d}', b' { "id" : %d , "error" : "\xff" }'],
)
def test_unreadable_answer_fails_its_request_at_once(answer: bytes) -> None:
    connection = Connection()
    pending, other, flag = connection.request("thread/read"), connection.request("b"), Flag()
    pending.waiter = flag
    feed(connection, answer % pending.id + b"\n")
    assert isinstance(pending.error, ResponseValidationError)
    assert flag.calls == 1 and not other.done


def test_unreadable_answer_to_a_request_that_was_given_up_frees_no_second_place() -> None:
    connection = Connection(max_in_flight=1)
    given_up = connection.request("turn/start", {"threadId": "t"}, opens_turn=True)
    connection.cancel(given_up)
    for method in "abc":
        connection.request(method)
    feed(connection, b'{"id":%d,"result":"\xff"}\n' % given_up.id)
    assert [message["method"] for message in sent(connection)] == ["turn/start", "a"]


@pytest.mark.parametrize(
    "text",
    [
        b'{"method":"x","params":{"id":1,"result":"\xff"}}',
        b'{"params":{"result":"\xff"},"id":1}',
        b'{"result":"\xff","id":1},"x":2}',
        b'{"id":1,"method":"\xff"}',
    ],
)
def test_unreadable_line_that_is_no_clear_answer_fails_nothing(text: bytes) -> None:
    connection = Connection()
    pending = connection.request("a")
    feed(connection, text + b"\n")
    assert not pending.done


# -- server requests --------------------------------------------------------------------------


@pytest.mark.parametrize("id", [0, 1, "abc"])
def test_server_request_ids_are_their_own_space(id: int | str) -> None:
    connection = Connection()
    pending = connection.request("a")
    feed(connection, line(id=id, method="item/tool/call", params={"k": 1}))
    (request,) = connection.take_server_requests()
    assert (request.id, request.method, request.params) == (id, "item/tool/call", {"k": 1})
    assert connection.take_server_requests() == []
    assert not pending.done
    sent(connection)
    connection.respond(id, {"ok": True})
    connection.respond_error(id, -32601, "no", {"d": 1})
    assert sent(connection) == [
        {"id": id, "result": {"ok": True}},
        {"id": id, "error": {"code": -32601, "message": "no", "data": {"d": 1}}},
    ]


def call(id: int, turn: str, item: str, method: str = "item/tool/call") -> bytes:
    return line(id=id, method=method, params={"turnId": turn, "callId": item})


def ended_item(turn: str, item: str) -> bytes:
    return line(method="item/completed", params={"turnId": turn, "item": {"id": item, "type": "dynamicToolCall"}})


def test_call_of_a_tool_is_settled_by_the_end_of_its_item_or_its_turn() -> None:
    connection = Connection()
    feed(connection, call(1, "T", "a"), call(2, "T", "b"), call(3, "U", "a"), call(4, "T", "c", "item/other"))
    feed(connection, ended_item("T", "x"), ended_item("V", "a"))
    assert connection.take_resolved() == []
    feed(connection, ended_item("T", "a"))
    assert connection.take_resolved() == [1]
    feed(connection, ended_item("T", "a"), ended_item("T", "c"), completed("T"))
    assert connection.take_resolved() == [2]
    feed(connection, completed("T"), line(method="serverRequest/resolved", params={"requestId": 9}), completed("U"))
    assert connection.take_resolved() == [9, 3]


def test_server_request_that_is_said_again_is_given_out_once() -> None:
    connection = Connection()
    for _ in range(2):
        feed(connection, line(id=7, method="item/tool/call", params={}))
        connection.respond(7, {})
        feed(connection, line(id=8, method="item/tool/call", params={}))
    assert [request.id for request in connection.take_server_requests()] == [7, 8]
    for id in range(10, 6000):
        feed(connection, line(id=id, method="item/tool/call", params={}))
    assert len(inner(connection, "_server_requests", "_seen")) == 4096


def test_notify_sends_a_message_without_id() -> None:
    connection = Connection()
    connection.notify("initialized")
    connection.notify("x", {"a": 1})
    assert sent(connection) == [{"method": "initialized"}, {"method": "x", "params": {"a": 1}}]


# -- turns ------------------------------------------------------------------------------------


def test_turn_is_claimed_before_the_rest_of_its_chunk() -> None:
    connection = Connection()
    pending = connection.request("turn/start", opens_turn=True)
    feed(connection, opened(pending, "U"), event("U", 1), event("U", 2), completed("U"), event("U", 3))
    assert numbers(taken(pending)) == [1, 2, "turn/completed"]
    assert taken(pending).closed
    assert numbers(connection.listen()) == [3]  # after the end it belongs to no turn


def test_events_before_the_answer_are_kept_for_it() -> None:
    connection = Connection()
    pending = connection.request("turn/start", opens_turn=True)
    feed(connection, event("U", 1), completed("U"), event("U", 9))
    feed(connection, opened(pending, "U"))
    assert taken(pending).closed
    assert numbers(taken(pending)) == [1, "turn/completed"]
    assert numbers(connection.listen()) == [9]


def test_later_follower_gets_what_comes_after_it_joined() -> None:
    connection = Connection()
    feed(connection, event("U", 1))
    first = follow(connection, "U")
    feed(connection, event("U", 2))
    second = follow(connection, "U")
    feed(connection, event("U", 3), completed("U"))
    assert numbers(first) == [1, 2, 3, "turn/completed"]
    assert numbers(second) == [3, "turn/completed"]
    assert first.closed and second.closed


def test_finished_turn_cannot_be_followed_any_more() -> None:
    connection = Connection()
    follow(connection, "U")
    feed(connection, completed("U"))
    again = follow(connection, "U")
    assert again.closed and not again.items


def test_turn_that_everybody_left_is_folded_to_its_end() -> None:
    connection = Connection()
    turn, one = connection.open_turn("U", "t")
    two = connection.follow(turn)
    connection.leave(one)
    feed(connection, event("U", 1))
    connection.leave(two)
    feed(connection, event("U", 2))
    connection.leave(one)  # twice is harmless
    assert (numbers(one), numbers(two), one.closed, two.closed) == ([], [], True, True)
    back = connection.follow(turn)
    feed(connection, event("U", 3), completed("U"), event("U", 4))
    assert numbers(back) == [3, "turn/completed"]
    assert turn.over and turn.fold.ended
    assert numbers(connection.listen()) == [4]


def test_leaving_a_mailbox_wakes_who_waits_for_it() -> None:
    connection = Connection()
    for mailbox in (
        follow(connection, "U"),
        connection.listen(),
        connection.watch(["x"]),
        connection.follow_login("L"),
    ):
        mailbox.waiter = flag = Flag()
        for waiter in connection.leave(mailbox):
            waiter()
        assert (flag.calls, mailbox.closed) == (1, True)
    feed(connection, event("U", 1), event(None, 2, "x"))
    assert mailbox.waiter is None


def test_leaving_in_the_middle_of_a_delivery_costs_nobody_an_event() -> None:
    connection = Connection()
    turn, first = connection.open_turn("U", "t")
    second = connection.follow(turn)

    class Leaving(deque[Any]):
        def append(self, item: Any) -> None:  # as a finalizer may, at any moment
            connection.leave(first)

    first.items = Leaving()
    second.waiter = flag = Flag()
    feed(connection, event("U", 1), completed("U"))
    assert (numbers(second), flag.calls, second.closed) == ([1, "turn/completed"], 1, True)


def test_all_who_follow_a_turn_share_its_fold() -> None:
    connection = Connection()
    feed(connection, started("U"))
    first, _ = connection.open_turn("U", "t")
    second, _ = connection.open_turn("U", "t")
    assert first is second and first.fold.begun


# -- turns that nobody wants ------------------------------------------------------------------

INTERRUPT = ("turn/interrupt", {"threadId": "t", "turnId": "U"})


def start(connection: Connection) -> PendingRequest:
    pending = connection.request("turn/start", {"threadId": "t"}, opens_turn=True)
    sent(connection)
    return pending


def calls(connection: Connection) -> list[Any]:
    return [(message["method"], message["params"]) for message in sent(connection)]


def test_turn_whose_starter_left_is_interrupted_when_it_begins() -> None:
    connection = Connection(max_in_flight=1)
    pending = start(connection)
    connection.cancel(pending)
    assert connection.request("a").sent  # its place is free
    sent(connection)
    feed(connection, opened(pending, "U"), event("U", 1))
    assert calls(connection) == []
    feed(connection, started("U"), event("U", 2), completed("U"), event("U", 3))
    assert pending.opened is None
    assert numbers(connection.listen()) == [3]
    connection = Connection()
    pending = start(connection)
    connection.cancel(pending)
    feed(connection, opened(pending, "U"), started("U"), event("U", 2))
    assert calls(connection) == [INTERRUPT]


def test_review_whose_starter_left_is_interrupted_by_its_own_id() -> None:
    connection = Connection()
    pending = start(connection)
    connection.cancel(pending)
    feed(connection, opened(pending, "U"), event("U", 1, "item/started"), started("V", root="U"))
    assert calls(connection) == [("turn/interrupt", {"threadId": "t", "turnId": "V"})]


def test_turn_that_was_heard_of_before_is_somebody_elses() -> None:
    connection = Connection()
    feed(connection, started("U"))
    pending = start(connection)
    connection.cancel(pending)
    feed(connection, opened(pending, "U"), event("U", 2))
    assert calls(connection) == []
    assert numbers(follow(connection, "U")) == ["turn/started", 2]


def test_turn_that_is_heard_of_before_its_answer_is_the_callers() -> None:
    connection = Connection()
    pending = start(connection)
    feed(connection, started("U"), event("U", 2), opened(pending, "U"))
    assert pending.opened is not None and not pending.opened.joined
    assert numbers(pending.opened.mailbox) == ["turn/started", 2]
    later = start(connection)
    feed(connection, opened(later, "U"))
    assert later.opened is not None and later.opened.joined


def test_answer_that_names_a_turn_of_the_past_has_joined_it() -> None:
    connection = Connection()
    first = start(connection)
    feed(connection, opened(first, "U"), completed("U"))
    later = start(connection)
    feed(connection, opened(later, "U"))
    assert later.opened is not None and later.opened.joined


def test_turn_that_began_before_its_answer_is_interrupted_if_its_starter_has_left() -> None:
    connection = Connection()
    pending = start(connection)
    connection.cancel(pending)
    feed(connection, started("U"), opened(pending, "U"))
    assert calls(connection) == [INTERRUPT]


@pytest.mark.parametrize("begun", [True, False])
def test_turn_whose_answer_came_too_late_for_its_starter_is_interrupted(begun: bool) -> None:
    connection = Connection()
    pending = start(connection)
    feed(connection, opened(pending, "U"), *([started("U")] if begun else []))
    mailbox = taken(pending)
    connection.cancel(pending)
    if not begun:
        assert calls(connection) == []
        feed(connection, started("U"))
    assert calls(connection) == [INTERRUPT]
    feed(connection, event("U", 2), completed("U"))
    assert mailbox.closed and not mailbox.items


def test_turn_that_ended_before_its_starter_left_is_let_be() -> None:
    connection = Connection()
    pending = start(connection)
    feed(connection, opened(pending, "U"), completed("U"))
    connection.cancel(pending)
    late = start(connection)
    connection.cancel(late)
    feed(connection, event("V", 1), completed("V"), opened(late, "V"))
    assert calls(connection) == []


def test_turn_that_others_follow_becomes_theirs_when_its_starter_leaves() -> None:
    connection = Connection()
    pending, joining = start(connection), start(connection)
    feed(connection, opened(pending, "U"), opened(joining, "U"), started("U"))
    assert joining.opened is not None and joining.opened.joined
    connection.cancel(pending)
    assert calls(connection) == []
    assert joining.opened.turn.orphaned
    connection.cancel(joining)
    assert calls(connection) == []  # it has not started the turn; whoever waits for it decides


def test_follower_that_was_collected_does_not_keep_a_turn_from_its_interrupt() -> None:
    connection = Connection()
    turn, mailbox = connection.open_turn("A", "t")
    other = connection.follow(turn)
    other.mute()  # as its finalizer does
    connection.leave(mailbox)
    connection.abandon(turn)
    feed(connection, started("A"))
    assert [message["method"] for message in sent(connection)] == ["turn/interrupt"]


def test_turn_that_was_joined_before_it_was_accepted_belongs_to_who_joined() -> None:
    connection = Connection()
    leaving, joining = start(connection), start(connection)
    connection.cancel(leaving)
    feed(connection, opened(leaving, "U"), opened(joining, "U"), started("U"))
    assert calls(connection) == []
    assert joining.opened is not None and not joining.opened.joined
    assert numbers(joining.opened.mailbox) == ["turn/started"]


def test_unwanted_turns_are_bounded() -> None:
    connection = Connection(max_settled=2)
    for turn in "ABC":
        pending = start(connection)
        connection.cancel(pending)
        feed(connection, opened(pending, turn))
    feed(connection, started("A"), started("B"), started("C"))
    assert [params["turnId"] for _, params in calls(connection)] == ["B", "C"]


def test_first_request_of_a_turn_has_not_joined_it() -> None:
    connection = Connection()
    pending = start(connection)
    feed(connection, opened(pending, "U"))
    assert pending.opened is not None and not pending.opened.joined


def test_turn_start_that_was_queued_is_just_not_sent() -> None:
    connection = Connection(max_in_flight=1)
    first = connection.request("a")
    pending = connection.request("turn/start", {"threadId": "t"}, opens_turn=True)
    connection.cancel(pending)
    feed(connection, line(id=first.id, result=1))
    assert calls(connection) == [("a", {})]


# -- turns, further ---------------------------------------------------------------------------


def test_review_that_starts_under_another_id_is_the_same_turn() -> None:
    connection = Connection()
    turn, mailbox = connection.open_turn("U", "t")
    started = {"id": "V", "rootTurnId": "U"}
    feed(connection, line(method="turn/started", params={"threadId": "sub-agent", "turn": started}))
    assert not mailbox.items
    feed(connection, line(method="turn/started", params={"threadId": "t", "turn": started}))
    assert numbers(mailbox) == ["turn/started"]
    assert turn.fold.started_id == "V"


@pytest.mark.parametrize("turn", [None, 5, {"id": "V", "rootTurnId": 5}, {"id": "V", "rootTurnId": []}])
def test_start_of_any_shape_is_routed_somewhere(turn: Any) -> None:
    connection = Connection()
    follow(connection, "U")
    feed(connection, line(method="turn/started", params={"threadId": "t", "turnId": "V", "turn": turn}))
    assert numbers(follow(connection, "V")) == ["turn/started"]


def test_mailbox_that_was_muted_is_struck_off() -> None:
    connection = Connection()
    turn, mailbox = connection.open_turn("U", "t")
    mailboxes = [mailbox, connection.follow(turn), connection.listen(), connection.watch(["x"])]
    for each in mailboxes:
        each.mute()
    assert len(turn.followers) == 2  # not before the next delivery
    feed(connection, event("U", 1, "x"), event(None, 2, "x"))
    assert turn.followers == []
    assert [(each.closed, list(each.items)) for each in mailboxes] == [(True, [])] * 4


def test_tokens_of_a_thread_are_forgotten_when_turns_are_taken_back() -> None:
    connection = Connection()
    usage = {"threadId": "t", "turnId": "A", "tokenUsage": {"total": {"totalTokens": 5}}}
    feed(connection, line(method="thread/tokenUsage/updated", params=usage))
    feed(
        connection, line(method="thread/reverted", params={"threadId": "t"}), line(method="thread/reverted", params={})
    )
    assert connection.open_turn("B", "t")[0].fold.usage_before is None


def test_end_that_was_found_out_wakes_all_who_wait() -> None:
    connection = Connection()
    turn, mailbox = connection.open_turn("U", "t")
    mailbox.waiter = flag = Flag()
    for waiter in connection.end_turn(turn):
        waiter()
    assert (flag.calls, mailbox.closed, turn.over) == (1, True, True)
    assert connection.end_turn(turn) == []
    feed(connection, event("U", 1))
    assert numbers(connection.listen()) == [1]


def test_turn_knows_the_model_and_the_tokens_of_its_thread() -> None:
    connection = Connection()
    pending = connection.request("thread/start")
    feed(connection, line(id=pending.id, result={"thread": {"id": "t"}, "model": "one"}))
    assert connection.open_turn("A", "t")[0].fold.model == "one"
    settings = {"threadId": "t", "threadSettings": {"model": "two"}}
    feed(connection, line(method="thread/settings/updated", params=settings))
    usage = {"threadId": "t", "turnId": "A", "tokenUsage": {"total": {"totalTokens": 5}}}
    feed(connection, line(method="thread/tokenUsage/updated", params=usage))
    fold = connection.open_turn("B", "t")[0].fold
    assert (fold.model, fold.usage_before) == ("two", {"totalTokens": 5})
    other = connection.open_turn("C", "other")[0].fold
    assert (other.model, other.usage_before) == (None, None)


def final_error(turn: str) -> bytes:
    return line(method="error", params={"turnId": turn, "willRetry": False, "error": {"message": "no"}})


def test_error_of_a_turn_that_never_ended_is_known_to_the_next_one_only() -> None:
    connection = Connection()
    connection.open_turn("U", "t")
    feed(connection, final_error("U"))
    folds = [connection.open_turn(id, "t")[0].fold for id in "VW"]
    assert [fold.leftover for fold in folds] == [{"message": "no"}, None]


def test_turn_that_failed_without_its_end_is_forgotten_with_the_next_one() -> None:
    connection = Connection()
    for number in range(100):
        _, mailbox = connection.open_turn(f"U{number}", "t")
        feed(connection, final_error(f"U{number}"))
        connection.leave(mailbox)
    assert list(inner(connection, "_routes", "claimed")) == ["U99"]
    followed, _ = connection.open_turn("V", "t")
    feed(connection, final_error("V"))
    connection.open_turn("W", "t")
    assert not followed.over  # somebody waits for it yet


def test_thread_that_does_nothing_wakes_who_waits_for_its_turns() -> None:
    connection = Connection()
    (turn, mailbox), (other, elsewhere) = connection.open_turn("A", "t"), connection.open_turn("B", "u")
    mailbox.waiter, elsewhere.waiter = flag, other_flag = Flag(), Flag()
    status = {"threadId": "t", "status": {"type": "idle"}}
    feed(connection, line(method="thread/status/changed", params=status))
    assert (turn.idle, other.idle, mailbox.items) == (True, False, deque())
    assert (flag.calls, other_flag.calls) == (1, 0)
    feed(connection, line(method="thread/status/changed", params={**status, "status": {"type": "active"}}))
    assert not turn.idle
    feed(connection, completed("A"), line(method="thread/status/changed", params=status))
    assert not turn.idle


def test_error_of_a_turn_that_ended_concerns_no_other() -> None:
    connection = Connection()
    connection.open_turn("U", "t")
    feed(connection, final_error("U"), completed("U"))
    assert connection.open_turn("V", "t")[0].fold.leftover is None


@pytest.mark.parametrize("odd", [None, 5, [], {"id": []}])
def test_answers_with_an_odd_thread_are_answers(odd: Any) -> None:
    connection = Connection()
    pending = connection.request("thread/start")
    feed(connection, line(id=pending.id, result={"thread": odd, "model": "m"}))
    assert pending.result["thread"] == odd


# -- logins -----------------------------------------------------------------------------------


def login(login_id: Any) -> bytes:
    return line(method="account/login/completed", params={"loginId": login_id, "success": True})


def test_each_login_gets_its_completion_be_it_early_or_late() -> None:
    connection = Connection()
    feed(connection, login("A"), login(None))
    early, late, again = (connection.follow_login(id) for id in "ABB")
    late.waiter = flag = Flag()
    feed(connection, login("B"))
    assert [mailbox.items[0].params["loginId"] for mailbox in (early, late, again)] == ["A", "B", "B"]
    assert (early.closed, late.closed, flag.calls) == (True, True, 1)
    assert len(connection.listen().items) == 3  # they are events as well


def test_logins_that_nobody_waits_for_are_forgotten() -> None:
    connection = Connection()
    for number in range(100):
        mailbox = connection.follow_login(f"L{number}")
        connection.leave(mailbox)
        feed(connection, line(method="x", params={}))
    assert len(inner(connection, "_events", "_login_followers")) == 1


def test_completions_of_logins_are_bounded() -> None:
    connection = Connection()
    feed(connection, *(login(str(number)) for number in range(100)))
    assert not connection.follow_login("0").items and connection.follow_login("99").items


@pytest.mark.parametrize("result", [None, {}, {"turn": None}, {"turn": {"id": 5}}, []])
def test_answer_that_names_no_turn_is_an_error(result: Any) -> None:
    connection = Connection()
    pending = connection.request("turn/start", opens_turn=True)
    feed(connection, line(id=pending.id, result=result))
    assert isinstance(pending.error, ResponseValidationError)


def test_unclaimed_events_are_bounded_and_keep_the_newest() -> None:
    connection = Connection(max_unclaimed_events=10)
    feed(connection, *(event("U", i) for i in range(25)))
    mailbox = follow(connection, "U")
    assert numbers(mailbox) == list(range(15, 25))
    assert mailbox.dropped == 15


def test_unclaimed_turns_are_bounded_and_the_oldest_goes() -> None:
    connection = Connection(max_unclaimed_turns=2)
    feed(connection, *(event(turn, 1) for turn in "ABC"))
    assert [len(follow(connection, turn).items) for turn in "ABC"] == [0, 1, 1]


def test_memory_of_ended_turns_is_bounded() -> None:
    connection = Connection(max_settled=2)
    for turn in "ABC":
        follow(connection, turn)
        feed(connection, completed(turn))
    assert [follow(connection, turn).closed for turn in "ABC"] == [False, True, True]


# -- events -----------------------------------------------------------------------------------


@pytest.mark.parametrize("params", [None, [], 5, {}, {"turnId": None}, {"turnId": 5}, {"turn": 5}, {"turn": {}}])
def test_notification_without_a_turn_goes_to_the_events(params: Any) -> None:
    connection = Connection()
    feed(connection, line(method="x", params=params))
    (item,) = connection.listen().items
    assert (item.method, item.params) == ("x", params if isinstance(params, dict) else {})


def test_events_are_bounded_and_count_what_they_drop() -> None:
    connection = Connection(max_events=3)
    feed(connection, *(event(None, i) for i in range(5)))
    first, second = connection.listen(), connection.listen()
    assert (numbers(first), first.dropped) == ([2, 3, 4], 2)
    feed(connection, event(None, 5))
    assert (numbers(first), first.dropped, numbers(second), second.dropped) == ([3, 4, 5], 3, [5], 0)


def test_one_chunk_wakes_each_waiter_once() -> None:
    connection = Connection()
    mailbox, listening, turn, events = follow(connection, "U"), connection.listen(), Flag(), Flag()
    mailbox.waiter, listening.waiter = turn, events
    feed(connection, event("U"), event(None), event("U"), event(None))
    assert (turn.calls, events.calls) == (1, 1)
    feed(connection, event("U"))
    assert turn.calls == 1  # it has to be armed again


def test_watcher_sees_its_methods_of_any_turn_and_of_none() -> None:
    connection = Connection()
    turn = follow(connection, "U")
    watched, flag = connection.watch(["a", "b"]), Flag()
    watched.waiter = flag
    feed(connection, event("U", 1, "a"), event(None, 2, "b"), event("V", 3, "a"), event("U", 4, "c"))
    assert numbers(watched) == [1, 2, 3]
    assert (numbers(turn), numbers(connection.listen()), flag.calls) == ([1, 4], [2], 1)
    connection.leave(watched)
    feed(connection, event(None, 5, "a"))
    assert not watched.items


def test_watcher_of_a_thread_sees_no_other() -> None:
    connection = Connection()
    watched = connection.watch(["x"], "t")
    for thread in ("t", "u", None):
        feed(connection, line(method="x", params={"threadId": thread, "n": thread}))
    assert numbers(watched) == ["t"]


# -- the end ----------------------------------------------------------------------------------


def test_failure_reaches_every_request_and_mailbox_and_later_calls() -> None:
    connection = Connection(max_in_flight=1)
    out, queued = connection.request("a"), connection.request("b")
    turn, watched, events = follow(connection, "U"), connection.watch(["x"]), connection.listen()
    feed(connection, event("U", 1), event("V", 2))
    flags = [Flag() for _ in range(4)]
    out.waiter, queued.waiter, turn.waiter, events.waiter = flags
    error = TransportClosedError("the runtime exited", exit_code=3, stderr_tail=("why",))
    for waiter in connection.fail(error):
        waiter()
    assert [flag.calls for flag in flags] == [1, 1, 1, 1]
    assert str(out.error) == "a: the runtime exited" and str(queued.error) == "b: the runtime exited"
    assert numbers(turn) == [1] and turn.error is error
    assert numbers(follow(connection, "V")) == [2]
    for mailbox in (watched, events, follow(connection, "W"), connection.watch(["y"]), connection.follow_login("L")):
        assert mailbox.error is error
    with pytest.raises(TransportClosedError, match="c: the runtime exited") as raised:
        connection.request("c")
    assert (raised.value.exit_code, raised.value.stderr_tail) == (3, ("why",))
    with pytest.raises(TransportClosedError):
        connection.notify("d")
    sent(connection)
    connection.respond(1, {})
    assert sent(connection) == []


def test_only_the_first_failure_counts() -> None:
    connection = Connection()
    connection.fail(TransportClosedError("first"))
    assert connection.fail(TransportClosedError("second")) == []
    assert str(connection.error) == "first"


def test_turn_that_ended_well_is_not_failed() -> None:
    connection = Connection()
    turn = follow(connection, "U")
    feed(connection, completed("U"))
    connection.fail(TransportClosedError("gone"))
    assert turn.closed and turn.error is None


def test_fresh_error_shares_no_traceback() -> None:
    error = TransportClosedError("gone", exit_code=1, stderr_tail=("x",))
    copy = fresh_error(error, "a")
    assert copy is not error
    assert (str(copy), copy.exit_code, copy.stderr_tail) == ("a: gone", 1, ("x",))


# -- bad input --------------------------------------------------------------------------------


def test_error_with_data_of_any_depth_is_an_error() -> None:
    connection = Connection()
    pending = connection.request("a")
    deep = b'{"a":[' * 2000 + b"1" + b"]}" * 2000
    feed(connection, b'{"id":%d,"error":{"code":-32050,"message":"no","data":%s}}\n' % (pending.id, deep[:60_000]))
    shallow = b"[" * 450 + b'"server_overloaded"' + b"]" * 450
    other = connection.request("b")
    feed(connection, b'{"id":%d,"error":{"code":-32050,"message":"no","data":%s}}\n' % (other.id, shallow))
    assert isinstance(other.error, ServerBusyError)


def test_message_that_nobody_thought_of_costs_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def surprised(*args: Any) -> Any:
        raise LookupError("surprise")

    connection = Connection()
    pending = connection.request("a")
    monkeypatch.setattr("openai_codex._core.connection.rpc_error", surprised)
    error = line(id=pending.id, error={"code": 1, "message": "m"})
    feed(connection, event(None, 1), error, line(id=[1], error={}), event(None, 2))
    assert isinstance(pending.error, ResponseValidationError)
    assert numbers(connection.listen()) == [1, 2]
    assert "LookupError" in caplog.text


BAD_LINES = [
    b"nonsense",
    b'{"method":',
    b"[]",
    b"null",
    b"\xff\xfe\x00",
    b'{"method":"x","params":"\xc3\x28"}',
    b'{"a":' * 300_000,
    b'{"id":1e400}',
    b"",
    b"\r",
]


@pytest.mark.parametrize("bad", BAD_LINES, ids=lambda bad: bad[:12].decode("latin-1"))
def test_bad_line_costs_no_other_message(bad: bytes, caplog: pytest.LogCaptureFixture) -> None:
    connection = Connection()
    pending = connection.request("a")
    with caplog.at_level(logging.WARNING, "openai_codex"):
        feed(connection, event(None, 1), bad + b"\n", event(None, 2), line(id=pending.id, result="ok"))
    assert numbers(connection.listen()) == [1, 2]
    assert pending.result == "ok"
    assert len(caplog.text) < 1000


def test_deep_nesting_and_odd_text_are_delivered() -> None:
    connection = Connection()
    deep = b'{"method":"x","params":{"deep":' + b"[" * 300 + b"]" * 300 + b"}}\n"
    feed(
        connection,
        deep,
        rb'{"method":"y","params":{"s":"\ud800"}}' + b"\n",
        line(method="z", params={"s": "\u2028"}),
    )
    items = connection.listen().items
    assert [item.method for item in items] == ["x", "y", "z"]
    assert [item.params.get("s") for item in items] == [None, "\ud800", "\u2028"]


def test_messages_are_traced_without_their_secrets(caplog: pytest.LogCaptureFixture) -> None:
    connection = Connection()
    with caplog.at_level(logging.DEBUG, "openai_codex"):
        pending = connection.request("account/login/start", {"type": "apiKey", "apiKey": "sk-secret"})
        connection.notify("note", {"env": {"A": "sk-secret"}})
        feed(connection, line(id=pending.id, result={"accessToken": "sk-secret", "plain": "shown"}))
        feed(connection, line(method="x", params={"deep": [{"http_headers": ["sk-secret"]}], "totalTokens": 5}))
        feed(
            connection,
            line(id=7, method="y", params={"token": "sk-secret"}),
            line(id=99, result={"password": "sk-secret"}),
        )
        connection.respond(7, {"token": "sk-secret"})
        sent(connection)
    for text in ("account/login/start", "apiKey", "shown", '"x"', '"totalTokens":5', '"y"', "note"):
        assert text in caplog.text
    assert len([text for text in caplog.messages if text[:2] in ("->", "<-")]) == 7
    assert "secret" not in caplog.text


def test_long_message_is_traced_in_short(caplog: pytest.LogCaptureFixture) -> None:
    connection = Connection()
    with caplog.at_level(logging.DEBUG, "openai_codex"):
        feed(connection, line(method="x", params={"text": "a" * 100_000}))
    assert len(caplog.text) < 30_000


NOTICES = [
    ("configWarning", {"summary": "one", "details": "two"}, "configWarning: one two"),
    ("deprecationNotice", {"summary": "old", "details": None}, "deprecationNotice: old"),
    ("warning", {"threadId": "t", "message": "mind"}, "warning: mind"),
    ("warning", {"message": 5}, "warning: (no text)"),
]


@pytest.mark.parametrize(("method", "params", "text"), NOTICES)
def test_notices_are_logged_once_and_are_events(
    method: str, params: Any, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    connection = Connection()
    feed(connection, line(method=method, params=params), line(method=method, params=params))
    assert caplog.messages == [text]
    assert len(connection.listen().items) == 2


MESSAGES = st.lists(
    st.tuples(st.sampled_from("ABC"), st.integers(0, 9)) | st.sampled_from([b"bad\n", b"\n", b"[1]\n"]),
    max_size=30,
)


@settings(deadline=None)
@given(MESSAGES, st.data())
def test_routing_is_the_same_for_every_chunking_and_claiming(messages: list[Any], data: st.DataObject) -> None:
    stream = b"".join(m if isinstance(m, bytes) else event(*m) for m in messages)
    expected = {turn: [m[1] for m in messages if not isinstance(m, bytes) and m[0] == turn] for turn in "ABC"}
    connection, mailboxes = Connection(), dict[str, Mailbox]()
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        feed(connection, stream[:cut])
        stream = stream[cut:]
        turn = data.draw(st.sampled_from("ABC"))
        if turn not in mailboxes:
            mailboxes[turn] = follow(connection, turn)
    for turn in "ABC":
        assert numbers(mailboxes.get(turn) or follow(connection, turn)) == expected[turn]


@given(st.permutations(range(6)), st.integers(1, 30))
def test_answers_find_their_requests_in_any_order_and_chunking(order: list[int], size: int) -> None:
    connection = Connection(max_in_flight=3)
    requests = [connection.request(f"m{i}") for i in range(6)]
    answered: set[int] = set()
    while len(answered) < 6:
        connection.take_outgoing()
        turn = next(i for i in order if requests[i].sent and i not in answered)
        answered.add(turn)
        data = line(id=requests[turn].id, result=turn)
        for start in range(0, len(data), size):
            feed(connection, data[start : start + size])
    assert [request.result for request in requests] == list(range(6))
