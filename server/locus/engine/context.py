"""What an agent is told about the repository: bounded, and the same for all tasks of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from locus.repo.objects import recent_subjects, tree_paths

MAX_ENTRIES = 120
MAX_COMMITS = 10
MAX_INSTRUCTIONS = 32_000
"""Characters of .locus/LOCUS.md; what is over is said to be cut."""


@dataclass(frozen=True)
class RepositoryContext:
    entries: tuple[str, ...]
    """Paths of the first two levels at the base, folders with a trailing slash."""
    more_entries: int
    commits: tuple[str, ...]
    instructions: str


async def repository_context(cwd: Path, commit: str, locus_dir: Path) -> RepositoryContext:
    names = sorted({_short(path) for path in await tree_paths(cwd, commit)})
    commits = await recent_subjects(cwd, commit, MAX_COMMITS)
    return RepositoryContext(
        entries=tuple(names[:MAX_ENTRIES]),
        more_entries=max(0, len(names) - MAX_ENTRIES),
        commits=tuple(commits),
        instructions=_instructions(locus_dir / "LOCUS.md"),
    )


def _short(path: str) -> str:
    parts = path.split("/")
    return path if len(parts) <= 2 else "/".join(parts[:2]) + "/"


def _instructions(path: Path) -> str:
    try:
        content = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    if len(content) <= MAX_INSTRUCTIONS:
        return content.strip()
    return content[:MAX_INSTRUCTIONS].strip() + f"\n[LOCUS.md is longer; cut after {MAX_INSTRUCTIONS} characters]"
