"""What is stored of threads: list, name, resume, fork and archive them, and read what was said.

A thread is stored with its first turn. All clients of the same Codex home see it, also after a restart.
"""

from __future__ import annotations

import asyncio

from openai_codex import AsyncCodex, AsyncThread, Sandbox
from openai_codex.types import AgentMessageThreadItem, SortDirection, TextUserInput, UserMessageThreadItem


async def remember(codex: AsyncCodex, number: int) -> AsyncThread:
    """Start a thread with a name and one turn."""
    thread = await codex.thread_start(sandbox=Sandbox.read_only)
    await thread.run(f"Remember the number {number}.")
    await thread.set_name(f"The number {number}")
    return thread


async def main() -> None:
    """Make three threads at the same time, come back to one of them, fork it, and archive all."""
    async with AsyncCodex() as codex:
        made = await asyncio.gather(*(remember(codex, number) for number in (7, 8, 9)))

    async with AsyncCodex() as codex:  # another runtime: it knows of the threads what is stored
        ours = {thread.id for thread in made}
        print("Stored:", sorted([thread.name or "" async for thread in codex.threads() if thread.id in ours]))

        thread = await codex.thread_resume(made[0].id, include_turns=False)
        # A fork begins with the same past, and goes its own way. Both can work at the same time.
        fork = await codex.thread_fork(thread.id, include_turns=False)
        await asyncio.gather(thread.run("Which number?"), fork.run("Add 100 to it."))

        for name, each in (("Thread", thread), ("Fork", fork)):
            turns = [turn async for turn in each.turns()]
            print(f"{name}: {len(turns)} turns, the newest is {turns[0].status.value}")
            async for entry in each.items(sort_direction=SortDirection.asc):
                match entry.item:
                    case UserMessageThreadItem(content=[TextUserInput(text=text), *_]):
                        print(f"  you:   {text}")
                    case AgentMessageThreadItem(text=text):
                        print(f"  Codex: {text}")
                    case _:
                        pass

        await fork.delete()  # for good; a thread cannot be deleted before its forks
        await asyncio.gather(*(codex.thread_archive(thread_id) for thread_id in ours))  # not listed any more
        archived = [thread async for thread in codex.threads(archived=True) if thread.id in ours]
        print(f"Archived: {len(archived)}")


if __name__ == "__main__":
    asyncio.run(main())
