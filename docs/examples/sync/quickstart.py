"""The shortest useful program: one question, one answer.

The runtime works in the current directory, and may read it but not change it.
"""

from __future__ import annotations

from openai_codex import Codex, Sandbox


def main() -> None:
    """Ask one question and print what came back."""
    with Codex() as codex:
        thread = codex.thread_start(sandbox=Sandbox.read_only)
        result = thread.run("What does this project do? Answer in one sentence.")
        print(result.final_response)
        if result.usage is not None:
            print(f"[{result.status.value}, {result.usage.total.total_tokens} tokens]")


if __name__ == "__main__":
    main()
