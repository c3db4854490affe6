"""One mutated turn: what the stand-in does in it, and with which words.

A script depends on the plan, the seed and the number of the turn alone, so that the stand-in, which plays it, and the
tests, which know what has to come of it, make the same one. Of the standard library alone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from json import dumps
from typing import Any, Literal

from .mutate import FIELD, Change, Mutated, filled, mutate, some_json

__all__ = ["Plan", "Script", "Step", "digest", "tag_of"]

_LIKELY = 0.45  # that a message is changed, or changed once more
_INSERTED = 0.15  # that something comes before a step
_TAG = 1_800_000_000_000

_UNKNOWN_TOLD = ("future", "future/thing", "turn/future", "item/future/delta", "thread/future/updated", "error/future")
_UNKNOWN_ASKED = ("future/ask", "item/future/requestApproval", "item/tool/future")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the stand-in does.

    Attributes:
        does: ``tell`` and ``ask`` send the message; ``answer`` sends it in answer to the client's request
            ``waits_for``; ``await`` goes on when that request has come, or the answer to the stand-in's own of that id.
        message: The message; an answer is without its id.
        back: What the models of today write back for its parameters or its result.
        waits_for: Method of a request, or id of one of the stand-in's.
        known: Whether the schema of today has the method.
    """

    does: Literal["tell", "ask", "answer", "await"]
    message: Mapping[str, Any] = field(default_factory=dict[str, Any])
    back: Any = None
    waits_for: int | str = ""
    known: bool = True


@dataclass(slots=True)
class Script:
    """One turn.

    Attributes:
        number: Number of the turn.
        kind: What the recorded turn was about.
        opens: Method of the request that opens it.
        thread_id, turn_id: Ids of its own.
        thread: Result of ``thread/start``.
        answer: Result of the request that opens the turn.
        steps: What follows that result.
        request: Method of a request beside the turn, and its result.
        kinds: How many changes of each kind there are.
    """

    number: int
    kind: str
    opens: str
    thread_id: str
    turn_id: str
    thread: Mutated
    answer: Mutated
    steps: list[Step]
    request: tuple[str, Mutated]
    kinds: Counter[str]


class Plan:
    """A plan as ``make_plan`` makes it, ready to be played.

    Args:
        raw: The plan.
        seed: Where chance comes from.
    """

    def __init__(self, raw: Mapping[str, Any], seed: int) -> None:
        self._raw = raw
        self.seed = seed
        self._changes: dict[int, list[Change]] = {}

    def initialize(self) -> Mutated:
        """Result of ``initialize``."""
        return self.mutated(random.Random(f"{self.seed}:initialize"), self._raw["initialize"], {}, Counter())

    def script(self, number: int) -> Script:
        """The turn of that number."""
        return _Writer(self, number).write()

    def mutated(self, rng: random.Random, part: Any, names: Mapping[str, Any], kinds: Counter[str]) -> Mutated:
        """A part of the plan, changed; ``kinds`` counts the changes."""
        changes = self._changes.get(id(part))
        if changes is None:
            changes = self._changes[id(part)] = [Change.from_json(each) for each in part["changes"]]
        out = mutate(rng, part["value"], changes, _LIKELY)
        kinds += out.kinds
        return Mutated(filled(out.wire, names), filled(out.back, names), out.kinds)

    def part(self, name: str) -> Sequence[Any]:
        """A list of the plan."""
        found: Sequence[Any] = self._raw[name]
        return found


class _Writer:
    def __init__(self, plan: Plan, number: int) -> None:
        self._plan = plan
        self._number = number
        self._rng = random.Random(f"{plan.seed}:{number}")
        self._names = {
            "@THREAD@": f"thread-{number}",
            "@TURN@": f"turn-{number}",
            "@OTHER@": f"other-{number}",
        }
        self._kinds: Counter[str] = Counter()
        self._steps: list[Step] = []
        self._asked = 0
        self._ids: dict[int | str, int | str] = {}

    def write(self) -> Script:
        turns = self._plan.part("turns")
        turn = turns[self._number % len(turns)]
        thread = self._mutated(self._rng.choice(self._plan.part("threads")))
        answer = self._mutated(turn["answer"])
        for step in turn["steps"]:
            while self._rng.random() < _INSERTED:
                self._insert()
            self._write(step)
        answers = self._plan.part("answers")
        request = answers[self._number % len(answers)]
        return Script(
            self._number,
            turn["kind"],
            turn["opens"],
            self._names["@THREAD@"],
            self._names["@TURN@"],
            thread,
            answer,
            self._steps,
            (request["method"], self._mutated(request)),
            self._kinds,
        )

    def _mutated(self, part: Any) -> Mutated:
        return self._plan.mutated(self._rng, part, self._names, self._kinds)

    def _write(self, step: Mapping[str, Any]) -> None:
        if "await" in step:
            waits_for: int | str = step["await"]
            self._steps.append(Step("await", waits_for=self._ids.get(waits_for, waits_for)))
        elif "answers" in step:
            out = self._mutated(step)
            self._add(Step("answer", {"result": out.wire}, out.back, step["answers"]))
        elif "id" in step:
            self._ids[step["id"]] = self._ask(step)
        else:
            self._tell(step)

    def _tell(self, part: Mapping[str, Any]) -> None:
        out = self._mutated(part)
        if part["method"] == "serverRequest/resolved":
            for value in (out.wire, out.back):
                value["requestId"] = self._ids[value["requestId"]]
        self._add(Step("tell", {"method": part["method"], "params": out.wire}, out.back))

    def _ask(self, part: Mapping[str, Any]) -> int | str:
        out, id = self._mutated(part), self._next_id()
        self._add(Step("ask", {"id": id, "method": part["method"], "params": out.wire}, out.back))
        return id

    def _next_id(self) -> int | str:
        self._asked += 1
        number = self._number * 100 + self._asked
        return number if self._rng.random() < 0.8 else f"ask-{number}"

    def _insert(self) -> None:
        """Something that was not recorded: mostly what the schema of today does not have."""
        chance = self._rng.random()
        if chance < 0.4:
            self._kinds["unknown notification"] += 1
            message = {"method": self._rng.choice(_UNKNOWN_TOLD), **self._unknown_params()}
            self._add(Step("tell", message, message.get("params"), known=False))
        elif chance < 0.55:
            self._kinds["unknown request"] += 1
            message = {"id": self._next_id(), "method": self._rng.choice(_UNKNOWN_ASKED), **self._unknown_params()}
            self._add(Step("ask", message, message.get("params"), known=False))
        elif chance < 0.9:
            self._kinds["notification that was never recorded"] += 1
            self._tell(self._rng.choice(self._plan.part("told")))
        else:
            self._kinds["request that was never recorded"] += 1
            self._ask(self._rng.choice(self._plan.part("asked")))

    def _unknown_params(self) -> dict[str, Any]:
        """Parameters of any kind; some belong to the turn, or to the thread."""
        thread, turn = self._names["@THREAD@"], self._names["@TURN@"]
        choices: tuple[dict[str, Any], ...] = (
            {"params": {"threadId": thread, "turnId": turn, "delta": "x"}},
            {"params": {"threadId": thread, "turn": {"id": turn, "status": "future"}}},
            {"params": {"threadId": thread, "turnId": None, FIELD: some_json(self._rng)}},
            {"params": {"threadId": thread}},
            {"params": {FIELD: some_json(self._rng)}},
            {"params": {}},
            {"params": None},
            {"params": [1, {"turnId": turn}]},
            {},
        )
        return self._rng.choice(choices)

    def _add(self, step: Step) -> None:
        """Add a step that sends something; now and then there is more in the message itself."""
        message = dict(step.message)
        if self._rng.random() < 0.1:
            self._kinds["field beside the parameters"] += 1
            message[FIELD] = some_json(self._rng)
        if step.does == "tell":
            message["emittedAtMs"] = _TAG + self._number * 1000 + len(self._steps)
        self._steps.append(Step(step.does, message, step.back, step.waits_for, step.known))


def tag_of(emitted_at_ms: int | None) -> tuple[int, int] | None:
    """Number of the turn and place of the step that a notification comes from; None if it comes from no script."""
    return None if emitted_at_ms is None or emitted_at_ms < _TAG else divmod(emitted_at_ms - _TAG, 1000)


def digest(messages: Sequence[Mapping[str, Any]]) -> str:
    """One text for all messages and their order."""
    return sha256(dumps(messages, sort_keys=True).encode()).hexdigest()[:16]
