"""The engine for synchronous code: one thread reads, the calling threads write and wait.

A caller looks, arms a lock of its own, looks again and then waits on it; the reader releases the locks of
exactly those whose messages a chunk held, after it has let go of the engine's lock. The reader never writes:
the runtime may be blocked on writing to us, and a reader that is blocked on writing to it would make that
final.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from .._config import CodexConfig
from .._core.connection import Connection, PendingRequest, fresh_error
from .._core.mailbox import Mailbox
from .._transport.launch import plan_launch
from .._transport.stdio import StdioProcess, shutdown_steps
from ..errors import RequestTimeoutError, TransportClosedError
from . import DEFAULT_TIMEOUT, DefaultTimeout
from .common import (
    CLOSED_TEXT,
    EXIT_GRACE_S,
    FORKED_TEXT,
    JOIN_S,
    NOT_STARTED_TEXT,
    TWO_WAITERS_TEXT,
    death_error,
    resolve_timeout,
    timeout_text,
)
from .handlers import Dispatcher, Invocation, Reply
from .pipes import PipeReader, PipeWriter, StopSignal
from .protocol import Protocol, generated_protocol

__all__ = ["Engine"]

# On Windows a wait for a lock cannot be interrupted, so it is cut into slices for Ctrl-C to be seen between
# them.
_SLICE = 0.2 if os.name == "nt" else threading.TIMEOUT_MAX


class Engine:
    """One runtime and the connection to it, for use from any thread.

    Args:
        config: How to start the runtime, and the limits.
        handlers: The user's server-request handlers; None refuses every request.
        protocol: Tables of the protocol; None takes the generated ones.
    """

    def __init__(
        self, config: CodexConfig, *, handlers: object | None = None, protocol: Protocol | None = None
    ) -> None:
        self._config = config
        self._protocol = generated_protocol(asynchronous=False) if protocol is None else protocol
        self._dispatcher = Dispatcher(self._protocol, handlers)
        self._connection = Connection(long_running=self._protocol.long_running)
        self._lock = threading.Lock()  # guards the connection and the handler books
        self._closing = threading.Lock()
        self._pid = os.getpid()
        self._process: StdioProcess | None = None
        self._writer: PipeWriter | None = None
        self._readers: list[PipeReader] = []
        self._stop: StopSignal | None = None
        self._stdout_ended = threading.Event()
        self._stderr_ended = threading.Event()
        self._running: dict[int | str, Invocation] = {}
        self._waiting: deque[Invocation] = deque()

    # -- life -------------------------------------------------------------------------------------

    @property
    def events(self) -> Mailbox:
        """Notifications that belong to no turn."""
        return self._connection.events

    @property
    def closed(self) -> bool:
        """Whether the connection is over, by ``close`` or by the end of the runtime."""
        return self._connection.error is not None

    def start(self) -> None:
        """Start the runtime and attach to it. Nothing is sent yet.

        Raises:
            RuntimeNotFoundError: there is no runtime to start.
            TransportClosedError: the engine was closed.
        """
        if self._connection.error is not None:
            raise fresh_error(self._connection.error)
        if self._process is not None:
            raise RuntimeError("the engine was started already")
        argv, env = plan_launch(self._config)
        self._process = process = StdioProcess(argv, env, self._config.cwd)
        try:
            process.watch(self._on_exit)
            self._writer = PipeWriter(process.stdin)
            self._stop = StopSignal()
            for reader in (
                PipeReader("codex-read", process.stdout, self._stop, self._on_data, self._on_stdout_end),
                PipeReader("codex-stderr", process.stderr, self._stop, process.tail.feed, self._stderr_ended.set),
            ):
                reader.start()
                self._readers.append(reader)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the runtime and everything that belongs to it. Idempotent; never raises.

        Running handlers are left to themselves; their answers go nowhere.
        """
        if os.getpid() != self._pid:  # after a fork the runtime belongs to the parent
            return
        self._fail(TransportClosedError(CLOSED_TEXT))
        with self._closing:
            process, self._process = self._process, None
            if process is None:
                return
            try:
                for seconds in shutdown_steps(process, self._close_stdin):
                    if process.exited.wait(seconds):
                        break
            finally:
                process.kill()
                self._release(process)

    def _close_stdin(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _release(self, process: StdioProcess) -> None:
        """Let go of the threads and pipes of a process that has ended."""
        process.join(JOIN_S)
        if self._stop is not None:
            self._stop.set()
        if self._writer is not None:
            self._writer.join(JOIN_S)
        for reader in self._readers:
            reader.join(JOIN_S)
        if not any(reader.is_alive() for reader in self._readers):  # closing what a thread reads would be worse
            process.close_pipes()
            if self._stop is not None:
                self._stop.close()

    # -- requests ---------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        *,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> Any:
        """Send a request and return its decoded result.

        Args:
            method: Wire method.
            params: Parameters; None is sent as ``{}``.
            timeout: Seconds until the answer, queueing included; None for no limit.

        Raises:
            JsonRpcError: the runtime answered with an error.
            RequestTimeoutError: there was no answer in time.
            TransportClosedError: the connection is over.
        """
        return self._call(method, params, timeout, opens_turn=False).result

    def open_turn_request(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        *,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> tuple[Any, Mailbox]:
        """As ``request``, for methods whose result names a turn: returns that turn's mailbox too."""
        pending = self._call(method, params, timeout, opens_turn=True)
        assert pending.mailbox is not None
        return pending.result, pending.mailbox

    def notify(self, method: str, params: Mapping[str, Any] | None = None) -> None:
        """Send a notification."""
        self._check_usable()
        with self._lock:
            self._connection.notify(method, params)
            lines = self._connection.take_outgoing()
        self._write(lines)

    def _call(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        timeout: float | DefaultTimeout | None,
        *,
        opens_turn: bool,
    ) -> PendingRequest:
        self._check_usable()
        limit = resolve_timeout(method, timeout, self._config.request_timeout, self._protocol.long_running)
        pending = self._connection.prepare(method, params, opens_turn=opens_turn)
        gate = threading.Lock()
        gate.acquire()
        pending.waiter = gate.release
        try:
            with self._lock:
                self._connection.submit(pending)
                lines = self._connection.take_outgoing()
            self._write(lines)
            _wait(gate, limit)
        except BaseException:
            self._give_up(pending)
            raise
        if limit is not None and not pending.done and self._give_up(pending, unless_done=True):
            raise RequestTimeoutError(timeout_text(method, limit, pending.sent))
        if pending.error is not None:
            raise pending.error
        return pending

    def _give_up(self, pending: PendingRequest, *, unless_done: bool = False) -> bool:
        """Cancel a request whose caller leaves. With ``unless_done``, False if its answer is there."""
        with self._lock:
            if unless_done and pending.done:
                return False
            self._connection.cancel(pending)
            lines = self._connection.take_outgoing()
        self._write_later(lines)
        return True

    # -- events -----------------------------------------------------------------------------------

    def open_turn(self, turn_id: str) -> Mailbox:
        """Follow a turn; the first to follow it gets what came before."""
        with self._lock:
            return self._connection.open_turn(turn_id)

    def close_turn(self, turn_id: str, mailbox: Mailbox) -> None:
        """Stop following a turn."""
        with self._lock:
            self._connection.close_turn(turn_id, mailbox)

    def watch(self, methods: Iterable[str]) -> Mailbox:
        """Return a bounded mailbox that also gets every notification of ``methods``, of a turn or not."""
        with self._lock:
            return self._connection.watch(methods)

    def unwatch(self, mailbox: Mailbox) -> None:
        """Stop filling a mailbox that ``watch`` returned."""
        with self._lock:
            self._connection.unwatch(mailbox)

    def receive(self, mailbox: Mailbox, *, timeout: float | None = None) -> bool:
        """Wait until ``mailbox.items`` holds something or never will.

        Args:
            mailbox: What to wait for; one waiter at a time.
            timeout: Most seconds to wait; None for no limit.

        Returns:
            False when the time passed. True otherwise: there are items to take or, if there are none,
            ``mailbox.closed`` is set and nothing will follow.

        Raises:
            TransportClosedError: the connection is over and every item was taken.
        """
        if not mailbox.items:
            self._wait_for(mailbox, timeout)
        if mailbox.items or mailbox.closed:
            return True
        if mailbox.error is not None:
            raise fresh_error(mailbox.error)
        return False

    def _wait_for(self, mailbox: Mailbox, timeout: float | None) -> None:
        self._check_usable()
        gate = threading.Lock()
        gate.acquire()
        release = gate.release
        try:
            with self._lock:
                if mailbox.settled:
                    return
                if mailbox.waiter is not None:
                    raise RuntimeError(TWO_WAITERS_TEXT)
                mailbox.waiter = release
            _wait(gate, timeout)
        finally:
            if mailbox.waiter is release:
                with self._lock:
                    if mailbox.waiter is release:
                        mailbox.waiter = None

    # -- on the threads of the engine -------------------------------------------------------------

    def _on_data(self, data: bytes) -> None:
        with self._lock:
            if self._connection.error is not None:
                return
            wake = self._connection.feed(data)
            requests = self._connection.take_server_requests()
            resolved = self._connection.take_resolved()
            lines = self._connection.take_outgoing()
        for waiter in wake:
            waiter()
        self._write_later(lines)
        for request in requests:
            decision = self._dispatcher.decide(request)
            if isinstance(decision, Reply):
                self._answer(decision)
            else:
                self._start_handler(decision)
        for id in resolved:
            self._abandon(id)

    def _on_stdout_end(self) -> None:
        self._stdout_ended.set()
        process = self._process
        if process is not None and not process.exited.wait(EXIT_GRACE_S):
            self._fail(death_error(process))  # it lives on, but can say nothing any more

    def _on_exit(self) -> None:
        process = self._process
        deadline = time.monotonic() + EXIT_GRACE_S
        for ended in (self._stdout_ended, self._stderr_ended):
            ended.wait(max(0.0, deadline - time.monotonic()))
        if process is not None:
            self._fail(death_error(process))

    def _fail(self, error: TransportClosedError) -> None:
        with self._lock:
            wake = self._connection.fail(error)
            self._running.clear()  # what they answer, and how they fail, concerns nobody any more
            self._waiting.clear()
        for waiter in wake:
            waiter()

    # -- handlers ---------------------------------------------------------------------------------

    def _start_handler(self, invocation: Invocation) -> None:
        with self._lock:
            if len(self._running) >= self._config.handler_threads:
                self._waiting.append(invocation)
                return
            self._running[invocation.id] = invocation
        thread = threading.Thread(target=self._run_handlers, args=(invocation,), name="codex-handler", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the system has no more threads
            with self._lock:
                self._running.pop(invocation.id, None)
            self._answer(invocation.refuse(error))

    def _run_handlers(self, invocation: Invocation | None) -> None:
        """Run one handler, then those that had to wait for a thread."""
        while invocation is not None:
            timer = self._limit(invocation)
            try:
                reply = invocation.reply(invocation.call())
            except BaseException as error:
                with self._lock:
                    if invocation.id not in self._running:
                        return
                reply = invocation.refuse(error)
            finally:
                if timer is not None:
                    timer.cancel()
            with self._lock:
                if self._running.pop(invocation.id, None) is None:
                    return  # given up meanwhile: its answer is not wanted, and its place is taken
                reply.send(self._connection)
                lines = self._connection.take_outgoing()
                invocation = self._waiting.popleft() if self._waiting else None
                if invocation is not None:
                    self._running[invocation.id] = invocation
            self._write_later(lines)

    def _limit(self, invocation: Invocation) -> threading.Timer | None:
        """Start the clock of a handler, if there is a limit."""
        seconds = self._config.handler_timeout
        if seconds is None:
            return None
        timer = threading.Timer(seconds, self._time_out, (invocation,))
        timer.daemon = True
        timer.start()
        return timer

    def _time_out(self, invocation: Invocation) -> None:
        if self._abandon(invocation.id):
            self._answer(invocation.refuse(TimeoutError("handler_timeout passed")))

    def _abandon(self, id: int | str) -> bool:
        """Give a handler up and its place to the next; False if it is done. A thread cannot be stopped: it runs on."""
        with self._lock:
            if self._running.pop(id, None) is None:
                self._waiting = deque(each for each in self._waiting if each.id != id)
                return False
            following = self._waiting.popleft() if self._waiting else None
        if following is not None:
            self._start_handler(following)
        return True

    # -- writing ----------------------------------------------------------------------------------

    def _check_usable(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError(FORKED_TEXT)
        if self._writer is None and self._connection.error is None:
            raise RuntimeError(NOT_STARTED_TEXT)

    def _write(self, lines: list[bytes]) -> None:
        """Write from a calling thread."""
        if self._writer is not None:
            for line in lines:
                self._writer.write(line)

    def _write_later(self, lines: list[bytes]) -> None:
        """Write on the writer's thread: the reader must never block."""
        if self._writer is not None:
            for line in lines:
                self._writer.write_later(line)

    def _answer(self, reply: Reply) -> None:
        with self._lock:
            reply.send(self._connection)
            lines = self._connection.take_outgoing()
        self._write_later(lines)


def _wait(gate: threading.Lock, timeout: float | None) -> None:
    """Wait until ``gate`` is released, at most ``timeout`` seconds."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        left = _SLICE if deadline is None else min(_SLICE, max(0.0, deadline - time.monotonic()))
        if gate.acquire(timeout=left) or (deadline is not None and time.monotonic() >= deadline):
            return
