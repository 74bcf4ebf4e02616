"""What an unfinished run has still to do: not what a later run has taken up, nor what was finished, closed or deleted since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from locus.engine.plan import is_done
from locus.errors import NotFound
from locus.model.run import RunView, TaskRun
from locus.model.states import RunState, TaskState
from locus.model.task import Task
from locus.tracker.protocol import Tracker


@dataclass(frozen=True)
class LeftOut:
    """Why a task is not taken up again, and what to do if it is to be."""

    reason: str
    hint: str


def unfinished(view: RunView) -> list[TaskRun]:
    return [task for task in view.tasks if not task.state.succeeded]


def taken_up(view: RunView, runs: Iterable[RunView]) -> dict[int, RunView]:
    """The unfinished tasks of `view` that a later run has begun with, each with the newest such run: its branch is that one's now."""
    mine = {task.number for task in unfinished(view)}
    return {number: run for number, run in later(view, runs).items() if number in mine}


def later(view: RunView, runs: Iterable[RunView]) -> dict[int, RunView]:
    """Of the tasks of `view` those that a later run has begun with, each with the newest such run."""
    mine = {task.number for task in view.tasks}
    begun = (
        run
        for run in runs
        if run.id > view.id and run.base_commit is not None and run.state is not RunState.REFUSED and view.keeper in (None, run.keeper)
    )
    return {task.number: run for run in sorted(begun, key=lambda run: run.id) for task in run.tasks if task.number in mine}


def resumable(view: RunView, runs: Collection[RunView], standing: Mapping[int, Task]) -> bool:
    """Whether there is something to resume in an ended run. `standing` are the open issues."""
    if not view.state.unfinished or view.alive:
        return False
    if view.untold:
        return True
    left = unfinished(view)
    gone = taken_up(view, runs)
    if not left:  # its last step failed, the pull request
        return not any(run.id > view.id and run.sprint == view.sprint and run.state is RunState.DONE for run in runs)
    crashed = view.state is RunState.LOST  # something may be half-done even where the tracker says that it is done
    return any(
        task.number not in gone and (crashed or ((issue := standing.get(task.number)) is not None and _left_out(view, issue) is None))
        for task in left
    )


async def left_out(tracker: Tracker, view: RunView, runs: Iterable[RunView], known: Mapping[int, Task]) -> dict[int, LeftOut]:
    """The unfinished tasks that are not to be taken up. `known` are those of the tracker's issues that have been read already."""
    newer = taken_up(view, runs)
    found: dict[int, LeftOut] = {}
    for task in unfinished(view):
        number = task.number
        if number in newer:
            found[number] = LeftOut(f"#{number} was taken up again by {newer[number].id}", f"run it again with `locus run {number}`")
            continue
        try:
            issue = known.get(number) or await tracker.get(number)
        except NotFound:
            found[number] = _gone(number)
            continue
        if task.state is not TaskState.PUBLISHING and (reason := _left_out(view, issue)) is not None:
            found[number] = reason
    return found


async def at_its_turn(tracker: Tracker, view: RunView, task: Task) -> Task | LeftOut:
    """A task that has waited, as its issue says it now; or why it is not to be done any more."""
    try:
        issue = await tracker.get(task.number)
    except NotFound:
        return _gone(task.number)
    return _left_out(view, issue) or issue


def _gone(number: int) -> LeftOut:
    return LeftOut(f"there is no issue #{number} any more", "what was done for it stays on its branch")


def _left_out(view: RunView, issue: Task) -> LeftOut | None:
    number = issue.number
    if issue.state == "closed":
        return LeftOut(f"#{number} was closed meanwhile", "reopen it if it is to be done all the same, then resume")
    task = view.task(number)
    if is_done(issue) and not (task is not None and task.again):
        return LeftOut(f"#{number} is {issue.status} already", f"`locus issue edit {number} --status queued` if it is not, then resume")
    if issue.sprint == view.sprint:
        return None
    if issue.sprint:
        return LeftOut(f'#{number} belongs to the sprint "{issue.sprint}" now', f'run it with `locus run --sprint "{issue.sprint}"`')
    return LeftOut(f'#{number} left the sprint "{view.sprint}" meanwhile', f"run it with `locus run {number}`")
