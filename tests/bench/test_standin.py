"""The stand-in app-server, driven raw over its pipes."""

import json
import os
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Json = dict[str, Any]

STANDIN = Path(__file__).with_name("standin.py")


class Wire:
    """One stand-in process and the lines it wrote."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process, self.stdin, self.stdout = process, process.stdin, process.stdout
        self.seen: list[Json] = []
        self.last_id = 0

    def send(self, method: str, **params: object) -> int:
        """Send a request and return its id."""
        self.last_id += 1
        line = json.dumps({"id": self.last_id, "method": method, "params": params})
        self.stdin.write(line.encode() + b"\n")
        self.stdin.flush()
        return self.last_id

    def read(self) -> Json:
        """The next message."""
        line = self.stdout.readline()
        assert line, "the stand-in closed its output"
        message: Json = json.loads(line)
        self.seen.append(message)
        return message

    def answer(self, request_id: int) -> Json:
        """Read up to the response of this request."""
        while (message := self.read()).get("id") != request_id:
            pass
        return message

    def call(self, method: str, **params: object) -> Json:
        """A request's response: its result, or the whole message where it has an error."""
        message = self.answer(self.send(method, **params))
        result: Json = message.get("result", message)
        return result

    def start_thread(self) -> str:
        """The id of a new thread."""
        thread_id: str = self.call("thread/start")["thread"]["id"]
        return thread_id

    def start_turn(self, thread_id: str, text: str) -> str:
        """The id of a new turn with this input."""
        answer = self.call("turn/start", threadId=thread_id, input=[{"type": "text", "text": text}])
        turn_id: str = answer["turn"]["id"]
        return turn_id

    def until_completed(self, turn_id: str) -> list[Json]:
        """Read until the turn ends; the notifications that carry its id, of those read so far."""
        while not self.completions(turn_id):
            self.read()
        return [message for message in self.seen if message.get("params", {}).get("turnId") == turn_id]

    def completions(self, turn_id: str) -> list[Json]:
        """The turn objects of the turn/completed lines read so far."""
        ended = (message for message in self.seen if message.get("method") == "turn/completed")
        return [turn for message in ended if (turn := message["params"]["turn"])["id"] == turn_id]


@contextmanager
def standin(*arguments: str, initialize: bool = True) -> Generator[Wire, None, None]:
    """A running stand-in, initialized unless told otherwise."""
    command = [sys.executable, "-I", "-S", str(STANDIN), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        wire = Wire(process)
        if initialize:
            wire.call("initialize", clientInfo={"name": "wire", "title": None, "version": "1"})
        yield wire
        wire.stdin.close()
        assert process.wait(timeout=10) == 0


def deltas(messages: list[Json]) -> list[str]:
    return [m["params"]["delta"] for m in messages if m["method"] == "item/agentMessage/delta"]


def test_initialize_names_client_and_runtime_version() -> None:
    with standin(initialize=False) as wire:
        result = wire.call("initialize", clientInfo={"name": "probe", "version": "1"})
        assert result["userAgent"].startswith("probe/0.163.0 ")


def test_request_is_refused_before_initialize() -> None:
    with standin(initialize=False) as wire:
        assert wire.call("model/list")["error"] == {"code": -32600, "message": "Not initialized"}


def test_initialize_is_refused_the_second_time() -> None:
    with standin() as wire:
        error = wire.call("initialize", clientInfo={"name": "probe", "version": "1"})["error"]
        assert error["message"] == "Already initialized"


def test_unknown_method_and_unknown_thread_are_refused() -> None:
    with standin() as wire:
        assert "unknown variant `nope/nope`" in wire.call("nope/nope")["error"]["message"]
        assert wire.call("thread/read", threadId="t9")["error"]["message"] == "thread not found: t9"


def test_notification_gets_no_answer() -> None:
    with standin() as wire:
        wire.stdin.write(b'{"method":"initialized"}\n')
        assert wire.call("model/list")["data"][0]["isDefault"] is True
        assert len(wire.seen) == 2


def test_thread_read_shows_name_and_turns_with_items() -> None:
    with standin() as wire:
        thread_id = wire.start_thread()
        assert wire.call("thread/name/set", threadId=thread_id, name="new") == {}
        turn_id = wire.start_turn(thread_id, "items n=20")
        wire.until_completed(turn_id)
        (completed,) = wire.completions(turn_id)
        thread = wire.call("thread/read", threadId=thread_id, includeTurns=True)["thread"]
        assert (thread["id"], thread["name"]) == (thread_id, "new")
        assert thread["turns"] == [completed]
        assert [item["id"] for item in completed["items"]] == [f"i{k}" for k in range(20)]
        assert wire.call("thread/read", threadId=thread_id)["thread"]["turns"] == []


def test_plain_text_is_answered_by_an_agent_message_that_repeats_it() -> None:
    with standin() as wire:
        turn_id = wire.start_turn(wire.start_thread(), "what now?")
        methods = [message["method"] for message in wire.until_completed(turn_id)]
        assert methods == ["item/started", "item/agentMessage/delta", "item/completed"]
        (completed,) = wire.completions(turn_id)
        assert completed["status"] == "completed"
        assert completed["items"][0]["text"] == "what now?"


def test_mixed_turn_repeats_the_recording_with_own_ids() -> None:
    with standin() as wire:
        thread_id = wire.start_thread()
        turn_id = wire.start_turn(thread_id, "mixed n=331")
        wire.until_completed(turn_id)
        notifications = [message for message in wire.seen if "method" in message]
        assert len(notifications) == 2 * 330 + 2
        assert {m["params"].get("threadId", thread_id) for m in notifications} == {thread_id}
        assert {m["params"].get("turnId", turn_id) for m in notifications} == {turn_id}


def test_kinds_turn_sends_each_kind_once() -> None:
    with standin() as wire:
        turn_id = wire.start_turn(wire.start_thread(), "kinds")
        seen = Counter(
            (message["method"], message["params"].get("item", {}).get("type"))
            for message in wire.until_completed(turn_id)
        )
        assert set(seen.values()) == {1}
        assert len(seen) == 13


def test_early_turn_ends_before_its_start_is_answered() -> None:
    with standin() as wire:
        turn_id = wire.start_turn(wire.start_thread(), "early n=3")
        assert len(wire.completions(turn_id)) == 1
        assert deltas(wire.until_completed(turn_id)) == ["0 ", "1 ", "2 "]


def test_numbered_turn_keeps_order_when_written_in_pieces() -> None:
    with standin("7") as wire:
        turn_id = wire.start_turn(wire.start_thread(), "numbered n=300")
        assert deltas(wire.until_completed(turn_id)) == [f"{k} " for k in range(300)]


def test_unscoped_notifications_carry_no_turn() -> None:
    with standin() as wire:
        turn_id = wire.start_turn(wire.start_thread(), "unscoped n=250")
        assert wire.until_completed(turn_id) == []
        assert sum(message.get("method") == "thread/status/changed" for message in wire.seen) == 300


def test_busy_turn_sends_so_many_recorded_events_of_its_own_from_the_given_one_on() -> None:
    with standin() as wire:
        thread_id = wire.start_thread()
        events = wire.until_completed(wire.start_turn(thread_id, "busy n=405"))
        again = wire.until_completed(wire.start_turn(thread_id, "busy n=25 skip=380"))
        assert (len(events), len(again)) == (405, 25)
        assert [m["method"] for m in again] == [m["method"] for m in events[380:]]
        assert len({m["method"] for m in events}) > 5


def test_turns_that_wait_for_each_other_begin_together() -> None:
    with standin() as wire:
        first, second, last = (wire.start_thread() for _ in range(3))
        turns = [wire.start_turn(thread_id, "numbered n=2 together=3") for thread_id in (first, second)]
        wire.until_completed(wire.start_turn(wire.start_thread(), "not one of them"))
        assert not any(wire.completions(turn_id) for turn_id in turns)
        assert wire.call("turn/interrupt", threadId=second, turnId=turns[1]) == {}
        turns.append(wire.start_turn(last, "numbered n=2 together=3"))
        counted = [deltas(wire.until_completed(turn_id)) for turn_id in turns]
        assert counted == [["0 ", "1 "], [], ["0 ", "1 "]]
        wire.call("model/list")
        assert [len(wire.completions(turn_id)) for turn_id in turns] == [1, 1, 1]


def test_thread_list_gives_threads_with_turns_in_pages_newest_first() -> None:
    with standin() as wire:
        ids = [wire.start_thread() for _ in range(130)]
        for thread_id in ids:
            wire.until_completed(wire.start_turn(thread_id, "hello"))
        wire.start_thread()  # has no turn
        wire.call("thread/name/set", threadId=ids[-1], name="newest")
        pages = [wire.call("thread/list", limit=1000)]
        pages.append(wire.call("thread/list", limit=1000, cursor=pages[0]["nextCursor"]))
        assert [len(page["data"]) for page in pages] == [100, 30]
        assert pages[1]["nextCursor"] is None
        assert [thread["id"] for page in pages for thread in page["data"]] == ids[::-1]
        assert [thread["name"] for thread in pages[0]["data"][:2]] == ["newest", None]
        assert len(wire.call("thread/list")["data"]) == 25


def test_large_output_comes_in_a_notification_and_a_stored_one_in_the_history_alone() -> None:
    with standin() as wire:
        thread_id = wire.start_thread()
        (event,) = wire.until_completed(wire.start_turn(thread_id, "large bytes=6400"))
        assert len(json.dumps(event["params"]["item"]["aggregatedOutput"])) == 6400 + 2
        stored = wire.start_turn(thread_id, "stored bytes=12800")
        assert wire.until_completed(stored) == []
        assert wire.completions(stored)[0]["items"] == []
        (turn,) = wire.call("thread/read", threadId=thread_id, includeTurns=True)["thread"]["turns"]
        assert (turn["id"], len(json.dumps(turn["items"][0]["aggregatedOutput"]))) == (stored, 12800 + 2)


def test_strangers_are_whole_turns_that_nobody_started() -> None:
    with standin() as wire:
        turn_id = wire.start_turn(wire.start_thread(), "strangers n=3 events=4")
        wire.until_completed(turn_id)
        others = [f"{turn_id}-{k}" for k in range(3)]
        assert [len(wire.completions(other)) for other in others] == [1, 1, 1]
        assert [len(deltas(wire.until_completed(other))) for other in others] == [4, 4, 4]


def test_quiet_turn_with_a_phase_speaks_earlier_and_ends_at_the_same_time() -> None:
    with standin() as wire:
        texts = ("quiet s=0.4 ticks=1", "quiet s=0.4 ticks=1 phase=0.9")
        begin = time.monotonic()
        late, early = (wire.start_turn(wire.start_thread(), text) for text in texts)
        wire.until_completed(early)
        assert time.monotonic() - begin >= 0.4
        ticks = [m["params"]["turnId"] for m in wire.seen if m.get("method") == "item/agentMessage/delta"]
        assert ticks == [early, late]


def test_quiet_turns_run_side_by_side_and_answer_meanwhile() -> None:
    with standin() as wire:
        begin = time.monotonic()
        turns = [wire.start_turn(wire.start_thread(), "quiet s=0.3 ticks=2") for _ in range(50)]
        assert "data" in wire.call("model/list")
        assert not any(wire.completions(turn_id) for turn_id in turns)
        assert all(deltas(wire.until_completed(turn_id)) == ["tick ", "tick "] for turn_id in turns)
        assert 0.3 <= time.monotonic() - begin < 0.3 * 50


def test_interrupt_ends_a_silent_turn_once() -> None:
    with standin() as wire:
        thread_id = wire.start_thread()
        turn_id = wire.start_turn(thread_id, "hang")
        assert wire.call("turn/steer", threadId=thread_id, expectedTurnId=turn_id) == {"turnId": turn_id}
        wrong = wire.call("turn/interrupt", threadId=thread_id, turnId="t9")["error"]["message"]
        assert wrong == f"expected active turn id t9 but found {turn_id}"
        assert wire.call("turn/interrupt", threadId=thread_id, turnId=turn_id) == {}
        wire.until_completed(turn_id)
        assert [turn["status"] for turn in wire.completions(turn_id)] == ["interrupted"]
        again = wire.call("turn/interrupt", threadId=thread_id, turnId=turn_id)["error"]["message"]
        assert again == "no active turn to interrupt"


def test_interrupt_gets_through_a_flood() -> None:
    with standin() as wire:
        thread_id = wire.start_thread()
        turn_id = wire.start_turn(thread_id, "mixed n=10000000")
        assert wire.call("turn/interrupt", threadId=thread_id, turnId=turn_id) == {}
        wire.until_completed(turn_id)
        assert len(wire.seen) < 100_000


def test_second_start_joins_the_running_turn() -> None:
    with standin() as wire:
        thread_id = wire.start_thread()
        turn_id = wire.start_turn(thread_id, "hang")
        assert wire.start_turn(thread_id, "more") == turn_id
        wire.call("turn/interrupt", threadId=thread_id, turnId="")
        wire.until_completed(turn_id)
        assert wire.start_turn(thread_id, "early") != turn_id


def test_unread_output_does_not_stop_the_reading() -> None:
    with standin() as wire:
        thread_id = wire.start_thread()
        wire.send("turn/start", threadId=thread_id, input=[{"type": "text", "text": "mixed n=1000000"}])
        # More requests than the pipe to the stand-in holds: it must take them while nobody reads its output.
        padding = "x" * 1000
        ids = [wire.send("thread/name/set", threadId=thread_id, name=padding) for _ in range(500)]
        wire.answer(wire.send("turn/interrupt", threadId=thread_id, turnId=""))
        assert {message.get("id") for message in wire.seen} >= set(ids)


def test_answer_that_waited_for_other_output_is_written_after_it() -> None:
    with standin() as wire:
        wire.send("turn/start", threadId=wire.start_thread(), input=[{"type": "text", "text": "mixed n=1320"}])
        time.sleep(0.3)  # until the turn has no more to say, and the pipe takes no more
        answer = b'{"id":%d,' % wire.send("model/list")
        time.sleep(0.1)
        written = b""
        while answer not in written:
            assert select.select([wire.stdout], [], [], 5)[0], "the answer does not come"
            written += os.read(wire.stdout.fileno(), 65536)


def test_standin_ends_when_its_output_is_closed() -> None:
    read_end, write_end = os.pipe()
    command = [sys.executable, "-I", "-S", str(STANDIN)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=write_end) as process:
        os.close(write_end)
        os.close(read_end)
        assert process.stdin is not None
        process.stdin.write(b'{"id":1,"method":"model/list"}\n')
        process.stdin.flush()
        assert process.wait(timeout=10) == 0
