"""What is measured: the steps (cases with their sizes) and the rows of the table with their targets."""

from dataclasses import dataclass, field
from typing import Literal

Size = dict[str, float]


@dataclass(frozen=True)
class Step:
    """One case and its sizes: the full run's, and what differs in a quick run or for the official package.

    ``official`` and ``quick`` replace single numbers of ``size``, ``quick_official`` those of both; None
    leaves the official package out, of a quick run or of any. ``repeats`` is the number of processes for each side.
    """

    name: str
    case: str
    size: Size
    official: Size | None = field(default_factory=dict[str, float])
    quick: Size = field(default_factory=dict[str, float])
    quick_official: Size | None = field(default_factory=dict[str, float])
    repeats: int = 5
    quick_repeats: int = 1

    def sizes(self, side: Literal["official", "ours"], quick: bool) -> Size | None:
        """The case's arguments on one side."""
        size = {**self.size, **(self.quick if quick else {})}
        if side == "ours":
            return size
        if self.official is None or (quick and self.quick_official is None):
            return None
        return {**size, **self.official, **((self.quick_official or {}) if quick else {})}


@dataclass(frozen=True)
class Target:
    """What a row is held to: a bound of our own value, or being ``bound`` times better."""

    kind: Literal["at most", "at least", "times better"]
    bound: float


@dataclass(frozen=True)
class Row:
    """One line of the table: a metric of a step. ``more_is_better`` turns the ratio round."""

    step: str
    metric: str
    title: str
    unit: str
    target: Target | None = None
    more_is_better: bool = False
    # A value that grows with the size of the case has no ratio between different sizes.
    per_size: bool = False


def at_most(bound: float) -> Target:
    """Our value must not lie above this."""
    return Target("at most", bound)


def times(bound: float) -> Target:
    """We must be this many times better than the official package."""
    return Target("times better", bound)


_QUIET = {"turns": 1000.0, "seconds": 10.0, "limit_s": 90.0}
_QUICK_QUIET = {"seconds": 2.0, "limit_s": 10.0}
_QUICK_QUIET_OFFICIAL = {"turns": 100.0}

STEPS = (
    Step("startup", "startup", {"rounds": 3}, quick={"rounds": 2}, repeats=3),
    Step("ready", "ready", {"rounds": 5}, quick={"rounds": 2}, repeats=2),
    Step("stream-sync", "stream_sync", {"n": 66_000}, quick_official={"n": 19_800}, quick_repeats=2),
    Step("run-sync", "run_sync", {"n": 66_000}, quick_official={"n": 19_800}),
    Step(
        "stream-async",
        "stream_async",
        {"n": 66_000},
        official={"n": 6_600},
        quick_official={"n": 3_300},
        quick_repeats=2,
    ),
    Step("run-async", "run_async", {"n": 66_000}, official={"n": 6_600}, quick_official={"n": 3_300}),
    Step("round-trip", "round_trip", {"n": 2_000}, repeats=3),
    Step("request-sync", "request_sync", {"n": 2_000}, quick={"n": 1_000}),
    Step("request-async", "request_async", {"n": 2_000}, quick={"n": 1_000}),
    Step("round-trip-1", "round_trip", {"n": 2_000, "one_cpu": 1}, repeats=3),
    Step("request-sync-1", "request_sync", {"n": 2_000, "one_cpu": 1}, quick={"n": 1_000}),
    Step("request-async-1", "request_async", {"n": 2_000, "one_cpu": 1}, quick={"n": 1_000}),
    Step(
        "request-many",
        "request_many",
        {"n": 20_000, "in_flight": 100},
        official={"n": 5_000},
        quick_official={"n": 3_000},
    ),
    Step("silent-8", "silent", {"turns": 8, "limit_s": 5}, quick={"limit_s": 1}, repeats=2),
    Step(
        "silent-1000",
        "silent",
        {"turns": 1000, "limit_s": 5},
        quick_official=None,
        repeats=2,
    ),
    Step(
        "quiet-async",
        "quiet_async",
        _QUIET,
        quick=_QUICK_QUIET,
        quick_official=_QUICK_QUIET_OFFICIAL,
        repeats=1,
    ),
    Step(
        "quiet-sync",
        "quiet_sync",
        _QUIET,
        quick=_QUICK_QUIET,
        quick_official=_QUICK_QUIET_OFFICIAL,
        repeats=1,
    ),
    Step("read", "read", {"items": 5_000, "rounds": 5}, quick={"rounds": 2}, repeats=3),
    Step("completed", "completed", {"items": 5_000, "rounds": 5}, quick={"rounds": 2}, repeats=3),
    Step("unread", "unread", {"n": 66_000}, repeats=3),
    Step("unscoped", "unscoped", {"n": 50_000}, repeats=2),
    Step("regenerate", "regenerate", {}, official=None, repeats=3),
)

ROWS = (
    Row("startup", "import_ms", "`import openai_codex`, beyond a bare interpreter", "ms", at_most(30)),
    Row("startup", "import_rss_mb", "... memory, beyond a bare interpreter", "MB"),
    Row("startup", "first_events_ms", "import + first 15 event kinds validated", "ms", at_most(300)),
    Row("startup", "first_events_rss_mb", "... memory of that process", "MB", at_most(36)),
    Row("ready", "ready_ms", "import + client of the real runtime, ready", "ms"),
    Row("ready", "alone_ms", "... what the runtime takes by itself", "ms"),
    Row("stream-sync", "cpu_us_per_event", "sync stream, payload touched, CPU per event", "us", times(3.5)),
    Row("run-sync", "cpu_us_per_event", "sync `run()`, CPU per event", "us", times(5)),
    Row("stream-async", "cpu_us_per_event", "async stream, payload touched, CPU per event", "us", times(30)),
    Row("run-async", "cpu_us_per_event", "async `run()`, CPU per event", "us", times(35)),
    Row("request-sync", "p50_us", "small request, sync, p50", "us", at_most(90)),
    Row("request-sync", "cpu_us", "... CPU", "us"),
    Row("request-async", "p50_us", "small request, async, p50", "us", at_most(90)),
    Row("request-async", "cpu_us", "... CPU", "us"),
    Row("round-trip", "p50_us", "... what the machine takes: a line there and back, no client", "us"),
    Row("request-sync-1", "p50_us", "small request on one CPU, sync, p50", "us"),
    Row("request-async-1", "p50_us", "small request on one CPU, async, p50", "us"),
    Row("round-trip-1", "p50_us", "... what the machine takes: a line there and back, no client", "us"),
    Row(
        "request-many",
        "per_s",
        "small requests, 100 in flight, async",
        "/s",
        Target("at least", 40_000),
        True,
    ),
    Row("silent-8", "all_s", "8 silent async turns, all interrupted", "s"),
    Row("silent-1000", "all_s", "1000 silent async turns, all interrupted", "s", at_most(1.5)),
    Row(
        "quiet-async",
        "control_p50_ms",
        "1000 quiet turns, async: control call, p50",
        "ms",
        at_most(3),
        False,
        True,
    ),
    Row("quiet-async", "os_threads", "... OS threads", "", at_most(2), False, True),
    Row("quiet-async", "late_s", "... last turn ends this long after its time", "s", None, False, True),
    Row("quiet-async", "cpu_s", "... CPU", "s", None, False, True),
    Row("quiet-sync", "control_p50_ms", "1000 quiet turns, sync: control call, p50", "ms", None, False, True),
    Row("quiet-sync", "late_s", "... last turn ends this long after its time", "s", at_most(1.5), False, True),
    Row("quiet-sync", "cpu_s", "... CPU", "s", at_most(2), False, True),
    Row("read", "median_ms", "thread/read, 5000 items", "ms", at_most(180)),
    Row("completed", "median_ms", "`run()`, turn/completed with 5000 items", "ms", at_most(60)),
    Row("unread", "bytes_per_event", "unread event of a turn, memory", "bytes", at_most(400)),
    # Bounded: the ten bytes are the grain of counting pages.
    Row(
        "unscoped",
        "bytes_per_event",
        "further unread notification without a turn, memory",
        "bytes",
        at_most(10),
    ),
    Row("regenerate", "wall_s", "all generated files from the schema", "s", at_most(10)),
    Row("regenerate", "peak_mb", "... memory of the largest process", "MB", at_most(400)),
)
