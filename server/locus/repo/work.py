"""One of our own worktrees after an agent has worked in it: staged, committed, set back, put away, with as few git processes as it takes.

Unlike `commits.tree_state`, which leaves a checkout as it is, this uses the worktree's own index: it is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from locus.locks import lock
from locus.repo import staging
from locus.repo.commits import commit_staged
from locus.repo.discover import Repository, common_dir_of, linked_git_dir
from locus.repo.facts import Head, head_of
from locus.repo.git import git, whole
from locus.repo.hidden import any_hidden


@dataclass(frozen=True)
class Work:
    head: Head
    tree: str
    """The tree of all files that are present and not ignored."""


async def stage(worktree: Path) -> Work:
    """Stages everything present that is not ignored."""
    await staging.stage_all(worktree)
    tree = (await git("write-tree", cwd=worktree)).out
    return Work(await head_in(worktree), tree)


async def files(worktree: Path) -> list[str]:
    """All that is staged, by its name from the worktree's root, where that is text."""
    names = (name.decode("utf-8", "replace") for name in (await git("ls-files", "-z", cwd=worktree)).stdout.split(b"\0"))
    return [name for name in names if name and "\N{REPLACEMENT CHARACTER}" not in name]


async def commit(worktree: Path, message: str, trailers: Mapping[str, str]) -> tuple[str, int]:
    """Commits what is staged, empty if need be: the commit, and how many files it changed. A refusing hook raises GitFailed."""
    changed = await commit_staged(worktree, message, trailers)
    return str((await head_in(worktree)).commit), changed


async def set_back(worktree: Path, commit: str) -> None:
    """Branch, index and files as `commit` has them, and nothing else but ignored files: they are caches, and slow to make again."""
    if any_hidden(worktree):
        (linked_git_dir(worktree) / "index").unlink(missing_ok=True)  # with it `reset` would leave those files as they are
    await git("reset", "--hard", "--quiet", commit, cwd=worktree)
    await git("clean", "-ffdq", cwd=worktree)


async def head_in(worktree: Path) -> Head:
    """HEAD, read from its files where git keeps it in loose ones; else git is asked."""
    git_dir = linked_git_dir(worktree)
    try:
        said = (git_dir / "HEAD").read_text("utf-8").strip()
        if not said.startswith("ref: refs/heads/"):
            return await head_of(worktree)
        name = said.removeprefix("ref: ")
        commit = (common_dir_of(git_dir) / name).read_text("ascii").strip()
    except (OSError, ValueError):
        return await head_of(worktree)
    return Head(name.removeprefix("refs/heads/"), commit) if len(commit) in (40, 64) else await head_of(worktree)


async def put_away(repo: Repository, worktree: Path) -> bool:
    """Removes a worktree in which nothing differs from its HEAD. False, and nothing is changed, where something does or may differ."""
    if any_hidden(worktree):
        return False
    with await lock(repo.state_dir / "locks" / "worktrees", poll=0.01):
        done = await whole(git("worktree", "remove", "--", worktree, cwd=repo.main, check=False))
    return done.code == 0
