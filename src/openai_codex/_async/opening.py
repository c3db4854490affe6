# The synchronous twin of this file is derived line for line: run "make generate".
"""Starting, resuming and forking threads, so that what was asked for holds when the caller gets the thread.

``thread/start`` and its like take a part of the settings; the rest follows in ``thread/settings/update``. A thread
that the runtime has loaded keeps its settings on ``thread/resume``, whatever the request says, so they are compared
with what was asked for, and updated.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._checks import canonical_id, without_none
from .._compat import Deadline, async_sleep
from .._engine import DefaultTimeout
from .._generated import models as m
from .._json import JsonObject
from .._log import log
from .._policy import (
    GUARDED,
    VISIBLE,
    Sandbox,
    fixed_settings,
    further_directories,
    sandbox_fields_of_thread,
    settings_to_update,
    visible_settings,
)
from ..errors import CodexError
from .pages import AsyncPager

if TYPE_CHECKING:
    from .._answers import AnswererSource
    from .session import AsyncSession

__all__ = ["open_thread"]

_UPDATE = "thread/settings/update"
_RESUME = "thread/resume"
_APPLY_S = 0.5
_POLL_S = 0.01


async def open_thread(
    session: AsyncSession,
    method: str,
    fields: Mapping[str, Any],
    sandbox: Sandbox | m.SandboxPolicy | None,
    config: JsonObject | None,
    timeout: float | DefaultTimeout | None,
    sources: Mapping[str, AnswererSource],
) -> Any:
    """Start, resume or fork a thread; returns the runtime's answer.

    Args:
        session: Where to.
        method: Wire method.
        fields: Fields of the request, apart from the next two. None stands for what was not given.
        sandbox: What commands may do.
        config: Configuration of the thread.
        timeout: Seconds that the whole may take.
        sources: What answers the thread's requests, by kind.
    """
    access, settings = sandbox_fields_of_thread(sandbox, config)
    if settings:
        session.require_experimental(_UPDATE)
    asked = without_none({**fields, **access})
    deadline = session.deadline(method, timeout)
    if method != _RESUME:
        info = await session.call(method, asked, deadline.left())
        session.engine.dispatcher.add_sources(info.thread.id, sources)
        if settings:  # before anybody can use the thread
            await session.call(_UPDATE, {"thread_id": info.thread.id, **settings}, deadline.left())
            info = info.model_copy(update={"sandbox": settings["sandbox_policy"]})
        return info
    thread_id, kept = canonical_id(fields["thread_id"]), list[str]()
    try:
        async with session.locks.hold(method, thread_id, deadline.left()):
            # They come first: with its answer the runtime sends the requests again that are still open.
            before = session.engine.dispatcher.sources(thread_id)
            session.engine.dispatcher.add_sources(thread_id, sources)
            try:
                return await _resume(session, asked, sandbox, config, deadline, kept)
            except BaseException:
                session.engine.dispatcher.set_sources(thread_id, before)
                raise
    finally:
        for text in kept:  # log handlers may come here again
            log(logging.WARNING, "thread/resume: thread %s is loaded already, and keeps %s", thread_id, text)


async def _resume(
    session: AsyncSession,
    asked: Mapping[str, Any],
    sandbox: Sandbox | m.SandboxPolicy | None,
    config: JsonObject | None,
    deadline: Deadline,
    kept: list[str],
) -> Any:
    """Resume a thread, and update the settings that it has kept; what cannot be updated is added to ``kept``."""
    given = asked.keys() - {"thread_id", "exclude_turns"}
    loaded = bool(given) and await _is_loaded(session, canonical_id(asked["thread_id"]), deadline)
    info = await session.call(_RESUME, asked, deadline.left())
    settings = settings_to_update(info, asked, sandbox)
    fixed = fixed_settings(asked, config) if loaded else []
    if not loaded:  # it takes what was asked for, but the request has no form for every sandbox
        names = {"sandbox_policy"} if session.config.experimental_api else set[str]()
        settings = {name: value for name, value in settings.items() if name in names}
    elif settings and not session.config.experimental_api:
        if guarded := [name for name in settings if name in GUARDED]:
            raise CodexError(
                f"{_RESUME}: the thread is loaded already, and keeps its {', '.join(guarded)}; "
                "give them to the next turn, or use CodexConfig(experimental_api=True)"
            )
        settings, fixed = {}, [*settings, *fixed]
    if fixed:
        kept.append(f"its {', '.join(fixed)}")
    if settings:
        await session.call(_UPDATE, {"thread_id": info.thread.id, **settings}, deadline.left())
        if settings.keys() & VISIBLE.keys():  # the runtime knows best what it has made of them
            info = await _updated(session, info, asked, sandbox, deadline)
    if directories := further_directories(info.sandbox, sandbox):
        kept.append(f"the directories that its configuration lets it write: {', '.join(directories)}")
    return info


async def _updated(
    session: AsyncSession,
    info: Any,
    asked: Mapping[str, Any],
    sandbox: Sandbox | m.SandboxPolicy | None,
    deadline: Deadline,
) -> Any:
    """Ask for a thread anew until its update shows: the runtime answers an update before it has applied it.

    It applies it in one step, so any change tells. What changes nothing, such as a relative path of the directory that
    the thread has already, is waited for no longer than a moment.
    """
    again, patience = {"thread_id": info.thread.id, "exclude_turns": True}, Deadline(_APPLY_S)
    before = visible_settings(info)
    while True:
        told = await session.call(_RESUME, again, deadline.left())
        if visible_settings(told) != before or not settings_to_update(told, asked, sandbox) or patience.passed:
            return told.model_copy(update={"thread": info.thread})
        await async_sleep(deadline.left(_POLL_S))


async def _is_loaded(session: AsyncSession, thread_id: str, deadline: Deadline) -> bool:
    """Whether the runtime has the thread loaded."""
    ids: AsyncPager[str] = AsyncPager(session, "thread/loaded/list", {}, deadline.left())
    async for each in ids:
        if canonical_id(each) == thread_id:
            return True
    return False
