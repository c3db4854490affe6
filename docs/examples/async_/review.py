"""Have changes reviewed, from two sides at the same time.

    python review.py [BASE]

Run it in a git repository. With a base branch, the review is of what was added to it; otherwise, of what is not
committed.
"""

from __future__ import annotations

import asyncio
import sys

from openai_codex import AsyncCodex, Sandbox, TurnFailedError
from openai_codex.types import (
    BaseBranchReviewTarget,
    CustomReviewTarget,
    ReviewTarget,
    UncommittedChangesReviewTarget,
)


async def review(codex: AsyncCodex, target: ReviewTarget) -> str:
    """Run a review in a thread of its own, and return what it found."""
    thread = await codex.thread_start(sandbox=Sandbox.read_only)
    turn = await thread.review(target)
    try:
        result = await turn.run(timeout=1800)
    except TurnFailedError as error:  # no git repository or no such branch, for example
        return f"no review: {error}"
    return result.final_response or "nothing to say"


async def main() -> None:
    """Review the changes and the tests, and print what was found when both are done."""
    base = sys.argv[1] if len(sys.argv) > 1 else None
    changes = UncommittedChangesReviewTarget() if base is None else BaseBranchReviewTarget(branch=base)
    tests = CustomReviewTarget(
        instructions="Review the tests of this project. Report behaviour that no test would notice losing."
    )
    async with AsyncCodex() as codex:
        of_changes, of_tests = await asyncio.gather(review(codex, changes), review(codex, tests))
    print(f"Changes that are not committed\n{of_changes}\n" if base is None else f"Since {base}\n{of_changes}\n")
    print(f"The tests\n{of_tests}")


if __name__ == "__main__":
    asyncio.run(main())
