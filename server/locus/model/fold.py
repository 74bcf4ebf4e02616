"""Fold: a run's state, as its journal and its agents' streams tell record by record."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import ValidationError

from locus.model.activity import outcome, waiting_for_the_model
from locus.model.agent import AgentEvent, Notice, Retry, Started, Text, ToolStart, Usage
from locus.model.events import (
    Accepted,
    AgentSession,
    AgentTurn,
    Conflicted,
    EffectDone,
    EffectIntended,
    ForTracker,
    Kept,
    RunEnded,
    RunMoved,
    RunPlanned,
    RunRequested,
    RunStarted,
    RunStateChanged,
    TaskChanged,
    TaskPrepared,
    TaskStateChanged,
    Verified,
    Warned,
)
from locus.model.questions import AnswerUsed, QuestionAnswered, QuestionAsked, Questions
from locus.model.record import Record, Unknown
from locus.model.run import AttemptRun, TaskRun
from locus.model.spending import Spending
from locus.model.states import RunState, TaskState
from locus.model.task import PullRequest


@dataclass
class Fold:
    """Takes records as they come; view.py can say at any time how the run looks. Total: no record makes it fail."""

    requested: RunRequested | None = None
    started_at: str = ""
    ended_at: str | None = None
    started: bool = False
    state: RunState = RunState.STARTING
    reason: str | None = None
    hint: str | None = None
    planned: RunPlanned | None = None
    base_commit: str | None = None
    branch: str | None = None
    base: str | None = None
    pull_request: PullRequest | None = None
    tasks: dict[int, TaskRun] = field(default_factory=dict)
    questions: Questions = field(default_factory=Questions)
    sessions: dict[int, AgentSession] = field(default_factory=dict)
    """Per task the agent's session that can be taken up again."""
    failures: dict[int, list[Verified]] = field(default_factory=dict)
    """What did not pass when a task was verified last."""
    spending: dict[int, Spending] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    intended: set[str] = field(default_factory=set)
    effects: dict[str, dict[str, object]] = field(default_factory=dict)
    notices: dict[str, ForTracker] = field(default_factory=dict)
    """What is still to be told to the tracker, by its effect's key; of a task's statuses the last."""
    accepted: dict[int, Accepted] = field(default_factory=dict)
    models: dict[int, str] = field(default_factory=dict)
    """Per task the model that its agent has named last."""
    failed_checks: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """The verifications that have failed at some time, by name."""
    tip: str | None = None
    """Where a sprint's branch stood last: at the start of a task, its commit, what was pushed of it, or the end of a rebase."""
    kept: dict[int | None, int] = field(default_factory=dict)
    not_counted: set[str] = field(default_factory=set)
    """Checks that fail without the tasks' changes too."""
    left_to_person: bool = False
    """A person was asked to bring a sprint's branch together with something: since then its worktree is theirs."""
    seq: int = 0

    def apply(self, record: Record) -> None:
        self.seq = max(self.seq, record.seq)
        event = record.event
        task = self.tasks.get(record.task) if record.task is not None else None
        match event:
            case RunRequested():
                self.requested, self.base, self.started_at = event, event.base, record.at
                self.tasks = {t.number: TaskRun(number=t.number, title=t.title, order=t.order, again=t.again) for t in event.tasks}
            case RunStarted():
                self.started, self.state, self.reason, self.hint, self.ended_at = True, RunState.RUNNING, None, None, None
                self.questions.close(lambda question: question.task is None)
            case RunPlanned():
                self.planned = event
                self.base, self.base_commit, self.branch = event.base, event.base_commit, event.branch
                for planned in event.tasks:
                    blank = TaskRun(number=planned.number, title=planned.title, order=planned.order)
                    known = self.tasks.setdefault(planned.number, blank)
                    self._set(known, branch=known.branch or planned.branch)
            case RunStateChanged():
                self.state, self.reason = event.state, event.reason
            case RunMoved():
                self._move(event)
            case RunEnded():
                self.state, self.reason, self.hint, self.ended_at = event.state, event.reason, event.hint, record.at
                self.questions.close(lambda question: not self._is_blocked(question.task))
            case QuestionAsked():
                self.questions.ask(event)
                if task is not None:
                    self._set(task, activity=f"asks: {event.question.title}")
            case QuestionAnswered():
                self.questions.answer(event)
            case AnswerUsed():
                self.questions.late.pop(event.id, None)
            case AgentSession() if task is not None:
                self.sessions[task.number] = event
            case AgentTurn() if task is not None:
                self._turn_ended(task, event)
            case EffectIntended():
                self.intended.add(event.key)
                if event.notice is not None:
                    self._notice(event.key, event.notice)
            case EffectDone():
                self._effect(event, task)
            case Warned():
                self.warnings.append(event.message)
            case TaskStateChanged() if task is not None:
                self._transition(task, event, record.at)
            case TaskPrepared() if task is not None:
                self._set(task, branch=event.branch, worktree=event.worktree, start=event.start, conflicts=())
                self.tip, self.left_to_person = event.start, False
                if self.branch is not None:  # a sprint's, perhaps with a suffix that was not planned
                    self.branch = event.branch
            case TaskChanged() if task is not None:
                self._set(task, changed_files=event.changed_files)
            case Verified() if event.before:
                self.not_counted.add(event.name)
            case Verified() if task is not None and not event.ok:
                self.failures.setdefault(task.number, []).append(event)
                self._set(task, activity=outcome(event), problems=(*task.problems, *event.problems))
                failed = self.failed_checks.get(task.number, ())
                self.failed_checks[task.number] = failed if event.name in failed else (*failed, event.name)
            case Accepted() if task is not None:
                self.accepted[task.number] = event
            case Conflicted() if task is not None:
                self._set(task, conflicts=event.files)
                self.left_to_person = True
            case Kept():
                self.kept[record.task] = self.kept.get(record.task, 0) + 1
            case Verified() | Accepted() | Conflicted() | Unknown() | TaskStateChanged() | TaskPrepared() | TaskChanged():
                pass
            case AgentSession() | AgentTurn():
                pass

    def apply_agent(self, number: int, event: AgentEvent, attempt: int = 0) -> None:
        """`attempt` is the turn that it belongs to."""
        task = self.tasks.get(number)
        if task is None:
            return
        match event:
            case ToolStart():
                self._set(task, activity=event.title)
            case Text() | Notice() if event.text.strip():
                self._set(task, activity=event.text.strip().splitlines()[-1][:200])
            case Retry():
                self._set(task, activity=waiting_for_the_model(event))
            case Started():
                self._spending(number).begins(event.session_id, attempt)
                if event.model is not None:
                    self.models[number] = event.model
            case Usage():
                self._spending(number).reported(attempt, event.tokens, event.cost_usd)
                self._spent(task)
            case _:
                pass

    def _spending(self, number: int) -> Spending:
        return self.spending.setdefault(number, Spending())

    def _spent(self, task: TaskRun) -> None:
        spending = self._spending(task.number)
        self._set(task, tokens=spending.tokens, cost_usd=spending.cost_usd)

    def _turn_ended(self, task: TaskRun, event: AgentTurn) -> None:
        spending = self._spending(task.number)
        tokens, cost = spending.ended(event.session, event.attempt, event.tokens, event.cost_usd)
        self._spent(task)
        one = AttemptRun(attempt=event.attempt, outcome=event.outcome, tokens=tokens, cost_usd=cost)
        self._set(self.tasks[task.number], attempts=(*task.attempts, one), denials=event.denials)
        session = self.sessions.get(task.number)
        if session is not None and event.outcome == "lost":
            del self.sessions[task.number]
        elif session is not None and session.session == event.session and event.head is not None:
            self.sessions[task.number] = session.model_copy(update={"head": event.head})

    def _is_blocked(self, number: int | None) -> bool:
        return number in self.tasks and self.tasks[number].state is TaskState.BLOCKED

    def _set(self, task: TaskRun, **fields: object) -> None:
        self.tasks[task.number] = task.model_copy(update=fields)

    def _move(self, event: RunMoved) -> None:
        def moved(worktree: str) -> str:
            slash = "\\" if "\\" in event.worktrees and "/" not in event.worktrees else "/"
            return f"{event.worktrees}{slash}{worktree.replace(slash, '/').rpartition('/')[2]}"

        if self.requested is not None:
            self.requested = self.requested.model_copy(update={"folder": event.folder})
        for task in [task for task in self.tasks.values() if task.worktree is not None]:
            self._set(task, worktree=moved(str(task.worktree)))
        for key, result in self.effects.items():
            if isinstance(worktree := result.get("worktree"), str):
                self.effects[key] = result | {"worktree": moved(worktree)}

    def _notice(self, key: str, notice: ForTracker) -> None:
        if notice.status is not None:
            self.notices = {k: n for k, n in self.notices.items() if n.status is None or n.task != notice.task}
        self.notices[key] = notice

    def _effect(self, event: EffectDone, task: TaskRun | None) -> None:
        self.effects[event.key] = event.result
        self.intended.discard(event.key)
        self.notices.pop(event.key, None)
        fields: dict[str, object] = {}
        if (pull := _pull(event.result.get("pullRequest"))) is not None:
            if task is None:
                self.pull_request = pull
            else:
                fields["pull_request"] = pull
        for key in ("head", "commit", "pushed"):
            if isinstance(tip := event.result.get(key), str):
                self.tip = tip
                if task is not None and key != "head":
                    fields["commit"] = tip
        if task is not None and fields:
            self._set(task, **fields)

    def _transition(self, task: TaskRun, event: TaskStateChanged, at: str) -> None:
        if event.state is TaskState.WORKING:
            self.accepted.pop(task.number, None)
        if event.state is TaskState.PREPARING or (event.state.ended and event.state is not TaskState.BLOCKED):
            self.questions.close(lambda question: question.task == task.number)
        fields: dict[str, object] = {
            "state": event.state,
            "phase": event.phase,
            "error": event.error,
            "hint": event.hint,
            "resumes_at": event.resumes_at,
        }
        if event.state is TaskState.VERIFYING:
            self.failures[task.number] = []
        if event.state.active and not task.state.active:
            fields |= {"started_at": at, "ended_at": None, "activity": None}
        if event.state.ended and not task.state.ended:
            fields["ended_at"] = at
        if event.attempt is not None:
            fields["attempt"] = event.attempt
        if event.state.active or event.state.succeeded:
            fields["problems"] = ()
        self._set(task, **fields)


def _pull(value: object) -> PullRequest | None:
    """None for what a newer version or another hand wrote there: a result is shown, never relied on."""
    try:
        return PullRequest.model_validate(value)
    except ValidationError:
        return None
