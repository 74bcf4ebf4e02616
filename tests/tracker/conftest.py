from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from locus.tracker.github.keeper import GitHubTracker
from locus.tracker.github.place import GitHubPlace
from locus.tracker.local import LocalTracker
from locus.tracker.protocol import Tracker
from support.github.fixtures import demo, each_gh, gh, github, short_folder, wire
from support.github.github import GitHub
from support.repos import Person

__all__ = ["demo", "each_gh", "gh", "github", "short_folder", "wire"]

BRANCHES = ("develop", "locus/issue-1", "locus/issue-11")


@pytest.fixture(params=["local", "github"])
def tracker(request: pytest.FixtureRequest, tmp_path: Path) -> Tracker:
    """Each keeper in turn, empty and not yet prepared: the contract is the same for all."""
    if request.param == "local":
        return LocalTracker(tmp_path / "state" / "locus.db")
    github: GitHub = request.getfixturevalue("github")
    request.getfixturevalue("gh")
    person: Person = request.getfixturevalue("person")
    assert person.remote is not None
    for branch in BRANCHES:
        person.git("push", "--quiet", "origin", f"main:refs/heads/{branch}")
        person.commit_on_remote({f"{branch}.txt": branch}, branch=branch)
    github.repository("octo/demo", bare=person.remote)
    return GitHubTracker(
        GitHubPlace("github.com", "octo", "demo", "octo"), root=person.path, locks=tmp_path / "locks", limits=tmp_path / "rate-limit.json"
    )


@pytest.fixture
def merge(request: pytest.FixtureRequest, tracker: Tracker) -> Callable[[int], Awaitable[None]]:
    """A pull request is merged: by Locus that has looked at the branches, or by somebody on GitHub."""

    async def merged(number: int) -> None:
        if tracker.keeper == "local":
            await tracker.update_pull(number, state="merged")
            return
        github: GitHub = request.getfixturevalue("github")
        (repository,) = github.world.repositories.values()
        person: Person = request.getfixturevalue("person")
        with person.changing():
            github.merge(repository, number)

    return merged
