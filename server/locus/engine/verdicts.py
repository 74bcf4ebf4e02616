"""How a task ends when it does not end well."""

from __future__ import annotations

from locus.errors import LocusError
from locus.model.states import TaskState


class TaskEnded(LocusError):
    """`state` is failed, blocked or interrupted; the message is for the person, the hint says what to do next."""

    def __init__(self, state: TaskState, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.state = state


def failed(message: str, hint: str | None = None) -> TaskEnded:
    return TaskEnded(TaskState.FAILED, message, hint)


def blocked(message: str, hint: str | None = None) -> TaskEnded:
    return TaskEnded(TaskState.BLOCKED, message, hint)


def interrupted(message: str = "stopped") -> TaskEnded:
    return TaskEnded(TaskState.INTERRUPTED, message, "go on with `locus run --resume`")


def of(error: LocusError) -> TaskEnded:
    """What any expected failure means for the task it came up in."""
    return error if isinstance(error, TaskEnded) else failed(error.message, error.hint)
