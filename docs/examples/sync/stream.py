"""Show a turn while it happens: the text alone, or every event.

A stream ends with its turn. What the turn came to is in the result of ``run()``, also after a stream.
"""

from __future__ import annotations

from openai_codex import Codex, Sandbox
from openai_codex.types import (
    AgentMessageDeltaNotification,
    AgentMessageThreadItem,
    CommandExecutionThreadItem,
    ItemCompletedNotification,
    ItemStartedNotification,
    Notification,
)


def show(event: Notification) -> None:
    """Print the events that a person wants to see, and leave out the rest."""
    match event.payload:
        case AgentMessageDeltaNotification(delta=text):
            print(text, end="", flush=True)
        case ItemCompletedNotification(item=AgentMessageThreadItem()):
            print()
        case ItemStartedNotification(item=CommandExecutionThreadItem(command=command)):
            print(f"$ {command}")
        case ItemCompletedNotification(item=CommandExecutionThreadItem(exit_code=code, aggregated_output=output)):
            print(f"{(output or '').rstrip()}\n[exit code {code}]")
        case _:
            pass


def main() -> None:
    """Stream the text of one turn, and all events of the next."""
    with Codex() as codex:
        thread = codex.thread_start(sandbox=Sandbox.read_only)

        for piece in thread.turn("Greet me in one sentence.").stream_text():
            print(piece, end="", flush=True)
        print("\n---")

        turn = thread.turn("Use the shell to count the files here, and tell me the number.")
        for event in turn.stream():
            show(event)
        result = turn.run()  # returns at once, because the turn has ended
        print(f"[{result.status.value}: {len(result.items)} items in {result.duration_ms} ms]")


if __name__ == "__main__":
    main()
