"""A repository that was moved by hand: git's records of its worktrees, and their `.git` files, name the old place."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from locus.locks import lock
from locus.repo.discover import Repository
from locus.repo.files import present
from locus.repo.git import git


async def repair(repo: Repository, worktrees: Iterable[Path]) -> None:
    """Has git connect these folders with their records again. What is no worktree any more is left as it is."""
    standing = [path for path in worktrees if present(path / ".git")]
    if standing:
        with await lock(repo.state_dir / "locks" / "worktrees", poll=0.005):
            await git("worktree", "repair", "--", *standing, cwd=repo.main, check=False)
