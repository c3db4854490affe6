"""What a user may name as a schema: the package, bundles, directories, runtimes; and what is said of anything else."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from openai_codex._config import CodexConfig
from openai_codex._schema import shipped
from openai_codex._schema.description import Type, dumps
from openai_codex._schema.diff import diff
from openai_codex._schema.errors import SchemaError
from openai_codex._transport.dump import run
from openai_codex._transport.launch import find_runtime
from openai_codex._transport.schemas import read_description
from tests.standin_binary import needs_shebang, write_binary

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "schema"
BUNDLES = ROOT / "tests/codegen/bundles"
MAX_PACKAGE_DATA = 300_000


@pytest.fixture
def binary(tmp_path: Path) -> Callable[[str], Path]:
    return partial(write_binary, tmp_path)


# -- the package ----------------------------------------------------------------------------------------------


def test_package_is_what_its_schema_describes() -> None:
    described = read_description("package")
    assert described == read_description(str(SCHEMA))
    assert described.version == json.loads((SCHEMA / "manifest.json").read_bytes())["runtime_version"]


def test_description_stays_small_enough_to_ship() -> None:
    assert (ROOT / "src/openai_codex/_generated/schema.json").stat().st_size <= MAX_PACKAGE_DATA


def test_results_are_those_that_no_schema_states() -> None:
    assert shipped.results()["thread/start"] == "ThreadStartResponse"
    # Its name does not follow from that of its params.
    assert shipped.results()["config/value/write"] == "ConfigWriteResponse"
    assert shipped.results()["item/tool/call"] == "DynamicToolCallResponse"


# -- runtimes -------------------------------------------------------------------------------------------------


def test_installed_runtime_is_what_the_package_was_made_from() -> None:
    runtime = find_runtime(CodexConfig())
    assert diff(read_description("package"), read_description(runtime.path)) == []


@needs_shebang
@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("print('hello')", "codex --version: answered `hello`, not `codex-cli VERSION`; give the path of a codex"),
        ("import sys; sys.exit('no such luck')", "codex --version: exit code 1, `no such luck`"),
        (
            "import sys; print('codex-cli 0.1.0') if '--version' in sys.argv else sys.exit(2)",
            "codex app-server generate-json-schema: exit code 2, nothing; use a runtime that has this command",
        ),
        ("print('codex-cli 0.1.0')", "generate-json-schema: wrote no codex_app_server_protocol.schemas.json"),
    ],
)
def test_program_that_is_no_runtime_is_named(binary: Callable[[str], Path], program: str, message: str) -> None:
    with pytest.raises(SchemaError) as caught:
        read_description(str(binary(program)))
    assert message in str(caught.value)


@needs_shebang
def test_runtime_of_unreadable_shape_names_the_command(binary: Callable[[str], Path]) -> None:
    program = """
import pathlib, sys
if "--version" in sys.argv:
    print("codex-cli 9.0.0")
else:
    out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
    (out / "codex_app_server_protocol.schemas.json").write_text("{}")
"""
    with pytest.raises(SchemaError, match=r"codex app-server generate-json-schema: not a schema bundle .*; give "):
        read_description(str(binary(program)))


def test_file_that_cannot_be_executed_is_named(tmp_path: Path) -> None:
    (tmp_path / "codex").write_bytes(b"just text")
    with pytest.raises(SchemaError, match=r"^codex --version: cannot be run: .*; give the path of a codex runtime"):
        read_description(str(tmp_path / "codex"))


@needs_shebang
def test_runtime_is_taken_from_where_it_lies_and_not_from_the_path(
    binary: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary("print('this one')")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SchemaError, match="answered `this one`"):
        read_description("codex")


@needs_shebang
def test_runtime_that_hangs_is_ended_with_all_that_it_started(binary: Callable[[str], Path], tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    child = f"import os, pathlib, time; pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(60)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    started = time.monotonic()
    with pytest.raises(SchemaError, match=r"^codex --version: did not end within 2 s; give the path"):
        read_description(str(binary(program)), timeout_s=2)
    assert time.monotonic() - started < 20
    assert _gone(int(pid.read_text()))


def _gone(pid: int) -> bool:
    """Whether a process has ended, or does so very soon; a zombie that nobody has reaped yet has ended."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


@needs_shebang
def test_run_has_a_home_of_its_own_that_is_gone_afterwards(
    binary: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEX_HOME", "the user's")
    program = binary("import os; print(os.environ['CODEX_HOME'], os.listdir(os.environ['CODEX_HOME']))")
    home = run([str(program)], call="x", next_step="y").split()[0]
    assert "codex-schema-" in home
    assert not Path(home).exists()


# -- bundles and directories ----------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["experimental", "stable"])
def test_bundle_is_taken_with_its_sibling(given: str) -> None:
    described = read_description(str(BUNDLES / f"0.160.1-{given}.json.gz"))
    assert described.version == "0.160.1"
    assert len(described.requests) == 167
    assert described.is_experimental("request:thread/realtime/start")
    assert not described.is_experimental("request:thread/start")


def test_bundle_may_be_packed_or_not(tmp_path: Path) -> None:
    packed = BUNDLES / "0.149.0-experimental.json.gz"
    (tmp_path / "0.149.0-experimental.json").write_bytes(gzip.decompress(packed.read_bytes()))
    shutil.copy(BUNDLES / "0.149.0-stable.json.gz", tmp_path / "0.149.0-stable.json")  # packed, whatever its name
    assert read_description(str(tmp_path / "0.149.0-experimental.json")) == read_description(str(packed))


def test_experimental_bundle_alone_says_nothing_of_what_is_experimental(tmp_path: Path) -> None:
    shutil.copy(BUNDLES / "0.154.0-experimental.json.gz", tmp_path)
    described = read_description(str(tmp_path / "0.154.0-experimental.json.gz"))
    assert (len(described.requests), described.experimental) == (159, None)


def test_stable_bundle_alone_has_nothing_experimental(tmp_path: Path) -> None:
    name = "0.154.0-stable.json.gz"
    shutil.copy(BUNDLES / name, tmp_path)
    described = read_description(str(tmp_path / name))
    assert described.requests.keys() == read_description(str(BUNDLES / name)).stable().requests.keys()
    assert described.experimental == frozenset()


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("codex-0.170.0-alpha.2-schema.json", "0.170.0-alpha.2"),
        ("v1.2.3.json", "1.2.3"),
        ("mine.json", "mine.json"),
    ],
)
def test_version_of_a_bundle_is_the_one_in_its_name(tmp_path: Path, name: str, version: str) -> None:
    shutil.copy(SCHEMA / "manifest.json", tmp_path)  # of a directory laid out like schema/, which this is not
    shutil.copy(SCHEMA / "stable.json", tmp_path / name)
    assert read_description(str(tmp_path / name)).version == version


def test_bundle_of_a_laid_out_directory_has_its_version() -> None:
    assert read_description(str(SCHEMA / "experimental.json")) == read_description(str(SCHEMA))


def test_directory_without_a_manifest_goes_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "codex-0.163.0"
    folder.mkdir()
    for name in ("experimental.json", "stable.json"):
        shutil.copy(SCHEMA / name, folder)
    assert read_description(str(folder)).version == "0.163.0"


def test_description_as_shipped_by_another_release_is_read(tmp_path: Path) -> None:
    older = read_description(str(BUNDLES / "0.158.0-stable.json.gz"))
    (tmp_path / "schema.json").write_text(dumps(older), encoding="utf-8")
    assert read_description(str(tmp_path / "schema.json")) == older


def test_description_is_told_from_a_bundle_by_what_it_is(tmp_path: Path) -> None:
    described = read_description(str(BUNDLES / "0.158.0-stable.json.gz"))
    odd = replace(described, types={**described.types, "definitions": Type()})
    (tmp_path / "schema.json").write_text(dumps(odd), encoding="utf-8")
    assert read_description(str(tmp_path / "schema.json")) == odd


@pytest.mark.parametrize("name", ["unstable.json", "nonexperimental.json"])
def test_word_in_a_name_is_a_whole_one(tmp_path: Path, name: str) -> None:
    for each in (name, "unexperimental.json", "nonstable.json"):
        shutil.copy(SCHEMA / "experimental.json", tmp_path / each)
    assert read_description(str(tmp_path / name)).experimental is None


# -- anything else --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("x.json", b"{", "not a schema bundle of the app-server"),
        ("x.json", b"", "not a schema bundle of the app-server"),
        ("x.json", b"[]", "not a schema bundle of the app-server"),
        ("x.json", b'{"definitions": {"v2": {}}}', "not a schema bundle of the app-server"),
        ("x.json", b'{"server_requests": {}}', "not the description of a protocol"),
        ("x.json", b'{"format": 99, "server_requests": {}}', "unknown format 99"),
        ("x.json", b"[" * 200_000, "is nested too deeply"),
        ("x.json", b'{"format": 1, "x": ' + b"[" * 200_000, "is nested too deeply"),
        ("x.json.gz", b"\x1f\x8bnonsense", "is damaged"),
        ("x.json.gz", (BUNDLES / "0.149.0-stable.json.gz").read_bytes()[:999], "is damaged"),
    ],
)
def test_damaged_file_is_named_with_the_next_step(tmp_path: Path, name: str, content: bytes, cause: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SchemaError) as caught:
        read_description(str(tmp_path / name))
    assert str(caught.value).startswith(f"{tmp_path / name}: {cause}")
    assert caught.value.next_step


def test_bundle_of_a_shape_to_come_says_what_is_unknown(tmp_path: Path) -> None:
    bundle = json.loads((SCHEMA / "stable.json").read_bytes())
    for name in ("Thread", "Turn", "Model", "ThreadItem"):
        bundle["definitions"]["v2"][name] = False
    (tmp_path / "x.json").write_text(json.dumps(bundle))
    with pytest.raises(SchemaError, match=r"Model is of unknown shape; .*; a newer version of this package") as caught:
        read_description(str(tmp_path / "x.json"))
    assert caught.value.cause.count("unknown shape") == 3


@pytest.mark.parametrize("source", ["", "no/such/file.json", "0.160.1"])
def test_what_does_not_exist_is_named_with_what_can_be_given(source: str) -> None:
    with pytest.raises(SchemaError) as caught:
        read_description(source)
    assert str(caught.value) == (
        f"{source or repr('')}: there is no such file or directory; "
        "give `package`, a bundle (.json or .json.gz), a directory like schema/, or a runtime binary"
    )


@pytest.mark.parametrize("missing", ["experimental.json", "stable.json"])
def test_directory_that_lacks_a_bundle_is_named(tmp_path: Path, missing: str) -> None:
    for name in {"experimental.json", "stable.json"} - {missing}:
        shutil.copy(SCHEMA / name, tmp_path)
    with pytest.raises(SchemaError, match=f"has no {missing}; give `package`"):
        read_description(str(tmp_path))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything can be read")
def test_file_that_must_not_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.touch(mode=0o000)
    with pytest.raises(SchemaError, match=r"x\.json: cannot be read: Permission denied; give"):
        read_description(str(path))
