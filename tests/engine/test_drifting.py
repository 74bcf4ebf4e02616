"""Somebody else moves the base, or our own branch on the remote, while a run goes on: through whole runs of sprints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from locus.engine.journal import read
from locus.engine.store import JOURNAL
from locus.model.events import Conflicted, EffectDone, RunPlanned
from locus.model.run import RunView
from locus.repo.drift import in_progress
from support.colleague import Colleague, Killed, dying, when
from support.house import House, done, states
from support.repos import put

BRANCH = "locus/sprint-s"
FORTY = "seq 40 > forty.txt"
AFTER = "echo after > after.txt"
VERIFY = [{"name": "count", "run": "cat *.txt > /dev/null"}]


@pytest.fixture
def colleague(house: House, tmp_path: Path) -> Colleague:
    return Colleague(house.person, tmp_path / "colleague")


async def sprint(house: House, *tasks: Sequence[str]) -> list[int]:
    numbers = [await house.issue(*commands) for commands in tasks]
    await house.sprint("S", *numbers)
    return numbers


async def two_sides(
    house: House, colleague: Colleague, ours: Sequence[str], theirs: Sequence[str], before: Sequence[str] = (FORTY,)
) -> RunView:
    """A sprint of two tasks from a base with `before`: the first does `ours`, while it does `theirs` reaches the base."""
    colleague.commit(*before)
    colleague.push()
    colleague.commit(*theirs)
    await sprint(house, [*ours, colleague.pushing()], [AFTER])
    view = await house.run(sprint="S")
    colleague.excuse()
    return view


def worktree(house: House) -> Path:
    return house.ws.repo.worktrees_dir / "sprint-s"


def in_worktree(house: House, *commands: str) -> None:
    """What the person does in the sprint's worktree."""
    for command in commands:
        house.person.home.git("-c", f"alias.do=!{command}", "do", cwd=worktree(house))


def settled(house: House) -> None:
    """Nothing is left half-done in the worktree: it stands on its branch, and no file differs."""
    assert in_progress(worktree(house)) is None
    assert house.person.look("symbolic-ref", "--short", "HEAD", cwd=worktree(house)) == BRANCH
    assert house.person.look("status", "--porcelain", cwd=worktree(house)) == ""


def conflicts(house: House, view: RunView) -> dict[str, tuple[str, tuple[tuple[int, int], ...]]]:
    """What the journal says of the last conflict."""
    found = [record.event for record in read(house.ws.runs / view.id / JOURNAL) if isinstance(record.event, Conflicted)]
    return {file.path: (file.reason, file.ranges) for file in found[-1].files}


CLEAN: dict[str, tuple[list[str], list[str]]] = {
    "other files": (["echo a > a.txt"], ["echo b > b.txt"]),
    "one file, other lines": (["sed -i s/^5$/five/ forty.txt"], ["sed -i s/^30$/thirty/ forty.txt"]),
    "rename and edit": (["git mv forty.txt moved.txt"], ["sed -i s/^5$/five/ forty.txt"]),
    "both make it executable": (["chmod +x forty.txt"], ["chmod +x forty.txt"]),
    "mode and content": (["chmod +x forty.txt"], ["sed -i s/^5$/five/ forty.txt"]),
}


@pytest.mark.parametrize("case", CLEAN)
async def test_what_goes_together_is_rebased_and_the_sprint_goes_on(house: House, colleague: Colleague, case: str) -> None:
    view = await two_sides(house, colleague, *CLEAN[case])
    assert done(view), view
    assert house.trailers(BRANCH, colleague.head) == [str(task.number) for task in view.tasks], "the base, then our two commits"
    files = house.branch_files(BRANCH)
    assert {"after.txt"} <= files.keys()
    if case == "one file, other lines":
        assert [files["forty.txt"].splitlines()[line] for line in (4, 29)] == ["five", "thirty"]
    if case == "rename and edit":
        assert files["moved.txt"].splitlines()[4] == "five" and "forty.txt" not in files
    assert house.person.tip(BRANCH) == house.person.look("rev-parse", BRANCH)


CONFLICTS: dict[str, tuple[list[str], list[str], list[str], dict[str, tuple[str, tuple[tuple[int, int], ...]]]]] = {
    "the same lines": (
        ["sed -i 's/^5$/our 5/; s/^20$/our 20\\nand more/' forty.txt"],
        ["sed -i 's/^1$/one\\nand a half/; s/^5$/their 5/; s/^20$/their 20/' forty.txt"],
        [FORTY],
        {"forty.txt": ("contents", ((5, 5), (20, 21)))},
    ),
    "rename and edit of one line": (
        ["git mv forty.txt moved.txt", "sed -i s/^7$/ours/ moved.txt"],
        ["sed -i s/^7$/theirs/ forty.txt"],
        [FORTY],
        {"moved.txt": ("contents", ((7, 7),))},
    ),
    "ours deletes, theirs edits": (["rm forty.txt"], ["sed -i s/^5$/five/ forty.txt"], [FORTY], {"forty.txt": ("modify/delete", ())}),
    "ours edits, theirs deletes": (["sed -i s/^5$/five/ forty.txt"], ["rm forty.txt"], [FORTY], {"forty.txt": ("modify/delete", ())}),
    "both add": (["echo ours > new.txt"], ["echo theirs > new.txt"], [FORTY], {"new.txt": ("contents", ((1, 1),))}),
    "binary": (["printf 'a\\0b' > bin"], ["printf 'a\\0c' > bin"], ["printf 'a\\0a' > bin"], {"bin": ("binary", ())}),
    "a file that became a link": (
        ["ln -sf README.md forty.txt"],
        ["sed -i s/^5$/five/ forty.txt"],
        [FORTY],
        {"forty.txt": ("distinct modes", ())},
    ),
    "a file where a folder is now": (
        ["echo ours > thing"],
        ["mkdir thing && echo theirs > thing/inside"],
        [FORTY],
        {"thing": ("file/directory", ())},
    ),
}


@pytest.mark.parametrize("case", CONFLICTS)
async def test_what_does_not_go_together_blocks_the_next_task_with_files_and_lines(house: House, colleague: Colleague, case: str) -> None:
    ours, theirs, before, expected = CONFLICTS[case]
    view = await two_sides(house, colleague, ours, theirs, before)
    assert view.state == "failed" and states(view) == ["done", "blocked"], view.tasks[0].error
    first, second = view.tasks
    assert conflicts(house, view) == expected
    assert {file.path: (file.reason, file.ranges) for file in second.conflicts} == conflicts(house, view)
    for path, (reason, ranges) in expected.items():
        assert f"{path} {'lines ' + ', '.join(f'{a}-{b}' for a, b in ranges) if ranges else f'({reason})'}" in str(second.error)
    assert f"git merge {colleague.head[:12]}" in str(second.hint) and "--resume" in str(second.hint)
    settled(house)
    assert house.person.look("rev-parse", BRANCH) == first.commit == house.person.tip(BRANCH)
    assert view.pull_request is not None and f"Closes #{first.number}" in view.pull_request.body


async def test_a_submodule_that_both_moved(new_house: Callable[..., House], tmp_path: Path) -> None:
    house = new_house("submodule")
    colleague = Colleague(house.person, tmp_path / "colleague")
    other = house.person.look("rev-parse", "HEAD", cwd=house.person.path / "vendor" / "lib" / "inner" / "deep")
    colleague.commit(f"git update-index --cacheinfo 160000,{other},vendor/lib")
    await sprint(house, ["git -C vendor/lib commit -q --allow-empty -m ours", colleague.pushing()], [AFTER])
    view = await house.run(sprint="S")
    colleague.excuse()
    assert states(view) == ["done", "blocked"], view.tasks[0].error
    assert "vendor/lib (" in str(view.tasks[1].error) and "submodule" in view.tasks[1].conflicts[0].reason
    settled(house)


async def test_a_commit_and_its_revert_merge_cleanly_and_do_not_rebase(house: House, colleague: Colleague) -> None:
    to_and_fro = ["sed -i s/^5$/ours/ forty.txt && git commit -qam to", "git revert --no-edit HEAD > /dev/null", "echo a > a.txt"]
    view = await two_sides(house, colleague, to_and_fro, ["sed -i s/^5$/theirs/ forty.txt"])
    assert done(view), [task.error for task in view.tasks]
    assert "Merge main" in house.subjects(BRANCH, colleague.head)
    assert house.branch_files(BRANCH)["forty.txt"].splitlines()[4] == "theirs"


async def test_the_base_advances_between_the_plan_and_the_first_task(house: House, colleague: Colleague) -> None:
    colleague.commit("echo b > b.txt")
    await sprint(house, ["cp b.txt a.txt"])
    view = await house.run(sprint="S", journal=when(lambda event: isinstance(event, RunPlanned), colleague.push))
    assert done(view) and view.tasks[0].start == colleague.head != view.base_commit


async def test_the_base_advances_before_a_resume(house: House, colleague: Colleague) -> None:
    await sprint(house, ["echo a > a.txt"], ["cp b.txt c.txt"])
    view = await house.run(sprint="S")
    assert states(view) == ["done", "failed"]
    colleague.commit("echo b > b.txt")
    colleague.push()
    again = await house.carry_on(view.id)
    assert done(again) and house.branch_files(BRANCH)["c.txt"] == "b"


async def test_without_rebase_before_task_the_base_stays_where_it_was(house: House, colleague: Colleague) -> None:
    house.configure(agent_rebaseBeforeTask=False)
    view = await two_sides(house, colleague, ["echo ours > forty.txt"], ["echo theirs > forty.txt"])
    assert done(view) and house.branch_files(BRANCH)["forty.txt"] == "ours"


async def test_without_a_remote_it_is_the_local_base_that_moves(new_house: Callable[..., House]) -> None:
    house = new_house(remote=False)
    at = house.person.path
    one, two = await sprint(
        house, ["echo a > a.txt", f"cd {at} && echo b > b.txt && git add b.txt && git commit -qm Own"], ["cat a.txt b.txt > c.txt"]
    )
    view = await house.run(sprint="S")
    house.person.retake()
    assert done(view), [task.error for task in view.tasks]
    assert house.trailers(BRANCH) == [str(one), str(two)] and house.branch_files(BRANCH)["c.txt"] == "a\nb"


async def test_a_base_that_is_set_back_is_told_and_nothing_is_rebased(house: House, colleague: Colleague) -> None:
    colleague.commit("echo wrong > wrong.txt")
    colleague.push()
    await sprint(house, ["echo a > a.txt", colleague.pushing(what="HEAD~1")], ["echo c > c.txt"])
    view = await house.run(sprint="S")
    colleague.excuse()
    assert done(view)
    (warning,) = view.warnings
    assert "main was set back or rewritten" in warning and BRANCH in warning


async def test_a_run_begins_at_the_base_as_the_remote_has_it_though_it_was_set_back(house: House, colleague: Colleague) -> None:
    right = colleague.head
    colleague.commit("echo wrong > wrong.txt")
    colleague.push()
    house.person.git("fetch", "--quiet")
    colleague.push(what="HEAD~1")
    number = await house.issue("echo a > a.txt")
    view = await house.run(number)
    assert done(view) and view.base_commit == right
    assert "wrong.txt" not in house.branch_files(f"locus/issue-{number}")


async def test_a_base_with_another_history_blocks_until_it_is_put_right(house: House, colleague: Colleague) -> None:
    colleague.sh("git checkout -q --orphan other", "git commit -qm Unrelated")
    await sprint(house, ["echo a > a.txt", colleague.pushing()], [AFTER])
    view = await house.run(sprint="S")
    colleague.excuse()
    assert states(view) == ["done", "blocked"]
    assert "no commit in common" in str(view.tasks[1].error) and "git rebase --onto" in str(view.tasks[1].hint)
    settled(house)
    colleague.push(what="main")
    assert done(await house.carry_on(view.id))


async def test_a_base_that_is_gone_from_the_remote_is_a_warning(house: House, colleague: Colleague) -> None:
    await sprint(house, ["echo a > a.txt", f"git -C {house.person.remote} update-ref -d refs/heads/main"], [AFTER])
    view = await house.run(sprint="S")
    colleague.excuse()
    assert done(view)
    assert any("main could not be fetched" in warning for warning in view.warnings)


# What a person does about a conflict.


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


def counts(tmp_path: Path) -> list[int]:
    return [int(line) for line in (tmp_path / "count").read_text().splitlines()]


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


# Our own branch on the remote.


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


# What is delivered.


async def test_commits_that_a_rebase_moved_are_verified_with_the_next_task(house: House, colleague: Colleague) -> None:
    house.configure(verify=[{"name": "apart", "run": "test ! -e a.txt || test ! -e theirs.txt"}])
    view = await two_sides(house, colleague, ["echo a > a.txt"], ["echo t > theirs.txt"])
    assert states(view) == ["done", "failed"] and "apart" in str(view.tasks[1].error)
    assert house.person.tip(BRANCH) == view.tasks[0].commit, "what was verified is what is published"
    assert view.pull_request is not None


async def test_what_a_failed_task_has_committed_is_not_delivered(house: House) -> None:
    await sprint(house, ["echo a > a.txt"], ["echo half > half.txt && git add . && git commit -qm Half", "exit 1"])
    view = await house.run(sprint="S")
    assert states(view) == ["done", "failed"]
    assert house.person.tip(BRANCH) == view.tasks[0].commit
    assert "half.txt" in house.branch_files(BRANCH)


# When the run dies in the midst of it.


async def test_a_rebase_that_a_crash_cut_off_is_taken_back(house: House, colleague: Colleague) -> None:
    colleague.commit("echo theirs > theirs.txt")
    one, two = await sprint(house, ["echo a > a.txt", colleague.pushing()], ["cp theirs.txt b.txt"])
    run_id = await house.request(sprint="S")
    with pytest.raises(Killed):
        await house.carry_on(run_id, journal=dying(lambda event, _: isinstance(event, EffectDone) and event.key.startswith("integrate:")))
    colleague.excuse()
    in_worktree(house, f"git reset -q --hard {house.view(run_id).tasks[0].commit}", "git rebase -q -x false refs/locus/base/main || true")
    assert in_progress(worktree(house)) == "rebase"
    assert done(await house.carry_on(run_id))
    assert house.trailers(BRANCH, colleague.head) == [str(one), str(two)]


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
