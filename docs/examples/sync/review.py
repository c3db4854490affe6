"""Have changes reviewed, and anything else that instructions describe.

    python review.py [BASE]

Run it in a git repository. With a base branch, the review is of what was added to it; otherwise, of what is not
committed.
"""

from __future__ import annotations

import sys

from openai_codex import Codex, Sandbox, Thread, TurnFailedError
from openai_codex.types import (
    BaseBranchReviewTarget,
    CommandExecutionThreadItem,
    CustomReviewTarget,
    ItemCompletedNotification,
    ReviewTarget,
    UncommittedChangesReviewTarget,
)


def review(thread: Thread, title: str, target: ReviewTarget) -> None:
    """Run a review, and print what it looked at and what it found."""
    print(title)
    turn = thread.review(target)
    for event in turn.stream():
        match event.payload:
            case ItemCompletedNotification(item=CommandExecutionThreadItem(command=command)):
                print(f"  $ {command}")
            case _:
                pass
    try:
        print(turn.run().final_response, end="\n\n")
    except TurnFailedError as error:  # no git repository or no such branch, for example
        print(f"  no review: {error}\n")


def main() -> None:
    """Review changes, and then the tests alone."""
    base = sys.argv[1] if len(sys.argv) > 1 else None
    with Codex() as codex:
        thread = codex.thread_start(sandbox=Sandbox.read_only)
        if base is None:
            review(thread, "Changes that are not committed", UncommittedChangesReviewTarget())
        else:
            review(thread, f"Changes since {base}", BaseBranchReviewTarget(branch=base))

        thread = codex.thread_start(sandbox=Sandbox.read_only)
        instructions = "Review the tests of this project. Report behaviour that no test would notice losing."
        review(thread, "The tests", CustomReviewTarget(instructions=instructions))


if __name__ == "__main__":
    main()
