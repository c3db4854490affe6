"""Requests from the runtime, answered by both engines."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import Any

import pytest
from pydantic import BaseModel

from openai_codex._engine.common import LEFT_BEHIND_TEXT
from openai_codex._engine.protocol import Protocol
from openai_codex.errors import TransportClosedError

from .conftest import Driver, Run


class Params(BaseModel):
    n: int = 0


class Response(BaseModel):
    said: str


class Base:
    def ask(self, params: Params) -> Any:
        raise AssertionError("refusals are built in")

    def other(self, params: Params) -> Any:
        raise AssertionError("refusals are built in")


PROTOCOL = Protocol(
    server_requests={"ask": ("Params", "Response", "ask", False), "other": ("Params", "Response", "other", False)},
    refusals={"ask": {"result": {"said": "no"}}, "other": {"error": {"code": -32000, "message": "never"}}},
    model={"Params": Params, "Response": Response}.__getitem__,
    handler_base=lambda: Base,
)


def ask(id: int | str, method: str = "ask", **params: Any) -> list[Any]:
    return ["send", {"id": id, "method": method, "params": params}]


def settled(id: int | str) -> list[Any]:
    return ["send", {"method": "serverRequest/resolved", "params": {"threadId": "T", "requestId": id}}]


DONE = ["result", None]


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def left_behind(count: int) -> list[str]:
    return [LEFT_BEHIND_TEXT % count]


async def replies(d: Driver, count: int) -> dict[Any, Any]:
    """Wait for the answers that the runtime got; returns id to result or error."""
    got: dict[Any, Any] = {}
    while len(got) < count:
        event = await d.next_event()
        if event.method == "fake/reply":
            got[event.params["id"]] = event.params.get("result", event.params.get("error"))
    return got


def handlers_for(kind: str, function: Any) -> Base:
    """Make handlers of the engine's kind around a plain function."""
    if kind == "threads":

        class Plain(Base):
            def ask(self, params: Params) -> Any:
                return function(params)

        return Plain()

    class Asynchronous(Base):
        async def ask(self, params: Params) -> Any:
            result = function(params)
            return await result if asyncio.iscoroutine(result) else result

    return Asynchronous()


class Blocking:
    """Handlers that answer the request with ``n=0`` at once, and the others not before ``end``."""

    def __init__(self, kind: str) -> None:
        self.started: list[int] = []
        self.cancelled: list[int] = []
        self._kind = kind
        self._let_go = threading.Event()
        self.handlers = handlers_for(kind, self._handle)

    def _handle(self, params: Params) -> Any:
        self.started.append(params.n)
        if params.n == 0:
            return Response(said="0")
        if self._kind != "threads":
            return self._wait(params.n)
        self._let_go.wait(20)
        return Response(said=str(params.n))

    async def _wait(self, n: int) -> Response:
        try:
            while not self._let_go.is_set():
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.cancelled.append(n)
            raise
        return Response(said=str(n))

    async def started_in(self, count: int) -> None:
        """Wait until ``count`` handlers were called."""
        while len(self.started) < count:
            await asyncio.sleep(0.01)

    async def end(self) -> None:
        """Let the handlers go on; their threads have ended when this returns, unless there is more to do."""
        self._let_go.set()
        for thread in threading.enumerate():
            if thread.name == "codex-handler":
                await asyncio.to_thread(thread.join)


def test_everything_is_refused_at_once_without_handlers(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(d: Driver) -> None:
        assert await replies(d, 4) == {
            0: {"said": "no"},
            "x": {"code": -32000, "message": "never"},
            1: {"code": -32601, "message": "method not found: future/one"},
            2: {"said": "no"},
        }
        assert not any(t.name == "codex-handler" for t in threading.enumerate())

    script = [ask(0), ask("x", "other"), ask(1, "future/one"), ask(2, n="not a number")]
    with caplog.at_level(logging.CRITICAL, "openai_codex"):
        run(scenario, {"on_start": script}, protocol=PROTOCOL)


def test_handler_answers_and_may_call_the_client(run: Run, kind: str) -> None:
    driver: list[Driver] = []

    def handle(params: Params) -> Any:
        engine = driver[0].engine
        if kind == "threads":
            return Response(said=str(engine.request("a", {"n": params.n})["echo"]["n"]))

        async def asynchronous() -> Response:
            return Response(said=str((await engine.request("a", {"n": params.n}))["echo"]["n"]))

        return asynchronous()

    async def scenario(d: Driver) -> None:
        driver.append(d)
        await d.call(d.engine.notify, "go")
        assert await replies(d, 2) == {0: {"said": "41"}, "b": {"said": "42"}}

    script = {"on": {"go": [ask(0, n=41), ask("b", n=42)]}}
    run(scenario, script, protocol=PROTOCOL, handlers=handlers_for(kind, handle))


def test_slow_handler_holds_up_nothing(run: Run, kind: str) -> None:
    let_go = threading.Event()

    def handle(params: Params) -> Any:
        if kind == "threads":
            let_go.wait(20)
            return Response(said="done")

        async def asynchronous() -> Response:
            while not let_go.is_set():
                await asyncio.sleep(0.01)
            return Response(said="done")

        return asynchronous()

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert await d.request("a", {}) == {"echo": {}}
        let_go.set()
        assert await replies(d, 1) == {0: {"said": "done"}}

    run(scenario, {"on": {"go": [ask(0)]}}, protocol=PROTOCOL, handlers=handlers_for(kind, handle))


@pytest.mark.parametrize("wrong", ["raises", "returns None", "exits"])
def test_handler_that_fails_refuses_and_is_logged(
    run: Run, kind: str, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    if wrong == "exits" and kind != "threads":
        pytest.skip("SystemExit in a task ends the loop, as asyncio has it")

    def handle(params: Params) -> Any:
        if wrong == "raises":
            raise RuntimeError("boom")
        if wrong == "exits":
            raise SystemExit(1)
        return None

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert await replies(d, 1) == {0: {"said": "no"}}
        assert await d.request("a", {}) == {"echo": {}}

    with caplog.at_level(logging.ERROR, "openai_codex"):
        script = {"on": {"go": [ask(0, n=77123)]}}
        run(scenario, script, protocol=PROTOCOL, handlers=handlers_for(kind, handle))
    assert "ask" in caplog.text and "77123" not in caplog.text


class _Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("no message")


def test_failure_without_a_message_refuses_as_well(run: Run, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    def handle(params: Params) -> Any:
        raise _Mute

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert await replies(d, 1) == {0: {"said": "no"}}

    run(scenario, {"on": {"go": [ask(0)]}}, protocol=PROTOCOL, handlers=handlers_for(kind, handle))
    assert told(caplog) == ["the handler of ask failed with _Mute; the request was refused"]


def test_no_more_handler_threads_than_configured(run: Run, kind: str) -> None:
    if kind != "threads":
        pytest.skip("tasks need no limit")
    lock, now, most = threading.Lock(), [0], [0]

    def handle(params: Params) -> Any:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.02)
        with lock:
            now[0] -= 1
        return Response(said=str(params.n))

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert await replies(d, 20) == {n: {"said": str(n)} for n in range(20)}
        assert most[0] == 3

    script = {"on": {"go": [ask(n, n=n) for n in range(20)]}}
    run(scenario, script, protocol=PROTOCOL, handlers=handlers_for(kind, handle), handler_threads=3)


def test_close_does_not_wait_for_handlers(run: Run, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    blocking = Blocking(kind)

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        await blocking.started_in(1)
        started = time.monotonic()
        await d.close()
        assert time.monotonic() - started < 2
        assert blocking.cancelled == ([] if kind == "threads" else [1])
        await blocking.end()

    run(scenario, {"on": {"go": [ask(0, n=1)]}}, protocol=PROTOCOL, handlers=blocking.handlers)
    assert told(caplog) == (left_behind(1) if kind == "threads" else [])  # it is no failure of the handler


def test_handler_is_given_up_when_the_runtime_dies(run: Run, kind: str) -> None:
    blocking = Blocking(kind)

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        await blocking.started_in(1)
        with pytest.raises(TransportClosedError):
            await d.request("die", {})
        await asyncio.sleep(0.05)
        assert not d.engine.is_handling("T")
        assert blocking.cancelled == ([] if kind == "threads" else [1])
        await blocking.end()

    script = {"on": {"go": [ask(0, n=1, threadId="T")], "die": [["exit", 1]]}}
    run(scenario, script, protocol=PROTOCOL, handlers=blocking.handlers)


def test_handler_whose_request_is_settled_is_given_up(run: Run, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    blocking = Blocking(kind)

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        await blocking.started_in(1)
        await d.request("settle", {})
        await d.request("a", {})  # by now the engine has read what came with the answer before
        await blocking.end()
        assert await replies(d, 1) == {"last": {"said": "3"}}
        await d.request("a", {})
        assert not any(event.method == "fake/reply" for event in d.events.items)
        if kind == "threads":  # a thread cannot be stopped, but what waits for one can
            assert blocking.started == [1, 3]
        else:
            assert sorted(blocking.cancelled) == [1, 2]

    run(
        scenario,
        {"on": {"go": [ask(0, n=1), ask("q", n=2)], "settle": [settled("q"), settled(0), ask("last", n=3), DONE]}},
        protocol=PROTOCOL,
        handlers=blocking.handlers,
        handler_threads=1,
    )
    assert caplog.records == []


def test_handler_that_waits_for_a_thread_runs_when_another_is_given_up(run: Run, kind: str) -> None:
    blocking = Blocking(kind)

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        await blocking.started_in(1)
        await d.request("settle", {})
        assert await replies(d, 1) == {1: {"said": "0"}}
        await blocking.end()

    script = {"go": [ask(0, n=1), ask(1, n=0)], "settle": [settled(0), DONE]}
    run(scenario, {"on": script}, protocol=PROTOCOL, handlers=blocking.handlers, handler_threads=1)


def test_handler_that_takes_too_long_refuses_and_makes_room(
    run: Run, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    blocking = Blocking(kind)

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert await replies(d, 2) == {0: {"said": "no"}, 1: {"said": "0"}}
        await blocking.end()

    with caplog.at_level(logging.ERROR, "openai_codex"):
        run(
            scenario,
            {"on": {"go": [ask(0, n=1), ask(1, n=0)]}},
            protocol=PROTOCOL,
            handlers=blocking.handlers,
            handler_threads=1,
            handler_timeout=0.1,
        )
    (record,) = caplog.records
    assert "ask" in record.getMessage() and "TimeoutError" in record.getMessage()


def test_handler_may_close_the_client(run: Run, kind: str) -> None:
    driver: list[Driver] = []

    def handle(params: Params) -> Any:
        if kind == "threads":
            driver[0].engine.close()
            return Response(said="late")

        async def asynchronous() -> Response:
            await driver[0].engine.close()
            return Response(said="late")

        return asynchronous()

    async def scenario(d: Driver) -> None:
        driver.append(d)
        started = time.monotonic()
        await d.call(d.engine.notify, "go")
        while not d.engine.closed:
            await asyncio.sleep(0.01)
        await d.close()
        assert time.monotonic() - started < 3

    run(scenario, {"on": {"go": [ask(0)]}}, protocol=PROTOCOL, handlers=handlers_for(kind, handle))


@pytest.mark.parametrize("how", ["close", "settle"])
def test_handler_that_fails_after_it_was_given_up_is_not_reported(
    run: Run, kind: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    if kind != "threads":
        pytest.skip("a task is cancelled")
    let_go, started = threading.Event(), threading.Event()

    def handle(params: Params) -> Any:
        started.set()
        let_go.wait(20)
        raise RuntimeError("boom")

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        await asyncio.to_thread(started.wait, 10)
        await (d.close() if how == "close" else d.request("settle", {}))
        if how == "settle":
            await d.request("a", {})
        let_go.set()
        for thread in threading.enumerate():
            if thread.name == "codex-handler":
                await asyncio.to_thread(thread.join)

    script = {"go": [ask(0)], "settle": [settled(0), DONE]}
    run(scenario, {"on": script}, protocol=PROTOCOL, handlers=handlers_for(kind, handle))
    assert told(caplog) == (left_behind(1) if how == "close" else [])


def test_limit_of_a_handler_ends_with_the_client(run: Run, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    blocking = Blocking(kind)

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        await blocking.started_in(1)
        await d.close()
        await asyncio.sleep(0.3)
        await blocking.end()

    script = {"on": {"go": [ask(0, n=1)]}}
    run(scenario, script, protocol=PROTOCOL, handlers=blocking.handlers, handler_timeout=0.2)
    assert told(caplog) == (left_behind(1) if kind == "threads" else [])
