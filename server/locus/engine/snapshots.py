"""Before anything is removed or reset, all of it goes to a keep ref, and the journal says which."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from locus.engine.run import Run
from locus.errors import ProcessFailed
from locus.model import naming
from locus.model.events import Kept
from locus.repo import keep
from locus.repo.drift import settle
from locus.repo.objects import rev_parse, update_ref
from locus.repo.work import set_back


async def snapshot(run: Run, worktree: Path, task: int | None, reason: str) -> None:
    """Keeps what differs from HEAD, if anything does. Raises LocusError when it cannot be kept whole: nothing may be removed then."""
    for ref in _refs(run, task):
        try:
            kept = await keep.keep(worktree, ref, reason=reason)
        except ProcessFailed:
            if (await rev_parse(run.repo.here, ref))[0] is None:
                raise
            continue  # a crash came between the snapshot and its journal line
        if kept is not None:
            run.record(Kept(ref=kept.ref, commit=kept.commit), task)
        return


async def keep_tip(run: Run, commit: str, task: int | None) -> None:
    """Keeps the commits of a branch that is about to begin afresh."""
    for ref in _refs(run, task):
        (taken,) = await rev_parse(run.repo.here, ref)
        if taken is None:
            await update_ref(run.repo.here, ref, commit, "")
            run.record(Kept(ref=ref, commit=commit), task)
        if taken in (None, commit):
            return


async def back_to(run: Run, worktree: Path, branch: str, start: str, task: int | None) -> None:
    """The worktree as it stood at `start`; what it was is kept first. Ignored files stay."""
    await snapshot(run, worktree, task, "before it was set back to the task's start")
    head, branch_tip = await rev_parse(worktree, "HEAD", f"refs/heads/{branch}")
    for commit in {head, branch_tip} - {None, start}:
        await keep_tip(run, str(commit), task)
    await settle(worktree, branch, start)
    await set_back(worktree, start)


def _refs(run: Run, task: int | None) -> Iterator[str]:
    """From the first that the journal does not name yet."""
    for number in itertools.count(run.journal.fold.kept.get(task, 0) + 1):
        yield f"{naming.KEEP_REFS}{run.id}/{'sprint' if task is None else task}/{number}"
