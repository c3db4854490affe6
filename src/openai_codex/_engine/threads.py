"""The engine for synchronous code: one thread reads, the calling threads write and wait.

A caller looks, arms a lock of its own, looks again and then waits on it; the reader releases the locks of
exactly those whose messages a chunk held, after it has let go of the engine's lock. The reader never writes:
the runtime may be blocked on writing to us, and a reader that is blocked on writing to it would make that
final.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from .._config import CodexConfig
from .._core.connection import Connection
from .._core.mailbox import Mailbox, Waiter
from .._core.requests import OpenedTurn, PendingRequest, fresh_error
from .._core.routes import Turn
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
    READER_TEXT,
    TWO_WAITERS_TEXT,
    death_error,
    resolve_timeout,
    timeout_text,
)
from .handlers import Dispatcher, Reply
from .pipes import PipeReader, PipeWriter, StopSignal
from .pool import HandlerPool
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

    Attributes:
        closed_by_caller: The connection is over because of ``close``, not because the runtime ended.
        dispatcher: Who answers the runtime's requests.
    """

    def __init__(
        self, config: CodexConfig, *, handlers: object | None = None, protocol: Protocol | None = None
    ) -> None:
        self._config = config
        self._protocol = generated_protocol(asynchronous=False) if protocol is None else protocol
        self.dispatcher = Dispatcher(self._protocol, handlers, config, asynchronous=False)
        self._connection = Connection(long_running=self._protocol.long_running, event_buffer=config.event_buffer)
        # They guard the connection and the handler books, and the end. A finalizer, which may run at any moment and on
        # any thread, may come here a second time: hence the R.
        self._lock = threading.RLock()
        self._closing = threading.RLock()
        self._pid = os.getpid()
        self._process: StdioProcess | None = None
        self._writer: PipeWriter | None = None
        self._readers: list[PipeReader] = []
        self._stop: StopSignal | None = None
        self._stdout_ended = threading.Event()
        self._stderr_ended = threading.Event()
        self._handlers = HandlerPool(self._answer)
        self.closed_by_caller = False

    # -- life -------------------------------------------------------------------------------------

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
            self._stop = StopSignal()
            self._writer = PipeWriter(process.stdin, self._stop)
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

        Running handlers are told to stop; those that do not within a second are left behind. Their answers go nowhere.
        """
        if os.getpid() != self._pid:  # after a fork the runtime belongs to the parent
            return
        self.closed_by_caller = self.closed_by_caller or not self.closed
        self._fail(TransportClosedError(CLOSED_TEXT))
        if self._on_own_thread():  # a finalizer, which must not wait for its own thread
            with contextlib.suppress(RuntimeError):  # no more threads: the process ends with the program
                threading.Thread(target=self._shut_down, name="codex-close", daemon=True).start()
        else:
            self._shut_down()

    def _shut_down(self) -> None:
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
                self._handlers.join(JOIN_S)

    def _close_stdin(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _release(self, process: StdioProcess) -> None:
        """Let go of the threads and pipes of a process that has ended."""
        process.join(JOIN_S)
        if self._stop is not None:
            self._stop.set()
        written = self._writer is None or self._writer.join(JOIN_S)
        for reader in self._readers:
            reader.join(JOIN_S)
        # Closing what a thread reads or writes would be worse: the number may be another file's in no time.
        if written and not any(reader.is_alive() for reader in self._readers):
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
    ) -> tuple[Any, OpenedTurn]:
        """As ``request``, for methods whose result names a turn of the thread ``params["threadId"]``.

        When the caller leaves, or the time passes, a turn that the runtime starts all the same is interrupted.
        """
        pending = self._call(method, params, timeout, opens_turn=True)
        assert pending.opened is not None
        return pending.result, pending.opened

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
        if limit is not None and not pending.done:
            self._give_up(pending)
            raise RequestTimeoutError(timeout_text(method, limit, pending.sent))
        if pending.error is not None:
            raise pending.error
        return pending

    def _give_up(self, pending: PendingRequest) -> None:
        """Cancel a request whose caller leaves, on the writer's thread.

        It may let requests of other threads out, and Ctrl-C, which only the main thread sees, must not tear that apart.
        """
        pending.unwanted = True  # at once, whenever the thread gets to the rest
        if self._writer is not None:
            self._writer.call_later(partial(self._cancel, pending))

    def _cancel(self, pending: PendingRequest) -> None:
        with self._lock:
            self._connection.cancel(pending)
            lines = self._connection.take_outgoing()
        self._write_later(lines)

    # -- events -----------------------------------------------------------------------------------

    def open_turn(self, turn_id: str, thread_id: str) -> tuple[Turn, Mailbox]:
        """Follow a turn by its id; the first to follow it gets what came before."""
        self._check_process()
        with self._lock:
            return self._connection.open_turn(turn_id, thread_id)

    def running_turns(self, thread_id: str) -> set[str]:
        """Ids of the turns of a thread that are known and have not ended."""
        self._check_process()
        with self._lock:
            return self._connection.running_turns(thread_id)

    def follow(self, turn: Turn) -> Mailbox:
        """Follow a turn from now on."""
        self._check_process()
        with self._lock:
            return self._connection.follow(turn)

    def abandon(self, turn: Turn) -> None:
        """Interrupt a turn whose starter leaves, now or when it begins, unless somebody else follows it."""
        self._check_process()
        with self._lock:
            self._connection.abandon(turn)
            lines = self._connection.take_outgoing()
        self._write_later(lines)

    def end_turn(self, turn: Turn) -> None:
        """End all waiting for this turn: nothing of it will come any more."""
        self._check_process()
        with self._lock:
            wake = self._connection.end_turn(turn)
        _call_all(wake)

    def is_handling(self, thread_id: str) -> bool:
        """Whether a handler of the user's works on a request of this thread."""
        return self._handlers.is_handling(thread_id)

    def listen(self) -> Mailbox:
        """Return a bounded mailbox of notifications without a turn; the first one holds what came before."""
        self._check_process()
        with self._lock:
            return self._connection.listen()

    def watch(self, methods: Iterable[str], thread_id: str | None = None) -> Mailbox:
        """Return a bounded mailbox that also gets every notification of ``methods``; if given, of this thread only."""
        self._check_process()
        with self._lock:
            return self._connection.watch(methods, thread_id)

    def follow_login(self, login_id: str) -> Mailbox:
        """Return a mailbox that gets the completion of this login, be it early or late."""
        self._check_process()
        with self._lock:
            return self._connection.follow_login(login_id)

    def leave(self, mailbox: Mailbox) -> None:
        """Stop filling a mailbox, and end a wait for it."""
        if os.getpid() != self._pid:  # whoever held the lock at the fork is not here to release it
            return
        with self._lock:
            wake = self._connection.leave(mailbox)
        _call_all(wake)

    def receive(self, mailbox: Mailbox, *, timeout: float | None = None, call: str | None = None) -> bool:
        """Wait until ``mailbox.items`` holds something or never will.

        Args:
            mailbox: What to wait for; one waiter at a time.
            timeout: Most seconds to wait; None for no limit.
            call: What is waited for, in words, for the error.

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
            raise fresh_error(mailbox.error, call)
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
        _call_all(wake)
        self._write_later(lines)
        for request in requests:
            decision = self.dispatcher.decide(request)
            if isinstance(decision, Reply):
                self._answer(decision)
            else:
                self._handlers.start(decision)
        for id in resolved:
            self._handlers.abandon(id)

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
        self._handlers.abandon_all()
        _call_all(wake)

    # -- writing ----------------------------------------------------------------------------------

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError(FORKED_TEXT)

    def _check_usable(self) -> None:
        self._check_process()
        if self._on_own_thread():
            raise RuntimeError(READER_TEXT)
        if self._writer is None and self._connection.error is None:
            raise RuntimeError(NOT_STARTED_TEXT)

    def _on_own_thread(self) -> bool:
        """Whether this is one of the engine's threads, which must not wait for what they do themselves."""
        return threading.current_thread() in self._readers or (self._writer is not None and self._writer.on_its_thread)

    def _write(self, lines: list[bytes]) -> None:
        """Write what a calling thread, which holds no lock, has to say itself."""
        self._connection.log.publish()
        if self._writer is not None:
            for line in lines:
                self._writer.write(line)

    def _write_later(self, lines: list[bytes]) -> None:
        """Write on the writer's thread: the reader must never block."""
        if self._writer is not None:
            for line in lines:
                self._writer.write_later(line)
        self._connection.log.publish()

    def _answer(self, reply: Reply) -> None:
        with self._lock:
            wake = reply.send(self._connection)
            lines = self._connection.take_outgoing()
        _call_all(wake)
        self._write_later(lines)


def _call_all(waiters: Iterable[Waiter]) -> None:
    for waiter in waiters:
        waiter()


def _wait(gate: threading.Lock, timeout: float | None) -> None:
    """Wait until ``gate`` is released, at most ``timeout`` seconds."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        left = _SLICE if deadline is None else min(_SLICE, max(0.0, deadline - time.monotonic()))
        if gate.acquire(timeout=left) or (deadline is not None and time.monotonic() >= deadline):
            return
