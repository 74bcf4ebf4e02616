"""A run that waits for a service says so, and goes on by itself; a stop ends the waiting."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator

from locus.engine.control import Control
from locus.engine.journal import Sink
from locus.engine.verdicts import interrupted
from locus.errors import OutOfReach
from locus.model.events import RunStateChanged
from locus.model.states import RunState

PAUSES = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds after which a service that did not answer is asked again; the last one for ever."""


class Patience:
    """Several tasks of a run may wait at once; the reason that is shown is the latest."""

    def __init__(self, journal: Sink, control: Control) -> None:
        self._journal, self._control = journal, control
        self._waiting = 0
        self._over = False

    @property
    def waiting(self) -> bool:
        """Whether something waits for a service at this moment."""
        return self._waiting > 0

    def end(self) -> None:
        """The run is over: what still waits, for an answer that nobody needs any more, says nothing about it."""
        self._over = True

    async def until(self, moment: float, reason: str) -> None:
        """`moment` is in seconds since the epoch. Raises TaskEnded(interrupted) when the run is being stopped."""
        stop = self._control.stop.of(None)
        if stop.is_set() or self._over:
            raise interrupted(f"stopped while {reason}")
        self._waiting += 1
        self._journal.append(RunStateChanged(state=RunState.WAITING, reason=reason))
        try:
            async with asyncio.timeout(max(0.0, moment - time.time())):
                await stop.wait()
        except TimeoutError:
            return
        finally:
            self._waiting -= 1
            if not self._waiting and not stop.is_set() and not self._over:
                self._journal.append(RunStateChanged(state=RunState.RUNNING))
        raise interrupted(f"stopped while {reason}")

    def pauses(self) -> Iterator[float]:
        yield from itertools.chain(PAUSES, itertools.repeat(PAUSES[-1]))

    async def again(self, pause: float, error: OutOfReach) -> None:
        """Waits before what did not get an answer is tried again."""
        moment = time.time() + pause
        await self.until(moment, f"{error.message}; trying again at {time.strftime('%H:%M:%S', time.localtime(moment))}")
