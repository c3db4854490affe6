"""Give the model Python functions to call.

The type hints say what the model has to give, the docstring says what a tool is for. Arguments that do not fit are told
to the model, and so is an exception; it can call again.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import BaseModel, Field

from openai_codex import Codex, Sandbox, ToolContext, tool
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
    return STOCK[article]


@tool(timeout=10, concurrency=1)
async def reserve(
    article: str,
    amount: Annotated[int, Field(ge=1, description="How many; at least 1.")],
    context: ToolContext[Codex],  # not for the model: which thread, turn and call this is
) -> Reservation:
    """Set an amount of an article aside."""
    await asyncio.sleep(0.1)  # a warehouse, for example
    print(f"reserving {amount} of {article} for the thread that ends with {context.thread_id[-4:]}")
    STOCK[article] -= amount
    return Reservation(article=article, amount=amount, left=STOCK[article])


def main() -> None:
    """Let the model use both tools in one turn, and print its calls."""
    with Codex() as codex:
        thread = codex.thread_start(ephemeral=True, sandbox=Sandbox.read_only, tools=[stock, reserve])
        print(f"the thread ends with {thread.id[-4:]}")
        result = thread.run("Are there ten chairs? Then reserve two.")
        for item in result.items:
            if isinstance(item, DynamicToolCallThreadItem):
                texts = [getattr(content, "text", content.type) for content in item.content_items or ()]
                print(f"{item.tool}({item.arguments}) {item.status.value}: {'; '.join(texts)}")
        print(result.final_response)


if __name__ == "__main__":
    main()
