"""The program itself on the installed runtime, and what it makes of runtimes that end or freeze its processes."""

from __future__ import annotations

import shutil
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from codegen import runtimes
from openai_codex._generated._version import OLDEST_RUNTIME, PACKAGE_VERSION
from tests.matrix import __main__ as program, smoke as smoker, versions
from tests.matrix.page import page, table
from tests.matrix.smoke import Row
from tests.matrix.steps import STEPS
from tests.matrix.verdicts import Outcome, Verdict

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform != "linux", reason="the program is for Linux"),
]

WORKS = Outcome(Verdict.works)
ANCIENT = 'read line; echo \'{"id": 1, "result": {"userAgent": "x/0.1.0 (Some OS)"}}\'; read line'
TOO_OLD = f"UnsupportedRuntimeError: the runtime is codex 0.1.0, but this package needs {OLDEST_RUNTIME} or newer"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that is the only way to a runtime, and other files than those in the repository to write."""
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setattr(program, "PAGE", tmp_path / "compatibility.md")
    shutil.copy(versions._RECORD, tmp_path / "published.txt")  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(versions, "_RECORD", tmp_path / "published.txt")
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", runtimes.CACHE_VARIABLE: str(folder)}.items():
        monkeypatch.setenv(name, value)
    return folder


def keep(cache: Path, version: str, package: Path) -> None:
    """Put a package into the cache as that version."""
    folder = cache / f"{version}-{sysconfig.get_platform()}"
    folder.mkdir()
    (folder / "codex_cli_bin").symlink_to(package)


def standin(folder: Path, version: str, program: str) -> Path:
    """Make a package whose binary is a shell script."""
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from pathlib import Path\ndef bundled_codex_path(): return Path(__file__).parent / 'codex'\n"
    )
    binary = folder / "codex"
    binary.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo codex-cli {version} && exit\n{program}\n')
    binary.chmod(0o755)
    return folder


def is_running(pid: str) -> bool:
    """Whether a process runs; one that nobody has collected does not."""
    try:
        return Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_installed_runtime_works_from_end_to_end(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    binary = runtimes.installed()
    version = runtimes.version_of(binary)
    keep(cache, version, binary.parents[1])
    keep(cache, "0.1.0", standin(tmp_path / "ancient", "0.1.0", ANCIENT))
    output = tmp_path / "page.md"
    assert program.main(["--versions", f"{version},0.1.0", "--output", str(output)]) == 0
    shown = capsys.readouterr()
    first, *others = STEPS
    rows = [
        Row(version, dict.fromkeys(STEPS, WORKS)),
        Row(
            "0.1.0",
            {first: Outcome(Verdict.clean_error, shown.out.partition("1. ")[2].strip())}
            | dict.fromkeys(others, Outcome(Verdict.not_run)),
        ),
    ]
    assert shown.out.startswith(table(rows))
    assert f"1. {TOO_OLD}" in shown.out
    assert output.read_text() == page(rows, PACKAGE_VERSION)
    assert f"[1/2] codex {version}: works" in shown.err


def test_runtime_that_is_started_although_it_is_too_old_is_broken(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    binary = runtimes.installed()
    keep(cache, "0.1.0", standin(tmp_path / "liar", "0.1.0", f'exec {binary} "$@"'))
    assert program.main(["--versions", "0.1.0"]) == 1
    assert f"the version: '{runtimes.version_of(binary)}' instead of '0.1.0'" in capsys.readouterr().out
    assert not program.PAGE.exists()  # versions by name leave it alone


def test_run_without_names_tries_what_is_published_and_writes_page_and_record(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "openai_codex_cli_bin-0.1.0-py3-none-any.whl").touch()
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    keep(cache, "0.1.0", standin(tmp_path / "ancient", "0.1.0", ANCIENT))
    assert program.main([]) == 0
    assert f"1. {TOO_OLD}" in program.PAGE.read_text()
    assert versions.recorded() == ["0.1.0"]


def test_runtime_that_cannot_be_had_is_named_before_anything_is_tried(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["--versions", "0.1.0"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "pip install openai-codex-cli-bin==0.1.0: exit code 1" in shown.err


def test_recorded_versions_are_used_where_the_index_cannot_be_asked(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = program.published()
    assert OLDEST_RUNTIME in known
    assert "check the network; going by the versions that were recorded" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--versions", ","], ["--versions", ""], ["--v", "0.1.0"], ["more"]])
def test_arguments_that_say_nothing_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        program.main(arguments)


@pytest.mark.slow
def test_process_that_dies_breaks_its_step_and_the_others_go_on(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    program = f'echo >> {starts}; [ $(wc -l < {starts}) = 2 ] && kill -9 $PPID; exec {runtimes.installed()} "$@"'
    version = runtimes.version_of(runtimes.installed())
    found = smoker.with_client("sync", version, standin(tmp_path / "package", version, program) / "codex")
    first, second, *others = STEPS
    assert found[second] == Outcome(Verdict.broken, "the process of the client has ended with exit status -9")
    assert {found[step] for step in (first, *others)} == {WORKS}


def test_process_without_end_is_ended_with_all_that_it_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoker, "STEP_S", 0.0)
    monkeypatch.setattr(smoker, "ENDING_S", 10.0)
    started = tmp_path / "started"
    frozen = standin(tmp_path / "package", "0.163.0", f"echo $$ > {started}; kill -STOP $PPID; exec sleep 100")
    found = smoker.with_client("async", "0.163.0", frozen / "codex")
    first, *others = STEPS
    assert found[first] == Outcome(Verdict.broken, "the process of the client has not ended within 10 s")
    assert {found[step] for step in others} == {Outcome(Verdict.not_run)}
    deadline = time.monotonic() + 5
    while (left := is_running(started.read_text().strip())) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left
