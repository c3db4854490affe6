"""Get answers as values of a Python type, several at the same time.

The model is given the JSON schema of the type. Its answer is validated by the type itself; if it does not fit, another
turn of the thread tells the model what is wrong and asks again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from openai_codex import AsyncCodex, OutputValidationError, Sandbox


@dataclass(frozen=True)
class Recipe:
    """What to ask for. A dataclass does as well as a model of pydantic."""

    title: str
    minutes: Annotated[int, Field(description="Time from start to table.", ge=1)]


async def ask_for_recipe(codex: AsyncCodex, ingredient: str) -> Recipe | None:
    """Ask for a recipe, with up to two further turns if the answer is none."""
    thread = await codex.thread_start(ephemeral=True, sandbox=Sandbox.read_only)
    turn = await thread.turn(f"A quick supper with {ingredient}.", output_type=Recipe, output_retries=2)
    try:
        result = await turn.run(timeout=300)  # for all three turns
    except OutputValidationError as error:
        print(f"[{len(error.errors)} things are wrong with {error.text!r}]")
        return None
    return result.output


async def main() -> None:
    """Ask for three recipes, and print the quickest first."""
    async with AsyncCodex() as codex:
        answers = await asyncio.gather(*(ask_for_recipe(codex, name) for name in ("eggs", "lentils", "rice")))
    recipes = [recipe for recipe in answers if recipe is not None]
    for recipe in sorted(recipes, key=lambda recipe: recipe.minutes):
        print(f"{recipe.minutes:>3} minutes: {recipe.title}")


if __name__ == "__main__":
    asyncio.run(main())
