"""Steps of a script: what the model answers to one request.

A step is plain data made when the script is written, so mistakes (an event without a type, arguments that are
not JSON) are raised in the test that made them. Ids are filled in when the step is *played*, from the number
of the request, so a repeated step never repeats an id. Nothing here knows of sockets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Event",
    "EventStream",
    "HttpError",
    "Item",
    "Step",
    "Usage",
    "failed_answer",
    "message",
    "raw_answer",
    "silent_answer",
    "streamed_answer",
    "tool_call",
    "whole_answer",
]

Event = Mapping[str, Any]
"""One server-sent event of the Responses API: a JSON object with at least ``type``."""

Item = Mapping[str, Any]
"""One output item of the Responses API, such as ``message(...)`` or ``tool_call(...)`` make it."""


@dataclass(frozen=True)
class Usage:
    """Token counts that the model reports with an answer.

    Attributes:
        input_tokens: All input tokens, cached ones included.
        output_tokens: All output tokens, reasoning ones included.
        cached_input_tokens: Input tokens that came from the cache.
        reasoning_output_tokens: Output tokens spent on reasoning.
    """

    input_tokens: int = 1
    output_tokens: int = 1
    cached_input_tokens: int = 0
    reasoning_output_tokens: int = 0

    def to_wire(self) -> dict[str, Any]:
        """Return the ``usage`` object of ``response.completed``."""
        return {
            "input_tokens": self.input_tokens,
            "input_tokens_details": {"cached_tokens": self.cached_input_tokens},
            "output_tokens": self.output_tokens,
            "output_tokens_details": {"reasoning_tokens": self.reasoning_output_tokens},
            "total_tokens": self.input_tokens + self.output_tokens,
        }


@dataclass(frozen=True)
class EventStream:
    """An answer of status 200 with server-sent events.

    Attributes:
        events: Makes the events for the request of the given number (from 1).
        delay: Seconds between text deltas.
        hang: Keep the connection open after the last event.
    """

    events: Callable[[int], Sequence[Event]]
    delay: float = 0.0
    hang: bool = False


@dataclass(frozen=True)
class HttpError:
    """An answer of another status, with a JSON object or plain text as its body."""

    status: int
    body: str


Step = EventStream | HttpError


def message(text: str, *, phase: str | None = None) -> Item:
    """Make the output item of an assistant message.

    Args:
        text: The whole text.
        phase: ``commentary`` or ``final_answer``; None leaves it out, as most models do.
    """
    item: dict[str, Any] = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": text}],
    }
    return item if phase is None else {**item, "phase": phase}


def tool_call(
    name: str,
    arguments: Mapping[str, Any] | str | None = None,
    *,
    call_id: str | None = None,
    namespace: str | None = None,
) -> Item:
    """Make the output item of a tool call.

    Args:
        name: Tool name as offered in the request, such as ``exec_command``.
        arguments: An object for a function tool; a string is the input of a freeform tool (``apply_patch``).
        call_id: Id that the tool's output will carry; None for a fresh one.
        namespace: Namespace of the tool; ``mcp__<server>`` for the tools of an MCP server.

    Raises:
        TypeError: the arguments are not JSON.
    """
    item: dict[str, Any]
    if isinstance(arguments, str):
        item = {"type": "custom_tool_call", "name": name, "input": arguments}
    else:
        item = {"type": "function_call", "name": name, "arguments": json.dumps(dict(arguments or {}))}
    if call_id is not None:
        item["call_id"] = call_id
    if namespace is not None:
        item["namespace"] = namespace
    return item


def whole_answer(items: Iterable[Item], usage: Usage | None = None) -> EventStream:
    """Make the step that answers with whole items, in order."""
    kept = tuple(items)

    def events(number: int) -> list[Event]:
        done = [
            {
                "type": "response.output_item.done",
                "output_index": index,
                "item": _with_ids(item, number, index),
            }
            for index, item in enumerate(kept)
        ]
        return [_created(number), *done, _completed(number, usage)]

    _check(events(1))
    return EventStream(events)


def streamed_answer(parts: Iterable[str], delay: float, phase: str | None, usage: Usage | None) -> EventStream:
    """Make the step that answers with one message, first as text deltas, then whole."""
    kept = tuple(parts)

    def events(number: int) -> list[Event]:
        whole = _with_ids(message("".join(kept), phase=phase), number, 0)
        started = {**whole, "content": [{"type": "output_text", "text": ""}]}
        place = {"item_id": whole["id"], "output_index": 0, "content_index": 0}
        return [
            _created(number),
            {"type": "response.output_item.added", "output_index": 0, "item": started},
            *({"type": "response.output_text.delta", **place, "delta": part} for part in kept),
            {"type": "response.output_item.done", "output_index": 0, "item": whole},
            _completed(number, usage),
        ]

    return EventStream(events, delay=delay)


def failed_answer(error: int | str | Event, text: str, body: Mapping[str, Any] | str | None) -> Step:
    """Make the step that fails: by HTTP status, or by ``response.failed`` within the stream."""
    if isinstance(error, int):
        if not 400 <= error <= 599:
            raise ValueError(f"fail({error}): an HTTP error status is 400 to 599")
        if body is None:
            body = {"error": {"message": text}}
        return HttpError(error, body if isinstance(body, str) else json.dumps(dict(body)))
    if body is not None:
        raise ValueError("fail(): only an HTTP status has a body; pass the error object itself")
    details = {"code": error, "message": text} if isinstance(error, str) else dict(error)

    def events(number: int) -> list[Event]:
        failed = {"id": _response_id(number), "status": "failed", "error": details}
        return [_created(number), {"type": "response.failed", "response": failed}]

    _check(events(1))
    return EventStream(events)


def silent_answer() -> EventStream:
    """Make the step that begins an answer and never says more."""
    return EventStream(lambda number: [_created(number)], hang=True)


def raw_answer(events: Iterable[Event]) -> EventStream:
    """Make the step that sends the events as they are, and then ends the stream."""
    kept = tuple(events)
    _check(kept)
    return EventStream(lambda _number: kept)


def _check(events: Iterable[Event]) -> None:
    for event in events:
        if not isinstance(event.get("type"), str):
            raise ValueError(f"an event needs a string 'type': {dict(event)!r}")
        json.dumps(dict(event))


def _with_ids(item: Item, number: int, index: int) -> Item:
    """Fill in the ids that the item does not have yet."""
    suffix = f"{number}_{index}"
    ids = {"id": f"{item['type']}_{suffix}"}
    if item["type"] in ("function_call", "custom_tool_call"):
        ids["call_id"] = f"call_{suffix}"
    return {**ids, **item}


def _response_id(number: int) -> str:
    return f"resp_{number}"


def _created(number: int) -> Event:
    return {"type": "response.created", "response": {"id": _response_id(number)}}


def _completed(number: int, usage: Usage | None) -> Event:
    return {
        "type": "response.completed",
        "response": {"id": _response_id(number), "usage": (usage or Usage()).to_wire()},
    }
