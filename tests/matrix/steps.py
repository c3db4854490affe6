"""What is done with each runtime: small scenarios, written once and played with both clients.

Every step has a runtime, a home and a model of its own, so that one that fails says nothing about the others. It
returns when all was as it must be, and raises otherwise: ``WrongResult``, or what the client raised. Its docstring
is what the page says of it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from openai_codex import (
    ApprovalMode,
    ApprovalRequest,
    AsyncCodex,
    AsyncThread,
    CodexError,
    InvalidRequestError,
    Notification,
    Sandbox,
    TransportClosedError,
    TurnResult,
    tool,
)
from openai_codex._generated._version import OLDEST_RUNTIME
from openai_codex.protocol import REQUESTS
from openai_codex.testing import ScriptedModel, Usage, tool_call
from openai_codex.types import (
    AgentMessageDeltaNotification,
    CommandExecutionStatus,
    CommandExecutionThreadItem,
    DynamicToolCallStatus,
    DynamicToolCallThreadItem,
    TurnStatus,
)
from tests.e2e.facade import open_client, requested
from tests.matrix.versions import release

__all__ = ["STEPS", "Lacking", "Stage", "WrongResult"]


class WrongResult(Exception):
    """Something is not as it must be; the text says what."""


class Lacking(Exception):
    """The runtime lacks requests, and refuses them as it should.

    Attributes:
        error: What the client makes of the first.
        methods: Which requests.
        version: The runtime's.
    """

    def __init__(self, error: CodexError, methods: Sequence[str], version: str) -> None:
        super().__init__(f"codex {version} lacks {', '.join(methods)}")
        self.error = error
        self.methods = tuple(methods)
        self.version = version


def expect(what: str, found: object, wanted: object) -> None:
    """Compare what came with what has to come."""
    if found != wanted:
        raise WrongResult(f"{what}: {found!r} instead of {wanted!r}")


@dataclass(frozen=True)
class Stage:
    """Where a step is played.

    Attributes:
        kind: Which client: ``async`` or ``sync``.
        binary: The runtime.
        version: What the runtime has to call itself.
        model: What it is asked for answers.
    """

    kind: str
    binary: str
    version: str
    model: ScriptedModel

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[AsyncCodex, None]:
        """A client with the runtime started, closed at the end."""
        async with open_client(self.kind, self.model.config(codex_bin=self.binary)) as codex, codex:
            yield codex


def expect_answer(result: TurnResult[Any], text: str) -> None:
    """Check that a turn has ended well, with this text."""
    expect("the turn's status", result.status, TurnStatus.completed)
    expect("the final text", result.final_response, text)


async def start(stage: Stage) -> None:
    """Start the runtime and initialize; it has the expected version."""
    async with stage.client() as codex:
        info = codex.metadata.serverInfo
        expect("the version", info and info.version, stage.version)
        if release(stage.version) < release(OLDEST_RUNTIME):
            raise WrongResult(f"a runtime older than {OLDEST_RUNTIME} was started")


async def thread_start(stage: Stage) -> None:
    """Start a thread; model, directory, sandbox and approval policy are those that were asked for."""
    async with stage.client() as codex:
        thread = await codex.thread_start(sandbox=Sandbox.read_only, approval_mode=ApprovalMode.deny_all)
        expect("the model", thread.model, "gpt-5.5")
        expect("the directory", thread.cwd, str(stage.model.workspace))
        expect("the sandbox", thread.sandbox and thread.sandbox.type, "readOnly")
        expect("the approval policy", thread.approval_policy, "never")


async def turn(stage: Stage) -> None:
    """Stream a turn; every event fits its type, the text comes in pieces, the result has text, items and usage."""
    async with stage.client() as codex:
        stage.model.stream(["Hel", "lo"], 0.05, usage=Usage(input_tokens=7, output_tokens=3))
        turn = await (await codex.thread_start()).turn("Hi")
        events = [event async for event in turn.stream()]
        for event in events:
            expect_readable(event)
        pieces = [each.payload.delta for each in events if isinstance(each.payload, AgentMessageDeltaNotification)]
        expect("the pieces of text", pieces, ["Hel", "lo"])
        expect("the last event", events[-1].method, "turn/completed")
        result = await turn.run()
        expect_answer(result, "Hello")
        expect("the items", [item.type for item in result.items], ["userMessage", "agentMessage"])
        used = result.usage_delta
        expect("the usage", used and (used.input_tokens, used.output_tokens), (7, 3))


def expect_readable(event: Notification) -> None:
    """Check that an event fits its type."""
    if event.payload_error is not None:
        raise WrongResult(f"{event.method} does not fit its type: {event.payload_error}")


async def resume(stage: Stage) -> None:
    """Resume a stored thread in another client and run a turn in it; the model is shown the first one."""
    stage.model.say("One").say("Two")
    async with stage.client() as codex:
        thread = await codex.thread_start()
        expect_answer(await thread.run("First"), "One")
    async with stage.client() as codex:
        resumed = await codex.thread_resume(thread.id)
        expect("the thread", resumed.id, thread.id)
        expect_answer(await resumed.run("Second"), "Two")
    expect("what the model is shown", stage.model.requests[-1].user_texts[-2:], ["First", "Second"])


async def listing(stage: Stage) -> None:
    """List the stored threads, page by page, and read one with its turns."""
    stage.model.say("One").say("Two")
    async with stage.client() as codex:
        threads = [await codex.thread_start() for _ in range(2)]
        for thread in threads:
            await thread.run("Hi")
        listed = [stored.id async for stored in codex.threads(limit=1)]
        expect("the threads", sorted(listed), sorted(thread.id for thread in threads))
        read = (await threads[0].read(include_turns=True)).thread
        expect("the items", [item.type for each in read.turns for item in each.items], ["userMessage", "agentMessage"])


async def approval(stage: Stage) -> None:
    """Be asked to approve a command and decline; it is not run, the model is told, and the turn goes on."""
    asked: list[str | None] = []

    def refuse(request: ApprovalRequest) -> bool:
        asked.append(request.command)
        return False

    async with stage.client() as codex:
        thread: AsyncThread = await codex.thread_start(
            approval_mode=ApprovalMode.ask, sandbox=Sandbox.read_only, approval_handler=refuse
        )
        command = {"cmd": "touch made", "sandbox_permissions": "require_escalated", "justification": "because"}
        stage.model.answer(tool_call("exec_command", command)).say("Pity")
        result = await thread.run("Make it")
    expect("how often the handler was asked for the command", ["touch made" in (each or "") for each in asked], [True])
    expect("whether the command has run", (stage.model.workspace / "made").exists(), False)
    statuses = [item.status for item in result.items if isinstance(item, CommandExecutionThreadItem)]
    expect("the command's status", statuses, [CommandExecutionStatus.declined])
    told = [*stage.model.requests[-1].tool_outputs.values()]
    expect("whether the model is told of the refusal", ["reject" in text for text in told], [True])
    expect_answer(result, "Pity")


@tool
def double(number: int) -> int:
    """Double a number."""
    return 2 * number


async def tool_calls(stage: Stage) -> None:
    """Offer a function as a tool; the model calls it and is told its result."""
    stage.model.call_tool("double", {"number": 21}).say("42")
    async with stage.client() as codex:
        thread = await codex.thread_start(tools=[double])
        result = await thread.run("Double 21")
    expect("what the model is told", [*stage.model.requests[-1].tool_outputs.values()], ["42"])
    statuses = [item.status for item in result.items if isinstance(item, DynamicToolCallThreadItem)]
    expect("the call's status", statuses, [DynamicToolCallStatus.completed])
    expect_answer(result, "42")


async def interrupt(stage: Stage) -> None:
    """Interrupt a turn while the model is silent; the thread takes another one."""
    stage.model.hang().say("Again")
    async with stage.client() as codex:
        thread = await codex.thread_start()
        turn = await thread.turn("Hi")
        await requested(stage.model)
        await turn.interrupt()
        expect("the turn's status", (await turn.run()).status, TurnStatus.interrupted)
        expect_answer(await thread.run("Hi"), "Again")


async def close(stage: Stage) -> None:
    """Close the client during a turn; what waits ends with an error, and nothing is left of the runtime."""
    stage.model.hang()
    async with stage.client() as codex:
        turn = await (await codex.thread_start()).turn("Hi")
        waiting = asyncio.ensure_future(turn.run())
        await requested(stage.model)
        await codex.close()
        for call in (waiting, codex.models()):
            try:
                await call
            except TransportClosedError:
                continue
            raise WrongResult("a call was answered after the client was closed")


async def requests(stage: Stage) -> None:
    """Ask for each request of this package that the runtime does not list; the refusal names both versions."""
    async with stage.client() as codex:
        refusal = await refused(codex, "no/such/request", stage.version)
        known = re.findall(r"`([^`]+)`", refusal.message.partition("expected one of")[2])
        expect("whether the runtime lists its requests", "thread/start" in known, True)
        lacking = [method for method in sorted(REQUESTS) if method not in known]
        refusals = [await refused(codex, method, stage.version) for method in lacking]
    if refusals:
        raise Lacking(refusals[0], lacking, stage.version)


async def refused(codex: AsyncCodex, method: str, version: str) -> InvalidRequestError:
    """Send a request that the runtime does not know, and check what the client makes of the answer."""
    try:
        await codex.request(method)
    except InvalidRequestError as error:
        expect(f"whether the refusal of {method} names the runtime", f"codex {version} does not" in str(error), True)
        return error
    raise WrongResult(f"{method} was answered, although the runtime does not list it")


Step = Callable[[Stage], Awaitable[None]]

STEPS: Mapping[str, Step] = MappingProxyType(
    {
        "start": start,
        "thread": thread_start,
        "turn": turn,
        "resume": resume,
        "list and read": listing,
        "approval": approval,
        "tool": tool_calls,
        "interrupt": interrupt,
        "close": close,
        "all requests": requests,
    }
)
"""The steps by their names in the table, in order."""
