"""What an agent is told about the repository: bounded, and the same for all tasks of a run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from locus.engine import learnings
from locus.engine.earlier import MAX_PATCH, Changes
from locus.engine.learnings import Memory
from locus.errors import LocusError
from locus.repo.diffs import diff, diffstat
from locus.repo.objects import merge_base, recent_subjects, tree_paths

MAX_ENTRIES = 120
MAX_COMMITS = 10
MAX_INSTRUCTIONS = 400_000
"""Characters of .locus/LOCUS.md that are read; the prompt's room is smaller."""
_OWN = 4_000
"""Characters; what `locus init` writes is shorter."""
_SAYS_NOTHING = re.compile(r"<!--.*?-->|^#[^\n]*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class RepositoryContext:
    entries: tuple[str, ...]
    """Paths of the first two levels at the base, folders with a trailing slash."""
    more_entries: int
    commits: tuple[str, ...]
    instructions: str
    memory: tuple[Memory, ...] = ()


async def repository_context(cwd: Path, commit: str, locus_dir: Path) -> RepositoryContext:
    names = sorted({_short(path) for path in await tree_paths(cwd, commit)})
    commits = await recent_subjects(cwd, commit, MAX_COMMITS)
    return RepositoryContext(
        entries=tuple(names[:MAX_ENTRIES]),
        more_entries=max(0, len(names) - MAX_ENTRIES),
        commits=tuple(commits),
        instructions=instructions(locus_dir / "LOCUS.md"),
        memory=learnings.read(locus_dir / "memory"),
    )


async def changes_since(cwd: Path, base: str, tip: str) -> Changes:
    """What `tip` has changed since it left `base`."""
    if tip == base:
        return Changes()
    since = await merge_base(cwd, base, tip) or base
    return Changes(await diffstat(cwd, since, tip), await diff(cwd, since, tip, cap=MAX_PATCH))


def _short(path: str) -> str:
    parts = path.split("/")
    return path if len(parts) <= 2 else "/".join(parts[:2]) + "/"


def instructions(path: Path) -> str:
    """Nothing where only headings and comments stand, as in the file that `locus init` writes. A link that leads out of `.locus` is left
    alone, as in its memory: the repository may be anybody's.
    """
    try:
        if not path.is_file() or not path.resolve().is_relative_to(path.parent.resolve()):
            return ""
        text = path.read_text(encoding="utf-8", errors="replace")[:MAX_INSTRUCTIONS].strip()
    except OSError as error:
        raise LocusError(f"{path} cannot be read: {error.strerror}", "make it readable for you") from error
    return text if len(text) > _OWN or _SAYS_NOTHING.sub("", text).strip() else ""
