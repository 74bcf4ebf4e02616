"""How a task is closed: its state in the journal, then the tracker told. And a finished worktree put away."""

from __future__ import annotations

import os
from pathlib import Path

from locus.engine import messages, snapshots
from locus.engine.effects import Effect, Result
from locus.engine.place import Place
from locus.engine.run import Run
from locus.engine.verdicts import TaskEnded
from locus.errors import LocusError
from locus.model.states import TaskState
from locus.repo import records, work, worktrees
from locus.repo.names import OWN_REFS
from locus.repo.objects import is_ancestor, rev_parse, update_ref


async def badly(run: Run, number: int, ended: TaskEnded, place: Place | None) -> None:
    """The worktree stays, and all that is in it is kept besides: folders are easily deleted. The branch's tip is remembered as ours, so
    that a later run knows it.
    """
    if place is not None:
        await _keep(run, number, ended, place)
    run.end(number, ended)
    attempt = run.task(number).attempt
    if place is not None:
        await _remember_tip(run, place)
    run.notices.status(number, ended.state)
    if ended.state is not TaskState.INTERRUPTED:
        hint = _for_others(run, ended.hint) if ended.hint else None
        body = messages.failed_comment(_for_others(run, ended.message), hint, place.branch if place else None)
        run.notices.comment(number, attempt, "failed", body)


def _for_others(run: Run, text: str) -> str:
    """Whoever reads the issue need not know where on this machine the repository lies, nor what its person is called there."""
    return text.replace(f"{run.repo.main}{os.sep}", "").replace(str(Path.home()), "~")


async def _remember_tip(run: Run, place: Place) -> None:
    """A failure is a warning: it must not end the tasks beside this one."""
    try:
        (tip,) = await rev_parse(run.repo.here, f"refs/heads/{place.branch}")
        if tip is not None and tip != place.start:
            await update_ref(run.repo.here, f"{OWN_REFS}{place.branch}", tip)
    except LocusError as error:
        run.warn(f"where {place.branch} stands was not noted, a later run may take it for somebody else's: {error}")


async def _keep(run: Run, number: int, ended: TaskEnded, place: Place) -> None:
    """A failure is a warning: the worktree is still there."""
    try:
        await snapshots.whole(run, place.worktree, place.branch, place.start, number, f"{ended.state}: {ended.message}"[:200])
        (tip,) = await rev_parse(run.repo.here, f"refs/heads/{place.branch}")
        if tip != place.start and (tip is None or not await is_ancestor(run.repo.here, place.start, tip)):
            await snapshots.keep_tip(run, place.start, number, "before its agent rewrote history")  # it may be an earlier attempt's
    except LocusError as error:
        run.warn(f"no snapshot could be taken of {place.worktree}: {error}")


async def put_away(run: Run, key: str, worktree: Path, task: int | None) -> None:
    """Removes a worktree whose commits are safe. A failure is a warning: the work itself is done."""

    async def look() -> Result | None:
        return None if worktree.exists() or records.remains(run.repo, worktree) else {}

    async def act() -> Result:
        records.mend(run.repo, worktree)  # a removal that was cut off may have begun with its `.git`
        if not worktree.exists():
            await worktrees.forget(run.repo, worktree)
        elif not await work.put_away(run.repo, worktree):
            await snapshots.snapshot(run, worktree, task, "before the finished worktree was removed")
            await worktrees.remove(run.repo, worktree, trash=run.trash)
        return {}

    try:
        await run.effects.perform(Effect(key, look, act), task)
    except LocusError as error:
        run.warn(f"the worktree {worktree} could not be removed: {error}")
