"""Tasks that live elsewhere are looked at now and then; what has changed there is in a file that is watched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from locus.errors import LocusError
from locus.lsp.tasks import Tasks
from locus.workspace import Workspace

log = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds. Where nothing has changed GitHub answers 304, which costs nothing."""


class TrackerRefresh:
    def __init__(self, tasks: Tasks, moved: Callable[[], None]) -> None:
        """`moved` is called when the tasks of a workspace are in another file than before."""
        self._moved = moved
        self._workspaces: list[Workspace] = []
        self._silent: set[Workspace] = set()
        self._wanted = asyncio.Event()
        tasks.start(self._run(), "looking for changed tasks")

    def keep(self, workspaces: Iterable[Workspace]) -> None:
        self._workspaces = list(workspaces)
        self._wanted.set()

    async def _run(self) -> None:
        while True:
            for workspace in list(self._workspaces):
                await self._look(workspace)
            self._wanted.clear()
            try:
                async with asyncio.timeout(EVERY):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    async def _look(self, workspace: Workspace) -> None:
        before = workspace.tasks_file
        try:
            await workspace.settle()
            await workspace.tracker.refresh()
        except LocusError as error:
            if workspace not in self._silent:  # once: it may stay so for hours
                log.warning("the tasks of %s cannot be refreshed: %s", workspace.root, error)
            self._silent.add(workspace)
        else:
            self._silent.discard(workspace)
        if workspace.tasks_file != before:
            self._moved()
