"""Worktrees that are kept, and snapshots of those that are not: listed, restored, cleaned away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from locus.commands.registry import Arguments, Command, Face
from locus.model.worktree import Cleaned, KeptWorktree, Restored

if TYPE_CHECKING:
    from locus.workspace import Workspace


class ListWorktrees(Arguments):
    pass


class RestoreWorktree(Arguments):
    ref: str
    path: str | None = None


class CleanWorktrees(Arguments):
    paths: tuple[str, ...] | None = None
    older_than_days: int | None = Field(None, ge=0)
    dry_run: bool = False


async def listed(ws: Workspace, _args: ListWorktrees, _face: Face) -> list[KeptWorktree]:
    from locus.engine.inventory import inventory

    return await inventory(ws)


async def restore(ws: Workspace, args: RestoreWorktree, _face: Face) -> Restored:
    from locus.engine.restoring import restore

    return Restored(path=str(await restore(ws, args.ref, args.path)))


async def clean(ws: Workspace, args: CleanWorktrees, _face: Face) -> Cleaned:
    from locus.engine.cleaning import clean

    return await clean(ws, paths=args.paths, older_than_days=args.older_than_days, dry_run=args.dry_run)


COMMANDS = (
    Command(
        "locus.worktree.list",
        "List kept worktrees and snapshots",
        ListWorktrees,
        "{path, branch, task?, run?, state, reason, bytes, createdAt, keepRefs: {ref, at, bytes, keptUntil?}[]}[]",
        listed,
    ),
    Command("locus.worktree.restore", "Restore a snapshot", RestoreWorktree, "{path}", restore),
    Command(
        "locus.worktree.clean",
        "Remove worktrees that nobody works in",
        CleanWorktrees,
        "{removed: string[], kept: {path, reason}[]}",
        clean,
    ),
)
