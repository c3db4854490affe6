"""What a run of the fuzz is made of: recorded turns and answers, and what may be changed in them, by the schema.

Notifications and requests that no recording has are made from the schema. All of it goes to the stand-in as one file of
JSON, so that this needs neither the schema nor the package.

The schema may be newer or older than the recordings. Members and notifications that it does not have are left out, and
so is what does not fit it otherwise.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.generated.shapes import Place, Record, default_of, fits, known, places, read_protocol, read_shapes
from tests.generated.vectors import vectors

from .mutate import filled

__all__ = ["make_plan"]

_DATA = Path(__file__).parents[1] / "data"
_THREAD, _TURN = "@THREAD@", "@TURN@"

# Requests that play a part of their own in a turn; all others are only asked and answered.
_OF_TURNS = {
    "initialize",
    "review/start",
    "thread/compact/start",
    "thread/shellCommand",
    "thread/start",
    "turn/interrupt",
    "turn/start",
    "turn/steer",
}

# Without it a client cannot know what it asked for: the start of a user's command is told by where it comes from.
_KEPT: dict[str, Collection[tuple[str | int, ...]]] = {"thread/shellCommand": {("item",), ("item", "source")}}


def make_plan() -> dict[str, Any]:
    """The plan, as JSON."""
    return _Planner().make()


class _Unfit(Exception):
    """Something recorded does not fit the schema of today."""


class _Planner:
    def __init__(self) -> None:
        self._shapes = read_shapes()
        self._protocol = protocol = read_protocol()
        self._payloads = {each.method: each.payload for each in protocol.notifications}
        self._params = {each.method: each.params for each in protocol.server_requests}
        self._results = {each.method: each.result for each in protocol.requests}

    def make(self) -> dict[str, Any]:
        answers = [each for each in map(json.loads, _lines("server_messages.jsonl.gz")) if "answers" in each]
        turns = [*self._fitting(self._turn, map(json.loads, _lines("turns.jsonl.gz")))]
        recorded = {step["method"] for turn in turns for step in turn["steps"] if "method" in step}
        started = [each["result"] for each in answers if each["answers"] == "thread/start"]
        return {
            "turns": turns,
            "threads": [*self._fitting(self._thread, started)],
            "initialize": self._part("InitializeResponse", answers[0]["result"]),
            "answers": [*self._fitting(self._answer, (each for each in answers if each["answers"] not in _OF_TURNS))],
            "told": [*self._made(self._payloads, recorded)],
            "asked": [*self._made(self._params, set())],
        }

    @staticmethod
    def _fitting(make: Callable[[Any], dict[str, Any]], recorded: Iterable[Any]) -> Iterator[dict[str, Any]]:
        for each in recorded:
            try:
                yield make(each)
            except _Unfit:
                continue

    def _part(self, name: str | None, value: Any, kept: Collection[tuple[str | int, ...]] = ()) -> dict[str, Any]:
        """A value, and what may be changed in it."""
        shape = self._shapes.get(name or "")
        value = value if shape is None else known(shape, value, self._shapes)
        if shape is None or not fits(shape, value, self._shapes):
            raise _Unfit
        found = places(shape, value, self._shapes)
        return {"value": value, "changes": [_change(each) for each in found if each.path not in kept]}

    def _thread(self, result: dict[str, Any]) -> dict[str, Any]:
        return self._part("ThreadStartResponse", filled(result, {result["thread"]["id"]: _THREAD}))

    def _answer(self, recorded: dict[str, Any]) -> dict[str, Any]:
        method = recorded["answers"]
        return {"method": method, **self._part(self._results.get(method), recorded["result"])}

    def _turn(self, turn: dict[str, Any]) -> dict[str, Any]:
        opens, results = turn["opens"], {"turn/interrupt": "TurnInterruptResponse", "turn/steer": "TurnSteerResponse"}
        steps: list[dict[str, Any]] = []
        for step in turn["steps"]:
            method = step.get("method")
            if "await" in step:
                steps.append(step)
            elif "answers" in step:
                steps.append({"answers": step["answers"], **self._part(results[step["answers"]], step["result"])})
            elif "id" in step:
                steps.append(
                    {"id": step["id"], "method": method, **self._part(self._params.get(method), step["params"])}
                )
            elif method in self._payloads:
                kept = _KEPT.get(opens, ()) if method == "item/started" else ()
                steps.append({"method": method, **self._part(self._payloads[method], step["params"], kept)})
        answer = self._part(self._results.get(opens), turn["answer"])
        return {"kind": turn["kind"], "opens": opens, "answer": answer, "steps": steps}

    def _made(self, types: dict[str, str], recorded: set[str]) -> Iterator[dict[str, Any]]:
        """Every message of these types that no recording has, with all its members."""
        by_name: dict[str, list[Any]] = {}
        for vector in vectors():
            if vector.kind == "maximal":
                by_name.setdefault(vector.name, []).append(vector.wire)
        for method, name in types.items():
            for value in by_name[name] if method not in recorded else ():
                yield {"method": method, **self._part(name, _of_turn(value))}


def _lines(name: str) -> list[str]:
    with gzip.open(_DATA / name, "rt", encoding="utf-8") as file:
        return file.read().splitlines()


def _of_turn(params: dict[str, Any]) -> dict[str, Any]:
    """Made parameters as if they belonged to the turn that is played."""
    scope = {"threadId": _THREAD, "turnId": _TURN}
    return {**params, **{name: each for name, each in scope.items() if isinstance(params.get(name), str)}}


def _change(place: Place) -> list[Any]:
    detail = place.detail
    if place.kind == "object":
        detail = isinstance(place.node, Record) and place.node.more
    elif place.kind == "nothing":
        detail = default_of(place, read_shapes())
    return [place.kind, list(place.path), detail]
