"""Cases that grow, in tiny sizes: each counts what it is about, so that its end alone shows a lot."""

import sys
from http.client import HTTPConnection

import pytest

from tests.bench import venvs
from tests.bench.curve_plan import CURVES
from tests.bench.instant import instant_model
from tests.bench.runner import CaseFailed, run_case
from tests.bench.scale import Load, check, item_length, percentile
from tests.bench.standin import command_json

linux = pytest.mark.skipif(sys.platform != "linux", reason="the cases read /proc")


def run(case: str, **size: float) -> dict[str, float]:
    """What a case on this checkout measures; nothing of it may have reached a limit."""
    sample = run_case(venvs.checkout(), case, size, module="scale")
    assert sample.beyond == frozenset()
    return sample.metrics


@linux
def test_every_event_of_turns_at_once_is_counted_on_asyncio() -> None:
    found = run("busy_async", turns=7, events=210, limit_s=30)
    assert (found["finished"], found["events"], found["os_threads"]) == (7, 7 * (30 + 2), 2)
    assert found["control_p99_ms"] >= found["control_p50_ms"] > 0


@linux
def test_every_event_of_turns_at_once_is_counted_with_threads() -> None:
    found = run("quiet_sync", turns=7, ticks=2, seconds=0.3, limit_s=30)
    assert (found["finished"], found["events"]) == (7, 7 * (2 + 2))
    assert found["os_threads"] >= 7
    assert 0 <= found["late_s"] < 10


@linux
def test_turns_that_do_not_end_are_told_with_what_came_until_then() -> None:
    sample = run_case(
        venvs.checkout(), "quiet_async", {"turns": 2, "ticks": 1, "seconds": 30, "limit_s": 0.2}, module="scale"
    )
    assert sample.metrics["finished"] == 0
    assert {"events_per_s", "late_s", "control_p50_ms"} <= sample.beyond


@linux
def test_large_message_takes_three_times_its_size() -> None:
    assert 2 < run("notification_sync", bytes=16e6, total=16e6)["peak_multiple"] < 3.5


@linux
def test_history_of_several_pages_is_read_whole() -> None:
    assert run("thread_list", threads=120, rounds=1)["cpu_us_per_entry"] > 0


@linux
@pytest.mark.e2e
def test_turns_on_the_real_runtime_are_played_with_a_model_that_answers_at_once() -> None:
    with instant_model() as model:
        ours = venvs.checkout()
        there = venvs.Implementation(ours.label, ours.python, {**ours.environment, **model.environment})
        metrics = run_case(there, "runtime", {"turns": 2, "total": 4, "model": model.pid}, module="scale").metrics
    assert metrics["turns"] == 4
    assert 0 < metrics["client_share"] < 0.5


def test_model_answers_several_requests_on_one_connection_and_lets_nothing_out() -> None:
    with instant_model() as model:
        connection = HTTPConnection(model.environment["HTTP_PROXY"].removeprefix("http://"), timeout=10)
        try:
            for _ in range(2):
                connection.request("POST", "/v1/responses", body=b"a body " * 50_000)
                answer = connection.getresponse()
                assert (answer.status, answer.read().count(b"event: response.completed")) == (200, 1)
            connection.request("GET", "/v1/models?client_version=1")
            assert connection.getresponse().read().startswith(b'{"object":"list"')
            connection.request("GET", "http://example.com/")
            assert connection.getresponse().status == 403
        finally:
            connection.close()


@linux
def test_case_that_fails_says_why() -> None:
    with pytest.raises(CaseFailed, match="nonsense"):
        run("busy_async", nonsense=1)


def test_events_are_shared_among_turns_and_every_turn_begins_elsewhere() -> None:
    load = Load(turns=3, events=200 / 3)
    assert [load.text(k) for k in (0, 2)] == ["busy n=67 skip=0 together=3", "busy n=67 skip=134 together=3"]
    assert Load(turns=2, events=5, seconds=4.0).text(1) == "quiet s=4.0 ticks=5 phase=0.5 together=2"


def test_event_of_another_turn_fails_the_case() -> None:
    class Payload:
        turn_id = "b"

    check("b", Payload())
    check("a", object())
    with pytest.raises(AssertionError, match="an event of b came for a"):
        check("a", Payload())


def test_percentile_is_a_value_that_was_measured() -> None:
    values = [float(k) for k in range(1, 201)]
    assert (percentile(values, 0.99), percentile(values, 0.5), percentile([7.0], 0.99)) == (198.0, 100.0, 7.0)


def test_output_is_as_long_as_the_case_expects() -> None:
    assert len(command_json(6400)) > 6400
    assert item_length(object()) == 0


def test_every_curve_names_a_case_and_its_arguments() -> None:
    from inspect import signature

    from tests.bench import cases, scale

    for curve in CURVES:
        case = {"cases": cases.CASES, "scale": scale.CASES}[curve.module][curve.case]
        given = {*curve.size, *curve.official_size, *curve.quick_size, curve.x, *({"model"} if curve.runtime else ())}
        assert given == set(signature(case).parameters), curve.name
