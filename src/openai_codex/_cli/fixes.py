"""Next steps, each in one line that can be followed or pasted."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from .._generated._version import RUNTIME_VERSION

if TYPE_CHECKING:
    from .._transport.launch import Runtime

__all__ = [
    "command",
    "correct_file",
    "correct_named_file",
    "correct_override",
    "correct_setting",
    "find_delay",
    "install",
    "log_in",
    "log_in_again",
    "mend_runtime",
    "mend_sandbox",
    "take_other_binary",
    "update",
]

_PACKAGE = f"openai-codex-cli-bin=={RUNTIME_VERSION}"
_PREREQUISITES = "https://developers.openai.com/codex/concepts/sandboxing#prerequisites"


def install() -> str:
    """There is no runtime."""
    return f"python -m pip install {_PACKAGE}"


def take_other_binary() -> str:
    """What was given as runtime is none."""
    return "let --codex-bin name a Codex runtime, or leave it out to use the package openai-codex-cli-bin"


def update(runtime: Runtime) -> str:
    """The runtime is old."""
    if runtime.source == "codex_bin":
        return f"let --codex-bin name codex {RUNTIME_VERSION} or newer, or leave it out and {install()}"
    return install()


def mend_runtime(runtime: Runtime) -> str:
    """The runtime does not do what it should, and its words are all that is known."""
    if runtime.source == "codex_bin":
        return take_other_binary()
    again = " --force-reinstall" if runtime.source == "package" else ""
    return f"correct what the runtime names; if it names nothing: python -m pip install{again} {_PACKAGE}"


def find_delay(runtime: Runtime) -> str:
    """The runtime does not answer."""
    started = command(runtime.path, "app-server", "--listen", "stdio://")
    return f"give it longer with --timeout, or see what it says by itself: {started}"


def correct_override() -> str:
    """The runtime does not start with what was given as configuration."""
    return "correct the value of --config that the runtime complains of, or leave it out"


def correct_file(file: str, line: int) -> str:
    """The runtime cannot read a file beyond some line."""
    return f"correct {file}, at or just before line {line}"


def correct_named_file() -> str:
    """The runtime complains of a file, and says which."""
    return "correct the file that is named"


def correct_setting(file: str, overridden: bool) -> str:
    """The runtime complains of a setting.

    Args:
        file: The file that is probably meant.
        overridden: Whether there were settings on the command line.
    """
    return f"correct the setting that is named, in {file}{' or in --config' if overridden else ''}"


def log_in(runtime: Runtime) -> str:
    """Nobody is logged in."""
    return f"run {_login(runtime)}, or from Python: codex.login_chatgpt() or codex.login_api_key(key)"


def log_in_again(runtime: Runtime) -> str:
    """The login that there is does not work, or cannot be looked at."""
    return f"look whether this machine reaches chatgpt.com; if it does, log in again: {_login(runtime)}"


def _login(runtime: Runtime) -> str:
    return command(runtime.path, "login")


def mend_sandbox(warning: str) -> str:
    """The sandbox misses something."""
    if "install bubblewrap" in warning.lower():
        return "sudo apt install bubblewrap, or the same with another package manager"
    return f"see {_PREREQUISITES}"


def command(*words: str) -> str:
    """A command line for the shell of this system."""
    if os.name == "nt":
        return " ".join(f'"{word}"' if " " in word else word for word in words)
    return shlex.join(words)
