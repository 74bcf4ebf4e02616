"""Somebody else pushes to our own branch, or deletes it there: their commits are not overwritten, and ours are not lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from locus.model.events import EffectDone
from locus.repo.drift import in_progress
from support.colleague import Colleague, Killed, dying
from support.house import House, done, states
from support.repos import put
from support.sprints import BRANCH, counts, in_worktree, settled, sprint


async def test_others_commits_on_our_branch_are_not_overwritten(house: House, colleague: Colleague, tmp_path: Path) -> None:
    theirs = colleague.commit("echo theirs > theirs.txt")
    count = f"echo $LOCUS_TASK >> {tmp_path}/count"
    await sprint(house, [count, "echo a > a.txt"], [count, "echo b > b.txt", colleague.pushing(BRANCH)], [count, "cp theirs.txt c.txt"])
    view = await house.run(sprint="S")
    assert states(view) == ["done", "blocked", "pending"]
    assert f"somebody has pushed other commits to {BRANCH}" in str(view.tasks[1].error)
    assert house.person.tip(BRANCH) == theirs and "b.txt" in house.branch_files(BRANCH)
    settled(house)

    in_worktree(house, f"git merge -q --no-commit refs/locus/remote/{BRANCH}")
    again = await house.carry_on(view.id)
    assert states(again) == ["done", "blocked", "pending"] and "a merge in" in str(again.tasks[1].error)
    assert house.person.tip(BRANCH) == theirs

    in_worktree(house, "git commit -qm Together")
    last = await house.carry_on(view.id)
    assert done(last) and counts(tmp_path) == [1, 2, 3], "what was accepted is only published"
    assert {"a.txt", "b.txt", "c.txt", "theirs.txt"} <= house.branch_files(BRANCH).keys()
    assert house.person.tip(BRANCH) == house.person.look("rev-parse", BRANCH)


async def test_an_issues_branch_that_others_have_moved(house: House, colleague: Colleague, tmp_path: Path) -> None:
    theirs = colleague.commit("echo theirs > theirs.txt")
    number = await house.issue(f"echo $LOCUS_TASK >> {tmp_path}/count", "echo a > a.txt", colleague.pushing("locus/issue-1"))
    view = await house.run(number)
    assert states(view) == ["blocked"] and house.person.tip("locus/issue-1") == theirs
    at = house.ws.repo.worktrees_dir / f"issue-{number}"
    house.person.home.git("merge", "--quiet", "--no-commit", "refs/locus/remote/locus/issue-1", cwd=at)
    again = await house.carry_on(view.id)
    assert states(again) == ["blocked"] and in_progress(at) == "merge"
    house.person.home.git("commit", "--quiet", "-m", "Together", cwd=at)
    last = await house.carry_on(view.id)
    assert done(last) and counts(tmp_path) == [number]
    assert house.person.tip("locus/issue-1") == house.person.look("rev-parse", "locus/issue-1")
    assert {"a.txt", "theirs.txt"} <= house.branch_files("locus/issue-1").keys()


async def test_a_commit_that_a_person_amends_for_a_hook_is_published(house: House, tmp_path: Path) -> None:
    house.person.hook("pre-push", 'test -z "$(git grep -l rubbish HEAD)" || { echo no rubbish >&2; exit 1; }')
    number = await house.issue(f"echo $LOCUS_TASK >> {tmp_path}/count", "echo rubbish > a.txt")
    view = await house.run(number)
    assert states(view) == ["failed"] and "no rubbish" in str(view.tasks[0].error)
    at = house.ws.repo.worktrees_dir / f"issue-{number}"
    put(at, "a.txt", "fine\n")
    house.person.home.git("commit", "--quiet", "--all", "--amend", "--no-edit", cwd=at)
    again = await house.carry_on(view.id)
    assert done(again) and counts(tmp_path) == [number], "accepted work is only published"
    assert house.person.on_remote("show", f"locus/issue-{number}:a.txt") == "fine"


async def test_what_is_pushed_on_top_of_our_branch_is_gone_on_from(house: House, colleague: Colleague) -> None:
    await sprint(house, ["echo a > a.txt"], ["cp theirs.txt b.txt"])
    view = await house.run(sprint="S")
    assert states(view) == ["done", "failed"]
    colleague.fetch(BRANCH)
    theirs = colleague.commit("echo theirs > theirs.txt")
    colleague.push(BRANCH)
    again = await house.carry_on(view.id)
    assert done(again), [task.error for task in again.tasks]
    assert again.tasks[1].start == theirs and house.person.tip(BRANCH) == house.person.look("rev-parse", BRANCH)


async def test_what_is_pushed_beside_our_branch_blocks_before_an_agent_works(house: House, colleague: Colleague, tmp_path: Path) -> None:
    marker = tmp_path / "mended"
    await sprint(house, ["echo a > a.txt"], [f"echo $LOCUS_TASK >> {tmp_path}/count", f"test -e {marker}", "cp theirs.txt b.txt"])
    view = await house.run(sprint="S")
    theirs = colleague.commit("echo theirs > theirs.txt")
    colleague.push(BRANCH)
    marker.touch()
    again = await house.carry_on(view.id)
    assert states(again) == ["done", "blocked"] and counts(tmp_path) == [2]
    assert f"git merge refs/locus/remote/{BRANCH}" in str(again.tasks[1].hint) and house.person.tip(BRANCH) == theirs
    settled(house)
    in_worktree(house, f"git merge -q --no-edit refs/locus/remote/{BRANCH}")
    last = await house.carry_on(view.id)
    assert done(last), [task.error for task in last.tasks]
    assert house.person.look("merge-base", theirs, BRANCH) == theirs


async def test_our_branch_that_somebody_deleted_on_the_remote_is_there_again(house: House) -> None:
    await sprint(house, ["echo a > a.txt"], ["echo b > b.txt", f"git -C {house.person.remote} update-ref -d refs/heads/{BRANCH}"])
    view = await house.run(sprint="S")
    assert done(view), [task.error for task in view.tasks]
    assert house.person.tip(BRANCH) == house.person.look("rev-parse", BRANCH)


async def test_what_is_pushed_on_top_before_the_run_knows_of_its_own_push_is_not_overwritten(house: House, colleague: Colleague) -> None:
    await sprint(house, ["echo a > a.txt"], ["cp theirs.txt b.txt"])
    run_id = await house.request(sprint="S")
    with pytest.raises(Killed):
        await house.carry_on(run_id, journal=dying(lambda event, _: isinstance(event, EffectDone) and event.key == "push:1"))
    colleague.fetch(BRANCH)
    theirs = colleague.commit("echo theirs > theirs.txt")
    colleague.push(BRANCH)
    view = await house.carry_on(run_id)
    assert done(view), [task.error for task in view.tasks]
    assert view.tasks[1].start == theirs and house.person.tip(BRANCH) == house.person.look("rev-parse", BRANCH)
