"""What a task's branch changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locus.commands.registry import Arguments, Command, Face
from locus.model.diff import TaskDiff

if TYPE_CHECKING:
    from locus.workspace import Workspace


class DiffTask(Arguments):
    number: int


async def diff(ws: Workspace, args: DiffTask, _face: Face) -> TaskDiff:
    from locus.engine.changes import sides

    return await sides(ws, args.number)


COMMANDS = (Command("locus.task.diff", "Show what a task changed", DiffTask, "{files: {path, status, left, right}[]}", diff),)
