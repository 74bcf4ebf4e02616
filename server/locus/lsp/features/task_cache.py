"""The open tasks that are about code, in memory: no request of an editor waits for the tracker."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from locus.anchors.files import path_of
from locus.commands.issues import known
from locus.errors import LocusError
from locus.lsp.features.later import Later
from locus.lsp.tasks import Tasks
from locus.model.task import Anchor, Task
from locus.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AnchoredTask:
    workspace: Workspace
    task: Task
    anchor: Anchor
    path: Path


class TaskCache:
    def __init__(self, tasks: Tasks) -> None:
        self.listeners: list[Callable[[], None]] = []
        self._workspaces: list[Workspace] = []
        self._tasks: dict[Workspace, list[AnchoredTask]] = {}
        self._by_path: dict[Path, list[AnchoredTask]] = {}
        self._open: dict[Workspace, frozenset[int]] = {}
        self._stale: set[Workspace] = set()
        self._refresh = Later(tasks, self._load, "reading tasks", rest=0.3)  # a run changes them all the time

    def keep(self, workspaces: Iterable[Workspace]) -> None:
        """The tasks of these and no others."""
        before = self.all()
        self._workspaces = list(workspaces)
        self._tasks = {workspace: found for workspace, found in self._tasks.items() if workspace in self._workspaces}
        self._open = {workspace: numbers for workspace, numbers in self._open.items() if workspace in self._workspaces}
        self._index(before)

    def refresh(self, workspace: Workspace) -> None:
        """Soon, in the background."""
        self._stale.add(workspace)
        self._refresh.poke()

    def all(self) -> list[AnchoredTask]:
        return [anchored for found in self._tasks.values() for anchored in found]

    def is_closed(self, workspace: Workspace, number: int) -> bool:
        """As far as is known: while the tasks have not been read, none is."""
        return workspace in self._open and number not in self._open[workspace]

    def in_file(self, path: Path) -> list[AnchoredTask]:
        return self._by_path.get(path, [])

    async def _load(self) -> None:
        stale, self._stale = self._stale, set()
        before = self.all()
        opened = dict(self._open)
        for workspace in self._workspaces:
            if workspace in stale:
                try:
                    await workspace.settle()
                    if not workspace.has_tasks:
                        continue
                    tasks = await known(workspace)
                except LocusError as error:
                    log.warning("the tasks of %s cannot be read: %s", workspace.root, error)
                    continue
                self._open[workspace] = frozenset(task.number for task in tasks)
                self._tasks[workspace] = [found for task in tasks if (found := _anchored(workspace, task)) is not None]
        self._index(before, changed=self._open != opened)

    def _index(self, before: list[AnchoredTask], *, changed: bool = False) -> None:
        if self.all() == before and not changed:
            return
        self._by_path = {}
        for anchored in self.all():
            self._by_path.setdefault(anchored.path, []).append(anchored)
        for listener in self.listeners:
            listener()


def _anchored(workspace: Workspace, task: Task) -> AnchoredTask | None:
    path = path_of(task.anchor.uri) if task.anchor is not None and task.anchor.uri else None
    return AnchoredTask(workspace, task, task.anchor, path) if task.anchor is not None and path is not None else None
