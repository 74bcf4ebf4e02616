"""What the journal records: transitions and effects of one run. fold.py makes its state of them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from locus.model.agent import Outcome
from locus.model.base import Recorded
from locus.model.plan import PlannedTask
from locus.model.problems import VerifyProblem
from locus.model.questions import AnswerUsed, QuestionAnswered, QuestionAsked
from locus.model.states import RunState, TaskState
from locus.model.task import TaskStatus


class RequestedTask(Recorded):
    number: int
    title: str
    order: int | None = None
    again: bool | None = None
    """It was done when the run was asked for: that is no reason to leave it out on resume."""


class RunRequested(Recorded):
    kind: Literal["run.requested"] = "run.requested"
    run_id: str
    folder: str
    mode: Literal["standalone", "sprint"]
    sprint: str | None = None
    base: str
    keeper: str | None = None
    """Who has the tasks, `local` or `owner/repo`: their numbers mean nothing to another one."""
    tasks: tuple[RequestedTask, ...]


class RunStarted(Recorded):
    kind: Literal["run.started"] = "run.started"
    resumed: bool = False


class RunPlanned(Recorded):
    kind: Literal["run.planned"] = "run.planned"
    base: str
    base_kind: Literal["default", "head", "working-tree", "ref"] = "default"
    base_commit: str
    base_branch: str
    """Where pull requests go."""
    remote: str | None = None
    base_remote: str | None = None
    """The one that the base branch is fetched from, where it is another: a fork's upstream."""
    branch: str | None = None
    tasks: tuple[PlannedTask, ...]


class RunStateChanged(Recorded):
    """running, waiting or stopping."""

    kind: Literal["run.state"] = "run.state"
    state: RunState
    reason: str | None = None


class RunMoved(Recorded):
    """The repository was found at another place when the run was resumed."""

    kind: Literal["run.moved"] = "run.moved"
    folder: str
    worktrees: str
    """The folder that its worktrees stand in now, each under the name that it had."""


class RunEnded(Recorded):
    kind: Literal["run.ended"] = "run.ended"
    state: RunState
    reason: str | None = None
    hint: str | None = None


class TaskStateChanged(Recorded):
    kind: Literal["task.state"] = "task.state"
    state: TaskState
    phase: str | None = None
    attempt: int | None = None
    error: str | None = None
    hint: str | None = None
    resumes_at: str | None = None
    """It waits for that moment and goes on by itself."""


class TaskPrepared(Recorded):
    """The worktree stands; `start` is the commit that the task begins on."""

    kind: Literal["task.prepared"] = "task.prepared"
    branch: str
    worktree: str
    start: str


class TaskChanged(Recorded):
    """What git sees in the worktree after an attempt."""

    kind: Literal["task.changed"] = "task.changed"
    changed_files: int


class Accepted(Recorded):
    """The task's work passed: what follows is publishing it, also after a crash, as long as `tree` is what stands in the worktree."""

    kind: Literal["task.accepted"] = "task.accepted"
    attempt: int
    tree: str
    summary: str | None = None
    verified: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    """Those of them that failed in an earlier attempt."""
    agent: str | None = None
    agent_kind: str | None = None
    model: str | None = None
    tokens: int | None = None
    """Of all attempts together, as far as the agent reported them; so is the cost."""
    cost_usd: float | None = None


class ForTracker(Recorded):
    """What the tracker is to be told: a task's status, a comment on it, or that a pull request is ours."""

    task: int | None = None
    status: TaskStatus | None = None
    comment: str | None = None
    marker: str | None = None
    """Of the comment: it is known by it."""
    pull: int | None = None


class EffectIntended(Recorded):
    kind: Literal["effect.intended"] = "effect.intended"
    key: str
    notice: ForTracker | None = None
    """Sent beside the work, and by a resumed run if this one cannot."""


class EffectDone(Recorded):
    kind: Literal["effect.done"] = "effect.done"
    key: str
    result: dict[str, Any] = Field(default_factory=dict)


class AgentSession(Recorded):
    """A turn of an agent has begun in a session that can be taken up again by its id."""

    kind: Literal["agent.session"] = "agent.session"
    attempt: int
    agent: str
    provider: str
    model: str | None = None
    session: str
    base: str
    """The task's start."""
    head: str | None = None
    """Where the worktree stood last."""


class AgentTurn(Recorded):
    """A turn has ended. What it cost is cumulative within its session."""

    kind: Literal["agent.turn"] = "agent.turn"
    attempt: int
    outcome: Outcome
    session: str | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    denials: tuple[str, ...] = ()
    head: str | None = None


class Verified(Recorded):
    kind: Literal["verified"] = "verified"
    name: str
    ok: bool
    code: int | None = None
    """None: it did not end in time, or could not be started."""
    output: str = ""
    """Its end."""
    problems: tuple[VerifyProblem, ...] = ()
    """What was understood of its output, the first `problems.MAX_KEPT`."""
    more_problems: int = 0
    before: bool = False
    """It fails without the task's changes too: it is not held against the task."""


class Kept(Recorded):
    """Everything that stood in a worktree, before it was removed or reset."""

    kind: Literal["kept"] = "kept"
    ref: str
    commit: str


class ConflictedFile(Recorded):
    path: str
    ranges: tuple[tuple[int, int], ...] = ()
    """1-based first and last lines on the branch's side."""
    reason: str = "content"


class Conflicted(Recorded):
    """The base has advanced in a way that cannot be merged by itself."""

    kind: Literal["conflicted"] = "conflicted"
    base_commit: str
    files: tuple[ConflictedFile, ...]


class Warned(Recorded):
    kind: Literal["warning"] = "warning"
    message: str


RunEvent = (
    RunRequested
    | RunStarted
    | RunPlanned
    | RunStateChanged
    | RunMoved
    | RunEnded
    | TaskStateChanged
    | TaskPrepared
    | TaskChanged
    | Accepted
    | EffectIntended
    | EffectDone
    | QuestionAsked
    | QuestionAnswered
    | AnswerUsed
    | AgentSession
    | AgentTurn
    | Verified
    | Kept
    | Conflicted
    | Warned
)
