"""Requests on both engines: answers, deadlines, the cap, and misuse."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import sys
import threading
import time
import warnings
from typing import Any

import pytest

from openai_codex._config import CodexConfig
from openai_codex._engine import DEFAULT_TIMEOUT
from openai_codex._engine.aio import AsyncEngine
from openai_codex._engine.protocol import Protocol
from openai_codex._engine.threads import Engine
from openai_codex.errors import (
    InvalidRequestError,
    RequestTimeoutError,
    ResponseValidationError,
    RuntimeNotFoundError,
    TransportClosedError,
)

from .conftest import Driver, Run


def public(class_: type) -> dict[str, Any]:
    return {name: value for name, value in vars(class_).items() if not name.startswith("_")}


def test_engines_have_the_same_public_face() -> None:
    threads, aio = public(Engine), public(AsyncEngine)
    aio.pop("watch_pipes")
    assert list(threads) == list(aio)
    for name, member in threads.items():
        if callable(member):
            assert inspect.signature(member) == inspect.signature(aio[name]), name
            assert not inspect.iscoroutinefunction(member)
        assert inspect.getdoc(member) == inspect.getdoc(aio[name]) or name == "close", name
    assert inspect.signature(Engine) == inspect.signature(AsyncEngine)
    assert repr(DEFAULT_TIMEOUT) == "DEFAULT_TIMEOUT"


def test_answer_and_error_reach_the_caller(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        assert await d.request("a", {"x": "é\u2028"}) == {"echo": {"x": "é\u2028"}}
        assert await d.request("b", None) == {"echo": {}}
        with pytest.raises(InvalidRequestError, match=r"fail: .*no"):
            await d.request("fail", {})

    run(scenario, {"on": {"fail": [["error", {"code": -32600, "message": "no"}]]}})


def test_answers_out_of_order_reach_their_callers(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        tasks = [asyncio.ensure_future(d.request("hold", {})) for _ in range(20)]
        while await d.request("turn/interrupt", {}) < 20:
            await asyncio.sleep(0.01)
        await d.request("release", {})
        ids = [result["was"] for result in await asyncio.gather(*tasks)]
        assert len(set(ids)) == 20

    script = {"hold": [["hold"]], "release": [["release"], ["result", None]], "turn/interrupt": [["held"]]}
    run(scenario, {"on": script})


def test_no_more_than_the_cap_is_in_flight(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        tasks = [asyncio.ensure_future(d.request("hold", {})) for _ in range(150)]
        exec_ = asyncio.ensure_future(d.request("long/one", {}))  # not counted
        seen = 0
        while seen < 64:
            await asyncio.sleep(0.01)
            seen = await d.request("turn/interrupt", {})  # not counted either
        await asyncio.sleep(0.1)
        assert await d.request("turn/interrupt", {}) == 64
        assert await exec_ == {"echo": {}}
        while not all(task.done() for task in tasks):
            await d.call(d.engine.notify, "release")
            assert await d.request("turn/interrupt", {}) <= 64
        await asyncio.gather(*tasks)

    run(scenario, {"on": {"hold": [["hold"]], "release": [["release"]], "turn/interrupt": [["held"]]}})


def test_deadline_passes_and_the_late_answer_is_dropped(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        started = time.monotonic()
        with pytest.raises(RequestTimeoutError, match=r"hold: no answer within 0\.2 s.*timeout="):
            await d.request("hold", {}, timeout=0.2)
        assert 0.15 < time.monotonic() - started < 5
        await d.request("release", {})
        assert await d.request("a", {}) == {"echo": {}}

    run(scenario, {"on": {"hold": [["hold"]], "release": [["release"], ["result", None]]}})


def test_deadline_includes_the_time_in_the_queue(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        out = [asyncio.ensure_future(d.request("hold", {}, timeout=None)) for _ in range(64)]
        while await d.request("turn/interrupt", {}) < 64:
            await asyncio.sleep(0.01)
        with pytest.raises(RequestTimeoutError, match="queued"):
            await d.request("hold", {}, timeout=0.2)
        await d.call(d.engine.notify, "release")
        await asyncio.gather(*out)
        assert await d.request("turn/interrupt", {}) == 0  # the queued one was never sent

    run(scenario, {"on": {"hold": [["hold"]], "release": [["release"]], "turn/interrupt": [["held"]]}})


def test_default_deadline_is_configured_and_spares_long_requests(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        long = asyncio.ensure_future(d.request("long/one", {}))
        with pytest.raises(RequestTimeoutError, match=r"0\.2 s"):
            await d.request("hold", {})
        with pytest.raises(RequestTimeoutError, match=r"0\.1 s"):
            await d.request("long/one", {}, timeout=0.1)
        assert not long.done()
        await d.call(d.engine.notify, "release")
        await long

    script = {"long/one": [["hold"]], "hold": [["hold"]], "release": [["release"]]}
    run(scenario, {"on": script}, request_timeout=0.2)


def test_large_request_and_answer_pass_at_once(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        text = "x" * 3_000_000
        answers = await asyncio.gather(*(d.request("a", {"text": text, "n": n}) for n in range(4)))
        assert [a["echo"]["n"] for a in answers] == [0, 1, 2, 3]
        assert all(a["echo"]["text"] == text for a in answers)

    run(scenario)


def test_deadline_holds_while_the_runtime_does_not_read(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        started = time.monotonic()
        for _ in range(2):
            with pytest.raises(RequestTimeoutError):
                await d.request("a", {"text": "x" * 1_000_000}, timeout=0.3)
        with pytest.raises(RequestTimeoutError):
            await d.request("a", {}, timeout=0.3)
        assert time.monotonic() - started < 3
        assert await d.request("b", {}) == {"echo": {}}

    run(scenario, {"pause_reading_s": 2})


def test_params_that_json_lacks_are_refused_and_harm_nothing(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        for bad in (float("nan"), "\ud800"):
            with pytest.raises(ValueError, match="a: "):
                await d.request("a", {"x": bad})
        with pytest.raises(TypeError, match="a: Object of type set"):
            await d.request("a", {"x": set[str]()})
        assert await d.request("a", {"x": 1}) == {"echo": {"x": 1}}

    run(scenario)


def test_answer_without_a_turn_is_an_error_of_the_call(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        with pytest.raises(ResponseValidationError, match="turn/start"):
            await d.open_turn()

    run(scenario)


def test_every_call_after_close_fails_at_once(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        pending = asyncio.ensure_future(d.request("hold", {}))
        turn = d.engine.open_turn("U", "T")[1]
        waiting = asyncio.ensure_future(d.receive(turn))
        await d.request("a", {})
        assert not d.engine.closed
        await d.close()
        assert d.engine.closed
        await d.close()
        for task in (pending, waiting):
            with pytest.raises(TransportClosedError, match="closed"):
                await task
        for call in (d.request("a", {}), d.open_turn(), d.receive(turn), d.call(d.engine.notify, "x")):
            with pytest.raises(TransportClosedError, match="closed"):
                await call
        with pytest.raises(TransportClosedError, match="closed"):
            await d.call(d.engine.start)

    run(scenario, {"on": {"hold": [["hold"]]}})


def test_start_twice_is_an_error(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        with pytest.raises(RuntimeError, match="already"):
            await d.call(d.engine.start)

    run(scenario)


@pytest.mark.parametrize("engine_class", [Engine, AsyncEngine])
def test_missing_runtime_is_told_and_leaves_nothing(engine_class: Any) -> None:
    async def main() -> None:
        engine = engine_class(CodexConfig(launch_args_override=("/nowhere/codex",)), protocol=Protocol())
        with pytest.raises(RuntimeNotFoundError, match="/nowhere/codex"):
            if isinstance(engine, Engine):
                engine.start()
            else:
                await engine.start()
        with pytest.raises(RuntimeError, match="not started"):
            if isinstance(engine, Engine):
                engine.request("a", {})
            else:
                await engine.request("a", {})
        if isinstance(engine, Engine):
            engine.close()
        else:
            await engine.close()

    asyncio.run(main())


def test_use_after_fork_is_an_error_and_close_spares_the_parent(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        real = os.getpid

        def in_child() -> int:
            return real() + 1

        os.getpid = in_child
        try:
            with pytest.raises(RuntimeError, match="fork"):
                await d.request("a", {})
            with pytest.raises(RuntimeError, match="fork"):  # nobody in the child would ever fill it
                await d.receive(d.events, timeout=1)
            await d.close()
        finally:
            os.getpid = real
        assert await d.request("a", {}) == {"echo": {}}

    run(scenario)


@pytest.mark.skipif(sys.platform == "win32", reason="sends itself a signal")
def test_interrupt_of_a_waiting_caller_leaves_the_engine_usable() -> None:
    import signal

    from .conftest import FAKE_SERVER

    script = '{"on": {"hold": [["hold"]], "release": [["release"], ["result", null]]}}'
    argv = (sys.executable, "-I", "-S", str(FAKE_SERVER), script)
    engine = Engine(CodexConfig(launch_args_override=argv), protocol=Protocol())
    engine.start()
    events = engine.listen()
    # A background job starts with SIGINT ignored, and Python leaves it at that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for wait in (
            lambda: engine.request("hold", {}),
            lambda: engine.receive(events),
            lambda: engine.receive(engine.open_turn("U", "T")[1], timeout=60),
        ):
            timer = threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT])
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                wait()
            timer.join()
            assert events.waiter is None
        assert engine.request("release", {}) is None
        assert engine.request("a", {}) == {"echo": {}}
    finally:
        signal.signal(signal.SIGINT, before)
        engine.close()


def test_cancelled_caller_frees_its_place() -> None:
    from .conftest import FAKE_SERVER

    script = '{"on": {"hold": [["hold"]], "turn/interrupt": [["held"]]}}'
    argv = (sys.executable, "-I", "-S", str(FAKE_SERVER), script)

    async def main() -> None:
        engine = AsyncEngine(CodexConfig(launch_args_override=argv), protocol=Protocol())
        await engine.start()
        tasks = [asyncio.ensure_future(engine.request("hold", {})) for _ in range(64)]
        while await engine.request("turn/interrupt", {}) < 64:
            await asyncio.sleep(0.01)
        queued = asyncio.ensure_future(engine.request("a", {}))
        await asyncio.sleep(0)
        tasks[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        assert await queued == {"echo": {}}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await engine.close()

    asyncio.run(main())


def test_use_from_another_loop_is_an_error_and_close_ends_the_process() -> None:
    from .conftest import FAKE_SERVER

    argv = (sys.executable, "-I", "-S", str(FAKE_SERVER), "{}")
    engine = AsyncEngine(CodexConfig(launch_args_override=argv), protocol=Protocol())
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(engine.start())

        async def elsewhere() -> None:
            with pytest.raises(RuntimeError, match="event loop"):
                await engine.request("a", {})
            await engine.close()

        asyncio.run(elsewhere())
        loop.run_until_complete(engine.close())
    finally:
        loop.close()


def test_close_after_the_end_of_its_loop_leaves_no_file_open() -> None:
    from .conftest import FAKE_SERVER, open_files

    argv = (sys.executable, "-I", "-S", str(FAKE_SERVER), "{}")
    files = open_files()
    engine = AsyncEngine(CodexConfig(launch_args_override=argv), protocol=Protocol())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the loop ends with the pipes attached, as asyncio has it
        asyncio.run(engine.start())
        asyncio.run(engine.close())
        assert open_files() == files
        del engine
        gc.collect()
