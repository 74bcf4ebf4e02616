"""Tasks, sprints and what is delivered. In the tracker's words: issues, milestones, pull requests."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from locus.model.base import Model, Recorded


class Priority(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 is the most urgent."""
        return list(Priority).index(self)


class TaskType(StrEnum):
    FEATURE = "feature"
    BUG = "bug"
    CHORE = "chore"
    REFACTOR = "refactor"
    DOCS = "docs"


class TaskStatus(StrEnum):
    """Where a task stands in the tracker, as its `locus:*` label says."""

    QUEUED = "queued"
    IN_PROGRESS = "in-progress"
    IN_REVIEW = "in-review"
    DONE = "done"
    FAILED = "failed"


class Position(Model):
    line: int
    character: int


class Range(Model):
    """LSP's: zero-based, end exclusive, characters in UTF-16 code units."""

    start: Position
    end: Position


class Anchor(Model):
    """Which code a task is about. `path` is relative to the repository's root, with `/`; `uri` is filled in for editors."""

    path: str
    uri: str | None = None
    range: Range
    commit: str | None = None
    content_hash: str
    symbol: str | None = None
    state: Literal["exact", "moved", "lost"] = "exact"


class PullRequest(Recorded):
    number: int
    url: str | None = None
    state: Literal["open", "merged", "closed"] = "open"
    branch: str
    base: str
    title: str = ""
    body: str = ""
    draft: bool = False


class Comment(Model):
    author: str
    body: str
    at: str


class Task(Model):
    number: int
    title: str
    body: str = ""
    acceptance: tuple[str, ...] = ()
    assignee: str | None = None
    type: TaskType | None = None
    priority: Priority | None = None
    status: TaskStatus = TaskStatus.QUEUED
    state: Literal["open", "closed"] = "open"
    closed_reason: Literal["completed", "not_planned"] | None = None
    sprint: str | None = None
    order: int | None = None
    labels: tuple[str, ...] = ()
    url: str | None = None
    folder: str | None = None
    anchor: Anchor | None = None
    pull_request: PullRequest | None = None


class Sprint(Model):
    name: str
    number: int | None = None
    state: Literal["open", "closed"] = "open"
    active: bool = False
    due: str | None = None
    description: str | None = None
    tasks: tuple[int, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)
    branch: str | None = None
    """Where its name alone does not say it: an older sprint's name makes the same one."""
    folder: str | None = None


class TaskDraft(Model):
    """What a person asks for; the tracker gives it a number."""

    title: str
    body: str = ""
    type: TaskType | None = None
    priority: Priority | None = None
    sprint: str | None = None
    labels: tuple[str, ...] = ()


class TaskChanges(Model):
    """Only what is set is changed; `sprint=""` takes the task out of its sprint."""

    title: str | None = None
    body: str | None = None
    type: TaskType | None = None
    priority: Priority | None = None
    status: TaskStatus | None = None
    sprint: str | None = None
    order: int | None = None


class TaskFilter(Model):
    sprint: str | None = None
    status: TaskStatus | None = None
    state: Literal["open", "closed", "all"] = "open"
    limit: int | None = None


class SprintDraft(Model):
    name: str
    due: str | None = None
    description: str | None = None


class PullDraft(Model):
    branch: str
    base: str
    title: str
    body: str
    draft: bool = False


def in_sprint_order(tasks: list[Task]) -> list[Task]:
    """Order labels first, ascending; tasks without one last; ties by number."""
    return sorted(tasks, key=lambda task: (task.order is None, task.order or 0, task.number))
