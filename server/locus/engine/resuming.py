"""Which run `resume` means, and why there is none."""

from __future__ import annotations

from collections.abc import Collection

from locus.engine import remaining
from locus.engine.original import Original, originals
from locus.engine.store import RunStore
from locus.errors import InvalidArguments, LocusError, Refused
from locus.model import naming
from locus.model.config import Config
from locus.model.run import RunView
from locus.model.task import Task, TaskFilter
from locus.workspace import Workspace


async def chosen(ws: Workspace, run_id: str | None, sprint: str | None) -> RunView:
    """The run of that id, else the only one (of that sprint) with something left to do. Raises Refused that says what there is instead."""
    runs = RunStore(ws.runs)
    if run_id is not None:
        return await _named(ws, runs.view(run_id), runs)
    views = [view for view in runs.views() if view.of(ws.tracker.keeper)]
    unfinished = [view for view in views if view.state.unfinished and not view.alive and _is(view.sprint, sprint)]
    issues = await _open_issues(ws) if unfinished else {}
    candidates = [view for view in unfinished if remaining.resumable(view, views, issues)]
    if not candidates:
        raise _none(runs.unreadable(), [state for state in originals(ws.repo.locus_dir, runs.ids()) if _is(state.sprint, sprint)])
    if len(candidates) > 1:
        listed = "\n".join(
            f"  {view.id}  {view.sprint or ', '.join(f'#{task.number}' for task in view.tasks)}  {view.state}" for view in candidates
        )
        raise Refused(f"several runs could be resumed:\n{listed}", "name one: `locus run --resume RUN`")
    return candidates[0]


def limits_now(ws: Workspace, frozen: Config) -> Config:
    """The run's configuration with today's limits of time and money: raising one is how a person goes on after it was reached."""
    merged = ws.settings()
    if any(problem.fatal for problem in merged.problems):
        return frozen
    now = merged.config
    agent = frozen.agent.model_copy(
        update={"budget_usd": now.agent.budget_usd, "timeout": now.agent.timeout, "idle_timeout": now.agent.idle_timeout}
    )
    agents = {
        name: profile.model_copy(update={"limits": now.agents[name].limits}) if name in now.agents else profile
        for name, profile in frozen.agents.items()
    }
    return frozen.model_copy(update={"agent": agent, "agents": agents, "limits": now.limits, "question": now.question})


async def _named(ws: Workspace, view: RunView, runs: RunStore) -> RunView:
    if view.alive:
        raise Refused(f"run {view.id} is going on", "watch it with `locus logs -f`")
    if not view.state.unfinished:
        raise Refused(f"run {view.id} is {view.state}: there is nothing to resume", "start a new one with `locus run`")
    if not view.of(ws.tracker.keeper):
        raise _moved(view, ws.tracker.keeper)
    views = [other for other in runs.views() if other.of(ws.tracker.keeper)]
    if not remaining.resumable(view, views, await _open_issues(ws)):
        out = await remaining.left_out(ws.tracker, view, views, {})
        reasons = "; ".join(each.reason for each in out.values()) or "a later run has delivered it"
        raise Refused(f"nothing of run {view.id} is left to resume: {reasons}", next((each.hint for each in out.values()), None))
    return view


def _moved(view: RunView, keeper: str) -> Refused:
    """The numbers of its tasks are other issues there."""
    was, now = ("in this repository" if each == "local" else f"in {each}" for each in (view.keeper, keeper))
    return Refused(
        f"run {view.id} is of tasks that were {was}; they are {now} now", "run them by their present numbers: `locus issue list`"
    )


async def _open_issues(ws: Workspace) -> dict[int, Task]:
    return {task.number: task for task in await ws.tracker.tasks(TaskFilter())}


def _is(name: str | None, sprint: str | None) -> bool:
    """Whether that sprint is meant, as far as anyone has said; names with one branch are one sprint's."""
    return sprint is None or (name is not None and _slug(name) == _slug(sprint))


def _slug(name: str) -> str:
    try:
        return naming.slug(name)
    except InvalidArguments:  # the original's names are not ours
        return name


def _none(unreadable: dict[str, LocusError], foreign: Collection[Original]) -> Refused:
    message, hints = ["there is no unfinished run to resume"], []
    for run_id, error in unreadable.items():
        message.append(f"  {run_id} cannot be resumed: {error.message}")
        hints += [error.hint] if error.hint else []
    for state in foreign:
        message.append(f"  {state.path} is the original Locus' state of {state.described()}")
        hints.append(f"go on with what is left of it: `{state.command}`" if state.command else "run what is left of it by issue number")
    if foreign:
        message.append("The state of the original cannot be resumed; its files stay as they are.")
    return Refused("\n".join(message), "\n".join(dict.fromkeys(hints)) or "see `locus status`")
