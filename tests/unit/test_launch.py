"""What to start and how."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from openai_codex._config import CodexConfig
from openai_codex._transport.launch import (
    build_argv,
    build_env,
    find_runtime,
    plan_launch,
)
from openai_codex._transport.process import popen_options
from openai_codex.errors import RuntimeNotFoundError


@pytest.fixture
def no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "codex_cli_bin", None)


def binary(directory: Path) -> Path:
    path = directory / ("codex.exe" if os.name == "nt" else "codex")
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_named_binary_comes_first(tmp_path: Path) -> None:
    path = binary(tmp_path)
    runtime = find_runtime(CodexConfig(codex_bin=str(path)))
    assert (runtime.path, runtime.helper_dir, runtime.source) == (str(path), None, "codex_bin")


def test_named_binary_that_is_missing_is_an_error_that_names_it() -> None:
    with pytest.raises(RuntimeNotFoundError, match="/nowhere/codex"):
        find_runtime(CodexConfig(codex_bin="/nowhere/codex"))


def test_installed_package_comes_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = types.ModuleType("codex_cli_bin")
    package.bundled_codex_path = lambda: tmp_path / "codex"  # type: ignore[attr-defined]  # a stand-in
    package.bundled_path_dir = lambda: tmp_path / "helpers"  # type: ignore[attr-defined]  # a stand-in
    monkeypatch.setitem(sys.modules, "codex_cli_bin", package)
    runtime = find_runtime(CodexConfig(env={"PATH": str(tmp_path)}))
    assert (runtime.path, runtime.helper_dir) == (str(tmp_path / "codex"), str(tmp_path / "helpers"))


def test_package_without_its_binary_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise FileNotFoundError("codex")

    package = types.ModuleType("codex_cli_bin")
    package.bundled_codex_path = missing  # type: ignore[attr-defined]  # a stand-in
    monkeypatch.setitem(sys.modules, "codex_cli_bin", package)
    path = binary(tmp_path)
    assert find_runtime(CodexConfig(env={"PATH": str(tmp_path)})).path == str(path)


@pytest.mark.usefixtures("no_package")
def test_path_of_the_configured_environment_comes_third(tmp_path: Path) -> None:
    path = binary(tmp_path)
    runtime = find_runtime(CodexConfig(env={"PATH": str(tmp_path)}))
    assert (runtime.path, runtime.source) == (str(path), "PATH")


@pytest.mark.usefixtures("no_package")
def test_no_runtime_at_all_is_an_error_that_tells_every_way(tmp_path: Path) -> None:
    with pytest.raises(RuntimeNotFoundError) as raised:
        find_runtime(CodexConfig(env={"PATH": str(tmp_path)}))
    assert isinstance(raised.value, FileNotFoundError)
    for way in ("codex_bin", "openai-codex-cli-bin", "PATH"):
        assert way in str(raised.value)


def test_overrides_come_before_the_subcommand() -> None:
    config = CodexConfig(config_overrides=('model="x"', "a=1"))
    assert build_argv(config, "/c") == [
        "/c", "--config", 'model="x"', "--config", "a=1", "app-server", "--listen", "stdio://",
    ]  # fmt: skip


def test_override_of_the_command_line_replaces_all_of_it() -> None:
    config = CodexConfig(codex_bin="/nowhere", launch_args_override=("x", "y"), env={"A": "1"})
    argv, env = plan_launch(config)
    assert argv == ("x", "y")
    assert env["A"] == "1" and env["PATH"] == os.environ["PATH"]


def test_empty_override_is_refused() -> None:
    with pytest.raises(ValueError, match="launch_args_override"):
        plan_launch(CodexConfig(launch_args_override=()))


def test_helpers_come_first_on_the_path() -> None:
    env = build_env({"PATH": "/bin", "A": "1"}, {"A": "2", "PATH": "/usr/bin"}, "/h", windows=False)
    assert env == {"PATH": "/h:/usr/bin", "A": "2"}
    assert build_env({}, None, "/h", windows=False) == {"PATH": "/h"}


def test_windows_variables_are_one_in_any_case() -> None:
    env = build_env({"Path": "C:\\a", "X": "1"}, {"PATH": "C:\\b", "x": "2"}, "C:\\h", windows=True)
    assert env == {"Path": "C:\\h;C:\\b", "X": "2"}


def test_process_is_detached_from_the_terminal_on_each_platform() -> None:
    assert popen_options(windows=False) == {"start_new_session": True}
    assert popen_options(windows=True) == {"creationflags": 0x08000200}
    assert getattr(subprocess, "CREATE_NO_WINDOW", 0x08000000) == 0x08000000
