"""The text that a person reads while a turn runs."""

from __future__ import annotations

from typing import Any

import pytest

from openai_codex._core.notification import Notification
from openai_codex._core.text import TextFold

Message = tuple[str, dict[str, Any]]

RETRY: Message = ("error", {"willRetry": True})


def delta(text: Any) -> Message:
    return "item/agentMessage/delta", {"delta": text}


def item(method: str, text: Any = "", type: str = "agentMessage") -> Message:
    return f"item/{method}", {"item": {"type": type, "id": "m", "text": text}}


def pieces(*messages: Message) -> list[str]:
    fold = TextFold()
    given = [fold.add(Notification.from_wire(method, params, None)) for method, params in messages]
    return [piece for piece in given if piece]


CASES: dict[str, tuple[list[Message], list[str]]] = {
    "deltas": ([item("started"), delta("a"), delta("b"), item("completed", "ab")], ["a", "b"]),
    "whole message without deltas": ([item("started", "ab"), item("completed", "ab")], ["ab"]),
    "lost deltas": ([delta("a"), item("completed", "abc")], ["a", "bc"]),
    "text that was cut afterwards": ([delta("abc"), item("completed", "ab")], ["abc"]),
    "two messages": ([delta("a"), item("completed", "a"), delta("b"), item("completed", "b")], ["a", "\n\nb"]),
    "empty message between": ([item("completed", ""), delta("b")], ["b"]),
    "retry that repeats": ([delta("ab"), RETRY, delta("a"), delta("b"), delta("c")], ["ab", "c"]),
    "retry in other pieces": ([delta("ab"), RETRY, item("started"), delta("abc"), delta("d")], ["ab", "c", "d"]),
    "retry that differs": ([delta("ab"), RETRY, delta("a"), delta("x"), delta("y")], ["ab", "ax", "y"]),
    "retry that differs at once": ([delta("ab"), RETRY, delta("xyz"), item("completed", "xyz")], ["ab", "xyz"]),
    "retry that comes whole": ([delta("ab"), RETRY, item("completed", "abc")], ["ab", "c"]),
    "retry that comes whole and differs": ([delta("ab"), RETRY, item("completed", "x")], ["ab", "x"]),
    "retry before any text": ([RETRY, delta("a")], ["a"]),
    "two retries": ([delta("ab"), RETRY, delta("a"), RETRY, delta("abc")], ["ab", "c"]),
    "second message after a retry": (
        [delta("a"), RETRY, delta("a"), item("completed", "a"), delta("b")],
        ["a", "\n\nb"],
    ),
    "final error": ([delta("a"), ("error", {"willRetry": False}), delta("b")], ["a", "b"]),
    "other items": ([item("started", type="reasoning"), delta("a"), item("completed", "x", type="plan")], ["a"]),
    "odd shapes": ([delta(5), ("item/completed", {"item": 5}), ("item/started", {}), delta("a")], ["a"]),
    "completed without a text": ([delta("a"), item("completed", None), delta("b")], ["a", "\n\nb"]),
}


@pytest.mark.parametrize("case", CASES)
def test_text_is_given_out_once(case: str) -> None:
    messages, expected = CASES[case]
    assert pieces(*messages) == expected
