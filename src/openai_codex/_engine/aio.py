"""The engine for asyncio: everything happens on the loop that started it, without an executor.

Reading, routing and waking are one callback per chunk. A waiter is a future; its deadline is a timer that
resolves the same future, so that waiting never costs a task. One thread blocks in ``wait`` for the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
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
from .attach import LoopPipes, Pipes, ThreadPipes
from .common import (
    CLOSED_TEXT,
    EXIT_GRACE_S,
    FORKED_TEXT,
    JOIN_S,
    NOT_STARTED_TEXT,
    OTHER_LOOP_TEXT,
    TWO_WAITERS_TEXT,
    death_error,
    resolve_timeout,
    timeout_text,
)
from .handlers import Dispatcher, Reply
from .protocol import Protocol, generated_protocol
from .tasks import HandlerTasks

__all__ = ["AsyncEngine"]


class AsyncEngine:
    """One runtime and the connection to it, for use on one event loop.

    Args:
        config: How to start the runtime, and the limits.
        handlers: The user's server-request handlers; None refuses every request.
        protocol: Tables of the protocol; None takes the generated ones.

    Attributes:
        closed_by_caller: The connection is over because of ``close``, not because the runtime ended.
        dispatcher: Who answers the runtime's requests.
    """

    watch_pipes = os.name != "nt"
    """Whether to let the loop watch the pipes, if it can; otherwise threads read them."""

    def __init__(
        self, config: CodexConfig, *, handlers: object | None = None, protocol: Protocol | None = None
    ) -> None:
        self._config = config
        self._protocol = generated_protocol(asynchronous=True) if protocol is None else protocol
        self.dispatcher = Dispatcher(self._protocol, handlers, config, asynchronous=True)
        self._connection = Connection(long_running=self._protocol.long_running, event_buffer=config.event_buffer)
        self._pid = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process: StdioProcess | None = None
        self._pipes: Pipes | None = None
        self._exited = asyncio.Event()
        self._ended: set[str] = set()
        self._end_timer: asyncio.TimerHandle | None = None
        self._handlers = HandlerTasks(self._answer)
        self._closing: asyncio.Task[None] | None = None
        self.closed_by_caller = False

    # -- life -------------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether the connection is over, by ``close`` or by the end of the runtime."""
        return self._connection.error is not None

    async def start(self) -> None:
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
        self._loop = loop = asyncio.get_running_loop()
        try:
            process.watch(partial(self._tell_exit, loop))
            await self._attach(process)
        except BaseException:
            await self.close()
            raise

    async def _attach(self, process: StdioProcess) -> None:
        ends = partial(self._on_end, "stdout"), partial(self._on_end, "stderr")
        if self.watch_pipes:
            self._pipes = LoopPipes(process, self._on_data, *ends)
            with contextlib.suppress(NotImplementedError):
                return await self._pipes.attach()
        self._pipes = ThreadPipes(process, self._on_data, *ends)
        await self._pipes.attach()

    async def close(self) -> None:
        """End the runtime and everything that belongs to it. Idempotent; never raises.

        Running handlers are cancelled. On another loop than the one it was started on, the process is just
        killed.
        """
        if os.getpid() != self._pid:  # after a fork the runtime belongs to the parent
            return
        self.closed_by_caller = self.closed_by_caller or not self.closed
        loop = asyncio.get_running_loop()
        if self._process is not None and loop is not self._loop:
            self._process.kill()
        self._fail(TransportClosedError(CLOSED_TEXT))
        if self._process is None:
            return
        if loop is not self._loop:
            self._process.join(JOIN_S)
            if self._loop is None or self._loop.is_closed():  # a loop that still runs would watch closed pipes
                self._process.close_pipes()
            return
        if self._closing is None:
            self._closing = loop.create_task(self._shut_down(self._process, asyncio.current_task()))
        await asyncio.shield(self._closing)

    async def _shut_down(self, process: StdioProcess, caller: asyncio.Task[Any] | None) -> None:
        pipes = self._pipes
        try:
            await self._handlers.stop(caller, JOIN_S)
            for seconds in shutdown_steps(process, process.close_stdin if pipes is None else pipes.close_stdin):
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._exited.wait(), seconds)
                    break
        finally:
            process.kill()
            process.join(JOIN_S)
            if self._end_timer is not None:
                self._end_timer.cancel()
            if pipes is None:
                process.close_pipes()
            else:
                await pipes.close()

    # -- requests ---------------------------------------------------------------------------------

    async def request(
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
        return (await self._call(method, params, timeout, opens_turn=False)).result

    async def open_turn_request(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        *,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> tuple[Any, OpenedTurn]:
        """As ``request``, for methods whose result names a turn of the thread ``params["threadId"]``.

        When the caller leaves, or the time passes, a turn that the runtime starts all the same is interrupted.
        """
        pending = await self._call(method, params, timeout, opens_turn=True)
        assert pending.opened is not None
        return pending.result, pending.opened

    async def notify(self, method: str, params: Mapping[str, Any] | None = None) -> None:
        """Send a notification."""
        self._check_usable()
        self._connection.notify(method, params)
        self._write()

    async def _call(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        timeout: float | DefaultTimeout | None,
        *,
        opens_turn: bool,
    ) -> PendingRequest:
        loop = self._check_usable()
        limit = resolve_timeout(method, timeout, self._config.request_timeout, self._protocol.long_running)
        pending = self._connection.request(method, params, opens_turn=opens_turn)
        self._write()
        done = loop.create_future()
        pending.waiter = partial(_resolve, done)
        timer = None if limit is None else loop.call_later(limit, _resolve, done)
        try:
            await done
        except BaseException:
            self._connection.cancel(pending)
            self._write()
            raise
        finally:
            if timer is not None:
                timer.cancel()
        if limit is not None and not pending.done:
            self._connection.cancel(pending)
            self._write()
            raise RequestTimeoutError(timeout_text(method, limit, pending.sent))
        if pending.error is not None:
            raise pending.error
        return pending

    # -- events -----------------------------------------------------------------------------------

    def open_turn(self, turn_id: str, thread_id: str) -> tuple[Turn, Mailbox]:
        """Follow a turn by its id; the first to follow it gets what came before."""
        return self._connection.open_turn(turn_id, thread_id)

    def running_turns(self, thread_id: str) -> set[str]:
        """Ids of the turns of a thread that are known and have not ended."""
        return self._connection.running_turns(thread_id)

    def follow(self, turn: Turn) -> Mailbox:
        """Follow a turn from now on."""
        return self._connection.follow(turn)

    def abandon(self, turn: Turn) -> None:
        """Interrupt a turn whose starter leaves, now or when it begins, unless somebody else follows it."""
        self._connection.abandon(turn)
        self._write()

    def end_turn(self, turn: Turn) -> None:
        """End all waiting for this turn: nothing of it will come any more."""
        _call_all(self._connection.end_turn(turn))

    def is_handling(self, thread_id: str) -> bool:
        """Whether a handler of the user's works on a request of this thread."""
        return self._handlers.is_handling(thread_id)

    def listen(self) -> Mailbox:
        """Return a bounded mailbox of notifications without a turn; the first one holds what came before."""
        return self._connection.listen()

    def watch(self, methods: Iterable[str], thread_id: str | None = None) -> Mailbox:
        """Return a bounded mailbox that also gets every notification of ``methods``; if given, of this thread only."""
        return self._connection.watch(methods, thread_id)

    def follow_login(self, login_id: str) -> Mailbox:
        """Return a mailbox that gets the completion of this login, be it early or late."""
        return self._connection.follow_login(login_id)

    def leave(self, mailbox: Mailbox) -> None:
        """Stop filling a mailbox, and end a wait for it."""
        _call_all(self._connection.leave(mailbox))

    async def receive(self, mailbox: Mailbox, *, timeout: float | None = None, call: str | None = None) -> bool:
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
        if not mailbox.settled:
            await self._wait_for(mailbox, timeout)
        if mailbox.items or mailbox.closed:
            return True
        if mailbox.error is not None:
            raise fresh_error(mailbox.error, call)
        return False

    async def _wait_for(self, mailbox: Mailbox, timeout: float | None) -> None:
        loop = self._check_usable()
        if mailbox.waiter is not None:
            raise RuntimeError(TWO_WAITERS_TEXT)
        done = loop.create_future()
        mailbox.waiter = waiter = partial(_resolve, done)
        timer = None if timeout is None else loop.call_later(timeout, waiter)
        try:
            await done
        finally:
            if timer is not None:
                timer.cancel()
            if mailbox.waiter is waiter:
                mailbox.waiter = None

    # -- called by the loop -----------------------------------------------------------------------

    def _on_data(self, data: bytes) -> None:
        connection = self._connection
        if connection.error is not None:
            return
        _call_all(connection.feed(data))
        for request in connection.take_server_requests():
            decision = self.dispatcher.decide(request)
            if isinstance(decision, Reply):
                self._answer(decision)
            else:
                self._handlers.start(decision)
        for id in connection.take_resolved():
            self._handlers.abandon(id)
        self._write()

    def _on_end(self, what: str) -> None:
        """One of stdout, stderr and the process has ended: report it when all have, or after a grace."""
        self._ended.add(what)
        process = self._process
        if process is None or self._loop is None or self.closed:
            return
        if len(self._ended) == 3:
            self._fail(death_error(process))
        elif self._end_timer is None and what != "stderr":
            self._end_timer = self._loop.call_later(EXIT_GRACE_S, lambda: self._fail(death_error(process)))

    def _tell_exit(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by the thread that waits for the process."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            loop.call_soon_threadsafe(self._on_exit)

    def _on_exit(self) -> None:
        self._exited.set()
        self._on_end("process")

    def _fail(self, error: TransportClosedError) -> None:
        _call_all(self._connection.fail(error))
        if not self.closed_by_caller:  # what handlers answer concerns nobody any more
            self._handlers.abandon_all()

    # -- writing ----------------------------------------------------------------------------------

    def _answer(self, reply: Reply) -> None:
        _call_all(reply.send(self._connection))
        self._write()

    def _check_usable(self) -> asyncio.AbstractEventLoop:
        """Return the loop, or raise why this engine cannot be used here."""
        if os.getpid() != self._pid:
            raise RuntimeError(FORKED_TEXT)
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            if self._connection.error is not None:
                raise fresh_error(self._connection.error)
            raise RuntimeError(NOT_STARTED_TEXT if self._loop is None else OTHER_LOOP_TEXT)
        return loop

    def _write(self) -> None:
        self._connection.log.publish()
        lines = self._connection.take_outgoing()
        if lines and self._pipes is not None:
            self._pipes.write(lines[0] if len(lines) == 1 else b"".join(lines))


def _call_all(waiters: Iterable[Waiter]) -> None:
    for waiter in waiters:
        waiter()


def _resolve(done: asyncio.Future[None]) -> None:
    if not done.done() and not done.get_loop().is_closed():  # once it is closed, nobody waits
        done.set_result(None)
