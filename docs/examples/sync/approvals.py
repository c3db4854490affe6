"""Be asked at the terminal before Codex does more than its sandbox allows.

Here the sandbox only lets it read. A command that is to run outside of it, and every change of a file, is shown to you:
y allows it, n refuses it, and the turn goes on in both cases. A bare Enter refuses as well.
"""

from __future__ import annotations

from openai_codex import ApprovalMode, Codex, Sandbox, Thread
from openai_codex.console import ask_approval
from openai_codex.types import CommandExecutionThreadItem, FileChangeThreadItem


def work(thread: Thread, prompt: str) -> None:
    """Run a turn, and print what became of its commands and changes."""
    result = thread.run(prompt)
    print()
    for item in result.items:
        match item:
            case CommandExecutionThreadItem(command=command, status=status):
                print(f"{status.value}: {command}")
            case FileChangeThreadItem(changes=changes, status=status):
                print(f"{status.value}: {', '.join(change.path for change in changes)}")
            case _:
                pass
    print(result.final_response)


def main() -> None:
    """Let it run a command, and write a file."""
    with Codex(approval_handler=ask_approval) as codex:
        thread = codex.thread_start(sandbox=Sandbox.read_only, approval_mode=ApprovalMode.ask)
        work(thread, "Write today's date into today.txt, with a command.")
        work(thread, "Write a greeting into hello.txt, with a patch.")


if __name__ == "__main__":
    main()
