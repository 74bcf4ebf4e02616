"""gh is removed while a run goes on: the work goes on, what GitHub is to be told waits in the journal, and a resumed run sends the rest."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from locus.model.states import RunState
from support.gates import came, waits
from support.github.fixtures import Demo, demo, gh, github, short_folder, wire
from support.github.gh import Gh, without_gh
from support.github.github import GitHub
from support.github.house import house, labels, pulls
from support.house import House, done, states
from support.procs import until_async

__all__ = ["demo", "gh", "github", "house", "short_folder", "wire"]


@pytest.fixture(autouse=True)
def no_other(gh: Gh, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine may have another gh besides."""
    path = gh.before(without_gh(house.person.env["PATH"], tmp_path / "programs"))
    house.person.env["PATH"] = path
    monkeypatch.setenv("PATH", path)


def ran(folder: Path) -> str:
    return (folder / "ran").read_text()


async def test_it_is_gone_when_the_agent_is_done(house: House, demo: Demo, github: GitHub, gh: Gh, tmp_path: Path) -> None:
    """Runners as people have them, from the first process to the one that resumes."""
    number = await house.issue(*waits(tmp_path), f"echo x >> {tmp_path}/ran", "echo a > a.txt")
    run_id = await house.start(number)
    await until_async(lambda: number in came(tmp_path) and not house.view(run_id).untold, 60, "the agent has come, and that is told")
    gh.uninstall()
    (tmp_path / "go").touch()
    view = await house.ended(run_id, within=60)
    assert (view.state, states(view)) == (RunState.FAILED, ["blocked"]), view
    (task,) = view.tasks
    assert task.error == "the GitHub CLI `gh` is not installed"
    assert "https://cli.github.com" in str(task.hint) and "`locus run --resume`" in str(task.hint)
    assert any("the tracker cannot be told how it goes, the work goes on" in warning for warning in view.warnings)
    assert house.branch_files(f"locus/issue-{number}")["a.txt"] == "a", "it is committed, and on the remote"
    assert f"refs/heads/locus/issue-{number}" in demo.person.look("for-each-ref", "--format=%(refname)", cwd=demo.bare)
    assert pulls(demo) == [] and "locus:in-progress" in labels(demo, demo.repository.issues[number])
    gh.install()
    await house.call("locus.run.resume", runId=run_id)
    await house.until(run_id, lambda now: not now.state.ended, within=60)
    view = await house.ended(run_id, within=60)
    assert done(view), view
    assert ran(tmp_path) == "x\n" and len(pulls(demo)) == 1
    assert labels(demo, demo.repository.issues[number]) == {"agent:managed", "locus:done"}
    assert ["could not finish" in comment.body for comment in demo.repository.issues[number].comments] == [True, False]


async def test_a_sprint_goes_on_without_it(house: House, demo: Demo, github: GitHub, gh: Gh, tmp_path: Path) -> None:
    one = await house.issue(*waits(tmp_path), "echo a > a.txt")
    two = await house.issue(f"echo x >> {tmp_path}/ran", "cat a.txt > b.txt")
    await house.sprint("Sprint 1", one, two)
    run_id = await house.request(sprint="Sprint 1")
    going = asyncio.create_task(house.carry_on(run_id))
    await until_async(lambda: one in came(tmp_path) and not house.view(run_id).untold, 60, "the first agent has come, and that is told")
    gh.uninstall()
    (tmp_path / "go").touch()
    view = await going
    assert (view.state, states(view)) == (RunState.FAILED, ["done", "done"]), view
    assert "`gh` is not installed" in str(view.reason)
    assert "https://cli.github.com" in str(view.hint) and "`locus run --resume`" in str(view.hint)
    assert pulls(demo) == [] and ran(tmp_path) == "x\n"
    gh.install()
    assert done(await house.carry_on(run_id))
    (pull,) = pulls(demo)
    assert ran(tmp_path) == "x\n" and all(f"Closes #{number}" in (pull.body or "") for number in (one, two))
    for number in (one, two):
        assert labels(demo, demo.repository.issues[number]) >= {"agent:managed", "locus:done"}
        assert len(demo.repository.issues[number].comments) == 1


async def test_what_was_still_to_be_said_is_said_by_the_resumed_run(house: House, demo: Demo, github: GitHub, gh: Gh) -> None:
    """The pull request is made, and gh is gone before the comment."""
    number = await house.issue("echo a > a.txt")
    run_id = await house.request(number)
    gate = github.hold(method="POST", path="/repos/*/pulls", after_effect=True)
    going = asyncio.create_task(house.carry_on(run_id))
    await until_async(gate.arrived.is_set, 60, "it is made")
    gh.uninstall()
    gate.release()
    view = await going
    assert (view.state, states(view)) == (RunState.FAILED, ["done"]) and view.untold, view
    assert "could not be told: the GitHub CLI `gh` is not installed" in str(view.reason)
    assert "https://cli.github.com" in str(view.hint) and "`locus run --resume`" in str(view.hint)
    assert demo.repository.issues[number].comments == []
    gh.install()
    assert done(await house.carry_on(run_id))
    assert len(pulls(demo)) == 1 and len(demo.repository.issues[number].comments) == 1
    assert labels(demo, demo.repository.issues[number]) == {"agent:managed", "locus:done"}


async def test_a_run_is_not_resumed_without_it_and_loses_nothing_by_trying(house: House, gh: Gh, tmp_path: Path) -> None:
    number = await house.issue(f"test -e {tmp_path}/mended", "echo a > a.txt")
    view = await house.run(number)
    assert states(view) == ["failed"]
    gh.uninstall()
    again = await house.carry_on(view.id)
    assert again.state is RunState.FAILED and "`gh` is not installed" in str(again.reason) and "cli.github.com" in str(again.hint)
    assert states(again) == ["failed"] and "`locus run --resume`" in str(again.hint)
    gh.install()
    (tmp_path / "mended").touch()
    assert done(await house.carry_on(view.id))
