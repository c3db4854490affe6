"""The engines at moments that nobody plans for: finalizers, log handlers, forks, no more threads, closed loops."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import queue
import sys
import threading
import time
import warnings
from collections.abc import Generator
from typing import Any

import pytest

from openai_codex._config import CodexConfig
from openai_codex._engine.aio import AsyncEngine
from openai_codex._engine.pipes import PipeWriter, StopSignal
from openai_codex._engine.protocol import Protocol
from openai_codex._engine.threads import Engine
from openai_codex.errors import RequestTimeoutError, TransportClosedError

from .conftest import FAKE_SERVER, Driver, Run, open_files
from .test_handlers import PROTOCOL as HANDLING, Base, Blocking, Response, ask, handlers_for, replies


def settings(script: dict[str, Any] | None = None, **options: Any) -> CodexConfig:
    argv = (sys.executable, "-I", "-S", str(FAKE_SERVER), json.dumps(script or {}))
    return CodexConfig(launch_args_override=argv, **options)


@contextlib.contextmanager
def started(script: dict[str, Any] | None = None, **options: Any) -> Generator[Engine, None, None]:
    """A threaded engine, of which nothing may be left."""
    threads, files = set(threading.enumerate()), open_files()
    engine = Engine(settings(script, **options), protocol=Protocol())
    engine.start()
    try:
        yield engine
    finally:
        engine.close()
        deadline = time.monotonic() + 5
        while (set(threading.enumerate()) - threads or open_files() > files) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert set(threading.enumerate()) - threads == set()
        assert open_files() == files


class Meddler(logging.Handler):
    """Does something to the engine while the reader is in the middle of its work."""

    def __init__(self, action: Any) -> None:
        super().__init__(logging.DEBUG)
        self.action = action
        self.outcome: Any = None

    def emit(self, record: logging.LogRecord) -> None:
        if threading.current_thread().name == "codex-read" and self.outcome is None:
            self.outcome = "nothing"
            try:
                self.action()
            except Exception as error:
                self.outcome = error

    def __enter__(self) -> Meddler:
        logger = logging.getLogger("openai_codex")
        self._level = logger.level
        logger.setLevel(logging.DEBUG)
        logger.addHandler(self)
        return self

    def __exit__(self, *error: object) -> None:
        logger = logging.getLogger("openai_codex")
        logger.removeHandler(self)
        logger.setLevel(self._level)


EMIT: dict[str, Any] = {"on": {"emit": [["send", {"method": "hello", "params": {}}], ["result", None]]}}


def test_client_may_be_closed_in_the_middle_of_reading() -> None:
    with started(EMIT) as engine, Meddler(engine.close) as meddler:
        with contextlib.suppress(TransportClosedError):  # the answer may be faster
            engine.request("emit", {}, timeout=20)
        with pytest.raises(TransportClosedError, match="closed"):
            while True:
                engine.request("a", {}, timeout=20)
        assert meddler.outcome == "nothing"


@contextlib.contextmanager
def raising_log_handler(error: type[BaseException]) -> Generator[None, None, None]:
    class Raising(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise error("no space left")

    logger, handler = logging.getLogger("openai_codex"), Raising(logging.DEBUG)
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


def test_log_handler_that_raises_costs_nothing(run: Run) -> None:
    async def scenario(d: Driver) -> None:
        assert await d.request("emit", {}) is None
        assert (await d.next_event()).method == "hello"
        assert await d.request("a", {}) == {"echo": {}}

    with raising_log_handler(RuntimeError):
        run(scenario, EMIT)


def test_log_handler_that_raises_leaves_no_request_unanswered(run: Run, kind: str) -> None:
    def fail(params: Any) -> Response:
        raise ValueError("no")

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert set(await replies(d, 3)) == {1, 2, 3}
        assert await d.request("a", {}) == {"echo": {}}
        assert not d.engine.is_handling("T")

    script = {"on": {"go": [ask(1), ask(2, "unheard/of"), ask(3, threadId="T")]}}
    with raising_log_handler(SystemExit if kind == "threads" else RuntimeError):
        run(scenario, script, protocol=HANDLING, handlers=handlers_for(kind, fail), handler_threads=1)


def test_handler_that_cannot_be_had_is_refused(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Base):
        @property
        def ask(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            raise RuntimeError("no")

    async def scenario(d: Driver) -> None:
        await d.call(d.engine.notify, "go")
        assert await replies(d, 1) == {1: {"said": "no"}}

    run(scenario, {"on": {"go": [ask(1)]}}, protocol=HANDLING, handlers=Broken())
    assert "the handler of ask failed with RuntimeError" in caplog.text


def test_lock_of_a_log_handler_and_the_clients_own_do_not_cross() -> None:
    """One thread logs and, holding the handler's lock, runs a finalizer that needs the client; another reads."""

    class Finalizing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name == "elsewhere":
                emitting.set()
                time.sleep(0.2)  # the reader has something to log meanwhile
                engine.leave(engine.listen())

    emitting = threading.Event()
    handler, ours, elsewhere = Finalizing(), logging.getLogger("openai_codex"), logging.getLogger("elsewhere")
    ours.addHandler(handler)
    elsewhere.addHandler(handler)
    elsewhere.propagate = False
    notice = ["send", {"method": "warning", "params": {"message": "mind"}}]
    try:
        with started({"on": {"emit": [["sleep", 0.1], notice, ["result", None]]}}) as engine:
            logging_thread = threading.Thread(target=elsewhere.warning, args=("x",))
            logging_thread.start()
            emitting.wait(20)
            assert engine.request("emit", {}, timeout=10) is None
            logging_thread.join(10)
            assert not logging_thread.is_alive()
    finally:
        ours.removeHandler(handler)
        elsewhere.removeHandler(handler)


def test_mailbox_may_be_left_in_the_middle_of_reading() -> None:
    with started(EMIT) as engine:
        events = engine.listen()
        with Meddler(lambda: engine.leave(events)) as meddler:
            assert engine.request("emit", {}, timeout=20) is None
        assert (meddler.outcome, events.closed) == ("nothing", True)


def test_waiting_on_the_thread_that_reads_is_an_error() -> None:
    with started(EMIT) as engine:
        with Meddler(lambda: engine.request("a", {})) as meddler:
            assert engine.request("emit", {}, timeout=20) is None
        assert isinstance(meddler.outcome, RuntimeError) and "wait for itself" in str(meddler.outcome)


def test_waiting_on_the_thread_that_writes_is_an_error() -> None:
    with started(EMIT) as engine:
        outcome: queue.SimpleQueue[object] = queue.SimpleQueue()

        def meddle() -> None:
            try:
                outcome.put(engine.request("a", {}, timeout=20))
            except RuntimeError as error:
                outcome.put(str(error))

        engine.__dict__["_writer"].call_later(meddle)
        assert "called on a thread of the client itself" in str(outcome.get(timeout=10))
        assert engine.request("a", {}, timeout=20) == {"echo": {}}


def test_request_that_was_given_up_in_the_queue_is_never_sent() -> None:
    """Its place comes up before the thread that cancels it gets to that."""
    script = {
        "hold": [["hold"]],
        "let/go": [["sleep", 0.5], ["release"], ["result", None]],
        "count": [["seen", "given/up"]],
    }
    with started({"on": script}) as engine:
        held = [threading.Thread(target=engine.request, args=("hold", {})) for _ in range(63)]
        for thread in held:
            thread.start()
        time.sleep(0.2)
        held.append(threading.Thread(target=engine.request, args=("let/go", {})))
        held[-1].start()
        time.sleep(0.1)
        go_on = threading.Event()
        engine.__dict__["_writer"].call_later(go_on.wait)
        with pytest.raises(RequestTimeoutError, match="given/up: still queued"):
            engine.request("given/up", {}, timeout=0.1)
        for thread in held:
            thread.join(20)
        go_on.set()
        assert engine.request("count", {}, timeout=20) == 0


def test_finalizer_that_closes_the_client_harms_nobody() -> None:
    class Owner:
        def __init__(self, engine: Engine) -> None:
            self.engine = engine
            self.me = self

        def __del__(self) -> None:
            self.engine.close()

    flood = ["repeat", '{"method":"hello","params":{"a":[[],[],[]]}}\n', 20_000]
    with started({"on": {"flood": [flood, ["result", None]]}}) as engine:
        Owner(engine)
        with contextlib.suppress(TransportClosedError):  # it depends on the moment
            engine.request("flood", {}, timeout=20)
        gc.collect()


def test_request_that_is_said_again_after_its_answer_is_handled_once(run: Run, kind: str) -> None:
    asked: list[int] = []

    def answer(params: Any) -> Response:
        asked.append(params.n)
        return Response(said="yes")

    async def scenario(d: Driver) -> None:
        assert await replies(d, 1) == {7: {"said": "yes"}}
        await d.call(d.engine.notify, "again")
        assert await replies(d, 1) == {8: {"said": "yes"}}
        assert asked == [1, 2]

    script = {"on_start": [ask(7, n=1)], "on": {"again": [ask(7, n=1), ask(8, n=2)]}}
    run(scenario, script, protocol=HANDLING, handlers=handlers_for(kind, answer))


def test_request_that_is_said_again_is_handled_once(run: Run, kind: str) -> None:
    keeper = Blocking(kind)

    async def scenario(d: Driver) -> None:
        await keeper.started_in(1)
        await d.call(d.engine.notify, "again")
        assert await d.request("a", {}) == {"echo": {}}
        await asyncio.sleep(0.1)
        assert keeper.started == [1]
        await keeper.end()
        assert await replies(d, 1) == {7: {"said": "1"}}

    script = {"on_start": [ask(7, n=1)], "on": {"again": [ask(7, n=1)]}}
    run(scenario, script, protocol=HANDLING, handlers=keeper.handlers)


@pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="from Python 3.12 on")
def test_eager_tasks_leave_no_handler_behind() -> None:
    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        handlers = handlers_for("aio", _said)
        script = {"on": {"go": [ask(n) for n in range(20)]}}
        engine = AsyncEngine(settings(script), handlers=handlers, protocol=HANDLING)
        events = engine.listen()
        await engine.start()
        await engine.notify("go")
        while len(events.items) < 20:
            await engine.receive(events)
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        assert engine.__dict__["_handlers"].__dict__["_tasks"] == {}
        await engine.close()

    asyncio.run(main())


async def _said(params: Any) -> Response:
    return Response(said="x")


def test_child_after_a_fork_is_told_and_does_not_hang() -> None:
    with started() as engine:
        events = engine.listen()
        turn, mailbox = engine.open_turn("U", "T")
        real, holding = os.getpid, threading.Event()
        release = threading.Event()

        def hold() -> None:
            with engine.__dict__["_lock"]:
                holding.set()
                release.wait(20)

        holder = threading.Thread(target=hold)
        holder.start()
        holding.wait(20)
        os.getpid = lambda: real() + 1
        try:
            for call in (
                engine.listen,
                lambda: engine.follow(turn),
                lambda: engine.open_turn("V", "T"),
                lambda: engine.watch(["x"]),
                lambda: engine.follow_login("L"),
                lambda: engine.end_turn(turn),
                lambda: engine.abandon(turn),
                lambda: engine.receive(events, timeout=1),
            ):
                with pytest.raises(RuntimeError, match="fork"):
                    call()
            engine.leave(mailbox)  # nothing to do
            engine.close()
        finally:
            os.getpid = real
            release.set()
            holder.join()
        assert engine.request("a", {}) == {"echo": {}}


def test_moment_without_threads_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    large = {"x": "a" * 100_000}  # more than a caller writes itself
    with started() as engine:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", fail)
            with pytest.raises(TimeoutError):
                engine.request("a", large, timeout=0.1)
            with pytest.raises(TimeoutError):
                engine.request("hold", {}, timeout=0.1)  # here what is given up is small
        assert engine.request("a", {"n": 1}, timeout=20) == {"echo": {"n": 1}}  # with what was left behind


def test_start_without_threads_is_told_at_once_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    files = open_files()
    engine = Engine(settings(), protocol=Protocol())
    begin = time.monotonic()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", _no_thread)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            engine.start()
    assert time.monotonic() - begin < 5
    engine.close()
    assert open_files() == files


def _no_thread(self: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes cannot be polled")
def test_writer_has_one_thread_whatever_interrupts_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        monkeypatch.undo()
        start(thread)
        raise KeyboardInterrupt

    source, sink = os.pipe()
    stop = StopSignal()
    writer = PipeWriter(os.fdopen(sink, "wb", buffering=0), stop)
    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        writer.write_later(b"a")
    writer.write_later(b"b")
    writer.call_later(lambda: writer.write_later(b"c"))
    assert [thread.name for thread in threading.enumerate()].count("codex-write") == 1
    while (got := os.read(source, 3)) and not got.endswith(b"c"):
        pass
    writer.close()
    assert writer.join(5)
    stop.close()
    os.close(source)


def test_writer_that_is_stuck_stops_when_it_is_told_to() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb"), os.fdopen(write_end, "wb", buffering=0) as pipe:
        stop = StopSignal()
        writer = PipeWriter(pipe, stop)
        writer.write(b"a" * 1_000_000)  # nobody reads
        writer.close()
        assert not writer.join(0.1)
        stop.set()
        assert writer.join(5)
        stop.close()


def test_close_on_another_loop_ends_what_waits_on_a_closed_one() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the loop ends with the pipes attached, as asyncio has it
        _close_elsewhere()
        gc.collect()


def _close_elsewhere() -> None:
    engine = AsyncEngine(settings({"on": {"hold": [["hold"]]}}), protocol=Protocol())
    loop = asyncio.new_event_loop()

    async def begin() -> asyncio.Task[Any]:
        await engine.start()
        task = asyncio.ensure_future(engine.request("hold", {}))
        await asyncio.sleep(0.1)
        return task

    waiting: Any = loop.run_until_complete(begin())
    process: Any = engine.__dict__["_process"]
    loop.close()
    asyncio.run(engine.close())
    assert process.returncode is not None
    waiting._log_destroy_pending = False  # its loop is gone: nothing can end it


@pytest.mark.parametrize("steps", range(6))
def test_close_in_the_middle_of_the_start_leaves_nothing(steps: int) -> None:
    async def main() -> None:
        engine = AsyncEngine(settings(), protocol=Protocol())
        starting = asyncio.ensure_future(engine.start())
        for _ in range(steps):
            await asyncio.sleep(0)
        await engine.close()
        await asyncio.wait([starting])
        starting.exception()
        await asyncio.sleep(0.05)
        await engine.close()

    files = open_files()
    asyncio.run(main())
    gc.collect()
    assert open_files() == files
