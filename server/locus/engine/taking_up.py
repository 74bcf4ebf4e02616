"""What a resumed run makes of its plan: where its worktrees are now, and which of its tasks are still to be done."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from locus.engine import remaining, stream
from locus.engine.journal import Sink
from locus.engine.store import RunStore
from locus.engine.survey import Survey
from locus.errors import LocusError, NotFound
from locus.model.agent import Started, Usage
from locus.model.events import RunMoved, RunPlanned, TaskStateChanged, Warned
from locus.model.states import TaskState
from locus.model.task import in_sprint_order
from locus.model.view import view_of
from locus.repo.files import real
from locus.repo.moved import repair
from locus.workspace import Workspace


def recall_spending(journal: Sink, folder: Path) -> None:
    """What agents had used whose turns a dead runner did not see to their ends: only their streams tell."""
    for number, task in list(journal.fold.tasks.items()):
        ended = {one.attempt for one in task.attempts}
        try:
            lines = stream.lines(folder / "tasks" / str(number))
        except LocusError as error:
            journal.append(Warned(message=f"what #{number} had cost before is not counted: {error.message}"))
            continue
        for line in lines:
            if b'"usage"' in line or b'"started"' in line:
                _, event, attempt = stream.parse(line) or ("", None, 0)
                if isinstance(event, Started | Usage) and attempt not in ended:
                    journal.fold.apply_agent(number, event, attempt)


async def follow_the_repository(ws: Workspace, journal: Sink) -> None:
    """The journal names worktrees by absolute paths; when the repository was moved, they were moved along."""
    folder = real(ws.repo.worktrees_dir)
    named = [task.worktree for task in journal.fold.tasks.values()] + [result.get("worktree") for result in journal.fold.effects.values()]
    away = {Path(path).name for path in named if isinstance(path, str) and Path(path).parent != folder}
    if away:
        journal.append(RunMoved(folder=ws.folder, worktrees=str(folder)))
        await repair(ws.repo, [folder / name for name in sorted(away)])


async def still_to_do(ws: Workspace, journal: Sink, known: RunPlanned, seen: Survey) -> tuple[RunPlanned, Survey]:
    """The plan without what is not to be taken up again, which ends `blocked` and says why; the survey with every issue of the plan."""
    view = view_of(journal.fold)
    issues = {task.number: task for task in seen.tasks}
    out = {} if view is None else await remaining.left_out(ws.tracker, view, RunStore(ws.runs).views(), issues)
    for number, left in out.items():
        journal.append(TaskStateChanged(state=TaskState.BLOCKED, error=left.reason, hint=left.hint), number)
    for planned in known.tasks:
        if planned.number not in issues:  # a sprint's issues are read as far as they are open
            try:
                issues[planned.number] = await ws.tracker.get(planned.number)
            except NotFound:
                continue
    tasks = tuple(task for task in known.tasks if task.number not in out)
    listed = tuple(in_sprint_order(list(issues.values()))) if seen.sprint is not None else tuple(issues.values())
    return known.model_copy(update={"tasks": tasks}), replace(seen, tasks=listed)


def only(journal: Sink, known: RunPlanned, numbers: Collection[int] | None) -> RunPlanned:
    """The plan with these tasks alone, where a person has answered what they wait for. What a crash has left of the others waits."""
    if numbers is None:
        return known
    for task in list(journal.fold.tasks.values()):
        if task.state.active and task.number not in numbers:
            hint = "go on with `locus run --resume`"
            journal.append(TaskStateChanged(state=TaskState.INTERRUPTED, error="its runner was gone", hint=hint), task.number)
    return known.model_copy(update={"tasks": tuple(task for task in known.tasks if task.number in numbers)})
