"""Answer what the model, or an MCP server, wants to know from the user, with coroutine functions.

The model asks questions with options to choose from. A server of your configuration asks with a form, or with an
address to open, while one of its tools runs. A handler is cancelled as soon as nobody wants its answer any more.
"""

from __future__ import annotations

import asyncio
from typing import Any

from openai_codex import AsyncCodex, ElicitationRequest, Sandbox, UserInputRequest
from openai_codex.types import JsonObject

# In its default mode the model may ask only if this feature is on.
ASKING: JsonObject = {"features.default_mode_request_user_input": True, "suppress_unstable_features_warning": True}


async def choose(request: UserInputRequest) -> dict[str, str]:
    """Take the last option of each question, and tell the time of day where there are none."""
    answers: dict[str, str] = {}
    for question in request.questions:
        options = [option.label for option in question.options or ()]
        answers[question.id] = options[-1] if options else "noon"
        print(f"{question.question} {options} -> {answers[question.id]}")
    return answers


async def fill_in(request: ElicitationRequest) -> dict[str, Any] | None:
    """Fill in forms that ask for a name and a colour. None declines."""
    await asyncio.sleep(0.1)  # a look into a database, for example
    print(f"{request.server}: {request.message} ({request.mode})")
    fields = request.schema.properties if request.schema is not None else {}
    return {"name": "Ada", "color": "blue"} if {"name", "color"} <= fields.keys() else None


async def main() -> None:
    """Let the model ask in one thread, and then a server."""
    async with AsyncCodex(user_input_handler=choose) as codex:
        thread = await codex.thread_start(sandbox=Sandbox.read_only, config=ASKING, elicitation_handler=fill_in)
        for prompt in ("Ask me which size of shirt I want, S or L.", "Have the desk ask me who I am."):
            result = await thread.run(prompt)
            print(result.final_response)


if __name__ == "__main__":
    asyncio.run(main())
