"""`locus status`: the active sprint, the issues by status, the runs that go on or could."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from locus.cli.parser import Given
from locus.cli.present import how_to_answer, problem_lines, question_lines, run_glyph, task_line, what_of
from locus.cli.session import Session
from locus.cli.sprints import active_sprint, done
from locus.cli.summary import cost_line
from locus.cli.text import cut, duration, one_line, spent
from locus.commands.registry import wire
from locus.model.naming import branch_of
from locus.model.states import TaskState
from locus.model.task import TaskStatus

if TYPE_CHECKING:
    from locus.model.run import RunView
    from locus.model.task import Sprint, Task


_PROBLEMS: Final = 3


async def status(session: Session, _given: Given) -> int:
    sprint = await active_sprint(session)
    tasks: list[Task] = await session.call("locus.issue.list")
    every: list[RunView] = await session.call("locus.run.list")
    counts = Counter(task.status for task in tasks)
    runs = [view for view in every if view.alive or open_work(view, tasks)]
    if session.json:
        by_status = {str(status): counts[status] for status in TaskStatus if counts[status]}
        session.terminal.document({"activeSprint": wire(sprint), "issues": by_status, "runs": wire(runs)})
        return 0
    session.terminal.say_all(_lines(session, sprint, counts, runs))
    return 0


def open_work(view: RunView, tasks: list[Task]) -> bool:
    """An ended run that can be resumed, with something still to be done or said: its issues are open and nobody has done them since."""
    if view.untold:
        return view.state.unfinished
    waiting = {task.number for task in tasks if task.status not in (TaskStatus.DONE, TaskStatus.IN_REVIEW)}
    return view.state.unfinished and any(not task.state.succeeded and task.number in waiting for task in view.tasks)


def _lines(session: Session, sprint: Sprint | None, counts: Counter[TaskStatus], runs: list[RunView]) -> Iterable[str]:
    terminal = session.terminal
    dot = f" {terminal.glyphs.dot} "
    if sprint is None:
        yield "No active sprint."
    else:
        yield dot.join([f"Sprint: {one_line(sprint.name)}", f"{done(sprint)} of {len(sprint.tasks)} done", branch_of(sprint)])
    said = [f"{counts[status]} {status}" for status in TaskStatus if counts[status]]
    yield f"Issues: {', '.join(said) or 'none open'}"
    if not runs:
        yield "No run is going on."
    for view in runs:
        yield ""
        yield from _run(session, view)


def _run(session: Session, view: RunView) -> Iterable[str]:
    terminal = session.terminal
    dot = f" {terminal.glyphs.dot} "
    facts = [view.id, what_of(view), view.state, f"{view.done} of {len(view.tasks)} done"]
    if view.alive:
        facts.append(duration(seconds_since(view.started_at)))
    facts += [said] if (said := spent(view.tokens, view.cost_usd)) else []
    yield f"{run_glyph(terminal, view.state)} {dot.join(facts)}"
    if view.reason:
        yield f"    {one_line(view.reason)}"
    for task in view.tasks:
        if (task.state is not TaskState.PENDING or task.resumes_at) and not task.state.succeeded:
            yield cut(f"    {task_line(task)}", terminal.width, terminal.glyphs.ellipsis)
            yield from (f"        {line}" for line in cost_line(task))
            yield from (cut(f"      {line}", terminal.width, terminal.glyphs.ellipsis) for line in problem_lines(task, _PROBLEMS))
    for question in view.questions:
        yield from (f"    {line}" for line in question_lines(question))
        yield f"    answer with: {how_to_answer(view.id, question)}"
    if not view.alive:
        yield f"    go on with: locus run --resume {view.id}"


def seconds_since(stamp: str) -> float:
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds()
    except ValueError:
        return 0.0
