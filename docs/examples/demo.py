"""A tour of a few seconds: a streamed answer, a command in the sandbox, and what it all cost.

    python docs/examples/demo.py                        a scripted model: no login, no network, no cost
    python docs/examples/demo.py --live                 your own Codex login and its default model
    python docs/examples/demo.py --live --prompt TEXT   ask it something of your own

The runtime is the real one in each case; only the model can be replaced.
"""

from __future__ import annotations

import argparse
import platform
import re
import sys
from collections.abc import Sequence
from textwrap import indent

from openai_codex import ApprovalMode, Codex, CodexError, Sandbox, __version__
from openai_codex.protocol import SCHEMA_VERSION
from openai_codex.testing import ScriptedModel, Usage
from openai_codex.types import (
    AgentMessageDeltaNotification,
    AgentMessageThreadItem,
    CommandExecutionThreadItem,
    ErrorNotification,
    ItemCompletedNotification,
    Notification,
)

PROMPTS = (
    "Who are you? One sentence.",
    "Print the working directory, then try to create a file in it. What happened?",
)


def script(model: ScriptedModel) -> None:
    """Tell the scripted model what to answer: a text, then a tool call, and a text again with the tool's output."""
    identity = "I am a script in place of a model, and the runtime around me is the real one."
    finding = "The directory is there to read, but the sandbox let me write nothing."
    model.stream(words(identity), delay=0.05, usage=Usage(1840, 21))
    model.call_tool("exec_command", {"cmd": "pwd; touch note.txt || echo refused"}, usage=Usage(1893, 34))
    model.stream(words(finding), delay=0.05, usage=Usage(1960, 16))


def words(text: str) -> list[str]:
    """Cut a text into words, spaces included."""
    return re.findall(r"\S+\s*", text)


def show(event: Notification) -> None:
    """Print what a person wants to see of a turn, as it happens."""
    match event.payload:
        case AgentMessageDeltaNotification(delta=text):
            print(text, end="", flush=True)
        case ItemCompletedNotification(item=AgentMessageThreadItem()):
            print()
        case ItemCompletedNotification(item=CommandExecutionThreadItem() as run):
            print(f"$ {run.command}")
            print(indent((run.aggregated_output or "").strip(), "  "))
            print(f"  [exit code {run.exit_code}]")
        case ErrorNotification(error=error, will_retry=True):
            print(f"[{error.message}]")
        case _:
            pass


def require_login(codex: Codex) -> None:
    """End the program if the runtime needs a login and has none."""
    state = codex.rpc.account.read()
    if state.account is None and state.requires_openai_auth:
        sys.exit("demo: there is no Codex login here; log in first, or leave out --live")


def tour(codex: Codex, prompts: Sequence[str]) -> None:
    """Ask each prompt in one thread, and tell what was used."""
    thread = codex.thread_start(sandbox=Sandbox.read_only, approval_mode=ApprovalMode.deny_all)
    for prompt in prompts:
        print(f"> {prompt}")
        turn = thread.turn(prompt)
        for event in turn.stream():
            show(event)
        result = turn.run()  # the turn has ended: this is its result, or raises why it failed
        print()
        if result.usage is not None:
            used = result.usage.total
            print(f"  tokens of the thread so far: {used.input_tokens} in, {used.output_tokens} out\n")
    info = codex.metadata.serverInfo
    runtime = "of unknown version" if info is None else info.version
    print(f"openai_codex {__version__}, schema {SCHEMA_VERSION}, runtime {runtime}, Python {platform.python_version()}")


def main() -> int:
    """Run the tour and return the exit code."""
    parser = argparse.ArgumentParser(description="A tour of the Codex client in a few seconds.")
    parser.add_argument("--live", action="store_true", help="use your own Codex login instead of a scripted model")
    parser.add_argument("--prompt", metavar="TEXT", help="ask this instead (with --live)")
    options = parser.parse_args()
    if options.prompt and not options.live:
        parser.error("--prompt needs --live: the scripted model answers everything in the same way")
    try:
        if options.live:
            with Codex() as codex:
                require_login(codex)
                tour(codex, [options.prompt] if options.prompt else PROMPTS)
        else:
            with ScriptedModel() as model, Codex(model.config()) as codex:
                script(model)
                tour(codex, PROMPTS)
    except CodexError as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
