"""How many requests each thing costs that a person does in a terminal."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from locus.model.task import TaskStatus
from locus.workspace import Workspace
from support.github.fixtures import Demo
from support.github.github import GitHub
from support.github.house import house
from support.house import House

__all__ = ["house"]


@pytest.mark.parametrize(
    ("command", "arguments", "most"),
    [
        ("locus.issue.list", {}, 1),
        ("locus.issue.list", {"sprint": "Sprint 1"}, 2),
        ("locus.issue.show", {"number": 1}, 1),
        ("locus.issue.create", {"title": "Two", "type": "bug", "priority": "high"}, 2),
        ("locus.issue.update", {"number": 1, "status": "done"}, 3),
        ("locus.issue.close", {"number": 1}, 2),
        ("locus.sprint.list", {}, 1),
        ("locus.init", {}, 1),
    ],
)
async def test_a_command(house: House, demo: Demo, github: GitHub, command: str, arguments: dict[str, Any], most: int) -> None:
    await house.call("locus.init")
    github.milestone(demo.repository, "Sprint 1")
    github.issue(demo.repository, "One", milestone=1)
    house.ws = Workspace(house.person.path)  # as in a process of its own
    with github.counting() as counted:
        await house.call(command, **arguments)
    assert len(counted) <= most, [(request.operation, request.content[:300]) for request in counted.requests]


async def test_a_sprint_comes_with_all_that_its_run_asks_next(house: House, demo: Demo, github: GitHub) -> None:
    """Its issues, their comments, the labels."""
    await house.call("locus.init")
    github.milestone(demo.repository, "Sprint 1")
    number = github.issue(demo.repository, "One", milestone=1).number
    github.comment(demo.repository, number, "Mind the gap")
    house.ws = Workspace(house.person.path)  # as in a process of its own
    await house.ws.settle()
    with github.counting() as counted:
        assert (await house.ws.tracker.sprint("Sprint 1")).tasks == (number,)
        assert [comment.body for comment in await house.ws.tracker.comments(number)] == ["Mind the gap"]
        await house.ws.tracker.set_status(number, TaskStatus.DONE)
    assert [request.writes for request in counted.requests] == [False, False, True]


async def test_statuses_of_one_moment_are_one_request(house: House, demo: Demo, github: GitHub) -> None:
    numbers = [github.issue(demo.repository, f"Issue {number}").number for number in range(5)]
    await house.call("locus.init")
    await house.call("locus.issue.list")
    with github.counting() as counted:
        await asyncio.gather(*(house.ws.tracker.set_status(number, TaskStatus.DONE) for number in numbers))
    assert len(counted.writes) == 1
    assert all({label.name for label in demo.repository.labels_of(demo.repository.issues[number])} == {"locus:done"} for number in numbers)
