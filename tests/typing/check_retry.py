"""What type checkers know of ``retry_on_overload``: the kind of ``op`` decides. Checked, never run."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from typing_extensions import assert_type

from openai_codex import AsyncCodex, AsyncThread, Codex, Thread, TurnResult, retry_on_overload


def name() -> str:
    return ""


async def number() -> int:
    return 0


def synchronous(codex: Codex, thread: Thread) -> None:
    assert_type(retry_on_overload(name), str)
    assert_type(retry_on_overload(lambda: thread.run("Hi"), max_attempts=5, total_time_s=30), TurnResult)
    assert_type(retry_on_overload(codex.thread_start), Thread)
    # Could be either; what is Any must not become a coroutine that nobody awaits.
    assert_type(retry_on_overload(lambda: codex.request("x/y")), Any)
    retry_on_overload(lambda: codex.request("x/y"))


async def asynchronous(codex: AsyncCodex, thread: AsyncThread, future: asyncio.Future[bytes]) -> None:
    coroutine = retry_on_overload(number)
    _: int = await assert_type(coroutine, Coroutine[Any, Any, int])
    assert_type(await retry_on_overload(lambda: thread.run("Hi"), max_delay_s=1.0), TurnResult)
    assert_type(await retry_on_overload(codex.thread_start), AsyncThread)
    assert_type(await retry_on_overload(lambda: codex.request("x/y")), Any)
    assert_type(await retry_on_overload(lambda: future), bytes)
