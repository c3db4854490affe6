"""The quick part of the soak: some thousand events, and that a difference is found. ``make soak`` sends millions."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from openai_codex import Notification
from tests.e2e.facade import no_leftovers
from tests.soak import __main__ as program
from tests.soak.check import Check, Difference
from tests.soak.pace import HABITS, Pace
from tests.soak.player import Leg, Outcome, play
from tests.soak.script import DIFF, KINDS, kind_of, lines
from tests.soak.standin import faulty

COUNT = 300


# The test


@pytest.mark.parametrize(
    ("client", "event_buffer", "hectic"),
    [("async", None, False), ("sync", None, False), ("async", 8, False), ("sync", 8, False), ("sync", 1, True)],
)
def test_every_event_is_there_once_and_in_order(client: str, event_buffer: int | None, hectic: bool) -> None:
    leg = Leg(client, event_buffer, turns=24, count=COUNT, seed=2026, hectic=hectic)
    with no_leftovers():
        outcome = play(leg)
    assert outcome.differences == []
    assert outcome.taken + outcome.merged == outcome.sent == 24 * (COUNT + 2)
    assert (outcome.merged > 0) == (event_buffer is not None)
    assert outcome.threads >= (6 if client == "sync" else 2) and outcome.rss > 10 * 2**20


def test_some_turns_are_followed_twice() -> None:
    # By this seed a second follower comes to seven turns early, while the first one keeps up.
    outcome = play(Leg("async", None, turns=24, count=1000, seed=1702))
    assert outcome.differences == []
    assert outcome.late > 0 and outcome.late_taken > 100


def legs(*given: Leg) -> Callable[[int, int], list[Leg]]:
    return lambda events, seed: [*given]


def test_program_reports_each_leg(capfd: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--events", "10000", "--seed", "7", "--only", "async+64"]) == 0
    first, leg, total = capfd.readouterr().out.splitlines()
    assert first == "seed 7"
    assert leg.startswith("async+64      2,000 events in 100 turns (") and leg.endswith(" 0 differences")
    for what in (" s, ", " events/s, ", " MB at most, ", " threads, "):
        assert what in leg
    assert total.startswith("2,000 events in ") and total.endswith(" s, 0 differences")


def test_program_fails_with_the_turn_and_the_position_of_a_difference(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "legs_of", legs(Leg("sync", None, turns=2, count=50, seed=7, fault="lose:17")))
    assert program.main(["--events", "100", "--seed", "7"]) == 1
    out = capfd.readouterr().out.splitlines()
    assert sorted(line for line in out if "DIFFERENT" in line) == [
        f"  DIFFERENT sync, turn {turn}, first follower, {HABITS[turn]}, at number 17 of 50: '18 ' came as {KINDS[0]}"
        for turn in (0, 1)
    ]
    assert out[-2:-1] == ["  python -m tests.soak --events 100 --seed 7 --only sync"]
    assert out[-1].endswith(" s, 2 differences")


def test_program_knows_its_legs(capsys: pytest.CaptureFixture[str]) -> None:
    legs = program.legs_of(10_000_000, 7)
    assert [leg.name for leg in legs] == ["async", "sync", "async+64", "sync+64", "sync+1"]
    assert sum(leg.turns * (leg.count + 2) for leg in legs) == 10_000_000
    with pytest.raises(SystemExit):
        program.main(["--only", "both"])
    assert "there is no leg both; there are async, sync, async+64" in capsys.readouterr().err


# The test of the test


@pytest.mark.parametrize("event_buffer", [None, 1])
@pytest.mark.parametrize("client", ["async", "sync"])
@pytest.mark.parametrize("fault", ["lose", "double", "swap"])
def test_fault_of_the_stand_in_is_found_in_each_turn(client: str, event_buffer: int | None, fault: str) -> None:
    outcome = play(Leg(client, event_buffer, turns=3, count=60, seed=7, fault=f"{fault}:50"))
    assert len([each for each in outcome.differences if "first follower" in each]) == 3


def test_faults_are_what_they_are_called() -> None:
    assert faulty([1, 2, 3, 4], "lose:2") == [1, 3, 4]
    assert faulty([1, 2, 3, 4], "double:2") == [1, 2, 2, 3, 4]
    assert faulty([1, 2, 3, 4], "swap:2") == [1, 3, 2, 4]
    assert faulty([1, 2, 3, 4], "swap:9") == faulty([1, 2, 3, 4], "") == [1, 2, 3, 4]


def wire(numbers: list[int]) -> list[Notification]:
    """A turn with these numbers."""
    ended: dict[str, Any] = {"id": "U", "items": [], "status": "completed"}
    messages: list[dict[str, Any]] = [{"method": "turn/started", "params": {}}]
    messages += map(json.loads, lines("T", "U", numbers).splitlines())
    messages.append({"method": "turn/completed", "params": {"threadId": "T", "turn": ended}})
    return [Notification.from_wire(each["method"], each["params"], None) for each in messages]


def checked(events: list[Notification], count: int, merged: int = 0, **options: Any) -> Outcome:
    """What is said of these events."""
    check, outcome = Check("somebody", count, **options), Outcome()
    try:
        for event in events:
            check.take(event)
        check.finish(merged)
    except Difference as difference:
        outcome.differences.append(str(difference))
    return outcome


def test_numbers_come_as_every_kind_and_as_diffs() -> None:
    assert {kind_of(number) for number in range(1000)} == {None, *KINDS}
    events = wire([*range(1000)])
    assert {event.payload_error for event in events[1:-1]} == {None}
    assert sum(event.method == DIFF for event in events) == 25


@pytest.mark.parametrize("typed", [False, True])
def test_what_was_sent_is_right(typed: bool) -> None:
    assert checked(wire([*range(1000)]), 1000, typed=typed).differences == []
    late = wire([*range(500, 1000)])[1:]
    assert checked(late, 1000, since=500, typed=typed).differences == []
    assert checked(late, 1000, since=400).differences == []
    assert checked([], 1000, since=400).differences == []
    assert checked(wire([])[1:], 1000, since=1000).differences == []


def merged(events: list[Notification], first: int, last: int) -> list[Notification]:
    """The same with the texts of some numbers in one event."""
    text = "".join(event.params["delta"] for event in events[first + 1 : last + 2])
    whole = Notification.from_wire(events[first + 1].method, {**events[first + 1].params, "delta": text}, None)
    return [*events[: first + 1], whole, *events[last + 2 :]]


def test_text_may_be_merged_and_is_counted() -> None:
    events = merged(wire([*range(100)]), 5, 20)
    assert checked(events, 100, 15).differences == []
    assert checked(events, 100, 14).differences == [
        "somebody, at number 100 of 100: 87 events and 14 merged ones do not add up to 102"
    ]


def wrong() -> Iterator[tuple[str, list[Notification], dict[str, Any]]]:
    whole = wire([*range(200)])
    yield "lost", wire([*range(99), *range(100, 200)]), {}
    yield "doubled", wire([*range(100), *range(99, 200)]), {}
    yield "swapped", wire([*range(99), 100, 99, *range(101, 200)]), {}
    yield "last one lost", wire([*range(199)]), {}
    yield "one too many", wire([*range(201)]), {}
    yield "no start", whole[1:], {}
    yield "two starts", [whole[0], *whole], {}
    yield "no end", whole[:-1], {}
    yield "two ends", [*whole, whole[-1]], {}
    yield "something after the end", [*whole, whole[5]], {}
    yield "something else", [*whole[:9], Notification.from_wire("warning", {}, None), *whole[9:]], {}
    yield "another item", [*whole[:3], moved(whole[3], itemId="message-2"), *whole[4:]], {}
    yield "another text of the item", [*whole[:-5], moved(whole[-5], contentIndex=5), *whole[-4:]], {}
    yield (
        "a number cut in two",
        [*whole[:20], moved(whole[20], delta="1"), moved(whole[20], delta="9 "), *whole[21:]],
        {},
    )
    yield "two texts in one", merged(whole, 90, 110), {"merged": 20}
    yield "a late follower gets what was before", whole[50:], {"since": 60}
    yield "a late follower misses something", [*whole[50:60], *whole[61:]], {"since": 40}
    yield "a late follower gets half", whole[50:60], {"since": 40}


def moved(event: Notification, **other: Any) -> Notification:
    return Notification.from_wire(event.method, {**event.params, **other}, None)


@pytest.mark.parametrize(("events", "options"), [each[1:] for each in wrong()], ids=[each[0] for each in wrong()])
def test_anything_else_is_a_difference(events: list[Notification], options: dict[str, Any]) -> None:
    (text,) = checked(events, 200, **options).differences
    assert text.startswith("somebody, at number ") and " of 200: " in text


@pytest.mark.parametrize("habit", HABITS)
def test_habits_are_by_chance_and_the_same_for_the_same_seed(habit: str) -> None:
    def stops(seed: int) -> list[Any]:
        pace, at, found = Pace(random.Random(seed), habit, 10_000, joined=500), 0, list[Any]()
        while at < 10_000:
            found.append(stop := pace.next(at))
            at = max(stop.at, at + 1)
        return found

    assert stops(1) == stops(1)
    assert sum(stop.joins for stop in stops(1)) == 1
    assert sum(stop.seconds for stop in stops(1)) < 30
    assert habit == "eager" or stops(1) != stops(2)
