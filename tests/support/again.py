"""What happens to a branch of ours between two runs, and what can be seen of it."""

from __future__ import annotations

from locus.model.task import PullRequest
from support.house import House


async def pulls(house: House, branch: str) -> list[PullRequest]:
    return await house.ws.tracker.pulls(branch)


def kept(house: House, commit: str) -> bool:
    """A snapshot, or what it was made from, has the commit."""
    return any(commit in house.person.look("rev-list", ref).splitlines() for ref in house.keeps())


def commit_on(house: House, branch: str, *, parent: str | None = None, message: str = "A person's own") -> str:
    """A person's commit on a branch of ours, made without a checkout."""
    at = parent or branch
    commit = house.person.look("commit-tree", "-p", at, "-m", message, f"{at}^{{tree}}")
    house.person.git("update-ref", f"refs/heads/{branch}", commit)
    return commit


def merge(house: House, branch: str, *, squash: bool = False) -> None:
    house.person.git("merge", "--quiet", *(["--squash"] if squash else ["--no-ff", "-m", "Merged"]), branch)
    if squash:
        house.person.commit(message="Squashed")
    house.person.git("push", "--quiet", "origin", "main")
