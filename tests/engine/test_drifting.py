"""Somebody else moves the base while a sprint goes on: what goes together is brought together, what does not is named and stops it."""

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
from support.sprints import BRANCH, in_worktree, settled, sprint, worktree

FORTY = "seq 40 > forty.txt"
AFTER = "echo after > after.txt"


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
