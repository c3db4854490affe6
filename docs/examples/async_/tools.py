"""Give the model Python functions to call, in two threads at a time.

The type hints say what the model has to give, the docstring says what a tool is for. Arguments that do not fit are told
to the model, and so is an exception; it can call again. A plain function runs on a thread of its own.
"""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

from pydantic import BaseModel, Field

from openai_codex import AsyncCodex, Sandbox, ToolContext, ToolSet, tool
from openai_codex.types import DynamicToolCallThreadItem

STOCK = {"chair": 12, "table": 3}


class Reservation(BaseModel):
    """What is set aside. A model of pydantic goes to the model as JSON."""

    article: str
    amount: int
    left: int


@tool
def stock(article: Annotated[str, Field(description="Name in the singular, such as chair.")]) -> int:
    """Tell how many of an article there are."""
    time.sleep(0.1)  # it may block
    return STOCK[article]


@tool(timeout=10, concurrency=1)  # one call at a time, whatever the number of threads
async def reserve(
    article: str,
    amount: Annotated[int, Field(ge=1, description="How many; at least 1.")],
    context: ToolContext[AsyncCodex],  # not for the model: which thread, turn and call this is
) -> Reservation:
    """Set an amount of an article aside."""
    known = await context.client.thread(context.thread_id).read()
    print(f"reserving {amount} of {article} in {known.thread.cwd.rpartition('/')[2]}")
    STOCK[article] -= amount
    return Reservation(article=article, amount=amount, left=STOCK[article])


async def work(codex: AsyncCodex, prompt: str) -> None:
    """Let the model use both tools in one turn, and print its calls."""
    warehouse = ToolSet("warehouse", [stock, reserve], description="What is in the warehouse.")
    thread = await codex.thread_start(sandbox=Sandbox.read_only, tools=[warehouse])
    result = await thread.run(prompt)
    for item in result.items:
        if isinstance(item, DynamicToolCallThreadItem):
            texts = [getattr(content, "text", content.type) for content in item.content_items or ()]
            print(f"{item.namespace}.{item.tool}({item.arguments}) {item.status.value}: {'; '.join(texts)}")
    print(result.final_response)


async def main() -> None:
    """Reserve twice at the same time."""
    async with AsyncCodex() as codex:
        prompt = "Are there ten chairs? Then reserve two."
        await asyncio.gather(work(codex, prompt), work(codex, prompt))
    print(f"chairs that are left: {STOCK['chair']}")


if __name__ == "__main__":
    asyncio.run(main())
