"""The branches of a run. All are locked before its first effect, so that of two runs that want the same one the later begins nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from locus import locks
from locus.engine.verdicts import TaskEnded, blocked, interrupted
from locus.errors import LocusError, Refused
from locus.locks import Lock

log = logging.getLogger("locus.runner")

PATIENCE = 30.0
"""Seconds that a resumed run waits for a branch: the agent of a killed runner is ended within them."""
_LOOK = 0.25
"""Seconds between two looks at whether the lock files are still there."""


@dataclass
class Claim:
    """The branches that a task, or a sprint, has locked. What works on them is handed `fds`: they stay locked until it is gone."""

    path: Callable[[str], Path]
    held: dict[str, Lock] = field(default_factory=dict)

    @property
    def fds(self) -> tuple[int, ...]:
        return tuple(lock.fd for lock in self.held.values())

    def add(self, branch: str) -> bool:
        """False when another process has it."""
        if branch not in self.held and (lock := locks.try_lock(self.path(branch))) is not None:
            self.held[branch] = lock
        return branch in self.held

    def drop(self, branch: str) -> None:
        self.held.pop(branch).close()

    def close(self) -> None:
        for branch in list(self.held):
            self.drop(branch)

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Claims:
    """`path` gives the lock file of a branch. Only a resumed run is `patient`: it waits for what another process has."""

    def __init__(self, path: Callable[[str], Path], *, patient: bool) -> None:
        self.patient = patient
        self._path = path
        self._waiting = Claim(path)
        self._begun: list[Claim] = []

    def take(self, branches: Iterable[str]) -> None:
        """Raises Refused, holding none, when another run has one of them. A patient claim waits for that one when its task begins.

        Every run takes them in the same order, so that of several that start at once one gets all it wants.
        """
        for branch in sorted(set(branches)):
            if not self._waiting.add(branch) and not self.patient:
                self._waiting.close()
                raise Refused(f"another run is working on {branch}", "see `locus status`; wait for it or stop it with `locus stop`")

    async def of(self, branches: Iterable[str | None], stop: asyncio.Event) -> Claim:
        """For a task that begins now; to be closed at its end. Raises TaskEnded: interrupted when `stop` is set before another process
        lets go of them, blocked when that process keeps them.
        """
        claim = Claim(self._path)
        try:
            for branch in branches:
                if branch is not None:
                    await self._have(claim, branch, stop)
        except BaseException:
            claim.close()
            raise
        self._begun = [begun for begun in self._begun if begun.held] + [claim]
        return claim

    def at_once(self, branch: str) -> Claim | None:
        """As `of`, but None when another process has it."""
        claim = Claim(self._path)
        self._hand_over(claim, branch)
        return claim if claim.add(branch) else None

    def close(self) -> None:
        """Frees what no task has begun with."""
        self._waiting.close()

    def __iter__(self) -> Iterator[Lock]:
        for claim in (self._waiting, *self._begun):
            yield from claim.held.values()

    async def _have(self, claim: Claim, branch: str, stop: asyncio.Event) -> None:
        self._hand_over(claim, branch)
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not claim.add(branch):
            if stop.is_set():
                raise interrupted("stopped before it began")
            if asyncio.get_running_loop().time() > deadline:
                raise taken(branch)
            await asyncio.sleep(0.05)

    def _hand_over(self, claim: Claim, branch: str) -> None:
        if branch in self._waiting.held:
            claim.held[branch] = self._waiting.held.pop(branch)


def taken(branch: str) -> TaskEnded:
    return blocked(f"another run is working on {branch}", "see `locus status`; wait for it, then `locus run --resume`")


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
