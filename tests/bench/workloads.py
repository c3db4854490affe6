"""One fixed workload of the regression guard in one process: ``python workloads.py NAME N [PREFIX ...]``.

``N`` is how many units are worked through: imports, notifications or requests. The work for one unit is the difference
between two runs with different ``N``, so everything that both do alike drops out: the interpreter's start, this file,
the imports, the models' building, the stand-in's start and the client's end. ``PREFIX`` comes before the stand-in's
command.

This file imports next to nothing: what it had imported, ``import openai_codex`` would get for nothing. Public names
only; they are used as the examples in ``docs`` use them.
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False  # type checkers know the name
if TYPE_CHECKING:
    from collections.abc import Callable

    from openai_codex import CodexConfig
    from openai_codex.types import Notification

MIXED = "mixed n={}"
WARM_UP = MIXED.format(330)


def imports(n: int) -> None:
    """``import openai_codex``; a second time is free, so ``n`` is 0 or 1."""
    settle()
    if n:
        import openai_codex

        assert openai_codex


def stream_sync(n: int) -> None:
    """The recorded turn of ``n`` notifications, each read as in ``docs/examples``."""
    from openai_codex import Codex

    show = reader()
    with Codex(config()) as codex:
        thread = codex.thread_start()

        def read(text: str) -> int:
            shown = 0
            for event in thread.turn(text).stream():
                shown += show(event)
            return shown

        read(WARM_UP)
        settle()
        assert read(MIXED.format(n)) > n


def stream_async(n: int) -> None:
    """The same on asyncio."""
    import asyncio

    from openai_codex import AsyncCodex

    show = reader()

    async def stream() -> None:
        async with AsyncCodex(config()) as codex:
            thread = await codex.thread_start()

            async def read(text: str) -> int:
                shown = 0
                async for event in (await thread.turn(text)).stream():
                    shown += show(event)
                return shown

            await read(WARM_UP)
            settle()
            assert await read(MIXED.format(n)) > n

    asyncio.run(stream())


def run_sync(n: int) -> None:
    """``run()`` of the recorded turn of ``n`` notifications."""
    from openai_codex import Codex

    with Codex(config()) as codex:
        thread = codex.thread_start()
        thread.run(WARM_UP)
        settle()
        assert thread.run(MIXED.format(n)).final_response


def request_async(n: int) -> None:
    """``n`` small requests, one after the other."""
    import asyncio

    from openai_codex import AsyncCodex

    async def request() -> None:
        async with AsyncCodex(config()) as codex:
            thread = await codex.thread_start()
            await thread.set_name("warm-up")
            settle()
            for k in range(n):
                await thread.set_name(f"name {k}")

    asyncio.run(request())


def yardstick(n: int) -> None:
    """The recorded turn, parsed ``n`` times without this package: what Python and pydantic themselves take."""
    import json
    from pathlib import Path

    from pydantic_core import from_json

    text = Path(__file__).with_name("fixtures").joinpath("mixed_turn.jsonl").read_text("utf-8")
    settle()
    for _ in range(n):
        for line in text.splitlines():
            assert json.loads(line) == from_json(line)


def settle() -> None:
    """End the preparation: from here on garbage is collected as in any program, but not what is there already.

    Going through all models and modules costs as much as thousands of events, and a single object more or less would
    decide when it happens.
    """
    gc.freeze()
    gc.enable()


def config() -> CodexConfig:
    """A client of the stand-in."""
    from pathlib import Path

    from openai_codex import CodexConfig

    peer = (sys.executable, "-I", "-S", str(Path(__file__).with_name("standin.py")))
    return CodexConfig(launch_args_override=(*sys.argv[3:], *peer))


def reader() -> Callable[[Notification], int]:
    """Someone who takes from the typed payload of an event what a person wants to see, and counts its characters."""
    from openai_codex.types import (
        AgentMessageDeltaNotification,
        AgentMessageThreadItem,
        CommandExecutionThreadItem,
        ItemCompletedNotification,
        ItemStartedNotification,
    )

    def show(event: Notification) -> int:
        match event.payload:
            case AgentMessageDeltaNotification(delta=text):
                return len(text)
            case ItemCompletedNotification(item=AgentMessageThreadItem(text=text)):
                return len(text)
            case ItemStartedNotification(item=CommandExecutionThreadItem(command=command)):
                return len(command)
            case ItemCompletedNotification(item=CommandExecutionThreadItem(aggregated_output=output)):
                return len(output or "")
            case _:
                return 0

    return show


WORKLOADS: dict[str, Callable[[int], None]] = {
    work.__name__: work for work in (imports, stream_sync, stream_async, run_sync, request_async, yardstick)
}


if __name__ == "__main__":
    gc.disable()
    WORKLOADS[sys.argv[1]](int(sys.argv[2]))
    os._exit(0)  # the interpreter's end is not measured either
