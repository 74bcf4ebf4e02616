"""What a task's prompt is written from once the run is under way: the tracker's comments, and a sprint's changes so far."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from locus.engine import plan, prompt
from locus.engine.earlier import Changes
from locus.engine.run import Run
from locus.errors import NotFound, NotSetUp, OutOfReach
from locus.model.task import Comment, Task


async def complete(run: Run, task: Task, earlier: Changes | None = None) -> prompt.Brief:
    """With the comments that there are now, or those that there were when the run began where the tracker is silent."""
    comments: Sequence[Comment] | None = await run.glances.at(lambda: run.tracker.comments(task.number))
    if comments is None:
        run.warn(f"the tracker did not say what was commented on #{task.number} since the run began: its agent starts without that")
        comments = run.comments.get(task.number, ())
    return replace(plan.brief(run.seen, task), comments=comments, earlier=earlier or Changes())


async def comments_so_far(run: Run) -> Mapping[int, Sequence[Comment]]:
    """Of all tasks, in one request where they are not known yet. The embedded tracker is there when it is asked."""
    numbers = [task.number for task in run.planned.tasks if not run.task(task.number).state.succeeded]
    if run.tracker.keeper == "local" or not numbers:
        return {}
    try:
        found = await asyncio.gather(*map(run.tracker.comments, numbers))
    except (OutOfReach, NotSetUp, NotFound):
        return {}
    return dict(zip(numbers, found, strict=True))
