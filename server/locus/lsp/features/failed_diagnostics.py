"""Diagnostics with the code `failed`: at the code of a task whose latest run failed, why it did."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsprotocol import types

from locus.anchors.files import read_text
from locus.anchors.locate import locate, split_lines
from locus.errors import LocusError
from locus.lsp.buffers import Buffers
from locus.lsp.features.diagnostics import SOURCE, Diagnostics
from locus.lsp.features.following import Following, RunChange
from locus.lsp.features.later import Later
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
        self._diagnostics = diagnostics
        self._following = following
        self._cache = cache
        self._buffers = buffers
        self._positions = positions
        self._again = Later(tasks, self._look, "diagnostics of failed tasks", seconds=0.1)
        self._files: set[Path] = set()
        cache.listeners.append(self._again.poke)
        following.listeners.append(self._changed)

    def document_changed(self, uri: str) -> None:
        """Opened, changed or closed."""
        if self._buffers.path(uri) in self._files:
            self._again.poke()

    def _changed(self, change: RunChange) -> None:
        before = {task.number: task.state for task in change.before.tasks} if change.before else {}
        if any(before.get(task.number) != task.state for task in change.view.tasks):
            self._again.poke()

    async def _look(self) -> None:
        failed: dict[Path, list[_Failed]] = {}
        for found in self._cache.all():
            view = self._following.latest(found.workspace, found.task.number)
            run = view.task(found.task.number) if view is not None else None
            if run is not None and run.state in (TaskState.FAILED, TaskState.BLOCKED):
                failed.setdefault(found.path, []).append((found, run))
        self._files = set(failed)
        published: dict[str, list[types.Diagnostic]] = {}
        for path, each in failed.items():
            document = self._buffers.of_file(path)
            text = document.source if document is not None else await asyncio.to_thread(_text, path)
            if text is not None:
                published[self._buffers.uri_of(path)] = await asyncio.to_thread(self._of_text, text, each)
        self._diagnostics.replace("failed", published)

    def _of_text(self, text: str, failed: list[_Failed]) -> list[types.Diagnostic]:
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


def _text(path: Path) -> str | None:
    try:
        return read_text(path)
    except LocusError:
        return None  # deleted: there is no place left to show it at
