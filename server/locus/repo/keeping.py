"""All that a worktree holds, kept before anything is done to it: its files, the commit it stands at, and the tip of its branch."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping
from pathlib import Path

from locus.errors import Refused
from locus.repo.discover import Repository
from locus.repo.git import GitFailed
from locus.repo.keep import Kept, keep, keep_commit
from locus.repo.names import head_ref
from locus.repo.objects import refs_below, rev_parse, update_ref
from locus.repo.records import intact, mend


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
    LocusError when something cannot be kept whole: then nothing may be removed.
    """
    await asyncio.to_thread(mend, repo, worktree)
    if not intact(repo, worktree):
        raise Refused(f"{worktree} is not a worktree of this repository", "look what stands there; nothing was removed")
    standing = await refs_below(repo.main, prefix)
    made: list[Kept] = []
    kept = await keep(worktree, _next(prefix, standing, used), reason=reason)
    if kept is not None and await _same(repo, kept.commit, standing.values()):
        with contextlib.suppress(GitFailed):  # another git holds the refs: then it is kept twice
            await update_ref(repo.main, kept.ref, None, kept.commit)
    elif kept is not None:
        made.append(kept)
        standing[kept.ref] = kept.commit
    tips = await rev_parse(worktree, "HEAD", *([head_ref(branch)] if branch else []))
    for tip in dict.fromkeys(tips):
        if tip is not None and tip not in known:
            made += await _keep_tip(repo, tip, prefix, standing, reason, used)
    return made


async def keep_tip(repo: Repository, commit: str, prefix: str, *, reason: str, used: int = 0) -> list[Kept]:
    """Keeps `commit` and its history below `prefix`, unless it is kept there. Returns the new snapshot, if there is one."""
    return await _keep_tip(repo, commit, prefix, await refs_below(repo.main, prefix), reason, used)


async def _keep_tip(repo: Repository, commit: str, prefix: str, standing: dict[str, str], reason: str, used: int) -> list[Kept]:
    below = await rev_parse(repo.main, *(f"{each}^1" for each in standing.values())) if standing else []
    if commit in below or commit in standing.values():
        return []
    kept = await keep_commit(repo.main, _next(prefix, standing, used), commit, reason=reason)
    standing[kept.ref] = kept.commit
    return [kept]


def _next(prefix: str, standing: Mapping[str, str], used: int) -> str:
    """Never a number that was used before, so that a journal stays true."""
    taken = [int(last) for ref in standing if (last := ref.removeprefix(prefix)).isdecimal()]
    return f"{prefix}{max([used, *taken]) + 1}"


async def _same(repo: Repository, commit: str, others: Collection[str]) -> bool:
    """One of the others is a snapshot of the same files, raw ones included, at the same HEAD."""
    mine, *theirs = [await rev_parse(repo.main, f"{each}^{{tree}}", f"{each}^1", f"{each}^2^{{tree}}") for each in (commit, *others)]
    return mine in theirs
