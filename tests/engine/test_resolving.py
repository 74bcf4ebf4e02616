"""What a person does about a conflict, and what a resumed run makes of it: nothing of it is lost, and nothing is repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from locus.model.run import RunView
from locus.repo.drift import in_progress
from support.colleague import Colleague
from support.house import House, done, states
from support.repos import put
from support.sprints import BRANCH, counts, in_worktree, settled, sprint, worktree

FORTY = "seq 40 > forty.txt"
AFTER = "echo after > after.txt"


async def blocked(house: House, colleague: Colleague, tmp_path: Path) -> RunView:
    """Stopped before its second task, because both sides changed line 5. Each agent leaves a line in `count` whenever it is started."""
    count = f"echo $LOCUS_TASK >> {tmp_path}/count"
    colleague.commit(FORTY)
    colleague.push()
    colleague.commit("sed -i s/^5$/theirs/ forty.txt")
    await sprint(house, [count, "sed -i s/^5$/ours/ forty.txt", colleague.pushing()], [count, AFTER])
    view = await house.run(sprint="S")
    colleague.excuse()
    assert states(view) == ["done", "blocked"], [task.error for task in view.tasks]
    return view


RESOLVED = "sed -i '/^[<=>]\\{7\\}/d' forty.txt && git add forty.txt"


@pytest.mark.parametrize("how", ["merge", "rebase"])
async def test_a_conflict_resolved_in_the_worktree_is_gone_on_from(house: House, colleague: Colleague, tmp_path: Path, how: str) -> None:
    view = await blocked(house, colleague, tmp_path)
    in_worktree(
        house, f"git {how} {colleague.head[:12]} > /dev/null || true", RESOLVED, f"GIT_EDITOR=true git {how} --continue > /dev/null"
    )
    resolved = house.person.look("rev-parse", BRANCH)
    again = await house.carry_on(view.id)
    assert done(again), [task.error for task in again.tasks]
    assert counts(tmp_path) == [1, 2], "nothing is repeated"
    assert again.tasks[1].start == resolved and again.tasks[1].conflicts == ()
    assert house.branch_files(BRANCH)["forty.txt"].splitlines()[4:6] == (["ours", "theirs"] if how == "merge" else ["theirs", "ours"])
    assert house.person.tip(BRANCH) == house.person.look("rev-parse", BRANCH)
    assert house.worktrees() == []


async def test_a_conflict_resolved_in_the_base_is_gone_on_from(house: House, colleague: Colleague, tmp_path: Path) -> None:
    view = await blocked(house, colleague, tmp_path)
    colleague.commit("sed -i s/^theirs$/5/ forty.txt")
    colleague.push()
    again = await house.carry_on(view.id)
    assert done(again) and counts(tmp_path) == [1, 2]
    assert house.branch_files(BRANCH)["forty.txt"].splitlines()[4] == "ours"


async def test_an_unresolved_conflict_blocks_again_and_says_the_same(house: House, colleague: Colleague, tmp_path: Path) -> None:
    view = await blocked(house, colleague, tmp_path)
    again = await house.carry_on(view.id)
    assert states(again) == ["done", "blocked"] and again.tasks[1].error == view.tasks[1].error
    assert again.tasks[1].conflicts == view.tasks[1].conflicts
    settled(house)


@pytest.mark.parametrize("how", ["merge", "rebase"])
async def test_a_half_done_resolution_is_left_to_the_person(house: House, colleague: Colleague, tmp_path: Path, how: str) -> None:
    view = await blocked(house, colleague, tmp_path)
    in_worktree(house, f"git {how} {colleague.head} > /dev/null || true", "echo half > forty.txt")
    again = await house.carry_on(view.id)
    assert states(again) == ["done", "blocked"]
    assert f"a {how} in {worktree(house)} has not ended" in str(again.tasks[1].error) and f"git {how} --abort" in str(again.tasks[1].hint)
    assert in_progress(worktree(house)) == how and (worktree(house) / "forty.txt").read_text() == "half\n"
    in_worktree(house, "git add forty.txt", f"GIT_EDITOR=true git {how} --continue > /dev/null")
    last = await house.carry_on(view.id)
    assert done(last) and counts(tmp_path) == [1, 2] and house.branch_files(BRANCH)["forty.txt"] == "half"


async def test_a_resolution_that_was_not_committed_is_left_to_the_person(house: House, colleague: Colleague, tmp_path: Path) -> None:
    view = await blocked(house, colleague, tmp_path)
    put(worktree(house), "forty.txt", "mended\n")
    put(worktree(house), "forty.txt.orig", "what a merge tool leaves\n")
    again = await house.carry_on(view.id)
    assert states(again) == ["done", "blocked"] and "changes that are not committed" in str(again.tasks[1].error)
    assert (worktree(house) / "forty.txt").read_text() == "mended\n"
    in_worktree(house, "git commit -qam Mended", f"git merge -q -s ours {colleague.head}")
    last = await house.carry_on(view.id)
    assert done(last) and house.branch_files(BRANCH)["forty.txt"] == "mended"
    assert "forty.txt.orig" not in house.branch_files(BRANCH)
    assert any("forty.txt.orig" in house.person.look("ls-tree", "--name-only", ref).splitlines() for ref in house.keeps())


async def test_a_resolution_whose_worktree_was_removed_counts_too(house: House, colleague: Colleague, tmp_path: Path) -> None:
    view = await blocked(house, colleague, tmp_path)
    in_worktree(house, f"git merge -q -s ours -m Resolved {colleague.head}")
    house.person.git("worktree", "remove", str(worktree(house)))
    again = await house.carry_on(view.id)
    assert done(again) and "Resolved" in house.subjects(BRANCH) and counts(tmp_path) == [1, 2]
