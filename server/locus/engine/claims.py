"""The branches of a run. All are locked before its first effect, so that of two runs that want the same one the later begins nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from locus import locks
from locus.engine.verdicts import blocked, interrupted
from locus.errors import LocusError, Refused
from locus.locks import Lock

log = logging.getLogger("locus.runner")

PATIENCE = 30.0
"""Seconds that a resumed run waits for a branch: the agent of a killed runner is ended within them."""
_LOOK = 0.25
"""Seconds between two looks at whether the lock files are still there."""


class Claims:
    """`path` gives the lock file of a branch. Only a resumed run is `patient`: it waits for what another process has."""

    def __init__(self, path: Callable[[str], Path], *, patient: bool) -> None:
        self._path = path
        self.patient = patient
        self._held: dict[str, Lock] = {}
        self._in_use: list[Lock] = []

    def take(self, branches: Iterable[str]) -> None:
        """Raises Refused, holding none, when another run has one of them. A patient claim waits for that one when its task begins.

        Every run takes them in the same order, so that of several that start at once one gets all it wants.
        """
        for branch in sorted(set(branches)):
            lock = locks.try_lock(self._path(branch))
            if lock is not None:
                self._held[branch] = lock
            elif not self.patient:
                self.close()
                raise Refused(f"another run is working on {branch}", "see `locus status`; wait for it or stop it with `locus stop`")

    async def of(self, branch: str, stop: asyncio.Event) -> Lock:
        """The lock, which is the caller's to close from now on. Raises TaskEnded: interrupted when `stop` is set before another process
        lets it go, blocked when that process keeps it.
        """
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while (lock := self.at_once(branch)) is None:
            if stop.is_set():
                raise interrupted("stopped before it began")
            if asyncio.get_running_loop().time() > deadline:
                raise blocked(f"another run is working on {branch}", "see `locus status`; wait for it, then `locus run --resume`")
            await asyncio.sleep(0.05)
        return lock

    def at_once(self, branch: str) -> Lock | None:
        """As `of`, but None when another process has it."""
        lock = self._held.pop(branch, None) or locks.try_lock(self._path(branch))
        if lock is not None:
            self._in_use = [used for used in self._in_use if used.fd >= 0] + [lock]
        return lock

    def close(self) -> None:
        """Frees what no task has begun with."""
        for lock in self._held.values():
            lock.close()
        self._held.clear()

    def __iter__(self) -> Iterator[Lock]:
        """Those that are held, by tasks too."""
        yield from self._held.values()
        yield from (lock for lock in self._in_use if lock.fd >= 0)


async def guard(held: Callable[[], Iterable[Lock]], lost: Callable[[Lock], None]) -> None:
    """Puts back lock files that somebody has deleted, until it is cancelled. `lost` is told where another process was faster."""
    while True:
        for lock in held():
            if not lock.intact:
                log.warning("somebody has deleted the lock file %s", lock.path)
                try:
                    mended = lock.mend()
                except LocusError as error:
                    log.warning("it cannot be put back yet: %s", error)
                    continue
                if not mended:
                    lost(lock)
        await asyncio.sleep(_LOOK)
