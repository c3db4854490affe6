"""The runtime as a child process: three pipes, the end of its stderr, its exit, and the steps that end it.

``StdioProcess`` waits for nothing by itself, apart from one thread that blocks in ``wait`` so that the death
of the process is noticed even while a grandchild holds its stdout open. The engines decide who reads and
writes the pipes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO

from ..errors import RuntimeNotFoundError
from .process import popen_options

__all__ = ["READ_SIZE", "StderrTail", "StdioProcess", "shutdown_steps"]

READ_SIZE = 65536  # what a pipe holds; larger buffers are mapped and unmapped by malloc on every read

_NOT_EXECUTABLE = (errno.ENOENT, errno.EACCES, errno.ENOTDIR, errno.ENOEXEC)
_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
_TAIL_LINES = 50
_TAIL_LINE_BYTES = 2000


class StderrTail:
    """Keeps the last lines of a byte stream in bounded memory."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque(maxlen=_TAIL_LINES)
        self._partial = b""

    def feed(self, data: bytes) -> None:
        """Add what was read."""
        first, *others = data.split(b"\n")
        self._partial += first[: _TAIL_LINE_BYTES - len(self._partial)]
        if others:
            self._lines.append(self._partial)
            self._lines.extend(line[:_TAIL_LINE_BYTES] for line in others[-_TAIL_LINES - 1 : -1])
            self._partial = others[-1][:_TAIL_LINE_BYTES]

    def lines(self) -> tuple[str, ...]:
        """Return the last lines, oldest first, with the unfinished one, without empty ones and colours."""
        lines = [_COLOUR.sub(b"", line) for line in [*self._lines, self._partial]]
        texts = [line.decode("utf-8", "replace").rstrip() for line in lines]
        return tuple(text for text in texts if text)[-_TAIL_LINES:]


class StdioProcess:
    """A running runtime.

    Attributes:
        stdin, stdout, stderr: The unbuffered pipes. Whoever attaches to one closes it, or calls
            ``close_pipes``.
        tail: The end of stderr, filled by whoever reads it.
        exited: Set once the process has ended and ``returncode`` is known.
    """

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: str | None) -> None:
        """Start the process.

        Raises:
            RuntimeNotFoundError: the binary does not exist or cannot be executed.
            FileNotFoundError: there is no ``cwd``.
            NotADirectoryError: ``cwd`` is not a directory.
        """
        if cwd is not None and not os.path.isdir(cwd):
            if not os.path.exists(cwd):
                raise FileNotFoundError(f"CodexConfig.cwd names {cwd!r}, which does not exist")
            raise NotADirectoryError(f"CodexConfig.cwd names {cwd!r}, which is not a directory")
        try:
            self._process = subprocess.Popen(
                argv,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env=env,
                **popen_options(os.name == "nt"),
            )
        except OSError as error:
            if error.errno not in _NOT_EXECUTABLE:
                raise
            raise RuntimeNotFoundError(f"cannot start the runtime {argv[0]!r}: {error.strerror or error}") from error
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self.stdin: IO[bytes] = self._process.stdin
        self.stdout: IO[bytes] = self._process.stdout
        self.stderr: IO[bytes] = self._process.stderr
        self.tail = StderrTail()
        self.exited = threading.Event()
        self._waiter: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._process.returncode if self.exited.is_set() else None

    def watch(self, on_exit: Callable[[], object]) -> None:
        """Start the thread that waits for the process and then calls ``on_exit``. Without one the process is ended.

        Raises:
            RuntimeError: the system has no more threads.
        """

        def wait() -> None:
            self._process.wait()
            self.exited.set()
            on_exit()

        waiter = threading.Thread(target=wait, name="codex-wait", daemon=True)
        try:
            waiter.start()
        except RuntimeError:
            self.kill()
            wait()
            raise
        self._waiter = waiter

    def terminate(self) -> None:
        """Ask the process to end; harmless when it has."""
        with contextlib.suppress(OSError):
            self._process.terminate()

    def kill(self) -> None:
        """End the process; harmless when it has ended."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def join(self, timeout: float) -> None:
        """Wait up to ``timeout`` seconds for the thread that ``watch`` started, unless called on it."""
        if self._waiter is not None and self._waiter is not threading.current_thread():
            self._waiter.join(timeout)

    def close_stdin(self) -> None:
        """Close the pipe to the process, which asks it to end."""
        with contextlib.suppress(OSError):
            self.stdin.close()

    def close_pipes(self) -> None:
        """Close all three pipes."""
        for pipe in (self.stdin, self.stdout, self.stderr):
            with contextlib.suppress(OSError):
                pipe.close()

    def describe_exit(self) -> str:
        """Return how the process ended, for a sentence that starts with "the runtime"."""
        code = self.returncode
        if code is None:
            return "closed its output without exiting"
        if code >= 0:
            return f"exited with code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"was killed by {name}"


def shutdown_steps(process: StdioProcess, close_stdin: Callable[[], object]) -> Iterator[float]:
    """Take ever stronger steps to end the process; yields how many seconds to wait for its exit after each.

    Args:
        process: The process to end.
        close_stdin: Closes stdin; the gentle way, after which the runtime ends by itself.
    """
    close_stdin()
    yield 2.0
    process.terminate()
    yield 2.0
    process.kill()
    yield 5.0
