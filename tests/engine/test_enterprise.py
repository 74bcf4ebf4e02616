"""A whole run with tasks on a GitHub Enterprise server: another host, other paths, the same real gh."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.github.fixtures import Demo, demo, gh, github, short_folder, wire
from support.github.gh import Gh
from support.github.github import GitHub
from support.github.house import labels, pulls
from support.house import House, done

__all__ = ["demo", "gh", "github", "short_folder", "wire"]


@pytest.fixture
def house(demo: Demo, gh: Gh, github: GitHub) -> Iterator[House]:
    github.world.host = gh.host = "ghe.example"
    gh.log_in()
    demo.person.git("remote", "set-url", "origin", "https://ghe.example/octo/demo.git")
    made = House(demo.person, {"sprint_draftPR": True})
    yield made
    made.end_runs()


async def test_issues_sprints_and_pull_requests(house: House, demo: Demo, github: GitHub) -> None:
    numbers = [await house.issue(f"echo {name} > {name}.txt") for name in "ab"]
    await house.sprint("S", *numbers)
    assert done(await house.run(sprint="S"))
    (pull,) = pulls(demo)
    assert pull.pull is not None and not pull.pull.draft and labels(demo, pull) == {"agent:managed"}
    assert [len(demo.repository.issues[number].comments) for number in numbers] == [1, 1]
    shown = await house.call("locus.issue.show", number=numbers[0])
    assert shown.url == f"https://ghe.example/octo/demo/issues/{numbers[0]}"
    assert {request.headers["host"] for request in github.requests} == {"ghe.example"}


async def test_several_pages_and_a_repository_that_was_renamed(house: House, demo: Demo, github: GitHub) -> None:
    number = await house.issue("echo a > a.txt")
    for count in range(101):
        github.comment(demo.repository, number, f"Comment {count}")
    github.rename(demo.repository, "octo/other")
    assert len(await house.ws.tracker.comments(number)) == 101
    assert done(await house.run(number))
    assert len(pulls(demo)) == 1
