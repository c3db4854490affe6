"""Plain and coroutine functions as handlers, and how they learn that they are given up: the same in both engines."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from openai_codex._answers import Cancellation, current_request
from openai_codex._engine.common import LEFT_BEHIND_TEXT
from openai_codex._failure import HandlerFailure
from openai_codex.errors import TransportClosedError

from .conftest import Driver, Run
from .test_handlers import DONE, PROTOCOL, Base, Params, Response, ask, replies, settled, told

FORMS = ("plain", "coroutine")


def handlers(form: str, function: Callable[[Params], Any]) -> Base:
    """Handlers of either form, whatever the engine."""

    class Plain(Base):
        def ask(self, params: Params) -> Any:
            return function(params)

    class Coroutine(Base):
        async def ask(self, params: Params) -> Any:
            await asyncio.sleep(0)
            return function(params)

    return Plain() if form == "plain" else Coroutine()


@pytest.mark.parametrize("form", FORMS)
def test_handler_of_either_form_answers(run: Run, form: str) -> None:
    names: list[str] = []

    def handle(params: Params) -> Response:
        names.append(threading.current_thread().name)
        return Response(said=str(current_request().id))

    async def scenario(d: Driver) -> None:
        assert await replies(d, 2) == {0: {"said": "0"}, "x": {"said": "x"}}

    run(scenario, {"on_start": [ask(0), ask("x")]}, protocol=PROTOCOL, handlers=handlers(form, handle))
    assert len(names) == 2


@pytest.mark.parametrize("form", FORMS)
def test_plain_handlers_run_apart_from_the_loop(run: Run, kind: str, form: str) -> None:
    if kind == "threads":
        pytest.skip("every handler has a thread")
    threads: list[threading.Thread] = []

    def handle(params: Params) -> Response:
        threads.append(threading.current_thread())
        return Response(said="")

    async def scenario(d: Driver) -> None:
        await replies(d, 1)
        assert (threads[0] is threading.current_thread()) is (form == "coroutine")
        assert threads[0].daemon or form == "coroutine"

    run(scenario, {"on_start": [ask(0)]}, protocol=PROTOCOL, handlers=handlers(form, handle))


class _Later:
    def __await__(self) -> Any:
        yield from asyncio.sleep(0).__await__()
        return Response(said="later")


def test_plain_handler_may_return_anything_to_await(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        assert await replies(d, 1) == {0: {"said": "later"}}

    run(scenario, {"on_start": [ask(0)]}, protocol=PROTOCOL, handlers=handlers("plain", lambda params: _Later()))


def test_plain_handler_that_exits_refuses(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    def handle(params: Params) -> Response:
        raise SystemExit(1)

    async def scenario(d: Driver) -> None:
        assert await replies(d, 1) == {0: {"said": "no"}}
        assert await d.request("a", {}) == {"echo": {}}

    run(scenario, {"on_start": [ask(0)]}, protocol=PROTOCOL, handlers=handlers("plain", handle))
    assert told(caplog) == ["the handler of ask failed with SystemExit; the request was refused"]


@pytest.mark.parametrize("form", FORMS)
def test_handler_that_is_cancelled_by_something_else_has_failed(
    run: Run, kind: str, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    if kind != "threads" and sys.version_info < (3, 11):
        pytest.skip("tasks do not tell whether somebody has cancelled them")

    def handle(params: Params) -> Response:
        raise asyncio.CancelledError

    async def scenario(d: Driver) -> None:
        assert await replies(d, 1) == {0: {"said": "no"}}

    run(scenario, {"on_start": [ask(0)]}, protocol=PROTOCOL, handlers=handlers(form, handle))
    assert told(caplog) == ["the handler of ask failed with CancelledError; the request was refused"]


@pytest.mark.parametrize("form", FORMS)
def test_log_tells_where_values_did_not_validate_and_not_which(
    run: Run, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    def parse_the_forecast(params: Params) -> Response:
        Params.model_validate({"n": " ".join(("a", "secret"))})
        raise AssertionError

    async def scenario(d: Driver) -> None:
        assert await replies(d, 1) == {0: {"said": "no"}}

    run(scenario, {"on_start": [ask(0)]}, protocol=PROTOCOL, handlers=handlers(form, parse_the_forecast))
    assert "in parse_the_forecast" in caplog.text and "a secret" not in caplog.text


def test_blocking_handlers_do_not_hold_up_each_other(run: Run) -> None:
    barrier = threading.Barrier(40, timeout=10)

    def handle(params: Params) -> Response:
        barrier.wait()
        return Response(said="")

    async def scenario(d: Driver) -> None:
        assert len(await replies(d, 40)) == 40

    run(scenario, {"on_start": [ask(n) for n in range(40)]}, protocol=PROTOCOL, handlers=handlers("plain", handle))


def test_plain_handlers_beyond_the_limit_wait(run: Run) -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def handle(params: Params) -> Response:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with lock:
            now[0] -= 1
        return Response(said="")

    async def scenario(d: Driver) -> None:
        assert len(await replies(d, 12)) == 12

    script = {"on_start": [ask(n) for n in range(12)]}
    run(scenario, script, protocol=PROTOCOL, handlers=handlers("plain", handle), handler_threads=3)
    assert most == [3]


def test_plain_function_may_return_something_to_await(run: Run, kind: str) -> None:
    async def later(params: Params) -> Response:
        await asyncio.sleep(0)
        return Response(said="later")

    async def scenario(d: Driver) -> None:
        assert await replies(d, 1) == {0: {"said": "later"}}

    run(scenario, {"on_start": [ask(0)]}, protocol=PROTOCOL, handlers=handlers("plain", later))


@pytest.mark.parametrize("form", FORMS)
def test_failure_is_announced(run: Run, form: str) -> None:
    def handle(params: Params) -> Any:
        raise ValueError(f"no {params.n}")

    async def scenario(d: Driver) -> None:
        seen: list[Any] = []
        while len(seen) < 1:
            event = await d.next_event()
            if event.method == "client/handlerFailed":
                seen.append(event.payload)
        assert seen == [HandlerFailure("ask", 7, "T", "U", "ValueError: no 3")]

    script = {"on_start": [ask(7, n=3, threadId="T", turnId="U")]}
    run(scenario, script, protocol=PROTOCOL, handlers=handlers(form, handle))


class Patient:
    """A handler of either form that waits until it is given up, and remembers how that was."""

    def __init__(self, form: str) -> None:
        self.begun = threading.Event()
        self.ended = threading.Event()
        self.cancellation: Cancellation | None = None
        self.raised = False

        wait, sleep = self._wait, self._sleep

        class Plain(Base):
            def ask(self, params: Params) -> Any:
                return wait()

        class Coroutine(Base):
            async def ask(self, params: Params) -> Any:
                return await sleep()

        self.handlers = Plain() if form == "plain" else Coroutine()

    def _wait(self) -> Response:
        self.cancellation = current_request().cancelled
        self.begun.set()
        self.cancellation.wait(10)
        self.ended.set()
        return Response(said="late")

    async def _sleep(self) -> Response:
        self.cancellation = current_request().cancelled
        self.begun.set()
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            self.raised = True
            raise
        finally:
            self.ended.set()
        return Response(said="late")


WAYS: dict[str, dict[str, Any]] = {
    "settled": {"settle": [settled(0), DONE]},
    "died": {"settle": [["exit", 1]]},
    "closed": {},
    "timeout": {},
}


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("form", FORMS)
def test_handler_learns_that_it_is_given_up(run: Run, form: str, how: str, caplog: pytest.LogCaptureFixture) -> None:
    patient = Patient(form)

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        await asyncio.to_thread(patient.begun.wait, 10)
        assert (patient.cancellation is not None and not patient.cancellation.is_set()) or how == "timeout"
        if how == "settled":
            await d.request("settle", {})
        elif how == "died":
            with pytest.raises(TransportClosedError):
                await d.request("settle", {})
        elif how == "closed":
            await d.close()
        assert await asyncio.to_thread(patient.ended.wait, 5)
        assert patient.cancellation is not None and patient.cancellation.is_set()
        assert patient.raised is (form == "coroutine")
        if how == "timeout":
            assert await replies(d, 1) == {0: {"said": "no"}}

    limit = 0.2 if how == "timeout" else None
    script = {"on": {"go": [ask(0)], **WAYS[how]}}
    run(scenario, script, protocol=PROTOCOL, handlers=patient.handlers, handler_timeout=limit)
    messages = [record.getMessage() for record in caplog.records]
    assert [text for text in messages if "handler" in text and how != "timeout"] == []


def test_coroutine_that_does_not_heed_its_cancellation_is_left_behind(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    begun, go = threading.Event(), threading.Event()

    async def stubborn(params: Params) -> Response:
        begun.set()
        while not go.is_set():
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)
        return Response(said="late")

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        await asyncio.to_thread(begun.wait, 10)
        await d.close()
        assert [record.getMessage() for record in caplog.records] == [LEFT_BEHIND_TEXT % 1]
        go.set()
        await asyncio.sleep(0.1)

    run(scenario, {"on": {"go": [ask(0)]}}, protocol=PROTOCOL, handlers=handlers("plain", stubborn))


def test_tight_loop_of_settled_requests_loses_no_place(run: Run) -> None:
    """Handlers that are given up at every moment of their lives free their places."""
    count = 60

    def handle(params: Params) -> Response:
        time.sleep(0.001 * (params.n % 3))
        return Response(said=str(params.n))

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        got: dict[Any, Any] = {}
        while "last" not in got:
            got |= await replies(d, 1)
        assert got["last"] == {"said": "0"}

    asks = [step for n in range(count) for step in (ask(n, n=n), *([settled(n)] if n % 2 else []))]
    script = {"on": {"go": [*asks, ask("last", n=0)]}}
    run(scenario, script, protocol=PROTOCOL, handlers=handlers("plain", handle), handler_threads=2)
