"""An issue is run again: what has become of its branch and its pull request meanwhile decides where the work goes on."""

from __future__ import annotations

import pytest

from support.again import commit_on, kept, merge, pulls
from support.colleague import Colleague
from support.house import House, done, states
from support.repos import put

AGAIN = 'echo x > "made-$(ls made-* 2>/dev/null | wc -l)"'
"""Makes another file each time."""
ISSUE = "locus/issue-1"


async def once(house: House, *commands: str) -> int:
    """An issue that was run once, well."""
    number = await house.issue(*(commands or (AGAIN,)))
    view = await house.run(number)
    assert done(view), view.tasks[0].error
    return number


def made(house: House, branch: str) -> set[str]:
    return {name for name in house.branch_files(branch) if name.startswith("made-")}


# An issue.


async def test_a_merge_that_nobody_has_noticed_is_a_merge(house: House) -> None:
    number = await once(house)
    other = await house.issue("echo other > other.txt")
    merge(house, ISSUE)
    view = await house.run(number, other)
    assert done(view)
    assert [pull.state for pull in await pulls(house, ISSUE)] == ["open", "merged"]
    assert made(house, ISSUE) == {"made-0", "made-1"} and house.trailers(ISSUE) == [str(number)]
    assert (await house.ws.tracker.get(number)).state == "open", "it was asked for again"
    assert house.keeps() == [], "all of it is in the base"


async def test_what_was_squashed_into_the_base_is_gone_on_from_while_its_pull_request_is_open(house: House) -> None:
    number = await once(house)
    merge(house, ISSUE, squash=True)
    assert done(await house.run(number))
    assert house.trailers(ISSUE) == [str(number), str(number)] and len(await pulls(house, ISSUE)) == 1


async def test_after_a_closed_pull_request_the_work_begins_afresh_and_the_old_is_kept(house: House) -> None:
    number = await once(house)
    old = house.person.look("rev-parse", ISSUE)
    (pull,) = await pulls(house, ISSUE)
    await house.ws.tracker.update_pull(pull.number, state="closed")
    view = await house.run(number)
    assert done(view)
    assert any(f"#{pull.number} of {ISSUE} is closed" in warning for warning in view.warnings)
    assert made(house, ISSUE) == {"made-0"} and house.trailers(ISSUE) == [str(number)]
    assert kept(house, old)
    assert house.person.tip(ISSUE) == house.person.look("rev-parse", ISSUE), "the old tip on the remote gives way"
    assert [pull.state for pull in await pulls(house, ISSUE)] == ["open", "closed"]


async def test_a_branch_of_ours_that_was_merged_without_a_pull_request_begins_afresh(house: House) -> None:
    house.configure(agent_autoPR=False)
    number = await once(house)
    merge(house, ISSUE)
    house.person.commit({"later.txt": "later\n"})
    house.person.git("push", "--quiet", "origin", "main")
    assert done(await house.run(number))
    assert house.trailers(ISSUE) == [str(number)] and "later.txt" in house.branch_files(ISSUE)


async def test_a_persons_commit_on_the_branch_of_an_open_pull_request_is_gone_on_from(house: House) -> None:
    number = await once(house)
    theirs = commit_on(house, ISSUE)
    view = await house.run(number)
    assert done(view) and view.tasks[0].start == theirs and view.tasks[0].branch == ISSUE
    assert house.person.tip(ISSUE) == house.person.look("rev-parse", ISSUE)


async def test_others_commits_lead_to_a_suffix_and_the_next_run_goes_on_there(house: House) -> None:
    number = await house.issue(AGAIN)
    theirs = commit_on(house, ISSUE, parent="main")
    for count in (1, 2):
        view = await house.run(number)
        assert done(view) and view.tasks[0].branch == f"{ISSUE}-2"
        assert any(f"{ISSUE} has commits that this Locus did not make" in warning for warning in view.warnings)
        assert len(made(house, f"{ISSUE}-2")) == count
    assert house.person.look("rev-parse", ISSUE) == theirs and house.person.tip(ISSUE) is None
    assert len(await pulls(house, f"{ISSUE}-2")) == 1


@pytest.mark.parametrize("trailers", ["Locus-Keeper: somebody/else", "Locus-Keeper: local\nLocus-Run: run-2020-01-01T00-00-00-000-abcd"])
async def test_work_of_another_keeper_or_another_machine_is_not_ours(house: House, colleague: Colleague, trailers: str) -> None:
    """Two people who both keep their issues locally both have an issue 1, and push to the same remote."""
    theirs = colleague.commit("echo theirs > theirs.txt", message=f"Something else\n\nLocus-Task: 1\n{trailers}")
    colleague.push(ISSUE)
    number = await house.issue(AGAIN)
    view = await house.run(number)
    assert done(view) and view.tasks[0].branch == f"{ISSUE}-2"
    assert house.person.tip(ISSUE) == theirs and "theirs.txt" not in house.branch_files(f"{ISSUE}-2")


async def test_what_others_have_pushed_on_top_is_gone_on_from(house: House, colleague: Colleague) -> None:
    number = await once(house)
    colleague.fetch(ISSUE)
    theirs = colleague.commit("echo theirs > theirs.txt")
    colleague.push(ISSUE)
    view = await house.run(number)
    assert done(view) and view.tasks[0].start == theirs
    assert house.person.tip(ISSUE) == house.person.look("rev-parse", ISSUE)


async def test_what_others_have_pushed_beside_ours_blocks_before_any_work(house: House, colleague: Colleague) -> None:
    number = await once(house)
    ours, theirs = house.person.look("rev-parse", ISSUE), colleague.commit("echo theirs > theirs.txt")
    colleague.push(ISSUE)
    view = await house.run(number)
    assert states(view) == ["blocked"] and view.tasks[0].attempt == 0
    assert f"somebody has pushed other commits to {ISSUE}" in str(view.tasks[0].error)
    assert house.person.tip(ISSUE) == theirs and house.person.look("rev-parse", ISSUE) == ours
    at = house.person.path.parent / "checkout"
    house.person.git("worktree", "add", "--quiet", str(at), ISSUE)
    house.person.home.git("merge", "--quiet", "--no-edit", f"refs/locus/remote/{ISSUE}", cwd=at)
    house.person.git("worktree", "remove", str(at))
    assert done(await house.run(number))
    assert {"theirs.txt", "made-1"} <= house.branch_files(ISSUE).keys()


async def test_an_unfinished_attempt_on_an_open_pull_request_is_kept_and_left_out(house: House) -> None:
    number = await once(house, "test ! -e a.txt || { git commit -q --allow-empty -m Half; exit 1; }", "echo a > a.txt")
    good = house.person.look("rev-parse", ISSUE)
    assert states(await house.run(number)) == ["failed"]
    half = house.person.look("rev-parse", ISSUE)
    await house.call("locus.issue.update", number=number, body="RUN: echo b > b.txt")
    view = await house.run(number)
    assert done(view) and view.tasks[0].start == good
    assert "Half" not in house.subjects(ISSUE)
    assert kept(house, half)


@pytest.mark.parametrize("gone", ["here", "remote"])
async def test_a_branch_that_was_deleted_on_one_side_is_taken_from_the_other(house: House, gone: str) -> None:
    number = await once(house)
    if gone == "here":
        house.person.git("branch", "--quiet", "-D", ISSUE)
    else:
        house.person.on_remote("update-ref", "-d", f"refs/heads/{ISSUE}")
    assert done(await house.run(number))
    assert made(house, ISSUE) == {"made-0", "made-1"}
    assert house.person.tip(ISSUE) == house.person.look("rev-parse", ISSUE)
    assert len(await pulls(house, ISSUE)) == 1


async def test_a_branch_that_was_deleted_on_both_sides_begins_afresh(house: House) -> None:
    number = await once(house)
    house.person.git("branch", "--quiet", "-D", ISSUE)
    house.person.on_remote("update-ref", "-d", f"refs/heads/{ISSUE}")
    assert done(await house.run(number))
    assert made(house, ISSUE) == {"made-0"} and len(await pulls(house, ISSUE)) == 1


async def test_a_failed_ones_worktree_is_kept_before_the_next_run_takes_its_place(house: House) -> None:
    number = await house.issue("echo half > half.txt; exit 1")
    assert states(await house.run(number)) == ["failed"]
    put(house.ws.repo.worktrees_dir / "issue-1", "notes.txt", "a person's\n")
    await house.call("locus.issue.update", number=number, body=f"RUN: {AGAIN}")
    assert done(await house.run(number))
    files = {name for ref in house.keeps() for name in house.person.look("ls-tree", "--name-only", ref).splitlines()}
    assert {"half.txt", "notes.txt"} <= files and made(house, ISSUE) == {"made-0"}
    assert not {"half.txt", "notes.txt"} & house.branch_files(ISSUE).keys()
