"""Which runtime to start, and how: all that can be decided about the process before it exists."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .._config import CodexConfig
from ..errors import RuntimeNotFoundError

__all__ = ["Runtime", "build_argv", "build_env", "find_runtime", "plan_launch"]


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime binary.

    Attributes:
        path: The binary.
        helper_dir: Directory of helper programs that belongs on its PATH, or None.
        source: Where it was found: ``codex_bin``, ``package`` or ``PATH``.
    """

    path: str
    helper_dir: str | None
    source: str


def find_runtime(config: CodexConfig) -> Runtime:
    """Return the runtime to start: ``config.codex_bin``, else the installed package, else ``codex`` on PATH.

    Raises:
        RuntimeNotFoundError: there is none, or ``config.codex_bin`` does not exist.
    """
    if config.codex_bin is not None:
        path = os.path.expanduser(config.codex_bin)
        if not os.path.isfile(path):
            raise RuntimeNotFoundError(
                f"CodexConfig.codex_bin names {config.codex_bin!r}, which is not a file; "
                "correct it, or leave it out to use the installed runtime package"
            )
        return Runtime(path, None, "codex_bin")
    packaged = _packaged_runtime()
    if packaged is not None:
        return packaged
    found = shutil.which("codex", path=_search_path(config.env))
    if found is not None:
        return Runtime(found, None, "PATH")
    raise RuntimeNotFoundError(
        "no Codex runtime found: CodexConfig.codex_bin is not set, the package openai-codex-cli-bin is not "
        "installed (or holds no binary), and there is no 'codex' on PATH; "
        "run 'pip install openai-codex-cli-bin' or set CodexConfig(codex_bin=...)"
    )


def _packaged_runtime() -> Runtime | None:
    try:
        package = importlib.import_module("codex_cli_bin")
        path: Path = package.bundled_codex_path()
        helper_dir: Path | None = package.bundled_path_dir()
    except (ImportError, FileNotFoundError):
        return None
    return Runtime(str(path), None if helper_dir is None else str(helper_dir), "package")


def _search_path(env: Mapping[str, str] | None) -> str | None:
    """PATH as the runtime would see it; None for the PATH of this process."""
    return next((value for name, value in (env or {}).items() if name.upper() == "PATH"), None)


def build_argv(config: CodexConfig, path: str) -> list[str]:
    """Return the command line that starts ``path`` as an app-server on stdio."""
    argv = [path]
    for override in config.config_overrides:
        argv += ["--config", override]
    return [*argv, "app-server", "--listen", "stdio://"]


def build_env(
    base: Mapping[str, str], config_env: Mapping[str, str] | None, helper_dir: str | None, windows: bool
) -> dict[str, str]:
    """Return the environment of the runtime.

    Args:
        base: Environment to start from.
        config_env: Variables that replace or add to it.
        helper_dir: Directory to put first on PATH, or None.
        windows: Treat variable names as Windows does: ``Path`` and ``PATH`` are one variable.
    """
    env = dict(base)
    for name, value in (config_env or {}).items():
        env[_spelling(env, name, windows)] = value
    if helper_dir is not None:
        name = _spelling(env, "PATH", windows)
        separator = ";" if windows else ":"
        env[name] = separator.join(filter(None, [helper_dir, env.get(name)]))
    return env


def _spelling(env: Mapping[str, str], name: str, windows: bool) -> str:
    """Return the name under which ``env`` already has the variable, where case does not matter."""
    if windows:
        return next((known for known in env if known.upper() == name.upper()), name)
    return name


def plan_launch(config: CodexConfig) -> tuple[Sequence[str], dict[str, str]]:
    """Return the command line and the environment to start the runtime with. Raises as ``find_runtime``."""
    windows = os.name == "nt"
    if config.launch_args_override is not None:
        if not config.launch_args_override:
            raise ValueError("CodexConfig.launch_args_override is empty: it must start with the binary")
        return config.launch_args_override, build_env(os.environ, config.env, None, windows)
    runtime = find_runtime(config)
    return build_argv(config, runtime.path), build_env(os.environ, config.env, runtime.helper_dir, windows)
