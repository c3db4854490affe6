"""Steer a running turn, stop it, limit its time, and choose model, effort and sandbox for a turn."""

from __future__ import annotations

from openai_codex import Codex, Sandbox, Thread, TurnTimeoutError
from openai_codex.types import ReasoningEffort


def steer(thread: Thread) -> None:
    """Add to the task when the model has begun to answer."""
    turn = thread.turn("Explain what a context manager is.")
    for _ in turn.stream_text():
        turn.steer("Leave out the history, and end with an example.")
        break  # out of the stream; the turn goes on
    print("steered:", turn.run().final_response)


def interrupt(thread: Thread) -> None:
    """Stop a turn when there is enough of it. An interrupted turn is a result, not an error."""
    turn = thread.turn("Write a long story about a lighthouse.")
    text = ""
    for piece in turn.stream_text():
        text += piece
        if len(text) > 20:
            turn.interrupt()
            break
    result = turn.run()
    print(f"{result.status.value}: {result.partial_text!r}")


def limit_the_time(thread: Thread) -> None:
    """Give a turn two seconds. When they are over, it is interrupted on the server as well."""
    try:
        thread.run("Think about this for as long as you can.", timeout=2)
    except TurnTimeoutError as error:
        print("timeout:", error.result.status.value)


def choose(thread: Thread) -> None:
    """Change the settings. They hold from this turn on, until a later turn changes them again."""
    effort, sandbox = ReasoningEffort.low, Sandbox.workspace_write
    result = thread.run("Create an empty file notes.txt.", model="gpt-5.5", effort=effort, sandbox=sandbox)
    print(f"{result.model}: {result.final_response}")


def main() -> None:
    """Show each control in the same thread."""
    with Codex() as codex:
        thread = codex.thread_start(sandbox=Sandbox.read_only)
        for control in (steer, interrupt, limit_the_time, choose):
            control(thread)


if __name__ == "__main__":
    main()
