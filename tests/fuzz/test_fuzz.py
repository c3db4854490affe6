"""The quick part of the fuzz: some hundred mutated turns on both clients. ``make fuzz`` plays thousands."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest

from openai_codex import protocol
from tests.e2e.facade import no_leftovers
from tests.fuzz import __main__ as program, player
from tests.fuzz.mutate import Change, mutate
from tests.fuzz.plan import make_plan
from tests.fuzz.player import Played, play
from tests.fuzz.script import Plan, Script
from tests.fuzz.standin import StandIn
from tests.generated.shapes import PlaceKind

SEED = 2026
RAW = make_plan()
TURNS = 8 * len(RAW["turns"])
Edit = Callable[[list[Any], int], None]


def test_mutated_turns_come_out_of_both_clients_as_they_should() -> None:
    total = Played()
    with no_leftovers():
        for played in program.fuzz(SEED, range(TURNS), each=TURNS // 4):
            total.add(played)
    assert total.failures == []
    assert total.turns == TURNS > 300
    assert total.events > 10 * TURNS and total.requests > TURNS / 2
    assert sum(total.changes.values()) > 10 * TURNS


def test_changes_are_of_all_kinds() -> None:
    plan, kinds = Plan(RAW, SEED), Counter[str]()
    for number in range(10 * len(RAW["turns"])):
        kinds += plan.script(number).kinds
    assert set(kinds) == {
        *get_args(PlaceKind),
        "field beside the parameters",
        "notification that was never recorded",
        "request that was never recorded",
        "unknown notification",
        "unknown request",
    }


def test_recorded_turns_are_of_many_kinds() -> None:
    steps = [step for turn in RAW["turns"] for step in turn["steps"]]
    recorded = {step["method"] for step in steps if "method" in step}
    made = {part["method"] for name in ("told", "asked") for part in RAW[name]}
    assert recorded | made == {*protocol.NOTIFICATIONS, *protocol.SERVER_REQUESTS}
    ended = [step["value"]["turn"]["status"] for step in steps if step.get("method") == "turn/completed"]
    assert len(ended) == len(RAW["turns"]) and {*ended} == {"completed", "failed", "interrupted"}
    assert {turn["opens"] for turn in RAW["turns"]} == {"turn/start", "review/start", "thread/shellCommand"}


def shown(script: Script) -> str:
    return repr(script)


def test_same_seed_and_number_give_the_same_turn_whatever_was_played_before() -> None:
    plan, again = Plan(RAW, SEED), Plan(json.loads(json.dumps(RAW)), SEED)
    scripts = [shown(plan.script(number)) for number in range(60)]
    assert [shown(again.script(number)) for number in reversed(range(60))] == scripts[::-1]
    assert len({*scripts}) == 60
    other = Plan(RAW, SEED + 1)
    assert all(shown(other.script(number)) != script for number, script in enumerate(scripts))


def edited(raw: Any, kind: str, method: str, edit: Edit) -> Any:
    """The plan with an edit to the first step of this method in one turn."""
    raw = copy.deepcopy(raw)
    steps = next(turn["steps"] for turn in raw["turns"] if turn["kind"] == kind)
    place = next(place for place, step in enumerate(steps) if step.get("method") == method)
    edit(steps, place)
    return raw


def twice(steps: list[Any], place: int) -> None:
    steps.insert(place, steps[place])


def never(steps: list[Any], place: int) -> None:
    steps.pop(place)


def with_other(part: str, **members: Any) -> Edit:
    def edit(steps: list[Any], place: int) -> None:
        value: Any = steps[place]["value"][part]
        target: dict[str, Any] = value[0] if part == "questions" else value
        target.update(members)

    return edit


EDITS: dict[str, tuple[str, str, Edit]] = {
    "lost": ("streamed text", "item/agentMessage/delta", twice),
    "doubled": ("streamed text", "item/agentMessage/delta", never),
    "other item": ("text at once", "item/completed", with_other("item", id="other")),
    "other end": ("failed", "turn/completed", with_other("turn", durationMs=7)),
    "lost beside turns": ("plan", "account/rateLimits/updated", twice),
    "other question": ("user input", "item/tool/requestUserInput", with_other("questions", id="other")),
}


@pytest.mark.parametrize("client", ["async", "sync"])
@pytest.mark.parametrize("case", EDITS)
def test_what_comes_otherwise_than_it_was_sent_is_found(
    client: str, case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in plays by a plan that differs from the one that is expected."""
    monkeypatch.setattr(player, "_EVENTS_S", 0.2)  # for what will never come
    sent = copy.deepcopy(RAW)
    for step in (step for turn in sent["turns"] for step in turn["steps"] if "changes" in step):
        step["changes"] = []
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(sent), encoding="utf-8")
    kind = EDITS[case][0]
    numbers = [number for number, turn in enumerate(sent["turns"]) if turn["kind"] == kind]
    with no_leftovers():
        found = play(client, file, Plan(edited(sent, *EDITS[case]), SEED), numbers).failures
    assert {failure.turn for failure in found} - {-1} == {*numbers}


def test_program_names_the_seed_and_plays_single_turns_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--seed", "7", "--only", "21", "--only", "22"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("seed 7\n4 turns, ") and out.endswith("\n0 failures\n")


def test_failure_is_shown_with_how_to_see_it_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def plan() -> Any:
        """One that nothing can be played by: what is sent is no instance of today's schema."""
        raw = copy.deepcopy(RAW)
        raw["turns"][0]["answer"]["value"]["turn"]["items"] = "none"
        return raw

    monkeypatch.setattr(program, "make_plan", plan)
    assert program.main(["--seed", "7", "--turns", "2"]) == 1
    out = capsys.readouterr().out
    assert re.search(r"FAILED async: streamed text: .*\n(?:.*\n)*?  python -m tests.fuzz --seed 7 --only 0\n", out)


def test_change_within_what_is_unknown_is_kept_with_it() -> None:
    value = {"item": {"type": "a", "inner": {"x": 1}}}
    changes = [Change("object", ("item", "inner"), False), Change("tag", ("item",), "type")]
    seen: set[tuple[bool, bool]] = set()
    for seed in range(200):
        out = mutate(Random(seed), value, changes, 0.7)
        inner = out.wire["item"].get("inner", {})
        unknown, more = out.wire["item"]["type"] != "a", len(inner) > 1
        seen.add((unknown, more))
        assert out.back == (out.wire if unknown else value)
    assert seen == {(False, False), (False, True), (True, False), (True, True)}
    assert value == {"item": {"type": "a", "inner": {"x": 1}}}


def test_answer_that_comes_after_a_turn_was_reported_is_let_be() -> None:
    """Nobody waits for the answer to a request that the runtime has settled; it may come at any time."""
    plan = Plan(RAW, SEED)
    number = next(n for n, turn in enumerate(RAW["turns"]) if turn["kind"] == "interrupted approval")
    script, standin = plan.script(number), StandIn(plan)
    thread = {"threadId": script.thread_id}
    sent = [
        ("thread/start", {"baseInstructions": str(number)}),
        (script.opens, thread),
        ("turn/interrupt", thread),
        ("fuzz/report", {"turn": number}),
    ]
    for id, (method, params) in enumerate(sent):
        standin.receive({"id": id, "method": method, "params": params})
    while standin.play():
        pass
    for step in (step for step in script.steps if step.does == "ask"):
        standin.receive({"id": step.message["id"], "result": {}})
    reported = [json.loads(line) for line in standin.take().splitlines()][-1]
    assert reported["id"] == 3 and reported["result"]["sent"] > 10
    for step in (step for step in script.steps if step.does == "ask"):
        standin.receive({"id": step.message["id"], "result": {}})
    assert standin.take() == b""
