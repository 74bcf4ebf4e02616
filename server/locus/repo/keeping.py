"""All that a worktree holds, kept before anything is done to it: its files, the commit it stands at, and the tip of its branch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from locus.errors import Refused
from locus.repo import ref_locks
from locus.repo.discover import Repository
from locus.repo.git import GitFailed
from locus.repo.keep import Kept, keep, keep_commit
from locus.repo.kept import KeepRef, keeps
from locus.repo.names import head_ref
from locus.repo.objects import RefUpdate, rev_parse, update_refs
from locus.repo.records import intact, mend

_LATELY = 86400
"""Seconds for which what was kept before counts as kept now: retention begins with the last time."""


async def keep_whole(
    repo: Repository,
    worktree: Path,
    prefix: str,
    *,
    reason: str,
    branch: str | None = None,
    known: Collection[str | None] = (),
    used: int = 0,
) -> list[Kept]:
    """Keeps everything in `worktree`, and `branch`, on new refs below `prefix` (refs/locus/keep/<run>/<task>/), numbered from `used` + 1.

    Commits in `known` are safe elsewhere. What stands below `prefix` already is not kept again. Returns the new snapshots; raises
    LocusError when something cannot be kept whole: then nothing may be removed. The caller alone keeps anything below `prefix` just then.
    """
    ref_locks.clear_below(repo, prefix)
    await asyncio.to_thread(mend, repo, worktree)
    if not intact(repo, worktree):
        raise Refused(f"{worktree} is not a worktree of this repository", "look what stands there; nothing was removed")
    standing = await keeps(repo, prefix)
    kept = await keep(worktree, _next(prefix, standing, used), reason=reason)
    made = [kept] if kept is not None and not await _renewed(repo, kept, standing) else []
    tips = await rev_parse(worktree, "HEAD", *([head_ref(branch)] if branch else []))
    held = _held(standing) | ({kept.head} if kept is not None else set())
    for tip in dict.fromkeys(tips):
        if tip is not None and tip not in known and tip not in held:
            made.append(await keep_commit(worktree, _next(prefix, standing, used, len(made)), tip, reason=reason))
    return made


async def keep_tip(repo: Repository, commit: str, prefix: str, *, reason: str, used: int = 0) -> list[Kept]:
    """Keeps `commit` and its history below `prefix`, unless it is kept there. Returns the new snapshot, if there is one."""
    ref_locks.clear_below(repo, prefix)
    standing = await keeps(repo, prefix)
    if commit in _held(standing):
        return []
    return [await keep_commit(repo.main, _next(prefix, standing, used), commit, reason=reason)]


def _held(standing: Sequence[KeepRef]) -> set[str | None]:
    """The commits that these keep, as long as if they were kept now."""
    return {each.head or each.commit for each in standing if each.at > time.time() - _LATELY}


def _next(prefix: str, standing: Sequence[KeepRef], used: int, made: int = 0) -> str:
    """Never a number that was used before, so that a journal stays true."""
    taken = [int(last) for each in standing if (last := each.ref.removeprefix(prefix)).isdecimal()]
    return f"{prefix}{max([used, *taken]) + 1 + made}"


async def _renewed(repo: Repository, kept: Kept, standing: Sequence[KeepRef]) -> bool:
    """Whether one of these holds the same files, raw ones included, at the same HEAD; then it is taken for made now, in place of `kept`."""
    commits = [kept.commit, *(each.commit for each in standing)]
    found = await rev_parse(repo.main, *(f"{each}{part}" for each in commits for part in ("^{tree}", "^1", "^2^{tree}")))
    for number, each in enumerate(standing, 1):
        if found[number * 3 : number * 3 + 3] == found[:3]:
            renewal = [RefUpdate(each.ref, kept.commit, each.commit), RefUpdate(kept.ref, None, kept.commit)]
            try:
                await update_refs(repo.main, renewal)
            except GitFailed:
                return False  # another git holds the refs: then it is kept twice
            return True
    return False
