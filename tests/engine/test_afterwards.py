"""After a run: what changed, side by side; running an issue again; a pull request that was merged."""

from __future__ import annotations

from unittest.mock import AsyncMock

import pytest

from locus.anchors.files import path_of
from locus.repo.git import git
from support.house import House, done, states


async def test_the_sides_of_a_change_are_documents(house: House) -> None:
    number = await house.issue("echo new > new.txt", "echo changed > README.md", "git rm -q src/util.py")
    assert done(await house.run(number))
    diff = await house.call("locus.task.diff", number=number)
    sides = {file.path: (file.status, path_of(file.left), path_of(file.right)) for file in diff.files}
    assert {path: status for path, (status, _, _) in sides.items()} == {
        "new.txt": "added",
        "README.md": "modified",
        "src/util.py": "deleted",
    }
    texts = {path: (left.read_text(), right.read_text()) for path, (_, left, right) in sides.items() if left and right}
    assert texts == {"new.txt": ("", "new\n"), "README.md": ("# A small project\n", "changed\n"), "src/util.py": ("LIMIT = 10\n", "")}


async def test_what_a_failed_task_left_is_shown_from_its_worktree(house: House) -> None:
    number = await house.issue("echo half > half.txt", "exit 1")
    assert states(await house.run(number)) == ["failed"]
    diff = await house.call("locus.task.diff", number=number)
    assert [file.path for file in diff.files] == ["half.txt"]


async def test_running_again_goes_on_while_the_pull_request_is_open(house: House) -> None:
    number = await house.issue('echo x > "made-$(ls made-* 2>/dev/null | wc -l)"')
    first = await house.run(number)
    second = await house.run(number)
    assert done(first) and done(second)
    assert {"made-0", "made-1"} <= house.branch_files(f"locus/issue-{number}").keys()
    assert len(await house.ws.tracker.pulls(f"locus/issue-{number}")) == 1


async def test_running_again_after_a_failure_begins_afresh_and_keeps_what_was_there(house: House) -> None:
    number = await house.issue(
        'test -e "$LOCUS_PROMPT_FILE.go" && echo good > good.txt || { echo bad > bad.txt; git add .; git commit -qm bad; exit 1; }'
    )
    first = await house.run(number)
    assert states(first) == ["failed"]
    await house.call("locus.issue.update", number=number, body="RUN: echo good > good.txt")
    second = await house.run(number)
    assert done(second), second
    assert "bad.txt" not in house.branch_files(f"locus/issue-{number}")
    assert any("bad.txt" in house.person.look("ls-tree", "--name-only", ref) for ref in house.keeps())


async def test_commits_that_are_not_ours_are_left_alone(house: House) -> None:
    number = await house.issue("echo a > a.txt")
    house.person.git("branch", f"locus/issue-{number}")
    theirs = house.person.look("commit-tree", "-p", "main", "-m", "A person's own", "main^{tree}")
    house.person.git("update-ref", f"refs/heads/locus/issue-{number}", theirs)
    view = await house.run(number)
    assert done(view) and view.tasks[0].branch == f"locus/issue-{number}-2"
    assert house.person.look("rev-parse", f"locus/issue-{number}") == theirs


async def test_a_merged_branch_closes_its_issue_at_the_next_look_and_a_new_run_begins_afresh(house: House) -> None:
    number = await house.issue('echo x > "made-$(ls made-* 2>/dev/null | wc -l)"')
    assert done(await house.run(number))
    house.person.git("merge", "--quiet", "--no-ff", "-m", "Merged", f"locus/issue-{number}")
    task = await house.call("locus.issue.show", number=number)
    assert (task.state, task.closed_reason, task.pull_request.state) == ("closed", "completed", "merged")
    house.person.git("push", "--quiet", "origin", "main")
    await house.ws.tracker.reopen(number)
    assert done(await house.run(number))
    pulls = await house.ws.tracker.pulls(f"locus/issue-{number}")
    assert [pull.state for pull in pulls] == ["open", "merged"]


async def test_of_many_open_pull_requests_the_merged_ones_are_found_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [await house.issue(f"echo {name} > {name}.txt") for name in "abcd"]
    assert done(await house.run(*numbers))
    house.person.git("merge", "--quiet", "--no-ff", "-m", "Merged", f"locus/issue-{numbers[1]}")
    asked = AsyncMock(wraps=git)
    monkeypatch.setattr("locus.repo.objects.git", asked)
    assert {task.number for task in await house.call("locus.issue.list")} == {numbers[0], *numbers[2:]}
    assert asked.await_count == 3, "one for where all stand, one for each place where the base does"
    house.person.git("merge", "--quiet", "--no-ff", "-m", "Merged", f"locus/issue-{numbers[0]}")
    house.person.git("push", "--quiet", "origin", "main")
    house.person.git("fetch", "--quiet", "origin", "main:refs/locus/base/main")
    house.person.git("reset", "--quiet", "--hard", "HEAD~2")
    assert {task.number for task in await house.call("locus.issue.list")} == set(numbers[2:]), "merged on the remote"


async def test_a_new_run_of_a_sprint_skips_what_is_done(house: House) -> None:
    one = await house.issue("echo a > a.txt")
    two = await house.issue("exit 1")
    await house.sprint("S", one, two)
    assert states(await house.run(sprint="S")) == ["done", "failed"]
    await house.call("locus.issue.update", number=two, body="RUN: test -f a.txt\nRUN: echo b > b.txt")
    view = await house.run(sprint="S")
    assert done(view) and [task.number for task in view.tasks] == [two]
    assert house.trailers("locus/sprint-s") == [str(one), str(two)]
    assert view.pull_request is not None and f"Closes #{one}" in view.pull_request.body
