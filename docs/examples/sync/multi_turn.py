"""A conversation: every turn of a thread knows what was said before it.

A thread that is not stored (``ephemeral``) is enough for a conversation that ends with the program.
"""

from __future__ import annotations

from openai_codex import Codex, Sandbox

QUESTIONS = (
    "Suggest a name for a library that parses dates.",
    "Shorter, please.",
    "Write a one-line description for it.",
)


def main() -> None:
    """Ask three questions that build on each other."""
    with Codex() as codex:
        thread = codex.thread_start(
            developer_instructions="Answer in one line, without explanations.",
            ephemeral=True,
            sandbox=Sandbox.read_only,
        )
        for number, question in enumerate(QUESTIONS, start=1):
            result = thread.run(question)
            print(f"{number}. {question}\n   {result.final_response}")
            if result.usage is not None and result.usage_delta is not None:
                print(f"   [{result.usage_delta.total_tokens} tokens, {result.usage.total.total_tokens} so far]")


if __name__ == "__main__":
    main()
