"""A run as it is shown, from what was folded of it."""

from __future__ import annotations

from collections.abc import Iterable

from locus.model.fold import Fold
from locus.model.record import Record
from locus.model.run import RunView, TaskRun
from locus.model.states import RunState, TaskState


def fold(records: Iterable[Record], *, held: bool = True) -> RunView | None:
    state = Fold()
    for record in records:
        state.apply(record)
    return view_of(state, held=held)


def view_of(fold: Fold, *, held: bool = True, log_tail: str | None = None) -> RunView | None:
    """None before the first record. `held`: the run's lock is held by a living runner (or by whoever is starting one).

    Without an end event and without a holder the run is `lost`, or `failed` with the runner's last words if it never started.
    """
    if fold.requested is None:
        return None
    state, reason, hint, tasks = fold.state, fold.reason, fold.hint, list(fold.tasks.values())
    if not held and not state.ended:
        questions = tuple(question for question in fold.questions.open.values() if question.task is not None)
        tasks = [task.model_copy(update={"state": TaskState.INTERRUPTED}) if task.state.active else task for task in tasks]
        if fold.started:
            state, reason, hint = RunState.LOST, "its runner is gone", "resume it with `locus run --resume`"
        else:
            state, reason, hint = (
                RunState.FAILED,
                f"the runner did not start: {log_tail or 'no output'}",
                "see runner.log, then start it again",
            )
    else:
        questions = tuple(fold.questions.open.values())
        if state is RunState.RUNNING and (waits_for := _waits_for(fold, tasks)) is not None:
            state, reason = RunState.WAITING, waits_for
    tokens = [task.tokens for task in tasks if task.tokens is not None]
    costs = [task.cost_usd for task in tasks if task.cost_usd is not None]
    return RunView(
        id=fold.requested.run_id,
        folder=fold.requested.folder,
        kind=fold.requested.mode,
        sprint=fold.requested.sprint,
        keeper=fold.requested.keeper,
        state=state,
        reason=reason,
        hint=hint,
        base=fold.base or fold.requested.base,
        base_commit=fold.base_commit,
        branch=fold.branch,
        pull_request=fold.pull_request,
        tasks=tuple(tasks),
        questions=questions,
        warnings=tuple(fold.warnings),
        untold=len(fold.notices) or None,
        cost_usd=sum(costs) if costs else None,
        tokens=sum(tokens) if tokens else None,
        started_at=fold.started_at,
        ended_at=fold.ended_at,
        seq=fold.seq,
    )


def _waits_for(fold: Fold, tasks: Iterable[TaskRun]) -> str | None:
    """What the run as a whole waits for: None as long as any task is worked on."""
    asking = {question.task: question.title for question in fold.questions.open.values()}
    active = [task.number for task in tasks if task.state.active]
    if any(number not in asking for number in active):
        return None
    if active:
        return f"#{active[0]} asks: {asking[active[0]]}"
    waiting = sorted((task.resumes_at, task.number, task.phase) for task in tasks if task.resumes_at is not None)
    return f"#{waiting[0][1]} {waiting[0][2]}" if waiting else None
