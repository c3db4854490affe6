"""Names as users type them: patterns, slips, and what is suggested instead."""

from __future__ import annotations

import pytest

from openai_codex._schema.names import UnknownNameError, is_pattern, kinds, matching, near, select
from openai_codex._schema.shipped import shipped

METHODS = kinds(shipped())


def test_every_method_has_one_kind() -> None:
    described = shipped()
    groups = (described.requests, described.notifications, described.server_requests)
    assert len(METHODS) == sum(map(len, groups))
    assert METHODS["thread/start"] == "request"
    assert METHODS["thread/started"] == "notification"
    assert METHODS["item/tool/call"] == "server request"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("thread/goal/*", {"thread/goal/clear", "thread/goal/get", "thread/goal/set"}),
        ("turn/st?er", {"turn/steer"}),
        ("t[u]rn/interrupt", {"turn/interrupt"}),
        ("*", set(METHODS)),
    ],
)
def test_pattern_stands_for_all_that_match(pattern: str, found: set[str]) -> None:
    assert is_pattern(pattern)
    assert found <= select([pattern], METHODS) == frozenset(matching(pattern, METHODS))


def test_star_reaches_over_slashes_and_case_counts() -> None:
    assert "thread/realtime/start" in matching("thread/*", METHODS)
    assert matching("THREAD/*", METHODS) == []


def test_names_and_patterns_are_added_up() -> None:
    assert select(["turn/start", "thread/goal/s*", "turn/start"], METHODS) == {"turn/start", "thread/goal/set"}
    assert not is_pattern("turn/start")


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("thread/strat", "thread/start"),
        ("threads/start", "thread/start"),
        ("thread.start", "thread/start"),
        ("turnStart", "turn/start"),
        ("codex.rpc.thread.name_set", "thread/name/set"),
        ("Item/Completed", "item/completed"),
    ],
)
def test_slip_is_answered_with_what_was_meant(name: str, first: str) -> None:
    assert near(name, METHODS)[0] == first
    with pytest.raises(UnknownNameError, match=rf"^there is no method '{name}'; did you mean {first}\b") as caught:
        select(["turn/start", name], METHODS)
    assert caught.value.name == name
    assert 1 <= len(caught.value.near) <= 3


@pytest.mark.parametrize("name", ["xyzzy", "nothing/*", ""])
def test_nonsense_is_answered_without_suggestions(name: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        select([name], METHODS)
    assert str(caught.value) == f"there is no method {name!r}"
    assert caught.value.near == ()
