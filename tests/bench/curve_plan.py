"""Which curves there are: the case behind each, its points on either side, and what the tables show of them."""

from dataclasses import dataclass, field

from .plan import Size
from .runner import SideName


@dataclass(frozen=True)
class Column:
    """One metric in a curve's table.

    A value that is only the limit is a lower bound, or, if not ``bound``, what it was until then.
    """

    metric: str
    heading: str
    factor: float = 1.0
    bound: bool = False


@dataclass(frozen=True)
class Curve:
    """One case at several points.

    Attributes:
        x: The argument of the case that grows.
        points: Its values; ``official`` those for the official package, ``quick`` and ``quick_official`` those
            of a quick run.
        size: The other arguments; ``official_size`` and ``quick_size`` replace some of them.
        order: Metrics whose order of growth is told.
        note: What one has to know to read the table.
        module: Where the case is.
        runtime: It needs the real runtime, and a model for it.
    """

    name: str
    title: str
    case: str
    x: str
    points: tuple[float, ...]
    official: tuple[float, ...]
    quick: tuple[float, ...]
    quick_official: tuple[float, ...]
    columns: tuple[Column, ...]
    size: Size = field(default_factory=dict[str, float])
    official_size: Size = field(default_factory=dict[str, float])
    quick_size: Size = field(default_factory=dict[str, float])
    order: tuple[str, ...] = ()
    note: str = ""
    module: str = "scale"
    runtime: bool = False

    def sizes(self, side: SideName, quick: bool) -> list[Size]:
        """The case's arguments at every point of one side."""
        if side == "ours":
            points, size = self.quick if quick else self.points, self.size
        else:
            points, size = self.quick_official if quick else self.official, {**self.size, **self.official_size}
        return [{self.x: x, **size, **(self.quick_size if quick else {})} for x in points]


_CONTROL = (
    Column("control_p50_ms", "control call p50, ms", bound=True),
    Column("control_p99_ms", "p99, ms", bound=True),
    Column("peak_mb", "peak memory, MB"),
    Column("os_threads", "OS threads"),
)
_BUSY = (
    Column("finished", "finished"),
    Column("events_per_s", "events/s"),
    Column("cpu_us_per_event", "CPU per event, us"),
    *_CONTROL,
    Column("server_cpu_us_per_event", "stand-in CPU per event, us"),
)
_QUIET = (
    Column("finished", "finished"),
    Column("late_s", "late, s", bound=True),
    Column("cpu_share", "CPU, % of a core", 100),
    *_CONTROL,
)
_READING = (
    Column("wall_ms", "time, ms"),
    Column("cpu_ms", "CPU, ms"),
    Column("cpu_us_per_entry", "CPU per entry, us"),
    Column("server_cpu_ms", "stand-in CPU, ms"),
)
_MESSAGE = (
    Column("wall_ms", "time, ms"),
    Column("cpu_ms", "CPU, ms"),
    Column("cpu_ms_per_mb", "CPU per MB, ms"),
    Column("peak_mb", "peak memory beyond before, MB"),
    Column("peak_multiple", "multiple of the message"),
    Column("kept_mb", "kept afterwards, MB"),
    Column("server_cpu_ms", "stand-in CPU, ms"),
)
_GROWTH = (
    Column("grown_mb", "grown by, MB"),
    Column("bytes_each", "bytes each"),
    Column("objects_each", "objects each"),
)
_RUNTIME = (
    Column("turns_per_s", "turns/s"),
    Column("wall_ms_per_turn", "time of a turn, ms"),
    Column("client_cpu_ms", "client CPU per turn, ms"),
    Column("runtime_cpu_ms", "runtime CPU per turn, ms"),
    Column("model_cpu_ms", "model CPU per turn, ms"),
    Column("client_share", "client's share, %", 100),
    Column("client_mb", "client memory, MB"),
    Column("runtime_mb", "runtime memory, MB"),
    Column("os_threads", "OS threads of the client"),
)

_QUEUED = "A control call waits behind up to 256 KiB of events that the stand-in has written before it."
_STRINGS = (
    "What levels off at 1.4 MB are up to 16,384 short strings, which pydantic's JSON parser keeps for their next use."
)

_RESULT = (
    "It is kept for the turn's result, which may be asked for after the stream, and goes when the turn's handle does."
)

_TURNS = (1.0, 10.0, 100.0, 1000.0)
_BYTES = (10e3, 100e3, 1e6, 10e6, 64e6)
_LIVES = (5e3, 10e3, 20e3, 40e3)
_EVENTS = (20e3, 40e3, 80e3)


def _together(name: str, title: str, points: tuple[float, ...], **size: float) -> Curve:
    busy = name.startswith("busy")
    return Curve(
        name,
        title,
        name.replace("-", "_"),
        "turns",
        points,
        official=_TURNS,
        quick=(10.0, 1000.0),
        quick_official=(10.0,) if busy else (),
        columns=_BUSY if busy else _QUIET,
        size=size,
        official_size={"limit_s": 15.0, **({"events": 40e3} if busy else {})},
        note=_QUEUED if busy else "",
        quick_size={"events": 20e3} if busy else {"seconds": 1.5, "ticks": 2.0},
    )


def _history(name: str, title: str, x: str) -> Curve:
    points = (1.0, 10.0, 100.0, 1000.0)
    quick = (10.0, 100.0)
    return Curve(
        name, title, name.replace("-", "_"), x, points, points, quick, quick, _READING, {"rounds": 9}, order=("cpu_ms",)
    )


def _message(name: str, title: str, case: str, official: tuple[float, ...]) -> Curve:
    return Curve(
        name,
        title,
        case,
        "bytes",
        _BYTES,
        official,
        quick=(1e6, 10e6),
        quick_official=(1e6,) if official else (),
        columns=_MESSAGE,
        size={"total": 64e6},
        quick_size={"total": 20e6},
        order=("cpu_ms", "peak_mb"),
    )


def _growth(
    name: str, title: str, case: str, x: str, points: tuple[float, ...], official: tuple[float, ...], **size: float
) -> Curve:
    module = "cases" if case == "unread" else "scale"
    columns = (Column("bytes_per_event", "bytes each"),) if case == "unread" else _GROWTH
    quick = (points[0] / 5,)
    note = {"finished": _STRINGS, "unclaimed": _STRINGS, "followed": _RESULT}.get(case, "")
    return Curve(name, title, case, x, points, official, quick, (), columns, size, note=note, module=module)


CURVES = (
    _together(
        "busy-async",
        "Busy turns at once, asyncio: 400,000 events among them, as fast as they are read",
        (*_TURNS, 3000.0),
        events=400e3,
        limit_s=60.0,
    ),
    _together(
        "busy-sync",
        "Busy turns at once, one caller thread each: 400,000 events among them, as fast as they are read",
        _TURNS,
        events=400e3,
        limit_s=60.0,
    ),
    _together(
        "quiet-async",
        "Quiet turns at once, asyncio: five seconds long, an event every 0.83 s in each",
        (*_TURNS, 3000.0),
        ticks=5.0,
        seconds=5.0,
        limit_s=60.0,
    ),
    _together(
        "quiet-sync",
        "Quiet turns at once, one caller thread each: five seconds long, an event every 0.83 s in each",
        _TURNS,
        ticks=5.0,
        seconds=5.0,
        limit_s=60.0,
    ),
    _history("thread-list", "`thread_list` of so many stored threads, a hundred on a page", "threads"),
    _history("thread-read", "`thread.read(include_turns=True)` of so many turns with ten items each", "turns"),
    _message("message-sync", "A large notification, sync stream", "notification_sync", _BYTES),
    _message("message-async", "A large notification, asyncio", "notification_async", _BYTES),
    _message("answer-sync", "A large answer, sync", "answer_sync", _BYTES),
    _growth(
        "finished",
        "Memory left of finished turns, on eight threads",
        "finished",
        "turns",
        _LIVES,
        (5e3, 10e3),
        fresh=0.0,
    ),
    _growth(
        "finished-fresh",
        "Memory left of finished turns, each on a thread of its own",
        "finished",
        "turns",
        _LIVES,
        (5e3, 10e3),
        fresh=1.0,
    ),
    _growth(
        "unclaimed",
        "Memory left of turns that nobody claimed, twelve events each",
        "unclaimed",
        "turns",
        _LIVES,
        (5e3, 10e3),
    ),
    _growth("unread", "Memory of unread events of a claimed turn", "unread", "n", _EVENTS, _EVENTS),
    _growth(
        "followed",
        "Memory held for a running turn that is being read: recorded events",
        "followed",
        "events",
        _EVENTS,
        _EVENTS,
        deltas=0.0,
    ),
    _growth(
        "followed-text",
        "Memory held for a running turn that is being read: pieces of one long text",
        "followed",
        "events",
        _EVENTS,
        _EVENTS,
        deltas=1.0,
    ),
    Curve(
        "runtime",
        "Short turns at once on the real runtime, with a model that answers at once",
        "runtime",
        "turns",
        (1.0, 10.0, 50.0, 200.0),
        (1.0, 10.0, 50.0, 200.0),
        quick=(1.0, 10.0),
        quick_official=(),
        columns=_RUNTIME,
        size={"total": 100.0},
        quick_size={"total": 20.0},
        runtime=True,
    ),
)
