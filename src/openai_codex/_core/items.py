"""What server requests are about: the items that have started and not ended, and the threads that belong together.

A request names its item by id at most. The patch of a file change, for example, stands in the item alone. A sub-agent's
thread is announced by nothing but an item of the thread that has started it, before the sub-agent asks for anything.
That nobody wants the answer to the call of a tool any more is said by nothing but the end of its item.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from .._json import member

__all__ = ["ItemBook"]

_MAX_TURNS = 1024
_MAX_THREADS = 16384


class ItemBook:
    """Items under way by turn, and each thread's origin. Takes raw JSON of any shape."""

    def __init__(self) -> None:
        self._under_way: dict[str, dict[str, Mapping[str, Any]]] = {}
        self._calls: dict[str, dict[str, int | str]] = {}  # requests by turn and item
        self._ended_calls: list[int | str] = []
        self._origins: dict[str, str] = {}

    NOTED = frozenset({"item/started", "item/completed", "item/fileChange/patchUpdated", "turn/completed"})
    """Notifications to note."""

    def note(self, method: str, params: Mapping[str, Any]) -> None:
        """Take a notification of ``NOTED`` into account."""
        if method == "turn/completed":
            turn_id = _text(member(params.get("turn"), "id"))
            self._under_way.pop(turn_id, None)
            self._ended_calls += self._calls.pop(turn_id, {}).values()
            return
        item, turn_id = params.get("item"), _text(params.get("turnId"))
        if method == "item/fileChange/patchUpdated":
            self._update(turn_id, _text(params.get("itemId")), params.get("changes"))
        if not isinstance(item, dict):
            return
        id, kind = _text(member(item, "id")), member(item, "type")
        if method == "item/started":
            items = self._under_way.setdefault(turn_id, {})
            items[id] = cast("dict[str, Any]", item)
            _trim(self._under_way)
        else:
            self._under_way.get(turn_id, {}).pop(id, None)
            if (request := self._calls.get(turn_id, {}).pop(id, None)) is not None:
                self._ended_calls.append(request)
        if kind == "subAgentActivity":
            self._note_origin(member(item, "agentThreadId"), params.get("threadId"))
        elif kind == "collabAgentToolCall":
            receivers: list[Any] | None = member(item, "receiverThreadIds")
            for receiver in receivers if isinstance(receivers, list) else ():
                self._note_origin(receiver, member(item, "senderThreadId"))

    def _update(self, turn_id: str, item_id: str, changes: Any) -> None:
        """A patch is no longer what its item began with. Whoever has the item already keeps what it was."""
        item = self._under_way.get(turn_id, {}).get(item_id)
        if item is not None:
            self._under_way[turn_id][item_id] = {**item, "changes": changes}

    def note_call(self, request: int | str, params: Mapping[str, Any]) -> None:
        """Take a request into account that calls a tool."""
        self._calls.setdefault(_text(params.get("turnId")), {})[_text(params.get("callId"))] = request
        _trim(self._calls)

    def take_ended_calls(self) -> list[int | str]:
        """Return the requests that called tools in items that have ended since the last call."""
        ended, self._ended_calls = self._ended_calls, []
        return ended

    def note_thread(self, thread: Any) -> None:
        """Take a thread into account, as the runtime describes it."""
        self._note_origin(member(thread, "id"), member(thread, "parentThreadId") or member(thread, "forkedFromId"))

    def under_way(self, turn_id: Any) -> tuple[Mapping[str, Any], ...]:
        """The items of a turn that have started and not ended, as raw JSON; the oldest first."""
        return tuple(self._under_way.get(_text(turn_id), {}).values())

    def lineage(self, thread_id: Any) -> tuple[str, ...]:
        """The thread, the one that it comes from (as a sub-agent or a fork), and so on."""
        line: dict[str, None] = {}
        current: str | None = thread_id if isinstance(thread_id, str) else None
        while current is not None and current not in line:
            line[current] = None
            current = self._origins.get(current)
        return tuple(line)

    def _note_origin(self, thread_id: Any, origin: Any) -> None:
        if isinstance(thread_id, str) and isinstance(origin, str) and thread_id not in self._origins:
            self._origins[thread_id] = origin
            if len(self._origins) > _MAX_THREADS:
                del self._origins[next(iter(self._origins))]


def _trim(turns: dict[str, Any]) -> None:
    if len(turns) > _MAX_TURNS:
        del turns[next(iter(turns))]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
