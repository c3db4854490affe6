"""What is stored of threads: list, name, resume, fork and archive them, and read what was said.

A thread is stored with its first turn. All clients of the same Codex home see it, also after a restart.
"""

from __future__ import annotations

from itertools import islice

from openai_codex import Codex, Sandbox
from openai_codex.types import AgentMessageThreadItem, SortDirection, TextUserInput, UserMessageThreadItem


def main() -> None:
    """Make a thread, leave it, come back to it, and fork it."""
    with Codex() as codex:
        thread = codex.thread_start(sandbox=Sandbox.read_only)
        thread.run("Remember the number 7.")
        thread.set_name("A number to remember")

    with Codex() as codex:  # another runtime: it knows of the thread what is stored
        print("Newest threads")
        for stored in islice(codex.threads(), 5):
            print(f"  {stored.name or stored.preview}")

        thread = codex.thread_resume(thread.id, include_turns=False)
        print("Resumed:", thread.run("Which number?").final_response)

        # A fork begins with the same past, and goes its own way.
        fork = codex.thread_fork(thread.id, include_turns=False)
        print("Forked: ", fork.run("Remember 8 instead. Which number?").final_response)

        print("Turns of the fork, newest first")
        for turn in fork.turns():
            print(f"  {turn.id[-8:]} {turn.status.value}")

        print("Items of the first thread, oldest first")
        for entry in thread.items(sort_direction=SortDirection.asc):
            match entry.item:
                case UserMessageThreadItem(content=[TextUserInput(text=text), *_]):
                    print(f"  you:   {text}")
                case AgentMessageThreadItem(text=text):
                    print(f"  Codex: {text}")
                case _:
                    pass

        codex.thread_archive(fork.id)  # not listed by default any more
        print("Archived:", fork.id in {stored.id for stored in codex.threads(archived=True)})
        codex.thread_unarchive(fork.id)
        fork.delete()  # for good; a thread cannot be deleted before its forks
        thread.delete()


if __name__ == "__main__":
    main()
