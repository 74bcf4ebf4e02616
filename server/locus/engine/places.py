"""Makes and takes up again the worktrees that tasks are done in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from locus.engine import snapshots
from locus.engine.branches import beginning
from locus.engine.claims import Claim, taken
from locus.engine.effects import Effect, Result
from locus.engine.place import Place
from locus.engine.run import Run
from locus.errors import Refused
from locus.model import naming
from locus.model.events import TaskPrepared
from locus.repo import records, worktrees
from locus.repo.drift import settle
from locus.repo.objects import rev_parse


async def fresh(run: Run, wanted: str, task: int | None, claim: Claim) -> Place:
    """A new worktree for a task, or for a sprint (`task` None)."""
    key = f"worktree:{task or 'sprint'}"

    async def look() -> Result | None:
        return None  # half-made or whole, nothing was done in it yet: `act` makes it anew

    async def act() -> Result:
        at = await beginning(run, wanted, task, claim)
        path = _path(run, at.branch)
        await _clear(run, path, task)
        tree = await worktrees.create(run.repo, path, at.branch, start=None if at.exists else at.start)
        return {"branch": at.branch, "worktree": str(tree.path), "start": at.start, "remote": run.pushed.get(at.branch) or ""}

    known = run.effects.done(key) is not None
    made = await run.effects.perform(Effect(key, look, act), task)
    branch, worktree, start = str(made["branch"]), Path(str(made["worktree"])), str(made["start"])
    if known:  # a crash came before the task was prepared; somebody may have been in it since
        return await again(run, branch, worktree, start, task, claim)
    return await _place(run, branch, worktree, start, claim)


async def again(run: Run, branch: str, worktree: Path, start: str, task: int | None, claim: Claim) -> Place:
    """The worktree of an earlier attempt, back at the task's start; what stood there is kept. Made anew where somebody has removed it."""
    if not claim.add(branch):
        raise taken(branch)
    try:
        await worktrees.adopt(run.repo, worktree, branch)
    except Refused:
        await _anew(run, branch, worktree, start, task)
    else:
        await snapshots.back_to(run, worktree, branch, start, task)
    return await _place(run, branch, worktree, start, claim)


async def left(run: Run, branch: str, worktree: Path, start: str, task: int, claim: Claim) -> Place:
    """The worktree as its agent left it, for the same agent to go on in; what stands there is kept first."""
    if not claim.add(branch):
        raise taken(branch)
    await worktrees.adopt(run.repo, worktree, branch)
    await snapshots.whole(run, worktree, branch, start, task, "before its agent went on in it")
    return await _place(run, branch, worktree, start, claim)


async def here(run: Run, place: Place, task: int) -> Place:
    """The same worktree for the next task of a sprint: it begins where the one before it ended."""
    start, tree = await rev_parse(place.worktree, "HEAD", "HEAD^{tree}")
    return prepared(run, replace(place, start=str(start), start_tree=str(tree)), task)


def prepared(run: Run, place: Place, task: int) -> Place:
    run.record(TaskPrepared(branch=place.branch, worktree=str(place.worktree), start=place.start), task)
    return place


async def _anew(run: Run, branch: str, worktree: Path, start: str, task: int | None) -> None:
    await _clear(run, worktree, task)
    worktrees.clear_branch_lock(run.repo, branch)
    (tip,) = await rev_parse(run.repo.here, f"refs/heads/{branch}")
    if tip is None:
        await worktrees.create(run.repo, worktree, branch, start=start)
        return
    if tip != start:
        await snapshots.keep_tip(run, tip, task)
    await worktrees.create(run.repo, worktree, branch, start=None)
    await settle(worktree, branch, start)


async def _clear(run: Run, path: Path, task: int | None) -> None:
    """An earlier run's worktree at this place is kept as a snapshot, then removed. A folder that is none is moved aside by `create`."""
    records.mend(run.repo, path)
    if not (path / ".git").exists():
        return
    if any(tree.path == path for tree in await worktrees.listed(run.repo)):
        await snapshots.snapshot(run, path, task, "before a new run took its place")
        await worktrees.remove(run.repo, path, trash=run.trash)


async def _place(run: Run, branch: str, worktree: Path, start: str, claim: Claim) -> Place:
    if start == run.planned.base_commit and run.base_tree is not None:
        tree: str | None = run.base_tree
    else:
        (tree,) = await rev_parse(run.repo.here, f"{start}^{{tree}}")
    return Place(branch=branch, worktree=worktree, start=start, start_tree=str(tree), hold=claim.fds)


def _path(run: Run, branch: str) -> Path:
    return run.repo.worktrees_dir / naming.worktree_name(branch)
