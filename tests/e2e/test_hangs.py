"""Nothing hangs: every way in which something could wait for ever, and how long it took instead.

``pytest -s tests/e2e/test_hangs.py`` prints the times. The real runtime is used where it can be brought into the state;
the other cases, which it reaches rarely, are in ``test_facade_standin.py``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from openai_codex import (
    CodexConfig,
    RequestTimeoutError,
    TransportClosedError,
    TurnFailedError,
    TurnNotActiveError,
    TurnNotSteerableError,
    TurnStalledError,
    TurnTimeoutError,
)
from openai_codex.testing import ScriptedModel
from openai_codex.types import BaseBranchReviewTarget, CustomReviewTarget, TurnStatus
from tests.e2e.facade import KINDS, no_leftovers, open_client, process_id, requested
from tests.e2e.test_facade_standin import config as standin

Case = Callable[[Any, Any, Any], Coroutine[Any, Any, None]]
"""Takes the client, the model and a stopwatch around what might hang."""

CASES: dict[str, tuple[float, Case]] = {}


class Stopwatch:
    """Times what is inside of ``with``."""

    seconds = 0.0

    def __enter__(self) -> None:
        self._begin = time.monotonic()

    def __exit__(self, *error: object) -> None:
        self.seconds = time.monotonic() - self._begin


def case(limit_s: float) -> Callable[[Case], Case]:
    """Add a case that must take less than ``limit_s`` seconds."""

    def add(body: Case) -> Case:
        CASES[body.__name__.replace("_", " ")] = limit_s, body
        return body

    return add


@case(1)
async def interrupt_before_turn_started(codex: Any, model: Any, watch: Any) -> None:
    model.hang()
    turn = await (await codex.thread_start()).turn("Hi")
    with watch:
        await turn.interrupt()
        assert (await turn.run()).status is TurnStatus.interrupted


@case(1)
async def interrupt_before_turn_started_on_a_used_thread(codex: Any, model: Any, watch: Any) -> None:
    model.say("Hello").hang()
    thread = await codex.thread_start()
    await thread.run("Hi")
    turn = await thread.turn("Again")
    with watch:
        await turn.interrupt()
        assert (await turn.run()).status is TurnStatus.interrupted


@case(1)
async def double_interrupt(codex: Any, model: Any, watch: Any) -> None:
    model.hang()
    turn = await (await codex.thread_start()).turn("Hi")
    await requested(model)
    with watch:
        await asyncio.gather(turn.interrupt(), turn.interrupt())
        await turn.interrupt()
        assert (await turn.run()).status is TurnStatus.interrupted
        await turn.interrupt()


@case(1)
async def interrupt_of_a_finished_turn(codex: Any, model: Any, watch: Any) -> None:
    model.say("Hello")
    turn = await (await codex.thread_start()).turn("Hi")
    await turn.run()
    with watch, pytest.raises(TurnNotActiveError):
        await turn.interrupt()


@case(5)
async def interrupt_of_a_turn_that_somebody_else_interrupted(codex: Any, model: Any, watch: Any) -> None:
    model.hang()
    turn = await (await codex.thread_start()).turn("Hi")
    await requested(model)
    await codex.request("turn/interrupt", {"threadId": turn.thread_id, "turnId": turn.id})
    with watch:
        await turn.interrupt()
        assert (await turn.run()).status is TurnStatus.interrupted


@case(2)
async def interrupt_with_a_command_running(codex: Any, model: Any, watch: Any) -> None:
    command = f"sleep 61.{os.getpid()}"  # other tests run beside this one
    model.call_tool("exec_command", {"cmd": command, "yield_time_ms": 30000})
    turn = await (await codex.thread_start()).turn("Hi")
    stream = turn.stream()
    async for event in stream:
        if event.method == "item/started" and event.params["item"]["type"] == "commandExecution":
            break
    while not await running(command):  # it is announced a little before
        await asyncio.sleep(0.01)
    with watch:
        await turn.interrupt(clean_terminals=True)
        while await running(command):
            await asyncio.sleep(0.01)


async def running(command: str) -> bool:
    """Whether a process with this command line is below the runtime."""
    listing = await asyncio.create_subprocess_exec("ps", "-eo", "args", stdout=asyncio.subprocess.PIPE)
    output, _ = await listing.communicate()
    return any(line.strip() == command for line in output.decode().splitlines())


@case(3)
async def failed_review(codex: Any, model: Any, watch: Any) -> None:
    thread = await codex.thread_start()
    with watch:
        turn = await thread.review(BaseBranchReviewTarget(branch="zz"))
        with pytest.raises(TurnFailedError, match="not a git repository"):
            await turn.run()


@case(1)
async def interrupt_of_a_review(codex: Any, model: Any, watch: Any) -> None:
    model.hang()
    turn = await (await codex.thread_start()).review(CustomReviewTarget(instructions="Look"))
    with watch:
        await turn.interrupt()
        assert (await turn.run()).status is TurnStatus.interrupted


@case(1)
async def steering_a_review(codex: Any, model: Any, watch: Any) -> None:
    model.hang()
    turn = await (await codex.thread_start()).review(CustomReviewTarget(instructions="Look"))
    await requested(model)
    with watch, pytest.raises(TurnNotSteerableError):
        await turn.steer("More")
    await turn.interrupt()


@case(3)
async def silent_model_with_idle_timeout(codex: Any, model: Any, watch: Any) -> None:
    model.hang().say("Next")
    thread = await codex.thread_start()
    with watch, pytest.raises(TurnStalledError, match="still running; it was interrupted"):
        await thread.run("Hi", idle_timeout=0.5)
    assert (await thread.run("Again")).final_response == "Next"


@case(2)
async def silent_model_with_timeout(codex: Any, model: Any, watch: Any) -> None:
    model.hang().say("Next")
    thread = await codex.thread_start()
    with watch, pytest.raises(TurnTimeoutError) as caught:
        await thread.run("Hi", timeout=0.5)
    assert caught.value.result.status is TurnStatus.interrupted
    assert (await thread.run("Again")).final_response == "Next"


@case(1.5)
async def runtime_killed_in_mid_turn(codex: Any, model: Any, watch: Any) -> None:
    model.stream(["Hel", "lo"], delay=60)
    thread = await codex.thread_start()
    turn = await thread.turn("Hi")
    waiting = [asyncio.ensure_future(turn.run()) for _ in range(3)]
    await requested(model)
    with watch:
        os.kill(process_id(), signal.SIGKILL)
        for each in waiting:
            with pytest.raises(TransportClosedError, match="SIGKILL") as caught:
                await each
            assert caught.value.exit_code == -signal.SIGKILL
        for call in (thread.run("Hi"), thread.read(), turn.interrupt(), codex.models()):
            with pytest.raises(TransportClosedError):
                await call


@case(20)
async def six_hundred_pipelined_requests(codex: Any, model: Any, watch: Any) -> None:
    await codex.request("thread/loaded/list")
    with watch:
        results = await asyncio.gather(*(codex.request("thread/loaded/list") for _ in range(600)))
    assert all(result["data"] == [] for result in results)


@case(3)
async def leaving_a_stream_early(codex: Any, model: Any, watch: Any) -> None:
    model.hang()
    turn = await (await codex.thread_start()).turn("Hi")
    with watch:
        async with turn.stream() as events:
            async for _ in events:
                break
        assert (await turn.run()).status is TurnStatus.interrupted


@case(5)
async def unsubscribed_thread(codex: Any, model: Any, watch: Any) -> None:
    model.say("One").say("Two")
    thread = await codex.thread_start()
    await thread.run("Hi")
    await codex.rpc.thread.unsubscribe(thread_id=thread.id)
    with watch:  # no event of the turn comes any more, but its history has it
        result = await thread.run("Again", idle_timeout=1)
    assert (result.status, result.final_response) == (TurnStatus.completed, "Two")


@case(5)
async def unsubscribed_thread_without_any_limit(codex: Any, model: Any, watch: Any) -> None:
    model.say("One").say("Two")
    thread = await codex.thread_start()
    await thread.run("Hi")
    await codex.rpc.thread.unsubscribe(thread_id=thread.id)
    with watch:  # that the thread does nothing any more is told all the same
        result = await thread.run("Again")
    assert (result.status, result.final_response) == (TurnStatus.completed, "Two")


@case(5)
async def unsubscribed_thread_that_is_not_stored(codex: Any, model: Any, watch: Any) -> None:
    model.say("One").say("Two")
    thread = await codex.thread_start(ephemeral=True)
    await thread.run("Hi")
    await codex.rpc.thread.unsubscribe(thread_id=thread.id)
    with watch, pytest.raises(TurnStalledError, match="the thread does nothing any more"):
        await thread.run("Again")


@pytest.mark.e2e
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CASES)
def test_ends(kind: str, name: str) -> None:
    limit_s, body = CASES[name]

    async def main(model: ScriptedModel, watch: Stopwatch) -> None:
        from concurrent.futures import ThreadPoolExecutor

        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(700))
        async with open_client(kind, model.config()) as codex:
            await asyncio.wait_for(body(codex, model, watch), 60)

    watch = Stopwatch()
    with no_leftovers(), ScriptedModel() as model:
        asyncio.run(main(model, watch))
    print(f"\n{watch.seconds:7.3f} s  {name} ({kind})", end="")
    assert watch.seconds < limit_s


@pytest.mark.parametrize("kind", KINDS)
def test_answer_that_is_dropped_becomes_a_timeout(kind: str) -> None:
    async def main() -> None:
        settings = standin(lost=[["hold"]])
        settings.request_timeout = 0.3
        async with open_client(kind, settings) as codex:
            begin = time.monotonic()
            with pytest.raises(RequestTimeoutError, match=r"lost: no answer within 0\.3 s"):
                await codex.request("lost")
            print(f"\n{time.monotonic() - begin:7.3f} s  dropped answer ({kind})", end="")
            assert await codex.request("a", {"n": 1}) == {"echo": {"n": 1}}

    with no_leftovers():
        asyncio.run(main())


# Ctrl-C

PROGRAM = """
import os, signal, sys, threading, time
from openai_codex import Codex
from openai_codex.types import TurnStatus

signal.signal(signal.SIGINT, signal.default_int_handler)
with Codex() as codex:
    thread = codex.thread_start()
    turn = thread.turn("Hi")
    for event in turn.stream():
        break
    time.sleep(0.3)
    threading.Timer(0.3, os.killpg, [os.getpgid(0), signal.SIGINT]).start()
    begin = time.monotonic()
    try:
        turn.run()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    assert time.monotonic() - begin < 3
    assert turn.run().status is TurnStatus.interrupted
    assert thread.run("Again").final_response == "Next"
    print("alive", flush=True)
"""


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal to a process group")
def test_interrupt_key_ends_the_turn_and_not_the_runtime() -> None:
    import subprocess
    from pathlib import Path

    source = Path(__file__).parents[2] / "src"
    with ScriptedModel() as model:
        model.hang().say("Next")
        environment = {**os.environ, **(model.config().env or {}), "PYTHONPATH": str(source)}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", PROGRAM],
            env=environment,
            cwd=model.workspace,
            start_new_session=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (done.stderr, done.stdout.split(), done.returncode) == ("", ["interrupted", "alive"], 0)


def test_dying_runtime_says_its_last_words() -> None:
    argv = (sys.executable, "-c", "import sys; sys.stdin.readline(); sys.exit('no such thing')")

    async def main() -> None:
        async with open_client("async", CodexConfig(launch_args_override=argv)) as codex:
            with pytest.raises(TransportClosedError, match="exited with code 1") as caught:
                await codex.request("a")
            assert caught.value.stderr_tail == ("no such thing",)
            with pytest.raises(TransportClosedError, match="exited with code 1"):
                await codex.request("a")

    with no_leftovers():
        asyncio.run(main())
