"""Two milestones on GitHub whose names make one branch."""

from __future__ import annotations

from support.github.fixtures import Demo, demo, gh, github, short_folder, wire
from support.github.github import GitHub
from support.github.house import house, pulls
from support.house import House, done

__all__ = ["demo", "gh", "github", "house", "short_folder", "wire"]


async def test_each_has_its_own_branch_and_pull_request(house: House, demo: Demo, github: GitHub) -> None:
    for title in ("Sprint 1", "sprint-1"):
        milestone = github.milestone(demo.repository, title)
        github.issue(demo.repository, f"Of {title}", f"RUN: echo '{title}' > '{title}.txt'", milestone=milestone.number)
    first, second = [await house.run(sprint=title) for title in ("Sprint 1", "sprint-1")]
    assert done(first) and done(second), (first, second)
    assert [pull.pull.head for pull in pulls(demo) if pull.pull] == ["locus/sprint-sprint-1", "locus/sprint-sprint-1-2"]
    assert "Sprint 1.txt" not in house.branch_files("locus/sprint-sprint-1-2")
    assert {task.sprint: task.status for task in await house.call("locus.issue.list")} == {"Sprint 1": "done", "sprint-1": "done"}
