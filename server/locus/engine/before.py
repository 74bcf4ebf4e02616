"""Whether a check that was found automatically fails without a task's changes too: then it is not held against the task."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from locus.model.events import Verified
from locus.model.problems import VerifyProblem
from locus.repo import worktrees
from locus.repo.discover import Repository

Runner = Callable[[Path], Awaitable[Verified]]
"""Runs a check in a worktree."""


@dataclass
class Before:
    """Results at the commits that tasks of one run have begun on; found out when first asked for."""

    name: str
    """Of the worktree that is made for it, and removed again."""
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
        path = repo.worktrees_dir / self.name
        if (path / ".git").exists():  # of this run before it was killed
            await worktrees.remove(repo, path, trash=trash)
        await worktrees.create(repo, path, None, start=start)
        try:
            return await run(path)
        finally:
            await asyncio.shield(worktrees.remove(repo, path, trash=trash))


def _like(problem: VerifyProblem) -> tuple[str | None, str | None, str]:
    """Lines move with what is written above them."""
    return problem.file, problem.code, problem.message
