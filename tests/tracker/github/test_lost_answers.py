"""The request arrives and its answer does not, or it does not arrive itself: it is looked for before it is repeated, and is there once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from locus.errors import OutOfReach
from locus.model.task import PullDraft, SprintDraft, TaskDraft, TaskStatus
from locus.tracker.github import lost
from locus.tracker.github.keeper import GitHubTracker
from support.github.fixtures import Demo
from support.github.github import GitHub

NewTracker = Callable[..., GitHubTracker]
LOST: dict[str, dict[str, Any]] = {
    "the answer": {"cut": True, "after_effect": True},
    "half the answer": {"torn": True},
    "the answer, by somebody in between": {"status": 502, "bare": True, "after_effect": True},
    "the request": {"cut": True},
}


@pytest.fixture(params=LOST)
def how(request: pytest.FixtureRequest) -> dict[str, Any]:
    return LOST[str(request.param)]


@pytest.fixture
def tracker(new_tracker: NewTracker, monkeypatch: pytest.MonkeyPatch) -> GitHubTracker:
    monkeypatch.setattr(lost, "_PAUSES", (0.02, 0.02))
    return new_tracker()


async def repeated(change: Callable[[], Awaitable[Any]]) -> None:
    """As whoever asked does it, a run by itself, where nothing can be there twice."""
    try:
        await change()
    except OutOfReach:
        await change()


async def test_an_issue(tracker: GitHubTracker, github: GitHub, demo: Demo, how: dict[str, Any]) -> None:
    """It carries the id of the wish; another one of the same title is another one."""
    github.issue(demo.repository, "One")
    github.fail(method="POST", path="/repos/*/issues", **how)
    made = await tracker.create(TaskDraft(title="One", labels=("theirs",)))
    assert [(issue.number, issue.title) for issue in demo.repository.issues.values()] == [(1, "One"), (2, "One")] and made.number == 2
    assert "<!-- locus:request " in str(demo.repository.issues[2].body) and "<!-- locus:request " not in str(demo.repository.issues[1].body)


async def test_a_comment(tracker: GitHubTracker, github: GitHub, demo: Demo, how: dict[str, Any]) -> None:
    number = github.issue(demo.repository, "One").number
    github.fail(containing="addComment", **how)
    await tracker.comment(number, "Done", marker="locus:done x 1 1")
    assert len(demo.repository.issues[number].comments) == 1


async def test_a_pull_request(tracker: GitHubTracker, github: GitHub, demo: Demo, how: dict[str, Any]) -> None:
    demo.person.git("push", "--quiet", "origin", "main:refs/heads/locus/issue-1")
    demo.person.commit_on_remote({"a.txt": "a\n"}, branch="locus/issue-1")
    github.fail(method="POST", path="/repos/*/pulls", **how)
    made = await tracker.create_pull(PullDraft(branch="locus/issue-1", base="main", title="One", body="Closes #1"))
    assert [issue.number for issue in demo.repository.issues.values()] == [made.number]


async def test_a_sprint(tracker: GitHubTracker, github: GitHub, demo: Demo, how: dict[str, Any]) -> None:
    github.fail(method="POST", path="/repos/*/milestones", **how)
    assert (await tracker.create_sprint(SprintDraft(name="Sprint 1"))).name == "Sprint 1"
    assert [milestone.title for milestone in demo.repository.milestones.values()] == ["Sprint 1"]


async def test_the_labels(tracker: GitHubTracker, github: GitHub, demo: Demo, how: dict[str, Any]) -> None:
    github.fail(writes=True, **how)
    await repeated(tracker.prepare)
    names = [label.name for label in demo.repository.labels.values()]
    assert len(names) == len(set(names)) == 15


async def test_a_status(tracker: GitHubTracker, github: GitHub, demo: Demo, how: dict[str, Any]) -> None:
    number = (await tracker.create(TaskDraft(title="One", labels=("theirs",)))).number
    github.fail(containing="removeLabelsFromLabelable", **how)
    await repeated(lambda: tracker.set_status(number, TaskStatus.DONE))
    assert {label.name for label in demo.repository.labels_of(demo.repository.issues[number])} == {"theirs", "locus:done"}
