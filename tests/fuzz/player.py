"""One client on one stand-in: it plays turns side by side, and all that comes of them is held against the oracle.

The same coroutines play both clients: ``tests/e2e/facade.py`` dresses the synchronous one.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from openai_codex import (
    AsyncCodex,
    AsyncThread,
    AsyncTurnHandle,
    CodexConfig,
    HandlerFailure,
    Notification,
    TurnFailedError,
    protocol,
)
from openai_codex._model import OpenEnum
from openai_codex.types import CustomReviewTarget, UnknownNotification
from tests.e2e.facade import open_client
from tests.generated.catalogue import adapter, written
from tests.generated.vectors import vectors

from .answering import Handlers
from .oracle import Expected, answer_fault, is_for_handlers, is_not_understood
from .script import Plan, Script, Step, digest, tag_of
from .standin import settled

__all__ = ["Failure", "Played", "play"]

_ROOT = Path(__file__).parents[2]
_LANES = 16  # turns at a time
_TURN_S = 60.0
_EVENTS_S = 10.0  # for what belongs to no turn
_FACADE: dict[str, Callable[[AsyncCodex], Any]] = {
    "account/read": lambda codex: codex.account(),
    "model/list": lambda codex: codex.models(),
    "thread/name/set": lambda codex: codex.thread("text").set_name("text"),
    "thread/read": lambda codex: codex.thread("text").read(),
}
_ARGUMENTS = {vector.name: vector.wire for vector in reversed(vectors()) if vector.kind == "minimal"}


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that went wrong in a turn; ``turn`` is -1 where it belongs to none."""

    turn: int
    client: str
    text: str


@dataclass(slots=True)
class Played:
    """What was played: turns, notifications, the runtime's requests, and changes in them by kind."""

    turns: int = 0
    events: int = 0
    requests: int = 0
    changes: Counter[str] = field(default_factory=Counter[str])
    failures: list[Failure] = field(default_factory=list[Failure])

    def add(self, other: Played) -> None:
        """Count the other in."""
        self.turns += other.turns
        self.events += other.events
        self.requests += other.requests
        self.changes += other.changes
        self.failures += other.failures


def play(client: str, plan_file: Path, plan: Plan, turns: Iterable[int], *, debug: bool = False) -> Played:
    """Play turns with a client of its own.

    Args:
        client: ``async`` or ``sync``.
        plan_file: Where the stand-in finds the plan.
        plan: The same.
        turns: Numbers of the turns.
        debug: Whether every message is to be written to the log, which nobody reads.
    """
    with _Log(debug) as log:
        return asyncio.run(_Player(client, plan_file, plan, log.errors).play(turns))


class _Log(logging.Handler):
    """The log of the package for the time of a run.

    Attributes:
        errors: What was logged as an error: something was not understood that should have been.
    """

    def __init__(self, debug: bool) -> None:
        super().__init__()
        self.errors: list[str] = []
        self._level = logging.DEBUG if debug else logging.WARNING
        self._logger = logging.getLogger("openai_codex")
        self._before = self._logger.level, self._logger.propagate

    def __enter__(self) -> _Log:
        self._logger.addHandler(self)
        self._logger.setLevel(self._level)
        self._logger.propagate = False
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self._logger.level, self._logger.propagate = self._before

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the text of an error."""
        text = record.getMessage()
        if record.levelno >= logging.ERROR:
            self.errors.append(text)


class _Player:
    def __init__(self, client: str, plan_file: Path, plan: Plan, errors: list[str]) -> None:
        self._client = client
        self._errors = errors
        self._plan = plan
        argv = (sys.executable, "-S", "-m", "tests.fuzz.standin", str(plan_file), str(plan.seed))
        self._config = CodexConfig(launch_args_override=argv, cwd=str(_ROOT))
        self._played = Played()
        self._handlers = Handlers()
        self._events: dict[int, dict[int, Notification]] = {}
        self._order: list[tuple[int, int]] = []
        self._wanted: set[tuple[int, int]] = set()
        self._failed: list[int | str] = []  # requests whose handlers have failed
        self._failing: set[int | str] = set()  # those whose handlers have to
        self._came = asyncio.Condition()
        self._locks: dict[str, asyncio.Lock] = {}

    def _fail(self, turn: int, text: str) -> None:
        self._played.failures.append(Failure(turn, self._client, text[:2000]))

    async def play(self, turns: Iterable[int]) -> Played:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_LANES * 4))
        handlers = self._handlers
        try:
            async with open_client(self._client, self._config, handlers.methods, **handlers.functions) as codex, codex:
                await self._play_all(codex, iter(turns))
        except Exception as error:
            self._fail(-1, f"{type(error).__name__}: {error}")
        failed, failing = (sorted(map(str, ids)) for ids in (self._failed, self._failing))
        if failed != failing or len(self._errors) != len(failed):
            self._fail(-1, f"of requests {failing}, handlers of {failed} failed; {'; '.join(self._errors[:10])}")
        return self._played

    async def _play_all(self, codex: AsyncCodex, numbers: Iterator[int]) -> None:
        async def lane() -> None:
            for number in numbers:
                await self._play_turn(codex, self._plan.script(number))

        listening = asyncio.create_task(self._listen(codex))
        try:
            await asyncio.gather(*(lane() for _ in range(_LANES)))
            await self._wait(lambda: len(self._failed) >= len(self._failing))
            order = map(tag_of, await codex.request("fuzz/order"))
            if [tag for tag in order if tag in self._wanted] != self._order or any(self._events.values()):
                self._fail(-1, "what belongs to no turn came twice, or in another order")
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    # -- one turn -----------------------------------------------------------------------------------------------

    async def _play_turn(self, codex: AsyncCodex, script: Script) -> None:
        number, expected = script.number, Expected(script)
        self._failing |= {step.message["id"] for step in script.steps if step.does == "ask" and is_not_understood(step)}
        self._wanted |= {tag for step in expected.events if (tag := _tag(step))}
        self._played.turns += 1
        self._played.events += len(expected.stream) + len(expected.events)
        self._played.requests += sum(step.does == "ask" for step in script.steps)
        self._played.changes += script.kinds
        try:
            for fault in await asyncio.wait_for(self._faults(codex, script, expected), _TURN_S):
                self._fail(number, f"{script.kind}: {fault}")
        except asyncio.TimeoutError:
            self._fail(number, f"{script.kind}: it hangs")
        except Exception as error:
            self._fail(number, f"{script.kind}: {type(error).__name__}: {error}")

    async def _faults(self, codex: AsyncCodex, script: Script, expected: Expected) -> list[str]:
        """Play a turn, and return everything that is wrong with it."""
        thread = await codex.thread_start(base_instructions=str(script.number), tools=self._handlers.tools)
        repr((thread.info, thread.model, thread.sandbox, thread.approval_policy, thread.reasoning_effort, thread.cwd))
        faults = [*_compare("thread/start", thread.info, script.thread.back)]
        answer = adapter(protocol.REQUESTS[script.opens].result_name).validate_python(script.answer.wire)
        faults += _compare(script.opens, answer, script.answer.back)
        asides = [asyncio.create_task(self._ask_aside(codex, script))]
        try:
            handle = await _open(thread, script)
            stream, events = handle.stream(), list[Notification]()
            asides.append(asyncio.create_task(_read_text(handle)))
            async for event in stream:
                events.append(event)
                if event.method == "turn/started":
                    asides += map(asyncio.create_task, _intervene(handle, script))
            faults += _compare_events("the turn", events, expected.stream)
            faults += await self._compare_result(handle, expected)
            for each in await asyncio.gather(*asides):
                faults += each
        finally:
            for aside in asides:
                aside.cancel()
            await asyncio.gather(*asides, return_exceptions=True)
        faults += await self._compare_others(script, expected)
        report = await codex.request("fuzz/report", {"turn": script.number})
        return [*faults, *self._compare_answers(script, report)]

    async def _ask_aside(self, codex: AsyncCodex, script: Script) -> list[str]:
        """Ask for something that has nothing to do with the turn, and get a mutated answer."""
        method, answer = script.request
        info = protocol.REQUESTS[method]
        stub: Any = codex.rpc
        for name in info.python_path.split("."):
            stub = getattr(stub, name)
        args: list[Any] = []
        if info.params_name:
            args.append(adapter(info.params_name).validate_python(_ARGUMENTS[info.params_name]))
        if isinstance(info.params_type, type):  # otherwise it is a union, and given whole
            (params,) = args
            args, fields = [], {name: getattr(params, name) for name in params.model_fields_set}
        else:
            fields = {}
        if method in _FACADE and script.number % 2:
            stub, args, fields = partial(_FACADE[method], codex), [], {}
        async with self._locks.setdefault(method, asyncio.Lock()):
            await codex.request("fuzz/arm", {"turn": script.number})
            return [*_compare(method, await stub(*args, **fields), answer.back)]

    async def _compare_result(self, handle: AsyncTurnHandle, expected: Expected) -> list[str]:
        try:
            result = await handle.run()
        except TurnFailedError as error:
            result = error.result
            if expected.status != "failed":
                return [f"it failed: {error}"]
        repr((result, result.usage_delta, result.model))
        return [
            f"result.{name} is {have}, not {want}"
            for name, want in expected.result().items()
            if (have := _json(getattr(result, name))) != want
        ]

    # -- what belongs to no turn --------------------------------------------------------------------------------

    async def _listen(self, codex: AsyncCodex) -> None:
        async for event in codex.events():
            tag = tag_of(event.emitted_at_ms)
            if isinstance(event.payload, HandlerFailure):
                self._failed.append(event.payload.request_id)
            elif tag is None:
                self._fail(-1, f"a notification that was not sent: {event!r}")
            else:
                number, place = tag
                self._order.append(tag)
                self._events.setdefault(number, {})[place] = event
            async with self._came:
                self._came.notify_all()

    async def _wait(self, until: Callable[[], bool]) -> None:
        """Wait for something to come that belongs to no turn, but not for long."""
        with suppress(asyncio.TimeoutError):
            async with self._came:
                await asyncio.wait_for(self._came.wait_for(until), _EVENTS_S)

    async def _compare_others(self, script: Script, expected: Expected) -> list[str]:
        came = self._events.setdefault(script.number, {})
        places = [tag[1] for step in expected.events if (tag := _tag(step))]
        await self._wait(lambda: came.keys() >= {*places})
        events = [came.pop(place) for place in [*came]]
        return [*_compare_events("no turn", events, expected.events)]

    # -- what the client answers --------------------------------------------------------------------------------

    def _compare_answers(self, script: Script, report: dict[str, Any]) -> Iterator[str]:
        sent = [step.message for step in script.steps if step.does in ("tell", "ask")]
        if (report["sent"], report["digest"]) != (len(sent), digest(sent)):
            yield f"the stand-in has sent {report['sent']} messages, not the {len(sent)} of the script"
        optional = {id for place, message in enumerate(sent) for id in settled(message, sent[:place])}
        answers: dict[Any, list[Any]] = {}
        for id, answer in report["answers"]:
            answers.setdefault(id, []).append(answer)
        for step in (step for step in script.steps if step.does == "ask"):
            id, method = step.message["id"], step.message["method"]
            given = answers.pop(id, [])
            if len(given) != 1 and not (id in optional and not given):
                yield f"{method} was answered {len(given)} times"
            for answer in given:
                if fault := answer_fault(step, answer):
                    yield fault
            if given and is_for_handlers(step) != (id in self._handlers.called):
                yield f"{method} has {'not ' if is_for_handlers(step) else ''}reached a handler"
        if answers:
            yield f"answers to what was not asked: {answers}"


async def _open(thread: AsyncThread, script: Script) -> AsyncTurnHandle:
    if script.opens == "review/start":
        return await thread.review(CustomReviewTarget(instructions="Look."))
    if script.opens == "thread/shellCommand":
        return await thread.shell_command("true")
    return await thread.turn("Go on.")


async def _read_text(handle: AsyncTurnHandle) -> list[str]:
    """Read the text of a turn, as another consumer who may have come late. Returns what is wrong."""
    pieces = [piece async for piece in handle.stream_text()]
    return [] if all(pieces) else [f"the text comes in pieces {pieces}"]


def _intervene(handle: AsyncTurnHandle, script: Script) -> Iterator[Coroutine[Any, Any, list[str]]]:
    """What the client did in the recorded turn. Each returns what is wrong."""
    for step in script.steps:
        if step.does == "await" and step.waits_for == "turn/interrupt":
            yield _interrupt(handle)
        elif step.does == "await" and step.waits_for == "turn/steer":
            yield _steer(handle)


async def _interrupt(handle: AsyncTurnHandle) -> list[str]:
    await handle.interrupt()
    return []


async def _steer(handle: AsyncTurnHandle) -> list[str]:
    steered = await handle.steer("More.")
    return [] if steered.turn_id == handle.id else [f"steered {steered}"]


def _tag(step: Step) -> tuple[int, int] | None:
    return tag_of(step.message["emittedAtMs"])


def _compare(method: str, value: Any, back: Any) -> Iterator[str]:
    repr(value)
    have = written(protocol.REQUESTS[method].result_name, value)
    if have != back:
        yield f"{method}: the answer went back as {have}, not {back}"


def _compare_events(whose: str, events: list[Notification], steps: list[Step]) -> Iterator[str]:
    """Each event against the step that has sent it; then whether there are as many."""
    for event, step in zip(events, steps, strict=False):
        method, params = step.message["method"], step.message.get("params")
        if tag_of(event.emitted_at_ms) != _tag(step):
            yield f"of {whose}: {event.method} came in place of {method}"
            return
        payload = event.payload
        repr(event)
        if event.method != method or event.params != (params if isinstance(params, dict) else {}):
            yield f"{method}: not as it was sent"
        elif event.payload_error is not None:
            yield f"{method}: {event.payload_error}"
        elif not step.known:
            if payload != UnknownNotification(event.params):
                yield f"{method}: is no unknown notification"
        elif (have := written(protocol.NOTIFICATIONS[method].payload_name, payload)) != step.back:
            yield f"{method}: went back as {have}, not {step.back}"
    if len(events) != len(steps):
        yield f"of {whose}: {len(events)} events came, not {len(steps)}"


def _json(value: Any) -> Any:
    """A part of a result as JSON."""
    if isinstance(value, list):
        return [_json(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, OpenEnum):
        return value.value
    return written("", value) if hasattr(value, "model_dump") else value
