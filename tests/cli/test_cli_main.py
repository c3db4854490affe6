"""The command line itself: usage, exit codes, and what it leaves as it was."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from openai_codex._cli import doctor, main
from openai_codex._cli.home import expected_home, home_problem
from openai_codex._cli.interrupts import Interrupts, undisturbed
from openai_codex._generated._version import PACKAGE_VERSION, RUNTIME_VERSION
from openai_codex._log import logger
from tests.cli.doctor_runs import run
from tests.docs.blocks import ROOT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "COMMAND"),
        (["surgeon"], "surgeon"),
        (["doctor", "--colour"], "--colour"),
        (["doctor", "--codex-bin"], "--codex-bin"),
        (["doctor", "--config", "hunter2"], "argument -c/--config: takes KEY=VALUE"),
        (["doctor", "--config", "=hunter2"], "argument -c/--config: takes KEY=VALUE"),
        (["doctor", "--timeout", "0"], "argument --timeout: takes a number of seconds, more than 0"),
        (["doctor", "--timeout", "soon"], "argument --timeout: takes a number of seconds, more than 0"),
        (["doctor", "--timeout", "nan"], "argument --timeout: takes a number of seconds, more than 0"),
        (["doctor", "--timeout", "inf"], "argument --timeout: takes a number of seconds, more than 0"),
    ],
)
def test_wrong_usage_is_explained_with_exit_code_2(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    shown = capsys.readouterr()
    assert (caught.value.code, shown.out) == (2, "")
    assert reason in shown.err and "python -m openai_codex" in shown.err
    assert "hunter2" not in shown.err


@pytest.mark.parametrize("arguments", [["--help"], ["doctor", "--help"]])
def test_help_names_what_there_is(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    shown = capsys.readouterr().out
    assert caught.value.code == 0
    assert all(
        name in shown for name in (["--codex-bin", "--config", "--timeout", "--json"] if arguments[1:] else ["doctor"])
    )


def test_module_runs_as_a_program() -> None:
    outcome = run("--version", env=ENVIRONMENT)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout == f"openai-codex {PACKAGE_VERSION} (schema {RUNTIME_VERSION})\n"
    assert run(env=ENVIRONMENT).code == 2


def test_log_of_the_program_is_as_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--codex-bin", str(tmp_path / "nowhere")]) == 1
    assert capsys.readouterr().out.endswith("\n1 problem\n")
    assert logger.disabled is False


@pytest.mark.parametrize("turned_into", [KeyboardInterrupt, AttributeError, SystemExit])
def test_interrupt_is_an_exit_code_whatever_it_turns_into(
    monkeypatch: pytest.MonkeyPatch, turned_into: type[BaseException]
) -> None:
    def interrupted(*_: object) -> int:
        assert logger.disabled
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise turned_into from None
        raise AssertionError

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        monkeypatch.setattr(doctor, "runtime_config", interrupted)
        assert main(["doctor"]) == 130
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert logger.disabled is False


def test_interrupt_that_is_ignored_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        signal.raise_signal(signal.SIGINT)
        raise ValueError("a fault of ours")

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        monkeypatch.setattr(doctor, "runtime_config", interrupted)
        with pytest.raises(ValueError, match="a fault of ours"):
            main(["doctor"])
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="this system cannot let a signal wait")
def test_loading_is_not_disturbed() -> None:
    done: list[str] = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt):
            with undisturbed():
                signal.raise_signal(signal.SIGINT)
                done.append("loaded")
            done.append("never")
    finally:
        signal.signal(signal.SIGINT, before)
    assert (done, interrupts.seen) == (["loaded"], True)


@pytest.mark.parametrize("value", ["", None])
def test_home_is_below_that_of_the_user_unless_it_is_named(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("USERPROFILE", "/home/me")
    assert expected_home({} if value is None else {"CODEX_HOME": value}) == os.path.join("/home/me", ".codex")
    assert expected_home({"CODEX_HOME": "/elsewhere"}) == "/elsewhere"


def test_home_that_is_there_or_will_be_made_is_no_problem(tmp_path: Path) -> None:
    assert home_problem(str(tmp_path), given=True) is None
    assert home_problem(str(tmp_path / ".codex"), given=False) is None
    assert not (tmp_path / ".codex").exists()
    problem = home_problem(str(tmp_path / ".codex"), given=True)
    assert problem is not None and "does not exist" in problem.detail
