"""Removing worktrees that nobody works in. All that is in them goes to snapshots first; their branches stay."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from locus import locks
from locus.engine.standing import Standing, standing, worked_in
from locus.errors import LocusError, NotFound
from locus.model import naming
from locus.model.worktree import Cleaned, StillKept
from locus.repo import kept, worktrees
from locus.repo.files import present, real
from locus.repo.keeping import keep_whole
from locus.repo.worktrees import empty_trash
from locus.workspace import Workspace

_DAY = 86400
_TAKEN = "a run works in it, or somebody else is cleaning it away"


async def clean(ws: Workspace, *, paths: Sequence[str] | None = None, older_than_days: int | None = None, dry_run: bool = False) -> Cleaned:
    """Removes the worktrees at `paths` (or all that Locus has made) that nobody has used for `older_than_days`, each kept whole before.

    Without `paths` snapshots whose time is over go as well. Stays: what a run works in, what is locked by `git worktree lock`, and,
    unless it is named, what no run knows. Raises NotFound when a path is not a worktree of Locus; nothing is removed then.
    """
    if not dry_run:
        await worktrees.clear_unmade(ws.repo)
    places = await standing(ws)
    chosen = places if paths is None else [_named(ws, places, path) for path in dict.fromkeys(paths)]
    removed: list[str] = []
    stays: list[StillKept] = []
    for place in chosen:
        reason = _unwanted(place, older_than_days or 0, named=paths is not None)
        if reason is None:
            reason = await put_away(ws, place, "before it was cleaned away", dry_run=dry_run)
        if reason is None:
            removed.append(str(place.tree.path))
        else:
            stays.append(StillKept(path=str(place.tree.path), reason=reason))
    if paths is None:
        keep = ws.settings().config.keep
        let_go = kept.expired if dry_run else kept.expire
        removed += [each.ref for each in await let_go(ws.repo, keep.days, keep.max_bytes)]
        if not dry_run:
            await empty_trash(ws.state / "trash")
    return Cleaned(removed=tuple(removed), kept=tuple(stays))


async def put_away(ws: Workspace, place: Standing, reason: str, *, dry_run: bool = False) -> str | None:
    """Keeps all that is in a worktree, then removes it. None when it is gone, else why it is not; two that do it at once do it once."""
    path = place.tree.path
    if dry_run and worked_in(ws, place):
        return _TAKEN
    with contextlib.ExitStack() as held:
        for lock in [] if dry_run else _locks(ws, place):
            if (taken := locks.try_lock(lock)) is None:
                return _TAKEN
            held.enter_context(taken)
        now = next((tree for tree in await worktrees.listed(ws.repo) if tree.path == path), None)
        if now is None:
            return None
        if now.locked is not None:
            return f"somebody has locked it: {now.locked}" if now.locked else "somebody has locked it (`git worktree lock`)"
        if dry_run:
            return None
        try:
            if present(path):
                run, task = place.labels
                safe = {now.commit} if now.branch is not None else set()  # the branch stays
                await keep_whole(ws.repo, path, f"{naming.KEEP_REFS}{run}/{task}/", reason=reason, known=safe)
            await worktrees.remove(ws.repo, path, trash=ws.state / "trash")
        except LocusError as error:
            return str(error)
    return None


def _locks(ws: Workspace, place: Standing) -> list[Path]:
    return [ws.branch_lock(branch) for branch in place.branches] or [ws.locks / f"worktree-{place.tree.path.name}"]


def _named(ws: Workspace, places: Sequence[Standing], path: str) -> Standing:
    """A whole path, or the name of a folder below `.locus/worktrees`."""
    wanted = real(ws.repo.worktrees_dir / path)  # an absolute path stays itself
    for place in places:
        if place.tree.path == wanted:
            return place
    raise NotFound(f"{path} is not a worktree of Locus", "see `locus worktree list`; nothing was removed")


def _unwanted(place: Standing, days: int, *, named: bool) -> str | None:
    if place.owner is None and place.restored is None and not named:
        return "no run knows it; name it to remove it"
    if days and place.touched > time.time() - days * _DAY:
        return f"it was used less than {days} day{'' if days == 1 else 's'} ago"
    return None
