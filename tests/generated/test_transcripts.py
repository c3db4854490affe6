"""What a real runtime sent, held against the generated types: nothing unknown, nothing that does not validate."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from openai_codex import protocol
from openai_codex._model import OpenEnum, Unrecognized, to_wire
from tests.generated.catalogue import adapter, needs_recorded_schema

pytestmark = needs_recorded_schema

RECORDED = Path(__file__).parents[1] / "data/server_messages.jsonl.gz"


def type_and_value(message: dict[str, Any]) -> tuple[str, str, Any]:
    """Kind of a message with its method, the name of its type, and the raw value."""
    if "answers" in message:
        return f"response {message['answers']}", protocol.REQUESTS[message["answers"]].result_name, message["result"]
    method = message["method"]
    if "id" in message:
        return f"request {method}", protocol.SERVER_REQUESTS[method].params_name, message["params"]
    return f"notification {method}", protocol.NOTIFICATIONS[method].payload_name, message["params"]


@pytest.fixture(scope="module")
def messages() -> list[dict[str, Any]]:
    with gzip.open(RECORDED, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def unknown_parts(value: Any) -> list[str]:
    """Everything in a decoded value that the schema did not foresee."""
    if isinstance(value, Unrecognized):
        return [type(value).__name__]
    if isinstance(value, OpenEnum):
        return [] if value.name in type(value).__members__ else [f"{type(value).__name__}.{value.value}"]
    if isinstance(value, BaseModel):
        return [part for each in dict(value).values() for part in unknown_parts(each)]
    if isinstance(value, list):
        return [part for each in value for part in unknown_parts(each)]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return [part for each in value.values() for part in unknown_parts(each)]  # pyright: ignore[reportUnknownVariableType]
    return []


def test_recording_covers_what_it_should(messages: list[dict[str, Any]]) -> None:
    kinds = Counter(type_and_value(message)[0].split()[0] for message in messages)
    assert kinds == {"notification": 1348, "response": 271, "request": 15}
    methods = Counter(kind.split()[0] for kind in {type_and_value(message)[0] for message in messages})
    assert methods == {"notification": 41, "response": 68, "request": 9}


def test_every_recorded_message_validates(messages: list[dict[str, Any]]) -> None:
    failures: list[str] = []
    for message in messages:
        kind, name, raw = type_and_value(message)
        try:
            adapter(name).validate_python(raw)
        except ValidationError as error:
            failures.append(f"{kind}: {error}")
    assert failures == []


def test_nothing_in_the_recording_is_unknown_to_the_schema_it_was_made_with(messages: list[dict[str, Any]]) -> None:
    unknown: Counter[str] = Counter()
    for message in messages:
        kind, name, raw = type_and_value(message)
        unknown.update(f"{kind}: {part}" for part in unknown_parts(adapter(name).validate_python(raw)))
    assert unknown == {}


def test_every_recorded_message_goes_back_to_what_was_sent(messages: list[dict[str, Any]]) -> None:
    """Models lose nothing: all fields that the runtime really sends are in the schema."""
    lost: Counter[str] = Counter()
    for message in messages:
        kind, name, raw = type_and_value(message)
        value = adapter(name).validate_python(raw)
        if isinstance(value, BaseModel) and to_wire(value) != raw:
            lost[kind] += 1
    assert lost == {}
