"""What becomes of a step that does not work."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from openai_codex import (
    CodexError,
    InvalidRequestError,
    RequestTimeoutError,
    ResponseValidationError,
    ThreadNotFoundError,
    TransportClosedError,
    UnsupportedRuntimeError,
)
from tests.matrix import play as player
from tests.matrix.play import play
from tests.matrix.steps import Lacking, Stage, WrongResult, expect
from tests.matrix.verdicts import Outcome, Verdict, classify, worst

THREAD = "01a20000-0000-7000-8000-00000000abcd"


def raising(error: Exception) -> Callable[[Stage], Awaitable[None]]:
    async def step(stage: Stage) -> None:
        raise error

    return step


def played(step: Callable[[Stage], Awaitable[None]]) -> Outcome:
    return play(step, "async", "codex", "0.163.0")


async def ask_the_model(stage: Stage) -> None:
    def post() -> None:
        request = Request(f"{stage.model.base_url}/responses", b"{}", method="POST")
        with suppress(HTTPError):
            build_opener(ProxyHandler({})).open(request).close()

    await asyncio.to_thread(post)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (InvalidRequestError(-32600, "no such field"), "InvalidRequestError: JSON-RPC error -32600: no such field"),
        (UnsupportedRuntimeError("too old"), "UnsupportedRuntimeError: too old"),
        (CodexError("needs\n  more"), "CodexError: needs more"),
        (CodexError(f"of {THREAD} in '{tempfile.gettempdir()}/x y/z'"), "CodexError: of ID in 'PATH y/z'"),
        (CodexError("x" * 1000), f"CodexError: {'x' * 400}..."),
    ],
)
def test_error_of_the_client_is_clean(error: Exception, expected: str) -> None:
    assert played(raising(error)) == Outcome(Verdict.clean_error, expected)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        TransportClosedError("x"),
        ResponseValidationError("x"),
        RequestTimeoutError("x"),
        TimeoutError("x"),
        asyncio.TimeoutError("x"),
        ThreadNotFoundError(-32600, "rollout x"),
        asyncio.InvalidStateError("x"),
    ],
)
def test_any_other_exception_is_broken(error: Exception) -> None:
    outcome = played(raising(error))
    assert outcome.verdict is Verdict.broken
    assert outcome.text == f"{type(error).__name__}: {error}"


def test_step_that_returns_works() -> None:
    async def step(stage: Stage) -> None:
        expect("the number", 1, 1)

    assert played(step) == Outcome(Verdict.works)


def test_wrong_result_is_broken() -> None:
    async def step(stage: Stage) -> None:
        expect("the number", 1, 2)

    assert played(step) == Outcome(Verdict.broken, "wrong result: the number: 1 instead of 2")


def test_step_without_end_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "STEP_S", 0.1)

    async def step(stage: Stage) -> None:
        await asyncio.Event().wait()

    assert played(step) == Outcome(Verdict.broken, "wrong result: no end within 0.1 s")


def test_request_that_the_model_has_no_answer_to_is_broken() -> None:
    outcome = played(ask_the_model)
    assert outcome.verdict is Verdict.broken
    assert "the script is exhausted" in outcome.text


def test_thread_that_is_left_is_broken() -> None:
    end = threading.Event()
    left = threading.Thread(target=end.wait, name="left-behind")

    async def step(stage: Stage) -> None:
        left.start()

    try:
        outcome = played(step)
    finally:
        end.set()
        left.join()
    assert outcome.verdict is Verdict.broken
    assert outcome.text.startswith("wrong result: threads: ") and "left-behind" in outcome.text


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_process_that_is_left_is_broken() -> None:
    left: list[subprocess.Popen[bytes]] = []

    async def step(stage: Stage) -> None:
        left.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.DEVNULL))
        left.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))

    try:
        outcome = played(step)
    finally:
        for process in left:
            process.kill()
            process.wait()
    assert outcome.verdict is Verdict.broken
    assert outcome.text.startswith("wrong result: processes: ") and str(left[1].pid) in outcome.text


def test_requests_that_are_lacking_are_a_clean_error_with_one_text_for_all_runtimes() -> None:
    def lacking(version: str, *methods: str) -> Outcome:
        return classify(Lacking(CodexError(f"{methods[0]}: codex {version} does not"), methods, version))

    assert lacking("0.162.1", "a/b", "c") == Outcome(
        Verdict.clean_error, "CodexError: METHOD: codex VERSION does not", ("a/b", "c")
    )
    assert lacking("0.162.1", "a/b").text == lacking("0.149.0", "d/e").text


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (Outcome(Verdict.works), Outcome(Verdict.works), Outcome(Verdict.works)),
        (Outcome(Verdict.works), Outcome(Verdict.not_run), Outcome(Verdict.not_run)),
        (Outcome(Verdict.works), Outcome(Verdict.broken, "x"), Outcome(Verdict.broken, "x (sync only)")),
        (Outcome(Verdict.broken, "x"), Outcome(Verdict.broken, "x"), Outcome(Verdict.broken, "x")),
        (Outcome(Verdict.broken, "x"), Outcome(Verdict.clean_error, "y"), Outcome(Verdict.broken, "x (async only)")),
    ],
)
def test_worst_outcome_of_both_clients_counts(first: Outcome, second: Outcome, expected: Outcome) -> None:
    assert worst({"async": first, "sync": second}) == expected


def test_wrong_results_are_no_errors_of_the_client() -> None:
    assert not issubclass(WrongResult, CodexError)
