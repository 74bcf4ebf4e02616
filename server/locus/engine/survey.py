"""Looks at everything a plan depends on: tasks, base, branches, agents. Reads only; `plan.make` decides."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locus import locks
from locus.anchors.locate import lines_of, locate, split_lines
from locus.engine import prompt
from locus.engine.context import RepositoryContext, repository_context
from locus.engine.journaled import as_journaled
from locus.errors import LocusError, NotFound, Refused
from locus.model import labels, naming
from locus.model.config import Config
from locus.model.plan import Wanted
from locus.model.task import Anchor, Sprint, Task, TaskFilter, in_sprint_order
from locus.repo import facts
from locus.repo.base import Base, BaseBranch, base_branch, fetch_base, resolve
from locus.repo.discover import Repository
from locus.repo.objects import show_file
from locus.workspace import Workspace


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
    (branch, remote), _, problem, places = await together(
        _where_to(repo, config.agent.base_branch),
        facts.require_branch_room(repo),
        facts.identity_problem(repo),
        facts.checked_out(repo),
    )
    if problem is not None:
        raise problem
    warnings: list[str] = []
    known: str | None = None
    if fetch and wanted.base in (None, "default"):
        fetched = await fetch_base(repo, branch)
        known = fetched.commit
        if fetched.problem is not None:
            warnings.append(f"{branch.name} could not be fetched, the last known state is used: {fetched.problem}")
    base, (sprint, tasks, missing) = await together(
        resolve(repo, wanted.base or "default", branch, fetched=known), _tasks(ws, wanted, config)
    )
    context, *found = await together(
        repository_context(repo.here, base.commit, repo.locus_dir),
        *(_code(ws, task, task.anchor, base) for task in tasks if task.anchor is not None),
    )
    codes = {code.task: code for code in found}
    return Survey(
        wanted=wanted,
        config=config,
        worktrees=repo.worktrees_dir,
        sprint=sprint,
        tasks=tasks,
        missing=missing,
        branch=branch,
        remote=remote,
        base=base,
        held=frozenset(name for name in _branches(sprint, tasks) if locks.is_held(ws.branch_lock(name))),
        elsewhere={
            name: path for name, path in places.items() if name.startswith(naming.PREFIX) and path.parent != repo.worktrees_dir.resolve()
        },
        agents={task.number: await asyncio.to_thread(_agent, ws, task, wanted, config) for task in tasks},
        codes=codes,
        context=context,
        warnings=(*warnings, *_lost(codes, base, wanted)),
    )


async def together(*looks: Coroutine[Any, Any, Any]) -> list[Any]:
    """All looks at once; of several that fail the first one named is raised."""
    found = await asyncio.gather(*looks, return_exceptions=True)
    for result in found:
        if isinstance(result, BaseException):
            raise result
    return list(found)


async def _where_to(repo: Repository, configured: str | None) -> tuple[BaseBranch, str | None]:
    """The branch that work is for, and the remote that it is pushed to."""
    here, remotes = await facts.head_and_remotes(repo)
    facts.committed(here)
    return await base_branch(repo, configured, remotes), remotes.push


async def _tasks(ws: Workspace, wanted: Wanted, config: Config) -> tuple[Sprint | None, tuple[Task, ...], tuple[int, ...]]:
    if wanted.sprint is not None:
        sprint = await ws.tracker.sprint(wanted.sprint)
        found = as_journaled(ws, config, await ws.tracker.tasks(TaskFilter(sprint=sprint.name)))
        return sprint, tuple(in_sprint_order(found)), ()
    tasks: list[Task] = []
    missing: list[int] = []
    for number in dict.fromkeys(wanted.tasks):
        try:
            tasks.append(await ws.tracker.get(number))
        except NotFound:
            missing.append(number)
    return None, tuple(tasks), tuple(missing)


def _branches(sprint: Sprint | None, tasks: tuple[Task, ...]) -> list[str]:
    return [naming.branch_of(sprint)] if sprint else [naming.issue_branch(task.number) for task in tasks]


def _agent(ws: Workspace, task: Task, wanted: Wanted, config: Config) -> str | LocusError:
    try:
        name, agent = ws.agent(wanted.agent or labels.read(task.labels).agent or config.ai.provider, config)
        agent.check(ws.root)
    except (Refused, NotFound) as error:
        return error
    return name


async def _code(ws: Workspace, task: Task, anchor: Anchor, base: Base) -> prompt.AnchoredCode:
    """The anchored code as it stands in the base."""
    content = await show_file(ws.repo.here, base.commit, anchor.path)
    if content is None:
        return prompt.AnchoredCode(task.number, anchor.path, 0, 0, "", "lost")
    text = content.decode("utf-8", "replace")
    found = locate(anchor, text)
    first, last = lines_of(found.range)
    return prompt.AnchoredCode(task.number, anchor.path, first + 1, last + 1, "\n".join(split_lines(text)[first : last + 1]), found.state)


def _lost(codes: Mapping[int, prompt.AnchoredCode], base: Base, wanted: Wanted) -> list[str]:
    if wanted.base is not None:
        return []
    return [f"the code that #{number} is about is not in {base.label}" for number, code in codes.items() if code.state == "lost"]
