"""Standalone mode: each issue in its own worktree, a work-conserving pool of slots. Publishing does not hold a slot."""

from __future__ import annotations

import asyncio
from pathlib import Path

from locus.engine import bodies, briefs, endings, limits, messages, places, publish, pulls, sessions, verdicts
from locus.engine.claims import Claim
from locus.engine.execute import execute
from locus.engine.parking import Parking
from locus.engine.place import Place
from locus.engine.resolutions import accepted_stands
from locus.engine.run import Run
from locus.engine.slots import Turn, looked, slot, still_wanted
from locus.engine.verdicts import TaskEnded, interrupted
from locus.errors import LocusError
from locus.model.events import Accepted
from locus.model.plan import PlannedTask
from locus.model.states import TaskState
from locus.model.task import Task


async def run_all(run: Run) -> None:
    """Every planned task once; done ones are only put away. The pool starts them in the plan's order."""
    tasks = {task.number: task for task in run.seen.tasks}
    unfinished = [planned for planned in _order(run) if not run.task(planned.number).state.succeeded]
    parking = Parking(run, len(unfinished))
    async with asyncio.TaskGroup() as group:
        for planned in run.planned.tasks:
            if run.task(planned.number).state.succeeded:
                group.create_task(_put_away(run, planned))
        for planned in unfinished:
            turn = await slot(run, planned.number)
            if run.control.stopping:
                break  # what has not begun stays pending
            if turn is None:
                parking.leave()
                await endings.badly(run, planned.number, interrupted("stopped before it began"), None)
                continue
            group.create_task(_one(run, tasks[planned.number], planned, turn, parking))


def _order(run: Run) -> list[PlannedTask]:
    """On resume what was begun comes first, then what was pending."""
    return sorted(run.planned.tasks, key=lambda planned: run.task(planned.number).state is TaskState.PENDING)


async def _one(run: Run, task: Task, planned: PlannedTask, turn: Turn | None, parking: Parking) -> None:
    """To the task's end. While it waits for an answer or for the end of a limit its slot is another's."""
    try:
        claim = await run.claims.of((planned.branch, run.task(task.number).branch), run.control.stop.of(task.number))
    except LocusError as error:
        run.end(task.number, verdicts.of(error))  # what the tracker says is up to whoever has the branch
        parking.leave()
        if turn is not None:
            turn.lock.close()
        return
    with claim:
        while turn is not None:
            with turn.lock:
                ended = await _work(run, task, planned, turn, claim)
            if ended is None or not await _goes_on(run, task.number, ended, parking):
                break
            turn = await slot(run, task.number)
            if turn is None:
                await endings.badly(run, task.number, interrupted("stopped before it went on"), None)
    parking.leave()


async def _goes_on(run: Run, number: int, ended: TaskEnded, parking: Parking) -> bool:
    """Whether the task is taken up again within this run: when its question is answered, or the limit that it ran into is over."""
    if ended.question is not None:
        return await parking.answered(number)
    moment = limits.over_at(run, ended)
    if moment is None:
        return False
    if await limits.wait(run, number, ended, moment):
        return True
    await endings.badly(run, number, interrupted("stopped while it waited for a limit to be over"), None)
    return False


async def _work(run: Run, task: Task, planned: PlannedTask, turn: Turn, claim: Claim) -> TaskEnded | None:
    """How it ended, where it did not end well."""
    place: Place | None = None
    try:
        if (standing := await _standing(run, task.number, claim)) is not None:
            place, accepted = standing
        else:
            now = still_wanted(run, task, await looked(run, task)) if turn.waited else task
            if now is None:
                return None
            task = now
            run.move(task.number, TaskState.PREPARING, phase="preparing")
            run.notices.status(task.number, TaskState.PREPARING)
            at, session = await run.control.unless_stopped(task.number, _place(run, task.number, planned, claim))
            place = at
            accepted = await execute(run, task.number, planned.agent, at, await briefs.complete(run, task), session)
        turn.lock.close()
        pushed = await run.control.unless_stopped(task.number, _publish(run, task, planned, place, accepted))
        if pushed or run.planned.remote is None or not run.config.agent.auto_pr:
            await endings.put_away(run, f"remove:{task.number}", place.worktree, task.number)
    except LocusError as error:
        ended = verdicts.of(error)
        if limits.over_at(run, ended) is None:
            await endings.badly(run, task.number, ended, place)
        return ended
    return None


async def _standing(run: Run, number: int, claim: Claim) -> tuple[Place, Accepted] | None:
    """Work that was accepted before the run ended, and that still stands: it is only published."""
    before = run.task(number)
    if not (before.branch and before.worktree and before.start):
        return None
    place = Place(branch=before.branch, worktree=Path(before.worktree), start=before.start, start_tree="", hold=claim.fds)
    return (place, run.journal.fold.accepted[number]) if await accepted_stands(run, number, place) else None


async def _place(run: Run, number: int, planned: PlannedTask, claim: Claim) -> tuple[Place, str | None]:
    """With the agent's session that goes on there, if one does."""
    if (goes_on := await sessions.place(run, number, planned.agent, claim)) is not None:
        return goes_on
    before = run.task(number)
    if before.branch and before.worktree and before.start:
        return await places.again(run, before.branch, Path(before.worktree), before.start, number, claim), None
    return places.prepared(run, await places.fresh(run, planned.branch, number, claim), number), None


async def _publish(run: Run, task: Task, planned: PlannedTask, place: Place, accepted: Accepted) -> bool:
    """Whether the remote has it now."""
    run.move(task.number, TaskState.PUBLISHING, phase="publishing")
    commit = await publish.commit(run, task, place, accepted)
    pushed = await publish.push_branch(run, f"push:{task.number}", place, commit, task.number)
    part = bodies.of_task(run.id, task, accepted, planned.agent)
    pull = await pulls.pull_request(run, f"pull:{task.number}", place.branch, messages.pull_title(task), part, task.number)
    said = messages.done_comment(place.branch, commit, accepted.summary, accepted.verified, pull.number if pull else None)
    publish.finished(run, task.number, accepted.attempt, said, pull)
    run.move(task.number, publish.good_end(run))
    return pushed


async def _put_away(run: Run, planned: PlannedTask) -> None:
    """What a crash left of a done task: its worktree. Unless another run has taken the task up again: then it is that one's."""
    task = run.task(planned.number)
    pushed = (run.effects.done(f"push:{task.number}") or {}).get("pushed") is not None
    safe = pushed or run.planned.remote is None or not run.config.agent.auto_pr
    if task.worktree and safe and run.effects.done(f"remove:{task.number}") is None:
        claim = run.claims.at_once(planned.branch)
        if claim is not None:
            with claim:
                await endings.put_away(run, f"remove:{task.number}", Path(task.worktree), task.number)
