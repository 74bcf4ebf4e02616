"""A task beside the code it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from locus.lsp.presenters.runs import task_name, task_state
from locus.lsp.presenters.words import counted, duration, plain, seconds_between
from locus.model.run import RunView, TaskRun
from locus.model.states import TaskState
from locus.model.task import Task


@dataclass(frozen=True)
class Action:
    """Something to do about a task: a word for it, and the command."""

    kind: Literal["run", "stop", "resume", "diff"]
    word: str
    command: str
    arguments: dict[str, Any]


def headline(task: Task, run: TaskRun | None, now: datetime) -> str:
    """`#42 working 3 min · 12 files`, `#42 failed: the tests fail`, `#42 queued`."""
    if run is None:
        return f"#{task.number} {task.status.value}"
    text = f"#{task.number} {task_state(run.state)}"
    if run.state.active and run.started_at:
        text += f" {duration(seconds_between(run.started_at, now))}"
    if run.error and not run.state.succeeded:
        text += f": {plain(run.error)}"
    if run.changed_files:
        text += f" · {counted(run.changed_files, 'file')}"
    return text


def actions(task: Task, view: RunView | None, folder: str, *, trusted: bool) -> list[Action]:
    """What can be done now. `view` is the latest run of the task."""
    run = view.task(task.number) if view is not None else None
    if view is not None and run is not None and view.alive and not run.state.ended:
        return [Action("stop", "Stop", "locus.run.stop", {"runId": view.id, "task": task.number, "folder": folder})]
    found: list[Action] = []
    if run is not None and run.state.succeeded:
        return [Action("diff", "Diff", "locus.task.diff", {"number": task.number, "folder": folder})]
    if not trusted or task.state == "closed":
        return found
    if view is not None and run is not None and not view.alive and run.state is not TaskState.PENDING:
        found.append(Action("resume", "Resume", "locus.run.resume", {"runId": view.id, "folder": folder}))
    elif task.sprint is not None:
        found.append(Action("run", f"Run {plain(task.sprint, 40)}", "locus.run.start", {"sprint": task.sprint, "folder": folder}))
    else:
        found.append(Action("run", "Run", "locus.run.start", {"tasks": [task.number], "folder": folder}))
    return found


def failed(run: TaskRun) -> str:
    """For a diagnostic: what went wrong and what to do."""
    lines = [f"{task_name(run)}: {task_state(run.state)}" + (f": {plain(run.error, 300)}" if run.error else "")]
    if run.hint:
        lines.append(plain(run.hint, 300))
    return "\n".join(lines)
