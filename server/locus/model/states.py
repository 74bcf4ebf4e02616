"""The states of tasks within a run and of runs, and how the tracker and run-state.json say them."""

from __future__ import annotations

from enum import StrEnum

from locus.model.task import TaskStatus


class TaskState(StrEnum):
    PENDING = "pending"
    PREPARING = "preparing"
    WORKING = "working"
    VERIFYING = "verifying"
    PUBLISHING = "publishing"
    DONE = "done"
    IN_REVIEW = "in_review"
    FAILED = "failed"
    BLOCKED = "blocked"
    INTERRUPTED = "interrupted"

    @property
    def succeeded(self) -> bool:
        return self in (TaskState.DONE, TaskState.IN_REVIEW)

    @property
    def active(self) -> bool:
        return self in (TaskState.PREPARING, TaskState.WORKING, TaskState.VERIFYING, TaskState.PUBLISHING)

    @property
    def ended(self) -> bool:
        return not self.active and self is not TaskState.PENDING

    @property
    def status(self) -> TaskStatus:
        """What the tracker shows."""
        if self.active:
            return TaskStatus.IN_PROGRESS
        return _STATUS[self]

    @property
    def seed_word(self) -> str:
        """The word in run-state.json: pending, in_progress, done or failed."""
        if self.active:
            return "in_progress"
        return _SEED[self]


_STATUS = {
    TaskState.PENDING: TaskStatus.QUEUED,
    TaskState.DONE: TaskStatus.DONE,
    TaskState.IN_REVIEW: TaskStatus.IN_REVIEW,
    TaskState.FAILED: TaskStatus.FAILED,
    TaskState.BLOCKED: TaskStatus.FAILED,
    TaskState.INTERRUPTED: TaskStatus.QUEUED,
}
_SEED = {
    TaskState.PENDING: "pending",
    TaskState.DONE: "done",
    TaskState.IN_REVIEW: "done",
    TaskState.FAILED: "failed",
    TaskState.BLOCKED: "failed",
    TaskState.INTERRUPTED: "pending",
}


class RunState(StrEnum):
    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"
    STOPPING = "stopping"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    REFUSED = "refused"
    LOST = "lost"

    @property
    def ended(self) -> bool:
        return self in (RunState.DONE, RunState.FAILED, RunState.STOPPED, RunState.REFUSED, RunState.LOST)

    @property
    def unfinished(self) -> bool:
        """Something is left to do: what `--resume` looks for when no runner is alive."""
        return self not in (RunState.DONE, RunState.REFUSED)
