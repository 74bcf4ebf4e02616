"""An issue or a sprint is run again: what has become of its branch and its pull request meanwhile decides where the work goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from locus.engine.journal import Journal
from locus.errors import Refused
from locus.model.events import Accepted, RunEvent, TaskStateChanged
from locus.model.states import TaskState
from locus.model.task import PullRequest
from support.colleague import Colleague, Killed, dying, when
from support.house import House, done, states
from support.repos import put

AGAIN = 'echo x > "made-$(ls made-* 2>/dev/null | wc -l)"'
"""Makes another file each time."""
ISSUE, SPRINT = "locus/issue-1", "locus/sprint-s"


@pytest.fixture
def colleague(house: House, tmp_path: Path) -> Colleague:
    return Colleague(house.person, tmp_path / "colleague")


async def once(house: House, *commands: str) -> int:
    """An issue that was run once, well."""
    number = await house.issue(*(commands or (AGAIN,)))
    view = await house.run(number)
    assert done(view), view.tasks[0].error
    return number


async def sprint(house: House, *commands: str) -> list[int]:
    numbers = [await house.issue(command) for command in commands]
    await house.sprint("S", *numbers)
    return numbers


async def half_done(house: House) -> tuple[int, int]:
    """A sprint whose first task is done and whose second failed; the next run of it would succeed."""
    one, two = await sprint(house, "echo a > a.txt", "exit 1")
    assert states(await house.run(sprint="S")) == ["done", "failed"]
    await house.call("locus.issue.update", number=two, body="RUN: ls > listing.txt")
    return one, two


async def pulls(house: House, branch: str) -> list[PullRequest]:
    return await house.ws.tracker.pulls(branch)


def kept(house: House, commit: str) -> bool:
    """A snapshot, or what it was made from, has the commit."""
    return any(commit in house.person.look("rev-list", ref).splitlines() for ref in house.keeps())


def made(house: House, branch: str) -> set[str]:
    return {name for name in house.branch_files(branch) if name.startswith("made-")}


def commit_on(house: House, branch: str, *, parent: str | None = None, message: str = "A person's own") -> str:
    """A person's commit on a branch of ours, made without a checkout."""
    at = parent or branch
    commit = house.person.look("commit-tree", "-p", at, "-m", message, f"{at}^{{tree}}")
    house.person.git("update-ref", f"refs/heads/{branch}", commit)
    return commit


def merge(house: House, branch: str, *, squash: bool = False) -> None:
    house.person.git("merge", "--quiet", *(["--squash"] if squash else ["--no-ff", "-m", "Merged"]), branch)
    if squash:
        house.person.commit(message="Squashed")
    house.person.git("push", "--quiet", "origin", "main")


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


# A sprint.


async def test_half_a_sprint_goes_on_on_its_branch_and_on_the_base_as_it_is_now(house: House, colleague: Colleague) -> None:
    one, two = await half_done(house)
    colleague.commit("echo theirs > theirs.txt")
    colleague.push()
    view = await house.run(sprint="S")
    assert done(view), view.tasks[0].error
    assert house.trailers(SPRINT, colleague.head) == [str(one), str(two)]
    assert {"a.txt", "theirs.txt"} <= set(house.branch_files(SPRINT)["listing.txt"].splitlines())
    prompt = (house.ws.runs / view.id / "tasks" / str(two) / "prompt.md").read_text()
    assert "+++ b/a.txt" in prompt and "b/theirs.txt" not in prompt, "what the sprint has changed, and only that"
    (pull,) = await pulls(house, SPRINT)
    assert f"Closes #{one}" in pull.body and f"Closes #{two}" in pull.body


async def test_half_a_sprint_whose_base_conflicts_is_blocked(house: House, colleague: Colleague) -> None:
    await half_done(house)
    colleague.commit("echo theirs > a.txt")
    colleague.push()
    view = await house.run(sprint="S")
    assert states(view) == ["blocked"] and "a.txt lines 1-1" in str(view.tasks[0].error)


async def test_half_a_sprint_whose_pull_request_was_merged_begins_afresh_with_the_rest(house: House) -> None:
    one, two = await half_done(house)
    merge(house, SPRINT)
    view = await house.run(sprint="S")
    assert done(view) and [task.number for task in view.tasks] == [two]
    assert house.trailers(SPRINT) == [str(two)] and "a.txt" in house.branch_files(SPRINT)["listing.txt"]
    new, old = await pulls(house, SPRINT)
    assert (old.state, new.state) == ("merged", "open")
    assert f"Closes #{one}" not in new.body and f"Closes #{two}" in new.body
    assert (await house.ws.tracker.get(one)).state == "closed"


async def test_half_a_sprint_whose_pull_request_was_closed_promises_only_what_it_holds(house: House) -> None:
    one, two = await half_done(house)
    old = house.person.look("rev-parse", SPRINT)
    (pull,) = await pulls(house, SPRINT)
    await house.ws.tracker.update_pull(pull.number, state="closed")
    view = await house.run(sprint="S")
    assert done(view) and house.trailers(SPRINT) == [str(two)]
    assert kept(house, old)
    assert view.pull_request is not None and f"Closes #{one}" not in view.pull_request.body


async def test_a_resumed_sprint_whose_pull_request_was_merged_meanwhile_makes_another(house: House) -> None:
    one, two = await sprint(house, "echo a > a.txt", f"test -e {house.person.path.parent}/go && echo b > b.txt")
    view = await house.run(sprint="S")
    assert states(view) == ["done", "failed"]
    merge(house, SPRINT)
    await house.call("locus.issue.show", number=one)
    (house.person.path.parent / "go").touch()
    again = await house.carry_on(view.id)
    assert done(again)
    new, old = await pulls(house, SPRINT)
    assert (old.state, new.state) == ("merged", "open") and f"Closes #{two}" in new.body and f"Closes #{one}" not in new.body
    assert again.pull_request == new


async def test_a_sprint_with_one_more_task_after_its_run(house: House) -> None:
    one, two = await sprint(house, "echo a > a.txt", "echo b > b.txt")
    assert done(await house.run(sprint="S"))
    with pytest.raises(Refused, match="is done"):
        await house.call("locus.run.plan", sprint="S")
    three = await house.issue("cat a.txt b.txt > c.txt", sprint="S")
    view = await house.run(sprint="S")
    assert done(view) and [task.number for task in view.tasks] == [three]
    assert house.trailers(SPRINT) == [str(one), str(two), str(three)] and house.branch_files(SPRINT)["c.txt"] == "a\nb"
    (pull,) = await pulls(house, SPRINT)
    assert all(f"Closes #{number}" in pull.body for number in (one, two, three))


async def test_a_task_that_left_the_sprint_after_it_was_done_is_still_in_its_pull_request(house: House) -> None:
    one, two = await half_done(house)
    await house.call("locus.issue.update", number=one, sprint="")
    view = await house.run(sprint="S")
    assert done(view) and view.pull_request is not None
    assert f"Closes #{one}" in view.pull_request.body and f"Closes #{two}" in view.pull_request.body
    assert done(await house.run(one)), "it can be run by itself now"


async def test_a_sprints_suffix_is_not_another_sprints_branch(house: House) -> None:
    number = await house.issue("echo a > a.txt")
    await house.sprint("S", number)
    other = await house.issue("echo other > other.txt")
    await house.sprint("S 2", other)
    assert done(await house.run(sprint="S 2"))
    theirs = commit_on(house, SPRINT, parent="main")
    view = await house.run(sprint="S")
    assert done(view) and view.branch == f"{SPRINT}-3", view.branch
    assert house.trailers(f"{SPRINT}-2") == [str(other)] and house.person.look("rev-parse", SPRINT) == theirs


async def test_half_a_sprint_whose_second_task_had_committed_goes_on_from_the_first(house: House) -> None:
    one, two = await sprint(house, "echo a > a.txt", "git commit -q --allow-empty -m Half; exit 1")
    view = await house.run(sprint="S")
    assert states(view) == ["done", "failed"]
    await house.call("locus.issue.update", number=two, body="RUN: echo b > b.txt")
    again = await house.run(sprint="S")
    assert done(again) and again.tasks[0].start == view.tasks[0].commit
    assert house.trailers(SPRINT) == [str(one), str(two)]


@pytest.mark.parametrize("auto_pr", [True, False])
async def test_half_a_sprint_that_was_killed_at_work_goes_on_from_what_was_finished(house: House, auto_pr: bool) -> None:
    house.configure(agent_autoPR=auto_pr)
    one, two = await sprint(house, "echo a > a.txt", "echo half > half.txt && git add . && git commit -qm Half")
    run_id = await house.request(sprint="S")
    with pytest.raises(Killed):
        await house.carry_on(run_id, journal=dying(lambda event, task: isinstance(event, Accepted) and task == two))
    assert house.subjects(SPRINT)[1:] == ["Half"] and house.view(run_id).state == "lost"
    await house.call("locus.issue.update", number=two, body="RUN: cp a.txt b.txt", status="queued")
    view = await house.run(sprint="S")
    assert done(view), view.tasks[0].error
    assert view.branch == SPRINT and house.trailers(SPRINT) == [str(one), str(two)]


async def test_half_a_sprint_without_pull_requests_whose_second_task_had_committed(house: House) -> None:
    house.configure(agent_autoPR=False)
    one, two = await sprint(house, "echo a > a.txt", "git commit -q --allow-empty -m Half; exit 1")
    assert states(await house.run(sprint="S")) == ["done", "failed"]
    await house.call("locus.issue.update", number=two, body="RUN: cp a.txt b.txt")
    view = await house.run(sprint="S")
    assert done(view) and view.branch == SPRINT and house.trailers(SPRINT) == [str(one), str(two)]


async def test_half_a_sprint_without_rebase_is_told_its_own_changes_only(house: House, colleague: Colleague) -> None:
    house.configure(agent_rebaseBeforeTask=False)
    _, two = await half_done(house)
    colleague.commit("echo theirs > theirs.txt")
    colleague.push()
    view = await house.run(sprint="S")
    assert done(view) and "theirs.txt" not in house.branch_files(SPRINT)
    prompt = (house.ws.runs / view.id / "tasks" / str(two) / "prompt.md").read_text()
    assert "+++ b/a.txt" in prompt and "a/theirs.txt" not in prompt


# What changes while a task waits for its turn.


def at_once(work: Coroutine[Any, Any, object]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


def while_it_works(work: Callable[[], Coroutine[Any, Any, object]]) -> Callable[[Path], Journal]:
    """Does this once the first agent is at work."""

    def begun(event: RunEvent) -> bool:
        return isinstance(event, TaskStateChanged) and event.state is TaskState.WORKING

    return when(begun, lambda: at_once(work()))


WITHDRAWN: dict[str, tuple[str, dict[str, Any], str]] = {
    "closed": ("locus.issue.close", {"reason": "not_planned"}, "was closed meanwhile"),
    "done by hand": ("locus.issue.update", {"status": "done"}, "is done already"),
    "moved": ("locus.issue.update", {"sprint": "Later"}, 'belongs to the sprint "Later" now'),
    "taken out": ("locus.issue.update", {"sprint": ""}, 'left the sprint "S" meanwhile'),
}


@pytest.mark.parametrize("how", WITHDRAWN)
async def test_a_task_that_is_withdrawn_before_its_turn_is_left_out_and_is_nobodys_failure(house: House, how: str) -> None:
    command, changes, words = WITHDRAWN[how]
    one, two, three = await sprint(house, "echo a > a.txt", "echo b > b.txt", "echo c > c.txt")
    await house.sprint("Later")
    view = await house.run(sprint="S", journal=while_it_works(lambda: house.call(command, number=two, **changes)))
    assert done(view) and states(view) == ["done", "interrupted", "done"]
    assert words in str(view.tasks[1].error) and view.tasks[1].hint
    assert house.trailers(SPRINT) == [str(one), str(three)]
    assert view.pull_request is not None and f"#{two}" not in view.pull_request.body
    assert (await house.ws.tracker.get(two)).status == changes.get("status", "queued") and await house.ws.tracker.comments(two) == []
    assert house.worktrees() == [] and house.run_state() is None


async def test_a_task_whose_text_changes_before_its_turn_is_done_as_it_says_then(house: House) -> None:
    _, two = await sprint(house, "echo a > a.txt", "echo b > b.txt")
    change = while_it_works(lambda: house.call("locus.issue.update", number=two, title="Better", body="RUN: echo better > b.txt"))
    assert done(await house.run(sprint="S", journal=change))
    assert house.branch_files(SPRINT)["b.txt"] == "better" and house.subjects(SPRINT)[1] == f"Better (#{two})"


async def test_an_issue_that_is_closed_while_it_waits_for_a_slot_is_left_out(house: House) -> None:
    house.configure(agent_maxParallel=1)
    one, two = await house.issue("echo a > a.txt"), await house.issue("echo b > b.txt")
    view = await house.run(one, two, journal=while_it_works(lambda: house.call("locus.issue.close", number=two)))
    assert done(view) and states(view) == ["done", "interrupted"]
    assert house.person.tip(f"locus/issue-{two}") is None and (await house.ws.tracker.get(two)).status == "queued"
