"""The shortest useful program: one question, one answer.

The runtime works in the current directory, and may read it but not change it.
"""

from __future__ import annotations

import asyncio

from openai_codex import AsyncCodex, Sandbox


async def main() -> None:
    """Ask one question and print what came back."""
    async with AsyncCodex() as codex:
        thread = await codex.thread_start(sandbox=Sandbox.read_only)
        result = await thread.run("What does this project do? Answer in one sentence.")
        print(result.final_response)
        if result.usage is not None:
            print(f"[{result.status.value}, {result.usage.total.total_tokens} tokens]")


if __name__ == "__main__":
    asyncio.run(main())
