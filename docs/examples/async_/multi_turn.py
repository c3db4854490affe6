"""Two conversations at the same time: every turn of a thread knows what was said before in that thread alone.

A thread that is not stored (``ephemeral``) is enough for a conversation that ends with the program.
"""

from __future__ import annotations

import asyncio

from openai_codex import AsyncCodex, Sandbox


async def converse(codex: AsyncCodex, subject: str) -> list[str]:
    """Ask three questions that build on each other, and return what to print."""
    thread = await codex.thread_start(
        developer_instructions="Answer in one line, without explanations.",
        ephemeral=True,
        sandbox=Sandbox.read_only,
    )
    lines = [subject]
    for question in (f"Suggest a name for {subject}.", "Shorter, please.", "Write a one-line description for it."):
        result = await thread.run(question)
        lines += [f"  {question}", f"    {result.final_response}"]
        if result.usage is not None and result.usage_delta is not None:
            delta, total = result.usage_delta.total_tokens, result.usage.total.total_tokens
            lines.append(f"    [{delta} tokens, {total} so far]")
    return lines


async def main() -> None:
    """Hold both conversations, and print one after the other."""
    async with AsyncCodex() as codex:
        subjects = ("a library that parses dates", "a program that renames photographs")
        for lines in await asyncio.gather(*(converse(codex, subject) for subject in subjects)):
            print("\n".join(lines))


if __name__ == "__main__":
    asyncio.run(main())
