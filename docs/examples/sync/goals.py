"""Let a thread work towards a goal by itself, turn after turn, within a budget.

The runtime starts the turns. They end when the model says that the goal is reached, when the budget is used up, or
when the goal is paused: leaving the ``with`` statement early does that.
"""

from __future__ import annotations

from openai_codex import Codex, Sandbox


def main() -> None:
    """Follow one goal to its end, and leave another one early."""
    with Codex() as codex:
        thread = codex.thread_start(sandbox=Sandbox.workspace_write)
        with thread.goal.run_goal("Write a haiku into haiku.txt.", token_budget=50_000, timeout=600) as run:
            for number, turn in enumerate(run, start=1):
                result = turn.run()
                print(f"turn {number}: {result.final_response}")
        if run.goal is not None:
            print(f"the goal is {run.goal.status.value} after {run.goal.tokens_used} tokens")

        thread = codex.thread_start(sandbox=Sandbox.read_only)
        with thread.goal.run_goal("Find the largest prime number.", token_budget=50_000) as run:
            for turn in run:
                print(f"the first words are {next(turn.stream_text(), None)!r}, and that is enough")
                break
        goal = thread.goal.get()
        if goal is not None:
            print(f"{goal.objective} is {goal.status.value}")
        thread.goal.clear()  # or thread.goal.resume(), to go on


if __name__ == "__main__":
    main()
