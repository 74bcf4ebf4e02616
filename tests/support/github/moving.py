"""Tasks in the embedded tracker of somebody whose remote is on the stand-in, about to be moved there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from locus.model.moving import Move
from locus.model.task import PullDraft
from support.github.direct import Line
from support.github.fixtures import Demo
from support.github.github import GitHub
from support.github.world import Issue, Repository
from support.house import House

__all__ = ["branch_with_pull", "house", "issues", "push", "some", "text"]


@pytest.fixture
def house(demo: Demo, line: Line) -> Iterator[House]:
    """Tasks were created here while nobody was logged in: they are in the embedded tracker."""
    made = House(demo.person)
    (made.ws.state).mkdir(exist_ok=True)
    (made.ws.state / "locus.db").touch()
    yield made
    made.end_runs()


def issues(repository: Repository) -> list[Issue]:
    return [issue for issue in repository.issues.values() if issue.pull is None]


def text(issue: Issue) -> str:
    return (issue.body or "").partition("<!-- locus:request")[0].rstrip()


async def some(house: House, github: GitHub, demo: Demo) -> None:
    """Two sprints, four tasks that speak of one another, comments, one that is closed, one with a pull request on a pushed branch."""
    github.issue(demo.repository, "Somebody else's")
    await house.issue(title="Fix the pager", type="bug", priority="high", labels=["area:ui"])
    await house.call("locus.issue.create", title="After #1 and #3", body="See #1, #3 and #77, not `#1`.")
    await house.call("locus.issue.create", title="Third", body="```\n#1\n```\nafter #2")
    await house.call("locus.issue.create", title="Never")
    await house.sprint("Sprint 1", 3, 2)
    await house.call("locus.sprint.create", name="Old", due="2026-01-31", description="What was")
    await house.call("locus.sprint.close", name="Old")
    await house.ws.tracker.comment(1, "Is #2 the same?")
    await house.ws.tracker.comment(1, "No.", marker="locus:done r 1 1")
    await house.call("locus.issue.close", number=4, reason="not_planned")
    await house.call("locus.issue.update", number=1, status="in-review")


async def push(house: House, **given: Any) -> Move:
    moved: Move = await house.call("locus.tracker.push", **given)
    return moved


async def branch_with_pull(house: House, demo: Demo, number: int = 1, *, pushed: bool = True) -> int:
    """As a run leaves it: a branch with a commit, on the remote, and a pull request in the embedded tracker."""
    branch = f"locus/issue-{number}"
    demo.person.git("branch", branch, "main")
    commit = demo.person.git("commit-tree", f"{branch}^{{tree}}", "-p", branch, "-m", f"Work (#{number})").strip()
    demo.person.git("update-ref", f"refs/heads/{branch}", commit)
    if pushed:
        demo.person.git("push", "--quiet", "origin", branch)
    draft = PullDraft(branch=branch, base="main", title=f"Work (#{number})", body=f"Closes #{number}\n\nafter #2")
    return (await house.ws.embedded.create_pull(draft)).number
