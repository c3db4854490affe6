"""Answer what the model, or an MCP server, wants to know from the user.

The model asks questions with options to choose from. A server of your configuration asks with a form, or with an
address to open, while one of its tools runs.
"""

from __future__ import annotations

from openai_codex import Codex, Elicitation, ElicitationRequest, Sandbox
from openai_codex.console import ask_user
from openai_codex.types import JsonObject

PROFILE = {"name": "Ada", "color": "blue", "email": "ada@example.org"}

# In its default mode the model may ask only if this feature is on.
ASKING: JsonObject = {"features.default_mode_request_user_input": True, "suppress_unstable_features_warning": True}


def fill_in(request: ElicitationRequest) -> Elicitation:
    """Fill in forms from the profile, and decline all else."""
    print(f"\n{request.server}: {request.message}")
    form = request.model  # a model of pydantic, made of the form's fields
    if form is None:
        return Elicitation.decline()
    known = {name: PROFILE[name] for name in form.model_fields if name in PROFILE}
    print("  answered with", known)
    return Elicitation.accept(form(**known))


def main() -> None:
    """Let the model ask, and then a server."""
    with Codex(user_input_handler=ask_user, elicitation_handler=fill_in) as codex:
        thread = codex.thread_start(sandbox=Sandbox.read_only, config=ASKING)
        result = thread.run("Ask me which size of shirt I want, S or L.")
        print(f"\n{result.final_response}")
        result = thread.run("Have the desk ask me who I am.")  # if there is an MCP server of that name
        print(result.final_response)


if __name__ == "__main__":
    main()
