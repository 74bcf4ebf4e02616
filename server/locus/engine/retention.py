"""At the end of a run: snapshots whose time is over go, and worktrees beyond `worktree.maxKept` become snapshots. Each is told."""

from __future__ import annotations

import os
from pathlib import Path

from locus.engine.cleaning import put_away
from locus.engine.run import Run
from locus.engine.standing import Standing, standing, worked_in
from locus.errors import LocusError
from locus.model.config import KeepSection
from locus.repo import kept


async def tidy(run: Run) -> None:
    """Costs one git command where there is nothing to do. What fails is a warning: the work of the run is done."""
    if run.control.stopping:
        return  # a person is waiting
    try:
        await _expire(run, run.config.keep)
        await _make_room(run, run.config.worktree.max_kept)
    except LocusError as error:
        run.warn(f"old snapshots and worktrees could not be looked through: {error}")


async def _expire(run: Run, keep: KeepSection) -> None:
    gone = await kept.expire(run.repo, keep.days, keep.max_bytes)
    if gone:
        names = ", ".join(each.ref for each in gone[:3]) + (f" and {len(gone) - 3} more" if len(gone) > 3 else "")
        run.warn(f"snapshots whose time was over have gone (keep.days {keep.days}, keep.maxBytes {keep.max_bytes}): {names}")


async def _make_room(run: Run, room: int) -> None:
    """The least recently used first. Only unfinished work counts: what is done and still stands waits for its remote."""
    if _folders(run.repo.worktrees_dir) <= room:
        return
    places = [place for place in await standing(run.ws) if _unfinished(place) and not worked_in(run.ws, place)]
    for place in places[: max(0, len(places) - room)]:
        if await put_away(run.ws, place, f"made room: more than {room} worktrees were kept") is None:
            short = "/".join(place.labels)
            run.warn(
                f"more than {room} worktrees were kept (worktree.maxKept): {place.tree.path} was removed. Its run can still be resumed; "
                f"`locus worktree list` names the snapshots of {short}"
            )


def _folders(folder: Path) -> int:
    try:
        return sum(entry.is_dir(follow_symlinks=False) for entry in os.scandir(folder))
    except FileNotFoundError:
        return 0


def _unfinished(place: Standing) -> bool:
    return place.owner is not None and not place.owner.task.state.succeeded and place.tree.locked is None and place.tree.path.is_dir()
