"""GitHub is silent, slow or declines while a run goes on: no agent waits for it, and what it has to be told is told in the end, once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from locus.engine import glances, store
from locus.engine.inbox import Stop, put
from locus.engine.journal import read
from locus.model.events import EffectDone, EffectIntended
from locus.model.run import RunView
from locus.model.states import RunState
from support.gates import came, waits
from support.github.fixtures import Demo, demo, gh, github, short_folder, wire
from support.github.github import GitHub
from support.github.house import house, labels, pulls
from support.github.wire import Wire
from support.house import House, done, states
from support.procs import until_async
from support.resuming import resume

__all__ = ["demo", "gh", "github", "house", "short_folder", "wire"]


@pytest.fixture(autouse=True)
def short_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glances, "MOMENT", 1.0)


async def begun(house: House, folder: Path, first: int, *tasks: int, sprint: str | None = None) -> tuple[str, asyncio.Task[RunView]]:
    """A run in this process whose first agent has come."""
    run_id = await house.request(*tasks, sprint=sprint)
    going = asyncio.create_task(house.carry_on(run_id))
    await until_async(lambda: first in came(folder) or going.done(), 30, "the agent has come")
    return run_id, going


def go(folder: Path) -> None:
    (folder / "go").touch()


def effects(house: House, run_id: str, kind: type[EffectDone | EffectIntended]) -> list[str]:
    return [record.event.key for record in read(house.ws.runs / run_id / store.JOURNAL) if isinstance(record.event, kind)]


async def test_an_agent_starts_while_its_status_is_under_way(house: House, demo: Demo, github: GitHub, tmp_path: Path) -> None:
    number = await house.issue(*waits(tmp_path), "echo a > a.txt")
    gate = github.hold(containing="removeLabelsFromLabelable")
    run_id, going = await begun(house, tmp_path, number, number)
    await until_async(gate.arrived.is_set, 30, "it is on its way")
    assert house.view(run_id).tasks[0].state == "working"
    assert "locus:queued" in labels(demo, demo.repository.issues[number])
    go(tmp_path)
    await until_async(lambda: house.view(run_id).tasks[0].state == "done", 30, "the pull request is made")
    assert house.view(run_id).state is RunState.RUNNING and house.view(run_id).untold
    gate.release()
    assert done(await going)
    assert labels(demo, demo.repository.issues[number]) == {"agent:managed", "locus:done"}
    assert house.view(run_id).untold is None


async def test_a_sprint_goes_on_while_github_is_away(house: House, demo: Demo, github: GitHub, wire: Wire, tmp_path: Path) -> None:
    one = await house.issue(*waits(tmp_path), "echo a > a.txt")
    two = await house.issue("cat a.txt > b.txt")
    github.comment(demo.repository, two, "Mind the gap")
    await house.sprint("Sprint 1", one, two)
    run_id, going = await begun(house, tmp_path, one, sprint="Sprint 1")
    with github.unreachable(), wire.unreachable():
        go(tmp_path)
        await until_async(lambda: states(house.view(run_id)) == ["done", "done"], 30, "both are done")
        await until_async(lambda: house.view(run_id).state is RunState.WAITING, 30, "it waits")
        assert "trying again" in str(house.view(run_id).reason)
        assert pulls(demo) == []
    view = await going
    assert done(view), view
    assert "Mind the gap" in (house.ws.runs / run_id / "tasks" / str(two) / "prompt.md").read_text()
    (pull,) = pulls(demo)
    assert f"Closes #{one}" in str(pull.body) and f"Closes #{two}" in str(pull.body)
    for number in (one, two):
        assert labels(demo, demo.repository.issues[number]) >= {"agent:managed", "locus:done"}
        assert len(demo.repository.issues[number].comments) == (2 if number == two else 1)
    unsent = set(effects(house, run_id, EffectIntended)) - set(effects(house, run_id, EffectDone))
    assert unsent == {f"status:{two}:0:in-progress"}, "by then it was done: nobody has to be told that it was in progress"


async def test_a_limit_that_is_used_up_holds_no_agent_up(house: House, demo: Demo, github: GitHub, tmp_path: Path) -> None:
    one = await house.issue(*waits(tmp_path), "echo a > a.txt")
    two = await house.issue("cat a.txt > b.txt")
    await house.sprint("Sprint 1", one, two)
    run_id, going = await begun(house, tmp_path, one, sprint="Sprint 1")
    await until_async(lambda: not house.view(run_id).untold, 30, "the status is told")
    github.limit("core", remaining=0, resets_in=600)
    github.limit("graphql", remaining=0, resets_in=600)
    go(tmp_path)
    await until_async(lambda: states(house.view(run_id)) == ["done", "done"], 60, "both are done, and pushed")
    await until_async(lambda: "waiting for GitHub until" in str(house.view(run_id).reason), 30, "it says for what it waits")
    assert house.view(run_id).state is RunState.WAITING and pulls(demo) == []
    put(house.ws.runs / run_id / store.INBOX, Stop())
    assert (await going).state is RunState.STOPPED
    github.limit("core", remaining=5000)
    github.limit("graphql", remaining=5000)
    (house.ws.repo.locus_dir / "rate-limit.json").unlink()  # ten minutes later
    assert done(await resume(house)) and len(pulls(demo)) == 1


async def test_an_agent_starts_although_what_was_asked_before_is_not_answered(house: House, github: GitHub, tmp_path: Path) -> None:
    one = await house.issue("echo a > a.txt")
    two = await house.issue(*waits(tmp_path), "echo b > b.txt")
    await house.sprint("Sprint 1", one, two)
    gate = github.hold(containing=f"i{two}: issueOrPullRequest")  # its turn has come; the sprint was read when the run began
    _, going = await begun(house, tmp_path, two, sprint="Sprint 1")
    assert gate.arrived.is_set() and two in came(tmp_path)
    gate.release()
    go(tmp_path)
    assert done(await going)


async def test_between_the_tasks_of_a_sprint_nothing_waits_until_github_is_told(house: House, github: GitHub, tmp_path: Path) -> None:
    one = await house.issue("echo a > a.txt")
    two = await house.issue(*waits(tmp_path), "echo b > b.txt")
    await house.sprint("Sprint 1", one, two)
    gates = [github.hold(containing="mutation(", skip=1), github.hold(containing="addComment")]  # the first marks them as ours
    _, going = await begun(house, tmp_path, two, sprint="Sprint 1")
    assert gates[0].arrived.is_set(), "what was to be told of the first task is on its way"
    for gate in gates:
        gate.release()
    go(tmp_path)
    assert done(await going)


async def test_what_a_stop_leaves_unsaid_is_said_by_the_resumed_run(house: House, demo: Demo, github: GitHub, tmp_path: Path) -> None:
    number = await house.issue(*waits(tmp_path), f"echo x >> {tmp_path}/ran", "echo a > a.txt")
    run_id, going = await begun(house, tmp_path, number, number)
    silence = github.fail(next=1000, containing="mutation(", cut=True)
    go(tmp_path)
    await until_async(lambda: house.view(run_id).state is RunState.WAITING, 30, "it waits")
    put(house.ws.runs / run_id / store.INBOX, Stop())
    view = await going
    assert (view.state, states(view), view.untold) == (RunState.STOPPED, ["done"], 3), view
    assert demo.repository.issues[number].comments == []
    silence.next = 0
    view = await resume(house)
    assert done(view) and view.untold is None, view
    assert labels(demo, demo.repository.issues[number]) == {"agent:managed", "locus:done"}
    assert len(demo.repository.issues[number].comments) == 1 and len(pulls(demo)) == 1
    assert (tmp_path / "ran").read_text() == "x\n"


async def test_a_login_that_expires_while_the_agent_works_blocks_the_task(house: House, demo: Demo, github: GitHub, tmp_path: Path) -> None:
    number = await house.issue(*waits(tmp_path), f"echo x >> {tmp_path}/ran", "echo a > a.txt")
    run_id, going = await begun(house, tmp_path, number, number)
    await until_async(lambda: not house.view(run_id).untold, 30, "the status is told")
    github.log_out()
    go(tmp_path)
    view = await going
    assert (view.state, states(view)) == (RunState.FAILED, ["blocked"]), view
    hint = str(view.tasks[0].hint)
    assert "gh auth login" in hint and "locus run --resume" in hint
    github.log_in()
    assert done(await house.carry_on(run_id))
    assert (tmp_path / "ran").read_text() == "x\n" and len(pulls(demo)) == 1
    assert [("could not finish" in comment.body) for comment in demo.repository.issues[number].comments] == [True, False]


async def test_a_login_that_expires_at_the_end_leaves_only_the_telling(house: House, demo: Demo, github: GitHub) -> None:
    number = await house.issue("echo a > a.txt")
    expired = github.fail(next=1000, containing="addComment", status=401)
    run_id = await house.request(number)
    view = await house.carry_on(run_id)
    assert (view.state, states(view)) == (RunState.FAILED, ["done"]), view
    assert "could not be told" in str(view.reason) and "gh auth login" in str(view.hint) and "locus run --resume" in str(view.hint)
    expired.next = 0
    assert done(await house.carry_on(run_id))
    assert len(demo.repository.issues[number].comments) == 1 and len(pulls(demo)) == 1


async def test_an_issue_that_was_deleted_meanwhile_does_not_undo_the_work(house: House, demo: Demo, github: GitHub, tmp_path: Path) -> None:
    number = await house.issue(*waits(tmp_path), "echo a > a.txt")
    _, going = await begun(house, tmp_path, number, number)
    github.delete(demo.repository, number)
    go(tmp_path)
    view = await going
    assert done(view) and len(pulls(demo)) == 1, view
    assert any(f"could not be told about #{number}" in warning for warning in view.warnings), view.warnings
