"""Work the server has going: held on to, its bugs logged, ended together within a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from locus.lsp import errors


class Tasks:
    """Like asyncio.TaskGroup, but one failure does not end the others, and leaving has a deadline: a task may ignore its cancellation."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    async def end(self, seconds: float) -> bool:
        """Cancel all and wait at most `seconds`; true when nothing is left."""
        running = [task for task in self._running if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=seconds)
        return all(task.done() for task in running)

    def __len__(self) -> int:
        return len(self._running)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            errors.report_bug(error, task.get_name())
