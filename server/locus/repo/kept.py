"""The snapshots that are kept: listing them, and letting the old ones go."""

from __future__ import annotations

import time
from dataclasses import dataclass

from locus.repo.discover import Repository
from locus.repo.git import git
from locus.repo.keep import HEAD_TRAILER, KEEP_REFS, NO_HEAD, REASON_TRAILER
from locus.repo.objects import RefUpdate, update_refs

RETENTION_DAYS = 30
RETENTION_BYTES = 2 * 1024**3
_DAY = 86400


@dataclass(frozen=True)
class KeepRef:
    ref: str
    commit: str
    at: float
    """Seconds since the epoch."""
    run: str
    task: str
    reason: str
    head: str | None
    """The commit that was checked out."""


async def keeps(repo: Repository) -> list[KeepRef]:
    """Oldest first."""
    form = "--format=%(refname)%00%(objectname)%00%(committerdate:unix)%00%(contents:trailers:only,unfold)%01"
    done = await git("for-each-ref", "--sort=committerdate", form, KEEP_REFS, cwd=repo.main)
    found = []
    for record in done.out.split("\x01"):
        if "\0" not in record:
            continue
        ref, commit, at, block = record.strip().split("\0")
        told = dict(line.partition(": ")[::2] for line in block.splitlines())
        run, _, rest = ref.removeprefix(KEEP_REFS).partition("/")
        head = told.get(HEAD_TRAILER, NO_HEAD)
        task = rest.rpartition("/")[0]
        found.append(KeepRef(ref, commit, float(at), run, task, told.get(REASON_TRAILER, ""), None if head == NO_HEAD else head))
    return found


async def next_ref(repo: Repository, run: str, task: int | str) -> str:
    """The first free refs/locus/keep/<run>/<task>/<n>."""
    prefix = f"{KEEP_REFS}{run}/{task}/"
    done = await git("for-each-ref", "--format=%(refname)", prefix, cwd=repo.main)
    taken = [int(number) for ref in done.out.splitlines() if (number := ref.removeprefix(prefix)).isdecimal()]
    return f"{prefix}{max(taken, default=0) + 1}"


async def size(repo: Repository, kept: KeepRef) -> int:
    """Bytes on disk that only this snapshot's difference from its HEAD takes."""
    known = (f"^{kept.head}",) if kept.head else ()
    done = await git("rev-list", "--disk-usage", "--objects", kept.commit, *known, cwd=repo.main)
    return int(done.out)


async def drop(repo: Repository, dropped: list[KeepRef]) -> None:
    await update_refs(repo.main, [RefUpdate(kept.ref, None, kept.commit) for kept in dropped])


async def expire(
    repo: Repository, days: float = RETENTION_DAYS, max_bytes: int = RETENTION_BYTES, *, now: float | None = None
) -> list[KeepRef]:
    """Lets go of snapshots older than `days`, then of the oldest until the rest takes at most `max_bytes`. Returns those."""
    limit = (time.time() if now is None else now) - days * _DAY
    standing = await keeps(repo)
    dropped = [kept for kept in standing if kept.at < limit]
    room = max_bytes
    for kept in reversed([kept for kept in standing if kept.at >= limit]):
        room -= await size(repo, kept)
        if room < 0:
            dropped.append(kept)
    if dropped:
        await drop(repo, dropped)
    return dropped
