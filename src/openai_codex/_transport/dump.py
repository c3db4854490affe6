"""What a runtime says of its protocol: it is asked for its version and for both schema bundles, plain and experimental.

Each run has a home of its own, so that it neither reads nor changes the user's, and a deadline. Output goes to files,
not pipes: a grandchild that keeps a pipe open could not delay the deadline. A run that is given up, by its deadline or
by Ctrl-C, is ended with everything that it has started.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._schema.errors import SchemaError
from .process import popen_options

__all__ = ["DUMPED_FILE", "DUMP_COMMAND", "RUN_SECONDS", "VERSION", "Dump", "dump", "excerpt", "run", "version_of"]

RUN_SECONDS = 60.0
"""Seconds that each run may take; a healthy runtime takes a fraction of one."""
DUMP_COMMAND = ("app-server", "generate-json-schema")
VERSION = re.compile(r"(\d+\.\d+\.\d+)[0-9A-Za-z.+-]*")
DUMPED_FILE = "codex_app_server_protocol.schemas.json"
_END_SECONDS = 5.0
_EXCERPT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Dump:
    """What a runtime emits, byte for byte and not looked at.

    Attributes:
        version: Version that the runtime says it has.
        stable: Bundle of what every client has.
        experimental: Bundle with the experimental API.
    """

    version: str
    stable: bytes
    experimental: bytes


def dump(binary: str | os.PathLike[str], *, timeout_s: float = RUN_SECONDS) -> Dump:
    """Ask a runtime for its version and both bundles.

    Args:
        binary: The ``codex`` executable.
        timeout_s: Seconds for each of its three runs.

    Raises:
        SchemaError: the binary is missing, fails, does not end, or writes no bundle.
    """
    path = Path(binary).absolute()  # a mere name would be looked for on PATH
    version = version_of(path, timeout_s=timeout_s)
    return Dump(version, _bundle(path, timeout_s=timeout_s), _bundle(path, "--experimental", timeout_s=timeout_s))


def version_of(binary: str | os.PathLike[str], *, timeout_s: float = RUN_SECONDS) -> str:
    """Ask a runtime for its version. Arguments and errors as of ``dump``."""
    path = Path(binary).absolute()
    call, next_step = f"{path.name} --version", "give the path of a codex runtime binary"
    answer = run([str(path), "--version"], call=call, next_step=next_step, timeout_s=timeout_s)
    version = re.fullmatch(rf"codex-cli ({VERSION.pattern})", answer.strip())
    if version is None:
        raise SchemaError(call, f"answered {excerpt(answer)}, not `codex-cli VERSION`", next_step)
    return version[1]


def _bundle(path: Path, *options: str, timeout_s: float) -> bytes:
    command = [*DUMP_COMMAND, *options]
    call = " ".join([path.name, *command])
    next_step = "use a runtime that has this command, 0.149.0 or later"
    with tempfile.TemporaryDirectory(prefix="codex-schema-", ignore_cleanup_errors=True) as out:
        run([str(path), *command, "--out", out], call=call, next_step=next_step, timeout_s=timeout_s)
        try:
            return Path(out, DUMPED_FILE).read_bytes()
        except FileNotFoundError:
            raise SchemaError(call, f"wrote no {DUMPED_FILE}", next_step) from None


def run(command: Sequence[str], *, call: str, next_step: str, timeout_s: float = RUN_SECONDS) -> str:
    """Run a program to its end, in a home of its own.

    Args:
        command: The program and its arguments.
        call: What errors call it.
        next_step: What errors advise.
        timeout_s: Seconds after which it is ended.

    Returns:
        Its standard output.

    Raises:
        SchemaError: it cannot be started, fails, or does not end.
    """
    with tempfile.TemporaryDirectory(prefix="codex-schema-", ignore_cleanup_errors=True) as home:
        stdout_path, stderr_path = Path(home, "stdout"), Path(home, "stderr")
        try:
            with stdout_path.open("wb") as stdout, stderr_path.open("wb") as stderr:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    env={**os.environ, "CODEX_HOME": home},
                    **popen_options(os.name == "nt"),
                )
        except OSError as error:
            raise SchemaError(call, f"cannot be run: {error.strerror or error}", next_step) from error
        try:
            code = process.wait(timeout_s)
        except BaseException as error:
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise SchemaError(call, f"did not end within {timeout_s:g} s", next_step) from None
            raise
        if code:
            errors = stderr_path.read_text("utf-8", "replace")
            raise SchemaError(call, f"exit code {code}, {excerpt(errors, tail=True)}", next_step)
        return stdout_path.read_text("utf-8", "replace")


def _end(process: subprocess.Popen[Any]) -> None:
    """End a process and what it has started: it leads a group of its own."""
    with contextlib.suppress(OSError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_END_SECONDS)


def excerpt(text: str, *, tail: bool = False) -> str:
    """The first (or last) words of an answer, on one line."""
    words = " ".join(text.split())
    if not words:
        return "nothing"
    if len(words) > _EXCERPT_LENGTH:
        words = f"... {words[-_EXCERPT_LENGTH:]}" if tail else f"{words[:_EXCERPT_LENGTH]} ..."
    return f"`{words}`"
