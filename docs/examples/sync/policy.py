"""Answer approvals by rules, ask a person about the rest, and keep a record.

Every request is taken apart into what it asks for. The first rule that covers a part decides about it, and the
strictest verdict about the parts is the answer. What no rule covers is denied.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from openai_codex import ApprovalMode, ApprovalPolicy, ApprovalRequest, ApprovalRule, Codex, Sandbox


def ask(request: ApprovalRequest) -> bool:
    """Decide about what the rules leave open. ``openai_codex.console.ask_approval`` would ask a person."""
    print(f"asked about a {request.kind}: {request.command}")
    return False


def main() -> None:
    """Let rules decide about three commands and a patch, and print what they have decided."""
    here = Path.cwd()
    (here / "notes").mkdir(exist_ok=True)
    rules = [
        ApprovalRule.deny(command=["git", "push"]),
        ApprovalRule.allow(command=["git", "status"], cwd=here),
        ApprovalRule.allow(paths=[here / "notes"]),
        ApprovalRule.ask(),  # all else, a line of several commands included
    ]
    with tempfile.TemporaryDirectory() as directory, Codex() as codex:
        audit = Path(directory, "approvals.jsonl")
        policy = ApprovalPolicy(rules, ask=ask, audit=audit)
        thread = codex.thread_start(sandbox=Sandbox.read_only, approval_mode=ApprovalMode.ask, approval_handler=policy)
        result = thread.run(
            "Outside of the sandbox, run `git status`, `git push`, and `git push; ls`, each as a command of its own. "
            "Then write a note into notes/today.md, with a patch."
        )
        print(result.final_response)
        for decision in policy.decisions:
            print(f"{decision.verdict:>5} by rule {decision.rule} -> {decision.approval}: {decision.what}")
        print(len(audit.read_text(encoding="utf-8").splitlines()), "lines in the audit file")


if __name__ == "__main__":
    main()
