"""Get an answer as JSON of a given shape.

The schema tells the model what to write. Neither the runtime nor the client checks the answer against it, so this
program does, and asks once more when it does not fit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from openai_codex import Codex, Sandbox, Thread
from openai_codex.types import JsonObject

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "minutes": {"type": "integer", "description": "Time from start to table."},
        "steps": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["title", "minutes", "steps"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Recipe:
    """What the schema describes."""

    title: str
    minutes: int
    steps: list[str]

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read it; raises ValueError if the text is no such recipe."""
        try:
            data = json.loads(text)
            return cls(str(data["title"]), int(data["minutes"]), [str(step) for step in data["steps"]])
        except (KeyError, TypeError) as error:
            raise ValueError(f"{error!r} in {text!r}") from error


def ask_for_recipe(thread: Thread, prompt: str) -> Recipe:
    """Ask for a recipe. If the answer is none, say what is wrong with it and ask again."""
    answer = thread.run(prompt, output_schema=SCHEMA).final_response
    try:
        return Recipe.from_json(answer or "")
    except ValueError as error:
        print(f"[not a recipe: {error}]")
    answer = thread.run("Answer again, as JSON of the given schema.", output_schema=SCHEMA).final_response
    return Recipe.from_json(answer or "")


def main() -> None:
    """Ask for a recipe and print it."""
    with Codex() as codex:
        thread = codex.thread_start(ephemeral=True, sandbox=Sandbox.read_only)
        recipe = ask_for_recipe(thread, "A quick supper with eggs.")
        print(f"{recipe.title} ({recipe.minutes} minutes)")
        for number, step in enumerate(recipe.steps, start=1):
            print(f"  {number}. {step}")


if __name__ == "__main__":
    main()
