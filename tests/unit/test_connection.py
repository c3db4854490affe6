"""The JSON-RPC machine: bytes in, routed messages out."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from openai_codex._core.connection import Connection, PendingRequest, fresh_error
from openai_codex._core.mailbox import Mailbox
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


def completed(turn: str) -> bytes:
    return line(method="turn/completed", params={"threadId": "t", "turn": {"id": turn, "status": "completed"}})


def opened(pending: PendingRequest, turn: str) -> bytes:
    return line(id=pending.id, result={"turn": {"id": turn}})


def numbers(mailbox: Mailbox) -> list[Any]:
    return [item.params.get("n", item.method) for item in mailbox.items]


def sent(connection: Connection) -> list[dict[str, Any]]:
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
    assert pending.mailbox is not None
    assert numbers(pending.mailbox) == [1, 2, "turn/completed"]
    assert pending.mailbox.closed
    assert numbers(connection.events) == [3]  # after the end it belongs to no turn


def test_events_before_the_answer_are_kept_for_it() -> None:
    connection = Connection()
    pending = connection.request("turn/start", opens_turn=True)
    feed(connection, event("U", 1), completed("U"), event("U", 9))
    feed(connection, opened(pending, "U"))
    assert pending.mailbox is not None and pending.mailbox.closed
    assert numbers(pending.mailbox) == [1, "turn/completed"]
    assert numbers(connection.events) == [9]


def test_later_follower_gets_what_comes_after_it_joined() -> None:
    connection = Connection()
    feed(connection, event("U", 1))
    first = connection.open_turn("U")
    feed(connection, event("U", 2))
    second = connection.open_turn("U")
    feed(connection, event("U", 3), completed("U"))
    assert numbers(first) == [1, 2, 3, "turn/completed"]
    assert numbers(second) == [3, "turn/completed"]
    assert first.closed and second.closed


def test_finished_turn_cannot_be_followed_any_more() -> None:
    connection = Connection()
    connection.open_turn("U")
    feed(connection, completed("U"))
    again = connection.open_turn("U")
    assert again.closed and not again.items


def test_turn_that_everybody_left_is_dropped_silently() -> None:
    connection = Connection()
    one, two = connection.open_turn("U"), connection.open_turn("U")
    connection.close_turn("U", one)
    feed(connection, event("U", 1))
    connection.close_turn("U", two)
    feed(connection, event("U", 2))
    assert (numbers(one), numbers(two), numbers(connection.events)) == ([], [1], [])
    back = connection.open_turn("U")
    feed(connection, event("U", 3))
    assert numbers(back) == [3]
    connection.close_turn("U", back)
    feed(connection, completed("U"), event("U", 4))
    assert numbers(connection.events) == [4]
    connection.close_turn("U", one)  # twice is harmless


def test_answer_that_came_too_late_for_its_caller_leaves_no_claim() -> None:
    connection = Connection()
    pending = connection.request("turn/start", opens_turn=True)
    connection.cancel(pending)
    feed(connection, opened(pending, "U"), event("U", 1))
    assert pending.mailbox is None
    assert numbers(connection.open_turn("U")) == [1]


def test_cancel_after_the_answer_leaves_the_turn() -> None:
    connection = Connection()
    pending = connection.request("turn/start", opens_turn=True)
    feed(connection, opened(pending, "U"))
    connection.cancel(pending)
    feed(connection, event("U", 1))
    assert pending.mailbox is not None and not pending.mailbox.items


@pytest.mark.parametrize("result", [None, {}, {"turn": None}, {"turn": {"id": 5}}, []])
def test_answer_that_names_no_turn_is_an_error(result: Any) -> None:
    connection = Connection()
    pending = connection.request("turn/start", opens_turn=True)
    feed(connection, line(id=pending.id, result=result))
    assert isinstance(pending.error, ResponseValidationError)


def test_unclaimed_events_are_bounded_and_keep_the_newest() -> None:
    connection = Connection(max_unclaimed_events=10)
    feed(connection, *(event("U", i) for i in range(25)))
    mailbox = connection.open_turn("U")
    assert numbers(mailbox) == list(range(15, 25))
    assert mailbox.dropped == 15


def test_unclaimed_turns_are_bounded_and_the_oldest_goes() -> None:
    connection = Connection(max_unclaimed_turns=2)
    feed(connection, *(event(turn, 1) for turn in "ABC"))
    assert [len(connection.open_turn(turn).items) for turn in "ABC"] == [0, 1, 1]


def test_memory_of_ended_turns_is_bounded() -> None:
    connection = Connection(max_settled=2)
    for turn in "ABC":
        connection.open_turn(turn)
        feed(connection, completed(turn))
    assert [connection.open_turn(turn).closed for turn in "ABC"] == [False, True, True]


# -- events -----------------------------------------------------------------------------------


@pytest.mark.parametrize("params", [None, [], 5, {}, {"turnId": None}, {"turnId": 5}, {"turn": 5}, {"turn": {}}])
def test_notification_without_a_turn_goes_to_the_events(params: Any) -> None:
    connection = Connection()
    feed(connection, line(method="x", params=params))
    (item,) = connection.events.items
    assert (item.method, item.params) == ("x", params if isinstance(params, dict) else {})


def test_events_are_bounded_and_count_what_they_drop() -> None:
    connection = Connection(max_events=3)
    feed(connection, *(event(None, i) for i in range(5)))
    assert numbers(connection.events) == [2, 3, 4]
    assert connection.events.dropped == 2


def test_one_chunk_wakes_each_waiter_once() -> None:
    connection = Connection()
    mailbox, turn, events = connection.open_turn("U"), Flag(), Flag()
    mailbox.waiter, connection.events.waiter = turn, events
    feed(connection, event("U"), event(None), event("U"), event(None))
    assert (turn.calls, events.calls) == (1, 1)
    feed(connection, event("U"))
    assert turn.calls == 1  # it has to be armed again


def test_watcher_sees_its_methods_of_any_turn_and_of_none() -> None:
    connection = Connection()
    turn = connection.open_turn("U")
    watched, flag = connection.watch(["a", "b"]), Flag()
    watched.waiter = flag
    feed(connection, event("U", 1, "a"), event(None, 2, "b"), event("V", 3, "a"), event("U", 4, "c"))
    assert numbers(watched) == [1, 2, 3]
    assert (numbers(turn), numbers(connection.events), flag.calls) == ([1, 4], [2], 1)
    connection.unwatch(watched)
    feed(connection, event(None, 5, "a"))
    assert numbers(watched) == [1, 2, 3]


# -- the end ----------------------------------------------------------------------------------


def test_failure_reaches_every_request_and_mailbox_and_later_calls() -> None:
    connection = Connection(max_in_flight=1)
    out, queued = connection.request("a"), connection.request("b")
    turn, watched = connection.open_turn("U"), connection.watch(["x"])
    feed(connection, event("U", 1), event("V", 2))
    flags = [Flag() for _ in range(4)]
    out.waiter, queued.waiter, turn.waiter, connection.events.waiter = flags
    error = TransportClosedError("the runtime exited", exit_code=3, stderr_tail=("why",))
    for waiter in connection.fail(error):
        waiter()
    assert [flag.calls for flag in flags] == [1, 1, 1, 1]
    assert str(out.error) == "a: the runtime exited" and str(queued.error) == "b: the runtime exited"
    assert numbers(turn) == [1] and turn.error is error
    assert numbers(connection.open_turn("V")) == [2]
    for mailbox in (watched, connection.events, connection.open_turn("W"), connection.watch(["y"])):
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
    turn = connection.open_turn("U")
    feed(connection, completed("U"))
    connection.fail(TransportClosedError("gone"))
    assert turn.closed and turn.error is None


def test_fresh_error_shares_no_traceback() -> None:
    error = TransportClosedError("gone", exit_code=1, stderr_tail=("x",))
    copy = fresh_error(error, "a")
    assert copy is not error
    assert (str(copy), copy.exit_code, copy.stderr_tail) == ("a: gone", 1, ("x",))


# -- bad input --------------------------------------------------------------------------------

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
    assert numbers(connection.events) == [1, 2]
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
    assert [item.method for item in connection.events.items] == ["x", "y", "z"]
    assert [item.params.get("s") for item in connection.events.items] == [None, "\ud800", "\u2028"]


def test_messages_are_traced_without_their_contents(caplog: pytest.LogCaptureFixture) -> None:
    connection = Connection()
    with caplog.at_level(logging.DEBUG, "openai_codex"):
        pending = connection.request("thread/start", {"token": "sk-secret"})
        feed(connection, line(id=pending.id, result="sk-secret"), line(method="x", params={"t": "sk-secret"}))
        feed(connection, line(id=7, method="y", params={"t": "sk-secret"}), line(id=99, result="sk-secret"))
    assert {"thread/start", "x", "y"} <= set(caplog.text.replace("(", " ").split())
    assert "secret" not in caplog.text


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
            mailboxes[turn] = connection.open_turn(turn)
    for turn in "ABC":
        assert numbers(mailboxes.get(turn) or connection.open_turn(turn)) == expected[turn]


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
