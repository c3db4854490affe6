"""Threads of both clients on the real runtime: their life, how they are set up, and what is stored of them."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from typing import Any

import pytest

from openai_codex import (
    ApprovalMode,
    AsyncCodex,
    Codex,
    CodexError,
    InvalidRequestError,
    JsonRpcError,
    Sandbox,
    ThreadNotFoundError,
    TurnFailedError,
    TurnNotActiveError,
)
from openai_codex.models import JsonObject
from openai_codex.testing import ScriptedModel, Usage
from openai_codex.types import (
    ActiveThreadStatus,
    AgentMessageThreadItem,
    AskForApprovalValue,
    BaseBranchReviewTarget,
    CommandExecutionThreadItem,
    CustomReviewTarget,
    DangerFullAccessSandboxPolicy,
    ExternalSandboxSandboxPolicy,
    NetworkAccess,
    ReadOnlySandboxPolicy,
    ReasoningEffort,
    SortDirection,
    ThreadSortKey,
    TurnStatus,
    UserMessageThreadItem,
    WorkspaceWriteSandboxPolicy,
)
from tests.e2e.facade import Wire, requested, scenario

# Life


@scenario(repeat_last=True)
async def test_thread_lives_through_all_its_stages(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("Hello")
    thread = await codex.thread_start()
    await thread.run("Hi")
    await thread.set_name("A name")
    assert (await thread.read()).thread.name == "A name"
    await codex.thread_archive(thread.id)
    with pytest.raises(ThreadNotFoundError, match="turn/start"):
        await thread.run("Hi")
    unarchived = await codex.thread_unarchive(thread.id)
    assert (unarchived.id, unarchived == thread) == (thread.id, True)
    assert (unarchived.cwd, unarchived.sandbox) == (str(model.workspace), None)
    resumed = await codex.thread_resume(thread.id, include_turns=False)
    assert (await resumed.run("Again")).final_response == "Hello"
    await resumed.compact()
    await resumed.delete()
    with pytest.raises(ThreadNotFoundError):
        await resumed.read()


@scenario(repeat_last=True)
async def test_resumed_and_forked_threads_know_what_was_said(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("Hello")
    thread = await codex.thread_start()
    await thread.run("First")
    resumed = await codex.thread_resume(thread.id, include_turns=True, model="gpt-5.5")
    assert [len(turn.items) for turn in resumed.info.thread.turns] == [2]
    forked = await codex.thread_fork(thread.id, include_turns=False, ephemeral=True)
    assert forked.id != thread.id and forked.info.thread.turns == []
    assert (await forked.run("Second")).final_response == "Hello"
    texts = model.requests[-1].user_texts
    assert texts.index("First") < texts.index("Second")


@scenario()
async def test_thread_without_a_turn_cannot_be_resumed(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start()
    for call in (codex.thread_resume, codex.thread_fork):
        with pytest.raises(ThreadNotFoundError, match="no rollout found") as caught:
            await call(thread.id)
        assert (caught.value.code, caught.value.data) == (-32600, None)
        assert isinstance(caught.value, InvalidRequestError)
        assert caught.value.method in ("thread/resume", "thread/fork")


@scenario()
async def test_tokens_of_a_turn_are_right_after_turns_were_taken_back(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("One", usage=Usage(100, 50)).say("Two", usage=Usage(100, 50)).say("Three", usage=Usage(100, 50))
    thread = await codex.thread_start()
    await thread.run("Keep")
    undone = await thread.turn("Undo")
    await undone.run()
    await thread.revert(undone.id)
    result = await thread.run("Next")
    assert result.usage_delta is not None and result.usage_delta.total_tokens == 150


@scenario()
async def test_tokens_of_a_turn_that_filled_the_context_are_unknown(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("One", usage=Usage(100, 50)).fail("context_length_exceeded")
    thread = await codex.thread_start()
    await thread.run("Hi")
    with pytest.raises(TurnFailedError) as caught:
        await thread.run("Too much")
    assert caught.value.result.usage_delta is None
    assert caught.value.message and caught.value.message in str(caught.value)


@scenario(repeat_last=True)
async def test_turns_can_be_taken_back(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("Hello")
    thread = await codex.thread_start()
    await thread.run("Keep")
    undone = await thread.turn("Undo")
    await undone.run()
    await thread.revert(undone.id)
    assert len([turn async for turn in thread.turns()]) == 1
    await thread.run("Next")
    assert "Undo" not in model.requests[-1].user_texts


@scenario()
async def test_items_can_be_put_into_the_context(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start()
    content: list[Any] = [{"type": "input_text", "text": "Remember this"}]
    await thread.inject([{"type": "message", "role": "user", "content": content}])
    with pytest.raises(InvalidRequestError, match="thread/inject_items"):
        await thread.inject([{"type": 5}])
    model.say("Hello")
    await thread.run("Hi")
    assert "Remember this" in model.requests[-1].user_texts


# How they are set up


@scenario(config_toml='model_reasoning_effort = "low"')
async def test_thread_tells_how_it_is_set_up(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start(approval_mode=ApprovalMode.deny_all, sandbox=Sandbox.workspace_write)
    assert (thread.model, thread.model_provider) == ("gpt-5.5", "scripted")
    assert (thread.cwd, thread.reasoning_effort) == (str(model.workspace), ReasoningEffort.low)
    assert thread.approval_policy is AskForApprovalValue.never
    assert isinstance(thread.sandbox, WorkspaceWriteSandboxPolicy)
    assert thread.info.thread.id == thread.id
    assert (await codex.thread_start()) != thread
    assert repr(thread).endswith(f"Thread(id={thread.id!r})")


OPEN_WORKSPACE = WorkspaceWriteSandboxPolicy(network_access=True, exclude_slash_tmp=True)
POLICIES: list[Any] = [
    OPEN_WORKSPACE,
    ReadOnlySandboxPolicy(),
    ReadOnlySandboxPolicy(network_access=True),
    DangerFullAccessSandboxPolicy(),
    ExternalSandboxSandboxPolicy(network_access=NetworkAccess.enabled),
]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.type)
@scenario(repeat_last=True)
async def test_policy_holds_for_a_thread_as_it_is(codex: AsyncCodex, model: ScriptedModel, policy: Any) -> None:
    thread = await codex.thread_start(sandbox=policy)
    assert thread.sandbox == policy
    model.say("Hello")
    await thread.run("Hi")
    # Loading the thread again tells what the runtime holds.
    resumed = await codex.thread_resume(thread.id, include_turns=False)
    assert resumed.sandbox == policy
    forked = await codex.thread_fork(thread.id, sandbox=policy, include_turns=False)
    assert forked.sandbox == policy


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.type)
@scenario(repeat_last=True)
async def test_policy_of_a_turn_holds_from_then_on(codex: AsyncCodex, model: ScriptedModel, policy: Any) -> None:
    model.say("Hello")
    thread = await codex.thread_start()
    await thread.run("Hi", sandbox=policy)
    assert (await codex.thread_resume(thread.id, include_turns=False)).sandbox == policy


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox differs by platform")
@scenario()
async def test_writable_root_of_a_policy_can_be_written(codex: AsyncCodex, model: ScriptedModel) -> None:
    outside = model.home.parent / "user" / "outside"
    outside.mkdir()
    policy = WorkspaceWriteSandboxPolicy(
        writable_roots=[str(outside)], exclude_slash_tmp=True, exclude_tmpdir_env_var=True
    )
    command = {"cmd": f"touch {outside}/yes; touch {model.home.parent}/no; ls {outside}"}
    model.call_tool("exec_command", command).say("Done")
    thread = await codex.thread_start(sandbox=policy, approval_mode=ApprovalMode.deny_all)
    await thread.run("Write")
    assert (outside / "yes").exists() and not (model.home.parent / "no").exists()


@scenario(config={"experimental_api": False})
async def test_policy_that_needs_the_experimental_api_is_refused_at_once(
    codex: AsyncCodex, model: ScriptedModel, wire: Wire
) -> None:
    with pytest.raises(ValueError, match=r"thread/settings/update: the method is experimental"):
        await codex.thread_start(sandbox=ReadOnlySandboxPolicy(network_access=True))
    assert wire.sent("thread/start") == []
    assert (await codex.thread_start(sandbox=OPEN_WORKSPACE)).sandbox == OPEN_WORKSPACE


@scenario(config={"experimental_api": False})
async def test_experimental_calls_are_refused_before_they_are_sent(
    codex: AsyncCodex, model: ScriptedModel, wire: Wire
) -> None:
    model.hang()
    thread = await codex.thread_start()
    turn = await thread.turn("Hi")
    calls: list[tuple[str, Any]] = [
        ("thread/search: the method is experimental", codex.rpc.thread.search(search_term="x")),
        ("thread/start: the field dynamicTools is experimental", codex.rpc.thread.start(dynamic_tools=[])),
        ("turn/start: the field environments", codex.request("turn/start", {"environments": []})),
        ("thread/search: the method", codex.request("thread/search")),
        ("thread/backgroundTerminals/clean: the method", turn.interrupt(clean_terminals=True)),
    ]
    for text, call in calls:
        with pytest.raises(ValueError, match=f"{text}.*experimental_api=True"):
            await call
    assert wire.sent("thread/search") == wire.sent("turn/interrupt") == []
    assert not any("dynamicTools" in params for params in wire.sent("thread/start"))
    assert len(wire.sent("turn/start")) == 1
    await codex.request("thread/start", {})  # what is stable passes


@scenario(repeat_last=True)
async def test_what_a_resume_asks_for_holds_for_a_loaded_thread(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("Hello")
    elsewhere = model.workspace / "elsewhere"
    elsewhere.mkdir()
    thread = await codex.thread_start(sandbox=Sandbox.full_access)
    await thread.run("Hi")
    resumed = await codex.thread_resume(
        thread.id,
        sandbox=Sandbox.read_only,
        approval_mode=ApprovalMode.deny_all,
        model="gpt-5.6-sol",
        cwd=str(elsewhere),
        include_turns=False,
    )
    again = await codex.thread_resume(thread.id, include_turns=False)
    for each in (resumed, again):
        assert isinstance(each.sandbox, ReadOnlySandboxPolicy)
        assert each.approval_policy is AskForApprovalValue.never
        assert (each.model, each.cwd) == ("gpt-5.6-sol", str(elsewhere))


@scenario(repeat_last=True, config={"experimental_api": False})
async def test_what_a_resume_asks_for_is_not_ignored_silently(
    codex: AsyncCodex, model: ScriptedModel, wire: Wire
) -> None:
    model.say("Hello")
    thread = await codex.thread_start(sandbox=Sandbox.full_access)
    await thread.run("Hi")
    with pytest.raises(CodexError, match=r"thread/resume: the thread is loaded already, and keeps its sandbox_policy"):
        await codex.thread_resume(thread.id, sandbox=Sandbox.read_only)
    assert (await codex.thread_resume(thread.id, sandbox=Sandbox.full_access)).id == thread.id
    assert wire.sent("thread/settings/update") == []


@scenario(repeat_last=True)
async def test_loaded_thread_says_what_it_cannot_take(
    codex: AsyncCodex, model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    model.say("Hello")
    thread = await codex.thread_start()
    await thread.run("Hi")
    config: JsonObject = {"model_reasoning_effort": "high"}
    resumed = await codex.thread_resume(thread.id, base_instructions="Be brief", config=config, model="gpt-5.6-sol")
    assert (resumed.id, resumed.model) == (thread.id, "gpt-5.6-sol")
    assert f"thread {thread.id} is loaded already, and keeps its base_instructions, config" in caplog.text


@scenario(repeat_last=True, config={"experimental_api": False})
async def test_loaded_thread_without_the_experimental_api_says_what_it_keeps(
    codex: AsyncCodex, model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    model.say("Hello")
    thread = await codex.thread_start()
    await thread.run("Hi")
    assert (await codex.thread_resume(thread.id, model="gpt-5.6-sol")).model == thread.model
    assert f"thread {thread.id} is loaded already, and keeps its model" in caplog.text


@scenario(repeat_last=True)
async def test_resume_beside_one_without_settings_gets_what_it_asked_for(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    model.say("Hello")
    thread = await codex.thread_start(sandbox=Sandbox.full_access)
    await thread.run("Hi")
    async with AsyncCodex(model.config()) as other:
        await codex.close()
        await other.models()
        plain = other.thread_resume(thread.id, include_turns=False)
        narrow = other.thread_resume(thread.id, sandbox=Sandbox.read_only, include_turns=False)
        _, resumed = await asyncio.gather(plain, narrow)
        assert isinstance(resumed.sandbox, ReadOnlySandboxPolicy)


@scenario(repeat_last=True)
async def test_stored_thread_takes_every_kind_of_sandbox(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("Hello")
    thread = await codex.thread_start(sandbox=Sandbox.full_access)
    await thread.run("Hi")
    policy = ReadOnlySandboxPolicy(network_access=True)  # to a request, it would be read-only without network
    async with AsyncCodex(model.config()) as other:
        await codex.close()
        assert (await other.thread_resume(thread.id, sandbox=policy, include_turns=False)).sandbox == policy


@scenario(repeat_last=True)
async def test_loaded_thread_is_known_however_its_id_is_spelled(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("Hello")
    thread = await codex.thread_start(sandbox=Sandbox.full_access)
    await thread.run("Hi")
    resumed = await codex.thread_resume(thread.id.upper(), sandbox=Sandbox.read_only)
    assert resumed.id == thread.id
    assert isinstance(resumed.sandbox, ReadOnlySandboxPolicy)


@pytest.mark.e2e
def test_log_handler_may_resume_the_thread_that_the_log_is_about() -> None:
    class Resuming(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "is loaded already" in record.getMessage() and not resumed:
                resumed.append(codex.thread_resume(thread.id, model="gpt-5.5", timeout=5).model)

    resumed: list[str | None] = []
    handler, logger = Resuming(), logging.getLogger("openai_codex")
    with ScriptedModel() as model, Codex(model.config()) as codex:
        model.say("Hello")
        thread = codex.thread_start()
        thread.run("Hi")
        logger.addHandler(handler)
        try:
            codex.thread_resume(thread.id, base_instructions="Be brief", timeout=5)
        finally:
            logger.removeHandler(handler)
    assert resumed == ["gpt-5.5"]


@scenario(repeat_last=True)
async def test_resumes_at_the_same_time_each_get_what_they_asked_for(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("Hello")
    thread = await codex.thread_start()
    await thread.run("Hi")
    async with AsyncCodex(model.config()) as other:
        await codex.close()
        models = ["gpt-5.5", "gpt-5.6-sol", "mock-model"]
        resumed = await asyncio.gather(*(other.thread_resume(thread.id, model=name) for name in models))
        assert [each.model for each in resumed] == models


@scenario(repeat_last=True)
async def test_loaded_thread_that_may_write_more_than_was_asked_for_is_told(
    codex: AsyncCodex, model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    model.say("Hello")
    (model.workspace / "extra").mkdir()
    roots = [str(model.workspace / "extra")]
    thread = await codex.thread_start(sandbox=WorkspaceWriteSandboxPolicy(writable_roots=roots))
    await thread.run("Hi")
    resumed = await codex.thread_resume(thread.id, sandbox=WorkspaceWriteSandboxPolicy(network_access=True))
    policy = WorkspaceWriteSandboxPolicy(network_access=True, writable_roots=roots)
    assert resumed.sandbox == policy
    assert f"keeps the directories that its configuration lets it write: {roots[0]}" in caplog.text


@scenario(repeat_last=True)
async def test_resume_of_a_stored_thread_takes_what_the_runtime_makes_of_it(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    model.say("Hello")
    thread = await codex.thread_start()
    await thread.run("Hi")
    (model.workspace / "sub").mkdir()
    policy = WorkspaceWriteSandboxPolicy(writable_roots=[f"{model.workspace}/x/../sub/"])
    for experimental in (True, False):
        async with AsyncCodex(model.config(experimental_api=experimental)) as other:
            await codex.close()
            resumed = await other.thread_resume(
                thread.id, cwd="sub", service_tier="fast", sandbox=policy, include_turns=False
            )
            assert resumed.cwd == str(model.workspace / "sub")
            assert isinstance(resumed.sandbox, WorkspaceWriteSandboxPolicy)
            again = await other.thread_resume(thread.id, include_turns=False)
            assert (again.cwd, again.service_tier) == (resumed.cwd, resumed.service_tier)


@scenario()
async def test_handle_can_be_made_without_asking(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start()
    bare = codex.thread(thread.id)
    assert (bare, bare.id, bare.model) == (thread, thread.id, None)
    with pytest.raises(RuntimeError, match=r"read\(\) the thread"):
        _ = bare.info
    assert (await bare.read()).thread.id == thread.id
    with pytest.raises(ThreadNotFoundError):
        await codex.thread("zz").read()
    for call in (codex.thread_resume, codex.thread_fork, codex.thread_archive, codex.thread_unarchive):
        with pytest.raises(ThreadNotFoundError):
            await call("zz")
    unknown = "01a21400-0000-7000-8000-000000000000"
    for call in (codex.thread_resume, codex.thread_unarchive):
        with pytest.raises(ThreadNotFoundError, match="stored with its first turn"):
            await call(unknown)


# Lists


@scenario(repeat_last=True)
async def test_iterators_go_through_all_pages(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("Hello")
    threads = [await codex.thread_start() for _ in range(7)]
    for thread in threads:
        await thread.run("Hi")
    found = [thread.id async for thread in codex.threads(limit=2)]
    assert sorted(found) == sorted(thread.id for thread in threads)
    assert found[0] == threads[-1].id  # the latest first
    pages = await codex.thread_list(limit=3, sort_key=ThreadSortKey.recency_at)
    assert len(pages.data) == 3 and pages.next_cursor is not None
    rest = [thread.id async for thread in codex.threads(cursor=pages.next_cursor, limit=2)]
    assert rest == found[3:]
    assert [thread async for thread in codex.threads(archived=True)] == []

    thread = threads[0]
    for _ in range(2):
        await thread.run("More")
    turns = [turn async for turn in thread.turns(limit=1)]
    assert len(turns) == 3
    assert [turn.id async for turn in thread.turns(sort_direction=SortDirection.asc)] == [t.id for t in turns[::-1]]
    entries = [entry async for entry in thread.items(limit=2)]
    assert [type(entry.item) for entry in entries] == [UserMessageThreadItem, AgentMessageThreadItem] * 3
    latest = [entry.turn_id async for entry in thread.items(turn_id=turns[0].id)]
    assert latest == [turns[0].id] * 2

    models = [each.id async for each in codex.all_models(limit=2)]
    assert models == [each.id for each in (await codex.models()).data]


@scenario(repeat_last=True)
async def test_threads_are_not_lost_between_pages(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("Hello")
    threads = await asyncio.gather(*(codex.thread_start() for _ in range(9)))
    await asyncio.gather(*(thread.run("Hi") for thread in threads))
    found = [thread.id async for thread in codex.threads(limit=2)]
    assert sorted(found) == sorted(thread.id for thread in threads)


@scenario()
async def test_errors_of_a_list_come_while_iterating(codex: AsyncCodex, model: ScriptedModel) -> None:
    ephemeral = await codex.thread_start(ephemeral=True)
    for pages in (codex.threads(cursor="zz"), ephemeral.turns(), ephemeral.items()):
        with pytest.raises(JsonRpcError):
            await pages.__anext__()


# Turns of other kinds


@scenario()
async def test_review_is_one_turn_with_its_text(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("No findings")
    thread = await codex.thread_start()
    turn = await thread.review(CustomReviewTarget(instructions="Look twice"))
    methods = [(event.method, event.params.get("turnId", turn.id)) async for event in turn.stream()]
    assert [method for method, _ in methods].count("turn/started") == 1
    assert methods[-1] == ("turn/completed", turn.id)
    result = await turn.run()
    assert result.status is TurnStatus.completed
    assert result.final_response is not None and "No findings" in result.final_response
    kinds = [item.type for item in result.items]
    assert {"enteredReviewMode", "exitedReviewMode", "agentMessage"} <= set(kinds)


@pytest.mark.e2e
@pytest.mark.parametrize("busy", [0.0, 0.05, 0.2])
def test_review_that_is_cancelled_before_it_is_accepted_stops(busy: float) -> None:
    async def main(model: ScriptedModel) -> None:
        async with AsyncCodex(model.config()) as codex:
            thread = await codex.thread_start()
            task = asyncio.ensure_future(thread.review(CustomReviewTarget(instructions="Look")))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            time.sleep(busy)  # the loop comes late to what the runtime says meanwhile
            deadline = time.monotonic() + 5
            await asyncio.sleep(0.3)
            while isinstance((await thread.read()).thread.status, ActiveThreadStatus):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)

    with ScriptedModel(repeat_last=True) as model:
        model.hang()
        asyncio.run(main(model))


@scenario()
async def test_review_that_could_not_start_does_not_fail_the_next_turn(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("Hello").fail(500).say("Fine")
    thread = await codex.thread_start()
    with pytest.raises(TurnFailedError, match="not a git repository"):
        await (await thread.review(BaseBranchReviewTarget(branch="zz"))).run()
    result = await thread.run("Hi")
    assert (result.status, result.final_response) == (TurnStatus.completed, "Hello")
    with pytest.raises(TurnFailedError, match="high demand"):
        await thread.run("Hi")
    assert (await thread.run("Hi")).final_response == "Fine"


@pytest.mark.parametrize("look", ["not at all", "shortly"])
@scenario()
async def test_review_that_nobody_waited_for_does_not_fail_the_next_turn(
    codex: AsyncCodex, model: ScriptedModel, look: str
) -> None:
    model.say("Hello")
    thread = await codex.thread_start()
    review = await thread.review(BaseBranchReviewTarget(branch="zz"))
    if look == "shortly":
        async with review.stream() as events:
            await events.__anext__()
    else:
        await asyncio.sleep(0.3)
    result = await thread.run("Hi")
    assert (result.status, result.final_response) == (TurnStatus.completed, "Hello")


@scenario()
async def test_interrupt_of_a_review_that_could_not_start_says_so(codex: AsyncCodex, model: ScriptedModel) -> None:
    review = await (await codex.thread_start()).review(BaseBranchReviewTarget(branch="zz"))
    begin = time.monotonic()
    with pytest.raises(TurnNotActiveError):
        await review.interrupt(timeout=None)
    assert time.monotonic() - begin < 3


@scenario()
async def test_command_of_the_user_is_a_turn_of_its_own(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start()
    turn = await thread.shell_command("echo from the shell; exit 3")
    result = await turn.run()
    assert (turn.joined, result.status) == (False, TurnStatus.completed)
    (item,) = result.items
    assert isinstance(item, CommandExecutionThreadItem)
    assert (item.aggregated_output, item.exit_code) == ("from the shell\n", 3)


@scenario()
async def test_commands_at_the_same_time_know_which_turn_is_whose(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start()
    commands = await asyncio.gather(*(thread.shell_command(f"sleep 0.3; echo {word}") for word in "abc"))
    assert len({command.id for command in commands}) == 1
    assert sorted(command.joined for command in commands) == [False, True, True]
    assert [(await command.run()).status for command in commands] == [TurnStatus.completed] * 3


@scenario()
async def test_command_of_the_user_joins_the_running_turn(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.stream(["One ", "moment"], delay=0.5).say("Seen")
    thread = await codex.thread_start()
    turn = await thread.turn("Hi")
    await requested(model)
    command = await thread.shell_command("echo beside")
    assert (command.id, command.joined) == (turn.id, True)
    result = await turn.run()
    outputs = [item.aggregated_output for item in result.items if isinstance(item, CommandExecutionThreadItem)]
    assert outputs == ["beside\n"]
