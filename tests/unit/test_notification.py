"""Notifications: lazy payloads, and the face of a two-field dataclass."""

from __future__ import annotations

import dataclasses
import logging
import pickle
from typing import Any

import pytest
from pydantic import BaseModel

from openai_codex._core import notification as module
from openai_codex._core.notification import Notification
from openai_codex._unknown import UnknownNotification


class Delta(BaseModel):
    delta: str


@pytest.fixture(autouse=True)
def decoders(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Make ``test/delta`` a known method; returns the parameters that were decoded."""
    decoded: list[dict[str, Any]] = []

    def decode(params: dict[str, Any]) -> Delta:
        decoded.append(params)
        return Delta.model_validate(params)

    monkeypatch.setattr(module, "_decoders", {"test/delta": decode})
    monkeypatch.setattr(module, "_complained", set[str]())
    return decoded


def test_payload_is_decoded_once_on_first_touch(decoders: list[dict[str, Any]]) -> None:
    notification = Notification.from_wire("test/delta", {"delta": "a"}, 17)
    assert decoders == []
    payload: Any = notification.payload
    assert payload == Delta(delta="a")
    assert notification.payload is notification.payload
    assert decoders == [{"delta": "a"}]
    assert notification.payload_error is None
    assert (notification.params, notification.emitted_at_ms) == ({"delta": "a"}, 17)


def test_unknown_method_keeps_the_parameters() -> None:
    notification = Notification.from_wire("test/unknown", {"x": 1}, None)
    assert notification.payload == UnknownNotification({"x": 1})
    assert notification.payload_error is None


def test_payload_that_does_not_validate_keeps_the_parameters_and_the_reason() -> None:
    notification = Notification.from_wire("test/delta", {"delta": 5}, None)
    assert notification.payload == UnknownNotification({"delta": 5})
    assert "delta" in str(notification.payload_error)


def test_decoding_problem_is_logged_once_per_method_without_the_data(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "openai_codex"):
        for _ in range(3):
            _ = Notification.from_wire("test/delta", {"delta": ["sk-secret"]}, None).payload
        _ = Notification.from_wire("test/unknown", {}, None).payload
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["test/delta", "test/unknown"]
    assert "secret" not in caplog.text


def test_behaves_as_a_dataclass_of_method_and_payload() -> None:
    notification = Notification("test/delta", Delta(delta="a"))
    assert notification == Notification.from_wire("test/delta", {"delta": "a"}, 17)
    assert notification != Notification("test/delta", Delta(delta="b"))
    assert notification != "test/delta"
    assert repr(notification) == "Notification(method='test/delta', payload=Delta(delta='a'))"
    assert [field.name for field in dataclasses.fields(notification)] == ["method", "payload"]
    assert dataclasses.replace(notification, method="x").method == "x"
    subject: Any = notification
    match subject:
        case Notification(str(method), Delta(delta=text)):
            assert (method, text) == ("test/delta", "a")
        case _:
            pytest.fail("did not match")
    with pytest.raises(TypeError):
        hash(notification)
    with pytest.raises(AttributeError):
        notification.other = 1  # type: ignore[attr-defined]  # slots


def test_made_by_hand_it_has_no_wire_facts() -> None:
    notification = Notification(method="test/delta", payload=Delta(delta="a"))
    assert (notification.params, notification.emitted_at_ms, notification.payload_error) == ({}, None, None)


@pytest.mark.parametrize("params", [{"delta": "a"}, {"delta": 5}])
def test_pickling_keeps_payload_and_wire_facts(params: dict[str, Any]) -> None:
    notification = Notification.from_wire("test/delta", params, 17)
    copy = pickle.loads(pickle.dumps(notification))
    assert copy == notification
    assert (copy.params, copy.emitted_at_ms) == (params, 17)
