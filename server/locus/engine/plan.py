"""What a run will do, decided from a survey. Pure but for `draw_up`, which surveys first; showing the plan is the dry run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from locus.engine import prompt
from locus.engine.context import changes_since
from locus.engine.earlier import Changes
from locus.engine.fencing import span
from locus.engine.in_effect import in_effect
from locus.engine.survey import Survey, survey
from locus.errors import LocusError, Refused
from locus.model import naming
from locus.model.config import text_of
from locus.model.config_layers import Merged
from locus.model.plan import Plan, PlannedTask, Refusal, Wanted
from locus.model.task import Sprint, Task, TaskStatus
from locus.repo.objects import commit_of
from locus.settings import require_valid
from locus.trust import commands_of
from locus.workspace import Workspace


async def draw_up(ws: Workspace, wanted: Wanted, *, prompts: bool = False) -> Plan:
    """The dry run: nothing is fetched, written or started. Raises Refused or NotFound where there is nothing to plan.

    With `prompts` each task has the text of its prompt, with the comments on its issue and what its sprint's branch has changed so far.
    """
    effect = await asyncio.to_thread(in_effect, ws)
    used = effect.allowed(ws)
    require_valid(used)
    seen = await survey(ws, wanted, used.config, fetch=False)
    seen = replace(seen, warnings=(*seen.warnings, *effect.notes(used), *effect.unusable))
    written = {}
    if prompts:
        changes = await _so_far(ws, seen)
        comments = await asyncio.gather(*(ws.tracker.comments(task.number) for task in seen.tasks))
        for task, said in zip(seen.tasks, comments, strict=True):
            told = replace(brief(seen, task), comments=said, earlier=changes)
            written[task.number] = prompt.compose(told)
    plan = make(seen, written)
    return plan.model_copy(update={"folder": ws.folder, "warnings": (*plan.warnings, *_not_allowed(ws, used, plan))})


def _not_allowed(ws: Workspace, used: Merged, plan: Plan) -> list[str]:
    missing = ws.trust.missing(commands_of(used, agents={task.agent for task in plan.tasks}))
    named = ", ".join(command.source for command in missing)
    return [f"not allowed to run yet, `locus trust` shows what and allows it: {named}"] if missing else []


async def _so_far(ws: Workspace, seen: Survey) -> Changes:
    tip = await commit_of(ws.repo.here, f"refs/heads/{naming.branch_of(seen.sprint)}") if seen.sprint is not None else None
    return await changes_since(ws.repo.here, seen.base.commit, tip) if tip is not None else Changes()


def make(seen: Survey, written: Mapping[int, prompt.Prompt] | None = None) -> Plan:
    """`written`: prompts that are to be shown."""
    return _standalone(seen, written or {}) if seen.sprint is None else _sprint(seen, seen.sprint, written or {})


def brief(seen: Survey, task: Task) -> prompt.Brief:
    """What the prompt is written from, before comments, the sprint's diff and failures are known."""
    return prompt.Brief(
        task=task,
        context=seen.context,
        code=seen.codes.get(task.number),
        sprint=seen.sprint.name if seen.sprint else None,
        verify=[f"{command.name} ({span(text_of(command.run))})" for command in seen.config.verify],
        max_chars=seen.config.prompt.max_chars,
    )


def is_done(task: Task) -> bool:
    return task.status in (TaskStatus.DONE, TaskStatus.IN_REVIEW)


def _sprint(seen: Survey, sprint: Sprint, written: Mapping[int, prompt.Prompt]) -> Plan:
    branch = naming.branch_of(sprint)
    if not sprint.tasks:
        raise Refused(f"the sprint {sprint.name!r} has no tasks", f"add some with `locus sprint order {_quoted(sprint.name)} N...`")
    if (refusal := _branch_taken(seen, branch)) is not None:
        raise Refused(*refusal)
    tasks = [task for task in seen.tasks if not is_done(task)]
    if not tasks:
        raise Refused(f"every task of the sprint {sprint.name!r} is done", "add tasks to it, or reopen one")
    refused = [Refusal(number=task.number, reason=found[0], hint=found[1]) for task in tasks if (found := _agent_missing(seen, task))]
    worktree = seen.worktrees / naming.worktree_name(branch)
    return _plan(seen, written, tasks, refused, {task.number: (branch, str(worktree)) for task in tasks})


def _standalone(seen: Survey, written: Mapping[int, prompt.Prompt]) -> Plan:
    refused = [
        Refusal(number=number, reason=f"there is no issue #{number}", hint="list them with `locus issue list`") for number in seen.missing
    ]
    accepted: list[Task] = []
    places: dict[int, tuple[str, str]] = {}
    for task in seen.tasks:
        branch = naming.issue_branch(task.number)
        places[task.number] = branch, str(seen.worktrees / naming.worktree_name(branch))
        problem = _not_standalone(task) or _branch_taken(seen, branch) or _agent_missing(seen, task)
        if problem is not None:
            refused.append(Refusal(number=task.number, reason=problem[0], hint=problem[1]))
        else:
            accepted.append(task)
    accepted.sort(key=lambda task: task.priority.rank if task.priority else 2)
    return _plan(seen, written, accepted, refused, places)


def _plan(
    seen: Survey,
    written: Mapping[int, prompt.Prompt],
    tasks: list[Task],
    refused: list[Refusal],
    places: dict[int, tuple[str, str]],
) -> Plan:
    sprint = seen.sprint
    return Plan(
        mode="sprint" if sprint else "standalone",
        sprint=sprint.name if sprint else None,
        base=seen.base.label,
        base_commit=seen.base.commit,
        branch=naming.branch_of(sprint) if sprint else None,
        tasks=tuple(
            _planned(seen, task, places[task.number], written.get(task.number))
            for task in tasks
            if isinstance(seen.agents[task.number], str)
        ),
        warnings=seen.warnings,
        refused=tuple(refused),
    )


def _planned(seen: Survey, task: Task, place: tuple[str, str], written: prompt.Prompt | None) -> PlannedTask:
    told = written or prompt.compose(brief(seen, task))
    return PlannedTask(
        number=task.number,
        title=task.title,
        order=task.order,
        branch=place[0],
        worktree=place[1],
        agent=str(seen.agents[task.number]),
        model=seen.config.model_of(str(seen.agents[task.number]), seen.wanted.model),
        prompt_chars=len(told.text),
        prompt_parts=tuple(told.parts),
        prompt=written.text if written is not None else None,
    )


def _not_standalone(task: Task) -> tuple[str, str] | None:
    if task.state == "closed":
        return f"#{task.number} is closed", "reopen it, or leave it out"
    if task.sprint is not None:
        return f"#{task.number} belongs to the sprint {task.sprint!r}", f"run the sprint: `locus run --sprint {_quoted(task.sprint)}`"
    return None


def _branch_taken(seen: Survey, branch: str) -> tuple[str, str] | None:
    if branch in seen.held:
        return f"another run is working on {branch}", "see `locus status`; wait for it or stop it with `locus stop`"
    if branch in seen.elsewhere:
        where = seen.elsewhere[branch]
        return f"{branch} is checked out at {where}", f"switch that checkout to another branch: `git -C {where} switch -`"
    return None


def _agent_missing(seen: Survey, task: Task) -> tuple[str, str] | None:
    agent = seen.agents[task.number]
    return (agent.message, agent.hint or "see `locus doctor`") if isinstance(agent, LocusError) else None


def _quoted(name: str) -> str:
    return f'"{name}"'
