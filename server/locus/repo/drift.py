"""Whether the base has moved under a branch, whether the two go together, and bringing them together with nothing left half-done."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from locus.errors import Refused
from locus.repo.base import BASE_REFS
from locus.repo.conflicts import Conflict, conflicts
from locus.repo.discover import linked_git_dir
from locus.repo.git import NO_GC, GitFailed, failure, git
from locus.repo.names import head_ref
from locus.repo.objects import commit_of, merge_base, rev_parse
from locus.repo.status import status

_QUIET = (*NO_GC, "-c", "advice.detachedHead=false", "-c", "rerere.enabled=false")


@dataclass(frozen=True)
class Drift:
    state: Literal["none", "clean", "conflict", "unrelated"]
    """`none`: the branch has everything the base has. `unrelated`: they have no commit in common."""
    head: str
    base: str
    behind: int
    """Commits of the base that the branch lacks."""
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True)
class Integrated:
    how: Literal["rebase", "merge"]
    head: str


async def drift(worktree: Path, base: str) -> Drift:
    """Compares the checkout's HEAD with a base (a commit or ref) by a real three-way merge in the object store. Touches nothing.

    Raises Refused with a git before 2.38, which cannot do that.
    """
    head, onto = await rev_parse(worktree, "HEAD^{commit}", f"{base}^{{commit}}")
    if head is None or onto is None:
        raise Refused(f"there is no commit `{base}` to compare with")
    behind = int((await git("rev-list", "--count", f"{head}..{onto}", cwd=worktree)).out)
    if behind == 0:
        return Drift("none", head, onto, 0)
    merged = await git(*("-c", "merge.conflictStyle=merge", "merge-tree", "--write-tree", "-z", head, onto), cwd=worktree, check=False)
    if merged.code == 0:
        return Drift("clean", head, onto, behind)
    if merged.code == 1:
        return Drift("conflict", head, onto, behind, await conflicts(worktree, merged.stdout, head, onto))
    if merged.code == 129:
        raise Refused("this git cannot merge without a checkout", "update git to 2.38 or newer, or set agent.rebaseBeforeTask to false")
    if await merge_base(worktree, head, onto) is None:
        return Drift("unrelated", head, onto, behind)
    raise failure(merged, "git merge-tree")


async def integrate(worktree: Path, base: str, *, message: str | None = None) -> Integrated:
    """Rebases the checked-out branch onto `base`; where that stops, or the branch holds merges, merges `base` instead, with `message`.

    Empty commits stay: a task's trailers are evidence. Hooks are honoured. On failure and cancellation the branch is where it was.
    Raises Refused for a dirty or detached checkout, GitFailed when the merge fails too.
    """
    state = await status(worktree, untracked=False)
    if state.changes:
        raise Refused(f"{worktree} has uncommitted changes", "commit them, or move them aside")
    if state.branch is None or state.head is None:
        raise Refused(f"{worktree} is not on a branch", "check its branch out again")
    onto = await commit_of(worktree, base)
    if onto is None:
        raise Refused(f"there is no commit `{base}` to go on from")
    try:
        if not await _holds_merges(worktree, onto) and await _rebase(worktree, onto):
            how: Literal["rebase", "merge"] = "rebase"
        else:
            await settle(worktree, state.branch, state.head)
            await _merge(worktree, onto, message or f"Merge {base.removeprefix(BASE_REFS)}")
            how = "merge"
    except BaseException:
        await asyncio.shield(settle(worktree, state.branch, state.head))
        raise
    return Integrated(how, (await git("rev-parse", "HEAD", cwd=worktree)).out)


async def settle(worktree: Path, branch: str, tip: str) -> bool:
    """Takes back a rebase, merge or cherry-pick that did not end: the checkout is on `branch` at `tip`, its files are those of `tip`.

    Untracked files stay. Returns whether there was anything to do. After a crash the caller first makes sure that nobody works there, and
    keeps a snapshot.
    """
    git_dir = linked_git_dir(worktree)
    stopped = in_progress(worktree)
    on = await git("rev-parse", "HEAD", "--symbolic-full-name", "HEAD", cwd=worktree, check=False)
    if not stopped and on.out.split("\n") == [tip, head_ref(branch)]:
        return False
    for name in ("index.lock", "HEAD.lock"):
        (git_dir / name).unlink(missing_ok=True)
    if stopped == "rebase":
        await git("rebase", "--quit", cwd=worktree, check=False)
    await git("symbolic-ref", "HEAD", head_ref(branch), cwd=worktree)
    await git("reset", "--hard", "--quiet", tip, cwd=worktree)
    return True


def in_progress(worktree: Path) -> Literal["rebase", "merge", "cherry-pick", "revert"] | None:
    """What git command was begun in this checkout and not ended."""
    git_dir = linked_git_dir(worktree)
    if (git_dir / "rebase-merge").exists() or (git_dir / "rebase-apply").exists():
        return "rebase"
    if (git_dir / "MERGE_HEAD").exists():
        return "merge"
    if (git_dir / "CHERRY_PICK_HEAD").exists():
        return "cherry-pick"
    return "revert" if (git_dir / "REVERT_HEAD").exists() else None


async def _holds_merges(worktree: Path, onto: str) -> bool:
    done = await git("rev-list", "--merges", "--max-count=1", f"{onto}..HEAD", cwd=worktree)
    return bool(done.out)


async def _rebase(worktree: Path, onto: str) -> bool:
    done = await git(
        *(*_QUIET, "-c", "rebase.updateRefs=false", "rebase", "--quiet", "--merge"),
        *("--no-autosquash", "--no-autostash", "--no-fork-point", "--no-stat", "--empty=keep", "--keep-empty", "--reapply-cherry-picks"),
        onto,
        cwd=worktree,
        check=False,
    )
    return done.code == 0


async def _merge(worktree: Path, onto: str, message: str) -> None:
    try:
        await git(
            *(*_QUIET, "merge", "--quiet", "--no-ff", "--commit", "--no-edit", "--no-stat", "--no-autostash", "--no-squash"),
            *("-m", message, "--", onto),
            cwd=worktree,
        )
    except GitFailed as error:
        raise GitFailed(
            f"neither a rebase nor a merge of the base ends well: {error.message}",
            error.hint or f"merge it by hand in {worktree}, commit, and resume",
            code=error.code,
            stdout=error.stdout,
            stderr=error.stderr,
        ) from error
