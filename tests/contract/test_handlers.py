"""Requests from the runtime, answered by both engines."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import Any

import pytest
from pydantic import BaseModel

from openai_codex._engine.protocol import Protocol

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


def test_close_does_not_wait_for_handlers(run: Run, kind: str) -> None:
    let_go, running = threading.Event(), threading.Event()
    ended: list[bool] = []

    def handle(params: Params) -> Any:
        running.set()
        if kind == "threads":
            let_go.wait(20)
            return Response(said="late")

        async def asynchronous() -> Response:
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(True)
            return Response(said="late")

        return asynchronous()

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        while not running.is_set():
            await asyncio.sleep(0.01)
        started = time.monotonic()
        await d.close()
        assert time.monotonic() - started < 2
        assert ended == ([] if kind == "threads" else [True])
        let_go.set()

    with_log = logging.getLogger("openai_codex")
    level = with_log.level
    with_log.setLevel(logging.CRITICAL)
    try:
        run(scenario, {"on": {"go": [ask(0)]}}, protocol=PROTOCOL, handlers=handlers_for(kind, handle))
    finally:
        with_log.setLevel(level)


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
