"""The move of tasks from the embedded tracker to GitHub: what it would do, what it has done, and what it leaves alone."""

from __future__ import annotations

from typing import Literal

from locus.model.base import Model
from locus.model.task import Priority, TaskStatus, TaskType


class MovingSprint(Model):
    name: str
    state: Literal["open", "closed"]
    due: str | None = None
    tasks: int
    joins: str | None = None
    """The milestone of the same branch that is there already, in whose order the tasks come last."""
    after: int = 0
    """The last place that is taken there."""


class MovingTask(Model):
    number: int
    title: str
    status: TaskStatus
    state: Literal["open", "closed"]
    type: TaskType | None = None
    priority: Priority | None = None
    sprint: str | None = None
    order: int | None = None
    labels: tuple[str, ...] = ()
    """Those that are none of Locus'."""
    comments: int = 0
    anchored: bool = False
    moved_to: int | None = None
    """Its number on GitHub, once it has one."""
    changed: bool = False
    """It was changed here after it had got that."""


class MovingPull(Model):
    number: int
    title: str
    branch: str
    base: str
    state: Literal["open", "merged", "closed"]
    stays: str | None = None
    """Why it is not opened on GitHub; None where it is."""
    moved_to: int | None = None


class Unmovable(Model):
    number: int
    reason: str
    hint: str


class Move(Model):
    to: str
    """`owner/repo`."""
    host: str
    done: bool = False
    labels: tuple[str, ...]
    """Those to be created."""
    sprints: tuple[MovingSprint, ...]
    tasks: tuple[MovingTask, ...]
    pulls: tuple[MovingPull, ...]
    branches: tuple[str, ...]
    """Branches of Locus that stay as they are, under the numbers that the tasks had here."""
    snapshots: int = 0
    """Those stay too."""
    warnings: tuple[str, ...] = ()
    refused: tuple[Unmovable, ...] = ()
    """What has to be mended before anything is moved."""

    @property
    def begun(self) -> bool:
        return any(task.moved_to is not None for task in self.tasks)
