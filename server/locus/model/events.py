"""The journal's records: transitions and effects of one run. `fold` (run.py) turns them into a RunView."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from locus.model.agent import Outcome
from locus.model.base import Recorded, by_kind
from locus.model.permissions import Rule
from locus.model.plan import PlannedTask
from locus.model.problems import VerifyProblem
from locus.model.states import RunState, TaskState
from locus.model.task import TaskStatus

FORMAT = 1


class RequestedTask(Recorded):
    number: int
    title: str
    order: int | None = None
    again: bool | None = None
    """It was done when the run was asked for: that is no reason to leave it out on resume."""


class Option(Recorded):
    id: str
    label: str
    kind: str = "choice"


class Question(Recorded):
    id: str
    task: int | None = None
    kind: Literal["permission", "choice", "base", "trust"]
    title: str
    detail: str = ""
    options: tuple[Option, ...]
    """Of the kinds allow_once, allow_always, reject_once, choice, or text: the answer is the message that comes with it."""
    asked_at: str
    expires_at: str | None = None
    """Until then the agent waits. Later the question is still open: its task is blocked, and an answer takes it up again."""
    input: dict[str, Any] | None = None
    """What the agent's tool would be given, where an answer may change it."""


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


class QuestionAsked(Recorded):
    kind: Literal["question.asked"] = "question.asked"
    question: Question
    subject: str | None = None
    """A digest of the tool and what it would be given: an agent that is taken up again asks once more."""
    rules: tuple[Rule, ...] = ()
    """What is allowed for the run by an answer of the kind allow_always."""


class QuestionAnswered(Recorded):
    """`option` is None when it was withdrawn, or nobody answered in time."""

    kind: Literal["question.answered"] = "question.answered"
    id: str
    option: str | None
    message: str | None = None
    input: dict[str, Any] | None = None
    late: bool | None = None
    """The agent did not wait any more: it is told when it asks again."""


class AnswerUsed(Recorded):
    """A late answer has been given to the agent: it counts once."""

    kind: Literal["question.used"] = "question.used"
    id: str


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


class Unknown(Recorded):
    """A record of a newer version or of another hand: kept in the file, ignored by `fold`."""

    model_config = ConfigDict(extra="allow")

    kind: str


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

_KINDS = by_kind(RunEvent)
_ENVELOPE = frozenset({"v", "seq", "at", "task"})


@dataclass(frozen=True)
class Record:
    """One line of journal.jsonl: `{v, seq, at, task?, kind, ...}`. `at` is RFC 3339 in UTC."""

    v: int
    seq: int
    at: str
    task: int | None
    event: RunEvent | Unknown

    def line(self) -> dict[str, Any]:
        head: dict[str, Any] = {"v": self.v, "seq": self.seq, "at": self.at}
        if self.task is not None:
            head["task"] = self.task
        return head | self.event.wire()


def parse_record(line: dict[str, Any]) -> Record:
    """Raises ValueError when the envelope itself is not ours; an unknown or unreadable body becomes Unknown."""
    try:
        v, seq, at = int(line["v"]), int(line["seq"]), str(line["at"])
        kind = str(line["kind"])
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"not a journal record: {error}") from error
    body = {key: value for key, value in line.items() if key not in _ENVELOPE}
    event: RunEvent | Unknown
    try:
        event = _KINDS[kind].model_validate(body)
    except (KeyError, ValidationError):
        event = Unknown.model_validate(body | {"kind": kind})
    task = line.get("task")
    return Record(v=v, seq=seq, at=at, task=task if isinstance(task, int) else None, event=event)
