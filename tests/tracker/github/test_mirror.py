"""What an editor is shown between two looks, and what a look notices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from locus.errors import NotFound, Refused
from locus.model.task import TaskFilter, TaskStatus
from locus.tracker.github.keeper import GitHubTracker
from support.github.fixtures import Demo
from support.github.github import GitHub

NewTracker = Callable[..., GitHubTracker]


@pytest.fixture
def within_a_second(github: GitHub) -> None:
    github.stop_the_clock()


@pytest.fixture
async def seen(new_tracker: NewTracker, github: GitHub, demo: Demo) -> GitHubTracker:
    """Has looked: #1 in the sprint `Sprint 1`, #2 beside it, #3 closed."""
    github.milestone(demo.repository, "Sprint 1")
    github.issue(demo.repository, "One", milestone=1, labels=["order:1"])
    github.issue(demo.repository, "Two")
    github.issue(demo.repository, "Three", state="closed")
    tracker = new_tracker(mirror=True)
    assert await tracker.refresh()
    return tracker


async def titles(tracker: GitHubTracker, **wanted: object) -> list[str]:
    return [task.title for task in await tracker.tasks(TaskFilter.model_validate(wanted))]


async def test_what_was_seen_is_answered_without_the_network(seen: GitHubTracker, github: GitHub) -> None:
    with github.counting() as counted:
        assert await titles(seen) == ["Two", "One"]
        assert await titles(seen, sprint="sprint-1") == ["One"]
        assert (await seen.get(3)).state == "closed"
        assert (await seen.sprint("Sprint 1")).tasks == (1,)
    assert len(counted) == 0


async def test_another_window_and_a_later_server_know_it_too(seen: GitHubTracker, new_tracker: NewTracker, github: GitHub) -> None:
    with github.counting() as counted:
        assert await titles(new_tracker(mirror=True)) == ["Two", "One"]
    assert len(counted) == 0
    assert not await new_tracker(mirror=True).refresh(), "nothing has changed since"


async def test_only_what_has_changed_is_read_again(seen: GitHubTracker, github: GitHub, demo: Demo) -> None:
    github.advance(5)
    github.edit(demo.repository, 1, title="Uno", labels=["order:1", "locus:done"])
    with github.counting() as counted:
        assert await seen.refresh()
    assert len(counted) == 4, "two lists, the issue, the sprints' counts"
    assert await titles(seen) == ["Two", "Uno"]
    assert (await seen.sprint("Sprint 1")).counts == {"done": 1}


@pytest.mark.parametrize("fresh", [False, True], ids=["same server", "after a restart"])
async def test_changes_within_one_second_are_all_seen(
    within_a_second: None, seen: GitHubTracker, new_tracker: NewTracker, github: GitHub, demo: Demo, fresh: bool
) -> None:
    for title in ("Uno", "Ein"):
        github.edit(demo.repository, 1, title=title)
        tracker = new_tracker(mirror=True) if fresh else seen
        assert await tracker.refresh()
        assert await titles(tracker) == ["Two", title]
        assert not await tracker.refresh()


@pytest.mark.parametrize("fresh", [False, True], ids=["same server", "after a restart"])
async def test_what_was_deleted_or_transferred_goes(
    seen: GitHubTracker, new_tracker: NewTracker, github: GitHub, demo: Demo, fresh: bool
) -> None:
    other = github.repository("octo/other")
    github.transfer(demo.repository, 1, other)
    tracker = new_tracker(mirror=True) if fresh else seen
    await tracker.refresh()
    assert await titles(tracker) == ["Two"]
    github.delete(demo.repository, 2)
    await tracker.refresh()
    assert await titles(tracker) == []


async def test_a_milestone_that_was_renamed_keeps_its_tasks(seen: GitHubTracker, github: GitHub, demo: Demo) -> None:
    demo.repository.milestones[1].title = "Launch"
    assert await seen.refresh()
    assert await titles(seen, sprint="Launch") == ["One"]
    with pytest.raises(NotFound, match="Sprint 1"):
        await seen.sprint("Sprint 1")


async def test_a_sprints_due_date_is_followed(seen: GitHubTracker, demo: Demo) -> None:
    demo.repository.milestones[1].due_on = "2027-03-01T12:00:00Z"
    assert await seen.refresh()
    assert (await seen.sprint("Sprint 1")).due == "2027-03-01"


async def test_a_name_that_two_sprints_may_mean_is_asked_for_exactly(seen: GitHubTracker, github: GitHub, demo: Demo) -> None:
    github.milestone(demo.repository, "sprint 1")
    await seen.refresh()
    assert (await seen.sprint("sprint 1")).number == 2
    with pytest.raises(Refused, match="could be any of 'Sprint 1', 'sprint 1'"):
        await seen.sprint("Sprint-1")


async def test_what_is_changed_here_shows_at_once(seen: GitHubTracker, github: GitHub) -> None:
    await seen.set_status(2, TaskStatus.FAILED)
    assert (await seen.get(2)).status == "failed" and "locus:failed" in (await seen.get(2)).labels


async def test_a_damaged_file_is_made_anew(seen: GitHubTracker, new_tracker: NewTracker, tmp_path: Path) -> None:
    (tmp_path / "github.json").write_text('{"updated": 7')
    assert await titles(new_tracker(mirror=True)) == ["Two", "One"]
