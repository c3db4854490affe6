"""One client with many turns at a time, each read at a pace of its own, and what came of it.

``python -m tests.soak.player LEG`` plays one leg, JSON in and out.

The two clients are played by two programs of the same shape: the synchronous one has a thread for each consumer, as a
user's program would.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from openai_codex import AsyncCodex, AsyncTurnHandle, AsyncTurnStream, Codex, CodexConfig, TurnHandle, TurnStream
from openai_codex.types import TurnStatus

from .check import Check, Difference
from .pace import HABITS, Pace

__all__ = ["Leg", "Outcome", "play"]

_ROOT = Path(__file__).parents[2]
_SILENCE_S = 60.0  # then something was lost
_HECTIC_S = 1e-6


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of the test: what one client does.

    Attributes:
        client: ``async`` or ``sync``.
        event_buffer: As in ``CodexConfig``.
        turns: How many at a time.
        count: How many numbers each of them has.
        seed: Where chance comes from.
        hectic: Threads take turns as often as they can, so that what may come between two steps of another does.
        fault: What the stand-in does wrong, as in ``standin.py``, to test this test.
    """

    client: str
    event_buffer: int | None
    turns: int
    count: int
    seed: int
    hectic: bool = False
    fault: str = ""

    @property
    def name(self) -> str:
        """The client, and its setting."""
        return self.client if self.event_buffer is None else f"{self.client}+{self.event_buffer}"


@dataclass(slots=True)
class Outcome:
    """What came of a leg.

    Attributes:
        sent: How many events the stand-in has sent.
        taken: How many came out of streams that began with their turn.
        merged: How many were merged into those.
        late: How many streams began later.
        late_taken: How many events came out of these.
        seconds: How long it took.
        rss: Most memory that the process had, in bytes.
        threads: Most threads at a time.
        differences: What was wrong.
    """

    sent: int = 0
    taken: int = 0
    merged: int = 0
    late: int = 0
    late_taken: int = 0
    seconds: float = 0.0
    rss: int = 0
    threads: int = 0
    differences: list[str] = field(default_factory=list[str])


def play(leg: Leg) -> Outcome:
    """Play one leg in this process."""
    started = time.monotonic()
    player = (_AsyncPlayer if leg.client == "async" else _SyncPlayer)(leg)
    interval = sys.getswitchinterval()
    try:
        sys.setswitchinterval(_HECTIC_S if leg.hectic else interval)
        player.play()
    finally:
        sys.setswitchinterval(interval)
    outcome = player.outcome
    outcome.sent = leg.turns * (leg.count + 2)
    outcome.seconds = time.monotonic() - started
    outcome.rss = _most_memory()
    return outcome


def _most_memory() -> int:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class _Consumer:
    """Who reads one stream of a turn, and when.

    Args:
        leg: The leg.
        turn: Number of the turn.
        since: What has come before it; None for the first one, who gets all.
    """

    def __init__(self, leg: Leg, turn: int, since: int | None = None) -> None:
        self._leg = leg
        self._turn = turn
        self.late = since is not None
        role = "late" if self.late else "first"
        chance = random.Random(f"{leg.seed} {leg.name} {turn} {role}")
        habit = chance.choice(HABITS) if self.late else HABITS[turn % len(HABITS)]
        who = f"{leg.name}, turn {turn}, {role} follower, {habit}"
        self.check = Check(who, leg.count, since=since, typed=chance.random() < 0.25)
        joins = not self.late and chance.random() < 0.3
        # Soon rather than late: where much is merged, there are few events.
        self.pace = Pace(chance, habit, leg.count, round(leg.count ** chance.random()) if joins else 0)

    def joined(self) -> _Consumer:
        """Another one, who follows the turn from now on."""
        return _Consumer(self._leg, self._turn, since=self.check.position)


class _Player:
    """What both clients have in common."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        argv = (sys.executable, "-S", "-m", "tests.soak.standin")
        self._config = CodexConfig(launch_args_override=argv, cwd=str(_ROOT), event_buffer=leg.event_buffer)
        self._text = f"soak n={leg.count} of={leg.turns}" + (f" fault={leg.fault}" if leg.fault else "")
        self._lock = threading.Lock()
        self.outcome = Outcome()

    def _ended(self, consumer: _Consumer, merged: int) -> None:
        """A stream has ended."""
        consumer.check.finish(merged)
        outcome, events = self.outcome, consumer.check.events
        self._count_threads()
        with self._lock:
            if consumer.late:
                outcome.late += events > 0  # otherwise the turn had ended before
                outcome.late_taken += events
            else:
                outcome.taken += events
                outcome.merged += merged

    def _count_threads(self) -> None:
        with self._lock:
            self.outcome.threads = max(self.outcome.threads, threading.active_count())

    def _failed(self, consumer: _Consumer, error: Exception) -> None:
        difference = error if isinstance(error, Difference) else consumer.check.difference(repr(error))
        with self._lock:
            self.outcome.differences.append(str(difference))


class _AsyncPlayer(_Player):
    """``AsyncCodex``, with a task for each consumer."""

    def play(self) -> None:
        asyncio.run(self._play())

    async def _play(self) -> None:
        async with AsyncCodex(self._config) as codex:
            turns = [await (await codex.thread_start()).turn(self._text) for _ in range(self._leg.turns)]
            consumers = (_Consumer(self._leg, number) for number in range(len(turns)))
            streams = [turn.stream(idle_timeout=_SILENCE_S) for turn in turns]
            await asyncio.gather(*map(self._consume, consumers, turns, streams))

    async def _consume(self, consumer: _Consumer, turn: AsyncTurnHandle, stream: AsyncTurnStream) -> None:
        others: list[asyncio.Task[None]] = []
        try:
            await self._read(consumer, turn, stream, others)
            self._ended(consumer, stream.merged)
            if (result := await turn.run(timeout=_SILENCE_S)).status is not TurnStatus.completed:
                raise consumer.check.difference(f"the turn is {result.status.value}")
        except Exception as error:
            self._failed(consumer, error)
        await asyncio.gather(*others)

    async def _read(
        self, consumer: _Consumer, turn: AsyncTurnHandle, stream: AsyncTurnStream, others: list[asyncio.Task[None]]
    ) -> None:
        check, pace = consumer.check, consumer.pace
        stop = pace.next(0)
        while True:
            async for event in stream:
                check.take(event)
                if check.events < stop.at:
                    continue
                if stop.joins:
                    joined = turn.stream(idle_timeout=_SILENCE_S)
                    others.append(asyncio.create_task(self._consume(consumer.joined(), turn, joined)))
                if stop.seconds:
                    await asyncio.sleep(stop.seconds)
                leaves, stop = stop.leaves, pace.next(check.events)
                if leaves:
                    break
            else:
                return


class _SyncPlayer(_Player):
    """``Codex``, with a thread for each consumer."""

    def play(self) -> None:
        with Codex(self._config) as codex:
            turns = [codex.thread_start().turn(self._text) for _ in range(self._leg.turns)]
            threads = [
                self._start(_Consumer(self._leg, number), turn, turn.stream(idle_timeout=_SILENCE_S))
                for number, turn in enumerate(turns)
            ]
            for thread in threads:
                thread.join()

    def _start(self, consumer: _Consumer, turn: TurnHandle, stream: TurnStream) -> threading.Thread:
        thread = threading.Thread(target=self._consume, args=(consumer, turn, stream))
        thread.start()
        self._count_threads()
        return thread

    def _consume(self, consumer: _Consumer, turn: TurnHandle, stream: TurnStream) -> None:
        others: list[threading.Thread] = []
        try:
            self._read(consumer, turn, stream, others)
            self._ended(consumer, stream.merged)
            if (result := turn.run(timeout=_SILENCE_S)).status is not TurnStatus.completed:
                raise consumer.check.difference(f"the turn is {result.status.value}")
        except Exception as error:
            self._failed(consumer, error)
        for other in others:
            other.join()

    def _read(self, consumer: _Consumer, turn: TurnHandle, stream: TurnStream, others: list[threading.Thread]) -> None:
        check, pace = consumer.check, consumer.pace
        stop = pace.next(0)
        while True:
            for event in stream:
                check.take(event)
                if check.events < stop.at:
                    continue
                if stop.joins:
                    joined = turn.stream(idle_timeout=_SILENCE_S)
                    others.append(self._start(consumer.joined(), turn, joined))
                if stop.seconds:
                    time.sleep(stop.seconds)
                leaves, stop = stop.leaves, pace.next(check.events)
                if leaves:
                    break
            else:
                return


if __name__ == "__main__":
    print(json.dumps(asdict(play(Leg(**json.loads(sys.argv[1]))))))
