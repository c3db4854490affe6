"""One face for both clients: a scenario is written once, for ``AsyncCodex``, and is played with ``Codex`` as well.

``Awaited`` dresses an object of the synchronous client as its asynchronous twin: a method runs on a worker thread and
is awaited. Every scenario has a runtime, a model and a home of its own, and must leave no process, thread or file.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from inspect import Parameter, Signature, isawaitable, signature
from pathlib import Path
from typing import Any, cast

import pytest

from openai_codex import (
    AsyncCodex,
    AsyncServerRequestHandlers,
    AsyncThread,
    ChatgptLoginHandle,
    Codex,
    CodexConfig,
    DeviceCodeLoginHandle,
    EventStream,
    Goal,
    GoalRun,
    Pager,
    ServerRequestHandlers,
    TextStream,
    Thread,
    TurnHandle,
    TurnStream,
)
from openai_codex._rpc import Namespace
from openai_codex._transport.launch import plan_launch
from openai_codex.testing import Item, ScriptedModel
from openai_codex.types import TurnStatus

KINDS = ("async", "sync")
LIMIT_S = 30.0
_END = object()
_DRESSED = (
    ChatgptLoginHandle,
    DeviceCodeLoginHandle,
    EventStream,
    Goal,
    GoalRun,
    Namespace,
    Pager,
    TextStream,
    Thread,
    TurnHandle,
    TurnStream,
)
_PLAIN = {
    "stream",
    "stream_text",
    "events",
    "threads",
    "turns",
    "items",
    "all_models",
    "run_goal",
    "thread",
}  # in both clients

Answers = Mapping[str, Callable[[Any], Any]]
"""Server-request handlers: method name -> function from parameters to answer."""
Body = Callable[..., Coroutine[Any, Any, None]]


class Awaited:
    """An object of the synchronous client that is used like its asynchronous twin."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if isinstance(value, Namespace) or not callable(value):
            return _dressed(value)
        if name in _PLAIN:

            def plain(*args: Any, **kwargs: Any) -> Any:
                return _dressed(value(*args, **kwargs))

            return plain

        async def call(*args: Any, **kwargs: Any) -> Any:
            return _dressed(await asyncio.to_thread(value, *args, **kwargs))

        return call

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:  # of namespaces that can be called
        return _dressed(await asyncio.to_thread(self._target, *args, **kwargs))

    async def __aenter__(self) -> Any:
        entered = await asyncio.to_thread(self._target.__enter__)
        assert entered is self._target
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Awaited) and bool(self._target == other._target)

    def __hash__(self) -> int:
        return hash(self._target)

    def __repr__(self) -> str:
        return repr(self._target)

    async def __aexit__(self, *error: Any) -> Any:
        return await asyncio.to_thread(self._target.__exit__, *error)

    def __aiter__(self) -> Awaited:
        return self

    async def __anext__(self) -> Any:
        item = await asyncio.to_thread(next, self._target, _END)
        if item is _END:
            raise StopAsyncIteration
        return _dressed(item)


def _dressed(value: Any) -> Any:
    return Awaited(value) if isinstance(value, _DRESSED) else value


class Wire:
    """Every line that the client sent to the runtime."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def config(self, config: CodexConfig) -> CodexConfig:
        """The same configuration, with a recorder between client and runtime."""
        argv, _ = plan_launch(config)
        config.launch_args_override = ("sh", "-c", 'tee "$0" | "$@"', str(self.path), *argv)
        return config

    def sent(self, method: str) -> list[Any]:
        """Parameters of every request of that method, oldest first."""
        lines = self.path.read_bytes().splitlines() if self.path.exists() else []
        messages = [json.loads(line) for line in lines]
        return [message["params"] for message in messages if message.get("method") == method]


@asynccontextmanager
async def open_client(
    kind: str, config: CodexConfig, answers: Answers | None = None, **more: Any
) -> AsyncGenerator[AsyncCodex, None]:
    """A client of that kind, closed at the end. The asynchronous one is not started yet."""
    if kind == "async":
        codex = AsyncCodex(config, handlers=_handlers(AsyncServerRequestHandlers, answers), **more)
    else:
        handlers = _handlers(ServerRequestHandlers, answers)
        codex = cast(AsyncCodex, Awaited(await asyncio.to_thread(Codex, config, handlers=handlers, **more)))
    try:
        yield codex
    finally:
        await codex.close()


def handlers_of(codex: AsyncCodex, **answers: Callable[[Any], Any]) -> Any:
    """Handler methods of the client's kind, from functions of the parameters."""
    return _handlers(ServerRequestHandlers if isinstance(codex, Awaited) else AsyncServerRequestHandlers, answers)


def _handlers(base: type[Any], answers: Answers | None) -> Any:
    if answers is None:
        return None

    def method(answer: Callable[[Any], Any]) -> Any:
        def plain(self: Any, params: Any) -> Any:
            return answer(params)

        async def awaited(self: Any, params: Any) -> Any:
            result = answer(params)
            return await result if isawaitable(result) else result

        return plain if base is ServerRequestHandlers else awaited

    return type("Handlers", (base,), {name: method(answer) for name, answer in answers.items()})()


def scenario(
    *,
    config: Mapping[str, Any] | None = None,
    answers: Answers | None = None,
    client: Mapping[str, Any] | None = None,
    **model_options: Any,
) -> Callable[[Body], Callable[..., None]]:
    """Make a test of each client from a coroutine function.

    It gets ``codex`` and ``model``; if it has a parameter ``wire``, a record of what was sent; and whatever else it
    is parametrised with.

    Args:
        config: Fields of ``CodexConfig``.
        answers: Server-request handlers of the client.
        client: Further arguments of the client.
        model_options: Arguments of ``ScriptedModel``.
    """

    def decorate(body: Body) -> Callable[..., None]:
        parameters = signature(body).parameters

        async def play(kind: str, model: ScriptedModel, given: dict[str, Any]) -> None:
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(64))
            settings = model.config(**(config or {}))
            if "wire" in parameters:
                given["wire"] = wire = Wire(model.home.parent / "sent.jsonl")
                settings = wire.config(settings)
            async with open_client(kind, settings, answers, **(client or {})) as codex:
                await asyncio.wait_for(body(codex=codex, model=model, **given), LIMIT_S)

        @pytest.mark.e2e
        def test(kind: str, **given: Any) -> None:
            with no_leftovers(), ScriptedModel(**model_options) as model:
                asyncio.run(play(kind, model, given))
                assert model.unexpected == [], model.unexpected

        extra = [each for name, each in parameters.items() if name not in ("codex", "model", "wire")]
        kind = Parameter("kind", Parameter.POSITIONAL_OR_KEYWORD)
        cast(Any, test).__signature__ = Signature([kind, *extra])
        test.__name__, test.__qualname__, test.__module__ = body.__name__, body.__qualname__, body.__module__
        parametrized: Callable[..., None] = pytest.mark.parametrize("kind", KINDS)(test)
        return parametrized

    return decorate


@contextmanager
def no_leftovers() -> Generator[None, None, None]:
    """Check that the block leaves no child process, thread or open file. Idle handler threads may stay for a while."""
    before = _processes(), _threads(), _files()
    yield
    deadline = time.monotonic() + 2.0
    while (after := (_processes(), _threads(), _files())) != before and time.monotonic() < deadline:
        time.sleep(0.01)
    kinds = zip(("processes", "threads", "open files"), before, after, strict=True)
    assert after == before, ", ".join(f"{what}: {now} instead of {then}" for what, then, now in kinds if now != then)


def _processes() -> set[str]:
    found: set[str] = set()
    for children in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # that thread has ended
            found.update(children.read_text().split())
    return found


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if not thread.name.startswith("codex-handler")}


def _files() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


async def requested(model: ScriptedModel, n: int = 1) -> None:
    """Wait until the runtime has asked the model ``n`` times."""
    await asyncio.to_thread(model.wait_for_request, n)


def process_id() -> int:
    """Process id of the runtime, the only child of the tests."""
    (pid,) = _processes()
    return int(pid)


async def called(thread: AsyncThread, model: ScriptedModel, *calls: Item) -> list[str]:
    """Play a turn where the model calls tools in one answer. Returns what it is told."""
    model.answer(*calls).say("Thanks")
    result = await thread.run("Look it up")
    assert (result.status, result.final_response) == (TurnStatus.completed, "Thanks")
    return [*model.requests[-1].tool_outputs.values()][-len(calls) :]


def is_async(client: object) -> bool:
    """Whether this is the asynchronous client itself, and not the other one in its clothes."""
    return isinstance(client, AsyncCodex)
