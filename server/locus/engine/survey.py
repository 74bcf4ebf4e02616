"""Looks at everything a plan depends on: tasks, base, branches, agents. Reads only; `plan.make` decides."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from locus import locks
from locus.anchors.locate import locate
from locus.engine import prompt
from locus.engine.context import RepositoryContext, repository_context
from locus.errors import LocusError, NotFound, Refused
from locus.model import labels, naming
from locus.model.config import Config
from locus.model.plan import Wanted
from locus.model.task import Sprint, Task, in_sprint_order
from locus.repo import facts
from locus.repo.base import Base, BaseBranch, base_branch, fetch_base, resolve
from locus.repo.objects import show_file
from locus.workspace import Workspace, resolve_agent


@dataclass(frozen=True)
class Survey:
    wanted: Wanted
    config: Config
    worktrees: Path
    sprint: Sprint | None
    tasks: tuple[Task, ...]
    """As asked for; of a sprint its open tasks in order."""
    missing: tuple[int, ...]
    branch: BaseBranch
    remote: str | None
    base: Base
    held: frozenset[str]
    """Branches that another run is working on."""
    elsewhere: Mapping[str, Path]
    """Branches that are checked out outside our own worktrees."""
    agents: Mapping[int, str | LocusError]
    """Per task its agent's name, or why there is none."""
    codes: Mapping[int, prompt.AnchoredCode]
    context: RepositoryContext
    warnings: tuple[str, ...]


async def survey(ws: Workspace, wanted: Wanted, config: Config, *, fetch: bool) -> Survey:
    """Raises Refused or NotFound where the run as a whole cannot be. With `fetch` the base branch is fetched first."""
    repo = ws.repo
    await facts.require_commits(repo)
    await facts.require_branch_room(repo)
    if (problem := await facts.identity_problem(repo)) is not None:
        raise problem
    branch = await base_branch(repo, config.agent.base_branch)
    warnings: list[str] = []
    if fetch and wanted.base in (None, "default"):
        fetched = await fetch_base(repo, branch)
        if fetched.problem is not None:
            warnings.append(f"{branch.name} could not be fetched, the last known state is used: {fetched.problem}")
    base = await resolve(repo, wanted.base or "default", branch)
    sprint, tasks, missing = await _tasks(ws, wanted)
    codes = {task.number: code for task in tasks if (code := await _code(ws, task, base)) is not None}
    warnings += _lost(codes, base, wanted)
    worktrees = repo.worktrees_dir
    elsewhere = {
        name: path for name, path in (await facts.checked_out(repo)).items() if name.startswith(naming.PREFIX) and path.parent != worktrees
    }
    return Survey(
        wanted=wanted,
        config=config,
        worktrees=worktrees,
        sprint=sprint,
        tasks=tasks,
        missing=missing,
        branch=branch,
        remote=await facts.remote(repo),
        base=base,
        held=frozenset(name for name in _branches(sprint, tasks) if locks.is_held(ws.branch_lock(name))),
        elsewhere=elsewhere,
        agents={task.number: await asyncio.to_thread(_agent, ws, task, wanted, config) for task in tasks},
        codes=codes,
        context=await repository_context(repo.here, base.commit, repo.locus_dir),
        warnings=tuple(warnings),
    )


async def _tasks(ws: Workspace, wanted: Wanted) -> tuple[Sprint | None, tuple[Task, ...], tuple[int, ...]]:
    if wanted.sprint is not None:
        sprint = await ws.tracker.sprint(wanted.sprint)
        every = [await ws.tracker.get(number) for number in sprint.tasks]
        return sprint, tuple(in_sprint_order([task for task in every if task.state == "open"])), ()
    tasks: list[Task] = []
    missing: list[int] = []
    for number in dict.fromkeys(wanted.tasks):
        try:
            tasks.append(await ws.tracker.get(number))
        except NotFound:
            missing.append(number)
    return None, tuple(tasks), tuple(missing)


def _branches(sprint: Sprint | None, tasks: tuple[Task, ...]) -> list[str]:
    return [naming.sprint_branch(sprint.name)] if sprint else [naming.issue_branch(task.number) for task in tasks]


def _agent(ws: Workspace, task: Task, wanted: Wanted, config: Config) -> str | LocusError:
    try:
        name = resolve_agent(wanted.agent or labels.read(task.labels).agent or config.ai.provider, config)
        ws.agent(name, config)[1].check(ws.root)
    except (Refused, NotFound) as error:
        return error
    return name


async def _code(ws: Workspace, task: Task, base: Base) -> prompt.AnchoredCode | None:
    """The anchored code as it stands in the base."""
    if task.anchor is None:
        return None
    content = await show_file(ws.repo.here, base.commit, task.anchor.path)
    if content is None:
        return prompt.AnchoredCode(task.anchor.path, 0, 0, "", "lost")
    text = content.decode("utf-8", "replace")
    found = locate(task.anchor, text)
    lines = text.splitlines()
    first, last = found.range.start.line, found.range.end.line
    if found.range.end.character == 0 and last > first:
        last -= 1
    return prompt.AnchoredCode(task.anchor.path, first + 1, last + 1, "\n".join(lines[first : last + 1]), found.state)


def _lost(codes: Mapping[int, prompt.AnchoredCode], base: Base, wanted: Wanted) -> list[str]:
    if wanted.base is not None:
        return []
    return [f"the code that #{number} is about is not in {base.label}" for number, code in codes.items() if code.state == "lost"]
