"""Steer a running turn, stop it, limit its time, cancel its task, and choose model, effort and sandbox for a turn."""

from __future__ import annotations

import asyncio

from openai_codex import AsyncCodex, AsyncThread, Sandbox, TurnTimeoutError
from openai_codex.types import ReasoningEffort


async def steer(thread: AsyncThread) -> None:
    """Add to the task when the model has begun to answer."""
    turn = await thread.turn("Explain what a context manager is.")
    async for _ in turn.stream_text():
        await turn.steer("Leave out the history, and end with an example.")
        break  # out of the stream; the turn goes on
    print("steered:", (await turn.run()).final_response)


async def interrupt(thread: AsyncThread) -> None:
    """Stop a turn when there is enough of it. An interrupted turn is a result, not an error."""
    turn = await thread.turn("Write a long story about a lighthouse.")
    text = ""
    async for piece in turn.stream_text():
        text += piece
        if len(text) > 20:
            await turn.interrupt()
            break
    result = await turn.run()
    print(f"{result.status.value}: {result.partial_text!r}")


async def limit_the_time(thread: AsyncThread) -> None:
    """Give a turn two seconds. When they are over, it is interrupted on the server as well."""
    try:
        await thread.run("Think about this for as long as you can.", timeout=2)
    except TurnTimeoutError as error:
        print("timeout:", error.result.status.value)


async def cancel(thread: AsyncThread) -> None:
    """Cancel the task that waits for a turn. That interrupts the turn first, so it uses no more tokens."""
    task = asyncio.create_task(thread.run("Think about this for as long as you can."))
    await asyncio.sleep(2)
    task.cancel()
    await asyncio.wait({task})
    latest = await anext(thread.turns())
    print(f"cancelled: {task.cancelled()}, and the turn is {latest.status.value}")


async def choose(thread: AsyncThread) -> None:
    """Change the settings. They hold from this turn on, until a later turn changes them again."""
    effort, sandbox = ReasoningEffort.low, Sandbox.workspace_write
    result = await thread.run("Create an empty file notes.txt.", model="gpt-5.5", effort=effort, sandbox=sandbox)
    print(f"{result.model}: {result.final_response}")


async def main() -> None:
    """Show each control in the same thread."""
    async with AsyncCodex() as codex:
        thread = await codex.thread_start(sandbox=Sandbox.read_only)
        for control in (steer, interrupt, limit_the_time, cancel, choose):
            await control(thread)


if __name__ == "__main__":
    asyncio.run(main())
