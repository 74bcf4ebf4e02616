"""What is so in a repository: its head, branches, remotes, identity."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from locus.errors import LocusError, Refused
from locus.repo.discover import Repository, discover, repository_config
from locus.repo.git import GitFailed, failure, git, last_words, version
from locus.repo.names import head_ref
from locus.repo.remotes import Remotes, choose, configured

__all__ = [
    "Head",
    "Repository",
    "branch_exists",
    "checked_out",
    "committed",
    "discover",
    "has_submodules",
    "head",
    "head_and_remotes",
    "identity_problem",
    "is_shallow",
    "object_format",
    "remote",
    "remote_url",
    "remotes",
    "require_branch_room",
    "require_commits",
    "version",
]

_REMOTES = r"^(remote\..*\.(url|gh-resolved)|remote\.pushdefault|branch\..*\.(remote|pushremote))$"

SIGNING_TIMEOUT = 20.0
"""Seconds a trial signature may take; long enough for a person to answer a dialog of their own agent."""


@dataclass(frozen=True)
class Head:
    branch: str | None
    """None when detached."""
    commit: str | None
    """None before the first commit."""


async def head(repo: Repository) -> Head:
    """Of the checkout the person stands in."""
    return await head_of(repo.here)


async def head_of(worktree: Path) -> Head:
    done = await git("rev-parse", "HEAD", "--symbolic-full-name", "HEAD", cwd=worktree, check=False)
    if done.code == 0:
        commit, name = done.out.splitlines()[:2]
        return Head(branch=name.removeprefix("refs/heads/") if name.startswith("refs/heads/") else None, commit=commit)
    unborn = await git("symbolic-ref", "-q", "HEAD", cwd=worktree, check=False)
    if unborn.code > 1:
        raise failure(unborn, "reading HEAD")
    return Head(branch=unborn.out.removeprefix("refs/heads/") or None, commit=None)


async def require_commits(repo: Repository) -> str:
    """The commit HEAD is at. Raises Refused in a repository without one."""
    return committed(await head(repo))


def committed(at: Head) -> str:
    if at.commit is None:
        raise Refused("this repository has no commits yet", "commit something first: work starts from a commit")
    return at.commit


async def identity_problem(repo: Repository) -> LocusError | None:
    """Why commits cannot be made here: nobody to name as author, or signing that needs a terminal."""
    async with asyncio.TaskGroup() as group:
        ident = group.create_task(git("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT", cwd=repo.here, check=False))
        signs = group.create_task(git("config", "--type=bool", "--get", "commit.gpgsign", cwd=repo.here, check=False))
    if ident.result().code != 0:
        return Refused(
            "git does not know who you are: user.name or user.email is not set",
            'run `git config --global user.name "Your Name"` and `git config --global user.email you@example.org`',
        )
    if signs.result().out == "true":
        return await _signing_problem(repo)
    return None


async def _signing_problem(repo: Repository) -> LocusError | None:
    """Signs a commit of an empty tree that nothing points to; the only sure way to know."""
    hint = "unlock the key in its agent first, or switch signing off for this repository: `git config commit.gpgsign false`"
    try:
        tree = await git("hash-object", "-t", "tree", "-w", "--stdin", cwd=repo.here)
        await git("commit-tree", "-S", "-m", "Can this key sign without a terminal?", tree.out, cwd=repo.here, timeout=SIGNING_TIMEOUT)
    except LocusError as error:
        words = last_words(error.stderr) if isinstance(error, GitFailed) else error.message
        return Refused(f"commit.gpgsign is on and signing does not work without a terminal: {words}", hint)
    return None


async def branch_exists(repo: Repository, branch: str) -> bool:
    done = await git("show-ref", "--verify", "--quiet", head_ref(branch), cwd=repo.here, check=False)
    return done.code == 0


async def require_branch_room(repo: Repository) -> None:
    """Raises Refused where a branch named `locus` leaves no room for `locus/...`."""
    if await branch_exists(repo, "locus"):
        raise Refused(
            "a branch named `locus` stands in the way: git cannot have it and `locus/issue-1` side by side",
            "rename it: `git branch -m locus <another name>`",
        )


async def checked_out(repo: Repository) -> dict[str, Path]:
    """Which branch is checked out where, the main worktree included."""
    from locus.repo.worktrees import listed

    return {tree.branch: tree.path for tree in await listed(repo) if tree.branch is not None}


async def remotes(repo: Repository) -> Remotes:
    return (await head_and_remotes(repo))[1]


async def head_and_remotes(repo: Repository) -> tuple[Head, Remotes]:
    async with asyncio.TaskGroup() as group:
        config = group.create_task(git("config", "-z", "--get-regexp", _REMOTES, cwd=repo.here, check=False))
        now = group.create_task(head(repo))
    if config.result().code > 1:
        raise failure(config.result(), "git config")
    entries = [entry.decode("utf-8", "surrogateescape").partition("\n") for entry in config.result().stdout.split(b"\0") if entry]
    return now.result(), choose(configured(((key, value) for key, _, value in entries), now.result().branch))


async def remote(repo: Repository) -> str | None:
    """The one that finished branches are pushed to."""
    return (await remotes(repo)).push


async def remote_url(repo: Repository, name: str, *, push: bool = False) -> str | None:
    """With `insteadOf` applied; None for an unknown remote. It may hold credentials: not for showing."""
    done = await git("remote", "get-url", *(["--push"] if push else []), "--", name, cwd=repo.here, check=False)
    return done.out.partition("\n")[0] if done.code == 0 else None


def is_shallow(repo: Repository) -> bool:
    return (repo.common_dir / "shallow").exists()


def has_submodules(worktree: Path) -> bool:
    return (worktree / ".gitmodules").is_file()


def object_format(repo: Repository) -> str:
    """`sha1` or `sha256`."""
    return repository_config(repo.common_dir).get("extensions.objectformat", "sha1")
