"""Work-done progress: one for each run that is alive; its cancel button stops the run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from locus.lsp.features.following import Following, RunChange
from locus.lsp.presenters import runs
from locus.lsp.progress import Progress, ProgressBoard
from locus.lsp.tasks import Tasks
from locus.model.run import RunView
from locus.workspace import Workspace

FORCE_SECONDS = 2.0
"""A second cancel within this time does not wait for the agents."""

Stop = Callable[[Workspace, str, bool], Coroutine[Any, Any, None]]


class RunProgress:
    def __init__(self, board: ProgressBoard, tasks: Tasks, following: Following, stop: Stop) -> None:
        """`stop(workspace, run id, force)`."""
        self._board = board
        self._tasks = tasks
        self._stop = stop
        self._shown: dict[str, Progress] = {}
        self._cancelled: dict[str, float] = {}
        following.listeners.append(self._changed)
        following.leavers.append(self._left)

    def _left(self, view: RunView) -> None:
        if (progress := self._shown.pop(view.id, None)) is not None:
            progress.end("goes on out of sight")

    def _changed(self, change: RunChange) -> None:
        view = change.view
        progress = self._shown.get(view.id)
        if view.alive:
            if progress is None:
                cancel = partial(self._cancel, change.workspace, view.id)
                progress = self._shown[view.id] = self._board.begin(runs.name(view), message=runs.message(view), on_cancel=cancel)
            progress.report(runs.message(view), runs.percentage(view))
        elif progress is not None:
            del self._shown[view.id]
            self._cancelled.pop(view.id, None)
            progress.end(runs.outcome(view))

    def _cancel(self, workspace: Workspace, run_id: str) -> None:
        now = asyncio.get_running_loop().time()
        force = now - self._cancelled.get(run_id, -FORCE_SECONDS) < FORCE_SECONDS
        self._cancelled[run_id] = now
        self._tasks.start(self._stop(workspace, run_id, force), f"stopping {run_id}")
