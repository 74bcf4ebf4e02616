"""Whole runs with tasks on GitHub: the real gh, our own git, and the stand-in at the other end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from locus.commands.issues import refreshed
from locus.errors import LocusError, Refused
from locus.model.labels import LABELS
from locus.model.task import Task
from locus.tracker.github.keeper import GitHubTracker
from locus.workspace import Workspace
from support.github.fixtures import Demo, demo, gh, github, short_folder, wire
from support.github.gh import Gh
from support.github.github import GitHub
from support.github.house import house, labels, pulls
from support.house import House, done, states

__all__ = ["demo", "gh", "github", "house", "short_folder", "wire"]


async def test_an_issue_becomes_a_pull_request(house: House, demo: Demo, github: GitHub) -> None:
    await house.call("locus.init")
    number = await house.issue("echo a > a.txt", title="Add a", type="feature")
    with github.counting() as counted:
        view = await house.run(number)
    assert done(view), view
    issue, (pull,) = demo.repository.issues[number], pulls(demo)
    assert labels(demo, issue) == {"agent:managed", "locus:done", "type:feature"}
    assert labels(demo, pull) == {"agent:managed"}
    assert pull.title == f"Add a (#{number})" and f"Closes #{number}" in (pull.body or "")
    assert pull.pull is not None and (pull.pull.head, pull.pull.base) == (f"locus/issue-{number}", "main")
    (comment,) = issue.comments
    assert "finished this task" in comment.body and f"#{pull.number}" in comment.body
    assert len(counted.requests) <= 6, [request.operation for request in counted.requests]
    assert house.trailers(f"locus/issue-{number}") == [str(number)]
    assert house.worktrees() == []


async def test_a_sprint_becomes_one_pull_request(house: House, demo: Demo, github: GitHub) -> None:
    await house.call("locus.init")
    numbers = [await house.issue(f"echo {name} > {name}.txt", title=f"Add {name}") for name in "abc"]
    await house.sprint("Sprint 1", *numbers)
    with github.counting() as counted:
        view = await house.run(sprint="Sprint 1")
    assert done(view), view
    (pull,) = pulls(demo)
    assert pull.title == "Sprint: Sprint 1" and all(f"Closes #{number}" in (pull.body or "") for number in numbers)
    assert [labels(demo, demo.repository.issues[number]) for number in numbers] == [
        {"agent:managed", "locus:done", f"order:{position}"} for position in (1, 2, 3)
    ]
    assert len(counted.requests) <= 3 * len(numbers) + 6, [request.operation for request in counted.requests]


async def test_a_failed_task_is_told_once_and_a_label_added_meanwhile_stays(house: House, demo: Demo, github: GitHub) -> None:
    number = await house.issue("exit 3", title="Bad")
    github.add_label(demo.repository, number, "urgent")
    view = await house.run(number)
    assert states(view) == ["failed"]
    assert labels(demo, demo.repository.issues[number]) == {"agent:managed", "locus:failed", "urgent"}
    assert len(demo.repository.issues[number].comments) == 1


async def test_a_task_that_fails_again_in_the_same_words_says_so_once(house: House, demo: Demo, github: GitHub) -> None:
    number = await house.issue("exit 3", title="Bad")
    run_id = await house.request(number)
    for _ in range(2):
        assert states(await house.carry_on(run_id)) == ["failed"]
    assert len(demo.repository.issues[number].comments) == 1


async def test_an_answer_that_is_lost_makes_nothing_twice(house: House, demo: Demo, github: GitHub) -> None:
    number = await house.issue("echo a > a.txt")
    github.fail(method="POST", path="/repos/*/pulls", cut=True, after_effect=True)
    github.fail(containing="addComment", cut=True, after_effect=True)
    view = await house.run(number)
    assert done(view), view
    assert len(pulls(demo)) == 1 and len(demo.repository.issues[number].comments) == 1


async def test_a_run_waits_for_github_and_says_so(house: House, demo: Demo, github: GitHub) -> None:
    number = await house.issue("echo a > a.txt")
    github.fail(method="POST", path="/repos/*/pulls", status=503, next=3)
    view = await house.run(number)
    assert done(view), view
    assert len(pulls(demo)) == 1


async def test_an_expired_login_fails_the_task_with_its_fix_and_loses_nothing(house: House, demo: Demo, github: GitHub) -> None:
    number = await house.issue("echo a > a.txt")
    run_id = await house.request(number)
    github.log_out()
    view = await house.carry_on(run_id)
    assert "gh auth login" in str(view.hint or view.tasks[0].hint), view
    github.log_in()
    assert done(await house.carry_on(run_id))


async def test_the_keeper_is_chosen_once(demo: Demo, gh: object, github: GitHub) -> None:
    house = House(demo.person)
    await house.ws.settle()
    assert isinstance(house.ws.tracker, GitHubTracker), house.ws.tracker_reason
    await house.issue("echo a > a.txt")
    github.log_out()
    again = House(demo.person)
    await again.ws.settle()
    assert again.ws.tracker.keeper == "octo/demo", "an expired login is an error, not another keeper"


async def test_a_pull_request_closed_unmerged_puts_its_issue_back(house: House, demo: Demo, github: GitHub) -> None:
    number = await house.issue("echo a > a.txt")
    assert done(await house.run(number))
    (pull,) = pulls(demo)
    github.edit(demo.repository, pull.number, state="closed")
    (task,) = await house.call("locus.issue.list")
    assert task.status == "queued" and labels(demo, demo.repository.issues[number]) == {"agent:managed", "locus:queued"}


async def test_a_sprints_pull_request_closed_unmerged_puts_all_its_issues_back(house: House, demo: Demo, github: GitHub) -> None:
    numbers = [await house.issue(f"echo {name} > {name}.txt") for name in "ab"]
    await house.sprint("Sprint 1", *numbers)
    assert done(await house.run(sprint="Sprint 1"))
    github.edit(demo.repository, pulls(demo)[0].number, state="closed")
    assert [task.status for task in await house.call("locus.issue.list", sprint="Sprint 1")] == ["queued", "queued"]
    assert all("locus:queued" in labels(demo, demo.repository.issues[number]) for number in numbers)


async def _shown(house: House, number: int) -> Task:
    found: Task = await house.call("locus.issue.show", number=number)
    return found


async def _listed(house: House, number: int) -> Task:
    found: list[Task] = await house.call("locus.issue.list", state="all")
    return next(task for task in found if task.number == number)


async def _in_an_editor(house: House, number: int) -> Task:
    """Which looks now and then."""
    ws = Workspace(house.person.path, mirrored=True)
    await ws.settle()
    await refreshed(ws)
    return await ws.tracker.get(number)


@pytest.mark.parametrize("look", [_shown, _listed, _in_an_editor])
async def test_what_awaits_a_review_is_in_review_until_it_is_merged(
    house: House, demo: Demo, github: GitHub, look: Callable[[House, int], Awaitable[Task]]
) -> None:
    house.configure(tracker="github", agent_review=True)
    number = await house.issue("echo a > a.txt")
    assert states(await house.run(number)) == ["in_review"]
    assert labels(demo, demo.repository.issues[number]) == {"agent:managed", "locus:in-review"}
    with demo.person.changing():
        github.merge(demo.repository, pulls(demo)[0].number)
    task = await look(house, number)
    assert (task.state, task.status) == ("closed", "done")
    assert labels(demo, demo.repository.issues[number]) == {"agent:managed", "locus:done"}


async def test_a_merged_one_closes_its_issue_on_github(house: House, demo: Demo, github: GitHub) -> None:
    number = await house.issue("echo a > a.txt")
    assert done(await house.run(number))
    with demo.person.changing():
        github.merge(demo.repository, pulls(demo)[0].number)
    shown = await house.call("locus.issue.show", number=number)
    assert (shown.state, shown.status, shown.pull_request.state) == ("closed", "done", "merged")


async def test_without_auto_label_no_status_is_written(house: House, demo: Demo, github: GitHub) -> None:
    house.configure(tracker="github", agent_autoLabel=False)
    number = await house.issue("echo a > a.txt")
    before = labels(demo, demo.repository.issues[number])
    assert done(await house.run(number))
    assert labels(demo, demo.repository.issues[number]) == before | {"agent:managed"}


async def test_without_auto_label_the_journal_knows_what_is_done(house: House, demo: Demo, github: GitHub) -> None:
    house.configure(tracker="github", agent_autoLabel=False)
    numbers = [await house.issue(f"test -e go && echo {name} > {name}.txt" if name == "b" else "echo a > a.txt") for name in "ab"]
    await house.sprint("Sprint 1", *numbers)
    assert states(await house.run(sprint="Sprint 1")) == ["done", "failed"]
    await house.call("locus.issue.update", number=numbers[1], body="RUN: echo b > b.txt")
    again = await house.run(sprint="Sprint 1")
    assert [(task.number, task.state) for task in again.tasks] == [(numbers[1], "done")], "the first is done, whatever its label says"
    with pytest.raises(Refused, match="every task of the sprint 'Sprint 1' is done"):
        await house.call("locus.run.plan", sprint="Sprint 1")
    assert all("locus:queued" in labels(demo, demo.repository.issues[number]) for number in numbers)
    github.edit(demo.repository, pulls(demo)[0].number, state="closed")
    house.ws = Workspace(demo.person.path)  # what was read a moment ago is not read again
    plan = await house.call("locus.run.plan", sprint="Sprint 1")
    assert [task.number for task in plan.tasks] == numbers, "what was turned down is to be done again"


async def test_init_decides_also_where_every_label_is_there(demo: Demo, gh: Gh, github: GitHub) -> None:
    house = House(demo.person)
    for label in LABELS:
        github.label(demo.repository, label.name, label.color, label.description)
    await house.call("locus.init")
    github.log_out()
    gh.log_out()
    again = House(demo.person)
    with pytest.raises(LocusError, match="logged in") as error:
        await again.call("locus.issue.create", title="Where does this go?")
    assert "gh auth login" in (error.value.hint or "") and not (again.ws.state / "locus.db").exists()


async def test_nobody_logged_in_at_init_means_here_for_good(demo: Demo, gh: Gh, github: GitHub) -> None:
    gh.log_out()
    house = House(demo.person)
    await house.call("locus.init")
    assert house.ws.tracker.keeper == "local"
    gh.log_in()
    again = House(demo.person)
    await again.ws.settle()
    assert (again.ws.tracker.keeper, again.ws.tracker_reason) == ("local", "tasks have been kept here so far")


async def test_the_doctor_says_which_keeper_and_why(demo: Demo, gh: Gh, github: GitHub) -> None:
    house = House(demo.person)

    async def said() -> tuple[bool, str, str | None]:
        (check,) = [check for check in await house.call("locus.doctor") if check.check == "tracker"]
        return check.ok, check.detail.partition(";")[0], check.fix

    assert await said() == (True, "octo/demo, open issues: 0 (the remote origin is on github.com and gh is logged in)", None)
    gh.log_out()
    assert await said() == (True, "local, open issues: 0 (the remote is on github.com, but gh is not logged in there)", None)
    gh.log_in()
    assert await said() == (True, "octo/demo, open issues: 0 (the remote origin is on github.com and gh is logged in)", None)
    await house.issue("true")
    assert await said() == (True, "octo/demo, open issues: 1 (octo/demo was chosen before)", None)
    github.log_out()
    ok, detail, fix = await said()
    assert not ok and detail == "the login has expired at github.com" and "gh auth login --hostname github.com" in str(fix)
    github.log_in()
    house.configure(tracker="local")
    assert await said() == (True, 'local, open issues: 0 (the configuration says "local")', None)
    house.configure(tracker="github")
    assert await said() == (True, 'octo/demo, open issues: 1 (the configuration says "github")', None)
    demo.person.git("remote", "remove", "origin")
    ok, detail, fix = await said()
    assert not ok and "has no remote" in detail and "git remote add origin" in str(fix)
