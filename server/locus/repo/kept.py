"""The snapshots that are kept: listing them, and letting the old ones go."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from locus.locks import lock
from locus.model import naming
from locus.repo import ref_locks
from locus.repo.clock import believed
from locus.repo.discover import Repository
from locus.repo.git import git
from locus.repo.keep import HEAD_TRAILER, KEEP_REFS, NO_HEAD, REASON_TRAILER
from locus.repo.objects import RefUpdate, update_refs

RETENTION_DAYS = 30
RETENTION_BYTES = 5 * 1024**3
_DAY = 86400
_UNTOUCHED = _DAY
"""Seconds for which a snapshot stays however large it is: time to look at it, or to allow more room."""


@dataclass(frozen=True)
class KeepRef:
    ref: str
    commit: str
    at: float
    """Seconds since the epoch; not before its run was started, whatever the clock said when it was made."""
    run: str
    task: str
    reason: str
    head: str | None
    """The commit that was checked out."""
    ours: bool = True
    """Made by Locus, so that `at` is when it was kept; else somebody put a commit of their own there, and it is theirs to let go."""


async def keeps(repo: Repository, below: str = KEEP_REFS) -> list[KeepRef]:
    """Those whose names begin with `below`, which ends in a slash; oldest first."""
    form = "--format=%(refname)%00%(objectname)%00%(committerdate:unix)%00%(contents:trailers:only,unfold)%01"
    done = await git("for-each-ref", "--sort=committerdate", form, below, cwd=repo.main)
    found = []
    for record in done.out.split("\x01"):
        if "\0" not in record:
            continue
        ref, commit, at, block = record.strip().split("\0")
        told = dict(line.partition(": ")[::2] for line in block.splitlines())
        run, _, rest = ref.removeprefix(KEEP_REFS).partition("/")
        head = told.get(HEAD_TRAILER, NO_HEAD)
        found.append(
            KeepRef(
                ref=ref,
                commit=commit,
                at=max(float(at), _began(run)),
                run=run,
                task=rest.rpartition("/")[0],
                reason=told.get(REASON_TRAILER, ""),
                head=None if head == NO_HEAD else head,
                ours=REASON_TRAILER in told,
            )
        )
    return sorted(found, key=lambda kept: kept.at)


def _began(run: str) -> float:
    """0 where that is not known, or is still to come: the clock was wrong then."""
    began = naming.run_began(run)
    seconds = 0.0 if began is None else began.replace(tzinfo=UTC).timestamp()
    return seconds if seconds <= time.time() else 0.0


async def size(repo: Repository, *kept: KeepRef) -> int:
    """Bytes on disk that these snapshots together take beyond what branches, remotes and tags hold anyway."""
    commits = "".join(f"{each.commit}\n" for each in kept)
    apart = ("--not", "--branches", "--remotes", "--tags")
    done = await git("rev-list", "--disk-usage", "--objects", "--stdin", *apart, cwd=repo.main, input=commits.encode())
    return int(done.out)


async def drop(repo: Repository, dropped: Sequence[KeepRef]) -> None:
    ref_locks.clear(repo, *(kept.ref for kept in dropped))
    await update_refs(repo.main, [RefUpdate(kept.ref, None, kept.commit) for kept in dropped])


async def expired(
    repo: Repository, days: float = RETENTION_DAYS, max_bytes: int = RETENTION_BYTES, *, now: float | None = None
) -> list[KeepRef]:
    """The snapshots whose time is over, oldest first: those older than `days`, then the oldest until the rest takes at most `max_bytes`.

    What is younger than a day stays whatever it takes. Costs one git command while there are no snapshots, two while they have room.
    `now` is what the clock says, in so far as it can be believed.
    """
    today = believed(repo.state_dir, time.time(), jump=_jump(days)) if now is None else now
    standing = [kept for kept in await keeps(repo) if kept.ours]
    old = [kept for kept in standing if kept.at < today - days * _DAY]
    rest = standing[len(old) :]
    too_many = rest[: await _beyond(repo, rest, max_bytes)]
    return [*old, *(kept for kept in too_many if kept.at < today - _UNTOUCHED)]


async def expire(
    repo: Repository, days: float = RETENTION_DAYS, max_bytes: int = RETENTION_BYTES, *, now: float | None = None
) -> list[KeepRef]:
    """Lets go of what has `expired`, and returns it. Of several that do so at once, one does it. git's gc frees the space later."""
    today = believed(repo.state_dir, time.time(), jump=_jump(days), note=True) if now is None else now
    if not await expired(repo, days, max_bytes, now=today):
        return []
    with await lock(repo.state_dir / "locks" / "keep"):
        gone = await expired(repo, days, max_bytes, now=today)
        await drop(repo, gone)
    return gone


def _jump(days: float) -> float:
    """Seconds between two looks that are more than the usual: well below the time that snapshots have."""
    return _DAY * max(1.0, days / 3)


async def _beyond(repo: Repository, kept: Sequence[KeepRef], room: int) -> int:
    """How many of the first (the oldest) must go for the others to fit. Found by halving: what snapshots share counts once."""
    fewest, enough = 0, len(kept)
    middle = 0  # mostly all of them fit
    while fewest < enough:
        if await size(repo, *kept[middle:]) <= room:
            enough = middle
        else:
            fewest = middle + 1
        middle = (fewest + enough) // 2
    return enough
