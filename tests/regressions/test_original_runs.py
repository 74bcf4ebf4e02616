"""What the original Locus was seen to do wrong in runs, one test for each, by the number it has in the list of its faults.

The person's checkout, HEAD, index, stash and refs are compared after every test (support/repos.py): none of them ever changes.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from locus.errors import Refused
from support.house import House, done, states
from support.resuming import hard, mended, resume, starts, tree


@pytest.mark.parametrize("mode", ["standalone", "sprint"])
async def test_b01_without_auto_pr_the_finished_branch_stays(house: House, mode: str) -> None:
    """Worktree and branch of finished work were removed by force, though nothing had been pushed; the issues were `done`."""
    house.configure(agent_autoPR=False)
    number = await house.issue("echo a > a.txt")
    branch = f"locus/issue-{number}"
    if mode == "sprint":
        await house.sprint("Sprint 1", number)
        branch = "locus/sprint-sprint-1"
    view = await house.run(*([] if mode == "sprint" else [number]), sprint="Sprint 1" if mode == "sprint" else None)
    assert done(view)
    assert house.branch_files(branch)["a.txt"] == "a" and house.trailers(branch) == [str(number)]
    assert house.person.tip(branch) is None and house.worktrees() == []


async def test_b02_after_a_refused_push_everything_stays_and_the_tasks_have_failed(house: House) -> None:
    """A rejected push in a run of several issues destroyed worktrees and branches alike, and the summary said that both succeeded."""
    hook = house.person.hook_of_remote("pre-receive", "echo not on a Friday >&2\nexit 1")
    numbers = [await house.issue(f"echo {name} > {name}.txt") for name in ("one", "two")]
    view = await house.run(*numbers)
    assert view.state == "failed" and states(view) == ["failed", "failed"]
    assert all("not on a Friday" in str(task.error) for task in view.tasks)
    for number, name in zip(numbers, ("one", "two"), strict=True):
        assert house.branch_files(f"locus/issue-{number}")[f"{name}.txt"] == name
    assert house.worktrees() == [f"issue-{number}" for number in numbers]
    assert [(await house.ws.tracker.get(number)).status for number in numbers] == ["failed", "failed"]
    hook.unlink()
    assert done(await resume(house))
    assert house.person.tip(f"locus/issue-{numbers[0]}") == house.person.look("rev-parse", f"locus/issue-{numbers[0]}")


async def test_b02_after_a_pull_request_that_could_not_be_made_everything_stays(house: House) -> None:
    """A pull request that could not be made did the same."""
    number = await house.issue("echo a > a.txt")
    with sqlite3.connect(house.ws.state / "locus.db") as db:
        db.execute("CREATE TRIGGER broken BEFORE INSERT ON pulls BEGIN SELECT RAISE(ABORT, 'no pull requests today'); END")
    db.close()
    view = await house.run(number)
    assert view.state == "failed" and not view.tasks[0].state.succeeded
    assert house.worktrees() == [f"issue-{number}"] and house.branch_files(f"locus/issue-{number}")["a.txt"] == "a"
    assert (await house.ws.tracker.get(number)).status != "done"


async def test_b03_an_issue_of_a_sprint_is_not_run_by_itself(house: House) -> None:
    """It was worked on in the person's checkout: their uncommitted files were committed, and main was pushed."""
    number = await house.issue("echo a > a.txt")
    await house.sprint("Sprint 1", number)
    house.person.write("README.md", "unfinished\n")
    plan = await house.call("locus.run.plan", tasks=[number])
    assert [refusal.number for refusal in plan.refused] == [number] and 'locus run --sprint "Sprint 1"' in plan.refused[0].hint
    with pytest.raises(Refused, match='belongs to the sprint "Sprint 1"'):
        await house.request(number)
    assert not house.ws.runs.exists() or not list(house.ws.runs.iterdir())


async def test_b04_resuming_issues_side_by_side_uses_their_own_worktrees(house: House) -> None:
    """It went on in the person's checkout on main, committed their edit of the README with the agent's work, and pushed main."""
    numbers = [await hard(house, f"echo {name} > {name}.txt") for name in ("one", "two")]
    view = await house.run(*numbers)
    house.person.write("README.md", "the person's uncommitted edit\n")
    main = house.person.tip("main")
    mended(house).touch()
    again = await resume(house)
    assert done(again) and [task.worktree for task in again.tasks] == [task.worktree for task in view.tasks]
    assert house.person.tip("main") == main
    for number in numbers:
        assert house.branch_files(f"locus/issue-{number}")["README.md"] == "# A small project"
    pulls = [task.pull_request for task in again.tasks]
    assert [(pull.branch, pull.base) for pull in pulls if pull] == [(f"locus/issue-{number}", "main") for number in numbers]


async def test_b05_uncommitted_work_is_neither_taken_along_nor_moved(house: House) -> None:
    """A single issue was worked on in the dirty checkout: `git add -A` put the person's files into the pull request, and main lost them."""
    house.person.write("README.md", "unfinished\n")
    house.person.write("src/util.py", "LIMIT = 11\n")
    house.person.git("add", "src/util.py")
    house.person.write("untracked.txt", "mine\n")
    number = await house.issue("echo a > a.txt")
    assert done(await house.run(number))
    files = house.branch_files(f"locus/issue-{number}")
    assert (files["README.md"], files["src/util.py"]) == ("# A small project", "LIMIT = 10")
    assert "a.txt" in files and "untracked.txt" not in files


async def test_b06_a_task_that_goes_on_failing_is_tried_once_a_resume(house: House) -> None:
    """With `stopOnFailure` off, resuming tried the first failed task for ever: 24 agents and 24 comments in 20 seconds."""
    house.configure(sprint_stopOnFailure=False)
    number = await hard(house, "exit 1")
    await house.sprint("Sprint 1", number)
    await house.run(sprint="Sprint 1")
    assert states(await resume(house)) == ["failed"]
    assert starts(house, number) == 2
    assert len(await house.ws.tracker.comments(number)) == 1


async def test_b09_a_dry_run_leaves_the_state_of_a_failed_run_alone(house: House) -> None:
    """It replaced the state with one of its own and then deleted it: there was nothing left to resume."""
    number = await hard(house, "echo a > a.txt")
    await house.sprint("Sprint 1", number)
    view = await house.run(sprint="Sprint 1")
    before = house.run_state()
    plan = await house.call("locus.run.plan", sprint="Sprint 1")
    assert [task.number for task in plan.tasks] == [number] and not plan.refused
    assert before is not None and house.run_state() == before
    mended(house).touch()
    again = await resume(house)
    assert done(again) and again.id == view.id


async def test_b10_a_second_run_does_not_repeat_what_is_done(house: House) -> None:
    """Labels and state were not looked at: every open issue of the sprint was worked on again."""
    first, second = await hard(house, "echo a > a.txt"), await hard(house, "test -e again", "echo b > b.txt")
    await house.sprint("Sprint 1", first, second)
    mended(house).touch()
    assert states(await house.run(sprint="Sprint 1")) == ["done", "failed"]
    view = await house.run(sprint="Sprint 1")
    assert [task.number for task in view.tasks] == [second]
    assert (starts(house, first), starts(house, second)) == (1, 2)


async def test_b11_edits_to_different_lines_of_one_file_are_no_conflict(house: House) -> None:
    """Any file touched on both sides was called a conflict, and every later task of the sprint failed."""
    first = await house.issue("sed -i 's/def function_0/def renamed/' src/app.py", title="Ours")
    second = await hard(house, "echo b > b.txt")
    await house.sprint("Sprint 1", first, second)
    await house.run(sprint="Sprint 1")
    theirs = (house.person.path / "src/app.py").read_text().replace("return 9", "return 99")
    house.person.commit_on_remote({"src/app.py": theirs})
    mended(house).touch()
    assert done(await resume(house))
    merged = house.branch_files("locus/sprint-sprint-1")["src/app.py"]
    assert "def renamed()" in merged and "return 99" in merged


async def test_b12_work_starts_from_the_base_as_the_remote_has_it(house: House) -> None:
    """Worktrees began at the local base branch, without a fetch: the pull requests lacked what upstream had."""
    house.person.commit_on_remote({"upstream.txt": "new\n"})
    number = await house.issue("cat upstream.txt > copy.txt")
    assert done(await house.run(number))
    assert house.branch_files(f"locus/issue-{number}")["copy.txt"] == "new"


async def test_b13_an_agent_that_changes_nothing_has_failed(house: House) -> None:
    """An exit code of 0 was success: `locus:done`, "Execution complete"."""
    number = await house.issue("true")
    view = await house.run(number)
    assert view.state == "failed" and view.tasks[0].error == "the agent changed nothing"
    assert (await house.ws.tracker.get(number)).status == "failed"


async def test_b14_a_leftover_folder_is_not_taken_for_a_worktree(house: House) -> None:
    """Any folder at the worktree's path was used: the agent worked in an ignored folder, and the issue was `done`."""
    number = await house.issue("git rev-parse --show-toplevel > where.txt")
    leftover = tree(house, f"issue-{number}")
    leftover.mkdir(parents=True)
    (leftover / "notes.txt").write_text("left here")
    assert done(await house.run(number))
    files = house.branch_files(f"locus/issue-{number}")
    assert files["where.txt"] == str(leftover) and "notes.txt" not in files
    assert [path.read_text() for path in (house.ws.state / "trash").rglob("notes.txt")] == ["left here"], "moved aside, not deleted"


async def test_b15_of_two_runs_at_once_each_keeps_its_own_state(house: House) -> None:
    """Both wrote one `_parallel.json`: the one that ended well deleted the other's failure, which nobody could resume."""
    bad, good = await hard(house, "echo a > a.txt"), await house.issue("echo b > b.txt")
    failing, fine = await house.request(bad), await house.request(good)
    ended = await asyncio.gather(house.carry_on(failing), house.carry_on(fine))
    assert [view.state for view in ended] == ["failed", "done"]
    state = house.run_state()
    assert state is not None and (state["runId"], state["tasks"][0]["status"]) == (failing, "failed")
    mended(house).touch()
    assert done(await resume(house)) and house.run_state() is None


async def test_b16_sprints_with_names_alike_do_not_block_one_another(house: House) -> None:
    """`v2.0` and `v2-0` had one slug: the second was refused with "already in progress"."""
    first, second = await hard(house, "echo 1 > 1.txt"), await house.issue("echo 2 > 2.txt")
    await house.sprint("v2.0", first)
    await house.sprint("v2-0", second)
    assert (await house.run(sprint="v2.0")).state == "failed"
    assert done(await house.run(sprint="v2-0"))
    mended(house).touch()
    assert done(await resume(house))
    assert {"1.txt"} <= house.branch_files("locus/sprint-v2.0").keys() and {"2.txt"} <= house.branch_files("locus/sprint-v2-0").keys()
    with pytest.raises(Refused, match=r"v2\.0"):  # names with one branch are refused when they are given
        await house.sprint("V2.0 ")


async def test_b27_a_nonsensical_max_parallel_is_refused_at_once(house: House) -> None:
    """`maxParallel: 0` made it wait for ever; strings were accepted."""
    number = await house.issue("echo a > a.txt")
    await house.trust()
    for value in (0, -1, "3", "banana", 1.5, True):
        house.configure(agent_maxParallel=value)
        with pytest.raises(Refused, match=r"agent\.maxParallel: .* is not a whole number, at least 1"):
            await asyncio.wait_for(house.call("locus.run.start", tasks=[number]), timeout=30)
    assert not house.ws.runs.exists() and house.worktrees() == []


def test_all_of_them_are_here() -> None:
    """One test at least for each of those that concern runs."""
    names = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    wanted = [*range(1, 19), 25, 26, 27]
    assert [number for number in wanted if f"def test_b{number:02}_" not in names] == []
