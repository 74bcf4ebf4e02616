"""RunView: what a run looks like. Its journal and its agents' streams are folded (fold.py) and shown (view.py); nothing else tells it."""

from __future__ import annotations

from typing import Literal

from locus.model.agent import Outcome
from locus.model.base import Model
from locus.model.events import ConflictedFile
from locus.model.problems import VerifyProblem
from locus.model.questions import Question
from locus.model.states import RunState, TaskState
from locus.model.task import PullRequest


class AttemptRun(Model):
    """What one turn of the agent came to; of a session that went on only what this turn has added."""

    attempt: int
    outcome: Outcome
    tokens: int | None = None
    cost_usd: float | None = None


class TaskRun(Model):
    number: int
    title: str
    order: int | None = None
    again: bool | None = None
    state: TaskState = TaskState.PENDING
    phase: str | None = None
    attempt: int = 0
    branch: str | None = None
    worktree: str | None = None
    start: str | None = None
    commit: str | None = None
    pull_request: PullRequest | None = None
    error: str | None = None
    hint: str | None = None
    conflicts: tuple[ConflictedFile, ...] = ()
    """Why it is blocked: where the base and the branch collide, in the branch's files as they stand in the worktree."""
    problems: tuple[VerifyProblem, ...] = ()
    """What the latest verification found wrong; gone when it is verified again, or goes on without."""
    activity: str | None = None
    changed_files: int | None = None
    cost_usd: float | None = None
    tokens: int | None = None
    attempts: tuple[AttemptRun, ...] = ()
    denials: tuple[str, ...] = ()
    """What the agent was refused in its last turn."""
    resumes_at: str | None = None
    """It waits for a limit to be over, and goes on by itself then."""
    started_at: str | None = None
    ended_at: str | None = None


class RunView(Model):
    id: str
    folder: str
    kind: Literal["standalone", "sprint"]
    sprint: str | None = None
    keeper: str | None = None
    """Who has its tasks, `local` or `owner/repo`. None: an older Locus did not say."""
    state: RunState
    reason: str | None = None
    hint: str | None = None
    base: str
    base_commit: str | None = None
    branch: str | None = None
    pull_request: PullRequest | None = None
    tasks: tuple[TaskRun, ...] = ()
    questions: tuple[Question, ...] = ()
    warnings: tuple[str, ...] = ()
    untold: int | None = None
    """How many statuses and comments the tracker has not got yet, if any."""
    cost_usd: float | None = None
    tokens: int | None = None
    started_at: str
    ended_at: str | None = None
    seq: int

    def of(self, keeper: str) -> bool:
        """Whether its numbers are those of this keeper's tasks."""
        return self.keeper in (None, keeper)

    def task(self, number: int) -> TaskRun | None:
        return next((task for task in self.tasks if task.number == number), None)

    @property
    def done(self) -> int:
        return sum(task.state.succeeded for task in self.tasks)

    @property
    def alive(self) -> bool:
        return not self.state.ended
