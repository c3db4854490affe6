"""One benchmark case in one process, on whichever ``openai_codex`` this interpreter finds.

``python -m tests.bench.cases CASE [NAME=NUMBER ...]`` prints one JSON object: ``metrics`` (name to number) and
``beyond``, the names of those metrics whose number is only the limit at which the case gave up. Public names
only, so that every implementation of the API runs the same lines against the same stand-in server.
"""

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

from openai_codex import AsyncCodex, AsyncThread, AsyncTurnHandle, Codex, Thread

from .meters import (
    SERVER,
    WARM_UP,
    Case,
    Meter,
    config,
    os_threads,
    report,
    resident_bytes,
    run_named,
    settle,
)

FIRST_EVENTS = f"""
from openai_codex import Codex, CodexConfig
codex = Codex(CodexConfig(launch_args_override={SERVER!r}))
kinds = set()
for event in codex.thread_start().turn("kinds").stream():
    item = getattr(event.payload, "item", None)
    kinds.add((event.method, type(getattr(item, "root", item))))
"""
READY = """
from openai_codex import Codex, CodexConfig
codex = Codex(CodexConfig(env={places!r}))
"""
MEASURED = """
import time
begin = time.perf_counter()
{code}
end = time.perf_counter()
import os
with open("/proc/self/statm") as file:
    pages = int(file.read().split()[1])
print(end - begin, pages * os.sysconf("SC_PAGE_SIZE"), len(globals().get("kinds", ())), flush=True)
os._exit(0)
"""


def report_events(events: float, meter: Meter, length: int = 0) -> NoReturn:
    """The result of a case that moved this many notifications; ``length`` of what they showed."""
    report(cpu_us_per_event=meter.cpu_s / events * 1e6, events_per_s=events / meter.wall_s, length=length)


def fresh(code: str) -> list[float]:
    """Seconds that some code takes in an interpreter of its own, the memory after it, and how many ``kinds`` it saw."""
    command = [sys.executable, "-c", MEASURED.format(code=code)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [float(word) for word in output.split()]


def startup(rounds: float) -> NoReturn:
    """Import, and import up to a first event of each kind, each in interpreters of their own."""
    bare: list[list[float]] = []
    imports: list[list[float]] = []
    events: list[list[float]] = []
    for _ in range(int(rounds)):
        bare.append(fresh(""))
        imports.append(fresh("import openai_codex"))
        events.append(fresh(FIRST_EVENTS))

    def median(runs: list[list[float]], column: int) -> float:
        return statistics.median(run[column] for run in runs)

    report(
        import_ms=(median(imports, 0) - median(bare, 0)) * 1e3,
        import_rss_mb=(median(imports, 1) - median(bare, 1)) / 2**20,
        first_events_ms=(median(events, 0) - median(bare, 0)) * 1e3,
        first_events_rss_mb=median(events, 1) / 2**20,
        kinds=median(events, 2),
    )


def shown(event: Any) -> int:
    """Read one event as a program does that shows a turn: a delta's text, an item's kind; returns its length."""
    payload = event.payload
    if event.method.endswith("elta"):
        return len(payload.delta)
    item = getattr(payload, "item", None)
    return 0 if item is None else len(item.root.type)


def ready(rounds: float) -> NoReturn:
    """From nothing to a client of the real runtime, and how long the runtime takes to answer by itself."""
    alone: list[float] = []
    clients: list[float] = []
    for _ in range(int(rounds)):
        with tempfile.TemporaryDirectory() as folder:
            places = {name: os.path.join(folder, name) for name in ("HOME", "CODEX_HOME", "TMPDIR")}
            for place in places.values():
                os.mkdir(place)
            alone.append(runtime_alone_s(places))
            clients.append(fresh(READY.format(places=places))[0])
    report(ready_ms=statistics.median(clients) * 1e3, alone_ms=statistics.median(alone) * 1e3)


def runtime_alone_s(environment: dict[str, str]) -> float:
    """Seconds from the start of the runtime to its answer to ``initialize``, which is sent at once."""
    from codex_cli_bin import bundled_codex_path  # type: ignore[import-untyped]

    command = [str(bundled_codex_path()), "app-server", "--listen", "stdio://"]
    line = b'{"id":1,"method":"initialize","params":{"clientInfo":{"name":"bench","title":null,"version":"1"}}}\n'
    begin = time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
        bufsize=0,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line)
        process.stdout.read(65536)
        elapsed = time.perf_counter() - begin
        process.kill()
    return elapsed


def stream_sync(n: float) -> NoReturn:
    """Read every payload of a turn of ``n`` recorded notifications."""
    with Codex(config()) as codex:
        thread = codex.thread_start()

        def read(text: str) -> int:
            return sum(shown(event) for event in thread.turn(text).stream())

        read(WARM_UP)
        with Meter() as meter:
            length = read(f"mixed n={n:.0f}")
        report_events(n, meter, length)


async def stream_async(n: float) -> NoReturn:
    """The same on asyncio."""
    async with AsyncCodex(config()) as codex:
        thread = await codex.thread_start()

        async def read(text: str) -> int:
            length = 0
            async for event in (await thread.turn(text)).stream():
                length += shown(event)
            return length

        await read(WARM_UP)
        with Meter() as meter:
            length = await read(f"mixed n={n:.0f}")
        report_events(n, meter, length)


def run_sync(n: float) -> NoReturn:
    """``run()`` of a turn of ``n`` recorded notifications."""
    with Codex(config()) as codex:
        thread = codex.thread_start()
        thread.run(WARM_UP)
        with Meter() as meter:
            result = thread.run(f"mixed n={n:.0f}")
        report_events(n, meter, len(result.final_response or ""))


async def run_async(n: float) -> NoReturn:
    """The same on asyncio."""
    async with AsyncCodex(config()) as codex:
        thread = await codex.thread_start()
        await thread.run(WARM_UP)
        with Meter() as meter:
            result = await thread.run(f"mixed n={n:.0f}")
        report_events(n, meter, len(result.final_response or ""))


def share_one_cpu(one_cpu: float) -> None:
    """Keep this process and the stand-in that it starts to one CPU, so that nobody waits for one to wake up."""
    if one_cpu:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def round_trip(n: float, one_cpu: float = 0) -> NoReturn:
    """``n`` lines to the stand-in and back without any client: what the machine itself takes."""
    share_one_cpu(one_cpu)
    walls: list[float] = []
    with subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(int(n)):
            begin = time.perf_counter()
            process.stdin.write(b'{"id":1,"method":"model/list","params":{}}\n')
            process.stdout.read(65536)
            walls.append(time.perf_counter() - begin)
        report(p50_us=statistics.median(walls) * 1e6)


def request_sync(n: float, one_cpu: float = 0) -> NoReturn:
    """``n`` small requests, one after the other."""
    share_one_cpu(one_cpu)
    with Codex(config()) as codex:
        thread = codex.thread_start()
        walls: list[float] = []

        def call(name: str) -> None:
            begin = time.perf_counter()
            thread.set_name(name)
            walls.append(time.perf_counter() - begin)

        call("warm-up")
        with Meter() as meter:
            for k in range(int(n)):
                call(f"name {k}")
        report(p50_us=statistics.median(walls) * 1e6, cpu_us=meter.cpu_s / n * 1e6)


async def request_async(n: float, one_cpu: float = 0) -> NoReturn:
    """The same on asyncio."""
    share_one_cpu(one_cpu)
    async with AsyncCodex(config()) as codex:
        thread = await codex.thread_start()
        walls: list[float] = []

        async def call(name: str) -> None:
            begin = time.perf_counter()
            await thread.set_name(name)
            walls.append(time.perf_counter() - begin)

        await call("warm-up")
        with Meter() as meter:
            for k in range(int(n)):
                await call(f"name {k}")
        report(p50_us=statistics.median(walls) * 1e6, cpu_us=meter.cpu_s / n * 1e6)


async def request_many(n: float, in_flight: float) -> NoReturn:
    """``n`` small requests from ``in_flight`` tasks that each wait for their answer."""
    async with AsyncCodex(config()) as codex:
        thread = await codex.thread_start()

        async def caller(requests: int) -> None:
            for _ in range(requests):
                await thread.set_name("name")

        async def all_callers(requests: float) -> None:
            each = int(requests / in_flight)
            await asyncio.gather(*(caller(each) for _ in range(int(in_flight))))

        await all_callers(in_flight)
        with Meter() as meter:
            await all_callers(n)
        report(per_s=n / meter.wall_s)


async def silent(turns: float, limit_s: float) -> NoReturn:
    """Interrupt ``turns`` turns that are being streamed and say nothing."""
    async with AsyncCodex(config()) as codex:
        handles = [await (await codex.thread_start()).turn("hang") for _ in range(int(turns))]

        async def drain(handle: AsyncTurnHandle) -> None:
            async for _ in handle.stream():
                pass

        tasks: list[asyncio.Task[object]] = [asyncio.create_task(drain(handle)) for handle in handles]
        await asyncio.sleep(0.3)
        begin = time.perf_counter()
        tasks += [asyncio.create_task(handle.interrupt()) for handle in handles]
        done, pending = await asyncio.wait(tasks, timeout=limit_s)
        elapsed = time.perf_counter() - begin
        raise_errors(done)
        report(*(["all_s"] if pending else []), all_s=elapsed)


def raise_errors(tasks: Iterable[asyncio.Task[object]]) -> None:
    """An error is no measurement."""
    for task in tasks:
        task.result()


async def quiet_async(turns: float, seconds: float, limit_s: float) -> NoReturn:
    """``turns`` turns at once that speak five times in ``seconds``, and a small request every 100 ms."""
    async with AsyncCodex(config()) as codex:
        threads = [await codex.thread_start() for _ in range(int(turns))]
        ends: list[float] = []
        walls: list[float] = []
        threads_seen = 0
        with Meter() as meter:
            begin = time.perf_counter()

            async def follow(thread: AsyncThread) -> None:
                async for _ in (await thread.turn(f"quiet s={seconds} ticks=5")).stream():
                    pass
                ends.append(time.perf_counter() - begin)

            async def control() -> None:
                nonlocal threads_seen
                await asyncio.sleep(0.3)
                while not walls or time.perf_counter() - begin < 0.8 * seconds:
                    call = time.perf_counter()
                    await codex.models()
                    walls.append(time.perf_counter() - call)
                    threads_seen = max(threads_seen, os_threads())
                    await asyncio.sleep(0.1)

            tasks = [asyncio.create_task(work) for work in (control(), *map(follow, threads))]
            done, _ = await asyncio.wait(tasks, timeout=limit_s)
        raise_errors(done)
        report_quiet(turns, seconds, limit_s, ends, walls, threads_seen, meter)


def quiet_sync(turns: float, seconds: float, limit_s: float) -> NoReturn:
    """The same with one caller thread for each turn."""
    with Codex(config()) as codex:
        threads = [codex.thread_start() for _ in range(int(turns))]
        ends: list[float] = []
        walls: list[float] = []
        threads_seen = 0
        with Meter() as meter:
            begin = time.perf_counter()

            def follow(thread: Thread) -> None:
                for _ in thread.turn(f"quiet s={seconds} ticks=5").stream():
                    pass
                ends.append(time.perf_counter() - begin)

            callers = [threading.Thread(target=follow, args=(thread,), daemon=True) for thread in threads]
            for caller in callers:
                caller.start()
            while not walls or time.perf_counter() - begin < 0.8 * seconds:
                call = time.perf_counter()
                codex.models()
                walls.append(time.perf_counter() - call)
                threads_seen = max(threads_seen, os_threads())
                time.sleep(0.1)
            for caller in callers:
                caller.join(max(0.0, begin + limit_s - time.perf_counter()))
        report_quiet(turns, seconds, limit_s, ends, walls, threads_seen, meter)


def report_quiet(
    turns: float,
    seconds: float,
    limit_s: float,
    ends: list[float],
    walls: list[float],
    threads_seen: int,
    meter: Meter,
) -> NoReturn:
    """The result of a case with quiet turns."""
    finished = len(ends) == turns
    report(
        *(() if walls else ("control_p50_ms",)),
        *(() if finished else ("late_s", "cpu_s")),
        finished=len(ends),
        late_s=(max(ends) if finished else limit_s) - seconds,
        cpu_s=meter.cpu_s,
        control_p50_ms=(statistics.median(walls) if walls else limit_s) * 1e3,
        os_threads=threads_seen,
    )


def completed(items: float, rounds: float) -> NoReturn:
    """``run()`` of a turn that ends with this many items."""
    with Codex(config()) as codex:
        thread = codex.thread_start()
        thread.run(f"items n={items:.0f}")
        report(median_ms=median_ms(rounds, lambda: thread.run(f"items n={items:.0f}")))


def read(items: float, rounds: float) -> NoReturn:
    """thread/read of a thread with this many items, ten in a turn."""
    with Codex(config()) as codex:
        thread = codex.thread_start()
        for _ in range(int(items) // 10):
            thread.run("items n=10")
        thread.read(include_turns=True)
        report(median_ms=median_ms(rounds, lambda: thread.read(include_turns=True)))


def median_ms(rounds: float, call: Callable[[], object]) -> float:
    """Milliseconds that one call takes."""
    walls: list[float] = []
    for _ in range(int(rounds)):
        begin = time.perf_counter()
        call()
        walls.append(time.perf_counter() - begin)
    return statistics.median(walls) * 1e3


def unread(n: float) -> NoReturn:
    """Memory of a turn of ``n`` recorded notifications whose reader stopped after the first."""
    with Codex(config()) as codex:
        thread = codex.thread_start()
        for event in thread.turn(WARM_UP).stream():
            event.payload  # noqa: B018 - so that the models are not counted
        before = resident_bytes()
        events = iter(thread.turn(f"mixed n={n:.0f}").stream())
        next(events)
        settle()
        held = resident_bytes() - before
        for _ in events:
            pass
        report(bytes_per_event=held / n)


def unscoped(n: float) -> NoReturn:
    """Memory of ``n`` notifications without a turn that nobody reads, after ``n`` earlier ones."""
    with Codex(config()) as codex:
        thread = codex.thread_start()
        thread.run(f"unscoped n={n:.0f}")
        before = resident_bytes()
        thread.run(f"unscoped n={n:.0f}")
        report(bytes_per_event=(resident_bytes() - before) / n)


def regenerate() -> NoReturn:
    """The whole generated layer from the schema, into an empty folder; only a checkout has the pipeline."""
    root = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "codegen", "generate", "--output", folder]
        begin = time.perf_counter()
        subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wall_s = time.perf_counter() - begin
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    report(wall_s=wall_s, cpu_s=usage.ru_utime + usage.ru_stime, peak_mb=usage.ru_maxrss / 1024)


CASES: dict[str, Case] = {
    case.__name__: case
    for case in (
        *(startup, ready, stream_sync, run_sync, stream_async, run_async),
        *(round_trip, request_sync, request_async, request_many),
        *(silent, quiet_async, quiet_sync, read, completed, unread, unscoped, regenerate),
    )
}


if __name__ == "__main__":
    run_named(CASES, *sys.argv[1:])
