"""How fast a worktree is ready in a large repository."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from benchmarks import ground
from benchmarks.ground import Ground, git
from benchmarks.measure import Row, median, times


async def worktree(folder: Path, quick: bool) -> list[Row]:
    from locus.repo import worktrees
    from locus.repo.discover import discover

    files = 2_000 if quick else 10_000
    at = ground.make(folder, files=files)
    repo = discover(at.project)
    base = at.git("rev-parse", "main")
    seconds: dict[str, list[float]] = {"locus": [], "git": []}
    for turn in range(2 if quick else 7):
        ground.settle()
        began = time.perf_counter()
        await worktrees.create(repo, repo.worktrees_dir / f"tree-{turn}", f"locus/tree-{turn}", start=base)
        seconds["locus"].append(time.perf_counter() - began)
        ground.settle()
        seconds["git"].append(await asyncio.to_thread(_floor, at, folder / f"floor-{turn}", turn))
    return [times(f"a worktree of {files:,} files ready", median(seconds["locus"]), median(seconds["git"]), 1.1)]


def _floor(at: Ground, path: Path, turn: int) -> float:
    workers = max(2, min(8, os.cpu_count() or 2))
    parallel = ("-c", f"checkout.workers={workers}", "-c", "checkout.thresholdForParallelism=100")
    began = time.perf_counter()
    git(at.project, at.env, *parallel, "worktree", "add", "--quiet", "--no-track", "-b", f"floor/{turn}", str(path), "main")
    return time.perf_counter() - began
