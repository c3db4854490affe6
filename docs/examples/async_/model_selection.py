"""List the models with what they can do, and ask several of them the same at the same time."""

from __future__ import annotations

import asyncio

from openai_codex import AsyncCodex, Sandbox
from openai_codex.types import Model


async def ask(codex: AsyncCodex, model: Model, question: str) -> str:
    """Ask one model, with the lowest effort that it has. The efforts are listed from the lowest to the highest."""
    thread = await codex.thread_start(ephemeral=True, model=model.model, sandbox=Sandbox.read_only)
    lowest = model.supported_reasoning_efforts[0].reasoning_effort
    result = await thread.run(question, effort=lowest)  # an effort holds from its turn on
    return f"{model.display_name} with effort {lowest.value}: {result.final_response} ({result.duration_ms} ms)"


async def main() -> None:
    """Print all models, then ask the default one and the last one."""
    async with AsyncCodex() as codex:
        models = [model async for model in codex.all_models()]
        for model in models:
            efforts = ", ".join(option.reasoning_effort.value for option in model.supported_reasoning_efforts)
            print(f"{'*' if model.is_default else ' '} {model.display_name:<14} {efforts}")

        default = next(model for model in models if model.is_default)
        asked = (ask(codex, model, "What is the 10th prime number?") for model in (default, models[-1]))
        print("", *await asyncio.gather(*asked), sep="\n")


if __name__ == "__main__":
    asyncio.run(main())
