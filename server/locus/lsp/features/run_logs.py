"""`locus/subscribe`, `locus/unsubscribe` and `locus/log`: what the agents of a run say, from its beginning and as it comes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from pydantic import Field

from locus.commands.registry import Arguments, parse
from locus.engine.follow import Follower, LogLine
from locus.errors import NotFound
from locus.lsp.client import Client
from locus.lsp.features.following import BUSY_SECONDS, IDLE_SECONDS, Following
from locus.lsp.tasks import Tasks

MOST_LINES = 1000
"""In one notification."""


class Subscribe(Arguments):
    run_id: str = Field(min_length=1)
    task: int | None = None


class RunLogs:
    """Each subscription reads for itself, so that it starts at the first line."""

    def __init__(self, client: Client, tasks: Tasks, following: Following) -> None:
        self._client = client
        self._tasks = tasks
        self._following = following
        self._subscriptions: dict[tuple[str, int | None], asyncio.Task[None]] = {}

    async def subscribe(self, params: dict[str, Any]) -> None:
        """A second subscription to the same log starts it again. Raises InvalidArguments, NotFound."""
        args = parse(Subscribe, params)
        await self._following.looked()
        found = self._following.find(args.run_id)
        if found is None:
            raise NotFound(f"there is no run {args.run_id}", "ask for locus/runs")
        workspace, view = found
        if args.task is not None and view.task(args.task) is None:
            raise NotFound(f"run {args.run_id} has no task #{args.task}", "ask for locus/runs")
        key = (args.run_id, args.task)
        self._cancel(key)
        if self._client.capabilities.locus_version is not None:
            self._subscriptions[key] = self._tasks.start(self._tell(workspace.runs, *key), f"log of {args.run_id}")

    async def unsubscribe(self, params: dict[str, Any]) -> None:
        args = parse(Subscribe, params)
        self._cancel((args.run_id, args.task))

    def _cancel(self, key: tuple[str, int | None]) -> None:
        if (telling := self._subscriptions.pop(key, None)) is not None:
            telling.cancel()

    async def _tell(self, runs: Path, run_id: str, task: int | None) -> None:
        follower = Follower(runs, run_id)
        told: dict[int, int] = {}
        while True:
            lines = await asyncio.to_thread(_new_lines, follower, task)
            for start in range(0, len(lines), MOST_LINES):
                self._send(run_id, lines[start : start + MOST_LINES], told)
            alive = follower.view is None or follower.view.alive
            await asyncio.sleep(BUSY_SECONDS if alive else IDLE_SECONDS)

    def _send(self, run_id: str, lines: list[LogLine], told: dict[int, int]) -> None:
        by_task: dict[int, list[str]] = {}
        for line in lines:
            by_task.setdefault(line.task, []).append(line.text)
        for task, texts in by_task.items():
            start = told.get(task, 0)
            told[task] = start + len(texts)
            self._client.notify("locus/log", {"runId": run_id, "task": task, "from": start, "lines": texts})


def _new_lines(follower: Follower, task: int | None) -> list[LogLine]:
    follower.poll()
    return follower.new_lines(task)
