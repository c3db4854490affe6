"""A long text that comes in small pieces."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, strategies as st

from openai_codex._core import pieces as module
from openai_codex._core.pieces import ENOUGH, Pieces, text_of


@given(pieces=st.lists(st.text(max_size=3), max_size=40), enough=st.integers(2, 5), length=st.integers(0, 50))
def test_text_is_that_of_all_pieces(pieces: list[str], enough: int, length: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ENOUGH", enough)
        text = Pieces()
        for number, piece in enumerate(pieces, start=1):
            text.add(piece)
            assert text.text(999) == "".join(pieces[:number])
    assert text.text(length) == "".join(pieces)[:length]


def test_each_piece_is_joined_once() -> None:
    text = Pieces()
    for number in range(1_000_000):
        text.add(f"{number} ")
    joined = [part for part in text._parts if part.count(" ") > 1]  # pyright: ignore[reportPrivateUsage]
    assert len(joined) == 1_000_000 // ENOUGH
    assert max(map(len, joined)) < 10 * ENOUGH


def test_text_can_be_read_while_it_grows() -> None:
    text, count, done = Pieces(), 300_000, threading.Event()

    def grow() -> None:
        for _ in range(count):
            text.add("0123456789")
        done.set()

    grows = threading.Thread(target=grow)
    grows.start()
    seen = 0
    while not done.is_set():
        read = text.text(100_000)
        assert len(read) % 10 == 0 and len(read) >= seen
        seen = len(read)
    grows.join()
    assert text.text(10 * count) == "0123456789" * count


def test_text_is_that_of_the_pieces_that_are_text() -> None:
    assert text_of(["a", 5, None, "b", ["c"]]) == "ab"
    assert text_of([]) == ""
