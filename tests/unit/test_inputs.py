"""The wire form of a turn's input."""

from __future__ import annotations

from dataclasses import dataclass

from openai_codex import TextInput
from openai_codex._inputs import user_input


class Greeting(TextInput):
    """An input class of the user's own."""


def test_subclass_of_an_input_class_is_sent_as_that_class() -> None:
    assert user_input(Greeting("Hi")) == user_input(TextInput("Hi"))


@dataclass
class Annotated(TextInput):
    note: str = ""


def test_fields_that_a_subclass_adds_stay_at_home() -> None:
    assert user_input(Annotated("Hi", note="private")) == user_input(TextInput("Hi"))
