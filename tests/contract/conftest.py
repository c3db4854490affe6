"""Both engines behind one asynchronous face, so that each test of the contract is written once."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from openai_codex._config import CodexConfig
from openai_codex._core.mailbox import Mailbox
from openai_codex._core.notification import Notification
from openai_codex._engine.aio import AsyncEngine
from openai_codex._engine.protocol import Protocol
from openai_codex._engine.threads import Engine

FAKE_SERVER = Path(__file__).with_name("fake_server.py")
PROTOCOL = Protocol(long_running=frozenset({"long/one"}))


class ThreadedAsyncEngine(AsyncEngine):
    """The path of event loops that cannot watch pipes."""

    watch_pipes = False


class Driver:
    """One started engine. Its coroutines wrap either engine; blocking calls run on threads of a pool."""

    def __init__(self, engine: Any, pool: ThreadPoolExecutor) -> None:
        self.engine = engine
        self.pool = pool
        self.events: Mailbox = engine.listen()

    async def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if isinstance(self.engine, AsyncEngine):
            return await function(*args, **kwargs)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, lambda: function(*args, **kwargs))

    async def request(self, method: str, params: Any = None, **kwargs: Any) -> Any:
        return await self.call(self.engine.request, method, params, **kwargs)

    async def open_turn(self, method: str = "turn/start", params: Any = None) -> tuple[Any, Mailbox]:
        result, opened = await self.call(self.engine.open_turn_request, method, params)
        return result, opened.mailbox

    async def receive(self, mailbox: Mailbox, timeout: float | None = 10) -> bool:
        return bool(await self.call(self.engine.receive, mailbox, timeout=timeout))

    async def next_event(self, mailbox: Mailbox | None = None) -> Notification:
        source: Mailbox = self.events if mailbox is None else mailbox
        assert await self.receive(source), "no event came"
        return source.items.popleft()

    async def drain(self, mailbox: Mailbox) -> list[Notification]:
        """Take everything until the turn ends."""
        taken: list[Notification] = []
        while not (mailbox.closed and not mailbox.items):
            assert await self.receive(mailbox), "the turn never ended"
            while mailbox.items:
                taken.append(mailbox.items.popleft())
        return taken

    async def close(self) -> None:
        await self.call(self.engine.close)

    @property
    def threaded(self) -> bool:
        """Whether readers are threads."""
        return not isinstance(self.engine, AsyncEngine)

    @property
    def pid(self) -> int:
        return int(self.engine._process.pid)


Scenario = Callable[[Driver], Coroutine[Any, Any, None]]
Run = Callable[..., None]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


@pytest.fixture(params=["threads", "aio", "aio-threads"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def run(kind: str) -> Iterator[Run]:
    """Run a scenario against a scripted server; afterwards nothing may be left over."""
    engine_class = {"threads": Engine, "aio": AsyncEngine, "aio-threads": ThreadedAsyncEngine}[kind]
    threads, files = set(threading.enumerate()), open_files()

    def go(
        scenario: Scenario,
        script: dict[str, Any] | None = None,
        *,
        protocol: Protocol = PROTOCOL,
        **options: Any,
    ) -> None:
        handlers = options.pop("handlers", None)
        argv = (sys.executable, "-I", "-S", str(FAKE_SERVER), json.dumps(script or {}))
        config = CodexConfig(launch_args_override=argv, **options)

        async def main(pool: ThreadPoolExecutor) -> None:
            driver = Driver(engine_class(config, handlers=handlers, protocol=protocol), pool)
            await driver.call(driver.engine.start)
            process = driver.engine._process
            try:
                await asyncio.wait_for(scenario(driver), 60)
            finally:
                await driver.close()
            assert process.returncode is not None, "the process outlived close()"

        with ThreadPoolExecutor(200) as pool:
            asyncio.run(main(pool))

    yield go
    left = [t for t in threading.enumerate() if t not in threads and not t.name.startswith("codex-handler")]
    assert left == []
    assert open_files() == files
