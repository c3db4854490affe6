"""Type checkers see what editors complete: right uses pass, and every mistake is found."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = [*sorted(HERE.glob("check_*.py")), *sorted((ROOT / "docs" / "examples").rglob("*.py"))]

PREAMBLE = """\
from openai_codex import ApprovalMode, AsyncCodex, Codex, Sandbox, ToolSet, TurnResult, retry_on_overload, tool
from openai_codex import Approval, ApprovalRequest, AsyncServerRequestHandlers, ServerRequestHandlers
from openai_codex.types import AgentMessageThreadItem, ApiKeyLoginAccountParams, ThreadSortKey, TurnStatus
codex: Codex
result: TurnResult
def number(request: ApprovalRequest) -> int: return 3
def text(request: str) -> bool: return True
def nothing() -> Approval: return Approval.accept()
async def later(request: ApprovalRequest) -> None: ...
@tool
def lookup(q: str) -> list[str]: return [q]
@tool(name="other")
def other(q: str) -> list[str]: return [q]
"""
MISTAKES = """\
import openai_codex; openai_codex.Codx
from openai_codex import Codx
from openai_codex.types import TurnStats
from openai_codex.models import TurnStatus
from openai_codex.protocol import REQUEST
TurnStatus.Completed
ThreadSortKey.recency
ApiKeyLoginAccountParams()
ApiKeyLoginAccountParams(apikey="k")
AgentMessageThreadItem(id="i", text=3)
codex.rpc.threads
codex.rpc.thread.lists()
codex.rpc.thread.name_set(thread_id="t")
codex.rpc.thread.name_set("t", "n")
codex.rpc.thread.name_set(threadId="t", name="n")
codex.rpc.thread.name_set(thread_id="t", name=None)
codex.rpc.thread.list(sort_key="recency_at")
codex.rpc.thread.list(limit="3")
codex.rpc.thread.list().data[0].nmae
codex.rpc.account.login_start()
codex.rpc.account.login_start(api_key="k")
codex.thread_start(Sandbox.read_only)
codex.thread_start(sandbox="read-only")
codex.thread_start(sandbox=ApprovalMode.ask)
codex.thread_start().run(None)
codex.thread_start().run("Hi", effort=3)
codex.thread_start().run("Hi").text
retry_on_overload()
retry_on_overload(codex.thread_start, attempts=3)
retry_on_overload(codex.thread_start).nmae
codex.thread_start().run("Hi", output_type=str).output.nmae
codex.thread_start().run("Hi", output_type=str, output_retries="1")
codex.thread_start().run("Hi").output.nmae
codex.thread_start().turn("Hi", output_type=list[int]).run().output.nmae
lookup(3)
lookup("a").nmae
lookup.nmae
other(p="a")
other("a").nmae
tool(name=3)(text)
tool(text, name="a")
ToolSet("crm", [3])
ToolSet("crm", lookup)
ToolSet("crm", [ToolSet("inner", [lookup])])
codex.thread_start(tools=lookup)
codex.thread_start(tools=["lookup"])
codex.thread_resume("t", tool_handlers=[3])
Codex(approval_handler=number)
Codex(approval_handler=text)
Codex(approval_handler=nothing)
Codex(approval_handler=later)
Codex(handlers=AsyncServerRequestHandlers())
AsyncCodex(approval_handler=number)
AsyncCodex(approval_handler=later)
AsyncCodex(handlers=ServerRequestHandlers())
codex.thread_start(approval_handler=text)
Approval.accept_with_rule(3)
result.usage.total
result.status.completd
"""


def check(checker: str, *files: str) -> subprocess.CompletedProcess[str]:
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed")
    return subprocess.run([sys.executable, "-m", checker, *files], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_right_uses_have_the_stated_types(checker: str) -> None:
    done = check(checker, *map(str, FILES))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_every_mistake_is_found(checker: str, tmp_path: Path) -> None:
    program = tmp_path / "mistakes.py"
    program.write_text(PREAMBLE + MISTAKES)
    done = check(checker, str(program))
    found = {int(number) for number in re.findall(r"mistakes\.py:(\d+)(?::\d+)?(?: -|:) error", done.stdout)}
    first = PREAMBLE.count("\n") + 1
    missed = [text for number, text in enumerate(MISTAKES.splitlines(), first) if number not in found]
    assert missed == []
    assert min(found) == first, done.stdout
