"""`git worktree add`, while a person's git does what it likes."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from locus.errors import LocusError, Refused
from locus.locks import Lock, lock
from locus.process import Completed
from locus.repo import records
from locus.repo.discover import Repository
from locus.repo.git import failure, git, last_words, whole
from locus.repo.names import head_ref, require_branch, require_revision
from locus.repo.objects import commit_of

_ELSEWHERE = re.compile(r"'(?P<branch>[^']*)' is already (?:checked out|used by worktree) at '(?P<path>[^']*)'")
_TRIES = 10
"""Of `git worktree add`. Other git commands get in its way: a `git worktree prune` or `git gc` takes the new record for a broken one while
its folder is there and its first file is not, and deletes what it finds in it. Git then fails with one word or another, or says nothing."""


class NotMade(Exception):
    """Git refused before it made anything: there is nothing to take back."""

    def __init__(self, reason: LocusError) -> None:
        super().__init__(reason.message)
        self.reason = reason


async def making(repo: Repository) -> Lock:
    """Held while a record of one of our worktrees is made or removed."""
    return await lock(repo.state_dir / "locks" / "worktrees", poll=0.01)


async def add(repo: Repository, path: Path, branch: str | None, start: str | None) -> None:
    """A worktree at `path`, with nothing in it yet. Raises NotMade where git refuses. For whoever holds `making`."""
    for tried in range(_TRIES):
        if tried:
            await asyncio.sleep(0.05)
        new = ("--no-track", "-b", require_branch(branch)) if branch is not None and start is not None else ()
        what = ("--detach",) if branch is None else new
        words = ("worktree", "add", "--quiet", "--no-checkout", *what, "--", path, require_revision(start or branch or ""))
        done = await git(*words, cwd=repo.main, check=False, again=False)
        if done.code == 0 and records.complete(repo, path):
            return
        if (refused := _refusal(done, branch, start)) is not None:
            raise NotMade(refused) from failure(done, "git worktree add")
        if "is a missing but already registered worktree" in done.err:  # its folder was deleted by hand
            await forget_record(repo, path)
        else:
            await asyncio.to_thread(records.discard, repo, path)
        if new and await commit_of(repo.main, head_ref(str(branch))) == start:  # it came as far as the branch
            start = None
    raise failure(done, "git worktree add")


def _refusal(done: Completed, branch: str | None, start: str | None) -> Refused | None:
    """What trying again does not mend."""
    if (held := _ELSEWHERE.search(done.err)) is not None:
        where = held["path"]
        return Refused(f"`{branch}` is checked out at {where}", f"switch to another branch there: `git -C {where} switch <branch>`")
    if f"a branch named '{branch}' already exists" in done.err:
        return Refused(f"there is a branch `{branch}` already", "continue on it, or rename it")
    if "invalid reference" in done.err and start is None:
        return Refused(f"there is no branch `{branch}`", "it was deleted; start the task afresh")
    if re.search(r"'refs/heads/[^']*' exists; cannot create", done.err):
        return Refused(f"another branch leaves no room for `{branch}`: {last_words(done.err, lines=1)}", "rename that branch")
    return None


async def forget_record(repo: Repository, path: Path) -> None:
    """Drops the record of a worktree whose folder is gone. A `git worktree prune` of the person may have been faster."""
    done = await whole(git("worktree", "remove", "--force", "--", path, cwd=repo.main, check=False))
    if done.code != 0 and "is not a working tree" not in done.err:
        raise failure(done, "git worktree remove")
