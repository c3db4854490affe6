"""The guard's arithmetic and verdicts, what it does without an instrument or a baseline, and the instruments."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.bench import guard
from tests.bench.guard import BASELINE, INSTRUMENTS, RECORD, WORKLOADS, YARDSTICK, Line, Workload, key
from tests.bench.instruments import Callgrind, Instrument, Perf, ProcessFailed, Unusable, check, run

IMPORTS = WORKLOADS[0]
PYTHON = (sys.executable, "-I", "-S", "-c")


class Counts:
    """An instrument that says so many instructions for a unit of each workload, above those of the start."""

    def __init__(self, name: str = "counts", **per_unit: int) -> None:
        self.name = name
        self.per_unit = {**{workload.name: 1000 for workload in (YARDSTICK, *WORKLOADS)}, **per_unit}

    def peer(self, folder: Path) -> Sequence[str]:
        return ()

    async def count(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> int:
        if command[1] != str(guard.PROGRAM):
            return 1
        return 1_000_000 + self.per_unit[command[2]] * int(command[3])


class Broken(Counts):
    """An instrument that cannot be used."""

    async def count(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> int:
        raise Unusable("no counters")


def imports_only(path: Path, *arguments: str, instruments: Sequence[Instrument]) -> int:
    return guard.main(["--only", "imports", *arguments], instruments=instruments, path=path)


def baseline(path: Path, instrument: Instrument, **counts: int) -> Path:
    """A file with one entry."""
    file = path / "instructions.json"
    file.write_text(json.dumps({key(instrument): counts}), "utf-8")
    return file


def line(change: float, workload: Workload = IMPORTS) -> Line:
    return Line(workload, 10_000, round(10_000 * (1 + change)))


# -- arithmetic and verdicts ----------------------------------------------------------------------


def test_count_of_a_unit_is_free_of_what_both_sizes_need() -> None:
    assert Workload("w", "work", "unit", 100, 300).per_unit(5_000_000 + 100 * 37, 5_000_000 + 300 * 37) == 37


@pytest.mark.parametrize(
    ("change", "verdict"),
    [(0.0, "ok"), (0.10, "ok"), (0.11, "WORSE"), (-0.10, "ok"), (-0.11, "better")],
)
def test_verdict_of_a_workload_allows_ten_percent(change: float, verdict: str) -> None:
    assert line(change).verdict == verdict


@pytest.mark.parametrize(("change", "verdict"), [(0.02, "same"), (0.03, "DIFFERS"), (-0.03, "DIFFERS")])
def test_verdict_of_the_yardstick_allows_two_percent_either_way(change: float, verdict: str) -> None:
    assert line(change, YARDSTICK).verdict == verdict


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ((0.0, 0.05, -0.05), 0, "Nothing is more than 10% dearer"),
        ((0.0, 0.05, -0.5), 0, f"10% cheaper: stream_sync. Record it, so that it stays so: {RECORD}"),
        ((0.0, 0.5, -0.5), 1, "10% dearer: imports."),
        ((0.5, 0.5, 0.5), 2, "No verdict: the yardstick"),
    ],
)
def test_conclusion_gives_the_status_and_the_next_step(
    changes: tuple[float, float, float], status: int, text: str
) -> None:
    lines = [line(change, work) for change, work in zip(changes, (YARDSTICK, *WORKLOADS[:2]), strict=True)]
    got, said = guard.conclude(lines)
    assert (got, text in said) == (status, True), said


def test_table_is_aligned_with_numbers_to_the_right() -> None:
    text = guard.table([Line(IMPORTS, 1_000_000, 2_000_000), Line(YARDSTICK, None, 5)])
    head, first, second = text.splitlines()
    assert first.split() == ["import", "openai_codex", "import", "1,000,000", "2,000,000", "+100.0%", "WORSE"]
    assert second.split()[-3:] == ["turn", "5", "new"]
    end = head.index("now") + len("now")
    assert first[:end].endswith(" 2,000,000")
    assert second[:end].endswith(" 5")


# -- the command ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("now", "status", "verdict"), [(1100, 0, "ok"), (1101, 1, "WORSE"), (899, 0, "better")])
def test_guard_compares_with_the_baseline_of_its_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], now: int, status: int, verdict: str
) -> None:
    instrument = Counts(imports=now)
    path = baseline(tmp_path, instrument, yardstick=1000, imports=1000)
    before = path.read_bytes()
    assert imports_only(path, instruments=[instrument]) == status
    assert verdict in capsys.readouterr().out
    assert path.read_bytes() == before


@pytest.mark.parametrize("entry", [{}, {"yardstick": 1000}, {"imports": 1000}])
def test_guard_gives_no_verdict_without_a_baseline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], entry: dict[str, int]
) -> None:
    instrument = Counts()
    path = baseline(tmp_path, instrument, **entry)
    assert imports_only(path, instruments=[instrument]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert RECORD in said.err
    assert key(instrument) in said.err


def test_guard_gives_no_verdict_for_another_build(tmp_path: Path) -> None:
    instrument = Counts(yardstick=1030)
    path = baseline(tmp_path, instrument, yardstick=1000, imports=1000)
    assert imports_only(path, instruments=[instrument]) == 2


def test_guard_gives_no_verdict_without_an_instrument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert guard.main([]) == 2
    said = capsys.readouterr().err
    assert "perf: there is no perf on the path" in said
    assert "callgrind: there is no valgrind on the path" in said
    assert "Install valgrind" in said


def test_guard_fails_with_the_error_of_a_workload_that_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "workloads.py"
    program.write_text("import sys\nif sys.argv[1] == 'imports':\n    raise KeyError('what is missing')\n", "utf-8")
    monkeypatch.setattr(guard, "PROGRAM", program)
    instrument = Counts()
    path = baseline(tmp_path, instrument, yardstick=1000, imports=1000)
    assert imports_only(path, instruments=[instrument]) == 1
    said = capsys.readouterr().err
    assert "workloads.py imports 1 ends with exit status 1" in said
    assert said.endswith("KeyError: 'what is missing'\n")


def test_guard_takes_the_first_instrument_that_works_and_has_a_baseline(tmp_path: Path) -> None:
    broken, first, second = Broken("broken"), Counts("first"), Counts("second")
    assert guard.choose([broken, first, second], {key(second): {}}) is second
    assert guard.choose([broken, first, second], {key(broken): {}}) is first
    with pytest.raises(guard.NoVerdict, match="broken: no counters"):
        guard.choose([broken], {key(broken): {}})


def test_record_writes_what_the_next_run_is_held_against(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "instructions.json"
    assert imports_only(path, "--record", instruments=[Counts("other", imports=7)]) == 0
    assert imports_only(path, "--record", instruments=[Counts()]) == 0
    assert json.loads(path.read_text("utf-8")) == {
        key(Counts()): {"yardstick": 1000, "imports": 1000},
        key(Counts("other")): {"yardstick": 1000, "imports": 7},
    }
    assert imports_only(path, instruments=[Counts(imports=1200)]) == 1
    assert imports_only(path, "--record", instruments=[Counts(imports=1200)]) == 0
    assert imports_only(path, instruments=[Counts(imports=1200)]) == 0
    assert "Recorded in instructions.json" in capsys.readouterr().out


def test_record_of_one_workload_keeps_the_others_of_the_same_build_only(tmp_path: Path) -> None:
    path = baseline(tmp_path, Counts(), yardstick=1000, imports=1000, run_sync=5)
    assert imports_only(path, "--record", instruments=[Counts(imports=800)]) == 0
    entry = {"yardstick": 1000, "imports": 800, "run_sync": 5}
    assert json.loads(path.read_text("utf-8")) == {key(Counts()): entry}
    assert imports_only(path, "--record", instruments=[Counts(yardstick=1500)]) == 2
    assert json.loads(path.read_text("utf-8")) == {key(Counts()): entry}


def test_record_of_all_forgets_what_is_gone(tmp_path: Path) -> None:
    instrument = Counts()
    path = baseline(tmp_path, instrument, yardstick=1, imports=1, gone=1)
    assert guard.main(["--record"], instruments=[instrument], path=path) == 0
    assert json.loads(path.read_text("utf-8")) == {key(instrument): instrument.per_unit}


def test_committed_baselines_are_complete() -> None:
    entries: dict[str, dict[str, int]] = json.loads(BASELINE.read_text("utf-8"))
    wanted = {workload.name for workload in (YARDSTICK, *WORKLOADS)}
    assert entries
    assert {name: set(entry) for name, entry in entries.items()} == dict.fromkeys(entries, wanted)
    assert all(count > 1000 for entry in entries.values() for count in entry.values())


# -- the workloads --------------------------------------------------------------------------------


def test_processes_get_nothing_that_happens_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("PYTHONHASHSEED", "random")
    variables = guard.environment()
    assert "PYTHONDONTWRITEBYTECODE" not in variables
    assert (variables["PYTHONPATH"], variables["PYTHONHASHSEED"]) == (str(guard.ROOT / "src"), "0")


@pytest.mark.parametrize("workload", [YARDSTICK, *WORKLOADS], ids=lambda workload: workload.name)
def test_workload_runs(workload: Workload) -> None:
    asyncio.run(run(guard.program(workload, workload.large), guard.environment()))


def test_workloads_import_nothing_that_the_import_would_then_get_for_nothing() -> None:
    code = "import sys; before = set(sys.modules); import workloads; print(*(set(sys.modules) - before))"
    variables = {**guard.environment(), "PYTHONPATH": str(guard.PROGRAM.parent)}
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"workloads", "__future__", "gc"}


# -- the instruments ------------------------------------------------------------------------------


def usable(instrument: Instrument) -> Instrument:
    """The instrument, or a skip where there is none."""
    try:
        check(instrument)
    except Unusable as reason:
        pytest.skip(str(reason))
    return instrument


def test_failed_process_says_why() -> None:
    with pytest.raises(ProcessFailed, match=r"(?s)ends with exit status 1.*the reason$"):
        asyncio.run(run([*PYTHON, "raise SystemExit('the reason')"], os.environ))


def test_late_process_ends_with_its_children() -> None:
    begin = time.monotonic()
    with pytest.raises(ProcessFailed, match=r"does not end within 0\.2 s"):
        # Both hold stderr, which is read to its end.
        asyncio.run(run(["sh", "-c", "sleep 60 & sleep 60"], os.environ, limit_s=0.2))
    assert time.monotonic() - begin < 30


def test_perf_without_counters_is_unusable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    perf = tmp_path / "perf"
    perf.write_text('#!/bin/sh\necho "# started\n\n<not supported>,,instructions:u,0,100.00,," > "$5"\n', "utf-8")
    perf.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unusable, match="perf says <not supported> about instructions:u"):
        check(Perf())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("instrument", "limit"),
    # Page faults are counted on every machine; a Python's start is dearer than the limits, a shell's is not.
    [(Perf("page-faults:u"), 4_000), (Callgrind(), 10_000_000)],
    ids=["perf", "callgrind"],
)
def test_instrument_counts_the_process_and_not_its_peer(instrument: Instrument, limit: int, tmp_path: Path) -> None:
    usable(instrument)
    # Under valgrind a process has libraries of it loaded.
    peer = [*PYTHON, "import os; b'x' * (64 << 20); assert 'vgpreload' not in os.environ.get('LD_PRELOAD', '')"]
    command = ["sh", "-c", '"$@"; exit', "sh", *instrument.peer(tmp_path), *peer]
    assert 0 < asyncio.run(instrument.count(command, os.environ, tmp_path)) < limit
    (alone := tmp_path / "alone").mkdir()
    assert asyncio.run(instrument.count([*PYTHON, "b'x' * (64 << 20)"], os.environ, alone)) > limit


@pytest.mark.slow
@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: instrument.name)
def test_instrument_counts_what_the_import_adds(instrument: Instrument) -> None:
    usable(instrument)
    counts = asyncio.run(guard.measure(instrument, [IMPORTS]))
    assert 1_000_000 < counts["imports"] < 200_000_000


def test_instrument_passes_on_the_failure_of_the_process(tmp_path: Path) -> None:
    if shutil.which("valgrind") is None:
        pytest.skip("no valgrind")
    with pytest.raises(ProcessFailed, match="no such file"):
        asyncio.run(Callgrind().count(["sh", "-c", "echo no such file >&2; exit 3"], os.environ, tmp_path))
