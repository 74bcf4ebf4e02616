"""With `agent.autoLabel` off no status is written to the tracker: which tasks are done, the journals alone know."""

from __future__ import annotations

from collections.abc import Iterable

from locus.engine.store import RunStore
from locus.model.config import Config
from locus.model.states import TaskState
from locus.model.task import Task
from locus.workspace import Workspace


def as_journaled(ws: Workspace, config: Config, tasks: Iterable[Task]) -> list[Task]:
    """The tasks with the status that the last run of each gave it, where it came to a good end and nobody has turned down what it made."""
    tasks = list(tasks)
    if config.agent.auto_label:
        return tasks
    latest: dict[int, TaskState] = {}
    for view in RunStore(ws.runs).views():
        if view.of(ws.tracker.keeper):
            for task in view.tasks:
                if task.state is not TaskState.PENDING:
                    latest.setdefault(task.number, task.state)
    return [_known(task, latest.get(task.number)) for task in tasks]


def _known(task: Task, state: TaskState | None) -> Task:
    turned_down = task.pull_request is not None and task.pull_request.state == "closed"
    return task if state is None or not state.succeeded or turned_down else task.model_copy(update={"status": state.status})
