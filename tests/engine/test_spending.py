"""What agents cost is added up and shown, a budget stops them gracefully, and a provider's limit is waited for where its end is near."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from crash.killing import Fuse, Killed
from locus.engine import limits, stream
from locus.model.agent import TurnEnd
from locus.model.events import AgentTurn
from support.house import House, done, states
from support.scripted import Play, Turn


async def test_costs_of_attempts_tasks_and_run(house: House, play: Play) -> None:
    """The second attempt reports the sum over the session: what the first had cost is in it."""
    house.configure(verify=[{"name": "check", "run": "test -e mended.txt"}])

    async def script(turn: Turn) -> None:
        if turn.number == other:
            turn.uses(10, 0.1)
            turn.write("mended.txt")
        elif turn.assignment.session is None:
            turn.uses(50, 0.25)
            turn.uses(100, 0.5)
            turn.write("told.txt")
        else:
            turn.uses(150, 0.75)
            turn.write("mended.txt")

    play(script)
    number, other = await house.issue("x"), await house.issue("y")
    view = await house.run(number, other)
    assert done(view)
    task = view.task(number)
    assert task is not None and (task.tokens, task.cost_usd) == (150, 0.75)
    assert [(one.attempt, one.tokens, one.cost_usd) for one in task.attempts] == [(1, 100, 0.5), (2, 50, 0.25)]
    assert view.tokens == 160 and view.cost_usd == pytest.approx(0.85)


@pytest.mark.parametrize("profile", [False, True])
async def test_a_budget_stops_the_agent_gracefully_and_a_higher_one_lets_it_go_on(
    house: House, play: Play, launched: list[str], profile: bool
) -> None:
    def limited(dollars: float) -> None:
        agents = {"tester": {"kind": "shell", "argv": ["sh"], "limits": {"budgetUsd": dollars}}}
        house.configure(**({"agents": agents} if profile else {"agent_budgetUsd": dollars}))

    limited(1.0)

    async def script(turn: Turn) -> None:
        turn.write("half.txt")
        turn.uses(10, 0.6)
        turn.uses(20, 1.2)
        await turn.hang()

    agent = play(script)
    number = await house.issue("x")
    view = await house.run(number)
    assert states(view) == ["blocked"] and "$1.00" in str(view.tasks[0].error) and "$1.20" in str(view.tasks[0].error)
    assert "budgetUsd" in str(view.tasks[0].hint) and view.id in str(view.tasks[0].hint)
    assert agent.turns[0].assignment.budget_usd == 1.0
    assert (house.ws.repo.worktrees_dir / f"issue-{number}" / "half.txt").exists()
    await house.call("locus.run.resume", runId=view.id)
    view = await house.carry_on(view.id)
    assert states(view) == ["blocked"] and len(agent.turns) == 1

    async def goes_on(turn: Turn) -> None:
        turn.uses(30, 1.5)
        turn.write("whole.txt")

    agent.script = goes_on
    limited(3.0)
    await house.call("locus.run.resume", runId=view.id)
    view = await house.carry_on(view.id)
    assert done(view) and view.cost_usd == 1.5
    assert agent.turns[1].assignment.budget_usd == pytest.approx(3.0)  # the sum over the session
    assert agent.turns[1].assignment.session == agent.turns[0].session_id


async def test_what_a_turn_had_cost_that_its_runner_did_not_survive_counts(house: House, play: Play, launched: list[str]) -> None:
    house.configure(agent_budgetUsd=1.0)

    async def script(turn: Turn) -> None:
        turn.write("half.txt")
        turn.uses(20, 1.2)

    agent = play(script)
    run_id = await house.request(await house.issue("x"))
    with pytest.raises((Killed, BaseExceptionGroup)):
        await house.carry_on(run_id, journal=lambda path: Fuse(path, lambda event: isinstance(event, AgentTurn), "before"))
    await house.call("locus.run.resume", runId=run_id)
    view = await house.carry_on(run_id)
    assert states(view) == ["blocked"] and "$1.20" in str(view.tasks[0].error)
    assert len(agent.turns) == 1, "nothing is left to spend"


async def test_a_stream_that_cannot_be_read_ends_no_run(house: House, play: Play, launched: list[str]) -> None:
    async def script(turn: Turn) -> None:
        turn.write("whole.txt")

    play(script)
    number = await house.issue("x")
    run_id = await house.request(number)
    with pytest.raises((Killed, BaseExceptionGroup)):
        await house.carry_on(run_id, journal=lambda path: Fuse(path, lambda event: isinstance(event, AgentTurn), "before"))
    path = house.ws.runs / run_id / "tasks" / str(number) / stream.OLDER[0]
    path.mkdir()
    view = await house.carry_on(run_id)
    assert done(view) and len(view.warnings) == 2
    assert view.warnings[0] == f"what #{number} had cost before is not counted: {path} cannot be read: Is a directory"
    assert view.warnings[1].startswith(f"what the agent of #{number} has learned was not kept: {path} cannot be read")


async def test_work_that_was_done_when_the_budget_was_reached_counts(house: House, play: Play) -> None:
    house.configure(agent_budgetUsd=1.0)

    async def script(turn: Turn) -> None:
        turn.write("whole.txt")
        turn.uses(20, 1.2)

    play(script)
    assert done(await house.run(await house.issue("x")))


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def test_a_limit_that_is_over_soon_is_waited_for_without_a_slot(house: House, play: Play) -> None:
    house.configure(agent_maxParallel=1)
    others = asyncio.Event()

    async def script(turn: Turn) -> None:
        if turn.number == second:
            turn.write("told.txt")
            await others.wait()
        elif turn.assignment.session is None:
            turn.write("half.txt")
            turn.end = TurnEnd(outcome="limit", reason="the five-hour limit is reached", resets_at=soon(1.5))
        else:
            turn.write("whole.txt")

    agent = play(script)
    first, second = await house.issue("x"), await house.issue("y")
    run_id = await house.request(first, second)
    running = asyncio.create_task(house.carry_on(run_id))
    view = await house.until(run_id, lambda view: states(view) == ["pending", "working"])
    task = view.tasks[0]
    assert view.state == "running" and task.resumes_at is not None and "five-hour limit" in str(task.phase)
    others.set()
    view = await running
    assert done(view)
    assert {"half.txt", "whole.txt"} <= house.branch_files(f"locus/issue-{first}").keys()
    assert [turn.assignment.session is not None for turn in agent.turns if turn.number == first] == [False, True]
    assert view.tasks[0].resumes_at is None
    comments = await house.ws.tracker.comments(first)
    assert not any("limit" in comment.body for comment in comments), "waiting is no failure"


async def test_a_run_that_only_waits_says_so_and_can_be_stopped(house: House, play: Play) -> None:
    async def script(turn: Turn) -> None:
        turn.write("half.txt")
        turn.end = TurnEnd(outcome="limit", reason="the limit is reached", resets_at=soon(3600))

    play(script)
    run_id = await house.request(await house.issue("x"))
    running = asyncio.create_task(house.carry_on(run_id))
    view = await house.until(run_id, lambda view: view.state == "waiting")
    assert "the limit is reached" in str(view.reason) and "waits until" in str(view.reason)
    await house.call("locus.run.stop", runId=run_id)
    view = await running
    assert (view.state, states(view)) == ("stopped", ["interrupted"])


@pytest.mark.parametrize("resets_at", [None, "in 8 hours", "soon"])
async def test_a_limit_that_lasts_blocks_the_task(house: House, play: Play, resets_at: str | None) -> None:
    house.configure(limits_maxWait=3600.0)

    async def script(turn: Turn) -> None:
        turn.write("half.txt")
        turn.end = TurnEnd(
            outcome="limit", reason="the limit is reached", resets_at=soon(8 * 3600) if resets_at == "in 8 hours" else resets_at
        )

    play(script)
    view = await house.run(await house.issue("x"))
    assert states(view) == ["blocked"] and view.tasks[0].error == "the limit is reached" and view.tasks[0].hint


async def test_a_sprint_waits_for_a_limit_and_goes_on_with_the_same_task(house: House, play: Play) -> None:
    async def script(turn: Turn) -> None:
        turn.write(f"told-{turn.number}.txt")
        if turn.number == second and turn.assignment.session is None:
            turn.end = TurnEnd(outcome="limit", reason="the limit is reached", resets_at=soon(0.5))

    agent = play(script)
    first, second, third = await house.issue("x"), await house.issue("y"), await house.issue("z")
    await house.sprint("Alpha", first, second, third)
    view = await house.run(sprint="Alpha")
    assert done(view)
    assert [turn.number for turn in agent.turns] == [first, second, second, third]
    assert {f"told-{number}.txt" for number in (first, second, third)} <= house.branch_files("locus/sprint-alpha").keys()


async def test_a_provider_that_was_too_busy_is_tried_again_later_and_later_in_the_same_session(
    house: House, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the agent's own program has given up. The time is shown, the slot is another's meanwhile."""
    monkeypatch.setattr(limits, "LADDER", (1.0, 2.0))
    monkeypatch.setattr(limits, "_AGAIN", 0.1)
    house.configure(agent_maxParallel=1)

    async def script(turn: Turn) -> None:
        turn.write(f"told-{turn.number}-{len(agent.prompts(turn.number))}.txt")
        if turn.number == first and len(agent.prompts(first)) < 3:
            turn.end = TurnEnd(outcome="busy", reason="the model is overloaded (529)")

    agent = play(script)
    first, second = await house.issue("x"), await house.issue("y")
    run_id = await house.request(first, second)
    running = asyncio.create_task(house.carry_on(run_id))
    view = await house.until(run_id, lambda view: view.state == "waiting")
    assert str(view.state) == "waiting" and "the model is overloaded (529)" in str(view.reason)
    task = view.tasks[0]
    at = datetime.fromisoformat(str(task.resumes_at)).astimezone().strftime("%H:%M:%S")
    assert task.phase == f"waits until {at}: the model is overloaded (529)"
    view = await running
    assert done(view), view
    mine = [turn for turn in agent.turns if turn.number == first]
    assert [turn.number for turn in agent.turns] == [first, second, first, first]
    assert [turn.assignment.session for turn in mine] == [None, mine[0].session_id, mine[0].session_id]
    assert [one.outcome for one in view.tasks[0].attempts] == ["busy", "busy", "ok"]
    assert {f"told-{first}-{number}.txt" for number in (1, 2, 3)} <= house.branch_files(f"locus/issue-{first}").keys()


async def test_a_provider_that_stays_busy_blocks_the_task_and_a_resume_begins_to_try_again(
    house: House, play: Play, monkeypatch: pytest.MonkeyPatch, launched: list[str]
) -> None:
    monkeypatch.setattr(limits, "LADDER", (0.1, 0.2))
    monkeypatch.setattr(limits, "_AGAIN", 0.1)

    async def script(turn: Turn) -> None:
        turn.write("half.txt")
        turn.end = TurnEnd(outcome="busy", reason="503 Service Unavailable")

    agent = play(script)
    view = await house.run(await house.issue("x"))
    assert states(view) == ["blocked"] and len(agent.turns) == 3
    assert view.tasks[0].error == "503 Service Unavailable (tried again 2 times)" and "locus run --resume" in str(view.tasks[0].hint)
    await house.call("locus.run.resume", runId=view.id)
    assert states(await house.carry_on(view.id)) == ["blocked"] and len(agent.turns) == 6


async def test_a_profile_has_its_own_patience(house: House, play: Play) -> None:
    house.configure(agents={"tester": {"kind": "shell", "argv": ["sh"], "limits": {"idleTimeout": 0.2}}})

    async def script(turn: Turn) -> None:
        await turn.hang()

    play(script)
    view = await house.run(await house.issue("x"))
    assert states(view) == ["failed"] and "said nothing for 0.2 s" in str(view.tasks[0].error)
