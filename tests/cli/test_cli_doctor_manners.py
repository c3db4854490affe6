"""What ``doctor`` does not show, does not do, and does not leave behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openai_codex import Codex
from openai_codex.testing import ScriptedModel
from tests.cli.doctor_runs import add_project, add_settings, examine, run, stand_in, variables

pytestmark = pytest.mark.e2e

MARKER = "sk-marker-0123456789"
WORD = "correcthorsebattery"  # a secret that nobody can recognise as one
SETTING = "stapleofthebattery"  # the same

LEAKS: list[tuple[str, Callable[[Path], list[str]], str]] = [
    ("", lambda _: [], ""),
    (f'model_context_window = "{WORD}"', lambda _: [], "string ***"),
    (f'[model_providers.x]\nname = "{WORD}"\nexperimental_bearer_token = "{WORD}', lambda _: [], "config.toml:"),
    ("", lambda _: ["-c", f"model_context_window={SETTING}"], "string ***"),
    ("", lambda _: ["-c", f'approval_policy="{SETTING}"'], "unknown variant `***`"),
    (
        "",
        lambda folder: [
            "--codex-bin",
            str(
                stand_in(
                    folder, first="sys.exit('cannot use ' + os.environ['SERVICE_TOKEN'] + ' from ' + os.environ['P'])"
                )
            ),
        ],
        "cannot use *** from http://***@proxy",
    ),
]


@pytest.mark.parametrize(("toml", "arguments", "seen"), LEAKS)
def test_secrets_are_not_shown(tmp_path: Path, toml: str, arguments: Any, seen: str) -> None:
    tables = f"""
[model_providers.other]
name = "other"
base_url = "http://127.0.0.1:1/v1"
experimental_bearer_token = "{MARKER}"
[mcp_servers.tickets]
command = "true"
[mcp_servers.tickets.env]
TICKETS = "{MARKER}"
"""
    more = {"OPENAI_API_KEY": MARKER, "SERVICE_TOKEN": WORD, "P": f"http://me:{WORD}@proxy"}
    with ScriptedModel(config_toml=tables) as model:
        add_settings(model, toml)
        env, given = variables(model, **more), arguments(tmp_path)
        outcomes = [run("doctor", *given, env=env), run("doctor", "--json", *given, env=env)]
    for outcome in outcomes:
        shown = outcome.stdout + outcome.stderr
        assert [secret for secret in (MARKER, WORD, SETTING) if secret in shown] == []
        assert seen in shown


def test_line_of_a_file_is_not_shown() -> None:
    with ScriptedModel() as model:
        project = add_project(model, f'model = "x"\nexperimental_bearer_token = "{WORD}')
        outcome = run("doctor", env=variables(model), cwd=project)
    assert outcome.code == 1
    assert WORD not in outcome.stdout and "2 | ***\n" in outcome.stdout


def test_servers_are_not_started(tmp_path: Path) -> None:
    trace = tmp_path / "started"
    config = f'[mcp_servers.eager]\ncommand = "touch"\nargs = [{json.dumps(str(trace))}]'
    with ScriptedModel(config_toml=config) as model:
        assert examine(env=variables(model)).code == 0
        assert not trace.exists()
        with Codex(model.config()) as codex:  # a thread starts them
            codex.thread_start()
            deadline = time.monotonic() + 10
            while not trace.exists() and time.monotonic() < deadline:
                time.sleep(0.01)
    assert trace.exists()


def test_doctor_itself_writes_nothing_into_the_home(tmp_path: Path) -> None:
    def content(folder: Path) -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}

    with ScriptedModel() as model:
        before = content(model.home.parent)
        assert examine("--codex-bin", str(stand_in(tmp_path)), env=variables(model)).code == 0
        assert content(model.home.parent) == before


@pytest.mark.parametrize("target", ["root", "client"])
def test_log_lines_do_not_mix_with_the_output(tmp_path: Path, target: str) -> None:
    # A machine may set up logging for every Python program.
    name = "" if target == "root" else "openai_codex"
    (tmp_path / "sitecustomize.py").write_text(
        "import logging, sys\n"
        f"logger = logging.getLogger({name!r})\n"
        "logger.setLevel(1)\n"
        "logger.addHandler(logging.StreamHandler(sys.stdout))\n",
        encoding="utf-8",
    )
    with ScriptedModel(config_toml="modle = 3") as model:
        assert examine(env=variables(model, PYTHONPATH=str(tmp_path)))["notice"]["status"] == "warning"


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
@pytest.mark.parametrize("moment", [0.0, 0.03, 0.1, 0.2, None])
def test_interrupt_ends_it_with_the_runtime(tmp_path: Path, moment: float | None) -> None:
    # Modules are loaded first, then the runtime starts and does not answer; None waits for that.
    trace = tmp_path / "pid"
    first = f"open({str(trace)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    command = [sys.executable, "-m", "openai_codex", "doctor", "--codex-bin", str(stand_in(tmp_path, first=first))]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # one that is ignored would be in the child too
    try:
        with (
            ScriptedModel() as model,
            subprocess.Popen(
                command, env=variables(model), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            ) as process,
        ):
            assert process.stdout is not None
            shown = [process.stdout.readline().split()[1] for _ in range(3)]
            if moment is not None:
                time.sleep(moment)
            while moment is None and process.poll() is None and not (trace.exists() and trace.read_text()):
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=30)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (process.returncode, stdout, stderr) == (130, "", "")
    assert shown == ["python", "package", "runtime"]
    if moment is None:
        with pytest.raises(ProcessLookupError):
            os.kill(int(trace.read_text()), 0)


@pytest.mark.skipif(os.name == "nt", reason="pipes of another kind")
def test_reader_that_leaves_ends_it_quietly() -> None:
    with ScriptedModel() as model:
        read, write = os.pipe()
        os.close(read)
        command = [sys.executable, "-m", "openai_codex", "doctor"]
        try:
            done = subprocess.run(command, env=variables(model), stdout=write, stderr=subprocess.PIPE, timeout=60)
        finally:
            os.close(write)
    assert (done.returncode, done.stderr) == (3, b"")
