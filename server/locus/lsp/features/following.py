"""The runs of all repositories, as they are on disk, kept in memory; whoever shows them is told of changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from locus.engine.follow import RunWatcher
from locus.errors import LocusError
from locus.lsp import errors
from locus.lsp.tasks import Tasks
from locus.model.run import RunView, TaskRun
from locus.workspace import Workspace

log = logging.getLogger(__name__)

BUSY_SECONDS = 0.04
"""Between two looks while a run is alive."""
IDLE_SECONDS = 0.25
MOST_SHOWN = 100
"""Ended runs that an editor is told of."""


@dataclass(frozen=True)
class RunChange:
    workspace: Workspace
    view: RunView
    before: RunView | None
    """None: not seen until now."""
    news: bool
    """It happened while this server was watching; false for what lay there already."""

    @property
    def ended_now(self) -> bool:
        return self.news and self.view.state.ended and (self.before is None or self.before.alive)


@dataclass(eq=False)
class _Repository:
    workspace: Workspace
    watcher: RunWatcher
    task: asyncio.Task[None] | None = None
    views: dict[str, RunView] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    seen: asyncio.Event = field(default_factory=asyncio.Event)
    """Set after the first look."""
    trouble: str = ""
    """Why it could not be looked at, when that was said last."""

    def look(self) -> list[RunView]:
        """Reads the disk: called in a thread, one call at a time."""
        changed = []
        for run_id in self.watcher.poll():
            if (view := self.watcher.view(run_id)) is not None:
                changed.append(view)
            follower = self.watcher.follower(run_id)
            if follower is not None and follower.error is not None:
                log.warning("run %s cannot be read: %s", run_id, follower.error)
        return changed


class Following:
    def __init__(self, tasks: Tasks) -> None:
        self.listeners: list[Callable[[RunChange], None]] = []
        self.leavers: list[Callable[[RunView], None]] = []
        """Told of the runs of a repository that is no longer followed."""
        self._tasks = tasks
        self._repositories: dict[Path, _Repository] = {}

    def follow(self, workspaces: Iterable[Workspace]) -> None:
        """These and no others; several checkouts of one repository share their runs."""
        wanted = {workspace.runs: workspace for workspace in workspaces}
        for runs in set(self._repositories) - set(wanted):
            left = self._repositories.pop(runs)
            if left.task is not None:
                left.task.cancel()
            for view in left.views.values():
                for leaver in self.leavers:
                    leaver(view)
        for runs, workspace in wanted.items():
            if runs not in self._repositories:
                repository = self._repositories[runs] = _Repository(workspace, RunWatcher(runs))
                repository.task = self._tasks.start(self._watch(repository), f"following runs of {workspace.root}")

    async def looked(self) -> None:
        """Returns when every repository has been looked at once."""
        for repository in list(self._repositories.values()):
            await repository.seen.wait()

    def hurry(self, workspace: Workspace) -> None:
        """Something has just been started or stopped there."""
        if (repository := self._repositories.get(workspace.runs)) is not None:
            repository.wake.set()

    def views(self) -> list[RunView]:
        """Newest first: all that are alive, and the latest of the others."""
        every = sorted((view for repository in self._repositories.values() for view in repository.views.values()), key=_order, reverse=True)
        return [view for place, view in enumerate(every) if place < MOST_SHOWN or view.alive]

    def of(self, workspace: Workspace) -> list[RunView]:
        """Newest first."""
        repository = self._repositories.get(workspace.runs)
        return sorted(repository.views.values(), key=_order, reverse=True) if repository else []

    def find(self, run_id: str) -> tuple[Workspace, RunView] | None:
        for repository in self._repositories.values():
            if (view := repository.views.get(run_id)) is not None:
                return repository.workspace, view
        return None

    def latest(self, workspace: Workspace, task: int) -> RunView | None:
        """The newest run that has this task; not one of a task that had this number with another keeper."""
        return next((view for view in self.of(workspace) if view.task(task) is not None and view.of(workspace.keeper)), None)

    def latest_tasks(self) -> Iterator[tuple[Workspace, TaskRun]]:
        """Each task as its newest run has it; not those that had their numbers with another keeper."""
        for repository in list(self._repositories.values()):
            seen: set[int] = set()
            for view in self.of(repository.workspace):
                if view.of(repository.workspace.keeper):
                    yield from ((repository.workspace, task) for task in view.tasks if task.number not in seen)
                    seen |= {task.number for task in view.tasks}

    async def _watch(self, repository: _Repository) -> None:
        while True:
            try:
                changed = await asyncio.to_thread(repository.look)
            except (OSError, LocusError) as error:
                if str(error) != repository.trouble:  # once: it may stay so for hours
                    log.warning("runs cannot be looked at: %s", error)
                repository.trouble = str(error)
                changed = []
            news = repository.seen.is_set()
            for view in changed:
                before = repository.views.get(view.id)
                repository.views[view.id] = view
                self._tell(RunChange(repository.workspace, view, before, news))
            repository.seen.set()
            alive = any(view.alive for view in repository.views.values())
            await _pause(repository.wake, BUSY_SECONDS if alive else IDLE_SECONDS)

    def _tell(self, change: RunChange) -> None:
        for listener in self.listeners:
            try:
                listener(change)
            except Exception as error:  # noqa: BLE001 - the others are still to be told, and the following goes on
                errors.report_bug(error, f"showing run {change.view.id}")


async def _pause(wake: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return
    finally:
        wake.clear()


def _order(view: RunView) -> str:
    """Ids sort as the runs were started, which their times do not where the clock was set back."""
    return view.id
