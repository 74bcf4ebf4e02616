"""What happens to tasks elsewhere, on GitHub or by a merge, is looked for now and then; what it changed is in a file that is watched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from locus.commands.issues import refreshed
from locus.errors import LocusError
from locus.lsp import errors
from locus.lsp.features.following import RunChange
from locus.lsp.tasks import Tasks
from locus.workspace import Workspace

log = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds. Where nothing has changed GitHub answers 304, which costs nothing."""


class TrackerRefresh:
    def __init__(self, tasks: Tasks, moved: Callable[[], None]) -> None:
        """`moved` is called when the tasks of a workspace are in another file than before."""
        self.listeners: list[Callable[[], None]] = []
        """Called when a tracker has fallen silent, or is back."""
        self._moved = moved
        self._workspaces: list[Workspace] = []
        self._files: dict[Workspace, Path] = {}
        self._silent: dict[Workspace, str] = {}
        self._wanted = asyncio.Event()
        tasks.start(self._run(), "looking for changed tasks")

    @property
    def offline(self) -> str | None:
        """Why a tracker could not be asked at the last look; None when all could."""
        return next(iter(self._silent.values()), None)

    def keep(self, workspaces: Iterable[Workspace]) -> None:
        """Their files are being watched; looks at once."""
        before, self._workspaces = self._workspaces, list(workspaces)
        self._silent = {workspace: why for workspace, why in self._silent.items() if workspace in self._workspaces}
        self._files = {workspace: workspace.tasks_file for workspace in self._workspaces}
        if self._workspaces != before:
            self._wanted.set()

    def soon(self) -> None:
        self._wanted.set()

    def run_changed(self, change: RunChange) -> None:
        """A run that has ended has changed its tasks."""
        if change.ended_now:
            self.soon()

    async def _run(self) -> None:
        while True:
            self._wanted.clear()
            for workspace in list(self._workspaces):
                await self._look(workspace)
            try:
                async with asyncio.timeout(EVERY):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    async def _look(self, workspace: Workspace) -> None:
        why = None
        try:
            await workspace.settle()
            await refreshed(workspace)
        except LocusError as error:
            why = str(error)
            if workspace not in self._silent:  # once: it may stay so for hours
                log.warning("the tasks of %s cannot be refreshed: %s", workspace.root, error)
        except Exception as error:  # noqa: BLE001 - logged with its traceback; the next look may well succeed
            why = f"an internal error (ref {errors.report_bug(error, 'refreshing tasks')})"
        if workspace in self._workspaces:
            self._heard(workspace, why)
        if self._files.get(workspace, workspace.tasks_file) != workspace.tasks_file:  # any command may have found that out
            self._files[workspace] = workspace.tasks_file
            self._moved()

    def _heard(self, workspace: Workspace, silent: str | None) -> None:
        was = self.offline
        self._silent.pop(workspace, None)
        if silent is not None:
            self._silent[workspace] = silent
        if self.offline != was:
            for listener in self.listeners:
                listener()
