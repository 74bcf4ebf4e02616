"""Resuming: each task once, from where it stood; whatever a person did to worktrees, branches and issues meanwhile costs nothing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from locus import locks
from locus.engine import store
from locus.engine.store import RunStore
from locus.errors import Refused
from support.house import House, done, states
from support.resuming import failed, hard, kept, mended, resume, starts, tree

# Once per resume, and never a loop.


@pytest.mark.parametrize("stop_on_failure", [True, False])
async def test_a_task_that_goes_on_failing_is_tried_once_each_time(house: House, stop_on_failure: bool) -> None:
    house.configure(sprint_stopOnFailure=stop_on_failure)
    bad = await hard(house)
    good = await house.issue("echo good > good.txt")
    await house.sprint("S", bad, good)
    view = await house.run(sprint="S")
    for resumed in range(1, 4):
        assert view.state == "failed" and starts(house, bad) == resumed
        assert states(view) == ["failed", "pending" if stop_on_failure else "done"]
        view = await resume(house)
    comments = [comment for comment in await house.ws.tracker.comments(bad) if "could not finish" in comment.body]
    assert len(comments) == 1, "the same failure is told once"


async def test_verification_is_tried_max_attempts_times_each_time(house: House) -> None:
    house.configure(verify=[{"name": "never", "run": ["false"]}], agent_maxAttempts=3)
    mended(house).touch()
    number = await hard(house, "date +%N > when.txt")
    await house.run(number)
    assert starts(house, number) == 3
    again = await resume(house)
    assert starts(house, number) == 6 and again.tasks[0].attempt == 6 and again.state == "failed"


async def test_standalone_tasks_that_failed_are_taken_up_and_done_ones_left(house: House) -> None:
    bad, good, worse = await hard(house, "echo a > a.txt"), await house.issue("echo x >> count.txt"), await hard(house, "exit 4")
    await house.run(bad, good, worse)
    mended(house).touch()
    again = await resume(house)
    assert states(again) == ["done", "done", "failed"] and again.state == "failed"
    assert (starts(house, bad), starts(house, worse)) == (2, 2)
    assert house.branch_files(f"locus/issue-{good}")["count.txt"] == "x"


# What a person did to the worktree and the branch of a failed task.


def own_work(house: House, worktree: Path, *before: str) -> None:
    git = house.person.home.git
    if before:
        git(*before, cwd=worktree)
    (worktree / "mine.txt").write_text("mine\n")
    git("add", "--all", cwd=worktree)
    git("commit", "--quiet", "-m", "Mine", cwd=worktree)


def edits(_: House, worktree: Path) -> None:
    (worktree / "README.md").write_text("mine\n")
    (worktree / "mine.txt").write_text("mine\n")
    (worktree / "build").mkdir()
    (worktree / "build" / "cache").write_text("ignored")


def no_worktree(house: House, worktree: Path) -> None:
    house.person.git("worktree", "remove", "--force", worktree)


def no_branch(house: House, worktree: Path) -> None:
    no_worktree(house, worktree)
    house.person.git("branch", "--quiet", "-D", "locus/issue-1")


def no_folder_and_no_branch(house: House, worktree: Path) -> None:
    shutil.rmtree(worktree)
    house.person.git("worktree", "prune")
    house.person.git("branch", "--quiet", "-D", "locus/issue-1")


def a_folder(_: House, worktree: Path) -> None:
    shutil.rmtree(worktree)
    worktree.mkdir()
    (worktree / "mine.txt").write_text("mine\n")


def a_repository(house: House, worktree: Path) -> None:
    a_folder(house, worktree)
    house.person.home.git("init", "--quiet", cwd=worktree)
    own_work(house, worktree)


def a_file(_: House, worktree: Path) -> None:
    shutil.rmtree(worktree)
    worktree.write_text("mine\n")


def a_link(_: House, worktree: Path) -> None:
    shutil.rmtree(worktree)
    worktree.symlink_to(worktree.parent.parent)


BY_HAND: dict[str, Callable[[House, Path], object]] = {
    "the folder deleted": lambda _, worktree: shutil.rmtree(worktree),
    "the worktree removed": no_worktree,
    "worktree and branch deleted": no_branch,
    "folder and branch deleted": no_folder_and_no_branch,
    "the branch deleted under it": lambda house, _: house.person.git("update-ref", "-d", "refs/heads/locus/issue-1"),
    "another branch checked out": lambda house, worktree: own_work(house, worktree, "switch", "--quiet", "-c", "locus/mine"),
    "commits on no branch": lambda house, worktree: own_work(house, worktree, "switch", "--quiet", "--detach"),
    "commits on the branch": own_work,
    "edits": edits,
    "a folder in its place": a_folder,
    "a file in its place": a_file,
    "a link in its place": a_link,
    "a repository in its place": a_repository,
}
LOSES_THEIR_WORK = {
    "another branch checked out",
    "commits on no branch",
    "commits on the branch",
    "edits",
    "a folder in its place",
    "a repository in its place",
}
"""The person has left mine.txt there: it is somewhere afterwards."""


@pytest.mark.parametrize("what", BY_HAND)
async def test_whatever_was_done_to_a_failed_tasks_worktree_it_is_done_again(house: House, what: str) -> None:
    view = await failed(house)
    worktree = tree(house, "issue-1")
    BY_HAND[what](house, worktree)
    mended(house).touch()
    again = await resume(house)
    assert done(again), again
    assert house.branch_files("locus/issue-1").keys() & {"half.txt", "whole.txt", "mine.txt"} == {"half.txt", "whole.txt"}
    assert house.subjects("locus/issue-1") == ["Hard (#1)"] and again.tasks[0].attempt == 2
    assert house.worktrees() == [] and house.person.tip("locus/issue-1") == house.person.look("rev-parse", "locus/issue-1")
    assert {"half.txt": "half"}.items() <= kept(house)[0].items(), "what the failed attempt left, kept when it failed"
    if what in LOSES_THEIR_WORK:
        found = [*kept(house), *(house.branch_files(branch) for branch in house.person.look("branch", "--format=%(refname)").split())]
        trash = house.ws.state / "trash"
        assert any(files.get("mine.txt") == "mine" for files in found) or any(trash.rglob("mine.txt"))
    if what == "a file in its place":
        assert [path.read_text() for path in (house.ws.state / "trash").iterdir()] == ["mine\n"]
    assert view.id == again.id


# Which run is meant.


async def test_several_that_could_be_resumed_are_listed(house: House) -> None:
    one = await failed(house, "echo one > one.txt")
    number = await hard(house)
    await house.sprint("Sprint 1", number)
    two = await house.run(sprint="Sprint 1")
    with pytest.raises(Refused, match="several runs could be resumed") as several:
        await resume(house)
    assert several.value.message.splitlines()[1:] == [f"  {two.id}  Sprint 1  failed", f"  {one.id}  #1  failed"]
    with pytest.raises(Refused, match="there is no unfinished run to resume"):
        await resume(house, sprint="Another")
    mended(house).touch()
    assert (await resume(house, sprint="sprint 1")).id == two.id
    assert done(await resume(house)) and done(house.view(two.id))


async def test_a_run_that_cannot_be_resumed_says_why(house: House) -> None:
    number = await house.issue("echo a > a.txt")
    going_on = await house.request(number)
    with locks.try_lock(house.ws.runs / going_on / store.LOCK) or pytest.fail("nobody holds it"):
        with pytest.raises(Refused, match="is going on"):
            await resume(house, run_id=going_on)
        with pytest.raises(Refused, match="there is no unfinished run to resume"):
            await resume(house)
    finished = await house.carry_on(going_on)
    with pytest.raises(Refused, match="is done: there is nothing to resume"):
        await resume(house, run_id=finished.id)
    meanwhile = await house.request(number)
    await house.call("locus.issue.close", number=number)
    refused = await house.carry_on(meanwhile)
    assert refused.state == "refused"
    with pytest.raises(Refused, match="is refused: there is nothing to resume"):
        await resume(house, run_id=refused.id)


async def test_a_runner_that_has_written_its_last_line_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds the run's lock for a moment yet: `locus run 1 || locus run --resume` must not be told that the run is going on."""
    view = await failed(house)
    mended(house).touch()
    held, refused, try_lock = locks.try_lock(house.ws.runs / view.id / store.LOCK), asyncio.Event(), locks.try_lock

    def spied(path: Path) -> locks.Lock | None:
        lock = try_lock(path)
        if lock is None and path.parent.name == view.id:
            refused.set()
        return lock

    monkeypatch.setattr(locks, "try_lock", spied)
    resuming = asyncio.create_task(resume(house))
    await asyncio.wait_for(refused.wait(), 30)
    assert held is not None
    held.close()
    assert done(await resuming)


async def test_of_two_that_resume_at_once_one_does(house: House) -> None:
    view = await failed(house)
    mended(house).touch()
    twice = await asyncio.gather(house.call("locus.run.resume"), house.call("locus.run.resume"), return_exceptions=True)
    (refused,) = [each for each in twice if isinstance(each, BaseException)]
    assert isinstance(refused, Refused) and refused.hint
    assert done(await house.until(view.id, lambda now: now.state.ended and now.seq > view.seq))
    assert starts(house, 1) == 2


async def test_a_run_whose_tasks_a_later_run_took_up_is_not_resumed(house: House) -> None:
    """Its branch is the later run's now: what that one pushed would be replaced."""
    first = await failed(house)
    mended(house).touch()
    later = await house.run(1)
    assert done(later) and house.run_state() is None
    tip = house.person.tip("locus/issue-1")
    with pytest.raises(Refused, match=f"nothing of run {first.id} is left to resume: #1 was taken up again by {later.id}"):
        await resume(house, run_id=first.id)
    with pytest.raises(Refused, match="there is no unfinished run to resume"):
        await resume(house)
    assert house.person.tip("locus/issue-1") == tip and starts(house, 1) == 2


async def test_of_two_failed_runs_of_one_issue_the_later_is_resumed(house: House) -> None:
    first = await failed(house)
    second = await house.run(1)
    assert (house.run_state() or {})["runId"] == second.id
    mended(house).touch()
    again = await resume(house)
    assert (again.id, done(again)) == (second.id, True) and house.run_state() is None
    assert house.view(first.id).state == "failed"


async def test_only_what_no_later_run_took_up_is_resumed(house: House) -> None:
    one, two = await hard(house, "echo a > a.txt"), await hard(house, "echo b > b.txt")
    first = await house.run(one, two)
    later = await house.run(one)
    mended(house).touch()
    again = await resume(house, run_id=first.id)
    assert states(again) == ["blocked", "done"] and later.id in str(again.tasks[0].error)
    assert (starts(house, one), starts(house, two)) == (2, 2)
    assert [each.id for each in RunStore(house.ws.runs).views() if each.state.unfinished] == [later.id, first.id]
    assert done(await resume(house)), "of the two only the later one has something left"
