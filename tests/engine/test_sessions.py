"""An agent that can goes on in its own session: after a failed verification, a stop, a crash; else it begins afresh."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from locus.engine import store
from locus.model.agent import TurnEnd
from locus.model.run import RunView
from support.house import House, done, states
from support.procs import until_async
from support.repos import Home
from support.scripted import Play, ScriptedAgent, Turn


def sessions(agent: ScriptedAgent) -> list[bool]:
    """Per turn whether it went on in an earlier one's session."""
    return [turn.assignment.session is not None for turn in agent.turns]


async def test_what_failed_goes_back_to_the_same_session_in_few_words(house: House, play: Play) -> None:
    house.configure(verify=[{"name": "check", "run": "cat told.txt; test -e mended.txt"}])

    async def script(turn: Turn) -> None:
        turn.write("told.txt" if turn.assignment.session is None else "mended.txt", "WHAT-FAILED\n")

    agent = play(script)
    number = await house.issue("x", title="A title that the agent knows")
    assert done(await house.run(number))
    first, second = agent.turns
    assert second.assignment.session == first.session_id
    assert "A title" in first.prompt and "A title" not in second.prompt
    assert "check" in second.prompt and "WHAT-FAILED" in second.prompt


async def test_an_agent_that_cannot_is_told_everything_again(house: House, play: Play) -> None:
    house.configure(verify=[{"name": "check", "run": "test -e mended.txt"}])

    async def script(turn: Turn) -> None:
        turn.write("told.txt" if len(agent.turns) == 1 else "mended.txt")

    agent = play(script, can_resume=False)
    assert done(await house.run(await house.issue("x", title="The title")))
    assert sessions(agent) == [False, False]
    assert all("The title" in turn.prompt for turn in agent.turns) and "check" in agent.turns[1].prompt


async def stopped(house: House, agent: ScriptedAgent) -> tuple[int, RunView]:
    """A run that a person has stopped when its agent had written half.txt."""

    async def half(turn: Turn) -> None:
        turn.write("half.txt")
        await turn.hang()

    agent.script = half
    number = await house.issue("x", title="The title")
    run_id = await house.request(number)
    running = asyncio.create_task(house.carry_on(run_id))
    half_done = house.ws.repo.worktrees_dir / f"issue-{number}" / "half.txt"
    await until_async(half_done.exists)
    await house.call("locus.run.stop", runId=run_id)
    view = await running
    assert states(view) == ["interrupted"]
    return number, view


async def finish(turn: Turn) -> None:
    turn.write("whole.txt")


async def resumed(house: House, agent: ScriptedAgent, view: RunView) -> RunView:
    agent.script = finish
    await house.call("locus.run.resume", runId=view.id)
    return await house.carry_on(view.id)


async def test_after_a_stop_the_session_goes_on_and_the_files_stay(house: House, play: Play, launched: list[str]) -> None:
    agent = play(finish)
    number, view = await stopped(house, agent)
    view = await resumed(house, agent, view)
    assert done(view) and sessions(agent) == [False, True]
    assert {"half.txt", "whole.txt"} <= house.branch_files(f"locus/issue-{number}").keys()
    assert "interrupted" in agent.turns[1].prompt and "The title" not in agent.turns[1].prompt
    assert any("half.txt" in house.branch_files(ref) for ref in house.keeps())


def edited(house: House, view: RunView, **changes: Any) -> None:
    path = house.ws.runs / view.id / "request.json"
    request = json.loads(path.read_text())
    request["config"]["ai"].update(changes)
    path.write_text(json.dumps(request))


@pytest.mark.parametrize("other", ["model", "head", "gone", "cannot"])
async def test_where_something_is_not_as_it_was_the_task_begins_afresh(house: House, play: Play, launched: list[str], other: str) -> None:
    agent = play(finish)
    number, view = await stopped(house, agent)
    worktree = house.ws.repo.worktrees_dir / f"issue-{number}"
    match other:
        case "model":
            edited(house, view, model="another-model")
        case "head":
            house.person.git("commit", "--quiet", "--allow-empty", "-m", "by hand", cwd=worktree)
        case "gone":
            agent.lost = {agent.turns[0].session_id}
        case "cannot":
            agent.can_resume = False
    view = await resumed(house, agent, view)
    assert done(view)
    files = house.branch_files(f"locus/issue-{number}")
    assert "whole.txt" in files and "half.txt" not in files
    assert any("half.txt" in house.branch_files(ref) for ref in house.keeps())
    assert agent.turns[-1].assignment.session is None and "The title" in agent.turns[-1].prompt
    assert sessions(agent) == ([False, True, False] if other == "gone" else [False, False])


async def test_a_session_that_is_lost_twice_is_a_failure(house: House, play: Play, launched: list[str]) -> None:
    agent = play(finish)
    _, view = await stopped(house, agent)
    agent.lost = {agent.turns[0].session_id}

    async def lost(turn: Turn) -> None:
        turn.end = TurnEnd(outcome="lost", reason="no such session")

    agent.script = lost
    await house.call("locus.run.resume", runId=view.id)
    assert states(await house.carry_on(view.id)) == ["failed"]


async def test_a_failed_verification_is_taken_up_with_what_failed(house: House, play: Play, launched: list[str]) -> None:
    house.configure(verify=[{"name": "check", "run": "test -e whole.txt"}], agent_maxAttempts=1)

    async def half(turn: Turn) -> None:
        turn.write("half.txt")

    agent = play(half)
    number = await house.issue("x")
    view = await house.run(number)
    assert states(view) == ["failed"]
    view = await resumed(house, agent, view)
    assert done(view) and sessions(agent) == [False, True]
    assert "check" in agent.turns[1].prompt
    assert {"half.txt", "whole.txt"} <= house.branch_files(f"locus/issue-{number}").keys()


async def test_nobody_logged_in_blocks_the_task_at_once(house: House, play: Play) -> None:
    async def script(turn: Turn) -> None:
        turn.end = TurnEnd(outcome="credentials", reason="the key is not valid", hint="log in with `x login`")

    agent = play(script)
    view = await house.run(await house.issue("x"))
    assert (states(view), view.tasks[0].error, view.tasks[0].hint) == (["blocked"], "the key is not valid", "log in with `x login`")
    assert len(agent.turns) == 1 and view.questions == ()


async def test_what_was_refused_to_an_agent_is_shown(house: House, play: Play) -> None:
    async def script(turn: Turn) -> None:
        turn.write("told.txt")
        turn.end = TurnEnd(outcome="denied", denials=("Write secrets.txt",))

    play(script)
    view = await house.run(await house.issue("x"))
    assert done(view) and view.tasks[0].denials == ("Write secrets.txt",)


async def test_the_session_stands_in_the_journal(house: House, play: Play) -> None:
    agent = play(finish)
    view = await house.run(await house.issue("x"))
    lines = [json.loads(line) for line in (house.ws.runs / view.id / store.JOURNAL).read_text().splitlines()]
    (session,) = [line for line in lines if line["kind"] == "agent.session"]
    assert session["session"] == agent.turns[0].session_id and session["agent"] == "tester" and session["provider"] == "shell"
    assert session["base"] == session["head"] == view.tasks[0].start


@pytest.mark.parametrize(("where", "allowed"), [("config.json", False), ("config.local.json", False), ("own file", True), ("editor", True)])
async def test_only_a_persons_own_profile_may_switch_permissions_off(
    house: House, play: Play, home: Home, where: str, allowed: bool
) -> None:
    settings = {"agents": {"tester": {"kind": "shell", "argv": ["sh"], "permissionMode": "bypass"}}}
    (house.ws.repo.locus_dir / "config.json").write_text("{}")
    if where == "editor":
        house.ws.editor = settings
    else:
        folder = home.path / ".config/locus" if where == "own file" else house.ws.repo.locus_dir
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ("config.json" if where == "own file" else where)).write_text(json.dumps(settings))
    heard: list[bool] = []

    async def script(turn: Turn) -> None:
        turn.write("told.txt")
        asking = asyncio.ensure_future(turn.ask("curl http://example.com"))
        await asyncio.wait([asking], timeout=0.5)
        heard.append(asking.done())
        asking.cancel()

    agent = play(script)
    await house.run(await house.issue("x"))
    assert agent.turns[0].assignment.bypass_allowed is allowed
    assert heard == [allowed]


async def test_a_repositorys_settings_for_agents_count_when_their_text_was_allowed(house: House, play: Play) -> None:
    agent = play(finish)
    await house.run(await house.issue("x"))
    settings: dict[str, Any] = {"hooks": {"SessionStart": []}}
    house.person.commit({".claude/settings.json": json.dumps(settings)})
    house.person.git("push", "--quiet", "origin", "main")
    number = await house.issue("y")
    run_id = await house.request(number)  # allows all that `locus trust` shows
    shown = [item.source for item in await house.call("locus.trust.show")]
    assert ".claude/settings.json" in shown
    await house.carry_on(run_id)
    house.person.commit({".claude/settings.json": json.dumps(settings | {"more": 1})})
    house.person.git("push", "--quiet", "origin", "main")
    run_id = await house.request(await house.issue("z"))
    for item in await house.call("locus.trust.show"):
        if item.source == ".claude/settings.json":
            (house.ws.state / "trust" / item.hash).unlink()
    await house.carry_on(run_id)
    assert [turn.assignment.settings_trusted for turn in agent.turns] == [False, True, False]
