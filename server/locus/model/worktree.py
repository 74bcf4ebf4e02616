"""What is kept of work that did not come to its good end: worktrees that stand, and snapshots."""

from __future__ import annotations

from typing import Literal

from locus.model.base import Model
from locus.model.states import TaskState

WorktreeState = TaskState | Literal["restored", "kept", "unknown"]
"""A task's state, or: `restored` from a snapshot, `kept` as nothing but snapshots, `unknown` to every run."""


class Snapshot(Model):
    ref: str
    at: str
    """RFC 3339, UTC."""
    bytes: int
    """What it takes in the repository by itself; snapshots of one tree share much."""
    kept_until: str | None = None
    """When its time is over; None where it is not Locus' to let go."""


class KeptWorktree(Model):
    """One worktree of Locus with its snapshots, or, in the state `kept`, the snapshots of a task whose worktree is gone."""

    path: str
    """Where the worktree stands, or stood; empty where nobody knows any more."""
    branch: str
    """The task's branch, checked out or not; empty where nobody knows."""
    task: int | None = None
    run: str | None = None
    state: WorktreeState
    reason: str
    """Why it is kept."""
    bytes: int
    """On disk, with its snapshots."""
    created_at: str
    keep_refs: tuple[Snapshot, ...] = ()
    """Oldest first."""


class StillKept(Model):
    path: str
    reason: str


class Cleaned(Model):
    removed: tuple[str, ...]
    """Paths of worktrees, and refs of snapshots whose time was over. With `dryRun` those that would go."""
    kept: tuple[StillKept, ...]


class Restored(Model):
    path: str
