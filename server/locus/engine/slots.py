"""A task's turn: one slot of the repository's `agent.maxParallel`, unless a person stops or withdraws the task while it waits."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from locus.engine import remaining
from locus.engine.remaining import LeftOut
from locus.engine.run import Run
from locus.engine.verdicts import TaskEnded
from locus.locks import Lock
from locus.model.states import TaskState
from locus.model.task import Task
from locus.model.view import view_of


class Turn(NamedTuple):
    lock: Lock
    waited: bool
    """Others came first: the issue may have changed since the run was planned."""


async def slot(run: Run, task: int) -> Turn | None:
    """None when the task, or the run, was stopped before its turn came."""
    stop = run.control.stop.of(task)
    if stop.is_set():
        return None
    if (free := run.slots.try_acquire()) is not None:
        return Turn(free, waited=False)
    stopped = asyncio.create_task(stop.wait())
    acquiring = asyncio.create_task(run.slots.acquire())
    try:
        await asyncio.wait([stopped, acquiring], return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            return None
        return Turn(acquiring.result(), waited=True)
    finally:
        stopped.cancel()
        if not acquiring.done():
            acquiring.cancel()
        elif stop.is_set() and acquiring.exception() is None:
            acquiring.result().close()


async def looked(run: Run, task: Task) -> Task | LeftOut | None:
    """What its issue says now of a task that has waited; None where the tracker is silent."""
    view = view_of(run.journal.fold)
    return await run.glances.at(lambda: remaining.at_its_turn(run.tracker, view, task)) if view is not None else None


def still_wanted(run: Run, task: Task, now: Task | LeftOut | None) -> Task | None:
    """The task as its issue says it now; as it said when the run began where that is not known. None when it was closed, or withdrawn in
    another way: that ends it.
    """
    if now is None or isinstance(now, Task):
        return now or task
    run.left_out.add(task.number)
    run.end(task.number, TaskEnded(TaskState.INTERRUPTED, now.reason, now.hint))
    return None
