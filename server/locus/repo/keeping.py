"""All that a worktree holds, kept before anything is done to it: files, what is checked out, and the tip of its branch."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from locus.repo.discover import Repository
from locus.repo.keep import Kept, keep, keep_commit
from locus.repo.names import head_ref
from locus.repo.objects import refs_below, rev_parse, update_ref


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
    """Keeps everything in `worktree`, and `branch`, on new refs below `prefix` (`refs/locus/keep/<run>/<task>/`), numbered from `used` + 1.

    Commits in `known` are safe elsewhere. What a snapshot below `prefix` holds already is not kept again. Returns the new snapshots;
    raises LocusError when something cannot be kept whole: then nothing may be removed.
    """
    standing = await refs_below(repo.main, prefix)
    taken = [int(last) for ref in standing if (last := ref.removeprefix(prefix)).isdecimal()]
    number = max([used, *taken]) + 1
    made: list[Kept] = []
    kept = await keep(worktree, f"{prefix}{number}", reason=reason)
    held = await _held(repo, standing)
    if kept is not None:
        if await _same(repo, kept.commit, list(standing.values())):
            await update_ref(repo.main, kept.ref, None, kept.commit)
        else:
            made.append(kept)
            number += 1
        held.add(kept.head)
    tips = await rev_parse(worktree, "HEAD", *([head_ref(branch)] if branch else []))
    for tip in dict.fromkeys(tips):
        if tip is not None and tip not in known and tip not in held:
            made.append(await keep_commit(worktree, f"{prefix}{number}", tip, reason=reason))
            number += 1
    return made


async def _held(repo: Repository, standing: dict[str, str]) -> set[str | None]:
    """The commits that were checked out when these snapshots were taken."""
    parents = await rev_parse(repo.main, *(f"{commit}^1" for commit in standing.values())) if standing else []
    return {*parents, *standing.values()} - {None}


async def _same(repo: Repository, commit: str, others: list[str]) -> bool:
    """One of the others is a snapshot of the same files, raw ones included, at the same HEAD."""
    if not others:
        return False
    mine, *theirs = [await rev_parse(repo.main, f"{each}^{{tree}}", f"{each}^1", f"{each}^2^{{tree}}") for each in (commit, *others)]
    return mine in theirs
