"""Show turns while they happen: the text of one, and then the events of two that run at the same time.

A stream ends with its turn. What the turn came to is in the result of ``run()``, also after a stream.
"""

from __future__ import annotations

import asyncio

from openai_codex import AsyncCodex, Sandbox
from openai_codex.types import AgentMessageThreadItem, CommandExecutionThreadItem, ItemCompletedNotification


async def watch(codex: AsyncCodex, name: str, prompt: str) -> None:
    """Print what a turn does, each line under its name."""
    thread = await codex.thread_start(sandbox=Sandbox.read_only)
    turn = await thread.turn(prompt)
    async for event in turn.stream():
        match event.payload:
            case ItemCompletedNotification(item=CommandExecutionThreadItem(command=command, exit_code=code)):
                print(f"{name:>5} | $ {command} [exit code {code}]")
            case ItemCompletedNotification(item=AgentMessageThreadItem(text=text)):
                print(f"{name:>5} | {text}")
            case _:
                pass
    result = await turn.run()  # returns at once, because the turn has ended
    print(f"{name:>5} | {result.status.value} in {result.duration_ms} ms")


async def main() -> None:
    """Stream the text of one turn, and the events of two."""
    async with AsyncCodex() as codex:
        thread = await codex.thread_start(sandbox=Sandbox.read_only)
        turn = await thread.turn("Greet me in one sentence.")
        async for piece in turn.stream_text():
            print(piece, end="", flush=True)
        print("\n---")

        await asyncio.gather(
            watch(codex, "files", "Use the shell to count the files here, and tell me the number."),
            watch(codex, "disk", "Use the shell to see how much space is left, and tell me if it is enough."),
        )


if __name__ == "__main__":
    asyncio.run(main())
