"""Threads that read and write pipes, for the threaded engine and for event loops that cannot watch a pipe."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import threading
from collections.abc import Callable
from typing import IO

from .._transport.stdio import READ_SIZE

__all__ = ["PipeReader", "PipeWriter", "StopSignal"]

_CAN_POLL = hasattr(select, "poll")


class StopSignal:
    """Tells readers that are blocked on a pipe to stop.

    A reader must not rely on the end of its pipe alone: a grandchild of the runtime may hold the other end
    open. Where pipes cannot be polled (Windows) this does nothing, and such a reader is left behind as a
    daemon.
    """

    def __init__(self) -> None:
        self._fds = os.pipe() if _CAN_POLL else None

    @property
    def fd(self) -> int | None:
        """Readable once ``set`` was called; None where it cannot be polled."""
        return None if self._fds is None else self._fds[0]

    def set(self) -> None:
        """Stop the readers."""
        if self._fds is not None:
            os.write(self._fds[1], b"x")

    def close(self) -> None:
        """Release the pipe, once no reader uses it."""
        if self._fds is not None:
            for fd in self._fds:
                os.close(fd)
            self._fds = None


class PipeReader(threading.Thread):
    """Calls ``on_data`` with everything read from ``pipe``, and ``on_end`` once at its end."""

    def __init__(
        self,
        name: str,
        pipe: IO[bytes],
        stop: StopSignal,
        on_data: Callable[[bytes], object],
        on_end: Callable[[], object],
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._fd = pipe.fileno()
        self._stop_fd = stop.fd
        self._on_data = on_data
        self._on_end = on_end

    def run(self) -> None:
        try:
            poll = None
            if self._stop_fd is not None:
                poll = select.poll()
                poll.register(self._fd, select.POLLIN)
                poll.register(self._stop_fd, select.POLLIN)
            while True:
                try:
                    if poll is not None and any(fd == self._stop_fd for fd, _ in poll.poll()):
                        break
                    data = os.read(self._fd, READ_SIZE)
                except OSError:
                    break
                if not data:
                    break
                self._on_data(data)
        finally:
            self._on_end()


class PipeWriter:
    """Writes whole lines to a pipe without ever blocking its caller.

    A short line that fits into the pipe is written by the caller: the kernel writes up to ``PIPE_BUF`` bytes
    whole or not at all, so that not even an interrupt tears a line. Anything else goes to a thread, started
    on first need, which may wait for as long as the runtime does not read.

    Once ``close`` was called nothing more is accepted; the pipe is closed after what was accepted is written.
    """

    def __init__(self, pipe: IO[bytes], stop: StopSignal) -> None:
        self._pipe = pipe
        self._fd = pipe.fileno()
        self._stop_fd = stop.fd
        self._lock = threading.RLock()  # a finalizer may run at any moment, and write as well
        self._waiting = 0  # what was given to the thread and is not done yet
        self._handover: queue.SimpleQueue[bytes | Callable[[], object] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        if _CAN_POLL:
            os.set_blocking(self._fd, False)

    def write(self, line: bytes) -> None:
        """Write a line at once if that cannot block, else leave it to the thread."""
        with self._lock:
            if not _CAN_POLL or self._waiting or self._closed or len(line) > select.PIPE_BUF:
                self._hand_over(line)
                return
            try:
                os.write(self._fd, line)
            except BlockingIOError:
                self._hand_over(line)
            except OSError:  # the reader of the other pipe reports the end
                pass

    def write_later(self, line: bytes) -> None:
        """Leave a line to the thread: for callers that must not spend time here."""
        with self._lock:
            self._hand_over(line)

    def call_later(self, call: Callable[[], object]) -> None:
        """Call something on the thread, after what was given to it before; here, if there is no thread to be had.

        Nothing is called after ``close``.
        """
        with self._lock:
            if self._closed:
                return
            threaded = self._has_thread()
            if threaded:
                self._hand_over(call)
        if not threaded:
            call()

    @property
    def on_its_thread(self) -> bool:
        """Whether the caller runs on the thread."""
        return self._thread is threading.current_thread()

    def close(self) -> None:
        """Close the pipe after what was accepted is written. Returns at once."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._thread is None:
                with contextlib.suppress(OSError):
                    self._pipe.close()
            else:
                self._handover.put(None)

    def join(self, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds for the thread to end after ``close``; returns whether it has."""
        if self._thread is None:
            return True
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _hand_over(self, work: bytes | Callable[[], object]) -> None:
        if self._closed:
            return
        self._waiting += 1
        self._handover.put(work)
        self._has_thread()  # if the system has no more threads, the next line tries again

    def _has_thread(self) -> bool:
        """Start the thread, unless it runs. False if that cannot be done."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="codex-write", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:
                self._thread = None
        return self._thread is not None

    def _run(self) -> None:
        while (work := self._handover.get()) is not None:
            if isinstance(work, bytes):
                with contextlib.suppress(OSError):
                    self._write_all(work)
            else:
                work()
            with self._lock:
                self._waiting -= 1
            del work  # it may hold what somebody waits to see collected
        with contextlib.suppress(OSError):
            self._pipe.close()

    def _write_all(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                poll = select.poll()
                poll.register(self._fd, select.POLLOUT)
                if self._stop_fd is not None:
                    poll.register(self._stop_fd, select.POLLIN)
                if any(fd == self._stop_fd for fd, _ in poll.poll()):
                    return
