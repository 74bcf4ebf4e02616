"""Before anything is removed or reset, all of it goes to a keep ref, and the journal says which."""

from __future__ import annotations

from pathlib import Path

from locus.engine.run import Run
from locus.model import naming
from locus.model.events import Kept
from locus.repo import keep
from locus.repo.drift import settle
from locus.repo.git import git
from locus.repo.objects import update_ref


async def snapshot(run: Run, worktree: Path, task: int | None) -> None:
    kept = await keep.keep(worktree, _next_ref(run, task))
    if kept is not None:
        run.record(Kept(ref=kept.ref, commit=kept.commit), task)


async def keep_tip(run: Run, commit: str, task: int | None) -> None:
    """Keeps the commits of a branch that is about to begin afresh."""
    ref = _next_ref(run, task)
    await update_ref(run.repo.here, ref, commit, "")
    run.record(Kept(ref=ref, commit=commit), task)


async def back_to(run: Run, worktree: Path, branch: str, start: str, task: int | None) -> None:
    """The worktree as it stood at `start`; what it was is kept first. Ignored files stay: they are caches, and slow to make again."""
    await snapshot(run, worktree, task)
    await settle(worktree, branch, start)
    await git("reset", "--hard", "--quiet", start, cwd=worktree)
    await git("clean", "-ffdq", cwd=worktree)


def _next_ref(run: Run, task: int | None) -> str:
    """Never one that the journal already names; keep.py sees to it that none is overwritten."""
    count = run.journal.fold.kept.get(task, 0) + 1
    return f"{naming.KEEP_REFS}{run.id}/{'sprint' if task is None else task}/{count}"
