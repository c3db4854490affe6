"""Goals of both clients on the real runtime: what a thread works towards by itself."""

from __future__ import annotations

import asyncio
import time

import pytest

from openai_codex import AsyncCodex, CodexError, InvalidRequestError, TurnFailedError
from openai_codex.testing import ScriptedModel, Usage
from openai_codex.types import ActiveThreadStatus, CustomReviewTarget, ThreadGoalStatus, TurnStatus
from tests.e2e.facade import requested, scenario


@scenario()
async def test_goal_gives_out_its_turns_and_ends(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("One").say("Two").call_tool("update_goal", {"status": "complete"}).say("Reached")
    thread = await codex.thread_start()
    run = thread.goal.run_goal("Count to three", token_budget=100_000)
    assert run.goal is None
    results = [await turn.run() async for turn in run]
    assert [result.final_response for result in results] == ["One", "Two", "Reached"]
    assert run.goal is not None
    assert (run.goal.status.value, run.goal.objective, run.goal.token_budget) == ("complete", "Count to three", 100_000)
    goal = await thread.goal.get()
    assert goal is not None and goal.status.value == "complete"
    assert await thread.goal.clear() is True
    assert await thread.goal.clear() is False
    assert await thread.goal.get() is None


@scenario(repeat_last=True)
async def test_goal_ends_with_its_budget(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("Again", usage=Usage(100, 50))
    run = (await codex.thread_start()).goal.run_goal("For ever", token_budget=500)
    turns = [turn async for turn in run]  # nobody runs them
    assert len(turns) >= 3
    assert run.goal is not None and run.goal.status.value == "budgetLimited"


@scenario(repeat_last=True)
async def test_goal_without_a_budget_has_none_of_an_earlier_one(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("Again", usage=Usage(100, 50))
    goal = (await codex.thread_start()).goal
    assert len([turn async for turn in goal.run_goal("For ever", token_budget=200)]) >= 1
    async with goal.run_goal("Longer") as turns:
        for _ in range(4):
            await (await turns.__anext__()).run()
        assert turns.goal is not None and turns.goal.token_budget is None


@scenario()
async def test_goal_whose_turn_fails_ends_blocked(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("One").fail(500)
    run = (await codex.thread_start()).goal.run_goal("Try")
    failures = 0
    async for turn in run:
        try:
            await turn.run()
        except TurnFailedError:
            failures += 1
    assert failures == 1
    assert run.goal is not None and run.goal.status.value == "blocked"


@scenario()
async def test_goal_that_is_left_early_is_paused_and_its_turn_interrupted(
    codex: AsyncCodex, model: ScriptedModel
) -> None:
    model.say("One").hang()
    thread = await codex.thread_start()
    async with thread.goal.run_goal("For ever") as turns:
        first = await turns.__anext__()
        await first.run()
        second = await turns.__anext__()
        await requested(model, 2)
    goal = await thread.goal.get()
    assert goal is not None and goal.status.value == "paused"
    assert (await second.run()).status is TurnStatus.interrupted


@scenario()
async def test_goal_after_a_goal_that_was_paused_is_active(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.hang()
    thread = await codex.thread_start()
    async with thread.goal.run_goal("First") as turns:
        await turns.__anext__()
        await requested(model)
    model.call_tool("update_goal", {"status": "complete"}).say("Done")
    run = thread.goal.run_goal("Second")
    assert [(await turn.run()).final_response async for turn in run] == ["Done"]
    assert run.goal is not None and (run.goal.objective, run.goal.status.value) == ("Second", "complete")


@scenario()
async def test_closing_a_goal_run_ends_its_iteration(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.hang()
    run = (await codex.thread_start()).goal.run_goal("For ever")
    turn = await run.__anext__()

    async def rest() -> list[str]:
        return [each.id async for each in run]

    waiting = asyncio.ensure_future(rest())
    await asyncio.sleep(0.2)
    await run.close()
    assert await waiting == []
    await turn.interrupt()


@scenario()
async def test_goal_that_takes_too_long_is_paused(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.hang()
    thread = await codex.thread_start()
    with pytest.raises(TimeoutError, match=r"not reached within 0.5 s") as caught:
        async for _ in thread.goal.run_goal("For ever", timeout=0.5):
            pass
    assert isinstance(caught.value, CodexError)
    goal = await thread.goal.get()
    assert goal is not None and goal.status.value == "paused"


@scenario()
async def test_time_of_a_goal_ends_inside_its_turn_too(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.hang()
    thread = await codex.thread_start()
    begin = time.monotonic()
    with pytest.raises(TimeoutError, match=r"goal was not reached within 0.5 s; it is paused now"):
        async for turn in thread.goal.run_goal("For ever", timeout=0.5):
            await turn.run()
    model.hang()
    with pytest.raises(TimeoutError, match=r"goal was not reached within 0.5 s; it is paused now"):
        async for turn in thread.goal.run_goal("For ever", timeout=0.5):
            async for _ in turn.stream():
                pass
    assert time.monotonic() - begin < 4
    goal = await thread.goal.get()
    assert goal is not None and goal.status is ThreadGoalStatus.paused
    assert not isinstance((await thread.read()).thread.status, ActiveThreadStatus)


@scenario(repeat_last=True)
async def test_goal_that_is_not_set_in_time_does_not_go_on(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("Again")
    thread = await codex.thread_start()
    with pytest.raises(TimeoutError, match="not reached within 0 s"):
        async for _ in thread.goal.run_goal("For ever", timeout=0):
            pass
    goal = await thread.goal.get()
    assert goal is None or goal.status is ThreadGoalStatus.paused


@scenario()
async def test_goal_that_cannot_be_sent_stops_no_other(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.hang()
    thread = await codex.thread_start()
    await thread.goal.set("Running")
    await requested(model)
    with pytest.raises(ValueError, match="token_budget"):
        async with thread.goal.run_goal("Other", token_budget="many") as turns:  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            await turns.__anext__()
    goal = await thread.goal.get()
    assert goal is not None and goal.status is ThreadGoalStatus.active
    await thread.goal.pause()


@scenario()
async def test_what_comes_after_a_goal_is_none_of_its_turns(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.call_tool("update_goal", {"status": "complete"}).say("Reached")
    thread = await codex.thread_start()
    async with thread.goal.run_goal("Quickly") as turns:
        assert (await (await turns.__anext__()).run()).final_response == "Reached"
        command = await thread.shell_command("sleep 0.5; echo done")
        assert [turn.id async for turn in turns] == []
    assert (await command.run()).status is TurnStatus.completed
    model.call_tool("update_goal", {"status": "complete"}).say("Reached").say("In short")
    async with thread.goal.run_goal("Quickly") as turns:
        assert (await (await turns.__anext__()).run()).final_response == "Reached"
        await thread.compact()
        await asyncio.sleep(0.2)  # its turn has begun
        assert [turn.id async for turn in turns] == []
    model.call_tool("update_goal", {"status": "complete"}).say("Reached").stream(["Looks ", "good"], delay=0.3)
    async with thread.goal.run_goal("Quickly") as turns:
        assert (await (await turns.__anext__()).run()).final_response == "Reached"
        review = await thread.review(CustomReviewTarget(instructions="Look"))
        assert [turn.id async for turn in turns] == []
    assert (await review.run()).status is TurnStatus.completed


@scenario()
async def test_goal_can_be_paused_and_resumed(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start()
    model.hang()
    goal = await thread.goal.set("Something", token_budget=1000)
    assert goal.status.value == "active"
    await requested(model)
    assert (await thread.goal.pause()).status.value == "paused"
    running = [turn async for turn in thread.turns()]
    assert len(running) == 1
    with pytest.raises(InvalidRequestError, match="thread/goal/set"):
        await thread.goal.set("")
    await codex.request("turn/interrupt", {"threadId": thread.id, "turnId": running[0].id})
    model.call_tool("update_goal", {"status": "complete"}).say("Done")
    assert (await thread.goal.resume()).status.value == "active"
    await requested(model, 3)


@scenario()
async def test_news_of_an_earlier_goal_does_not_end_a_new_one(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start()
    for _ in range(5):
        model.hang()
        n = len(model.requests)
        await thread.goal.set("Early")
        await requested(model, n + 1)
        await thread.goal.clear()
        running = [turn async for turn in thread.turns(limit=1)]
        await codex.request("turn/interrupt", {"threadId": thread.id, "turnId": running[0].id})
        model.call_tool("update_goal", {"status": "complete"}).say("Done")
        answers = [(await turn.run()).final_response async for turn in thread.goal.run_goal("Late")]
        assert answers[-1] == "Done"
        await thread.goal.clear()


@scenario()
async def test_leaving_a_goal_between_two_turns_stops_the_next_one(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("One").hang()
    thread = await codex.thread_start()
    async with thread.goal.run_goal("For ever") as turns:
        async for turn in turns:
            await turn.run()
            await requested(model, 2)  # the next one has begun
            break
    goal = await thread.goal.get()
    assert goal is not None and goal.status is ThreadGoalStatus.paused
    deadline = time.monotonic() + 5
    while isinstance((await thread.read()).thread.status, ActiveThreadStatus) and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    latest = await thread.turns(limit=1).__anext__()
    assert latest.status is TurnStatus.interrupted


@scenario()
async def test_leaving_a_goal_that_was_reached_leaves_it_reached(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.call_tool("update_goal", {"status": "complete"}).say("Done")
    thread = await codex.thread_start()
    async with thread.goal.run_goal("Quickly") as turns:
        await (await turns.__anext__()).run()
    goal = await thread.goal.get()
    assert goal is not None and goal.status is ThreadGoalStatus.complete


@scenario()
async def test_refused_goal_stops_nothing(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.hang()
    thread = await codex.thread_start()
    await thread.goal.set("Running")
    await requested(model)
    with pytest.raises(InvalidRequestError, match="thread/goal/set"):
        async with thread.goal.run_goal("") as turns:
            await turns.__anext__()
    goal = await thread.goal.get()
    assert goal is not None and goal.status is ThreadGoalStatus.active
    await thread.goal.pause()


@pytest.mark.e2e
@pytest.mark.parametrize("seconds", [0, 0.001, 0.005, 0.02, 0.05])
def test_cancelled_goal_is_paused(seconds: float) -> None:
    async def main(model: ScriptedModel) -> None:
        async with AsyncCodex(model.config()) as codex:
            thread = await codex.thread_start()

            async def work() -> None:
                async with thread.goal.run_goal("For ever") as turns:
                    async for turn in turns:
                        await turn.run()

            task = asyncio.ensure_future(work())
            await asyncio.sleep(seconds)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(0.3)
            goal = await thread.goal.get()
            assert goal is None or goal.status is not ThreadGoalStatus.active
            assert not isinstance((await thread.read()).thread.status, ActiveThreadStatus)

    with ScriptedModel(repeat_last=True) as model:
        model.hang()
        asyncio.run(main(model))


@scenario(repeat_last=True)
async def test_goal_is_over_in_time_however_busy_it_is(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.say("Again")
    begin = time.monotonic()
    with pytest.raises(TimeoutError, match="it is paused now"):
        async for _ in (await codex.thread_start()).goal.run_goal("For ever", timeout=0.5):
            await asyncio.sleep(0.05)
    assert time.monotonic() - begin < 3


@scenario()
async def test_turn_of_the_users_is_none_of_the_goals(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.call_tool("update_goal", {"status": "complete"}).say("Reached").stream(["Mine ", "alone"], delay=0.5)
    thread = await codex.thread_start()
    async with thread.goal.run_goal("Quickly") as turns:
        assert (await (await turns.__anext__()).run()).final_response == "Reached"
        mine = await thread.turn("Something else")
        await requested(model, 3)
        assert [turn.id async for turn in turns] == []
    assert (await mine.run()).final_response == "Mine alone"


@scenario()
async def test_command_of_the_users_in_a_turn_of_a_goal_has_joined_it(codex: AsyncCodex, model: ScriptedModel) -> None:
    model.stream(["One ", "moment"], delay=0.5).call_tool("update_goal", {"status": "complete"}).say("Done")
    thread = await codex.thread_start()
    await thread.goal.set("Something")
    await requested(model)
    command = await thread.shell_command("echo beside")
    assert command.joined
    async with command.stream() as events:
        async for _ in events:
            break
    assert (await command.run()).status is TurnStatus.completed


@scenario()
async def test_objective_of_a_goal_is_a_text(codex: AsyncCodex, model: ScriptedModel) -> None:
    thread = await codex.thread_start()
    with pytest.raises(TypeError, match="run_goal: the objective is None"):
        thread.goal.run_goal(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
