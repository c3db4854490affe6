"""Which handlers run and which wait, by lanes."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import given, strategies as st

from openai_codex._engine.admission import Admission
from openai_codex._engine.handlers import Invocation


class Waiting:
    """As much of an invocation as lanes need."""

    def __init__(self, id: int, *lanes: tuple[object, int], thread_id: str = "T") -> None:
        self.id, self.lanes, self.thread_id = id, lanes, thread_id


def made(id: int, *lanes: tuple[object, int], thread_id: str = "T") -> Invocation:
    return cast(Invocation, Waiting(id, *lanes, thread_id=thread_id))


def add(admission: Admission, id: int, *lanes: tuple[object, int], thread_id: str = "T") -> bool:
    return admission.add(made(id, *lanes, thread_id=thread_id))


def ids(invocations: list[Invocation]) -> list[int | str]:
    return [each.id for each in invocations]


def test_without_a_lane_nothing_waits() -> None:
    admission = Admission()
    assert all(add(admission, id) for id in range(100))


def test_lane_that_is_full_makes_others_wait_in_their_order() -> None:
    admission, all_of_them = Admission(), [made(id, ("threads", 2)) for id in range(5)]
    assert [*map(admission.add, all_of_them)] == [True, True, False, False, False]
    assert [*map(admission.is_running, all_of_them)] == [True, True, False, False, False]
    removed, following = admission.remove(1)
    assert removed is not None and removed.id == 1
    assert ids(following) == [2]
    assert ids(admission.remove(0)[1]) == [3]


def test_handler_needs_room_in_all_of_its_lanes() -> None:
    admission = Admission()
    assert add(admission, 0, ("tool", 1), ("threads", 2))
    assert not add(admission, 1, ("tool", 1), ("threads", 2))
    assert add(admission, 2, ("threads", 2)), "one that waits for a tool takes no thread"
    assert not add(admission, 3, ("other", 1), ("threads", 2))
    assert ids(admission.remove(2)[1]) == [3]
    assert ids(admission.remove(0)[1]) == [1]


def test_one_that_waits_can_be_taken_out() -> None:
    admission = Admission()
    add(admission, 0, ("threads", 1))
    add(admission, 1, ("threads", 1))
    removed, following = admission.remove(1)
    assert (removed is not None, following) == (True, [])
    assert admission.remove(0)[1] == []
    assert admission.remove(0) == (None, [])


def test_closing_takes_all_out_and_lets_no_more_in() -> None:
    admission = Admission()
    add(admission, 0, ("threads", 1))
    add(admission, 1, ("threads", 1))
    assert ids(admission.close()) == [0, 1]
    assert not add(admission, 2, ("threads", 1))
    assert admission.close() == []


def test_one_that_has_ended_does_not_end_another_of_its_id() -> None:
    admission, old, new = Admission(), made(0, ("threads", 1)), made(0, ("threads", 1))
    assert admission.add(old)
    assert not admission.add(new), "a request has one handler"
    admission.remove(0)
    assert admission.add(new)
    assert admission.end(old) == (None, [])
    assert admission.is_running(new) and admission.end(new) == (new, [])


def test_thread_is_concerned_by_what_runs_and_by_what_waits() -> None:
    admission = Admission()
    add(admission, 0, ("threads", 1), thread_id="A")
    add(admission, 1, ("threads", 1), thread_id="B")
    assert [admission.concerns(thread_id) for thread_id in "ABC"] == [True, True, False]


LANES = st.lists(st.sampled_from([("a", 1), ("b", 2), ("c", 3)]), unique=True, max_size=3).map(tuple)


@given(st.lists(st.one_of(LANES, st.integers(0, 30)), max_size=60))
def test_no_lane_is_overfull_and_nobody_waits_without_need(steps: list[Any]) -> None:
    admission, present = Admission(), dict[int, Invocation]()
    for number, step in enumerate(steps):
        if isinstance(step, tuple):
            lanes: tuple[tuple[str, int], ...] = step  # pyright: ignore[reportUnknownVariableType]
            present[number] = made(number, *lanes)
            admission.add(present[number])
        else:
            admission.remove(step)
            present.pop(step, None)
        running = {id for id, each in present.items() if admission.is_running(each)}
        room = {
            name: most - sum((name, most) in present[id].lanes for id in running)
            for name, most in [("a", 1), ("b", 2), ("c", 3)]
        }
        assert min(room.values()) >= 0
        for id in present.keys() - running:
            assert any(room[str(name)] == 0 for name, _ in present[id].lanes)
