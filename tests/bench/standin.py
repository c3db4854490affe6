"""A stand-in app-server over stdio: the protocol's outside, no model, the same costs from run to run.

Started as ``python -I -S standin.py [BYTES]``; BYTES limits the size of one write, so that messages arrive
in pieces. Standard library only and one thread; it needs ``select`` on pipes, so Linux or macOS. The first
text of a turn's input says what the turn does, a word and then ``key=value`` pairs:

    mixed n=330        the recorded turn, repeated until at least ``n`` notifications are sent
    kinds              the first notification of each kind in the recorded turn
    numbered n=1000    ``n`` message deltas "0 ", "1 ", ... that show a loss or a wrong order
    early n=5          ``n`` deltas and turn/completed, all *before* the response of turn/start
    items n=5000       turn/completed with ``n`` items; thread/read shows them too
    busy n=330 skip=0  exactly ``n`` notifications of the recorded turn in steps of ten, from the ``skip``-th on
    unscoped n=1000    ``n`` notifications (in hundreds) that belong to no turn
    strangers n=100 events=10  ``n`` whole turns of ``events`` deltas that no client has started
    large bytes=10000  item/completed of a command whose output takes so many bytes (in pieces of 64) on the wire
    stored bytes=10000  such an item in thread/read, and in no notification
    quiet s=5 ticks=5  ``ticks`` deltas spread over ``s`` seconds; the first ``phase=0.5`` of a pause earlier
    hang               nothing, until turn/interrupt
    anything else      one agent message that repeats the text

``together=100`` after any of them lets the turn begin its work when a hundred turns wait to do so.

A turn is a generator of steps ``(seconds to wait, bytes to send)``. One heap orders the steps of all turns;
steps that are due at once take turns, so a flood neither starves a quiet turn nor hides an interrupt.
`StandIn` is free of I/O (`receive` and `output`); `main` moves the bytes.
"""

import contextlib
import functools
import heapq
import itertools
import json
import math
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

Step = tuple[float, bytes]
Json = dict[str, Any]

RUNTIME_VERSION = "0.163.0"
_FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
_BLOCK_BYTES = 1 << 18
_READ_BYTES = 1 << 16  # what a pipe holds; a larger buffer is mapped and unmapped on every read
_PAGE, _MOST_ON_A_PAGE = 25, 100
_STARTED, _COMPLETED, _DURATION_MS = 1795414748, 1795414750, 1732


class Refused(Exception):
    """A request that is answered with an error; the text is the error's message."""


def encode(message: Json) -> bytes:
    """One wire line."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def fixture(name: str) -> bytes:
    """The bytes of one recorded file."""
    with open(os.path.join(_FIXTURES, name), "rb") as file:
        return file.read()


@functools.cache
def recorded_turn() -> bytes:
    """The recorded turn, one notification a line, with ``@THREAD@`` and ``@TURN@`` for the ids."""
    return fixture("mixed_turn.jsonl")


@functools.cache
def recorded_kinds() -> bytes:
    """The first line of each kind (method and item type) in the recorded turn."""
    first: dict[tuple[str, str], bytes] = {}
    for line in recorded_turn().splitlines(keepends=True):
        message = json.loads(line)
        first.setdefault((message["method"], message["params"].get("item", {}).get("type", "")), line)
    return b"".join(first.values())


@functools.cache
def busy_lines() -> tuple[bytes, ...]:
    """The recorded notifications that carry the turn's id as ``turnId``."""
    lines = recorded_turn().splitlines(keepends=True)
    return tuple(line for line in lines if "turnId" in json.loads(line)["params"])


@functools.cache
def command_json(output_bytes: int) -> bytes:
    """A recorded command with an output of this size on the wire, in lines of 64 bytes."""
    items = (json.loads(line)["params"].get("item", {}) for line in busy_lines())
    command = next(item for item in items if item.get("type") == "commandExecution" and item["aggregatedOutput"])
    line = b"-rw-r--r-- 1 dev dev 1900 Nov 23 06:19 tests/unit/test_beta.py\\n"
    return encode({**command, "aggregatedOutput": "@"})[:-1].replace(b"@", line * (output_bytes // len(line)))


@functools.cache
def items_json(count: int) -> bytes:
    """``count`` recorded items with ids ``i0``, ``i1``, ..., without the list's brackets."""
    lines = [json.loads(line) for line in recorded_turn().splitlines()]
    items = [line["params"]["item"] for line in lines if line["method"] == "item/completed"]
    return b",".join(encode({**items[k % len(items)], "id": f"i{k}"})[:-1] for k in range(count))


@functools.cache
def recorded_thread_start() -> bytes:
    """The recorded result of thread/start, with ``@THREAD@`` for the id."""
    return encode(json.loads(fixture("thread_start.json")))[:-1]


@functools.cache
def recorded_thread() -> bytes:
    """The thread object of that result."""
    return encode(json.loads(fixture("thread_start.json"))["thread"])[:-1]


@functools.cache
def model_list() -> bytes:
    """The recorded result of model/list."""
    return encode(json.loads(fixture("model_list.json")))[:-1]


class Thread:
    """One thread: its name, its running turn and the turns that thread/read shows."""

    def __init__(self, thread_id: str) -> None:
        self.id = thread_id
        self.name: str | None = None
        self.active: Turn | None = None
        self.has_turns = False  # a thread without any is not stored
        self.history: list[bytes] = []

    def start_result(self) -> bytes:
        """The result of thread/start."""
        return recorded_thread_start().replace(b"@THREAD@", self.id.encode())

    def json(self) -> bytes:
        """The thread object, without turns."""
        head, tail = recorded_thread().split(b'"name":null', 1)
        name = json.dumps(self.name, ensure_ascii=False).encode()
        return (head + b'"name":' + name + tail).replace(b"@THREAD@", self.id.encode())

    def read_result(self, include_turns: bool) -> bytes:
        """The result of thread/read."""
        turns = b",".join(self.history) if include_turns else b""
        return b'{"thread":%s,"turns":[%s]}}' % (self.json().removesuffix(b',"turns":[]}'), turns)


class Turn:
    """One turn and the lines that speak of it."""

    def __init__(self, thread: Thread, turn_id: str) -> None:
        self.thread = thread
        self.id = turn_id
        self.running = True
        self.items = b""

    def json(self, status: str) -> bytes:
        """The turn object."""
        ended = status != "inProgress"
        head = encode(
            {
                "id": self.id,
                "rootTurnId": self.id,
                "itemsView": "full" if self.items else "notLoaded",
                "status": status,
                "error": None,
                "startedAt": _STARTED if ended else None,
                "completedAt": _COMPLETED if ended else None,
                "durationMs": _DURATION_MS if ended else None,
            }
        )
        return b'%s,"items":[%s]}' % (head[:-2], self.items if ended else b"")

    def line(self, method: str, status: str) -> bytes:
        """turn/started or turn/completed."""
        return b'{"method":"%s","params":{"threadId":"%s","turn":%s},"emittedAtMs":1795414750085}\n' % (
            method.encode(),
            self.thread.id.encode(),
            self.json(status),
        )

    def notification(self, method: str, **params: object) -> bytes:
        """Any other notification of this turn."""
        scope = {"threadId": self.thread.id, "turnId": self.id}
        return encode({"method": method, "params": {**scope, **params}, "emittedAtMs": 1795414748514})

    def delta(self, text: str) -> bytes:
        """A piece of the agent's message."""
        return self.notification("item/agentMessage/delta", itemId="m1", delta=text)

    def recorded(self, lines: bytes) -> bytes:
        """Recorded lines with this turn's ids."""
        return lines.replace(b"@THREAD@", self.thread.id.encode()).replace(b"@TURN@", self.id.encode())


def mixed(turn: Turn, n: str = "330") -> Iterator[Step]:
    """The recorded turn, again and again."""
    block = turn.recorded(recorded_turn())
    for _ in range(math.ceil(int(n) / recorded_turn().count(b"\n"))):
        yield 0, block


def kinds(turn: Turn) -> Iterator[Step]:
    """One notification of each kind."""
    yield 0, turn.recorded(recorded_kinds())


def numbered(turn: Turn, n: str = "1000") -> Iterator[Step]:
    """Deltas that count."""
    for k in range(int(n)):
        yield 0, turn.delta(f"{k} ")


def items(turn: Turn, n: str = "5000") -> Iterator[Step]:
    """A turn whose items come with its end."""
    turn.items = items_json(int(n))
    yield 0, b""


def busy(turn: Turn, n: str = "330", skip: str = "0") -> Iterator[Step]:
    """The recorded turn in small steps, so that many turns take turns."""
    lines = busy_lines()
    first, end = int(skip), int(skip) + int(n)
    for k in range(first, end, 10):
        yield 0, turn.recorded(b"".join(lines[j % len(lines)] for j in range(k, min(k + 10, end))))


def large(turn: Turn, bytes: str = "10000") -> Iterator[Step]:
    """One long message."""
    line = turn.notification("item/completed", item="@", completedAtMs=1795414748514)
    yield 0, line.replace(b'"@"', command_json(int(bytes)))


def stored(turn: Turn, bytes: str = "10000") -> Iterator[Step]:
    """A turn whose long item only the history has."""
    turn.items = command_json(int(bytes))
    turn.thread.history.append(turn.json("completed"))
    turn.items = b""
    yield 0, b""


def strangers(turn: Turn, n: str = "100", events: str = "10") -> Iterator[Step]:
    """Turns of somebody else."""
    for k in range(int(n)):
        other = Turn(turn.thread, f"{turn.id}-{k}")
        deltas = (other.delta(f"{j} ") for j in range(int(events)))
        started, completed = other.line("turn/started", "inProgress"), other.line("turn/completed", "completed")
        yield 0, b"".join((started, *deltas, completed))


def unscoped(turn: Turn, n: str = "1000") -> Iterator[Step]:
    """Notifications that no turn receives."""
    status = {"threadId": turn.thread.id, "status": {"type": "active", "activeFlags": list[str]()}}
    block = 100 * encode({"method": "thread/status/changed", "params": status, "emittedAtMs": 1795414748395})
    for _ in range(math.ceil(int(n) / 100)):
        yield 0, block


def quiet(turn: Turn, s: str = "5", ticks: str = "5", phase: str = "0") -> Iterator[Step]:
    """A delta now and then."""
    pause = float(s) / (int(ticks) + 1)
    early = pause * float(phase)
    for k in range(int(ticks)):
        yield pause - (0 if k else early), turn.delta("tick ")
    yield pause + early, b""


def hang(turn: Turn) -> Iterator[Step]:
    """Silence."""
    yield math.inf, b""


def echo(turn: Turn, text: str) -> Iterator[Step]:
    """The shortest useful turn: its answer is its input."""
    item = {"type": "agentMessage", "id": "m1", "text": "", "phase": None, "memoryCitation": None}
    yield 0, turn.notification("item/started", item=item, startedAtMs=1795414748514)
    yield 0, turn.delta(text)
    item = {**item, "text": text, "phase": "final_answer"}
    yield 0, turn.notification("item/completed", item=item, completedAtMs=1795414748514)
    turn.items = encode(item)[:-1]


WORKLOADS: dict[str, Callable[..., Iterator[Step]]] = {
    work.__name__: work
    for work in (mixed, kinds, numbered, items, busy, unscoped, strangers, large, stored, quiet, hang)
}


class StandIn:
    """The server without its pipes: messages in, bytes out, and the time as an argument."""

    def __init__(self) -> None:
        self._initialized = False
        self._threads: dict[str, Thread] = {}
        self._numbers = itertools.count(1)
        self._queue: list[bytes] = []
        self._queued_bytes = 0
        self._steps: list[tuple[float, int, Turn, bytes, Iterator[Step]]] = []
        self._waiting: list[tuple[Turn, Iterator[Step]]] = []
        self._handlers: dict[str, Callable[[Any, Json, float], None]] = {
            "initialize": self._initialize,
            "model/list": self._model_list,
            "thread/start": self._thread_start,
            "thread/name/set": self._thread_name_set,
            "thread/read": self._thread_read,
            "thread/list": self._thread_list,
            "turn/start": self._turn_start,
            "turn/steer": self._turn_steer,
            "turn/interrupt": self._turn_interrupt,
        }

    def receive(self, message: Json, now: float) -> None:
        """Answer one message of the client; notifications and answers need none."""
        method, request_id = message.get("method"), message.get("id")
        if method is None or request_id is None:
            return
        try:
            if method not in self._handlers:
                raise Refused(f"Invalid request: unknown variant `{method}`")
            if not self._initialized and method != "initialize":
                raise Refused("Not initialized")
            self._handlers[method](request_id, message.get("params") or {}, now)
        except Refused as refusal:
            self._send(encode({"id": request_id, "error": {"code": -32600, "message": str(refusal)}}))

    def output(self, now: float) -> bytes:
        """What is to be written now: some 256 KiB of the turns at most, so that an interrupt gets through."""
        while self._steps and self._steps[0][0] <= now and self._queued_bytes < _BLOCK_BYTES:
            when, _, turn, data, rest = heapq.heappop(self._steps)
            if turn.running:
                self._send(data)
                self._schedule(turn, rest, when, now)
        data = b"".join(self._queue)
        self._queue.clear()
        self._queued_bytes = 0
        return data

    def wait(self, now: float) -> float | None:
        """Seconds until more output is due; None where only a message can cause some."""
        if self._queue:
            return 0.0
        if not self._steps or math.isinf(self._steps[0][0]):
            return None
        return max(0.0, self._steps[0][0] - now)

    def _send(self, data: bytes) -> None:
        self._queue.append(data)
        self._queued_bytes += len(data)

    def _reply(self, request_id: Any, result: bytes) -> None:
        self._send(b'{"id":%s,"result":%s}\n' % (json.dumps(request_id).encode(), result))

    def _schedule(self, turn: Turn, steps: Iterator[Step], when: float, now: float) -> None:
        """Put the turn's next step on the heap, or end the turn where there is none."""
        pause, data = next(steps, (0.0, None))
        if data is None:
            self._finish(turn, "completed")
        else:
            # After a late step the next keeps to its own clock; an immediate one queues behind those due.
            when = when + pause if pause else now
            heapq.heappush(self._steps, (when, next(self._numbers), turn, data, steps))

    def _finish(self, turn: Turn, status: str) -> None:
        turn.running = False
        turn.thread.active = None
        if turn.items:
            turn.thread.history.append(turn.json(status))
        self._send(turn.line("turn/completed", status))

    def _thread(self, params: Json) -> Thread:
        thread = self._threads.get(params.get("threadId", ""))
        if thread is None:
            raise Refused(f"thread not found: {params.get('threadId')}")
        return thread

    def _active(self, params: Json, verb: str, wanted: str) -> Turn:
        """The running turn of the request's thread, which the request must mean."""
        turn = self._thread(params).active
        if turn is None:
            raise Refused(f"no active turn to {verb}")
        if wanted not in ("", turn.id):
            raise Refused(f"expected active turn id {wanted} but found {turn.id}")
        return turn

    def _initialize(self, request_id: Any, params: Json, now: float) -> None:
        if self._initialized:
            raise Refused("Already initialized")
        if "clientInfo" not in params:
            raise Refused("Invalid request: missing field `clientInfo`")
        self._initialized = True
        agent = f"{params['clientInfo']['name']}/{RUNTIME_VERSION} (Linux; x86_64) standin"
        place = {"codexHome": "/home/dev/.codex", "platformFamily": "unix", "platformOs": "linux"}
        self._reply(request_id, encode({"userAgent": agent, **place})[:-1])

    def _model_list(self, request_id: Any, params: Json, now: float) -> None:
        self._reply(request_id, model_list())

    def _thread_start(self, request_id: Any, params: Json, now: float) -> None:
        thread = Thread(f"00000000-0000-7000-8000-{next(self._numbers):012d}")
        self._threads[thread.id] = thread
        self._reply(request_id, thread.start_result())

    def _thread_name_set(self, request_id: Any, params: Json, now: float) -> None:
        self._thread(params).name = params.get("name")
        self._reply(request_id, b"{}")

    def _thread_read(self, request_id: Any, params: Json, now: float) -> None:
        thread = self._thread(params)
        self._reply(request_id, thread.read_result(bool(params.get("includeTurns"))))

    def _thread_list(self, request_id: Any, params: Json, now: float) -> None:
        stored = [thread for thread in reversed(self._threads.values()) if thread.has_turns]
        begin = int(params.get("cursor") or 0)
        end = begin + min(params.get("limit") or _PAGE, _MOST_ON_A_PAGE)
        data = b",".join(thread.json() for thread in stored[begin:end])
        cursor = b'"%d"' % end if end < len(stored) else b"null"
        self._reply(request_id, b'{"data":[%s],"nextCursor":%s,"backwardsCursor":null}' % (data, cursor))

    def _turn_start(self, request_id: Any, params: Json, now: float) -> None:
        thread = self._thread(params)
        turn, joined = thread.active, thread.active is not None
        thread.has_turns = True
        if turn is None:
            turn = thread.active = Turn(thread, f"00000000-0000-7000-9000-{next(self._numbers):012d}")
        reply = b'{"turn":%s}' % turn.json("inProgress")
        if joined:
            self._reply(request_id, reply)
            return
        text = next((part["text"] for part in params.get("input", ()) if part.get("type") == "text"), "")
        word, *rest = text.split() or [""]
        options = dict(pair.split("=", 1) for pair in rest if "=" in pair)
        if word == "early":
            for k in range(int(options.get("n", "5"))):
                self._send(turn.delta(f"{k} "))
            self._finish(turn, "completed")
            self._reply(request_id, reply)
            return
        self._reply(request_id, reply)
        self._send(turn.line("turn/started", "inProgress"))
        together = int(options.pop("together", "0"))
        work = WORKLOADS.get(word)
        steps = work(turn, **options) if work else echo(turn, text)
        if not together:
            self._schedule(turn, steps, now, now)
            return
        self._waiting.append((turn, steps))
        if len(self._waiting) >= together:
            for waiting in self._waiting:
                self._schedule(*waiting, now, now)
            self._waiting.clear()

    def _turn_steer(self, request_id: Any, params: Json, now: float) -> None:
        turn = self._active(params, "steer", params.get("expectedTurnId", ""))
        self._reply(request_id, encode({"turnId": turn.id})[:-1])

    def _turn_interrupt(self, request_id: Any, params: Json, now: float) -> None:
        turn = self._active(params, "interrupt", params.get("turnId", ""))
        self._reply(request_id, b"{}")
        self._finish(turn, "interrupted")


def write_some(data: memoryview, most: int) -> memoryview:
    """Write what the pipe takes at once, ``most`` bytes at most, and return the rest."""
    try:
        return data[os.write(1, data[:most]) :]
    except BlockingIOError:
        return data


def main(write_bytes: int = _BLOCK_BYTES) -> None:
    """Serve standard input and output until the client closes its end."""
    os.set_blocking(1, False)
    server, pending, partial = StandIn(), memoryview(b""), b""
    with contextlib.suppress(BrokenPipeError):
        while True:
            now = time.monotonic()
            # With output in hand the next step waits for it: the client reads slower than the turns produce.
            pending = pending or memoryview(server.output(now))
            if pending:
                pending = write_some(pending, write_bytes)
            timeout = None if pending else server.wait(now)
            readable, _, _ = select.select([0], [1] if pending else [], [], timeout)
            if readable:
                data = os.read(0, _READ_BYTES)
                if not data:
                    return
                *lines, partial = (partial + data).split(b"\n")
                for line in lines:
                    server.receive(json.loads(line), time.monotonic())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
