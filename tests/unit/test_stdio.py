"""The child process: the end of its stderr, its exit, and the steps that end it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from openai_codex._transport.stdio import StderrTail, StdioProcess, shutdown_steps
from openai_codex.errors import RuntimeNotFoundError


@given(st.lists(st.text("ab é", max_size=5), max_size=80), st.integers(1, 9))
def test_tail_is_the_last_lines_for_every_chunking(lines: list[str], size: int) -> None:
    data, tail = "\n".join(lines).encode(), StderrTail()
    for start in range(0, len(data), size):
        tail.feed(data[start : start + size])
    expected = [line.rstrip() for line in [*lines[:-1][-50:], *lines[-1:]]]
    assert list(tail.lines()) == [line for line in expected if line][-50:]


def test_tail_is_bounded_and_survives_any_bytes() -> None:
    tail = StderrTail()
    for _ in range(100):
        tail.feed(b"x" * 100_000)
    tail.feed(b"\n\xff\xfe bad\n\x1b[31mred\x1b[0m\n")
    first, second, third = tail.lines()
    assert len(first) == 2000
    assert (second, third) == ("\ufffd\ufffd bad", "red")


@pytest.fixture
def sleeper() -> Iterator[StdioProcess]:
    code = "import sys, time; sys.stdin.read(); time.sleep(60)"
    process = StdioProcess([sys.executable, "-c", code], dict(os.environ), None)
    yield process
    process.kill()
    process.join(5)
    process.close_pipes()


def test_exit_is_noticed_and_described(sleeper: StdioProcess) -> None:
    noticed = threading.Event()
    sleeper.watch(noticed.set)
    assert sleeper.returncode is None
    assert sleeper.describe_exit() == "closed its output without exiting"
    sleeper.kill()
    assert noticed.wait(5)
    assert sleeper.returncode == -signal.SIGKILL
    assert sleeper.describe_exit() == "was killed by SIGKILL"
    sleeper.terminate()  # harmless by now


def test_shutdown_grows_stronger_step_by_step(sleeper: StdioProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    sleeper.watch(lambda: None)
    taken: list[str] = []
    monkeypatch.setattr(sleeper, "terminate", lambda: taken.append("terminate"))
    monkeypatch.setattr(sleeper, "kill", lambda: taken.append("kill"))
    steps: list[tuple[list[str], float]] = []
    for seconds in shutdown_steps(sleeper, lambda: taken.append("close stdin")):
        steps.append((taken.copy(), seconds))
    assert steps == [
        (["close stdin"], 2.0),
        (["close stdin", "terminate"], 2.0),
        (["close stdin", "terminate", "kill"], 5.0),
    ]
    monkeypatch.undo()


def test_process_leads_its_own_session(sleeper: StdioProcess) -> None:
    sleeper.watch(lambda: None)
    if hasattr(os, "getsid"):
        assert os.getsid(sleeper.pid) == sleeper.pid


def test_missing_or_unusable_binary_is_named(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("not a program")
    for path in (tmp_path / "missing", text):
        with pytest.raises(RuntimeNotFoundError, match=path.name):
            StdioProcess([str(path)], {}, None)


def test_missing_working_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="cwd names '/nowhere/at/all', which does not exist"):
        StdioProcess([sys.executable], dict(os.environ), "/nowhere/at/all")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="cwd"):
        StdioProcess([sys.executable], dict(os.environ), str(tmp_path / "file"))


def test_other_failures_to_start_are_not_disguised(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(subprocess, "Popen", fail)
    with pytest.raises(OSError, match="memory") as raised:
        StdioProcess(["x"], {}, None)
    assert not isinstance(raised.value, RuntimeNotFoundError)
