"""How clients start, end, and die with their runtime."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import sys
from functools import partial
from typing import Any

import pytest

from openai_codex import (
    AsyncCodex,
    Codex,
    CodexConfig,
    RequestTimeoutError,
    RuntimeNotFoundError,
    TransportClosedError,
    UnsupportedRuntimeError,
)
from openai_codex.protocol import SCHEMA_VERSION
from openai_codex.testing import ScriptedModel
from openai_codex.types import TurnStatus
from tests.e2e.facade import KINDS, no_leftovers, open_client, process_id, requested, scenario

pytestmark = pytest.mark.e2e

ANCIENT = """
import json, sys
request = json.loads(sys.stdin.readline())
print(json.dumps({"id": request["id"], "result": {"userAgent": "x/0.1.0 (Some OS)"}}), flush=True)
sys.stdin.read()
"""

SILENT = """
import sys
sys.stdin.read()
"""


SLOW = """
import json, sys, time
request = json.loads(sys.stdin.readline())
time.sleep(0.3)
print(json.dumps({"id": request["id"], "result": {"userAgent": "x/0.163.0 (Some OS)"}}), flush=True)
sys.stdin.read()
"""


def python(program: str) -> CodexConfig:
    """A configuration whose runtime is this program."""
    return CodexConfig(launch_args_override=(sys.executable, "-I", "-S", "-c", program))


# Starting


def test_sync_client_starts_in_its_constructor() -> None:
    with no_leftovers(), ScriptedModel() as model:
        codex = Codex(model.config())
        try:
            assert codex.metadata.serverInfo is not None
            os.kill(process_id(), 0)
        finally:
            codex.close()


def test_short_request_deadline_does_not_limit_the_start() -> None:
    with no_leftovers(), Codex(dataclasses.replace(python(SLOW), request_timeout=0.05)) as codex:
        assert codex.metadata.userAgent == "x/0.163.0 (Some OS)"


def test_async_client_starts_on_first_use_and_only_once() -> None:
    async def main(model: ScriptedModel) -> None:
        with no_leftovers():
            codex = AsyncCodex(model.config())
            with pytest.raises(RuntimeError, match="not started yet"):
                _ = codex.metadata
        answers = await asyncio.gather(*(codex.rpc.thread.loaded_list() for _ in range(3)))
        assert [answer.data for answer in answers] == [[], [], []]
        assert codex.metadata.serverInfo is not None
        await codex.close()

    with no_leftovers(), ScriptedModel() as model:
        asyncio.run(main(model))


@scenario(config={"client_name": "my app/tests"})
async def test_metadata_describes_the_runtime(codex: AsyncCodex, model: ScriptedModel) -> None:
    async with codex as entered:
        assert entered is codex
        metadata = codex.metadata
    assert metadata.serverInfo is not None
    assert metadata.serverInfo.version == SCHEMA_VERSION
    assert metadata.userAgent is not None and metadata.userAgent.startswith("my app/tests/")
    assert metadata.serverInfo.name == "my app/tests"
    assert metadata.codexHome == str(model.home)
    assert metadata.platformOs


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("config", "error", "text"),
    [
        (CodexConfig(codex_bin="/nonexistent/codex"), RuntimeNotFoundError, "/nonexistent/codex"),
        (python("import sys; sys.exit('no such option')"), TransportClosedError, "no such option"),
        (python(ANCIENT), UnsupportedRuntimeError, "0.1.0"),
        (
            dataclasses.replace(python(SILENT), start_timeout=0.3),
            RequestTimeoutError,
            r"initialize: .* within 0.3 s .*CodexConfig.start_timeout",
        ),
    ],
    ids=["missing", "dying", "ancient", "silent"],
)
def test_failed_start_leaves_nothing_behind(kind: str, config: CodexConfig, error: type[Exception], text: str) -> None:
    async def main() -> None:
        async with open_client(kind, config) as codex:
            await codex.request("thread/loaded/list")

    with no_leftovers(), pytest.raises(error, match=text):
        asyncio.run(main())


# Ending


@scenario()
async def test_close_is_final_and_can_be_repeated(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start()
    await codex.close()
    await codex.close()
    for call in (codex.thread_start, partial(thread.run, "Hi"), codex.rpc.model.list):
        with pytest.raises(TransportClosedError, match="closed"):
            await call()


@scenario()
async def test_close_ends_a_turn_that_somebody_waits_for(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.hang()
    turn = await (await codex.thread_start()).turn("Hi")
    waiting = asyncio.ensure_future(turn.run())
    await requested(model)
    await codex.close()
    with pytest.raises(TransportClosedError):
        await waiting


@scenario()
async def test_killed_runtime_ends_the_turn_with_its_exit_code(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.stream(["Hel", "lo"], delay=60)
    thread = await codex.thread_start()
    turn = await thread.turn("Hi")
    await requested(model)
    os.kill(process_id(), signal.SIGKILL)
    for call in (turn.run, partial(thread.run, "Hi"), codex.rpc.model.list):
        with pytest.raises(TransportClosedError) as caught:
            await call()
        assert caught.value.exit_code == -signal.SIGKILL
        assert "-9" in str(caught.value) or "SIGKILL" in str(caught.value)


@scenario()
async def test_turn_that_ended_before_the_runtime_died_keeps_its_result(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    model.say("Hello")
    turn = await (await codex.thread_start()).turn("Hi")
    assert (await turn.run()).status is TurnStatus.completed
    os.kill(process_id(), signal.SIGKILL)
    assert (await turn.run()).final_response == "Hello"


# Where it may be used


def test_async_client_refuses_another_event_loop() -> None:
    def elsewhere(call: Any) -> None:
        async def main() -> None:
            await call()

        with pytest.raises(RuntimeError, match="event loop"):
            asyncio.run(main())

    async def main(model: ScriptedModel) -> None:
        async with AsyncCodex(model.config()) as codex:
            thread = await codex.thread_start()
            await asyncio.to_thread(elsewhere, codex.rpc.model.list)
            await asyncio.to_thread(elsewhere, partial(thread.run, "Hi"))
            model.say("Still here")
            assert (await thread.run("Hi")).final_response == "Still here"

    with no_leftovers(), ScriptedModel() as model:
        asyncio.run(main(model))
