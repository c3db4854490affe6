"""One turn in each world, with whatever ``openai_codex`` this interpreter has. Prints a JSON report.

It is copied away and run in isolated mode, so it imports nothing from this directory.
"""

from __future__ import annotations

import asyncio
import json

import openai_codex
from openai_codex import AsyncCodex, Codex
from openai_codex.testing import ScriptedModel


def run_sync() -> str | None:
    with ScriptedModel() as model, Codex(model.config()) as codex:
        model.say("Hello from a thread")
        return codex.thread_start().run("Hi").final_response


async def run_async() -> str | None:
    with ScriptedModel() as model:
        async with AsyncCodex(model.config()) as codex:
            model.say("Hello from a loop")
            thread = await codex.thread_start()
            return (await thread.run("Hi")).final_response


def main() -> None:
    answers = {"Codex": run_sync(), "AsyncCodex": asyncio.run(run_async())}
    assert answers == {"Codex": "Hello from a thread", "AsyncCodex": "Hello from a loop"}, answers
    report = {"package": openai_codex.__file__, "version": openai_codex.__version__, "answers": answers}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
