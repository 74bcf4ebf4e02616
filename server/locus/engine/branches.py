"""Which branch a task or sprint goes to when one of that name is there already, and where the work on it begins."""

from __future__ import annotations

from dataclasses import dataclass

from locus.engine import snapshots
from locus.engine.claims import Claim
from locus.engine.run import Run
from locus.model.task import PullRequest
from locus.repo.commits import trailers_of
from locus.repo.objects import commit_of, is_ancestor, update_ref
from locus.repo.push import fetch_own

OWN_REFS = "refs/locus/own/"
"""`refs/locus/own/<branch>` is where an unfinished attempt of ours left a branch."""


@dataclass(frozen=True)
class Beginning:
    branch: str
    start: str
    exists: bool
    """The branch stands at `start` already; otherwise it is to be made there."""


async def beginning(run: Run, wanted: str, task: int | None, claim: Claim) -> Beginning:
    """A branch of that name is continued while its pull request is open, or its finished work is ours. It begins afresh, the old tip kept,
    after its pull request was merged or closed, or an attempt failed. What is not ours is left alone, and ours gets a suffix.
    `claim` has the wanted branch, and gets the one that it is to be.
    """
    branch = wanted
    for suffix in range(2, 1000):
        if claim.add(branch):
            found = await _beginning(run, branch, task)
            if found is not None:
                return found
            if branch != wanted:
                claim.drop(branch)
        branch = f"{wanted}-{suffix}"
    raise RuntimeError(f"no free name for {wanted}")


async def _beginning(run: Run, branch: str, task: int | None) -> Beginning | None:
    base = run.planned.base_commit
    here = run.repo.here
    local, own = run.branches.get(f"refs/heads/{branch}"), run.branches.get(f"{OWN_REFS}{branch}")
    tip = await _with_remote(run, branch, local)
    if tip is None:
        return Beginning(branch, base, exists=False)
    pulls = await run.tracker.pulls(branch)
    if any(pull.state == "open" for pull in pulls) or (not pulls and await _finished_by_us(run, tip, task)):
        if tip != local:
            await update_ref(here, f"refs/heads/{branch}", tip, local or "")
        return Beginning(branch, tip, exists=True)
    if not (pulls or tip == own or await is_ancestor(here, tip, base)):
        return None
    return await _afresh(run, branch, local, tip, pulls, task)


async def _afresh(run: Run, branch: str, local: str | None, tip: str, pulls: list[PullRequest], task: int | None) -> Beginning:
    base = run.planned.base_commit
    if not await is_ancestor(run.repo.here, tip, base):
        await snapshots.keep_tip(run, tip, task)
    if pulls:
        run.warn(f"pull request #{pulls[0].number} of {branch} is {pulls[0].state}: the work begins afresh")
    await update_ref(run.repo.here, f"refs/heads/{branch}", base, local or "")
    return Beginning(branch, base, exists=True)


async def _with_remote(run: Run, branch: str, local: str | None) -> str | None:
    """Our own remote branch counts where it is ahead of the local one, or the only one."""
    remote = run.pushed.get(branch)
    if remote is None or remote == local or run.planned.remote is None:
        return local
    fetched = await fetch_own(run.repo, run.planned.remote, branch)
    if fetched is None or (local is not None and not await is_ancestor(run.repo.here, local, fetched)):
        return local
    return fetched


async def _finished_by_us(run: Run, tip: str, task: int | None) -> bool:
    """The tip is a commit that Locus made for this task (or for any, in a sprint) of this keeper."""
    at = await commit_of(run.repo.here, tip)
    if at is None:
        return False
    for commit in await trailers_of(run.repo.here, f"{at}^!"):
        ours = commit.trailers.get("Locus-Keeper") == run.tracker.keeper
        return ours and (task is None or commit.trailers.get("Locus-Task") == str(task))
    return False
