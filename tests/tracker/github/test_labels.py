"""The labels of Locus in a repository on GitHub: made once, as they are meant to look, and a team's own changes are left alone."""

from __future__ import annotations

import asyncio

import pytest

from locus.model.labels import LABELS
from locus.model.task import TaskDraft, TaskStatus
from locus.tracker.github.keeper import GitHubTracker
from locus.tracker.github.place import GitHubPlace
from support.github.fixtures import Demo
from support.github.github import GitHub


@pytest.fixture
def keeper(demo: Demo, gh: object) -> GitHubTracker:
    folder = demo.person.path.parent
    return GitHubTracker(
        GitHubPlace("github.com", "octo", "demo", "octo"), root=demo.person.path, locks=folder / "locks", limits=folder / "rate-limit.json"
    )


def looks(demo: Demo) -> dict[str, tuple[str, str | None]]:
    return {label.name: (label.color.upper(), label.description) for label in demo.repository.labels.values()}


async def test_fifteen_with_their_colours_and_descriptions_once(keeper: GitHubTracker, demo: Demo, github: GitHub) -> None:
    assert await keeper.prepare() == [label.name for label in LABELS]
    assert looks(demo) == {label.name: (label.color, label.description) for label in LABELS} and len(LABELS) == 15
    before = github.dump()
    with github.counting() as counted:
        assert await keeper.prepare() == []
    assert github.dump() == before and not counted.writes


async def test_what_a_team_has_recoloured_stays(keeper: GitHubTracker, demo: Demo, github: GitHub) -> None:
    github.label(demo.repository, "P:High", "123456", "Ours")
    github.label(demo.repository, "bug", "654321", "Of GitHub")
    made = await keeper.prepare()
    assert "p:high" not in made and len(made) == 14
    found = looks(demo)
    assert (found["P:High"], found["bug"]) == (("123456", "Ours"), ("654321", "Of GitHub"))
    task = await keeper.create(TaskDraft.model_validate({"title": "t", "priority": "high"}))
    assert task.priority == "high" and looks(demo)["P:High"] == ("123456", "Ours")


async def test_a_label_added_while_a_status_is_being_set_survives(keeper: GitHubTracker, demo: Demo, github: GitHub) -> None:
    """Between our look at the issue and our change of it."""
    await keeper.prepare()
    task = await keeper.create(TaskDraft(title="t", labels=("theirs",)))
    held = github.hold(path="/graphql", containing="addLabelsToLabelable")
    setting = asyncio.create_task(keeper.set_status(task.number, TaskStatus.IN_PROGRESS))
    assert await asyncio.to_thread(held.arrived.wait, 30)
    github.add_label(demo.repository, task.number, "added in between")
    held.release()
    await setting
    names = {label.name for label in demo.repository.labels_of(demo.repository.issues[task.number])}
    assert names == {"theirs", "added in between", "locus:in-progress"}
