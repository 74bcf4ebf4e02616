"""Where a task is worked on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """A worktree on `branch`, beginning at the commit `start`. `hold` keeps the branch locked."""

    branch: str
    worktree: Path
    start: str
    start_tree: str
    hold: Sequence[int]
