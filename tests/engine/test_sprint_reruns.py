"""A sprint of which a part is done is run again, and what becomes of tasks that wait for their turn."""

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
from support.again import commit_on, kept, merge, pulls
from support.colleague import Colleague, Killed, dying, when
from support.house import House, done, states
from support.sprints import BRANCH, sprint


async def half_done(house: House) -> tuple[int, int]:
    """A sprint whose first task is done and whose second failed; the next run of it would succeed."""
    one, two = await sprint(house, ["echo a > a.txt"], ["exit 1"])
    assert states(await house.run(sprint="S")) == ["done", "failed"]
    await house.call("locus.issue.update", number=two, body="RUN: ls > listing.txt")
    return one, two


async def test_half_a_sprint_goes_on_on_its_branch_and_on_the_base_as_it_is_now(house: House, colleague: Colleague) -> None:
    one, two = await half_done(house)
    colleague.commit("echo theirs > theirs.txt")
    colleague.push()
    view = await house.run(sprint="S")
    assert done(view), view.tasks[0].error
    assert house.trailers(BRANCH, colleague.head) == [str(one), str(two)]
    assert {"a.txt", "theirs.txt"} <= set(house.branch_files(BRANCH)["listing.txt"].splitlines())
    prompt = (house.ws.runs / view.id / "tasks" / str(two) / "prompt.md").read_text()
    assert "+++ b/a.txt" in prompt and "b/theirs.txt" not in prompt, "what the sprint has changed, and only that"
    (pull,) = await pulls(house, BRANCH)
    assert f"Closes #{one}" in pull.body and f"Closes #{two}" in pull.body


async def test_half_a_sprint_whose_base_conflicts_is_blocked(house: House, colleague: Colleague) -> None:
    await half_done(house)
    colleague.commit("echo theirs > a.txt")
    colleague.push()
    view = await house.run(sprint="S")
    assert states(view) == ["blocked"] and "a.txt lines 1-1" in str(view.tasks[0].error)


async def test_half_a_sprint_whose_pull_request_was_merged_begins_afresh_with_the_rest(house: House) -> None:
    one, two = await half_done(house)
    merge(house, BRANCH)
    view = await house.run(sprint="S")
    assert done(view) and [task.number for task in view.tasks] == [two]
    assert house.trailers(BRANCH) == [str(two)] and "a.txt" in house.branch_files(BRANCH)["listing.txt"]
    new, old = await pulls(house, BRANCH)
    assert (old.state, new.state) == ("merged", "open")
    assert f"Closes #{one}" not in new.body and f"Closes #{two}" in new.body
    assert (await house.ws.tracker.get(one)).state == "closed"


async def test_half_a_sprint_whose_pull_request_was_closed_promises_only_what_it_holds(house: House) -> None:
    one, two = await half_done(house)
    old = house.person.look("rev-parse", BRANCH)
    (pull,) = await pulls(house, BRANCH)
    await house.ws.tracker.update_pull(pull.number, state="closed")
    view = await house.run(sprint="S")
    assert done(view) and house.trailers(BRANCH) == [str(two)]
    assert kept(house, old)
    assert view.pull_request is not None and f"Closes #{one}" not in view.pull_request.body


async def test_a_resumed_sprint_whose_pull_request_was_merged_meanwhile_makes_another(house: House) -> None:
    one, two = await sprint(house, ["echo a > a.txt"], [f"test -e {house.person.path.parent}/go && echo b > b.txt"])
    view = await house.run(sprint="S")
    assert states(view) == ["done", "failed"]
    merge(house, BRANCH)
    await house.call("locus.issue.show", number=one)
    (house.person.path.parent / "go").touch()
    again = await house.carry_on(view.id)
    assert done(again)
    new, old = await pulls(house, BRANCH)
    assert (old.state, new.state) == ("merged", "open") and f"Closes #{two}" in new.body and f"Closes #{one}" not in new.body
    assert again.pull_request == new


async def test_a_sprint_with_one_more_task_after_its_run(house: House) -> None:
    one, two = await sprint(house, ["echo a > a.txt"], ["echo b > b.txt"])
    assert done(await house.run(sprint="S"))
    with pytest.raises(Refused, match="is done"):
        await house.call("locus.run.plan", sprint="S")
    three = await house.issue("cat a.txt b.txt > c.txt", sprint="S")
    view = await house.run(sprint="S")
    assert done(view) and [task.number for task in view.tasks] == [three]
    assert house.trailers(BRANCH) == [str(one), str(two), str(three)] and house.branch_files(BRANCH)["c.txt"] == "a\nb"
    (pull,) = await pulls(house, BRANCH)
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
    theirs = commit_on(house, BRANCH, parent="main")
    view = await house.run(sprint="S")
    assert done(view) and view.branch == f"{BRANCH}-3", view.branch
    assert house.trailers(f"{BRANCH}-2") == [str(other)] and house.person.look("rev-parse", BRANCH) == theirs


async def test_half_a_sprint_whose_second_task_had_committed_goes_on_from_the_first(house: House) -> None:
    one, two = await sprint(house, ["echo a > a.txt"], ["git commit -q --allow-empty -m Half; exit 1"])
    view = await house.run(sprint="S")
    assert states(view) == ["done", "failed"]
    await house.call("locus.issue.update", number=two, body="RUN: echo b > b.txt")
    again = await house.run(sprint="S")
    assert done(again) and again.tasks[0].start == view.tasks[0].commit
    assert house.trailers(BRANCH) == [str(one), str(two)]


@pytest.mark.parametrize("auto_pr", [True, False])
async def test_half_a_sprint_that_was_killed_at_work_goes_on_from_what_was_finished(house: House, auto_pr: bool) -> None:
    house.configure(agent_autoPR=auto_pr)
    one, two = await sprint(house, ["echo a > a.txt"], ["echo half > half.txt && git add . && git commit -qm Half"])
    run_id = await house.request(sprint="S")
    with pytest.raises(Killed):
        await house.carry_on(run_id, journal=dying(lambda event, task: isinstance(event, Accepted) and task == two))
    assert house.subjects(BRANCH)[1:] == ["Half"] and house.view(run_id).state == "lost"
    await house.call("locus.issue.update", number=two, body="RUN: cp a.txt b.txt", status="queued")
    view = await house.run(sprint="S")
    assert done(view), view.tasks[0].error
    assert view.branch == BRANCH and house.trailers(BRANCH) == [str(one), str(two)]


async def test_half_a_sprint_without_pull_requests_whose_second_task_had_committed(house: House) -> None:
    house.configure(agent_autoPR=False)
    one, two = await sprint(house, ["echo a > a.txt"], ["git commit -q --allow-empty -m Half; exit 1"])
    assert states(await house.run(sprint="S")) == ["done", "failed"]
    await house.call("locus.issue.update", number=two, body="RUN: cp a.txt b.txt")
    view = await house.run(sprint="S")
    assert done(view) and view.branch == BRANCH and house.trailers(BRANCH) == [str(one), str(two)]


async def test_half_a_sprint_without_rebase_is_told_its_own_changes_only(house: House, colleague: Colleague) -> None:
    house.configure(agent_rebaseBeforeTask=False)
    _, two = await half_done(house)
    colleague.commit("echo theirs > theirs.txt")
    colleague.push()
    view = await house.run(sprint="S")
    assert done(view) and "theirs.txt" not in house.branch_files(BRANCH)
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
    one, two, three = await sprint(house, ["echo a > a.txt"], ["echo b > b.txt"], ["echo c > c.txt"])
    await house.sprint("Later")
    view = await house.run(sprint="S", journal=while_it_works(lambda: house.call(command, number=two, **changes)))
    assert done(view) and states(view) == ["done", "interrupted", "done"]
    assert words in str(view.tasks[1].error) and view.tasks[1].hint
    assert house.trailers(BRANCH) == [str(one), str(three)]
    assert view.pull_request is not None and f"#{two}" not in view.pull_request.body
    assert (await house.ws.tracker.get(two)).status == changes.get("status", "queued") and await house.ws.tracker.comments(two) == []
    assert house.worktrees() == [] and house.run_state() is None


async def test_a_task_whose_text_changes_before_its_turn_is_done_as_it_says_then(house: House) -> None:
    _, two = await sprint(house, ["echo a > a.txt"], ["echo b > b.txt"])
    change = while_it_works(lambda: house.call("locus.issue.update", number=two, title="Better", body="RUN: echo better > b.txt"))
    assert done(await house.run(sprint="S", journal=change))
    assert house.branch_files(BRANCH)["b.txt"] == "better" and house.subjects(BRANCH)[1] == f"Better (#{two})"


async def test_an_issue_that_is_closed_while_it_waits_for_a_slot_is_left_out(house: House) -> None:
    house.configure(agent_maxParallel=1)
    one, two = await house.issue("echo a > a.txt"), await house.issue("echo b > b.txt")
    view = await house.run(one, two, journal=while_it_works(lambda: house.call("locus.issue.close", number=two)))
    assert done(view) and states(view) == ["done", "interrupted"]
    assert house.person.tip(f"locus/issue-{two}") is None and (await house.ws.tracker.get(two)).status == "queued"
