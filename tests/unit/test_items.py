"""Items under way, and the threads that belong together."""

from __future__ import annotations

from typing import Any

import pytest

from openai_codex._answers import item_of
from openai_codex._core.items import ItemBook
from openai_codex._generated import models as m


def started(id: str, turn_id: str = "U", **item: Any) -> tuple[str, dict[str, Any]]:
    return "item/started", {"threadId": "T", "turnId": turn_id, "item": {"type": "plan", "id": id, **item}}


def completed(id: str, turn_id: str = "U", **item: Any) -> tuple[str, dict[str, Any]]:
    return "item/completed", {"threadId": "T", "turnId": turn_id, "item": {"type": "plan", "id": id, **item}}


def book(*notes: tuple[str, dict[str, Any]]) -> ItemBook:
    made = ItemBook()
    for method, params in notes:
        assert method in ItemBook.NOTED
        made.note(method, params)
    return made


def ids(made: ItemBook, turn_id: Any = "U") -> list[Any]:
    return [each["id"] for each in made.under_way(turn_id)]


def test_item_is_under_way_from_its_start_to_its_end() -> None:
    assert ids(book(started("a"), started("b"))) == ["a", "b"]
    assert ids(book(started("a"), started("b"), completed("a"))) == ["b"]


def test_patch_that_changes_takes_the_place_of_the_first_one() -> None:
    changed = {"threadId": "T", "turnId": "U", "itemId": "a", "changes": ["new"]}
    made = book(started("a", changes=["old"]))
    before = made.under_way("U")
    made.note("item/fileChange/patchUpdated", changed)
    made.note("item/fileChange/patchUpdated", {**changed, "itemId": "b"})
    assert [each["changes"] for each in (*before, *made.under_way("U"))] == [["old"], ["new"]]


def test_turns_have_items_of_their_own() -> None:
    made = book(started("a", "U"), started("a", "V"), completed("a", "U"))
    assert (ids(made, "U"), ids(made, "V"), ids(made, "W")) == ([], ["a"], [])


def test_end_of_the_turn_is_the_end_of_its_items() -> None:
    assert ids(book(started("a"), ("turn/completed", {"threadId": "T", "turn": {"id": "U"}}))) == []


def test_item_that_begins_anew_takes_the_place_of_the_old_one() -> None:
    made = book(started("a", text="old"), started("a", text="new"))
    assert [each["text"] for each in made.under_way("U")] == ["new"]


def test_many_turns_that_never_end_are_forgotten_in_time() -> None:
    made = book(*(started("a", f"U{n}") for n in range(2000)))
    assert (ids(made, "U0"), ids(made, "U1999")) == ([], ["a"])


@pytest.mark.parametrize("params", [{}, {"item": None}, {"item": []}, {"item": "x", "turnId": 5}, {"turn": 1}])
@pytest.mark.parametrize("method", sorted(ItemBook.NOTED))
def test_shape_does_not_matter(method: str, params: dict[str, Any]) -> None:
    made = book((method, params))
    assert made.under_way("") == made.under_way(None) == made.under_way({}) == ()


# Threads


def test_sub_agents_come_from_the_thread_that_has_started_them() -> None:
    made = book(
        started("a", type="subAgentActivity", agentThreadId="child"),
        completed("b", type="collabAgentToolCall", senderThreadId="child", receiverThreadIds=["grandchild"]),
    )
    assert made.lineage("grandchild") == ("grandchild", "child", "T")
    assert made.lineage("T") == ("T",)
    assert made.lineage(None) == ()


def test_message_to_a_sub_agent_makes_no_parent() -> None:
    made = book(
        completed("a", type="collabAgentToolCall", senderThreadId="T", receiverThreadIds=["child"]),
        completed("b", type="collabAgentToolCall", senderThreadId="sibling", receiverThreadIds=["child"]),
    )
    assert made.lineage("child") == ("child", "T")


def test_thread_tells_its_parent_or_source() -> None:
    made = ItemBook()
    made.note_thread({"id": "child", "parentThreadId": "T", "forkedFromId": "other"})
    made.note_thread({"id": "fork", "parentThreadId": None, "forkedFromId": "child"})
    made.note_thread(None)
    assert made.lineage("fork") == ("fork", "child", "T")


def test_circle_has_an_end() -> None:
    made = ItemBook()
    made.note_thread({"id": "a", "parentThreadId": "b"})
    made.note_thread({"id": "b", "parentThreadId": "a"})
    made.note_thread({"id": "c", "parentThreadId": "c"})
    assert (made.lineage("a"), made.lineage("c")) == (("a", "b"), ("c",))


# Which item a request is about

CALL: dict[str, Any] = {
    "type": "mcpToolCall",
    "id": "c",
    "server": "desk",
    "tool": "wipe",
    "arguments": {"what": "all"},
    "status": "inProgress",
}
APPROVAL = {"serverName": "desk", "_meta": {"tool_params": {"what": "all"}}}


def found(params: dict[str, Any], *items: dict[str, Any]) -> str | None:
    item: Any = item_of(params, items)
    return None if item is None else item.id


def test_request_names_its_item() -> None:
    plan, other = {"type": "plan", "id": "p", "text": ""}, {"type": "plan", "id": "q", "text": ""}
    assert found({"itemId": "q"}, plan, other) == "q"
    assert found({"itemId": "r"}, plan, other) is None
    assert found({}, plan, other) is None


def test_item_that_cannot_be_read_is_none() -> None:
    assert found({"itemId": "p"}, {"type": "plan", "id": "p"}) is None
    unknown = item_of({"itemId": "p"}, [{"type": "future", "id": "p"}])
    assert isinstance(unknown, m.UnrecognizedThreadItem)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], "c"),
        ([{**CALL, "id": "d", "server": "other", "tool": "other"}], "c"),
        ([{**CALL, "id": "d", "arguments": {"what": "some"}, "tool": "other"}], "c"),
        ([{**CALL, "id": "d"}], "d"),  # the same call once more
        ([{**CALL, "id": "d", "tool": "other"}], None),  # either may be meant
    ],
)
def test_approval_of_a_tool_is_about_the_call_that_fits(others: list[dict[str, Any]], expected: str | None) -> None:
    assert found(APPROVAL, CALL, *others) == expected
