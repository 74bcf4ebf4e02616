"""Worktrees: made under a lock and filled outside it, taken back whole on failure, removed without losing anything."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from locus.errors import LocusError, Refused
from locus.repo import records, ref_locks, submodules
from locus.repo.adding import NotMade, add, forget_record, making
from locus.repo.discover import Repository, common_dir_of, linked_git_dir
from locus.repo.files import delete_tree, explained, is_folder, make_folder, move_aside, present, real
from locus.repo.git import failure, git, half_made, whole
from locus.repo.layout import LEFTOVER, exclude
from locus.repo.names import OWN_REFS, head_ref

CHECKOUT_TIMEOUT = 1800.0
"""Seconds; a large tree on a slow disk takes minutes."""

_MANY = 1000
"""Files from which on a checkout is shared out: for fewer, the workers cost more than they save, and other tasks want the cores too."""
_WORKERS = str(max(2, min(8, os.cpu_count() or 2)))


@dataclass(frozen=True)
class Worktree:
    path: Path
    branch: str | None
    """None when detached."""
    commit: str | None
    """None before the first commit, and of a bare repository's own entry."""
    locked: str | None = None
    """Why somebody locked it (`git worktree lock`), empty where they did not say; None where nobody did."""
    prunable: bool = False
    """Its folder is not there, which may be an unmounted disk."""
    bare: bool = False


async def listed(repo: Repository) -> list[Worktree]:
    """All of the repository's worktrees, the main one first."""
    done = await git("worktree", "list", "--porcelain", "-z", cwd=repo.main, check=False)
    if half_made(done):
        await clear_unmade(repo)
        done = await git("worktree", "list", "--porcelain", "-z", cwd=repo.main, check=False)
    if done.code == 129:  # before git 2.36 without -z
        done = await git("worktree", "list", "--porcelain", cwd=repo.main)
        return _parsed(done.stdout, b"\n")
    if done.code != 0:
        raise failure(done, "git worktree list")
    return _parsed(done.stdout, b"\0")


async def clear_unmade(repo: Repository) -> None:
    """Removes what is left of those of our worktrees that a git was cut off while making: by a power cut, or killed."""
    if any((repo.common_dir / "worktrees").glob("*/locked")):
        with await making(repo):
            await asyncio.to_thread(records.clear_unmade, repo)


async def create(repo: Repository, path: Path, branch: str | None, *, start: str | None) -> Worktree:
    """A worktree at `path` on a new branch that begins at the commit `start`, or on the existing `branch` where `start` is None.

    Without a branch it is detached at `start`, and no hook of the person's sees it being filled.
    A leftover folder at `path` is moved into the trash first. On failure or cancellation branch, record and folder are gone again.
    Raises Refused when the branch exists already (with `start`), does not exist (without) or is checked out elsewhere.
    """
    exclude(repo)
    with explained("making the worktree's folder"):
        make_folder(path.parent)
    begun = False
    try:
        with await making(repo):
            records.clear_unmade(repo)
            if present(path):
                await _clear_leftover(repo, path)
            records.clear_remains(repo, path)
            begun = True
            await whole(add(repo, path, branch, start))
        await _fill(repo, path, branch)
        await submodules.initialise(repo, path)
        commit = start or (await git("rev-parse", "HEAD", cwd=path)).out
    except NotMade as refused:
        raise refused.reason from refused.__cause__
    except BaseException:
        if begun:
            await asyncio.shield(_take_back(repo, path, branch, start))
        raise
    return Worktree(real(path), branch, commit)


async def adopt(repo: Repository, path: Path, branch: str) -> Worktree:
    """The existing worktree at `path`. Raises Refused, saying what is wrong, unless it is this repository's and on `branch`.

    The caller holds the branch, so a lock file in it was left by a git that was killed: it is removed. A `.git` file that is gone, or
    that something else has replaced, is put back.
    """
    here = real(path)
    records.mend(repo, path)
    found = next((tree for tree in await listed(repo) if tree.path == here), None)
    again = "restore it, or let the task start afresh"
    if not is_folder(here):
        raise Refused(f"the worktree {path} is gone", again)
    if found is None:
        raise Refused(f"{path} is not a worktree of this repository", again)
    if common_dir_of(linked_git_dir(here)) != repo.common_dir:
        raise Refused(f"{path} was replaced by another repository's checkout", again)
    if found.branch != branch:
        where = f"on branch `{found.branch}`" if found.branch else "on no branch (detached HEAD)"
        raise Refused(f"the worktree {path} is {where}, not on `{branch}`", f"run `git switch {branch}` in it")
    clear_stale_locks(repo, here, branch)
    return found


def clear_stale_locks(repo: Repository, path: Path, branch: str) -> None:
    """Removes git's lock files of this worktree and its branch; for whoever holds the branch and knows that no git runs there."""
    git_dir = linked_git_dir(path)
    for name in ("index.lock", "HEAD.lock"):
        (git_dir / name).unlink(missing_ok=True)
    clear_branch_lock(repo, branch)


def clear_branch_lock(repo: Repository, branch: str) -> None:
    """Removes git's lock files of the branch, of where an attempt of ours left it, and of where remotes have it; for whoever holds it."""
    remotes = [path.name for path in (repo.common_dir / "refs/remotes").glob("*")]
    ref_locks.clear(repo, head_ref(branch), f"{OWN_REFS}{branch}", *(f"refs/remotes/{remote}/{branch}" for remote in remotes))


async def remove(repo: Repository, path: Path, *, trash: Path) -> Path | None:
    """Removes a worktree: renamed into `trash`, its record dropped, then deleted. Never prunes: another worktree's disk may be unmounted.

    Snapshots come before (keep.py). Returns the trash entry where deleting it failed; the worktree is gone all the same.
    Raises Refused where somebody locked it (`git worktree lock`).
    """
    found = next((tree for tree in await listed(repo) if tree.path == real(path)), None)
    if found is None:
        raise Refused(f"{path} is not a worktree of this repository")
    if not found.path.is_relative_to(real(repo.worktrees_dir)):
        raise Refused(f"{path} is not one of Locus' worktrees", "remove it with `git worktree remove`")
    if found.locked is not None:
        raise Refused(f"the worktree {path} is locked", f"run `git worktree unlock {path}` first")
    entry = move_aside(path, trash) if present(path) else None
    with await making(repo):
        await forget_record(repo, found.path)
    return await empty(entry) if entry is not None else None


async def forget(repo: Repository, path: Path) -> None:
    """Drops the record of a worktree whose folder is gone, as far as it is still there."""
    with await making(repo):
        if real(path) in records.records(repo):
            await forget_record(repo, path)
        records.clear_remains(repo, path)


async def empty_trash(trash: Path) -> None:
    """Deletes what a `remove` that was cut off, or met a resisting file, has left. Folders that nobody has kept before stay."""
    for entry in await asyncio.to_thread(_entries, trash):
        if not entry.name.startswith(LEFTOVER):
            await empty(entry)


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


async def empty(entry: Path) -> Path | None:
    """Deletes a trash entry off the event loop; the entry itself where something in it resists."""
    try:
        await asyncio.to_thread(delete_tree, entry)
    except LocusError:
        return entry
    return None


async def _clear_leftover(repo: Repository, path: Path) -> None:
    if not path.is_symlink() and records.intact(repo, path):
        raise NotMade(Refused(f"there is a worktree at {path} already", "resume its run, or remove it with `locus worktree clean`"))
    move_aside(path, repo.state_dir / "trash", LEFTOVER)


async def _fill(repo: Repository, path: Path, branch: str | None) -> None:
    fill = (
        *(() if branch else ("-c", f"core.hooksPath={os.devnull}")),
        *("-c", f"checkout.workers={_WORKERS}", "-c", f"checkout.thresholdForParallelism={_MANY}"),
        *("checkout", "--force", "--quiet", "--no-recurse-submodules"),
    )
    await git(*fill, cwd=path, timeout=CHECKOUT_TIMEOUT)
    if not records.intact(repo, path):
        await asyncio.to_thread(records.lead_back, path)


async def _take_back(repo: Repository, path: Path, branch: str | None, start: str | None) -> None:
    """Undoes what `create` did, as far as it got: folder, record, and the branch where it was new."""
    entry = move_aside(path, repo.state_dir / "trash") if present(path) else None
    with await making(repo):
        records.clear_unmade(repo)
        await git("worktree", "remove", "--force", "--", path, cwd=repo.main, check=False)
        if branch is not None and start is not None:
            await git("update-ref", "-d", head_ref(branch), start, cwd=repo.main, check=False)
    if entry is not None:
        await empty(entry)


def _parsed(listing: bytes, end: bytes) -> list[Worktree]:
    trees: list[Worktree] = []
    for block in listing.split(end + end):
        fields = {key: value for key, _, value in (line.partition(b" ") for line in block.split(end)) if key}
        if b"worktree" not in fields:
            continue
        branch = os.fsdecode(fields[b"branch"]).removeprefix("refs/heads/") if b"branch" in fields else None
        commit = fields.get(b"HEAD", b"").decode().strip("0")
        trees.append(
            Worktree(
                path=real(Path(os.fsdecode(fields[b"worktree"]))),
                branch=branch,
                commit=fields[b"HEAD"].decode() if commit else None,
                locked=os.fsdecode(fields[b"locked"]) if b"locked" in fields else None,
                prunable=b"prunable" in fields,
                bare=b"bare" in fields,
            )
        )
    return trees
