"""The worktrees of Locus that stand, each with the run that it was made for, and whether anybody works in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from locus import locks
from locus.engine.store import RunStore
from locus.model import naming
from locus.model.run import RunView, TaskRun
from locus.model.states import TaskState
from locus.repo import records, worktrees
from locus.repo.files import real
from locus.repo.worktrees import Worktree
from locus.workspace import Workspace

UNKNOWN = "unknown"
"""Stands for the run in the names of snapshots of a worktree that no run knows."""


@dataclass(frozen=True)
class Owner:
    view: RunView
    task: TaskRun
    """Of a sprint the one that the worktree was last used for."""


@dataclass(frozen=True)
class Standing:
    tree: Worktree
    owner: Owner | None
    restored: str | None
    """The snapshot that it was restored from."""
    made: float
    touched: float
    """Seconds since the epoch: when it was made, and when a task last began or ended in it."""

    @property
    def branch(self) -> str | None:
        """The task's, be it checked out or not."""
        return (self.owner.task.branch if self.owner else None) or self.tree.branch

    @property
    def branches(self) -> list[str]:
        """Those whose locks are held by whoever works here."""
        names = (self.branch, self.tree.branch)
        return list(dict.fromkeys(name for name in names if name is not None and name.startswith(naming.PREFIX)))

    @property
    def labels(self) -> tuple[str, str]:
        """Run and task as they stand in the names of its snapshots."""
        if self.owner is not None:
            return self.owner.view.id, str(self.owner.task.number)
        if self.restored is not None and self.restored.startswith(naming.KEEP_REFS):
            run, _, rest = self.restored.removeprefix(naming.KEEP_REFS).partition("/")
            return run, rest.rpartition("/")[0]
        return UNKNOWN, self.tree.path.name


async def standing(ws: Workspace) -> list[Standing]:
    """What stands below `.locus/worktrees`, least recently used first. Somebody else's worktrees are not looked at."""
    trees, views = await asyncio.gather(worktrees.listed(ws.repo), asyncio.to_thread(RunStore(ws.runs).views))
    return await asyncio.to_thread(_ours, ws, trees, views)


def worked_in(ws: Workspace, place: Standing) -> bool:
    """By a run, by the agent of one that was killed, or by somebody who cleans it away."""
    return any(locks.is_held(ws.branch_lock(branch)) for branch in place.branches)


def _ours(ws: Workspace, trees: Iterable[Worktree], views: Sequence[RunView]) -> list[Standing]:
    top = real(ws.repo.worktrees_dir)
    known = records.records(ws.repo)
    found = []
    for tree in trees:
        record = known.get(tree.path)
        if tree.bare or record is None or not tree.path.is_relative_to(top):
            continue
        restored = records.restored_from(record)
        owner = _owner(tree, views) if restored is None else None
        made = records.made_at(record)
        found.append(Standing(tree, owner, restored, made, max(made, *_stamps(owner))))
    return sorted(found, key=lambda place: place.touched)


def _owner(tree: Worktree, views: Sequence[RunView]) -> Owner | None:
    """`views`: newest first."""
    for view in views:
        used = [task for task in view.tasks if task.worktree is not None and real(Path(task.worktree)) == tree.path]
        if used:
            return Owner(view, _last(used))
    for view in views:  # the run was cut off before it had written where the worktree is
        used = [task for task in view.tasks if task.branch is not None and task.branch == tree.branch and task.worktree is None]
        if used:
            return Owner(view, _last(used))
    return None


def _last(tasks: Sequence[TaskRun]) -> TaskRun:
    begun = [task for task in tasks if task.state is not TaskState.PENDING] or tasks
    return next((task for task in begun if task.state.active), begun[-1])


def _stamps(owner: Owner | None) -> list[float]:
    said = (owner.task.started_at, owner.task.ended_at) if owner is not None else ()
    return [0.0, *(datetime.fromisoformat(stamp).timestamp() for stamp in said if stamp is not None)]
