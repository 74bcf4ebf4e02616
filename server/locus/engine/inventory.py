"""What is kept, why, since when and how large: worktrees that stand, and the snapshots of those that do not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from locus import locks
from locus.engine.before import compared_by
from locus.engine.clock import stamp_of
from locus.engine.standing import Standing, standing, worked_in
from locus.engine.store import LOCK, RunStore
from locus.errors import LocusError
from locus.model import naming
from locus.model.run import RunView, TaskRun
from locus.model.worktree import KeptWorktree, Snapshot, WorktreeState
from locus.repo import facts, kept
from locus.repo.files import bytes_of
from locus.repo.kept import KeepRef
from locus.repo.objects import known_to_remote
from locus.workspace import Workspace

_DAY = 86400
_AT_ONCE = 4
"""Git processes that measure snapshots side by side."""


async def inventory(ws: Workspace) -> list[KeptWorktree]:
    """Worktrees that stand, the most recently used first; then one entry for each task of each run of which only snapshots are left.

    Such an entry's state is `kept`, its path where the worktree was. A snapshot is told once: with the worktree that still stands for
    its task, else there.
    """
    places, snapshots = await asyncio.gather(standing(ws), kept.keeps(ws.repo))
    groups: dict[tuple[str, str], list[KeepRef]] = {}
    for each in snapshots:
        groups.setdefault((each.run, each.task), []).append(each)
    told = await _told(ws, snapshots)
    entries = []
    for place in reversed(places):
        mine = groups.pop(place.labels, []) if place.restored is None else []
        entries.append(await _entry(ws, place, [told[each.ref] for each in mine]))
    views = {view.id: view for view in await asyncio.to_thread(RunStore(ws.runs).views)} if groups else {}
    gone = [_gone(ws, views.get(refs[0].run), refs, [told[each.ref] for each in refs]) for refs in groups.values()]
    return [*entries, *sorted(gone, key=lambda entry: entry.created_at, reverse=True)]


async def why(ws: Workspace, place: Standing) -> tuple[WorktreeState, str]:
    """Its state, and why it is kept."""
    working = await asyncio.to_thread(worked_in, ws, place)
    if place.restored is not None:
        return "restored", f"restored from {place.restored}"
    if place.owner is None and (run_id := compared_by(place.tree.path)) is not None:
        if locks.is_held(ws.runs / run_id / LOCK):
            return "unknown", f"run {run_id} looks here whether a check failed before its task, too"
        return "unknown", f"run {run_id} was killed while it compared a check here; the next run removes it"
    if place.owner is None:
        return "unknown", "somebody works in it" if working else "no run knows it"
    view, task = place.owner.view, place.owner.task
    state = task.state
    if working and view.alive:
        return state, f"run {view.id} is going on"
    if working:
        return state, "its agent has not ended yet, or somebody is cleaning it away"
    if not place.tree.path.is_dir():
        return state, "its folder was deleted; resuming the run makes it anew"
    if task.state.succeeded:
        return state, "it could not be removed" if await _pushed(ws, place) else "its commits are not on the remote"
    return state, task.error or (view.reason if not view.alive else None) or "its run has not taken it up again"


async def _pushed(ws: Workspace, place: Standing) -> bool:
    remote = await facts.remote(ws.repo)
    return remote is None or place.tree.commit is None or await known_to_remote(ws.repo.main, place.tree.commit, remote)


async def _entry(ws: Workspace, place: Standing, snapshots: Sequence[Snapshot]) -> KeptWorktree:
    state, reason = await why(ws, place)
    size = await asyncio.to_thread(bytes_of, place.tree.path)
    return KeptWorktree(
        path=str(place.tree.path),
        branch=place.branch or "",
        task=place.owner.task.number if place.owner else None,
        run=place.owner.view.id if place.owner else None,
        state=state,
        reason=reason,
        bytes=size + sum(snapshot.bytes for snapshot in snapshots),
        created_at=stamp_of(place.made),
        keep_refs=tuple(snapshots),
    )


def _gone(ws: Workspace, view: RunView | None, refs: Sequence[KeepRef], snapshots: Sequence[Snapshot]) -> KeptWorktree:
    """Of a worktree that is gone; where it was is known from its run, while there is that run's journal."""
    label = refs[0].task
    task = _task(view, label)
    branch = (task.branch if task is not None else None) or (view.branch if view is not None else None) or ""
    path = (task.worktree if task is not None else None) or (str(ws.repo.worktrees_dir / naming.worktree_name(branch)) if branch else "")
    return KeptWorktree(
        path=path,
        branch=branch,
        task=int(label) if label.isdecimal() else None,
        run=view.id if view is not None else None,
        state="kept",
        reason=refs[-1].reason or "somebody put a commit there",
        bytes=sum(snapshot.bytes for snapshot in snapshots),
        created_at=snapshots[0].at,
        keep_refs=tuple(snapshots),
    )


def _task(view: RunView | None, label: str) -> TaskRun | None:
    if view is None:
        return None
    if label.isdecimal():
        return view.task(int(label))
    return next((task for task in view.tasks if task.worktree is not None), None)  # of a sprint they share one


async def _told(ws: Workspace, snapshots: Sequence[KeepRef]) -> dict[str, Snapshot]:
    days = ws.settings().config.keep.days
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(each: KeepRef) -> Snapshot:
        async with room:
            try:
                size = await kept.size(ws.repo, each)
            except LocusError:
                size = 0  # damaged: `restore` says in which way
        until = stamp_of(each.at + days * _DAY) if each.ours else None
        return Snapshot(ref=each.ref, at=stamp_of(each.at), bytes=size, kept_until=until)

    return {told.ref: told for told in await asyncio.gather(*(one(each) for each in snapshots))}
