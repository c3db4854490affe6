"""How an event loop gets at the pipes of the runtime.

``LoopPipes`` lets the loop watch them: no thread at all. ``ThreadPipes`` is for loops that cannot (Windows,
and loops without pipe support): reader threads hand over each chunk with one ``call_soon_threadsafe``. Both
call back on the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from typing import IO, Protocol

from .._transport.stdio import READ_SIZE, StdioProcess
from .common import JOIN_S
from .pipes import PipeReader, PipeWriter, StopSignal

__all__ = ["LoopPipes", "Pipes", "ThreadPipes"]

_CHUNKS_AHEAD = 4

_OnData = Callable[[bytes], object]
_OnEnd = Callable[[], object]


class Pipes(Protocol):
    """What the engine needs of either."""

    async def attach(self) -> None:
        """Start reading."""
        ...

    def write(self, line: bytes) -> None:
        """Write without blocking."""
        ...

    def close_stdin(self) -> None:
        """Close the pipe to the runtime after what was written has left."""
        ...

    async def close(self) -> None:
        """Let go of everything, at once."""
        ...


class _Reader:
    """Reads one pipe whenever the loop says that there is something to read."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pipe: IO[bytes], on_data: _OnData, on_end: _OnEnd) -> None:
        self._loop = loop
        self._fd = pipe.fileno()
        self._on_data = on_data
        self._on_end = on_end
        os.set_blocking(self._fd, False)
        loop.add_reader(self._fd, self._read)
        self._reading = True

    def _read(self) -> None:
        try:
            data = os.read(self._fd, READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._on_data(data)
        else:
            self.close()
            self._on_end()

    def close(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._fd)


class _Writing(asyncio.BaseProtocol):
    def __init__(self) -> None:
        self.closed = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(None)


class LoopPipes:
    """Pipes that the event loop watches itself. ``attach`` raises ``NotImplementedError`` where it cannot."""

    def __init__(self, process: StdioProcess, on_data: _OnData, on_stdout_end: _OnEnd, on_stderr_end: _OnEnd) -> None:
        self._process = process
        self._targets = (
            (process.stderr, process.tail.feed, on_stderr_end),
            (process.stdout, on_data, on_stdout_end),
        )
        self._stdin = _Writing()
        self._writer: asyncio.WriteTransport | None = None
        self._readers: list[_Reader] = []
        self._closed = False
        self._ending = False

    async def attach(self) -> None:
        loop = asyncio.get_running_loop()
        for pipe, on_data, on_end in self._targets:
            self._readers.append(_Reader(loop, pipe, on_data, on_end))
        self._writer, _ = await loop.connect_write_pipe(lambda: self._stdin, self._process.stdin)
        if self._closed:  # meanwhile
            self._writer.abort()
        elif self._ending:
            self._writer.close()

    def write(self, line: bytes) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(line)

    def close_stdin(self) -> None:
        self._ending = True
        if self._writer is not None:
            self._writer.close()

    async def close(self) -> None:
        self._closed = True
        for reader in self._readers:
            reader.close()
        if self._writer is not None:
            if not self._stdin.closed.done():
                self._writer.abort()  # what was not read by now never will be
            await asyncio.wait([self._stdin.closed], timeout=JOIN_S)
        self._process.close_pipes()


class ThreadPipes:
    """Pipes that threads read and write."""

    def __init__(self, process: StdioProcess, on_data: _OnData, on_stdout_end: _OnEnd, on_stderr_end: _OnEnd) -> None:
        self._process = process
        self._loop = asyncio.get_running_loop()
        self._on_data = on_data
        self._slots = threading.Semaphore(_CHUNKS_AHEAD)
        self._stop = StopSignal()
        self._writer = PipeWriter(process.stdin, self._stop)
        self._readers = [
            PipeReader("codex-read", process.stdout, self._stop, self._hand_over, self._on_loop(on_stdout_end)),
            PipeReader("codex-stderr", process.stderr, self._stop, process.tail.feed, self._on_loop(on_stderr_end)),
        ]

    def _on_loop(self, callback: Callable[..., object]) -> Callable[..., None]:
        def hand_over(*args: object) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
                self._loop.call_soon_threadsafe(callback, *args)

        return hand_over

    def _hand_over(self, data: bytes) -> None:
        """Give a chunk to the loop, but do not run ahead of it: its other work comes first."""
        self._slots.acquire()
        with contextlib.suppress(RuntimeError):  # as above
            self._loop.call_soon_threadsafe(self._take_over, data)

    def _take_over(self, data: bytes) -> None:
        self._slots.release()
        self._on_data(data)

    async def attach(self) -> None:
        for reader in self._readers:
            reader.start()

    def write(self, line: bytes) -> None:
        self._writer.write(line)

    def close_stdin(self) -> None:
        self._writer.close()

    async def close(self) -> None:
        self._writer.close()
        self._stop.set()
        self._slots.release(_CHUNKS_AHEAD)  # a reader that waits for the loop has to see the signal
        written = self._writer.join(JOIN_S)
        for reader in self._readers:
            if reader.ident is not None:
                reader.join(JOIN_S)
        # Closing what a thread reads or writes would be worse: the number may be another file's in no time.
        if written and not any(reader.is_alive() for reader in self._readers):
            self._process.close_pipes()
            self._stop.close()
