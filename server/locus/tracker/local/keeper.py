"""The Tracker over locus.db. Every method is one transaction (issues.py, sprints.py, pulls.py), run in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeVar

from locus.model.labels import LABELS
from locus.model.task import (
    Comment,
    PullDraft,
    PullRequest,
    Sprint,
    SprintDraft,
    Task,
    TaskChanges,
    TaskDraft,
    TaskFilter,
    TaskStatus,
)
from locus.tracker.local import issues, pulls, sprints
from locus.tracker.local.database import Database, Work
from locus.tracker.protocol import ClosedReason, PullState

T = TypeVar("T")


class LocalTracker:
    """`file` is locus.db in the repository's state folder; both are made by the first write. With `keep_open` it is open until `let_go`."""

    keeper = "local"

    def __init__(self, file: Path, *, author: str = "locus", keep_open: bool = False) -> None:
        self._file = file
        self._database = Database(file, keep_open=keep_open)
        self._author = author

    def let_go(self) -> None:
        """Of the file, where it is kept open."""
        self._database.close()

    async def prepare(self) -> list[str]:
        new = not self._database.exists
        created = await self._write(lambda connection: issues.add_labels(connection, LABELS))
        return [*([self._file.name] if new else []), *created]

    async def create(self, draft: TaskDraft, *, request: str | None = None) -> Task:
        return await self._write(lambda connection: issues.create(connection, draft, request))

    async def edit(self, number: int, changes: TaskChanges) -> Task:
        return await self._write(lambda connection: issues.edit(connection, number, changes))

    async def get(self, number: int) -> Task:
        return await self._read(lambda connection: issues.get(connection, number))

    async def tasks(self, filter: TaskFilter) -> list[Task]:
        return await self._read(lambda connection: issues.select(connection, filter))

    async def manage(self, numbers: Sequence[int]) -> None:
        await self._write(lambda connection: issues.manage(connection, numbers))

    async def set_status(self, number: int, status: TaskStatus) -> None:
        await self._write(lambda connection: issues.set_family(connection, number, "locus", status))

    async def close(self, number: int, reason: ClosedReason) -> Task:
        return await self._write(lambda connection: issues.set_state(connection, number, "closed", reason))

    async def reopen(self, number: int) -> Task:
        return await self._write(lambda connection: issues.set_state(connection, number, "open", None))

    async def comment(self, number: int, body: str, *, marker: str | None = None) -> None:
        await self._write(lambda connection: issues.comment(connection, number, self._author, body, marker))

    async def comments(self, number: int) -> list[Comment]:
        return await self._read(lambda connection: issues.comments(connection, number))

    async def has_comment(self, number: int, marker: str) -> bool:
        return await self._read(lambda connection: issues.has_comment(connection, number, marker))

    async def create_sprint(self, draft: SprintDraft) -> Sprint:
        return await self._write(lambda connection: sprints.create(connection, draft))

    async def sprints(self, state: Literal["open", "closed", "all"] = "open") -> list[Sprint]:
        return await self._read(lambda connection: sprints.select(connection, state))

    async def sprint(self, name: str) -> Sprint:
        return await self._read(lambda connection: sprints.get(connection, name))

    async def order_sprint(self, name: str, numbers: Sequence[int]) -> Sprint:
        return await self._write(lambda connection: sprints.order(connection, name, numbers))

    async def close_sprint(self, name: str) -> Sprint:
        return await self._write(lambda connection: sprints.close(connection, name))

    async def create_pull(self, draft: PullDraft) -> PullRequest:
        return await self._write(lambda connection: pulls.create(connection, draft))

    async def update_pull(
        self,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        draft: bool | None = None,
        state: PullState | None = None,
    ) -> PullRequest:
        return await self._write(lambda connection: pulls.update(connection, number, title=title, body=body, draft=draft, state=state))

    async def mark_pull(self, number: int) -> None:
        """They have no labels here."""

    async def pulls(self, branch: str) -> list[PullRequest]:
        return await self._read(lambda connection: pulls.of_branch(connection, branch))

    async def refresh(self) -> bool:
        return False  # every look is at the database itself

    async def _read(self, work: Work[T]) -> T:
        return await asyncio.to_thread(self._database.read, work)

    async def _write(self, work: Work[T]) -> T:
        return await asyncio.to_thread(self._database.write, work)
