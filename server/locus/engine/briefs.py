"""What a task's prompt is written from once the run is under way: the tracker's comments, and a sprint's changes so far."""

from __future__ import annotations

from dataclasses import replace

from locus.engine import plan, prompt
from locus.engine.run import Run
from locus.model.task import Task


async def complete(run: Run, task: Task, sprint_diff: str = "") -> prompt.Brief:
    comments = await run.tracker.comments(task.number)
    return replace(plan.brief(run.seen, task), comments=comments, sprint_diff=sprint_diff)
