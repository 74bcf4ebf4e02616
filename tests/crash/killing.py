"""Ending a run at one line of its journal, as if the process had died there; and seeing between which lines the world changes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from locus.engine.journal import Journal
from locus.model.events import RunEnded, RunEvent
from locus.model.fold import Fold
from locus.model.record import Record

When = Literal["before", "after"]


class Killed(BaseException):
    """Not an Exception: nothing in the engine may catch it."""


class Fuse:
    """A journal that dies at one of its lines (named by its number or its event), before or after it is on disk; and stays dead."""

    def __init__(self, path: Path, line: int | Callable[[RunEvent], bool], when: When) -> None:
        self._journal = Journal(path)
        self._line, self._when = line, when
        self._dead = False

    @property
    def fold(self) -> Fold:
        return self._journal.fold

    def append(self, event: RunEvent, task: int | None = None) -> Record:
        if self._dead:
            raise Killed
        if not self._reached(event):
            return self._journal.append(event, task)
        self._dead = True
        if self._when == "after":
            self._journal.append(event, task)
        raise Killed

    async def sync(self) -> None:
        await self._journal.sync()

    def _reached(self, event: RunEvent) -> bool:
        return self._line(event) if callable(self._line) else self._journal.fold.seq + 1 >= self._line


class Watching(Journal):
    """Calls `moved` with the number of each line ahead of which something outside of the journal has changed, before it is written: there
    a death before the line differs from one after the line before it. The first line after the start and the last are always among them."""

    def __init__(self, path: Path, folders: Sequence[Path], moved: Callable[[int], None]) -> None:
        super().__init__(path)
        self._folders, self._moved = folders, moved
        self._before = self._outside()

    def append(self, event: RunEvent, task: int | None = None) -> Record:
        now = self._outside()
        if now != self._before or self.fold.seq == 1 or isinstance(event, RunEnded):
            self._moved(self.fold.seq + 1)
        self._before = now
        return super().append(event, task)

    def _outside(self) -> dict[str, tuple[int, int]]:
        """Every file's size and time, except what a run writes for itself."""
        found: dict[str, tuple[int, int]] = {}
        for top in self._folders:
            for folder, _, names in os.walk(top):
                for name in names if "/locus/runs/" not in f"{folder}/" else ():
                    with contextlib.suppress(FileNotFoundError):
                        info = os.stat(f"{folder}/{name}")
                        found[f"{folder}/{name}"] = (info.st_size, info.st_mtime_ns)
        return found
