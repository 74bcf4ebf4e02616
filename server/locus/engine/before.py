"""Whether a check that was found automatically fails without a task's changes too: then it is not held against the task."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from locus import locks
from locus.engine import store
from locus.errors import LocusError
from locus.model import naming
from locus.model.events import Verified
from locus.model.problems import VerifyProblem
from locus.repo import records, worktrees
from locus.repo.discover import Repository
from locus.repo.files import move_aside, present, real
from locus.workspace import Workspace

log = logging.getLogger("locus.before")

_PREFIX: Final = "check-"

Runner = Callable[[Path], Awaitable[Verified]]
"""Runs a check in a worktree."""


@dataclass
class Before:
    """Results at the commits that tasks of one run have begun on; found out when first asked for."""

    run_id: str
    _known: dict[tuple[str, str], Verified] = field(default_factory=dict)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def held(self, repo: Repository, trash: Path, start: str, result: Verified, run: Runner) -> Verified:
        """What of a failed result is the task's doing: with its own problems alone, or passed as far as this task is concerned."""
        async with self._one:
            key = (start, result.name)
            if key not in self._known:
                self._known[key] = await self._at(repo, trash, start, run)
        before = self._known[key]
        if before.ok:
            return result
        old = {_like(problem) for problem in before.problems}
        own = tuple(problem for problem in result.problems if _like(problem) not in old)
        if own:
            return result.model_copy(update={"problems": own})
        return result.model_copy(update={"ok": True, "before": True, "output": "", "problems": (), "more_problems": 0})

    async def _at(self, repo: Repository, trash: Path, start: str, run: Runner) -> Verified:
        path = repo.worktrees_dir / worktree_name(self.run_id)
        with await locks.lock(_lock(repo)):
            await _clear(repo, path, trash)  # of this run before it was killed
            await worktrees.create(repo, path, None, start=start)
        try:
            return await run(path)
        finally:
            await asyncio.shield(worktrees.remove(repo, path, trash=trash))


def worktree_name(run_id: str) -> str:
    """Of the worktree that is made for a comparison, and removed again."""
    return f"{_PREFIX}{run_id}"


def compared_by(worktree: Path) -> str | None:
    """The run whose comparison a worktree is for."""
    run_id = worktree.name.removeprefix(_PREFIX)
    return run_id if worktree.name.startswith(_PREFIX) and naming.run_began(run_id) is not None else None


async def clear_cut_off(ws: Workspace, own: str) -> None:
    """Removes the worktrees of comparisons in which a runner was killed; nothing of a person's is in them. `own`: the run that begins."""
    await worktrees.clear_unmade(ws.repo)
    folder = real(ws.repo.worktrees_dir)
    stand = {*folder.glob(f"{_PREFIX}*"), *(path for path in records.records(ws.repo) if path.parent == folder)}
    found = {path: run_id for path in stand if (run_id := compared_by(path)) is not None}
    if not found or (held := locks.try_lock(_lock(ws.repo))) is None:
        return
    with held:
        for path, run_id in found.items():
            if run_id != own and locks.is_held(ws.runs / run_id / store.LOCK):
                continue
            try:
                await _clear(ws.repo, path, ws.state / "trash")
            except LocusError as error:
                log.warning("%s, where %s compared a check, stays: %s", path, run_id, error)


async def _clear(repo: Repository, path: Path, trash: Path) -> None:
    """The worktree, or what is left of one that was cut off while it was made or removed."""
    if real(path) in records.records(repo):
        await worktrees.remove(repo, path, trash=trash)
        return
    if present(path):
        await worktrees.empty(move_aside(path, trash))
    await worktrees.forget(repo, path)


def _lock(repo: Repository) -> Path:
    """Held while a comparison's worktree is made, and while what others have left is cleared away."""
    return repo.state_dir / "locks" / "comparisons"


def _like(problem: VerifyProblem) -> tuple[str | None, str | None, str]:
    """Lines move with what is written above them."""
    return problem.file, problem.code, problem.message
