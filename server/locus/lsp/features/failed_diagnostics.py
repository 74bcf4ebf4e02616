"""Diagnostics with the code `failed`: at the code of a task whose latest run failed, why it did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types

from locus.anchors.locate import locate, split_lines
from locus.lsp.buffers import Buffers
from locus.lsp.features.diagnostics import SOURCE, Diagnostics
from locus.lsp.features.following import Following, RunChange
from locus.lsp.features.placed import Placed
from locus.lsp.features.task_cache import AnchoredTask, TaskCache
from locus.lsp.positions import Positions
from locus.lsp.presenters import tasks as present
from locus.lsp.tasks import Tasks
from locus.model.run import TaskRun
from locus.model.states import TaskState

_Failed = tuple[AnchoredTask, TaskRun]


class FailedDiagnostics:
    def __init__(
        self, diagnostics: Diagnostics, tasks: Tasks, following: Following, cache: TaskCache, buffers: Buffers, positions: Positions
    ) -> None:
        self._following = following
        self._cache = cache
        self._positions = positions
        self._placed = Placed("failed", diagnostics, tasks, buffers, self._find, self._place)
        self.document_changed = self._placed.document_changed
        cache.listeners.append(self._placed.poke)
        following.listeners.append(self._changed)

    def _changed(self, change: RunChange) -> None:
        before = {task.number: task.state for task in change.before.tasks} if change.before else {}
        if any(before.get(task.number) != task.state for task in change.view.tasks):
            self._placed.poke()

    async def _find(self) -> dict[Path, list[_Failed]]:
        failed: dict[Path, list[_Failed]] = {}
        for found in self._cache.all():
            view = self._following.latest(found.workspace, found.task.number)
            run = view.task(found.task.number) if view is not None else None
            if run is not None and run.state in (TaskState.FAILED, TaskState.BLOCKED):
                failed.setdefault(found.path, []).append((found, run))
        return failed

    def _place(self, _: Path, text: str, failed: Sequence[_Failed]) -> list[types.Diagnostic]:
        lines = split_lines(text)
        places = [(locate(found.anchor, text), found, run) for found, run in failed]
        return [
            types.Diagnostic(
                range=self._positions.lsp(lines, anchor.range),
                message=present.failed(run),
                severity=types.DiagnosticSeverity.Warning,
                code="failed",
                source=SOURCE,
                data={"task": found.task.number},
            )
            for anchor, found, run in places
            if anchor.state != "lost"
        ]
