"""Test Codex applications offline: a scripted model for the real runtime.

``ScriptedModel`` is an HTTP server on loopback that speaks the model's side of the Responses API, together
with an isolated Codex home whose configuration points the runtime at that server. The runtime is the real
one, so threads, turns, approvals, sandboxed commands and patches behave as in production; only the model's
answers are yours. No token and no network are needed.

Example:
    ::

        from openai_codex import Codex
        from openai_codex.testing import ScriptedModel

        with ScriptedModel() as model, Codex(model.config()) as codex:
            model.call_tool("exec_command", {"cmd": "echo from the shell"}).say("Done")
            result = codex.thread_start().run("Run it")
            assert result.final_response == "Done"
            assert "from the shell" in model.requests[1].last_tool_output
            assert not model.unexpected and not model.remaining
"""

from ._model import ScriptedModel
from ._request import RecordedRequest
from ._script import Event, Item, Usage, message, tool_call

__all__ = ["Event", "Item", "RecordedRequest", "ScriptedModel", "Usage", "message", "tool_call"]
