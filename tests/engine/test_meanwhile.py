"""What was changed between a run's end and its resumption: issues, configuration, agents, the repository's place, the branch itself."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from locus.errors import Refused
from locus.workspace import Workspace
from support.house import House, done, states
from support.procs import until_async
from support.repos import import_commit
from support.resuming import failed, hard, kept, mended, resume, starts, tree


def delete(house: House, number: int) -> None:
    """Nothing of Locus deletes an issue; other keepers' owners do."""
    with sqlite3.connect(house.ws.state / "locus.db") as db:
        db.execute("DELETE FROM issue_labels WHERE issue = ?", (number,))
        db.execute("DELETE FROM issues WHERE number = ?", (number,))
    db.close()


# Issues.


async def test_issues_that_were_closed_finished_or_moved_are_not_worked_on(house: House) -> None:
    numbers = [await hard(house, f"echo {name} > {name}.txt", title=name) for name in ("closed", "finished", "moved", "deleted", "left")]
    closed, finished, moved, deleted, _ = numbers
    view = await house.run(*numbers)
    assert states(view) == ["failed"] * 5
    await house.call("locus.issue.close", number=closed, reason="not_planned")
    await house.call("locus.issue.update", number=finished, status="done")
    await house.sprint("Sprint 1", moved)
    delete(house, deleted)
    mended(house).touch()
    again = await resume(house)
    assert states(again) == ["blocked", "blocked", "blocked", "blocked", "done"] and again.state == "failed"
    assert [task.error for task in again.tasks[:4]] == [
        f"#{closed} was closed meanwhile",
        f"#{finished} is done already",
        f'#{moved} belongs to the sprint "Sprint 1" now',
        f"there is no issue #{deleted} any more",
    ]
    assert all(task.hint for task in again.tasks[:4])
    assert [starts(house, number) for number in numbers] == [1, 1, 1, 1, 2]
    assert house.worktrees() == [f"issue-{number}" for number in numbers[:4]], "their files stay"
    assert (await house.ws.tracker.get(closed)).status == "failed" and (await house.ws.tracker.get(finished)).status == "done"
    with pytest.raises(Refused, match="there is no unfinished run to resume"):
        await resume(house)
    with pytest.raises(Refused, match=f"nothing of run {view.id} is left to resume: #{closed} was closed meanwhile; #{finished} is done"):
        await resume(house, run_id=view.id)
    await house.call("locus.issue.update", number=finished, status="queued")
    assert states(await resume(house)) == ["blocked", "done", "blocked", "blocked", "done"]


async def test_a_sprint_goes_on_without_what_is_no_longer_to_be_done(house: House) -> None:
    first = await house.issue("echo 1 > 1.txt", title="First")
    bad = await hard(house, title="Bad")
    gone, last = await house.issue("echo 3 > 3.txt"), await house.issue("echo 4 > 4.txt", title="Last")
    await house.sprint("S", first, bad, gone, last)
    await house.run(sprint="S")
    await house.call("locus.issue.close", number=first)  # done, and merged by hand
    await house.call("locus.issue.close", number=bad)
    delete(house, gone)
    again = await resume(house)
    assert states(again) == ["done", "blocked", "blocked", "done"]
    assert house.trailers("locus/sprint-s") == [str(first), str(last)]
    assert again.pull_request is not None and f"Closes #{first}" in again.pull_request.body and f"#{bad}" not in again.pull_request.body
    assert house.worktrees() == [], "nothing is left to be done in it"


async def test_a_sprint_that_is_gone_is_refused(house: House) -> None:
    number = await hard(house)
    await house.sprint("S", number)
    view = await house.run(sprint="S")
    with sqlite3.connect(house.ws.state / "locus.db") as db:
        db.execute("UPDATE issues SET sprint = NULL")
        db.execute("DELETE FROM sprints")
    db.close()
    with pytest.raises(Refused, match=f'#{number} left the sprint "S" meanwhile'):
        await resume(house, run_id=view.id)
    assert house.worktrees() == ["sprint-s"]


# Configuration and agents.


async def test_the_run_keeps_the_configuration_that_it_was_started_with(house: House) -> None:
    house.configure(verify=[{"name": "whole", "run": "test -e whole.txt"}], agent_autoPR=False)
    view = await failed(house)
    mended(house).touch()
    house.configure(verify=[{"name": "never", "run": "false"}], agents={"other": {"kind": "shell", "argv": ["false"]}})
    again = await resume(house)
    assert done(again), again
    assert house.person.tip("locus/issue-1") is None, "autoPR was off"
    assert view.id == again.id


@pytest.mark.parametrize("text", ["", "{", "[]", '{"agent": {"maxParallel": 0}}', None])
async def test_a_configuration_that_is_broken_now_does_not_stand_in_the_way(house: House, text: str | None) -> None:
    await failed(house)
    mended(house).touch()
    path = house.ws.repo.locus_dir / "config.json"
    path.unlink() if text is None else path.write_text(text)
    assert done(await resume(house))


async def test_an_agent_whose_program_is_gone_fails_the_task_and_says_so(house: House, tmp_path: Path) -> None:
    program = tmp_path / "agent.sh"
    program.write_text('#!/bin/sh\necho half > half.txt\ntest -e "$(dirname "$0")/mended" && echo whole > whole.txt\n')
    program.chmod(0o755)
    house.configure(agents={"tester": {"kind": "shell", "argv": [str(program)]}})
    number = await house.issue("nothing")
    assert states(await house.run(number)) == ["failed"]
    program.rename(tmp_path / "moved.sh")
    again = await resume(house)
    assert states(again) == ["failed"] and "agent.sh" in str(again.tasks[0].error)
    assert house.worktrees() == ["issue-1"]
    (tmp_path / "moved.sh").rename(program)
    mended(house).touch()
    assert done(await resume(house))


# Where the repository is.


@pytest.mark.parametrize("mode", ["standalone", "sprint"])
async def test_a_repository_that_was_moved_takes_its_runs_along(house: House, tmp_path: Path, mode: str) -> None:
    first, number = await house.issue("echo 1 > 1.txt"), await hard(house, "echo whole > whole.txt")
    if mode == "sprint":
        await house.sprint("S", first, number)
        view = await house.run(sprint="S")
    else:
        view = await house.run(first, number)
    name = "sprint-s" if mode == "sprint" else f"issue-{number}"
    old, new = house.person.path, tmp_path / "another place" / "project"
    (tree(house, name) / "mine.txt").write_text("mine")
    with house.person.changing():
        new.parent.mkdir()
        old.rename(new)
        house.person.path = new
    house.ws = Workspace(new)
    again = await resume(house)
    assert states(again) == ["done", "failed"] and again.folder == new.as_uri()
    assert Path(str(again.tasks[1].worktree)) == tree(house, name), "the same worktree, where it is now"
    assert any(files.get("mine.txt") == "mine" for files in kept(house)), "what a person had left in it was kept first"
    old.parent.joinpath("mended").touch()
    final = await resume(house)
    assert done(final), final
    assert not old.exists() and house.worktrees() == [] and view.id == final.id
    assert house.branch_files(f"locus/{name}")["whole.txt"] == "whole"


async def test_a_checkout_that_is_gone_is_not_needed(house: House, tmp_path: Path) -> None:
    """Started from a linked worktree of the person's that was removed since."""
    house.person.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "-b", "side")
    main, house.ws = house.ws, Workspace(tmp_path / "linked")
    await failed(house)
    house.ws = main
    house.person.git("worktree", "remove", str(tmp_path / "linked"))
    mended(house).touch()
    assert done(await resume(house))


# A person's own commits on the branch.


def commit(house: House, worktree: Path, message: str = "By hand") -> str:
    git = house.person.home.git
    git("add", "--all", cwd=worktree)
    git("commit", "--quiet", "--no-edit", *(() if (worktree / ".git").is_dir() else ("-m", message)), cwd=worktree)
    return git("rev-parse", "HEAD", cwd=worktree)


async def test_commits_on_a_failed_tasks_branch_are_kept_and_the_task_starts_afresh(house: House) -> None:
    await failed(house)
    worktree = tree(house, "issue-1")
    (worktree / "mine.txt").write_text("mine")
    mine = commit(house, worktree)
    mended(house).touch()
    assert done(await resume(house))
    assert house.subjects("locus/issue-1") == ["Hard (#1)"]
    assert any(mine in house.person.look("log", "--format=%H", ref).splitlines() for ref in house.keeps())


async def conflicting(house: House, folder: Path) -> None:
    """A sprint whose second task is blocked: a colleague has changed what the first one did."""
    wait = f'touch "{folder}/begun"; until test -e "{folder}/pushed"; do sleep 0.02; done'
    one = await house.issue("echo ours > README.md", wait, title="Ours")
    two = await house.issue("cat README.md > copy.txt", title="Two")
    await house.sprint("S", one, two)
    run_id = await house.request(sprint="S")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(house.carry_on(run_id))
        await until_async((folder / "begun").exists, 30)
        house.person.commit_on_remote({"README.md": "theirs\n"})
        (folder / "pushed").touch()
    view = running.result()
    assert states(view) == ["done", "blocked"] and "README.md lines 1-1" in str(view.tasks[1].error)


@pytest.mark.parametrize("how", ["merge", "rebase"])
async def test_a_conflict_that_a_person_has_resolved_stays_resolved(house: House, tmp_path: Path, how: str) -> None:
    await conflicting(house, tmp_path)
    worktree = tree(house, "sprint-s")
    git = house.person.home.git
    git(how, "refs/locus/base/main", cwd=worktree, check=False)
    (worktree / "README.md").write_text("both\n")
    halfway = await resume(house)
    assert states(halfway) == ["done", "blocked"], "it is not resolved yet"
    assert f"a {how} in {worktree} has not ended" in str(halfway.tasks[1].error) and "--abort" in str(halfway.tasks[1].hint)
    assert (worktree / "README.md").read_text() == "both\n"
    git("add", "README.md", cwd=worktree)
    git("-c", "core.editor=true", how, "--continue", cwd=worktree)
    by_hand = git("rev-parse", "HEAD", cwd=worktree)
    again = await resume(house)
    assert done(again), again
    assert house.branch_files("locus/sprint-s")["copy.txt"] == "both"
    assert house.person.look("merge-base", "--is-ancestor", by_hand, "locus/sprint-s") == ""
    assert house.person.tip("locus/sprint-s") == house.person.look("rev-parse", "locus/sprint-s")
    assert any(by_hand[:12] in warning for warning in again.warnings)


async def test_a_conflict_that_nobody_has_resolved_is_still_one(house: House, tmp_path: Path) -> None:
    await conflicting(house, tmp_path)
    again = await resume(house)
    assert states(again) == ["done", "blocked"] and "README.md lines 1-1" in str(again.tasks[1].error)


async def overtaken(house: House, folder: Path, mode: str) -> tuple[int, str]:
    """The task's branch on the remote has somebody else's commit when the run wants to push."""
    wait = f'touch "{folder}/begun"; until test -e "{folder}/pushed"; do sleep 0.02; done'
    number = await house.issue("echo ours > ours.txt", wait, title="Ours")
    branch = f"locus/issue-{number}"
    if mode == "sprint":
        await house.sprint("S", number)
        branch = "locus/sprint-s"
    run_id = await house.request(*([] if mode == "sprint" else [number]), sprint="S" if mode == "sprint" else None)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(house.carry_on(run_id))
        await until_async((folder / "begun").exists, 30)
        assert house.person.remote is not None
        house.person.on_remote("branch", branch, "main")
        import_commit(house.person.home, house.person.remote, f"refs/heads/{branch}", {"theirs.txt": "theirs\n"}, "Theirs")
        (folder / "pushed").touch()
    view = running.result()
    assert states(view) == ["blocked"] and "somebody has pushed other commits" in str(view.tasks[0].error), view
    return number, branch


@pytest.mark.parametrize("mode", ["standalone", "sprint"])
async def test_what_somebody_else_has_pushed_is_not_replaced_and_their_merge_is_published(house: House, tmp_path: Path, mode: str) -> None:
    house.configure(verify=[{"name": "fine", "run": "test ! -e bad.txt"}])
    _, branch = await overtaken(house, tmp_path, mode)
    theirs = house.person.tip(branch)
    again = await resume(house)
    assert states(again) == ["blocked"] and house.person.tip(branch) == theirs, "resuming alone changes nothing"
    worktree = tree(house, branch.removeprefix("locus/"))
    git = house.person.home.git
    git("merge", "--quiet", "--no-edit", f"refs/locus/remote/{branch}", cwd=worktree)
    (worktree / "bad.txt").write_text("")
    commit(house, worktree)
    worse = await resume(house)
    assert states(worse) == ["failed"] and "does not pass: fine" in str(worse.tasks[0].error) and house.person.tip(branch) == theirs
    git("rm", "--quiet", "bad.txt", cwd=worktree)
    by_hand = commit(house, worktree)
    final = await resume(house)
    assert done(final), final
    assert house.person.tip(branch) == by_hand
    assert {"ours.txt": "ours", "theirs.txt": "theirs"}.items() <= house.branch_files(branch).items()
    assert final.tasks[0].attempt == 1, "the agent was not needed again"


async def test_what_a_hook_asked_for_is_added_by_hand_and_published(house: House) -> None:
    house.person.hook_of_remote(
        "pre-receive", "read old new ref\ngit cat-file -e $new:LICENSE || { echo where is the licence >&2; exit 1; }"
    )
    mended(house).touch()
    number = await hard(house, "echo whole > whole.txt")
    assert "where is the licence" in str((await house.run(number)).tasks[0].error)
    worktree = tree(house, "issue-1")
    (worktree / "LICENSE").write_text("do as you like\n")
    by_hand = commit(house, worktree)
    again = await resume(house)
    assert done(again) and again.tasks[0].attempt == 1 and starts(house, number) == 1
    assert house.person.tip("locus/issue-1") == by_hand


async def test_a_push_that_is_refused_again_fails_again_and_nothing_is_done_twice(house: House) -> None:
    """Also in a sprint: the task is only published, and those after it are not begun on top of what is not."""
    hook = house.person.hook_of_remote("pre-receive", "echo no pushing on Fridays >&2\nexit 1")
    mended(house).touch()
    one, two = await hard(house, "echo 1 > 1.txt"), await hard(house, "echo 2 > 2.txt")
    await house.sprint("S", one, two)
    view = await house.run(sprint="S")
    again = await resume(house)
    assert states(view) == states(again) == ["failed", "pending"] and "Fridays" in str(again.tasks[0].error)
    assert (starts(house, one), starts(house, two)) == (1, 0)
    hook.unlink()
    assert done(await resume(house))
    assert (starts(house, one), starts(house, two)) == (1, 1)
    assert house.trailers("locus/sprint-s") == [str(one), str(two)]


async def test_a_remote_branch_that_was_deleted_meanwhile_is_pushed_anew(house: House) -> None:
    one, two = await house.issue("echo 1 > 1.txt"), await hard(house, "echo 2 > 2.txt")
    await house.sprint("S", one, two)
    await house.run(sprint="S")
    house.person.on_remote("branch", "--quiet", "-D", "locus/sprint-s")
    mended(house).touch()
    assert done(await resume(house))
    assert house.person.tip("locus/sprint-s") == house.person.look("rev-parse", "locus/sprint-s")
