"""Turns and events on both engines, and what a hostile or dying runtime does to them."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import time
from typing import Any

import pytest

from openai_codex._unknown import UnknownNotification
from openai_codex.errors import ResponseValidationError, TransportClosedError

from .conftest import Driver, Run

STARTED = ["send", {"id": "$id", "result": {"turn": {"id": "U"}}}]
COMPLETED = ["send", {"method": "turn/completed", "params": {"turn": {"id": "U"}}}]


def delta(number: int, turn: str = "U") -> list[Any]:
    return ["send", {"method": "item/delta", "params": {"turnId": turn, "n": number}}]


def line(**message: Any) -> str:
    return json.dumps(message) + "\n"


async def numbers(d: Driver, mailbox: Any) -> list[Any]:
    return [item.params.get("n") for item in await d.drain(mailbox)]


def test_turn_is_followed_from_its_first_event_to_its_end(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        result, mailbox = await d.open_turn()
        assert result == {"turn": {"id": "U"}}
        assert await numbers(d, mailbox) == [1, 2, 3, None]
        assert await d.receive(mailbox) and not mailbox.items  # closed: nothing follows
        assert (await d.next_event()).params["n"] == 4

    run(scenario, {"on": {"turn/start": [delta(1), STARTED, delta(2), delta(3), COMPLETED, delta(4)]}})


def test_receive_times_out_and_can_be_called_again(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        started = time.monotonic()
        assert not await d.receive(d.events, timeout=0.1)
        assert not await d.receive(d.events, timeout=0)
        assert 0.05 < time.monotonic() - started < 5
        await d.request("emit", {})
        assert (await d.next_event()).method == "hello"

    run(scenario, {"on": {"emit": [["send", {"method": "hello", "params": {}}], ["result", None]]}})


def test_second_waiter_on_one_mailbox_is_an_error(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        first = asyncio.ensure_future(d.receive(d.events))
        while d.events.waiter is None:
            await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="one consumer"):
            await d.receive(d.events)
        await d.request("emit", {})
        assert await first

    run(scenario, {"on": {"emit": [["send", {"method": "hello", "params": {}}], ["result", None]]}})


def test_watched_methods_are_seen_beside_their_turn(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        watched = d.engine.watch(["turn/completed"])
        _, mailbox = await d.open_turn()
        assert (await d.next_event(watched)).method == "turn/completed"
        assert len(await d.drain(mailbox)) == 1
        d.engine.leave(watched)

    run(scenario, {"on": {"turn/start": [STARTED, COMPLETED]}})


def test_turn_that_is_left_is_not_filled(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        _, mailbox = await d.open_turn()
        d.engine.leave(mailbox)
        await d.request("more", {})
        assert not mailbox.items and not d.events.items

    run(scenario, {"on": {"turn/start": [STARTED], "more": [delta(1), ["result", None]]}})


def test_hundred_thousand_events_arrive_in_order(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        _, mailbox = await d.open_turn()
        assert len(await d.drain(mailbox)) == 100_001

    text = line(method="item/delta", params={"turnId": "U", "delta": "x"})
    run(scenario, {"on": {"turn/start": [STARTED, ["repeat", text * 100, 1000], COMPLETED]}})


@pytest.mark.parametrize("size", [1, 2, 7])
def test_messages_split_anywhere_are_whole(run: Run, size: int) -> None:
    async def scenario(d: Driver) -> None:
        _, mailbox = await d.open_turn()
        assert await numbers(d, mailbox) == ["é\u2028", 2, None]

    texts = [
        '{"id":$id,"result":{"turn":{"id":"U"}}}\n',
        json.dumps({"method": "d", "params": {"turnId": "U", "n": "é\u2028"}}, ensure_ascii=False) + "\r\n",
        line(method="d", params={"turnId": "U", "n": 2}),
        line(method="turn/completed", params={"turn": {"id": "U"}}),
    ]
    text = "".join(texts).encode().decode("latin-1")
    run(scenario, {"on": {"turn/start": [["dribble", text, size]]}})


@pytest.mark.slow
def test_line_of_64_megabytes_is_read(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        result = await d.request("big", {})
        assert len(result) == 64 * 1024 * 1024
        assert await d.request("a", {}) == {"echo": {}}

    big = [["raw", '{"id":$id,"result":"'], ["repeat", "x" * 1024, 64 * 1024], ["raw", '"}\n']]
    run(scenario, {"on": {"big": big}})


BAD = {
    "not JSON": "nonsense\n",
    "cut off": '{"method":\n',
    "array": "[]\n",
    "null": "null\n",
    "invalid UTF-8": '{"method":"x","params":{"a":"\xff\xfe"}}\n',
    "empty": "\n\r\n\n",
    "deep": '{"a":' * 1000 + "}" * 1000 + "\n",
    "unknown id": '{"id":4711,"result":{}}\n',
    "odd id": '{"id":{"a":1},"result":{}}\n{"id":1.5,"error":{}}\n{"id":true,"result":1}\n',
    "odd method": '{"method":5,"params":{}}\n{"method":null,"id":"x"}\n',
    "odd turn": '{"method":"x","params":{"turnId":["U"]}}\n{"method":"x","params":{"turn":[]}}\n',
}


@pytest.mark.parametrize("bad", BAD)
def test_bad_message_loses_no_other(run: Run, bad: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(d: Driver) -> None:
        _, mailbox = await d.open_turn()
        assert await numbers(d, mailbox) == [1, 2, None]
        assert await d.request("a", {}) == {"echo": {}}

    with caplog.at_level(logging.CRITICAL, "openai_codex"):
        run(scenario, {"on": {"turn/start": [STARTED, delta(1), ["raw", BAD[bad]], delta(2), COMPLETED]}})


def test_nesting_and_surrogates_beyond_the_fast_parser_are_delivered(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        first, second = await d.next_event(), await d.next_event()
        assert first.method == "deep"
        assert second.params == {"s": "\ud800"}

    deep = '{"method":"deep","params":{"x":' + "[" * 300 + "]" * 300 + "}}\n"
    run(scenario, {"on_start": [["raw", deep], ["raw", '{"method":"s","params":{"s":"\\ud800"}}\n']]})


def test_answer_nested_too_deeply_fails_its_call_alone(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(d: Driver) -> None:
        with pytest.raises(ResponseValidationError, match=r"deep: .*nested"):
            await d.request("deep", {}, timeout=30)
        assert await d.request("a", {}) == {"echo": {}}

    deep = [["raw", '{"id":$id,"result":'], ["repeat", "[", 200_000], ["repeat", "]", 200_000], ["raw", "}\n"]]
    with caplog.at_level(logging.CRITICAL, "openai_codex"):
        run(scenario, {"on": {"deep": deep}})


def test_duplicate_answer_is_dropped(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        assert await d.request("twice", {}) == 1
        assert await d.request("a", {}) == {"echo": {}}

    run(scenario, {"on": {"twice": [["result", 1], ["result", 2]]}})


def test_notification_that_no_model_fits_is_delivered_raw(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(d: Driver) -> None:
        for method in ("future/one", "thread/started"):
            event = await d.next_event()
            assert event.method == method
            assert event.payload == UnknownNotification({"odd": [1]})
            assert (event.payload_error is not None) == (method == "thread/started")

    with caplog.at_level(logging.CRITICAL, "openai_codex"):
        messages = [["send", {"method": m, "params": {"odd": [1]}}] for m in ("future/one", "thread/started")]
        run(scenario, {"on_start": messages})


# -- the death of the runtime -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "code", "text"),
    [
        (["exit", 3], 3, "exited with code 3"),
        (["exit", 0], 0, "exited with code 0"),
        (["kill", int(signal.SIGKILL)], -signal.SIGKILL, "killed by SIGKILL"),
    ],
)
def test_death_is_told_to_every_caller_at_once(run: Run, last: list[Any], code: int, text: str) -> None:
    async def scenario(d: Driver) -> None:
        _, mailbox = await d.open_turn()
        started = time.monotonic()
        held = [asyncio.ensure_future(d.request("hold", {})) for _ in range(70)]
        events = asyncio.ensure_future(d.receive(d.events))
        dying = asyncio.ensure_future(d.request("turn/interrupt", {}, timeout=None))
        for task in (*held, events, dying):
            with pytest.raises(TransportClosedError, match=text) as raised:
                await task
            assert raised.value.exit_code == code
            assert raised.value.stderr_tail == ("first", "last words")
        assert (await d.next_event(mailbox)).params["n"] == 1  # what came is still there
        with pytest.raises(TransportClosedError, match=text):
            await d.receive(mailbox)
        with pytest.raises(TransportClosedError, match=f"again: .*{text}"):
            await d.request("again", {})
        assert d.engine.closed
        assert time.monotonic() - started < 10

    run(
        scenario,
        {
            "on": {
                "turn/start": [STARTED, delta(1)],
                "hold": [["hold"]],
                # never queued, although the cap is reached
                "turn/interrupt": [["stderr", "first\nlast words\n", 1], last],
            }
        },
        request_timeout=None,
    )


def test_death_in_the_middle_of_a_line_ends_the_stream(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        _, mailbox = await d.open_turn()
        assert (await d.next_event(mailbox)).params["n"] == 1
        with pytest.raises(TransportClosedError):
            await d.receive(mailbox)

    half = ["raw", '{"method":"item/delta","params":{"turnId":"U"']
    run(scenario, {"on": {"turn/start": [STARTED, delta(1), half, ["exit", 1]]}})


def test_death_before_the_first_answer_fails_the_call(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        with pytest.raises(TransportClosedError) as raised:
            await d.request("initialize", {})
        assert raised.value.exit_code == 1
        assert raised.value.stderr_tail == ("Error: bad config",)

    run(scenario, {"on_start": [["stderr", "Error: bad config\n", 1], ["exit", 1]]})


def test_reason_above_a_backtrace_is_shown(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        with pytest.raises(TransportClosedError, match="Error: bad config") as raised:
            await d.request("initialize", {})
        assert "frame" not in str(raised.value)
        assert raised.value.stderr_tail == ("Error: bad config", "Stack backtrace:", *["0: frame"] * 20)

    backtrace = [["stderr", "Error: bad config\n\nStack backtrace:\n", 1], ["stderr", "0: frame\n", 20]]
    run(scenario, {"on_start": [*backtrace, ["exit", 1]]})


def test_death_is_noticed_while_a_grandchild_holds_the_pipes(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        started = time.monotonic()
        with pytest.raises(TransportClosedError, match="code 5"):
            await d.request("die", {}, timeout=None)
        assert time.monotonic() - started < 3
        await d.close()
        assert time.monotonic() - started < 5

    run(scenario, {"on": {"die": [["orphan", 8], ["exit", 5]]}})


def test_closed_output_of_a_living_runtime_is_the_end(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        with pytest.raises(TransportClosedError, match="without exiting") as raised:
            await d.request("mute", {}, timeout=None)
        assert raised.value.exit_code is None

    run(scenario, {"on": {"mute": [["close_stdout"]]}, "ignore_eof": False})


def test_kill_in_mid_stream_hangs_nobody(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        _, mailbox = await d.open_turn()
        await d.receive(mailbox)
        os.kill(d.pid, signal.SIGKILL)
        with pytest.raises(TransportClosedError, match="SIGKILL"):
            while await d.receive(mailbox):
                mailbox.items.clear()

    text = line(method="item/delta", params={"turnId": "U", "delta": "x"})
    run(scenario, {"on": {"turn/start": [STARTED, ["repeat", text, 10_000_000]]}})


# -- close and pressure -----------------------------------------------------------------------------------


def test_flood_on_stderr_blocks_nothing(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        assert await d.request("flood", {}) == "done"

    run(scenario, {"on": {"flood": [["stderr", "x" * 99 + "\n", 100_000], ["result", "done"]]}})


def test_close_ends_a_runtime_that_ignores_every_request_to_end(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        await d.request("a", {})
        process, started = d.engine._process, time.monotonic()
        await d.close()
        assert process.returncode == -signal.SIGKILL
        assert 3.5 < time.monotonic() - started < 8

    run(scenario, {"ignore_eof": True, "ignore_sigterm": True})


def test_close_ends_gently_where_it_can(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        await d.request("a", {})
        process, started = d.engine._process, time.monotonic()
        await d.close()
        assert process.returncode == 0
        assert time.monotonic() - started < 2

    run(scenario)


def test_close_does_not_wait_for_a_runtime_that_neither_reads_nor_ends(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        sending = asyncio.ensure_future(d.request("a", {"text": "x" * 5_000_000}))
        await asyncio.sleep(0.2)
        started = time.monotonic()
        await d.close()
        assert time.monotonic() - started < 6
        with pytest.raises(TransportClosedError):
            await sending

    run(scenario, {"pause_reading_s": 30})


def test_close_during_a_flood_is_prompt(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        await d.open_turn()
        started = time.monotonic()
        await d.close()
        assert time.monotonic() - started < 6

    text = line(method="item/delta", params={"turnId": "U", "delta": "x"})
    run(scenario, {"on": {"turn/start": [STARTED, ["repeat", text, 10_000_000]]}})


def test_thousand_waiting_turns_need_two_threads() -> None:
    import sys
    import threading

    from openai_codex._config import CodexConfig
    from openai_codex._engine.aio import AsyncEngine
    from openai_codex._engine.protocol import Protocol

    from .conftest import FAKE_SERVER

    ids = [f"T{n}" for n in range(1000)]
    ends = "".join(line(method="turn/completed", params={"turn": {"id": id}}) for id in ids)
    script = json.dumps({"on": {"end": [["raw", ends], ["result", None]]}})
    argv = (sys.executable, "-I", "-S", str(FAKE_SERVER), script)

    async def main() -> None:
        before = threading.active_count()
        engine = AsyncEngine(CodexConfig(launch_args_override=argv), protocol=Protocol())
        await engine.start()
        mailboxes = [engine.open_turn(id, "T")[1] for id in ids]
        waiting = [asyncio.ensure_future(engine.receive(mailbox)) for mailbox in mailboxes]
        await asyncio.sleep(0)
        assert all(mailbox.waiter is not None for mailbox in mailboxes)
        started = time.monotonic()
        assert await engine.request("a", {}) == {"echo": {}}
        assert threading.active_count() <= before + 1
        await engine.request("end", {})
        assert all(await asyncio.gather(*waiting))
        assert time.monotonic() - started < 5
        assert all(mailbox.closed for mailbox in mailboxes)
        await engine.close()

    asyncio.run(main())
