"""A run in a few words: its name, how far it is, what happens in it."""

from __future__ import annotations

from locus.engine.control import PATIENCE
from locus.lsp.presenters.words import counted, plain
from locus.model.run import RunView, TaskRun
from locus.model.states import RunState, TaskState

_SHARE = {TaskState.PENDING: 0.0, TaskState.PREPARING: 0.05, TaskState.WORKING: 0.15, TaskState.VERIFYING: 0.7, TaskState.PUBLISHING: 0.9}
"""How much of a task is done when it is in this state; it is all done in any other."""


def name(view: RunView) -> str:
    """`Sprint 1`, `#42 Fix x`, `3 tasks`."""
    if view.sprint is not None:
        return plain(view.sprint if view.sprint.lower().startswith("sprint") else f"Sprint {view.sprint}")
    if len(view.tasks) == 1:
        return task_name(view.tasks[0])
    return counted(len(view.tasks), "task")


def task_name(task: TaskRun) -> str:
    return plain(f"#{task.number} {task.title}")


def count(view: RunView) -> str:
    return f"{view.done}/{len(view.tasks)}"


def brief(view: RunView) -> str:
    """For a status bar: `Sprint 1 2/5`, `#16 working`."""
    if view.sprint is None and len(view.tasks) == 1:
        return f"#{view.tasks[0].number} {task_state(view.tasks[0].state)}"
    return plain(f"{name(view)} {count(view)}", 40)


def message(view: RunView) -> str:
    """What happens now: `2/5 · #16 Fix pagination · editing src/pages.py`; of a single task only the last part."""
    alone = view.sprint is None and len(view.tasks) == 1
    parts = [] if alone else [count(view)]
    active = [task for task in view.tasks if task.state.active]
    if view.questions:
        parts.append(f"waits for an answer: {plain(view.questions[0].title)}")
    elif len(active) == 1:
        parts += [*([] if alone else [task_name(active[0])]), _activity(active[0])]
    elif active:
        parts.append(", ".join(f"#{task.number} {task_state(task.state)}" for task in active))
    if view.state is RunState.STOPPING:
        parts.append(f"stopping, what was done is kept; once more within {PATIENCE:g} s ends it at once")
    elif view.state in (RunState.STARTING, RunState.WAITING) and not view.questions:
        parts.append(_waiting(view))
    return " · ".join(parts) or count(view)


def percentage(view: RunView) -> int:
    """0 to 100; 100 only at the end. A task that is tried again falls back, which the progress does not show."""
    if view.state.ended:
        return 100
    shares = [_SHARE.get(task.state, 1.0) for task in view.tasks]
    return min(99, int(100 * sum(shares) / len(shares))) if shares else 0


def outcome(view: RunView) -> str:
    """How an ended run went: `3/3 done`, `failed: #16 Fix pagination: the tests fail`."""
    if view.state is RunState.DONE:
        return f"{count(view)} done"
    return ": ".join([view.state.value, *_why(view)])


def failure(view: RunView) -> str:
    """What a person is told about a run that went wrong: one sentence, and what to do."""
    task = _culprit(view)
    hint = (task.hint if task else None) or view.hint
    return f"{name(view)} {outcome(view)}" + (f" ({plain(hint, 300)})" if hint else "")


def task_state(state: TaskState) -> str:
    return state.value.replace("_", " ")


def _waiting(view: RunView) -> str:
    """`starting`, `waiting: the reason`, `waiting for GitHub until 14:05`."""
    reason, state = plain(view.reason) if view.reason else "", view.state.value
    return reason if reason.startswith(state) else ": ".join(filter(None, (state, reason)))


def _activity(task: TaskRun) -> str:
    if task.state is TaskState.WORKING and task.activity:
        return plain(task.activity, 60)
    return task_state(task.state)


def _why(view: RunView) -> list[str]:
    task = _culprit(view)
    if task is not None and task.error:
        return [task_name(task), plain(task.error, 300)] if view.sprint or len(view.tasks) > 1 else [plain(task.error, 300)]
    return [plain(view.reason, 300)] if view.reason else []


def _culprit(view: RunView) -> TaskRun | None:
    return next((task for task in view.tasks if task.state in (TaskState.FAILED, TaskState.BLOCKED)), None)
