"""Runtimes by version: real pip, with small wheels in a folder in place of the package index; and the cache."""

from __future__ import annotations

import os
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from codegen.runtimes import CACHE_VARIABLE, PACKAGE, cache, fetch, installed, published, version_of
from codegen.sources import SourceError
from openai_codex._schema.errors import SchemaError
from openai_codex._transport import dump
from tests.standin_binary import needs_shebang

MODULE = """
from pathlib import Path
def bundled_codex_path():
    return Path(__file__).resolve().parent / "codex"
"""

Publish = Callable[..., Path]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the only index, beside an empty cache."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull}
    for name, value in {**settings, CACHE_VARIABLE: str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)
    return folder


@pytest.fixture
def publish(index: Path) -> Publish:
    def make(version: str, *, says: str | None = None, module: str = MODULE) -> Path:
        """Write a wheel whose binary says a version."""
        wheel = index / f"openai_codex_cli_bin-{version}-py3-none-any.whl"
        info = f"openai_codex_cli_bin-{version}.dist-info"
        binary = zipfile.ZipInfo("codex_cli_bin/codex")
        binary.external_attr = 0o100755 << 16
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("codex_cli_bin/__init__.py", module)
            archive.writestr(binary, f"#!{sys.executable}\nprint('codex-cli {says or version}')\n")
            described = f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: {version}\nRequires-Dist: nowhere\n"
            archive.writestr(f"{info}/METADATA", described)
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")
        return wheel

    return make


def kept() -> list[str]:
    return sorted(os.listdir(cache())) if cache().exists() else []


# --- where ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({CACHE_VARIABLE: "/a/b", "XDG_CACHE_HOME": "/c"}, "/a/b"),
        ({CACHE_VARIABLE: "", "XDG_CACHE_HOME": "/c"}, "/c/openai-codex-runtimes"),
        ({"XDG_CACHE_HOME": "", "HOME": "/d"}, "/d/.cache/openai-codex-runtimes"),
    ],
)
@needs_shebang
def test_cache_is_where_the_user_says(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache() == Path(expected)


def test_cache_is_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runtime is started in another working directory than this one."""
    monkeypatch.setenv(CACHE_VARIABLE, "here")
    assert cache() == Path.cwd() / "here"


# --- fetching ------------------------------------------------------------------------------------------------


@needs_shebang
def test_version_is_fetched_once_and_then_taken_from_the_cache(
    publish: Publish, capfd: pytest.CaptureFixture[str]
) -> None:
    wheel = publish("0.170.1")
    binary = fetch("0.170.1")
    assert version_of(binary) == "0.170.1"
    assert capfd.readouterr().err == f"fetching {PACKAGE}==0.170.1 ...\n"
    wheel.unlink()  # nobody to ask any more
    assert fetch("0.170.1") == binary
    assert capfd.readouterr().err == ""
    assert kept() == [f"0.170.1-{sysconfig.get_platform()}"]


@needs_shebang
def test_other_version_is_not_taken_for_the_one_in_the_cache(publish: Publish) -> None:
    publish("0.170.1")
    publish("0.170.2")
    assert [version_of(fetch(version)) for version in ("0.170.1", "0.170.2")] == ["0.170.1", "0.170.2"]


@needs_shebang
def test_repeated_release_has_the_binary_of_its_release(publish: Publish) -> None:
    publish("0.170.1.post1", says="0.170.1")
    assert version_of(fetch("0.170.1.post1")) == "0.170.1"


@needs_shebang
def test_binary_of_another_version_does_not_get_into_the_cache(publish: Publish) -> None:
    publish("0.170.1", says="0.170.0")
    with pytest.raises(SourceError, match=r"==0\.170\.1: its binary calls itself 0\.170\.0; choose another version"):
        fetch("0.170.1")
    assert kept() == []


def test_download_that_is_cut_off_does_not_get_into_the_cache(publish: Publish) -> None:
    wheel = publish("0.170.1")
    wheel.write_bytes(wheel.read_bytes()[:-100])
    with pytest.raises(SourceError, match=r"pip install openai-codex-cli-bin==0\.170\.1: exit code"):
        fetch("0.170.1")
    assert kept() == []


@needs_shebang
def test_process_that_was_ended_while_fetching_leaves_nothing_that_is_used(publish: Publish) -> None:
    """Ended at the worst moment: all is downloaded, and the binary is asked for its version."""
    publish("0.170.1", module=f"import os\nos.kill(os.getppid(), 9)\n{MODULE}")
    program = "from codegen.runtimes import fetch; fetch('0.170.1')"
    with pytest.raises(SchemaError, match="exit code -9"):
        dump.run([sys.executable, "-c", program], call="fetch", next_step="")
    (left,) = kept()
    assert left.startswith(".fetching-")
    publish("0.170.1")
    assert version_of(fetch("0.170.1")) == "0.170.1"
    # It may be another fetch that goes on; only when no fetch takes that long, it is removed.
    assert left in kept()
    publish("0.170.2")
    os.utime(cache() / left, (0, 0))
    fetch("0.170.2")
    assert kept() == [f"0.170.{patch}-{sysconfig.get_platform()}" for patch in (1, 2)]


@needs_shebang
def test_two_may_fetch_the_same_version_at_a_time(publish: Publish) -> None:
    publish("0.170.1")
    with ThreadPoolExecutor(3) as pool:
        binaries = set(pool.map(fetch, ["0.170.1"] * 3))
    assert len(binaries) == 1
    assert kept() == [f"0.170.1-{sysconfig.get_platform()}"]


def test_damaged_version_in_the_cache_is_named(index: Path) -> None:
    damaged = cache() / f"0.170.1-{sysconfig.get_platform()}"
    damaged.mkdir(parents=True)
    with pytest.raises(SourceError, match=rf"openai-codex-cli-bin==0\.170\.1: exit code 1.*; remove {damaged} and try"):
        fetch("0.170.1")


def test_package_of_another_layout_is_named(publish: Publish) -> None:
    publish("0.170.1", module="")
    with pytest.raises(SourceError, match=r"bundled_codex_path.*layout has changed: adapt codegen/runtimes\.py"):
        fetch("0.170.1")


# --- what there is -------------------------------------------------------------------------------------------


def test_published_versions_are_those_of_the_index_newest_first(publish: Publish) -> None:
    for version in ("0.9.0", "0.170.1", "0.171.0a1", "0.170.0"):
        publish(version)
    assert published() == ["0.170.1", "0.170.0", "0.9.0"]


def test_index_that_cannot_be_asked_is_named(index: Path) -> None:
    with pytest.raises(SourceError, match=r"pip index versions openai-codex-cli-bin: exit code 1.*; check the network"):
        published()


def test_installed_runtime_is_a_runtime() -> None:
    assert dump.VERSION.fullmatch(version_of(installed()))
