"""The stand-in of the benchmarks with one more thing that a turn can do: ``python -S -m tests.soak.standin``.

    soak n=1000 of=100    the numbers from 0 on, as ``script.py`` has them, when 100 such turns have begun
    ... fault=lose:17     the same with a fault: a number that is left out (``lose``), said twice (``double``), or said
                          after the next one (``swap``)

Of the standard library alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.standin import WORKLOADS, Step, Turn, main

from .script import lines

__all__ = ["faulty"]

_BLOCK = 128
_WAIT_S = 0.01
_begun: list[Turn] = []


def soak(turn: Turn, n: str, of: str, fault: str = "") -> Iterator[Step]:
    """Numbers, in blocks, so that the turns mix."""
    _begun.append(turn)
    while len(_begun) < int(of):
        yield _WAIT_S, b""
    for start in range(0, int(n), _BLOCK):
        numbers = faulty([*range(start, min(start + _BLOCK, int(n)))], fault)
        yield 0, lines(turn.thread.id, turn.id, numbers)


def faulty(numbers: list[int], fault: str) -> list[int]:
    """The numbers with a fault."""
    kind, _, where = fault.partition(":")
    if kind and int(where) in numbers:
        place = numbers.index(int(where))
        bad = {"lose": [], "double": numbers[place : place + 1] * 2, "swap": numbers[place : place + 2][::-1]}[kind]
        numbers[place : place + (2 if kind == "swap" else 1)] = bad
    return numbers


if __name__ == "__main__":
    WORKLOADS["soak"] = soak
    main()
