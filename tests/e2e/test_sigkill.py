"""The runtime is killed at a random moment of a streamed turn, again and again.

``SIGKILL_ROUNDS=200 pytest tests/e2e/test_sigkill.py -s`` makes as many rounds of each client.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
import time
from typing import Any

import pytest

from openai_codex import AsyncCodex, Codex, TransportClosedError
from openai_codex.testing import ScriptedModel
from tests.e2e.facade import no_leftovers, process_id

ROUNDS = int(os.environ.get("SIGKILL_ROUNDS", "6"))
MOST_S = 1.0  # from the kill until everybody knows
PARTS = [f"{number} " for number in range(40)]


def kill_later(seconds: float, killed: list[float]) -> threading.Timer:
    """Kill the runtime after this time, and note when."""
    pid = process_id()

    def kill() -> None:
        killed.append(time.monotonic())
        os.kill(pid, signal.SIGKILL)

    timer = threading.Timer(seconds, kill)
    timer.start()
    return timer


async def play_async(config: Any, seconds: float, killed: list[float]) -> None:
    async with AsyncCodex(config) as codex:
        thread = await codex.thread_start()
        timer = kill_later(seconds, killed)
        try:
            turn = await thread.turn("Count")
            async for _ in turn.stream():
                pass
            await turn.run()
            while True:  # the turn was faster
                await codex.models()
        finally:
            timer.join()


def play_sync(config: Any, seconds: float, killed: list[float]) -> None:
    with Codex(config) as codex:
        thread = codex.thread_start()
        timer = kill_later(seconds, killed)
        try:
            turn = thread.turn("Count")
            for _ in turn.stream():
                pass
            turn.run()
            while True:
                codex.models()
        finally:
            timer.join()


@pytest.mark.e2e
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", ["async", "sync"])
def test_killed_runtime_hangs_nobody_and_leaves_nothing(kind: str) -> None:
    slowest = 0.0
    chance = random.Random(ROUNDS)
    with ScriptedModel(repeat_last=True) as model:
        model.stream(PARTS, delay=0.005)
        config = model.config()
        for _ in range(ROUNDS):
            killed: list[float] = []
            seconds = chance.uniform(0, 0.4)
            with no_leftovers(), pytest.raises(TransportClosedError, match="SIGKILL") as caught:
                if kind == "async":
                    asyncio.run(play_async(config, seconds, killed))
                else:
                    play_sync(config, seconds, killed)
            took = time.monotonic() - killed[0]
            slowest = max(slowest, took)
            assert caught.value.exit_code == -signal.SIGKILL
            assert took < MOST_S
    print(f"\n{ROUNDS} rounds ({kind}): 0 hangs, nothing left, the slowest end {slowest:.3f} s after the kill", end="")
