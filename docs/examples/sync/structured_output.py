"""Get an answer as a value of a Python type.

The model is given the JSON schema of the type. Its answer is validated by the type itself; if it does not fit, another
turn of the thread tells the model what is wrong and asks again.
"""

from __future__ import annotations

from pydantic import BaseModel, Field

from openai_codex import Codex, OutputValidationError, Sandbox


class Recipe(BaseModel):
    """What to ask for. Descriptions are for the model."""

    title: str
    minutes: int = Field(description="Time from start to table.", ge=1, le=60)
    steps: list[str]


def main() -> None:
    """Ask for a recipe, and then for something that may not come out right."""
    with Codex() as codex:
        thread = codex.thread_start(ephemeral=True, sandbox=Sandbox.read_only)

        # One further turn may ask again; ``output_retries`` is how many.
        recipe = thread.run("A quick supper with eggs.", output_type=Recipe).output
        print(f"{recipe.title} ({recipe.minutes} minutes)")
        for number, step in enumerate(recipe.steps, start=1):
            print(f"  {number}. {step}")

        # Types that are no object work as well.
        names = thread.run("Three other names for it.", output_type=list[str]).output
        print("also known as", ", ".join(names))

        try:
            thread.run("A goulash, and take your time.", output_type=Recipe, output_retries=0)
        except OutputValidationError as error:
            for detail in error.errors:
                print(f"not a recipe: {detail['loc']}: {detail['msg']}")
            print(f"the answer was {error.text}")


if __name__ == "__main__":
    main()
