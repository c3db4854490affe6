"""Let a thread work towards a goal by itself, turn after turn, within a budget.

The runtime starts the turns. They end when the model says that the goal is reached, when the budget is used up, or
when the goal is paused: cancelling the task that follows it does that.
"""

from __future__ import annotations

import asyncio

from openai_codex import AsyncCodex, AsyncThread, Sandbox


async def pursue(thread: AsyncThread, objective: str) -> None:
    """Follow a goal to its end, with the text of each turn."""
    async with thread.goal.run_goal(objective, token_budget=50_000, timeout=600) as run:
        number = 0
        async for turn in run:
            number += 1
            print(f"turn {number}: ", end="", flush=True)
            async for piece in turn.stream_text():
                print(piece, end="", flush=True)
            print()
    if run.goal is not None:
        print(f"the goal is {run.goal.status.value} after {run.goal.tokens_used} tokens")


async def main() -> None:
    """Follow one goal to its end, and give up another one."""
    async with AsyncCodex() as codex:
        thread = await codex.thread_start(sandbox=Sandbox.workspace_write)
        await pursue(thread, "Write a haiku into haiku.txt.")

        thread = await codex.thread_start(sandbox=Sandbox.read_only)
        task = asyncio.create_task(pursue(thread, "Find the largest prime number."))
        await asyncio.sleep(2)
        task.cancel()
        await asyncio.wait({task})
        goal = await thread.goal.get()
        if goal is not None:
            print(f"\n{goal.objective} is {goal.status.value}")
        await thread.goal.clear()  # or thread.goal.resume(), to go on


if __name__ == "__main__":
    asyncio.run(main())
