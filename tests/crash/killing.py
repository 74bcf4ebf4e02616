"""Ending a run at one line of its journal, as if the process had died there."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from locus.engine.journal import Journal
from locus.model.events import Record, RunEvent
from locus.model.run import Fold

When = Literal["before", "after"]


class Killed(BaseException):
    """Not an Exception: nothing in the engine may catch it."""


class Fuse:
    """A journal that dies at its n-th line, before or after it is on disk; and stays dead."""

    def __init__(self, path: Path, line: int, when: When) -> None:
        self._journal = Journal(path)
        self._line, self._when = line, when
        self._dead = False

    @property
    def fold(self) -> Fold:
        return self._journal.fold

    def append(self, event: RunEvent, task: int | None = None) -> Record:
        if self._dead:
            raise Killed
        if self._journal.fold.seq + 1 < self._line:
            return self._journal.append(event, task)
        self._dead = True
        if self._when == "after":
            self._journal.append(event, task)
        raise Killed

    async def sync(self) -> None:
        await self._journal.sync()
