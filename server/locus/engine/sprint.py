"""Sprint mode: one worktree, one branch, the tasks one after the other, each on top of the ones before it; one pull request."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from locus.engine import briefs, delivering, endings, limits, messages, places, publish, resolutions, sessions, snapshots, verdicts
from locus.engine.catching_up import catch_up, follow, pushed_by_others, sprint_diff
from locus.engine.claims import Claim
from locus.engine.execute import execute
from locus.engine.place import Place
from locus.engine.remaining import LeftOut
from locus.engine.run import Run
from locus.engine.slots import looked, slot, still_wanted
from locus.engine.verdicts import TaskEnded, interrupted
from locus.errors import LocusError
from locus.model.events import Accepted
from locus.model.plan import PlannedTask
from locus.model.states import TaskState
from locus.model.task import Task
from locus.repo.work import head_in

_Ahead = dict[int, Task | LeftOut | None]
"""What was seen of an issue before its turn."""


async def run_all(run: Run) -> None:
    """Raises TaskEnded when the branch cannot be had, or when the last step, the pull request, fails: the tasks stay done then."""
    wanted = str(run.planned.branch)
    started = next((task for planned in run.planned.tasks if (task := run.task(planned.number)).branch and task.worktree), None)
    try:
        claim = await run.claims.of((wanted, started.branch if started else None), run.control.stop.of(None))
    except TaskEnded:
        if run.control.stopping:
            return
        raise
    with claim:
        if started is None:
            place = await run.control.unless_stopped(None, places.fresh(run, wanted, None, claim))
        else:
            place = Place(str(started.branch), Path(str(started.worktree)), str(started.start), "", claim.fds)
        async with delivering.drafting(run):
            await _tasks(run, place, claim)
            await run.control.unless_stopped(None, delivering.deliver(run, place))


async def _tasks(run: Run, place: Place, claim: Claim) -> None:
    tasks = {task.number: task for task in run.seen.tasks}
    unless_stopped = run.control.unless_stopped
    base = run.planned.base_commit if place.start == run.planned.base_commit else None
    published = await _finish_accepted(run, tasks, place) if run.resumed else _Published()
    if not published.goes_on:
        return
    resuming, begun = run.resumed, published.number is not None
    ahead: _Ahead = {}
    waiting = deque(run.planned.tasks)
    while waiting:
        planned = waiting.popleft()
        number = planned.number
        if run.task(number).state.succeeded or number == published.number:
            continue
        turn = await slot(run, number)
        if turn is None:
            break
        at: Place | None = None
        try:
            with turn.lock:
                if turn.waited or begun:
                    seen = ahead.pop(number, None) if not turn.waited else None
                    now = still_wanted(run, tasks[number], seen or await looked(run, tasks[number]))
                    if now is None:
                        continue
                    tasks[number] = now
                begun = True
                run.move(number, TaskState.PREPARING, phase="preparing")
                run.notices.status(number, TaskState.PREPARING)
                goes_on = await unless_stopped(number, _goes_on_in(run, place, planned, claim, published)) if resuming else None
                if goes_on is not None:
                    at, session = goes_on
                else:
                    if resuming:
                        place = await unless_stopped(number, _taken_up(run, place, number, claim, published))
                    base = await unless_stopped(number, catch_up(run, place, number, base))
                    at, session = await places.here(run, place, number), None
                resuming = False
                brief = await briefs.complete(run, tasks[number], await sprint_diff(at, base or run.planned.base_commit))
                accepted = await execute(run, number, planned.agent, at, brief, session)
            publishing = unless_stopped(number, _publish(run, tasks[number], at, accepted))
            ahead = await _meanwhile(publishing, _looked_at_next(run, waiting, tasks))
        except LocusError as error:
            ended = verdicts.of(error)
            if (moment := limits.over_at(run, ended)) is not None:
                if await limits.wait(run, number, ended, moment):
                    waiting.appendleft(planned)
                    resuming, published = True, _Published()
                    continue
                ended = interrupted("stopped while it waited for a limit to be over")
            if not await _goes_on(run, number, ended, at):
                break


async def _meanwhile(work: Coroutine[Any, Any, None], look: Coroutine[Any, Any, _Ahead]) -> _Ahead:
    """What is seen while the work is done. What goes wrong in looking is not the work's fault: at its turn it is looked at again."""
    worked, seen = await asyncio.gather(work, look, return_exceptions=True)
    if isinstance(worked, BaseException):
        raise worked
    if isinstance(seen, BaseException) and not isinstance(seen, LocusError):
        raise seen
    return {} if isinstance(seen, LocusError) else cast(_Ahead, seen)


async def _looked_at_next(run: Run, waiting: Iterable[PlannedTask], tasks: Mapping[int, Task]) -> _Ahead:
    """The issue that comes next: its agent then starts without waiting for the tracker. The embedded one answers at once."""
    number = next((each.number for each in waiting if not run.task(each.number).state.succeeded), None)
    if number is None or run.tracker.keeper == "local":
        return {}
    return {number: await looked(run, tasks[number])}


@dataclass(frozen=True)
class _Published:
    """The task whose accepted work was published on resume, or not; its worktree is clean then."""

    number: int | None = None
    goes_on: bool = True


async def _finish_accepted(run: Run, tasks: Mapping[int, Task], place: Place) -> _Published:
    """Publishes what was accepted before the run ended, before any task is tried again on top."""
    for number, accepted in run.journal.fold.accepted.items():
        before = run.task(number)
        if before.state.succeeded or number not in tasks:
            continue
        at = replace(place, start=str(before.start))
        try:
            if not await resolutions.accepted_stands(run, number, at):
                continue
            await run.control.unless_stopped(number, _publish(run, tasks[number], at, accepted))
        except LocusError as error:
            return _Published(number, await _goes_on(run, number, verdicts.of(error), at))
        return _Published(number)
    return _Published()


async def _goes_on_in(run: Run, place: Place, planned: PlannedTask, claim: Claim, published: _Published) -> tuple[Place, str] | None:
    """The worktree as the task's agent left it, and its session, where nothing has come in between."""
    task = run.task(planned.number)
    if published.number is not None or run.journal.fold.left_to_person or task.start is None:
        return None
    if pushed_by_others(run, place, task.start):
        return None
    return await sessions.place(run, planned.number, planned.agent, claim)


async def _taken_up(run: Run, place: Place, number: int, claim: Claim, published: _Published) -> Place:
    """The worktree to begin in: as it stood at the last good commit, with what a person has committed there when they were asked to, and
    what somebody has pushed on top.
    """
    tip = run.journal.fold.tip or place.start
    if published.number is not None:
        tip = str((await head_in(place.worktree)).commit)
    else:
        if run.journal.fold.left_to_person:
            tip = await resolutions.given_back(run, place, tip)
        place = await places.again(run, place.branch, place.worktree, tip, number, claim)
    ahead = await follow(run, place, number, tip)
    return place if ahead == tip else await places.again(run, place.branch, place.worktree, ahead, number, claim)


async def _publish(run: Run, task: Task, place: Place, accepted: Accepted) -> None:
    run.move(task.number, TaskState.PUBLISHING, phase="publishing")
    commit = await publish.commit(run, task, place, accepted)
    await snapshots.left_out(run, place.worktree, task.number)
    pushed = await publish.push_branch(run, f"push:{task.number}", place, commit, task.number, later=True)
    pull = await delivering.draft(run, place, task.number, commit) if pushed or run.tracker.keeper == "local" else None
    said = messages.done_comment(place.branch, commit, accepted.summary, accepted.verified, pull.number if pull else None)
    publish.finished(run, task.number, accepted.attempt, said, pull)
    run.move(task.number, publish.good_end(run))


async def _goes_on(run: Run, number: int, ended: TaskEnded, place: Place | None) -> bool:
    """Closes the task. Whether the sprint goes on: only after a failure, and if it is not to stop on failures."""
    await endings.badly(run, number, ended, place)
    if ended.state is not TaskState.FAILED or run.config.sprint.stop_on_failure or run.control.stopping:
        return False
    if place is not None:
        await snapshots.back_to(run, place.worktree, place.branch, place.start, number)
    return True
