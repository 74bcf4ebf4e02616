"""A worktree of ours in a Person's repository, for tests that need no more than one."""

from __future__ import annotations

from pathlib import Path

from locus.repo import facts, worktrees
from locus.repo.discover import Repository
from support.repos import Person


async def worktree(person: Person, number: int = 1, *, start: str | None = None) -> tuple[Repository, Path]:
    """The repository and a worktree on locus/issue-<number> from `start` (default: the person's HEAD)."""
    repo = facts.discover(person.path)
    commit = start or await facts.require_commits(repo)
    made = await worktrees.create(repo, repo.worktrees_dir / f"issue-{number}", f"locus/issue-{number}", start=commit)
    return repo, made.path
