"""What a turn's mailbox holds when its reader is slow, on both engines."""

from __future__ import annotations

import asyncio
import random
import sys
from typing import Any

import pytest

from openai_codex._core.mailbox import Mailbox
from openai_codex._core.notification import Notification

from .conftest import Driver, Run
from .test_stream import COMPLETED, STARTED, line

DONE: list[Any] = ["result", {}]
SCOPE = {"threadId": "T", "turnId": "U"}


def text(delta: str, item: str = "i") -> str:
    return line(method="item/agentMessage/delta", params={**SCOPE, "itemId": item, "delta": delta})


def diff(number: str) -> str:
    return line(method="turn/diff/updated", params={**SCOPE, "diff": number})


def turn(*steps: Any) -> dict[str, Any]:
    return {"on": {"turn/start": [STARTED, *steps, COMPLETED]}}


def read(events: list[Notification]) -> list[str]:
    return [event.params.get("delta") or event.params.get("diff") or event.method for event in events]


def test_unread_text_is_merged_and_everything_else_kept(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        _, mailbox = await d.open_turn()
        await d.request("all has come", {})
        assert read([*mailbox.items]) == ["0 ", "1 ", "2 3 4 5 6 7 8 9 ", "a", "b", "cd", "turn/completed"]
        assert mailbox.merged == 8
        assert len(await d.drain(mailbox)) == 7

    others = "".join([diff("a"), diff("b"), text("c", "j"), text("d", "j")])
    run(scenario, turn(["count", text("$n "), 10], ["raw", others]), event_buffer=3)


def test_unread_text_is_not_merged_by_default(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        _, mailbox = await d.open_turn()
        await d.request("all has come", {})
        assert len(mailbox.items) == 10_001 and mailbox.merged == 0

    run(scenario, turn(["count", text("$n "), 10_000]))


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_reader_of_any_speed_gets_the_whole_text_in_order(run: Run, limit: int) -> None:
    count, steps = 2000, 10

    async def scenario(d: Driver) -> None:
        chance, taken = random.Random(limit), list[Notification]()
        _, mailbox = await d.open_turn()
        while not (mailbox.closed and not mailbox.items):
            assert await d.receive(mailbox)
            for _ in range(chance.choice([1, 1, 5, 1000])):
                if mailbox.items:
                    taken.append(mailbox.items.popleft())
            await asyncio.sleep(chance.choice([0, 0, 0.001, 0.01]))
        told = "".join(read(taken[:-1]))
        assert told.split() == [*map(str, range(count)), "diff"] * steps
        assert len(taken) + mailbox.merged == steps * (count + 1) + 1
        assert mailbox.merged > count

    run(scenario, turn(*[["count", text("$n "), count], ["raw", diff("diff ")]] * steps), event_buffer=limit)


def test_reader_that_is_always_there_takes_everything_once(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        def read_all(mailbox: Mailbox) -> list[Notification]:
            taken: list[Notification] = []
            while not (mailbox.closed and not mailbox.items):
                assert d.engine.receive(mailbox, timeout=20)
                while mailbox.items:
                    taken.append(mailbox.items.popleft())
            return taken

        _, mailbox = await d.open_turn()
        loop, interval = asyncio.get_running_loop(), sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            taken = await loop.run_in_executor(d.pool, read_all, mailbox) if d.threaded else await d.drain(mailbox)
        finally:
            sys.setswitchinterval(interval)
        assert "".join(read(taken[:-1])).split() == [*map(str, range(50_000))]
        assert len(taken) + mailbox.merged == 50_001

    run(scenario, turn(["count", text("$n "), 50_000]), event_buffer=1)


def test_turn_that_is_followed_late_is_merged_from_its_beginning(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        await d.request("begin", {})
        _, mailbox = d.engine.open_turn("U", "T")
        assert read([*mailbox.items]) == ["0 ", "1 2 3 4 5 6 7 8 9 "]
        _, late = d.engine.open_turn("U", "T")
        await d.request("go on", {})
        assert read([*mailbox.items]) == ["0 ", "1 2 3 4 5 6 7 8 9 x x x x ", "turn/completed"]
        assert read([*late.items]) == ["x ", "x x x ", "turn/completed"]
        assert (mailbox.merged, late.merged) == (12, 2)

    script = {
        "begin": [["count", text("$n "), 10], DONE],
        "go on": [["count", text("x "), 4], COMPLETED, DONE],
    }
    run(scenario, {"on": script}, event_buffer=2)


def test_reader_that_leaves_ends_the_merging(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        _, mailbox = await d.open_turn()
        await d.request("more", {})
        assert mailbox.merged == 9
        d.engine.leave(mailbox)
        await d.request("more", {})
        assert (mailbox.merged, len(mailbox.items)) == (9, 0)

    more = [["count", text("$n "), 10], DONE]
    run(scenario, {"on": {"turn/start": [STARTED], "more": more}}, event_buffer=1)
