"""Get answers as JSON of a given shape, several at the same time.

The schema tells the model what to write. Neither the runtime nor the client checks the answer against it, so this
program does, and asks once more when it does not fit.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

from openai_codex import AsyncCodex, Sandbox
from openai_codex.types import JsonObject

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "minutes": {"type": "integer", "description": "Time from start to table."},
    },
    "required": ["title", "minutes"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Recipe:
    """What the schema describes."""

    title: str
    minutes: int

    @classmethod
    def from_json(cls, text: str | None) -> Recipe:
        """Read it; raises ValueError if the text is no such recipe."""
        try:
            data = json.loads(text or "")
            return cls(title=str(data["title"]), minutes=int(data["minutes"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"{error!r} in {text!r}") from error


async def ask_for_recipe(codex: AsyncCodex, ingredient: str) -> Recipe:
    """Ask for a recipe. If the answer is none, ask again."""
    thread = await codex.thread_start(ephemeral=True, sandbox=Sandbox.read_only)
    result = await thread.run(f"A quick supper with {ingredient}.", output_schema=SCHEMA)
    try:
        return Recipe.from_json(result.final_response)
    except ValueError as error:
        print(f"[not a recipe: {error}]")
    result = await thread.run("Answer again, as JSON of the given schema.", output_schema=SCHEMA)
    return Recipe.from_json(result.final_response)


async def main() -> None:
    """Ask for three recipes, and print the quickest first."""
    async with AsyncCodex() as codex:
        recipes = await asyncio.gather(*(ask_for_recipe(codex, name) for name in ("eggs", "lentils", "rice")))
    for recipe in sorted(recipes, key=lambda recipe: recipe.minutes):
        print(f"{recipe.minutes:>3} minutes: {recipe.title}")


if __name__ == "__main__":
    asyncio.run(main())
