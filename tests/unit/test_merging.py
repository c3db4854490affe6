"""Unread text of a turn: what is merged, what is not, and that nothing is lost, whoever takes it and when."""

from __future__ import annotations

import copy
import dataclasses
import gc
import gzip
import json
import pickle
import sys
import threading
import tracemalloc
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any, SupportsIndex, cast

import pytest
from hypothesis import example, given, strategies as st

from openai_codex import Notification
from openai_codex._core.connection import Connection
from openai_codex._core.mailbox import Mailbox
from openai_codex._core.merging import MergingItems, Tally
from openai_codex._generated._methods import NOTIFICATIONS
from openai_codex.types import AgentMessageDeltaNotification, UnknownNotification
from tests.unit.test_connection import completed, follow, line

ROOT = Path(__file__).parents[2]
MESSAGE, THOUGHT, OUTPUT = "item/agentMessage/delta", "item/reasoning/textDelta", "item/commandExecution/outputDelta"
SCOPE = {"threadId": "t", "turnId": "U"}


def piece(text: Any, method: str = MESSAGE, *, item: Any = "i", at: int | None = None, **more: Any) -> Notification:
    return Notification.from_wire(method, {**SCOPE, "itemId": item, "delta": text, **more}, at)


def other(number: int) -> Notification:
    return Notification.from_wire("turn/diff/updated", {**SCOPE, "diff": str(number)}, None)


def held(limit: int, *notifications: Notification) -> MergingItems:
    items = MergingItems(limit, Tally())
    for notification in notifications:
        items.append(notification)
    return items


def texts(items: Iterable[Notification]) -> list[Any]:
    return [item.params.get("delta", item.params.get("diff")) for item in items]


def wire(text: str, **more: Any) -> bytes:
    return line(method=MESSAGE, params={**SCOPE, "itemId": "i", "delta": text, **more})


# What is merged


def test_text_is_merged_from_the_limit_on() -> None:
    items = held(2, *map(piece, "abcd"))
    assert texts(items) == ["a", "bcd"]
    assert texts(held(1, *map(piece, "abcd"))) == ["abcd"]
    assert texts(held(4, *map(piece, "abcd"))) == [*"abcd"]


def test_room_is_used_again_after_a_pop() -> None:
    items = held(2, *map(piece, "abc"))
    items.popleft()
    items.append(piece("d"))
    items.append(piece("e"))
    assert texts(items) == ["bc", "de"]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (piece("a"), piece("b", item="j")),
        (piece("a"), piece("b", OUTPUT)),
        (piece("a", THOUGHT, contentIndex=0), piece("b", THOUGHT, contentIndex=1)),
        (piece("a"), piece("b", unheard_of=1)),
        (piece("a", unheard_of=1), piece("b")),
        (piece("a", unheard_of={"n": 1}), piece("b", unheard_of={"n": 2})),
        (piece("a"), piece(5)),
        (piece(5), piece("b")),
        (piece(5), piece(5)),
        (piece("a", item=None), piece("b", item=None)),
        (piece("a", "item/unheardOf/delta"), piece("b", "item/unheardOf/delta")),
        (
            Notification.from_wire("command/exec/outputDelta", {"processId": "p", "deltaBase64": "YQ=="}, None),
            Notification.from_wire("command/exec/outputDelta", {"processId": "p", "deltaBase64": "Yg=="}, None),
        ),
        (other(1), other(1)),
        (piece("a"), other(1)),
        (other(1), piece("b")),
        (Notification("item/agentMessage/delta", None), piece("b")),
    ],
)
def test_what_is_not_one_text_is_kept_apart(one: Notification, two: Notification) -> None:
    items = held(1, one, two)
    assert [*items] == [one, two] and all(have is sent for have, sent in zip(items, (one, two), strict=True))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (piece("a", OUTPUT), piece("b", OUTPUT)),
        (piece("a", THOUGHT, contentIndex=1), piece("b", THOUGHT, contentIndex=1)),
        (piece("a", unheard_of={"n": [1]}), piece("b", unheard_of={"n": [1]})),
        (piece("a\r"), piece("\nb\u2028\U0001f600")),
        (piece(""), piece("")),
        (piece("\ud800"), piece("b")),
    ],
)
def test_one_text_is_merged_with_all_that_is_said_of_it(one: Notification, two: Notification) -> None:
    items = held(1, one, two)
    (merged,) = items
    assert merged.params == {**one.params, "delta": one.params["delta"] + two.params["delta"]}
    assert [*merged.params] == [*one.params]
    assert (one.params["delta"], two.params["delta"]) != (merged.params["delta"],) * 2 or not merged.params["delta"]


def test_something_between_two_pieces_keeps_them_apart() -> None:
    assert texts(held(1, piece("a"), other(1), piece("b"), piece("c"))) == ["a", "1", "bc"]


BUNDLES = [
    ROOT / "schema" / "experimental.json",
    *sorted((ROOT / "tests/codegen/bundles").glob("*-experimental.json.gz")),
]


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.name)
def test_what_has_the_shape_of_text_is_text_by_the_schema(bundle: Path) -> None:
    data = gzip.decompress(bundle.read_bytes()) if bundle.suffix == ".gz" else bundle.read_bytes()
    definitions = json.loads(data)["definitions"]["v2"]
    found: list[str] = []
    for method, name in NOTIFICATIONS.items():
        properties = definitions.get(name, {}).get("properties", {})
        if "delta" not in properties or "itemId" not in properties:
            continue
        found.append(method)
        delta = properties["delta"]
        assert delta["type"] == "string" and not {"format", "contentEncoding", "pattern", "enum"} & {*delta}, method
        described = json.dumps(definitions[name]).lower()
        assert not [word for word in ("base64", "bytes", "encoded") if word in described], method
    assert {MESSAGE, THOUGHT, OUTPUT} < {*found}


# What comes of it


def merged_notification() -> Notification:
    (merged,) = held(1, piece("Hel", at=17), piece("lo", at=18), piece("!", at=19))
    return merged


def test_merged_text_is_a_notification_like_any_other() -> None:
    merged, plain = merged_notification(), piece("Hello!", at=17)
    payload = merged.payload
    assert isinstance(payload, AgentMessageDeltaNotification) and payload.delta == "Hello!"
    assert merged.payload is payload and merged.payload_error is None
    assert merged == plain and plain == merged
    assert repr(merged_notification()) == repr(plain)
    assert merged.params == plain.params and merged.params is merged.params
    assert merged.emitted_at_ms == 17  # of the first piece
    assert isinstance(merged, Notification) and dataclasses.is_dataclass(merged)
    assert [field.name for field in dataclasses.fields(merged)] == ["method", "payload"]
    subject: Any = merged_notification()
    match subject:
        case Notification(str(method), AgentMessageDeltaNotification(delta=text)):
            assert (method, text) == (MESSAGE, "Hello!")
        case _:
            pytest.fail("did not match")
    with pytest.raises(TypeError):
        hash(merged)
    with pytest.raises(AttributeError, match="'Notification' object has no attribute 'other'"):
        _ = cast(Any, merged).other
    subject.payload = "mine"
    assert subject.payload == "mine"


def test_merged_text_can_be_copied_and_pickled() -> None:
    merged = merged_notification()
    for again in (
        copy.copy(merged_notification()),
        copy.deepcopy(merged_notification()),
        pickle.loads(pickle.dumps(merged_notification())),
    ):
        assert again == merged
        assert (again.params, again.emitted_at_ms) == (merged.params, 17)


def test_merged_text_can_be_replaced_as_a_dataclass() -> None:
    changed = dataclasses.replace(merged_notification(), payload=UnknownNotification({}))
    assert (changed.method, changed.payload) == (MESSAGE, UnknownNotification({}))
    assert dataclasses.replace(changed, method="x").method == "x"


def test_what_was_taken_does_not_change_any_more() -> None:
    items = held(1, piece("a"), piece("b"))
    taken = items.popleft()
    items.append(piece("c"))
    items.append(piece("d"))
    assert (texts([taken]), texts(items)) == (["ab"], ["cd"])


def test_what_was_looked_at_does_not_change_any_more() -> None:
    items = held(1, piece("a"), piece("b"))
    seen = items[0]
    assert texts([seen]) == ["ab"]
    items.append(piece("c"))
    items.append(piece("d"))
    assert (texts([seen]), texts(items)) == (["ab"], ["abcd"])


def test_pieces_themselves_do_not_change() -> None:
    one, two = piece("a"), piece("b")
    held(1, one, two)
    assert texts([one, two]) == ["a", "b"]


# Somebody takes meanwhile


class Hasty(MergingItems):
    """A consumer comes between the look at the newest event and what takes its place."""

    __slots__ = ("comes", "taken")

    def __init__(self, limit: int) -> None:
        super().__init__(limit, Tally())
        self.comes = False
        self.taken: list[Notification] = []

    def __getitem__(self, index: SupportsIndex, /) -> Notification:  # type: ignore[override]  # no slices
        newest = super().__getitem__(index)
        if self.comes:
            self.taken += self
            self.clear()
        return newest


@pytest.mark.parametrize("before", ["a", "ab"])
def test_piece_that_comes_too_late_stands_for_itself(before: str) -> None:
    items = Hasty(1)
    for text in before:
        items.append(piece(text))
    items.comes = True
    items.append(piece("x"))
    items.comes = False
    items.append(piece("y"))
    assert (texts(items.taken), texts(items)) == ([before], ["xy"])


def test_threads_that_fill_and_take_lose_nothing_and_double_nothing() -> None:
    count, tally = 200_000, Tally()
    items, taken, done = MergingItems(1, tally), list[Notification](), threading.Event()

    def take() -> None:
        while True:
            over = done.is_set()
            try:
                taken.append(items.popleft())
            except IndexError:
                if over:
                    return

    def fill() -> None:
        for number in range(count):
            items.append(other(number) if number % 100 == 99 else piece(f"{number} "))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        consumer, producer = threading.Thread(target=take), threading.Thread(target=fill)
        consumer.start()
        producer.start()
        producer.join(60)
        done.set()
        consumer.join(60)
    finally:
        sys.setswitchinterval(interval)
    assert "".join(f"{text.strip()} " for text in texts(taken)).split() == [str(number) for number in range(count)]
    assert len(taken) + tally.merged == count
    assert tally.merged > 0 and len(taken) > count / 100


class Watched(MergingItems):
    """Notes how many events there are when one takes another's place."""

    __slots__ = ("lengths",)

    def __init__(self, limit: int, tally: Tally) -> None:
        super().__init__(limit, tally)
        self.lengths: list[int] = []

    def __setitem__(self, index: Any, value: Any, /) -> None:
        self.lengths.append(len(self))
        super().__setitem__(index, value)
        self.lengths.append(len(self))


def test_mailbox_that_holds_something_is_never_empty_on_the_way() -> None:
    items = Watched(1, Tally())
    for text in "abc":
        items.append(piece(text))
    assert items.lengths == [1, 1, 1, 1]


def text_of_a_kind(text: str, kind: int) -> Notification:
    method, item, more = (
        (MESSAGE, "i", {}),
        (MESSAGE, "j", {}),
        (OUTPUT, "i", {}),
        (THOUGHT, "i", {"contentIndex": 0}),
        (THOUGHT, "i", {"contentIndex": 1}),
    )[kind]
    return piece(text, method, item=item, **more)


EVENTS = st.one_of(
    st.builds(text_of_a_kind, st.text(max_size=3), st.sampled_from([0] * 6 + [1, 2, 3, 4])),
    st.builds(other, st.integers(0, 9)),
)
STEPS = st.lists(st.one_of(EVENTS, EVENTS, EVENTS, st.sampled_from(["take", "look", "take all"])), max_size=60)


def normal(notifications: Iterable[Notification]) -> list[tuple[str, Any]]:
    """The same events with every text in one piece."""
    made: list[tuple[str, Any]] = []
    for each in notifications:
        apart = {name: value for name, value in each.params.items() if name != "delta"}
        key = json.dumps([each.method, apart])
        if "delta" in each.params and made and made[-1][0] == key:
            made[-1] = key, made[-1][1] + each.params["delta"]
        else:
            made.append((key, each.params.get("delta")))
    return made


@given(steps=STEPS, limit=st.integers(1, 5))
@example(steps=[piece("a"), piece("b"), "take", piece("c"), piece("d"), "look", piece("e")], limit=1)
def test_nothing_is_lost_doubled_or_out_of_order(steps: list[Any], limit: int) -> None:
    sent = [step for step in steps if isinstance(step, Notification)]
    tally, taken = Tally(), list[Notification]()
    items = MergingItems(limit, tally)
    for step in steps:
        if isinstance(step, Notification):
            before, newest = len(items), normal([*items][-1:])
            items.append(step)
            # It grows beyond the limit by nothing but what cannot be merged.
            assert len(items) == before or before < limit or len(normal([*items][-2:])) == len(newest) + 1
        elif step == "look" and items:
            repr(items[-1])
        elif step == "take" and items:
            taken.append(items.popleft())
        elif step == "take all":
            taken += items
            items.clear()
    received = [*taken, *items]
    assert normal(received) == normal(sent)
    assert len(received) + tally.merged == len(sent)


# Mailboxes and turns


def test_by_default_a_turn_keeps_every_event() -> None:
    connection = Connection()
    mailbox = follow(connection, "U")
    assert type(mailbox.items) is deque
    connection.feed(b"".join(map(wire, "abcdefgh")))
    assert (texts(mailbox.items), mailbox.merged) == ([*"abcdefgh"], 0)


def test_each_follower_has_a_count_of_its_own() -> None:
    connection = Connection(event_buffer=2)
    early = follow(connection, "U")
    connection.feed(b"".join(map(wire, "abc")))
    late = follow(connection, "U")
    connection.feed(b"".join(map(wire, "def")))
    assert (texts(early.items), early.merged) == (["a", "bcdef"], 4)
    assert (texts(late.items), late.merged) == (["d", "ef"], 1)


def test_turn_that_is_claimed_late_is_merged_as_if_it_had_been_claimed_before() -> None:
    connection = Connection(event_buffer=3, max_unclaimed_events=8)
    text = b"".join(map(wire, "abcdef"))
    connection.feed(text)
    turn, mailbox = connection.open_turn("U", "t")
    assert (texts(mailbox.items), mailbox.merged) == (["a", "b", "cdef"], 3)
    connection.feed(wire("g") + completed("U"))
    assert texts(mailbox.items) == ["a", "b", "cdefg", None]
    assert mailbox.closed and turn.fold.result().status.value == "completed"
    # What was merged has left the backlog, so there is room for another.
    connection.feed(text.replace(b'"U"', b'"V"'))
    assert len(follow(connection, "V").items) == 3


def test_unclaimed_turns_are_bounded_whatever_is_merged() -> None:
    connection = Connection(event_buffer=1, max_unclaimed_events=4)
    connection.feed(b"".join(map(wire, "abcdef")))
    mailbox = follow(connection, "U")
    assert (texts(mailbox.items), mailbox.merged, mailbox.dropped) == (["cdef"], 3, 2)


def test_result_does_not_depend_on_what_was_merged() -> None:
    connection = Connection(event_buffer=1)
    turn, _ = connection.open_turn("U", "t")
    connection.feed(b"".join(map(wire, "abcdef")))
    assert turn.fold.result().partial_text == "abcdef"


def test_mailbox_that_was_left_tells_its_count_and_holds_nothing() -> None:
    connection = Connection(event_buffer=1)
    mailbox = follow(connection, "U")
    connection.feed(b"".join(map(wire, "abc")))
    connection.leave(mailbox)
    connection.feed(wire("d"))
    assert (mailbox.merged, len(mailbox.items)) == (2, 0)


def test_count_is_zero_where_nothing_can_be_merged() -> None:
    assert Mailbox().merged == 0
    assert follow(Connection(event_buffer=5), "U").merged == 0


def test_other_mailboxes_are_not_merged() -> None:
    connection = Connection(event_buffer=1)
    listening, watching = connection.listen(), connection.watch([MESSAGE])
    connection.feed(b"".join(wire(text, turnId=None) for text in "abc"))
    assert texts(listening.items) == [*"abc"] == texts(watching.items)


# Cost


def live_notifications() -> int:
    gc.collect()
    return sum(isinstance(each, Notification) for each in gc.get_objects())


def test_long_text_that_nobody_reads_is_held_in_few_objects_and_little_memory() -> None:
    count, limit = 100_000, 50
    others = live_notifications()
    connection = Connection(event_buffer=limit)
    turn, mailbox = connection.open_turn("U", "t")
    data = b"".join(wire(f"{number} ") for number in range(count))
    connection.feed(data[:100_000])  # what is made once
    letters = len("".join(f"{number} " for number in range(count)))
    tracemalloc.start()
    try:
        for start in range(100_000, len(data), 100_000):
            connection.feed(data[start : start + 100_000])
        held_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(mailbox.items) == limit and mailbox.merged == count - limit
    assert live_notifications() == others + limit
    # The text twice, here and for the turn's result, with room to grow.
    assert held_bytes < 5 * letters
    assert "".join(texts(mailbox.items)) == turn.fold.result().partial_text


def test_long_pieces_are_merged_in_linear_time() -> None:
    # Copying the text for each piece would move a terabyte.
    items = MergingItems(1, Tally())
    for _ in range(150_000):
        items.append(piece("x" * 100))
    (merged,) = items
    assert merged.params["delta"] == "x" * 15_000_000
