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
from openai_codex import ApprovalMode, Codex, Sandbox, TurnResult, retry_on_overload
from openai_codex.types import AgentMessageThreadItem, ApiKeyLoginAccountParams, ThreadSortKey, TurnStatus
codex: Codex
result: TurnResult
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
