"""How a task ends when it does not end well."""

from __future__ import annotations

from pathlib import Path

from locus.errors import LocusError, NotSetUp
from locus.model.states import TaskState


class TaskEnded(LocusError):
    """`state` is failed, blocked or interrupted; the message is for the person, the hint says what to do next."""

    def __init__(
        self, state: TaskState, message: str, hint: str | None = None, *, question: str | None = None, resets_at: str | None = None
    ) -> None:
        """`question`: an answer to it takes the task up again. `resets_at`: when a provider's limit is over."""
        super().__init__(message, hint)
        self.state = state
        self.question = question
        self.resets_at = resets_at


def failed(message: str, hint: str | None = None) -> TaskEnded:
    return TaskEnded(TaskState.FAILED, message, hint)


def blocked(message: str, hint: str | None = None, *, question: str | None = None, resets_at: str | None = None) -> TaskEnded:
    return TaskEnded(TaskState.BLOCKED, message, hint, question=question, resets_at=resets_at)


def others_commits(branch: str, worktree: Path) -> TaskEnded:
    return blocked(
        f"somebody has pushed other commits to {branch}",
        f"merge them in {worktree} (`git merge refs/locus/remote/{branch}`), then `locus run --resume`",
    )


def interrupted(message: str = "stopped") -> TaskEnded:
    return TaskEnded(TaskState.INTERRUPTED, message, "go on with `locus run --resume`")


def of(error: LocusError) -> TaskEnded:
    """What any expected failure means for the task it came up in."""
    if isinstance(error, TaskEnded):
        return error
    if isinstance(error, NotSetUp):
        return blocked(error.message, and_resume(error.hint))
    return failed(error.message, error.hint)


def and_resume(hint: str | None) -> str:
    """What a person has to put right first."""
    return f"{hint}: `locus run --resume`" if hint else "put it right, then `locus run --resume`"
