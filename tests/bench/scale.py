"""Cases that grow: turns at once, history, message size, length of life. One case in one process, on either package.

``python -m tests.bench.scale CASE [NAME=NUMBER ...]`` prints what ``tests.bench.cases`` does, and uses public names
only as well. Every event that a case is about is counted, and a wrong count fails the case.

Turns that are measured together begin together: the stand-in holds them back until the last one has been started.
They are read with their payloads, while a small request every few milliseconds shows what else the client can do.
"""

import asyncio
import gc
import math
import statistics
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NoReturn

from openai_codex import AsyncCodex, AsyncThread, AsyncTurnHandle, Codex, Thread, TurnHandle

from .meters import (
    WARM_UP,
    Case,
    Meter,
    child,
    config,
    cpu_s_of,
    os_threads,
    peak_bytes,
    report,
    reset_peak,
    resident_bytes,
    run_named,
    settle,
)

BUSY_PAUSE_S, QUIET_PAUSE_S = 0.001, 0.02  # between two small requests
CALLS_PER_LOOK = 50  # counting a thousand threads takes its time
REMEMBERED = 1100  # more turns and threads than any fixed-size memory of a client is expected to hold


class Load:
    """Turns that are at work at the same time."""

    def __init__(self, turns: float, events: float, seconds: float = 0.0) -> None:
        self.turns, self.events, self.seconds = int(turns), max(1, round(events)), seconds
        self.pause_s = QUIET_PAUSE_S if seconds else BUSY_PAUSE_S

    def text(self, k: int) -> str:
        """The input of the ``k``-th turn: as fast as it can, or spread over the seconds, each at moments of its own."""
        if self.seconds:
            work = f"quiet s={self.seconds} ticks={self.events} phase={k / self.turns}"
        else:
            work = f"busy n={self.events} skip={k * self.events}"
        return f"{work} together={self.turns}"


class Tally:
    """What the readers of a load got, and how long the small requests took meanwhile."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.counts = [0] * load.turns
        self.finished = 0
        self.threads = 0
        self.over = threading.Event()
        self.errors: list[BaseException] = []
        self.calls: list[float] = []
        self._called: float | None = None
        self._server = child()
        self._server_cpu_s = cpu_s_of(self._server)

    def end(self, k: int, last: Any) -> None:
        """The ``k``-th turn has been read to its end; ``last`` is the payload of its last event."""
        if last.turn.status.value != "completed" or self.counts[k] != self.load.events + 2:
            raise AssertionError(f"turn {k}: {self.counts[k]} events, and then {last.turn.status}")
        self.finished += 1

    def call(self) -> None:
        """A small request begins."""
        self._called = time.perf_counter()

    def answer(self) -> None:
        """It was answered."""
        assert self._called is not None
        self.calls.append(time.perf_counter() - self._called)
        self._called = None
        if len(self.calls) % CALLS_PER_LOOK == 1:
            self.threads = max(self.threads, os_threads())

    def report(self, meter: Meter) -> NoReturn:
        """The result. Where turns have not ended, the figures are those up to the limit."""
        if self.errors:
            raise self.errors[0]
        server_cpu_s = cpu_s_of(self._server) - self._server_cpu_s
        beyond: list[str] = []
        if self.finished < self.load.turns:
            beyond += ["events_per_s", "cpu_us_per_event", "late_s"]
        if self._called is not None:
            self.calls.append(time.perf_counter() - self._called)
        if beyond or self._called is not None:
            beyond += ["control_p50_ms", "control_p99_ms"]
        calls, events = sorted(self.calls), sum(self.counts)
        report(
            *beyond,
            finished=self.finished,
            events=events,
            events_per_s=events / meter.wall_s,
            cpu_us_per_event=meter.cpu_s / max(1, events) * 1e6,
            cpu_share=meter.cpu_s / meter.wall_s,
            server_cpu_us_per_event=server_cpu_s / max(1, events) * 1e6,
            late_s=meter.wall_s - self.load.seconds,
            calls=len(calls),
            control_p50_ms=statistics.median(calls) * 1e3,
            control_p99_ms=percentile(calls, 0.99) * 1e3,
            peak_mb=peak_bytes() / 2**20,
            os_threads=max(self.threads, os_threads()),
        )


def percentile(ordered: list[float], share: float) -> float:
    """The smallest value that this share of all does not exceed."""
    return ordered[math.ceil(share * len(ordered)) - 1]


def check(turn_id: str, payload: Any) -> None:
    """An event belongs to the turn that it came for."""
    if getattr(payload, "turn_id", turn_id) != turn_id:
        raise AssertionError(f"an event of {payload.turn_id} came for {turn_id}")


async def busy_async(turns: float, events: float, limit_s: float) -> NoReturn:
    """So many turns share so many events, which come as fast as they are taken."""
    await together_async(Load(turns, events / turns), limit_s)


async def quiet_async(turns: float, ticks: float, seconds: float, limit_s: float) -> NoReturn:
    """So many turns of so many seconds, each with a few events."""
    await together_async(Load(turns, ticks, seconds), limit_s)


def busy_sync(turns: float, events: float, limit_s: float) -> NoReturn:
    """As `busy_async`, with one caller thread for each turn."""
    together_sync(Load(turns, events / turns), limit_s)


def quiet_sync(turns: float, ticks: float, seconds: float, limit_s: float) -> NoReturn:
    """As `quiet_async`, with one caller thread for each turn."""
    together_sync(Load(turns, ticks, seconds), limit_s)


async def together_async(load: Load, limit_s: float) -> NoReturn:
    """Read all turns of a load."""
    async with AsyncCodex(config()) as codex:
        controlled = await codex.thread_start()
        await controlled.run(WARM_UP)
        await controlled.set_name("name")
        threads = [await codex.thread_start() for _ in range(load.turns)]
        handles = [await thread.turn(load.text(k)) for k, thread in enumerate(threads[:-1])]
        tally = Tally(load)

        async def follow(k: int, handle: AsyncTurnHandle) -> None:
            payload: Any = None
            async for event in handle.stream():
                payload = event.payload
                check(handle.id, payload)
                tally.counts[k] += 1
            tally.end(k, payload)

        async def control() -> None:
            while not tally.over.is_set():
                tally.call()
                await controlled.set_name("name")
                tally.answer()
                await asyncio.sleep(load.pause_s)

        with Meter() as meter:
            # The readers come after the last start: where each of them takes a worker, none would be left for it.
            handles.append(await threads[-1].turn(load.text(load.turns - 1)))
            calls = asyncio.create_task(control())
            readers = [asyncio.create_task(follow(k, handle)) for k, handle in enumerate(handles)]
            done, _ = await asyncio.wait(readers, timeout=limit_s, return_when=asyncio.FIRST_EXCEPTION)
        tally.over.set()
        tally.errors += [error for reader in done if (error := reader.exception())]
        await asyncio.wait([calls], timeout=1.0)
        tally.report(meter)


def together_sync(load: Load, limit_s: float) -> NoReturn:
    """The same with a thread for each turn."""
    with Codex(config()) as codex:
        controlled = codex.thread_start()
        controlled.run(WARM_UP)
        controlled.set_name("name")
        threads = [codex.thread_start() for _ in range(load.turns)]
        handles = [thread.turn(load.text(k)) for k, thread in enumerate(threads[:-1])]
        tally = Tally(load)

        def follow(k: int, handle: TurnHandle) -> None:
            try:
                payload: Any = None
                for event in handle.stream():
                    payload = event.payload
                    check(handle.id, payload)
                    tally.counts[k] += 1
                with lock:
                    tally.end(k, payload)
            except BaseException as error:
                tally.errors.append(error)

        def control() -> None:
            while not tally.over.wait(load.pause_s):
                tally.call()
                controlled.set_name("name")
                tally.answer()

        def start(work: Callable[..., None], *arguments: object) -> threading.Thread:
            thread = threading.Thread(target=work, args=arguments, daemon=True)
            thread.start()
            return thread

        lock = threading.Lock()
        readers = [start(follow, k, handle) for k, handle in enumerate(handles)]
        settle()
        with Meter() as meter:
            last = threads[-1].turn(load.text(load.turns - 1))
            deadline = time.perf_counter() + limit_s
            calls = start(control)
            readers.append(start(follow, load.turns - 1, last))
            for reader in readers:
                reader.join(max(0.0, deadline - time.perf_counter()))
        tally.over.set()
        calls.join(1.0)
        tally.report(meter)


def thread_list(threads: float, rounds: float) -> NoReturn:
    """Read the list of so many stored threads, a hundred on a page, which is the most that the runtime gives."""
    with Codex(config()) as codex:
        for _ in range(int(threads)):
            codex.thread_start().run("hello")

        def read() -> int:
            count, cursor = 0, None
            while True:
                page = codex.thread_list(limit=100, cursor=cursor)
                count, cursor = count + len(page.data), page.next_cursor
                if cursor is None:
                    return count

        report_reading(rounds, threads, read)


def thread_read(turns: float, rounds: float) -> NoReturn:
    """Read a thread of so many turns with ten items each."""
    with Codex(config()) as codex:
        thread = codex.thread_start()
        for _ in range(int(turns)):
            thread.run("items n=10")
        report_reading(rounds, turns, lambda: len(thread.read(include_turns=True).thread.turns))


def report_reading(rounds: float, entries: float, read: Callable[[], int]) -> NoReturn:
    """The result of a case that reads a history; ``read`` returns how many entries it found."""
    read()
    server = child()
    server_cpu_s = cpu_s_of(server)
    meters: list[Meter] = []
    for _ in range(int(rounds)):
        with Meter() as meter:
            count = read()
        if count != entries:
            raise AssertionError(f"{count} entries instead of {entries:g}")
        meters.append(meter)
    wall_s = statistics.median(meter.wall_s for meter in meters)
    cpu_s = statistics.mean(meter.cpu_s for meter in meters)
    report(
        wall_ms=wall_s * 1e3,
        cpu_ms=cpu_s * 1e3,
        cpu_us_per_entry=cpu_s / entries * 1e6,
        server_cpu_ms=(cpu_s_of(server) - server_cpu_s) / rounds * 1e3,
    )


def notification_sync(bytes: float, total: float) -> NoReturn:
    """Messages of this size, ``total`` bytes of them: a command's output in a notification."""
    with Codex(config()) as codex:
        thread = codex.thread_start()

        def take(size: int) -> int:
            lengths = [output_length(event.payload) for event in thread.turn(f"large bytes={size}").stream()]
            return sum(lengths)

        report_messages(take, bytes, total)


async def notification_async(bytes: float, total: float) -> NoReturn:
    """The same on asyncio."""
    async with AsyncCodex(config()) as codex:
        thread = await codex.thread_start()

        async def take(size: int) -> int:
            handle = await thread.turn(f"large bytes={size}")
            return sum([output_length(event.payload) async for event in handle.stream()])

        await take(640)
        messages = Messages(bytes, total)
        for _ in range(messages.rounds):
            messages.begin()
            messages.end(await take(messages.size))
        messages.report()


def answer_sync(bytes: float, total: float) -> NoReturn:
    """The same in an answer: thread/read."""
    with Codex(config()) as codex:

        def history(size: int) -> Thread:
            thread = codex.thread_start()
            thread.run(f"stored bytes={size}")
            return thread

        threads = {640: history(640), int(bytes): history(int(bytes))}

        def take(size: int) -> int:
            (turn,) = threads[size].read(include_turns=True).thread.turns
            return sum(item_length(item) for item in turn.items)

        report_messages(take, bytes, total)


def report_messages(take: Callable[[int], int], bytes: float, total: float) -> NoReturn:
    """The result of a synchronous case with large messages; ``take`` returns the length of the text."""
    take(640)
    messages = Messages(bytes, total)
    for _ in range(messages.rounds):
        messages.begin()
        messages.end(take(messages.size))
    messages.report()


class Messages:
    """Time and memory of messages of one size, one after the other."""

    def __init__(self, bytes: float, total: float) -> None:
        self.size = int(bytes)
        self.rounds = min(200, max(3, int(total / bytes)))
        self._server = child()
        self._server_cpu_s = cpu_s_of(self._server)
        self._before = resident_bytes()
        self._peak = 0
        self._meters: list[Meter] = []

    def begin(self) -> None:
        """A message is asked for."""
        reset_peak()
        self._meters.append(Meter().__enter__())

    def end(self, length: int) -> None:
        """It was read; its text has this length."""
        self._meters[-1].__exit__()
        self._peak = max(self._peak, peak_bytes())
        if length != self.size // 64 * 63:  # a line break takes two bytes on the wire
            raise AssertionError(f"a text of {length} characters instead of {self.size // 64 * 63}")

    def report(self) -> NoReturn:
        """The result."""
        wall_s = statistics.median(meter.wall_s for meter in self._meters)
        cpu_s = statistics.mean(meter.cpu_s for meter in self._meters)
        growth = self._peak - self._before
        report(
            wall_ms=wall_s * 1e3,
            cpu_ms=cpu_s * 1e3,
            cpu_ms_per_mb=cpu_s / self.size * 1e3 * 2**20,
            peak_mb=growth / 2**20,
            peak_multiple=growth / self.size,
            kept_mb=(resident_bytes() - self._before) / 2**20,
            server_cpu_ms=(cpu_s_of(self._server) - self._server_cpu_s) / self.rounds * 1e3,
        )


def output_length(payload: Any) -> int:
    """Characters of the command output that a notification carries."""
    return item_length(getattr(payload, "item", None))


def item_length(item: Any) -> int:
    """The same of an item."""
    return len(getattr(getattr(item, "root", item), "aggregated_output", None) or "")


async def finished(turns: float, fresh: float) -> NoReturn:
    """Memory that is left of each of so many short turns, on eight threads or, if ``fresh``, each on one of its own."""
    async with AsyncCodex(config()) as codex:

        async def play(count: int) -> None:
            thread: AsyncThread | None = None
            for _ in range(count):
                if thread is None or fresh:
                    thread = await codex.thread_start()
                if (await thread.run("hello")).final_response != "hello":
                    raise AssertionError("a turn without its answer")

        async def play_all(count: float) -> None:
            await asyncio.gather(*(play(math.ceil(count / 8)) for _ in range(8)))

        await play_all(REMEMBERED)
        growth = Growth()
        with Meter() as meter:
            await play_all(turns)
        growth.report(turns, cpu_us=meter.cpu_s / turns * 1e6)


def unclaimed(turns: float) -> NoReturn:
    """Memory that is left of each of so many turns of others, ten events and two, that nobody asked for."""
    with Codex(config()) as codex:
        thread = codex.thread_start()
        thread.run(f"strangers n={2 * REMEMBERED}")
        growth = Growth()
        thread.run(f"strangers n={turns:.0f}")
        growth.report(turns)


def followed(events: float, deltas: float) -> NoReturn:
    """Memory that each event takes of a turn that is read as it runs: a recorded turn or, if ``deltas``, text alone."""
    with Codex(config()) as codex:
        thread = codex.thread_start()
        thread.run(WARM_UP)
        kind = "numbered" if deltas else "busy"
        growth = Growth()
        stream = thread.turn(f"{kind} n={events:.0f}").stream()
        for _ in range(int(events)):
            next(stream).payload  # noqa: B018 - read, and let go
        growth.report(events)


class Growth:
    """Memory of this process from one moment to another."""

    def __init__(self) -> None:
        self._bytes, self._blocks = self._look()

    def report(self, things: float, **metrics: float) -> NoReturn:
        """The result: how much there is more since the beginning, in all and for each of so many things."""
        bytes, blocks = self._look()
        report(
            grown_mb=(bytes - self._bytes) / 2**20,
            bytes_each=(bytes - self._bytes) / things,
            objects_each=(blocks - self._blocks) / things,
            **metrics,
        )

    @staticmethod
    def _look() -> tuple[int, int]:
        settle()
        gc.collect()
        return resident_bytes(), sys.getallocatedblocks()


async def runtime(turns: float, total: float, model: float) -> NoReturn:
    """``total`` short turns on the real runtime, so many at a time; ``model`` is the process that answers it."""
    async with AsyncCodex() as codex:
        threads = [await codex.thread_start() for _ in range(int(turns))]
        for thread in threads:
            await thread.run("hello")
        rounds = max(1, round(total / turns))

        async def play(thread: AsyncThread) -> None:
            for _ in range(rounds):
                if (await thread.run("hello")).final_response != "hello":
                    raise AssertionError("a turn without its answer")

        others = (child(), int(model))
        before = [cpu_s_of(pid) for pid in others]
        with Meter() as meter:
            await asyncio.gather(*map(play, threads))
        runtime_cpu_s, model_cpu_s = (cpu_s_of(pid) - cpu for pid, cpu in zip(others, before, strict=True))
        played = rounds * len(threads)
        metrics = {
            "turns": float(played),
            "turns_per_s": played / meter.wall_s,
            "wall_ms_per_turn": meter.wall_s / rounds * 1e3,
            "client_cpu_ms": meter.cpu_s / played * 1e3,
            "runtime_cpu_ms": runtime_cpu_s / played * 1e3,
            "model_cpu_ms": model_cpu_s / played * 1e3,
            "client_share": meter.cpu_s / (meter.cpu_s + runtime_cpu_s + model_cpu_s),
            "client_mb": resident_bytes() / 2**20,
            "runtime_mb": resident_bytes(others[0]) / 2**20,
            "os_threads": os_threads(),
        }
    report(**metrics)


CASES: dict[str, Case] = {
    case.__name__: case
    for case in (
        *(busy_async, quiet_async, busy_sync, quiet_sync),
        *(thread_list, thread_read, notification_sync, notification_async, answer_sync),
        *(finished, unclaimed, followed, runtime),
    )
}

if __name__ == "__main__":
    run_named(CASES, *sys.argv[1:])
