"""What the stand-in says in a turn: numbers, each in an event of its own, and nothing else.

Most come as text, one after the other. Runs of several numbers belong to one text, so that a client that merges text
has something to merge and something to keep apart. Now and then one comes as a diff. The stand-in and the test of what
has arrived both read this, so it is kept to arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DIFF", "KINDS", "Kind", "kind_of", "lines"]

DIFF = "turn/diff/updated"
_RUN = 97  # numbers of one text
_DIFF_EVERY = 41


@dataclass(frozen=True, slots=True)
class Kind:
    """A text that numbers may belong to.

    Attributes:
        method: Wire method of its pieces.
        item: Item id.
        index: Which of the item's texts; None where it has one.
    """

    method: str
    item: str
    index: int | None = None

    def __str__(self) -> str:
        return f"{self.method} of {self.item}" + ("" if self.index is None else f", text {self.index}")


KINDS = (
    Kind("item/agentMessage/delta", "message-1"),
    Kind("item/commandExecution/outputDelta", "command-1"),
    Kind("item/reasoning/textDelta", "thought-1", 0),
    Kind("item/reasoning/textDelta", "thought-1", 1),
    Kind("item/agentMessage/delta", "message-2"),
)


def kind_of(number: int) -> Kind | None:
    """What a number comes as; None for a diff."""
    return None if number % _DIFF_EVERY == 0 else KINDS[number // _RUN % len(KINDS)]


def lines(thread_id: str, turn_id: str, numbers: list[int]) -> bytes:
    """Events with these numbers, as they go over the wire."""
    scope = f'"threadId":"{thread_id}","turnId":"{turn_id}"'.encode()
    diff = b'{"method":"%s","params":{%s,"diff":"%%d"},"emittedAtMs":1795414748514}\n' % (DIFF.encode(), scope)
    texts = {kind: _text(kind, scope) for kind in KINDS}
    return b"".join([(diff if (kind := kind_of(number)) is None else texts[kind]) % number for number in numbers])


def _text(kind: Kind, scope: bytes) -> bytes:
    index = "" if kind.index is None else f',"contentIndex":{kind.index}'
    return (
        f'{{"method":"{kind.method}","params":{{{scope.decode()},"itemId":"{kind.item}"{index},"delta":"%d "}},'
        '"emittedAtMs":1795414748514}\n'
    ).encode()
