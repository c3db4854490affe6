"""Plays steps with one client and one runtime: ``python -m tests.matrix.play KIND BINARY VERSION STEP...``.

A process of its own, so that whatever a step does ends with it. It writes an outcome for each step on a line, as
soon as it has it. Where even the first step does not work, the others are not run.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from openai_codex.testing import ScriptedModel
from tests.e2e.facade import no_leftovers
from tests.matrix.steps import STEPS, Stage, WrongResult
from tests.matrix.verdicts import Outcome, Verdict, classify

__all__ = ["STEP_S", "play"]

STEP_S = 30.0


def play(step: Callable[[Stage], Awaitable[None]], kind: str, binary: str, version: str) -> Outcome:
    """Play a step and return what came of it."""

    async def within_time(stage: Stage) -> None:
        try:
            await asyncio.wait_for(step(stage), STEP_S)
        except asyncio.TimeoutError as error:
            if str(error):
                raise
            raise WrongResult(f"no end within {STEP_S:g} s") from error

    try:
        with no_leftovers(), ScriptedModel() as model:
            asyncio.run(within_time(Stage(kind, binary, version, model)))
            if model.unexpected:
                raise WrongResult(f"what the model was asked: {model.unexpected}")
    except Exception as error:
        return classify(error)
    return Outcome(Verdict.works)


def main(kind: str, binary: str, version: str, *names: str) -> None:
    """Play the steps of these names."""
    started = True
    for name in names:
        outcome = play(STEPS[name], kind, binary, version) if started else Outcome(Verdict.not_run)
        print(json.dumps({"step": name, **asdict(outcome)}), flush=True)
        if name == next(iter(STEPS)):
            started = outcome.verdict is Verdict.works


if __name__ == "__main__":
    main(*sys.argv[1:])
