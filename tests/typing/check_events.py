"""What type checkers know of events, items and enums. Checked, never run."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

from openai_codex import AsyncTurnHandle, TurnHandle, models
from openai_codex.models import NotificationPayload
from openai_codex.types import (
    AgentMessageDeltaNotification,
    AgentMessageThreadItem,
    CommandExecutionThreadItem,
    ErrorNotification,
    ItemCompletedNotification,
    MessagePhase,
    Notification,
    ReasoningEffort,
    ThreadItem,
    TurnCompletedNotification,
    TurnError,
    TurnStatus,
    UnknownNotification,
    UnrecognizedThreadItem,
    UserMessageThreadItem,
)


def streams(turn: TurnHandle) -> None:
    for event in turn.stream():
        assert_type(event, Notification)
    with turn.stream() as events:
        assert_type(next(events), Notification)


async def async_streams(turn: AsyncTurnHandle) -> None:
    async for event in turn.stream():
        assert_type(event, Notification)
    async with turn.stream() as events:
        assert_type(await events.__anext__(), Notification)


def payload_narrows_by_match(event: Notification) -> str | None:
    match event.payload:
        case AgentMessageDeltaNotification(delta=delta):
            assert_type(delta, str)
            return delta
        case ItemCompletedNotification(item=CommandExecutionThreadItem(exit_code=code)):
            assert_type(code, int | None)
        case ItemCompletedNotification(item=item):
            narrowed(item)
        case TurnCompletedNotification(turn=turn):
            assert_type(turn.status, TurnStatus)
            assert_type(turn.error, TurnError | None)
        case ErrorNotification(will_retry=True) as error:
            assert_type(error.error.message, str)
        case UnknownNotification(params=params):
            return str(params.get("x"))
        case _:
            pass
    return None


def payload_narrows_by_isinstance(event: Notification) -> None:
    if isinstance(event.payload, AgentMessageDeltaNotification):
        assert_type(event.payload, AgentMessageDeltaNotification)
    elif isinstance(event.payload, ItemCompletedNotification):
        assert_type(event.payload.item, ThreadItem)


def models_has_the_same_types(event: models.Notification) -> None:
    assert_type(event, Notification)
    payload: NotificationPayload = event.payload
    if isinstance(payload, models.ItemCompletedNotification):
        assert_type(payload, ItemCompletedNotification)


def narrowed(item: ThreadItem) -> None:
    if isinstance(item, UnrecognizedThreadItem):
        assert_type(item.raw, Any)
    elif isinstance(item, AgentMessageThreadItem):
        assert_type(item.text, str)
        assert_type(item.phase, MessagePhase | None)
        assert_type(item.root, AgentMessageThreadItem)


def items_narrow_by_their_tag(item: ThreadItem) -> None:
    if item.type == "userMessage":
        assert_type(item, UserMessageThreadItem)
    elif item.type == "commandExecution":
        assert_type(item, CommandExecutionThreadItem)
        assert_type(item.aggregated_output, str | None)


def enums_have_members(status: TurnStatus) -> None:
    assert_type(TurnStatus(status.value), TurnStatus)
    text: str = status
    assert text.isidentifier()
    _: list[ReasoningEffort] = [ReasoningEffort.none, ReasoningEffort.high, ReasoningEffort("from-the-future")]
