"""Be asked at the terminal before Codex does more than its sandbox allows, while its events go on.

Here the sandbox only lets it read. A command that is to run outside of it, and every change of a file, is shown to you:
y allows it, n refuses it, and the turn goes on in both cases. The handler is a plain function that waits for you. It
runs on a thread of its own, so the event loop has its hands free.
"""

from __future__ import annotations

import asyncio

from openai_codex import ApprovalMode, AsyncCodex, AsyncThread, Sandbox
from openai_codex.console import ask_approval
from openai_codex.types import (
    AgentMessageThreadItem,
    CommandExecutionThreadItem,
    FileChangeThreadItem,
    ItemCompletedNotification,
)


async def work(thread: AsyncThread, prompt: str) -> None:
    """Run a turn, and print what becomes of its commands and changes as soon as that is known."""
    turn = await thread.turn(prompt)
    async for event in turn.stream():
        match event.payload:
            case ItemCompletedNotification(item=CommandExecutionThreadItem(command=command, status=status)):
                print(f"\n{status.value}: {command}")
            case ItemCompletedNotification(item=FileChangeThreadItem(changes=changes, status=status)):
                print(f"\n{status.value}: {', '.join(change.path for change in changes)}")
            case ItemCompletedNotification(item=AgentMessageThreadItem(text=text)):
                print(text)
            case _:
                pass


async def main() -> None:
    """Let it run a command, and write a file."""
    async with AsyncCodex(approval_handler=ask_approval) as codex:
        thread = await codex.thread_start(sandbox=Sandbox.read_only, approval_mode=ApprovalMode.ask)
        await work(thread, "Write today's date into today.txt, with a command.")
        await work(thread, "Write a greeting into hello.txt, with a patch.")


if __name__ == "__main__":
    asyncio.run(main())
