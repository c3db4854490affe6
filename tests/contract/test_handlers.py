"""Requests from the runtime, answered by both engines."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import sys
import threading
import time
import warnings
from contextvars import ContextVar
from typing import Any

import pytest
from pydantic import BaseModel

from openai_codex._answers import Answerer, HandlerMethods
from openai_codex._core import requests
from openai_codex._engine.common import LEFT_BEHIND_TEXT
from openai_codex._engine.handlers import Cancellation, Invocation
from openai_codex._engine.protocol import Protocol
from openai_codex.errors import TransportClosedError

from .conftest import Driver, Run

NOTE: ContextVar[int] = ContextVar("note", default=0)


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


def says_yes(params: Params) -> Response:
    return Response(said="yes")


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


class Untold(Exception):
    """Has no text to be shown."""

    def __str__(self) -> str:
        raise RuntimeError("there is no text")

    __repr__ = __str__


@pytest.mark.parametrize("wrong", ["raises", "returns None", "exits", "raises what has no text"])
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
        if wrong == "raises what has no text":
            raise Untold
        return None

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert await asyncio.wait_for(replies(d, 1), 10) == {0: {"said": "no"}}
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
        await blocking.started_in(1 if kind == "threads" else 2)
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


def test_handler_whose_limit_cannot_be_watched_refuses(
    run: Run, kind: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind != "threads":
        pytest.skip("a task needs no thread for its limit")

    def start(timer: threading.Timer) -> None:
        raise RuntimeError("can't start new thread")

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert await asyncio.wait_for(replies(d, 2), 10) == {0: {"said": "no"}, 1: {"said": "no"}}

    monkeypatch.setattr(threading.Timer, "start", start)
    handlers = handlers_for(kind, says_yes)
    script = {"on": {"go": [ask(0), ask(1)]}}
    run(scenario, script, protocol=PROTOCOL, handlers=handlers, handler_threads=1, handler_timeout=5.0)
    assert "can't start new thread" in caplog.text


def test_handler_that_ends_as_it_is_given_up_harms_nobody(run: Run, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind != "threads":
        pytest.skip("about coroutines on threads")
    given_up, told = threading.Event(), threading.Event()

    set_ = Cancellation.call_when_set

    def call_when_set(cancelled: Cancellation, hook: Any) -> None:
        def late() -> None:
            given_up.set()
            time.sleep(0.3)
            hook()
            told.set()

        set_(cancelled, hook and late)

    class Asynchronous(Base):
        async def ask(self, params: Params) -> Response:
            while params.n == 0 and not given_up.is_set():
                await asyncio.sleep(0.001)
            return Response(said=str(params.n))

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert await asyncio.wait_for(replies(d, 2), 10) == {0: {"said": "no"}, 1: {"said": "1"}}
        assert told.wait(5)

    monkeypatch.setattr(Cancellation, "call_when_set", call_when_set)
    script = {"on": {"go": [ask(0), ask(1, n=1)]}}
    run(scenario, script, protocol=PROTOCOL, handlers=Asynchronous(), handler_threads=1, handler_timeout=0.2)


def test_late_answer_is_not_taken_for_that_of_a_request_with_the_same_id(
    run: Run, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = {n: threading.Event() for n in (1, 2)}

    def handle(params: Params) -> Any:
        async def heedless() -> Response:
            while not let_go[params.n].is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.01)
            return Response(said=str(params.n))

        if kind != "threads":
            return heedless()
        let_go[params.n].wait(20)
        return Response(said=str(params.n))

    async def scenario(d: Driver) -> None:
        for name in ("first", "others", "second"):
            await d.call(d.engine.notify, name)
            assert await d.request("a", {}) == {"echo": {}}
            await asyncio.sleep(0.1)
        let_go[1].set()
        await asyncio.sleep(0.1)
        let_go[2].set()
        answers = await replies(d, 4)
        assert answers[0] == {"said": "2"}

    monkeypatch.setattr(requests, "_MAX_SEEN", 2)
    others = [ask(id, "future/one") for id in ("x", "y", "z")]
    script = {"on": {"first": [ask(0, n=1), ["sleep", 0.2], settled(0)], "others": others, "second": [ask(0, n=2)]}}
    run(scenario, script, protocol=PROTOCOL, handlers=handlers_for(kind, handle))


def test_handler_whose_request_is_settled_at_once_leaves_nothing(run: Run, kind: str) -> None:
    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert await d.request("a", {}) == {"echo": {}}
        await asyncio.sleep(0.2)
        handlers = d.engine._handlers
        assert not (handlers._threads if kind == "threads" else handlers._tasks)

    lines = "".join(json.dumps(message) + "\n" for _, message in (ask(0), settled(0), ask(1), settled(1)))
    handlers = handlers_for(kind, says_yes)
    run(scenario, {"on": {"go": [["raw", lines]]}}, protocol=PROTOCOL, handlers=handlers)


def test_request_that_came_just_before_the_end_has_no_handler(run: Run, kind: str) -> None:
    started: list[int] = []

    def handle(params: Params) -> Any:
        started.append(params.n)

    async def scenario(d: Driver) -> None:
        closing = asyncio.Event()
        decide, loop = d.engine.dispatcher.decide, asyncio.get_running_loop()

        def decide_late(request: Any) -> Any:
            if kind == "threads":  # the reader has read it, and another thread closes the client
                loop.call_soon_threadsafe(closing.set)
                while not d.engine.closed:
                    time.sleep(0.01)
                time.sleep(0.1)
            else:  # a log handler, or an eager task, closes it
                d.engine.dispatcher.decide = decide
                d.engine._fail(TransportClosedError("over"))
            return decide(request)

        d.engine.dispatcher.decide = decide_late
        await d.call(d.engine.notify, "go")
        if kind == "threads":
            await closing.wait()
            await d.close()
        await asyncio.sleep(0.3)
        assert started == []

    handlers = handlers_for(kind, handle)
    run(scenario, {"on": {"go": [ask(0)]}}, protocol=PROTOCOL, handlers=handlers)


@pytest.mark.parametrize("error", [GeneratorExit, type("Stop", (BaseException,), {}), asyncio.CancelledError])
def test_handler_that_raises_what_is_no_exception_is_told_of_once(
    run: Run, kind: str, error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    if error is asyncio.CancelledError and kind != "threads" and sys.version_info < (3, 11):
        pytest.skip("a task cannot tell who has cancelled it")

    def handle(params: Params) -> Any:
        raise error

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert await replies(d, 1) == {0: {"said": "no"}}
        await asyncio.sleep(0.05)
        gc.collect()

    run(scenario, {"on": {"go": [ask(0)]}}, protocol=PROTOCOL, handlers=handlers_for(kind, handle))
    assert told(caplog) == [f"the handler of ask failed with {error.__name__}; the request was refused"]


def test_coroutine_that_comes_too_late_is_dropped_in_silence(run: Run, kind: str) -> None:
    let_go = threading.Event()

    async def late() -> Response:
        return Response(said="late")

    class Plain(Base):
        def ask(self, params: Params) -> Any:
            let_go.wait(20)
            return late()

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert await replies(d, 1) == {0: {"said": "no"}}
        let_go.set()
        await asyncio.sleep(0.1)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        run(scenario, {"on": {"go": [ask(0)]}}, protocol=PROTOCOL, handlers=Plain(), handler_timeout=0.1)
        gc.collect()
    assert [str(each.message) for each in warned if "never awaited" in str(each.message)] == []


def test_handler_that_has_waited_sees_nothing_of_the_one_before(run: Run, kind: str) -> None:
    seen: list[int] = []

    class Plain(Base):
        def ask(self, params: Params) -> Any:
            async def inner() -> Response:
                seen.append(NOTE.get())
                NOTE.set(params.n)
                return Response(said="yes")

            return inner()

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        await replies(d, 2)
        assert seen == [0, 0]

    script = {"on": {"go": [ask(0, n=1), ask(1, n=2)]}}
    run(scenario, script, protocol=PROTOCOL, handlers=Plain(), handler_threads=1)


def test_close_waits_a_second_for_all_kinds_of_handlers_together(run: Run, kind: str) -> None:
    if kind == "threads":
        pytest.skip("there is one kind of handlers")
    let_go = threading.Event()

    class Heedless(Base):
        def ask(self, params: Params) -> Any:
            let_go.wait(20)

        async def other(self, params: Params) -> Any:
            while not let_go.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.01)

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert await d.request("a", {}) == {"echo": {}}
        await asyncio.sleep(0.1)
        before = time.monotonic()
        await d.close()
        took = time.monotonic() - before
        let_go.set()
        await asyncio.sleep(0.1)
        assert took < 1.7

    run(scenario, {"on": {"go": [ask(0), ask(1, "other")]}}, protocol=PROTOCOL, handlers=Heedless())


@pytest.mark.parametrize("error", [RuntimeError, SystemExit, asyncio.CancelledError])
def test_handler_that_cannot_be_had_refuses(run: Run, kind: str, error: type[BaseException]) -> None:
    if error is SystemExit and kind != "threads":
        pytest.skip("SystemExit in a task ends the loop, as asyncio has it")

    class Broken(Base):
        @property
        def ask(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            raise error

    async def scenario(d: Driver) -> None:
        d.engine.dispatcher.set_sources(None, {"mine": HandlerMethods(Broken(), Base), "others": Others()})
        await d.call(d.engine.notify, "go")
        assert await asyncio.wait_for(replies(d, 2), 10) == {0: {"said": "no"}, 1: {"said": "no"}}

    class Others:
        def find(self, method: str, name: str, params: Any) -> Answerer:
            return Answerer(says_yes)

    run(scenario, {"on": {"go": [ask(0), ask(1)]}}, protocol=PROTOCOL)


def test_handler_that_fails_as_its_time_ends_is_told_of_once(
    run: Run, kind: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind != "threads":
        pytest.skip("tasks do not interrupt each other")
    refuse = Invocation.refuse

    def refuse_slowly(invocation: Invocation, error: BaseException) -> Any:
        if isinstance(error, ZeroDivisionError):
            time.sleep(0.4)
        return refuse(invocation, error)

    def handle(params: Params) -> Any:
        raise ZeroDivisionError

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert await replies(d, 1) == {0: {"said": "no"}}
        await asyncio.sleep(0.5)

    monkeypatch.setattr(Invocation, "refuse", refuse_slowly)
    script = {"on": {"go": [ask(0)]}}
    run(scenario, script, protocol=PROTOCOL, handlers=handlers_for(kind, handle), handler_timeout=0.2)
    assert told(caplog) == ["the handler of ask failed with ZeroDivisionError; the request was refused"]
