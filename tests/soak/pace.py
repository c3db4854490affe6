"""How fast a consumer reads, by chance."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

__all__ = ["HABITS", "Pace", "Stop"]

HABITS: Final = ("eager", "breaking", "napping", "resting", "late", "slow")


@dataclass(frozen=True, slots=True)
class Stop:
    """A moment at which a consumer reads no further for a while.

    Attributes:
        at: When it has taken so many events.
        seconds: For how long.
        leaves: Whether it leaves the loop, and begins another one on the same stream.
        joins: Whether another consumer of the turn begins.
    """

    at: int
    seconds: float
    leaves: bool = False
    joins: bool = False


class Pace:
    """The habits of one consumer.

    * ``eager`` takes what there is;
    * ``breaking`` leaves its loop and begins another one on the same stream, again and again;
    * ``napping`` sleeps for a millisecond or so, often;
    * ``resting`` stops for up to a second, a few times, less in a short turn;
    * ``late`` begins when much is there already, and leaves its loop now and then;
    * ``slow`` takes less than comes.

    Args:
        chance: Where chance comes from.
        habit: One of ``HABITS``.
        count: About how many events there will be.
        joined: After how many of them another consumer begins; 0 for never.
    """

    def __init__(self, chance: random.Random, habit: str, count: int, joined: int = 0) -> None:
        self._chance = chance
        self._habit = habit
        self._count = count
        self._joined = joined

    def next(self, events: int) -> Stop:
        """The next stop of somebody who has taken so many events; 0 before the first one."""
        stop = self._next(events)
        return Stop(self._joined, 0, joins=True) if events < self._joined < stop.at else stop

    def _next(self, events: int) -> Stop:
        chance, never = self._chance, 1 << 60
        if self._habit == "breaking":
            return Stop(events + chance.randint(1, 2000), 0, leaves=True)
        if self._habit == "napping":
            return Stop(events + chance.randint(20, 1000), chance.uniform(0, 0.002))
        if self._habit == "resting":
            return Stop(
                events + chance.randint(1, 1 + self._count // 2), chance.uniform(0, min(1.0, self._count / 5000))
            )
        if self._habit == "late":
            if not events:
                return Stop(0, min(3.0, self._count / 2500))
            return Stop(events + chance.randint(1, self._count), chance.uniform(0, 0.01), leaves=True)
        if self._habit == "slow":
            ahead = chance.randint(50, 400)
            return Stop(events + ahead, ahead / chance.uniform(500, 1500))
        return Stop(never, 0)
