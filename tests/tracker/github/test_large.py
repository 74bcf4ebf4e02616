"""Repositories as they grow: hundreds of issues, several pages of everything, issues in every state, names that are nearly the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from locus.errors import NotFound, Refused
from locus.model.naming import branch_of
from locus.model.task import TaskFilter, TaskStatus
from locus.tracker.github.keeper import GitHubTracker
from support.github.fixtures import Demo
from support.github.github import GitHub

NewTracker = Callable[..., GitHubTracker]
MANY = 350


async def test_a_sprint_of_hundreds_comes_whole_and_in_order(new_tracker: NewTracker, github: GitHub, demo: Demo) -> None:
    github.milestone(demo.repository, "Big")
    for position in range(MANY):
        github.issue(demo.repository, f"Issue {position}", milestone=1, labels=[f"order:{MANY - position}"])
    tracker = new_tracker()
    with github.counting() as counted:
        tasks = await tracker.tasks(TaskFilter(sprint="Big"))
    assert [task.number for task in tasks] == list(range(MANY, 0, -1))
    assert len(counted) == 1 + 7, "the milestones, and seven pages of issues with their comments"
    assert (await tracker.sprint("Big")).counts == {"queued": MANY}
    assert (await tracker.sprints())[0].counts == {"queued": MANY}
    mirror = new_tracker(mirror=True)
    assert len(await mirror.tasks(TaskFilter(sprint="Big"))) == MANY


async def test_the_middle_of_hundreds_is_labelled_and_found(new_tracker: NewTracker, github: GitHub, demo: Demo) -> None:
    """More labels than a page holds, more comments than come with an issue, more milestones than a page."""
    for number in range(130):
        github.label(demo.repository, f"area:{number}")
        github.milestone(demo.repository, f"Month {number}")
    issue = github.issue(demo.repository, "Talked about", milestone=130).number
    for number in range(120):
        github.comment(demo.repository, issue, f"Comment {number}")
    tracker = new_tracker()
    await tracker.set_status(issue, TaskStatus.DONE)
    await tracker.comment(issue, "Mine", marker="locus:done x 1 1")
    await new_tracker().comment(issue, "Mine again", marker="locus:done x 1 2")
    assert [comment.body[:7] for comment in await new_tracker().comments(issue)][-2:] == ["Mine\n\n<", "Mine ag"]
    assert await new_tracker().has_comment(issue, "locus:done x 1 1")
    assert [task.number for task in await tracker.tasks(TaskFilter(sprint="Month 129"))] == [issue]
    mirror = new_tracker(mirror=True)
    await mirror.refresh()
    assert len(await mirror.sprints("all")) == 130
    assert not await mirror.refresh()


async def test_issues_in_every_state(new_tracker: NewTracker, github: GitHub, demo: Demo) -> None:
    github.milestone(demo.repository, "Sprint 1")
    titles = ("Open", "Closed", "Locked", "Deleted", "Transferred")
    numbers = {title: github.issue(demo.repository, title, milestone=1).number for title in titles}
    github.edit(demo.repository, numbers["Closed"], state="closed")
    demo.repository.issues[numbers["Locked"]].locked = True
    github.delete(demo.repository, numbers["Deleted"])
    github.transfer(demo.repository, numbers["Transferred"], github.repository("octo/other"))
    tracker = new_tracker()
    assert [task.title for task in await tracker.tasks(TaskFilter(sprint="Sprint 1"))] == ["Open", "Locked"]
    assert [task.title for task in await tracker.tasks(TaskFilter(sprint="Sprint 1", state="all"))] == ["Open", "Closed", "Locked"]
    await tracker.set_status(numbers["Locked"], TaskStatus.DONE)
    await tracker.comment(numbers["Locked"], "Done", marker="locus:done x 3 1")
    for title in ("Deleted", "Transferred"):
        with pytest.raises(NotFound, match=f"#{numbers[title]}"):
            await tracker.get(numbers[title])
        with pytest.raises(NotFound, match=f"#{numbers[title]}"):
            await tracker.set_status(numbers[title], TaskStatus.DONE)
        with pytest.raises(NotFound, match=f"#{numbers[title]}"):
            await tracker.close(numbers[title], "completed")


async def test_titles_that_differ_in_case_only(new_tracker: NewTracker, github: GitHub, demo: Demo) -> None:
    """Both names make one branch: each is found by its exact name, and the younger's branch has its number at the end."""
    for title in ("Sprint 1", "sprint 1"):
        milestone = github.milestone(demo.repository, title)
        github.issue(demo.repository, f"Of {title}", milestone=milestone.number)
    tracker = new_tracker()
    assert [sprint.name for sprint in await tracker.sprints()] == ["Sprint 1", "sprint 1"]
    with pytest.raises(Refused, match="could be any of"):
        await tracker.sprint("SPRINT-1")
    for each in (tracker, new_tracker(), new_tracker(mirror=True)):
        found = [await each.sprint(title) for title in ("Sprint 1", "sprint 1")]
        assert [branch_of(sprint) for sprint in found] == ["locus/sprint-sprint-1", "locus/sprint-sprint-1-2"]
        for title in ("Sprint 1", "sprint 1"):
            assert [task.title for task in await each.tasks(TaskFilter(sprint=title))] == [f"Of {title}"]
