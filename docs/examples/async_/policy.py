"""Answer approvals by rules in two threads at a time, each with rules of its own, and keep one record.

Every request is taken apart into what it asks for. The first rule that covers a part decides about it, and the
strictest verdict about the parts is the answer. What no rule covers is denied.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from openai_codex import ApprovalMode, ApprovalPolicy, ApprovalRequest, ApprovalRule, AsyncCodex, AsyncThread, Sandbox


async def ask(request: ApprovalRequest) -> bool:
    """Decide about what the rules leave open. This one may wait for whatever can be awaited."""
    await asyncio.sleep(0.1)
    print(f"asked about a {request.kind}: {request.command}")
    return False


async def start(codex: AsyncCodex, policy: ApprovalPolicy) -> AsyncThread:
    """Start a thread whose approvals are up to that policy."""
    return await codex.thread_start(sandbox=Sandbox.read_only, approval_mode=ApprovalMode.ask, approval_handler=policy)


async def work(name: str, thread: AsyncThread, policy: ApprovalPolicy) -> None:
    """Run a turn, and print what the policy has decided."""
    result = await thread.run("Outside of the sandbox, run `git status`.")
    for decision in policy.decisions:
        print(f"{name}: {decision.verdict} by rule {decision.rule} -> {decision.approval}: {decision.what}")
    print(f"{name}: {result.final_response}")


async def main() -> None:
    """Let a trusted and an untrusted thread ask for the same."""
    status = ApprovalRule.allow(command=["git", "status"], cwd=Path.cwd())
    with tempfile.TemporaryDirectory() as directory:
        audit = Path(directory, "approvals.jsonl")
        trusted = ApprovalPolicy([status, ApprovalRule.ask()], ask=ask, audit=audit)
        strict = ApprovalPolicy([ApprovalRule.ask()], ask=ask, audit=audit)
        async with AsyncCodex() as codex:
            await work("trusted", await start(codex, trusted), trusted)
            await work("strict", await start(codex, strict), strict)
        print(len(audit.read_text(encoding="utf-8").splitlines()), "lines in the audit file")


if __name__ == "__main__":
    asyncio.run(main())
