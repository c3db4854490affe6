"""A stand-in for the runtime that plays mutated turns: ``python -S -m tests.fuzz.standin PLAN SEED``.

It speaks JSON lines over stdio and sends the turns that run at the same time in pieces, in random order, so that their
messages mix as they do on a real connection. The thread says which turn is to be played: ``thread/start`` has its
number as ``baseInstructions``. Requests of its own methods ask what it has done:

    fuzz/arm      {"turn": n}    the next request of the method beside turn n gets the mutated answer
    fuzz/report   {"turn": n}    what it sent in turn n, and how it was answered; when all its requests are
    fuzz/order    {}             the tags of all notifications, as they were sent

Of the standard library alone.
"""

from __future__ import annotations

import json
import queue
import random
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .script import Plan, Script, Step, digest

_PATIENCE_S = 20.0  # for answers that are still out when a turn is over


class _Play:
    """A turn that is being played."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.place = 0
        self.begun = False
        self.sent: list[Mapping[str, Any]] = []
        self.came: dict[str, Any] = {}  # ids of the client's requests of this turn, by method
        self.open: set[int | str] = set()
        self.answers: list[tuple[int | str, Any]] = []
        self.report: tuple[Any, float] | None = None  # id of who asks, and until when it waits

    @property
    def ready(self) -> bool:
        """Whether something can be sent now."""
        if not self.begun or self.place >= len(self.script.steps):
            return False
        step = self.script.steps[self.place]
        if step.does in ("await", "answer"):
            return step.waits_for in self.came or (step.does == "await" and step.waits_for in dict(self.answers))
        return True


def settled(message: Mapping[str, Any], sent: Sequence[Mapping[str, Any]]) -> set[int | str]:
    """Ids of the requests to which no answer is wanted any more when ``message`` has come after what was ``sent``."""
    method, params = message.get("method"), message.get("params")
    if method == "serverRequest/resolved" and isinstance(params, dict):
        return {params["requestId"]}
    if method == "turn/completed":
        return {each["id"] for each in sent if each["method"] == "item/tool/call" and "id" in each}
    return set()


class StandIn:
    """The runtime without its pipes.

    Args:
        plan: What is played.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rng = random.Random(plan.seed)
        self._plays: dict[int, _Play] = {}
        self._asked: dict[int | str, _Play] = {}
        self._armed: dict[str, Any] = {}
        self._order: list[int] = []
        self._out: list[bytes] = []

    def take(self) -> bytes:
        """What is to be written."""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def _send(self, message: Mapping[str, Any]) -> None:
        self._out.append(json.dumps(message, ensure_ascii=self._rng.random() < 0.5).encode() + b"\n")

    # -- what comes ---------------------------------------------------------------------------------------------

    def receive(self, message: Mapping[str, Any]) -> None:
        """Take one message of the client."""
        method, id = message.get("method"), message.get("id")
        if method is None:
            self._take_answer(message)
        elif id is not None:
            self._answer(str(method), id, message["params"])

    def _take_answer(self, message: Mapping[str, Any]) -> None:
        id: Any = message.get("id")
        play = self._asked.get(id)
        if play is not None:
            play.answers.append((id, {key: each for key, each in message.items() if key in ("result", "error")}))
            play.open.discard(id)
            self._report(play)

    def _answer(self, method: str, id: Any, params: Mapping[str, Any]) -> None:
        play = self._play_of(params)
        if method == "initialize":
            self._send({"id": id, "result": self._plan.initialize().wire})
        elif method == "thread/start":
            number = int(params["baseInstructions"])
            play = self._plays[number] = _Play(self._plan.script(number))
            self._send({"id": id, "result": play.script.thread.wire})
        elif method == "fuzz/arm":
            name, answer = self._plays[params["turn"]].script.request
            self._armed[name] = answer.wire
            self._send({"id": id, "result": {}})
        elif method == "fuzz/report":
            play = self._plays[params["turn"]]
            play.report = id, time.monotonic() + _PATIENCE_S
            self._report(play)
        elif method == "fuzz/order":
            self._send({"id": id, "result": self._order})
        elif play is not None and method == play.script.opens:
            play.begun = True
            self._send({"id": id, "result": play.script.answer.wire})
        elif play is not None and any(step.waits_for == method for step in play.script.steps):
            play.came[method] = id
        elif play is None and method in self._armed:
            self._send({"id": id, "result": self._armed.pop(method)})
        else:
            self._send({"id": id, "error": {"code": -32600, "message": f"nothing is recorded of {method}"}})

    def _play_of(self, params: Mapping[str, Any]) -> _Play | None:
        name = str(params.get("threadId", ""))
        return self._plays.get(int(name.removeprefix("thread-"))) if name.startswith("thread-") else None

    def _report(self, play: _Play, *, now: bool = False) -> None:
        """Report a turn as soon as there is nothing more to come of it."""
        if play.report is None or not (now or (play.place >= len(play.script.steps) and not play.open)):
            return
        result = {"sent": len(play.sent), "digest": digest(play.sent), "answers": play.answers}
        self._send({"id": play.report[0], "result": result})
        play.report = None  # an answer that nobody needs may still come
        del self._plays[play.script.number]

    # -- what goes ----------------------------------------------------------------------------------------------

    def play(self) -> bool:
        """Do some steps of one of the turns that run. False: there is nothing to do but to wait for the client."""
        ready = [play for play in self._plays.values() if play.ready]
        if ready:
            play = self._rng.choice(ready)
            for _ in range(self._rng.randint(1, 6)):
                if play.ready:
                    self._do(play, play.script.steps[play.place])
                    play.place += 1
            self._report(play)
        return bool(ready)

    def _do(self, play: _Play, step: Step) -> None:
        if step.does == "await":
            return
        message = dict(step.message)
        if step.does == "answer":
            message["id"] = play.came[str(step.waits_for)]
        else:
            play.sent.append(step.message)
        if step.does == "ask":
            self._asked[message["id"]] = play
            play.open.add(message["id"])
        elif step.does == "tell":
            self._order.append(message["emittedAtMs"])
        play.open -= settled(message, play.sent)
        self._send(message)

    def look_at_the_clock(self) -> None:
        """Report the turns whose time is over, with the answers that are missing."""
        for play in [*self._plays.values()]:
            if play.report is not None and time.monotonic() > play.report[1]:
                self._report(play, now=True)


def main() -> None:
    """Play until the client closes its end."""
    plan, seed = Path(sys.argv[1]), int(sys.argv[2])
    standin = StandIn(Plan(json.loads(plan.read_bytes()), seed))
    lines: queue.Queue[bytes] = queue.Queue()

    def read() -> None:
        for line in sys.stdin.buffer:
            lines.put(line)
        lines.put(b"")

    threading.Thread(target=read, daemon=True).start()
    pieces, busy = random.Random(seed), False
    while True:
        try:
            line = lines.get(block=not busy, timeout=1.0)
        except queue.Empty:
            standin.look_at_the_clock()
        else:
            if not line:
                return
            standin.receive(json.loads(line))
            busy = True
            if not lines.empty():
                continue
        busy = standin.play()
        data = standin.take()
        while data:  # messages arrive in pieces of any size
            size = pieces.choice((len(data), len(data), pieces.randint(1, 4096)))
            sys.stdout.buffer.write(data[:size])
            sys.stdout.buffer.flush()
            data = data[size:]


if __name__ == "__main__":
    main()
