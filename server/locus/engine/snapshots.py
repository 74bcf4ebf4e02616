"""Before anything is removed or reset, and when a task ends badly, all of it goes to keep refs; the journal says to which."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from locus.engine.run import Run
from locus.model import naming
from locus.model.events import Kept
from locus.repo import keep, keeping
from locus.repo.drift import settle
from locus.repo.present import changes
from locus.repo.work import head_in, set_back


async def snapshot(run: Run, worktree: Path, task: int | None, reason: str) -> None:
    """Keeps what differs from HEAD, and HEAD where it is on no branch. Raises LocusError when it cannot: nothing may be removed then."""
    head = await head_in(worktree)
    safe = {head.commit} if head.branch is not None else set()
    _told(run, task, await keeping.keep_whole(run.repo, worktree, _prefix(run, task), reason=reason, known=safe, used=_used(run, task)))


async def whole(run: Run, worktree: Path, branch: str, start: str, task: int | None, reason: str) -> None:
    """Keeps everything that came about since `start`: files, HEAD, and the branch. What is kept already is not kept again."""
    made = await keeping.keep_whole(
        run.repo, worktree, _prefix(run, task), reason=reason, branch=branch, known={start}, used=_used(run, task)
    )
    _told(run, task, made)


async def left_out(run: Run, worktree: Path, task: int) -> None:
    """Keeps what the commit of a finished task leaves out, such as a repository that the agent has made: the next task may change it."""
    if (await changes(worktree))[1]:
        await snapshot(run, worktree, task, "what its commit leaves out")


async def keep_tip(run: Run, commit: str, task: int | None, reason: str = "before its branch began afresh") -> None:
    """Keeps the commits of a branch that is about to begin elsewhere."""
    _told(run, task, await keeping.keep_tip(run.repo, commit, _prefix(run, task), reason=reason, used=_used(run, task)))


async def back_to(run: Run, worktree: Path, branch: str, start: str, task: int | None) -> None:
    """The worktree as it stood at `start`; what it was is kept first. Ignored files stay."""
    await whole(run, worktree, branch, start, task, "before it was set back to the task's start")
    await settle(worktree, branch, start)
    await set_back(worktree, start)


def _prefix(run: Run, task: int | None) -> str:
    return f"{naming.KEEP_REFS}{run.id}/{'sprint' if task is None else task}/"


def _used(run: Run, task: int | None) -> int:
    """Numbers that the journal names."""
    return run.journal.fold.kept.get(task, 0)


def _told(run: Run, task: int | None, made: Sequence[keep.Kept]) -> None:
    for kept in made:
        run.record(Kept(ref=kept.ref, commit=kept.commit), task)
