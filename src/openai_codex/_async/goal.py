# The synchronous twin of this file is derived line for line: run "make generate".
"""``AsyncGoal`` and ``AsyncGoalRun``: what a thread works towards by itself, turn after turn."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .._checks import check_seconds, without_none
from .._compat import AsyncClosing, Deadline, async_interrupts, async_shield_for
from .._core.requests import OpenedTurn
from .._engine import DEFAULT_TIMEOUT, DefaultTimeout
from .._generated import models as m
from ..errors import CodexError, JsonRpcError, RequestTimeoutError, TurnNotActiveError
from .follower import AsyncLimit
from .history import ENDED, ENDING, GONE, look, may_work
from .interrupt import interrupt_turn
from .turn import AsyncTurnHandle

if TYPE_CHECKING:
    from typing_extensions import Self

    from .._core.mailbox import Mailbox
    from .._core.notification import Notification
    from .._core.routes import Turn
    from .session import AsyncSession

__all__ = ["AsyncGoal", "AsyncGoalRun", "GoalTurns"]

_WATCHED = ("turn/started", "turn/completed", "thread/goal/updated", "thread/goal/cleared")
_BETWEEN_S = 10.0  # without a turn and without news, until the client asks what has become of the goal
_STOP_S = 2.0  # for pausing a goal that is left early
_REPLY_S = 1.0  # for each answer meanwhile
_CALM_S = 0.1  # from the pause of a goal until a thread that does nothing begins no turn for it any more
_DUE_S = 0.5  # for the beginning of a turn, when its thread is at work
_POLL_S = 0.02


class AsyncGoal:
    """The goal of one thread: ``thread.goal``.

    While a thread has an active goal, the runtime starts turns by itself, one after the other, until the model says
    that the goal is reached, the token budget is used up, a turn fails, or the goal is paused or cleared.
    """

    __slots__ = ("_session", "_thread_id")

    def __init__(self, session: AsyncSession, thread_id: str) -> None:
        self._session = session
        self._thread_id = thread_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}(thread_id={self._thread_id!r})"

    async def get(self, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT) -> m.ThreadGoal | None:
        """Return the goal with its status and what it has used, or None.

        Args:
            timeout: Seconds to wait for the answer; None for no limit.

        Raises:
            ThreadNotFoundError: the runtime does not know the thread.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/goal/get`` (stable). Source: schema ThreadGoalGetParams.
        """
        got: m.ThreadGoalGetResponse = await self._session.call(
            "thread/goal/get", {"thread_id": self._thread_id}, timeout
        )
        return got.goal

    async def set(
        self,
        objective: str | None = None,
        *,
        token_budget: int | None = None,
        status: m.ThreadGoalStatus | None = None,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> m.ThreadGoal:
        """Set or change the goal. An active goal starts a turn at once; ``run_goal`` gives out the turns.

        Args:
            objective: What to reach; None keeps the objective of the present goal.
            token_budget: Tokens that it may use; None leaves the budget as it is.
            status: Status to give it; None leaves it as it is. A first goal is active.
            timeout: Seconds to wait for the answer; None for no limit.

        Returns:
            The goal (schema ThreadGoal).

        Raises:
            InvalidRequestError: the runtime refused it, an empty objective for example.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/goal/set`` (stable). Source: schema ThreadGoalSetParams.
        """
        fields = without_none({"objective": objective, "token_budget": token_budget, "status": status})
        return await _set_goal(self._session, self._thread_id, fields, timeout)

    async def pause(self, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT) -> m.ThreadGoal:
        """Start no more turns for the goal; the running one goes on. ``resume()`` makes it active again.

        Raises as ``set`` does.

        Wire: ``thread/goal/set`` (stable). Source: schema ThreadGoalSetParams.
        """
        return await self.set(status=m.ThreadGoalStatus.paused, timeout=timeout)

    async def resume(self, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT) -> m.ThreadGoal:
        """Make a paused goal active again, which starts a turn at once.

        Raises as ``set`` does.

        Wire: ``thread/goal/set`` (stable). Source: schema ThreadGoalSetParams.
        """
        return await self.set(status=m.ThreadGoalStatus.active, timeout=timeout)

    async def clear(self, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT) -> bool:
        """Remove the goal; returns whether there was one. A running turn goes on.

        Args:
            timeout: Seconds to wait for the answer; None for no limit.

        Raises:
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/goal/clear`` (stable). Source: schema ThreadGoalClearParams.
        """
        cleared: m.ThreadGoalClearResponse = await self._session.call(
            "thread/goal/clear", {"thread_id": self._thread_id}, timeout
        )
        return cleared.cleared

    def run_goal(
        self, objective: str, *, token_budget: int | None = None, timeout: float | None = None
    ) -> AsyncGoalRun:
        """Return an iterator that sets a goal when first asked, gives out each turn as it begins, and ends with it.

        Run or stream each turn, or let it go: the iterator waits for its end before the next one. Breaking out of a
        plain loop leaves the goal active. In a ``with`` statement, leaving early pauses the goal and interrupts its
        turn; so does cancelling the task that waits for the next turn, or Ctrl-C in synchronous code.

        Args:
            objective: What to reach.
            token_budget: Tokens that it may use; None for no limit.
            timeout: Seconds that the whole may take, from the first step of the iteration; then the goal is paused,
                its turn interrupted, and `RequestTimeoutError` raised, by the iteration or by whatever runs or streams
                the turn. None for no limit.

        Returns:
            Iterator over handles of turns; iterating tells what it raises.

        Raises:
            TypeError: the objective is no text, or ``timeout`` no number.
            ValueError: ``timeout`` is negative.

        Wire: ``thread/goal/set``, notifications ``turn/started`` and ``thread/goal/updated`` (stable). Source: schema
        ThreadGoalSetParams.
        """
        if not isinstance(objective, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"run_goal: the objective is {objective!r}, and no string")
        seconds = check_seconds("run_goal: timeout", timeout)
        return AsyncGoalRun(self, GoalTurns(self._session, self._thread_id), objective, token_budget, seconds)


class GoalTurns:
    """The turns of a thread, whoever starts them, and the news of its goal."""

    def __init__(self, session: AsyncSession, thread_id: str) -> None:
        self._session = session
        self._thread_id = thread_id
        self._mailbox: Mailbox | None = None
        self._latest: Turn | None = None

    def __del__(self) -> None:
        if self._mailbox is not None:
            self._mailbox.mute()

    @property
    def is_running(self) -> bool:
        """Whether the latest turn has not ended."""
        return self._latest is not None and not self._latest.over

    @property
    def closed(self) -> bool:
        """Whether nobody looks any more, or yet."""
        return self._mailbox is None or self._mailbox.closed

    @property
    def request_timeout(self) -> float | None:
        """Seconds that a request may take."""
        return self._session.config.request_timeout

    async def set_goal(self, fields: Mapping[str, Any], timeout: float | None) -> m.ThreadGoal:
        """Set the goal, None included: that stands for no token budget."""
        return await _set_goal(self._session, self._thread_id, fields, timeout)

    def watch(self) -> None:
        """Keep what comes from now on."""
        self._mailbox = self._session.engine.watch(_WATCHED, self._thread_id)

    def take(self) -> Notification | None:
        """The next piece of news, if there is one."""
        return self._mailbox.items.popleft() if self._mailbox is not None and self._mailbox.items else None

    async def receive(self, seconds: float | None) -> Notification | None:
        """The next piece of news; None when there is none for so long."""
        if self._mailbox is not None:
            await self._session.engine.receive(self._mailbox, timeout=seconds, call="goal")
        return self.take()

    def open(self, turn_id: str, limit: AsyncLimit | None = None) -> AsyncTurnHandle | None:
        """Follow a turn that has begun; None if it is not the goal's, because a call of this client started it."""
        turn, mailbox = self._session.engine.open_turn(turn_id, self._thread_id)
        if turn.requested:
            self._session.engine.leave(mailbox)
            return None
        self._latest = turn
        return AsyncTurnHandle(self._session, OpenedTurn(turn, mailbox, False), limit)

    async def look(self) -> None:
        """Find out whether the latest turn has ended, although the runtime has not said so."""
        turn = self._latest
        if turn is None or turn.over:
            return
        found = await look(self._session, turn, _STOP_S)
        if turn.fold.failing and found in (ENDING, GONE):
            turn.fold.give_up()
        if found in (ENDED, GONE) or turn.fold.ended:
            self._session.engine.end_turn(turn)

    async def is_active(self, timeout: float | None) -> bool:
        """Ask the runtime whether the thread runs a turn."""
        read: m.ThreadReadResponse = await self._session.call("thread/read", {"thread_id": self._thread_id}, timeout)
        return may_work(read.thread.status)

    async def catch_up(self) -> None:
        """Follow the turn that the runtime begins although its goal has just been stopped."""
        calm, patience = Deadline(_CALM_S), Deadline(_DUE_S)
        while not (self.is_running or patience.passed):
            news = self.take()
            if news is None:
                if calm.passed and not await self.is_active(_REPLY_S):
                    return
                news = await self.receive(patience.left(_POLL_S))
            if news is not None and (begun := _begun_turn(news)) is not None:
                self.open(begun)

    async def interrupt(self) -> None:
        """Stop the latest turn, if it runs."""
        if self._latest is not None and not self._latest.over:
            with contextlib.suppress(TurnNotActiveError):  # it has just ended by itself
                await interrupt_turn(self._session, self._latest, _STOP_S)

    def close(self) -> None:
        """Look no more."""
        if self._mailbox is not None:
            self._session.engine.leave(self._mailbox)


class AsyncGoalRun(AsyncClosing):
    """The turns of one goal, as an iterator that ends when the goal is not active any more.

    Iterating yields a handle for each turn as it begins. Breaking out of a plain loop leaves the goal active; in a
    ``with`` statement, leaving early pauses the goal and interrupts its turn.
    """

    __slots__ = (
        "_budget",
        "_deadline",
        "_goal",
        "_is_set",
        "_latest",
        "_objective",
        "_started",
        "_stopped",
        "_timeout",
        "_turns",
    )

    def __init__(
        self, goal: AsyncGoal, turns: GoalTurns, objective: str, token_budget: int | None, timeout: float | None
    ) -> None:
        self._goal = goal
        self._turns = turns
        self._objective = objective
        self._budget = token_budget
        self._timeout = timeout
        self._deadline = Deadline(None)
        self._latest: m.ThreadGoal | None = None
        self._started = False
        self._is_set = False  # whether the runtime has said so
        self._stopped = False  # as far as that was possible

    def __repr__(self) -> str:
        return f"{type(self).__name__}(objective={self._objective!r}, goal={self._latest!r})"

    @property
    def goal(self) -> m.ThreadGoal | None:
        """The goal as last reported, with its status and what it has used; None before the start and when cleared."""
        return self._latest

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AsyncTurnHandle:
        """The next turn, when it begins.

        Raises:
            InvalidRequestError: the runtime refused the goal.
            RequestTimeoutError: the goal took longer than ``timeout``.
            CodexError: the goal is active, but the runtime does nothing for it.
            TransportClosedError: the runtime is gone, or the client was closed.
        """
        try:
            if not self._started:
                await self._start()
            while not self._turns.closed:
                if self._deadline.passed:
                    await self._time_out()
                news = self._turns.take()
                if news is None:
                    if not self._turns.is_running and not await self._is_still_active():
                        break
                    news = await self._turns.receive(self._deadline.left(_BETWEEN_S))
                if news is None:
                    await self._look()
                    continue
                self._note(news)
                begun = _begun_turn(news)
                if begun is not None and await self._is_still_active():
                    turn = self._turns.open(begun, AsyncLimit(self._deadline, self._time_out))
                    if turn is not None:
                        return turn
        except async_interrupts():
            await self._give_up()
            raise
        except RequestTimeoutError:
            if self._deadline.passed:
                await self._time_out()
            raise
        self._turns.close()
        raise StopAsyncIteration

    async def close(self) -> None:
        """Stop iterating. The goal and its turn go on."""
        self._turns.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._give_up()

    async def _start(self) -> None:
        self._started = True
        self._deadline = Deadline(self._timeout)
        self._turns.watch()
        active = m.ThreadGoalStatus.active  # an earlier goal of the thread would leave its own status
        try:
            fields = {"objective": self._objective, "token_budget": self._budget, "status": active}
            self._latest = await self._turns.set_goal(fields, self._answer_limit())
            self._is_set = True
        except (JsonRpcError, ValueError, TypeError):
            self._turns.close()  # refused: there is nothing to stop
            raise
        except RequestTimeoutError:
            await self._give_up()
            raise

    def _is_active(self) -> bool:
        return self._latest is not None and self._latest.status is m.ThreadGoalStatus.active

    async def _is_still_active(self) -> bool:
        """Whether more turns are to come. News that it is over may be old: the runtime is asked."""
        if not self._is_active():
            self._latest = await self._goal.get(timeout=self._answer_limit())
        return self._is_active()

    def _answer_limit(self) -> float | None:
        """Seconds to wait for an answer."""
        return self._deadline.left(self._turns.request_timeout)

    def _note(self, news: Notification) -> None:
        """Take a piece of news of the goal into account."""
        if news.method == "thread/goal/cleared":
            self._latest = None
        elif news.method == "thread/goal/updated":
            self._latest = getattr(news.payload, "goal", self._latest)

    async def _time_out(self) -> None:
        """Stop the goal, because the time is over; raises ``RequestTimeoutError`` unless it had ended before."""
        if self._turns.closed and not self._stopped:
            return
        await self._give_up()
        if not self._turns.closed:
            done = "it may go on, because the runtime did not answer"
        elif self._latest is None:
            done = "the thread has none any more"
        else:
            done = f"it is {self._latest.status.value} now"
        raise RequestTimeoutError(f"the goal was not reached within {self._timeout:g} s; {done}")

    async def _give_up(self) -> None:
        """Stop the goal as far as that is possible; once."""
        stopped, self._stopped = self._stopped, True
        if not stopped:
            await async_shield_for(_STOP_S, self._stop)

    async def _look(self) -> None:
        """Nothing came for a while: look what has become of the goal and its turn."""
        if self._turns.closed or self._deadline.passed:
            return
        await self._turns.look()
        if self._turns.is_running:
            return
        limit = self._answer_limit()
        self._latest = await self._goal.get(timeout=limit)
        if self._is_active() and not await self._turns.is_active(limit):
            raise CodexError(
                "the goal is active, but the runtime starts no turn for it; pause() and resume() it, or set it anew"
            )

    async def _stop(self) -> None:
        """Pause the goal and interrupt its turn, unless the iteration has ended."""
        if self._turns.closed:
            return
        unset = False
        try:
            self._latest = await self._goal.get(timeout=_REPLY_S)
        except RequestTimeoutError:
            unset = not self._is_set  # it may be set yet: the runtime reads one request after the other
        if self._is_active() or unset:
            self._latest = await self._goal.pause(timeout=_REPLY_S)
            with contextlib.suppress(RequestTimeoutError):
                await self._turns.catch_up()
        await self._turns.interrupt()
        self._turns.close()


async def _set_goal(
    session: AsyncSession, thread_id: str, fields: Mapping[str, Any], timeout: float | DefaultTimeout | None
) -> m.ThreadGoal:
    changed: m.ThreadGoalSetResponse = await session.call(
        "thread/goal/set", {"thread_id": thread_id, **fields}, timeout
    )
    return changed.goal


def _begun_turn(news: Notification) -> str | None:
    """The id of the turn of which this is the beginning; a review begins under another one than its own."""
    started = news.payload
    return started.turn.root_turn_id or started.turn.id if isinstance(started, m.TurnStartedNotification) else None
