"""Starting, resuming, stopping and answering runs from a face: everything goes through files, the runner is nobody's child."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from pathlib import Path

from locus import locks, process
from locus.agents import resolve
from locus.engine import inbox, questions, request, resuming, store
from locus.engine.in_effect import in_effect
from locus.engine.inbox import ForceStop, Stop
from locus.engine.journal import Journal
from locus.engine.journaled import as_journaled
from locus.engine.plan import is_done
from locus.engine.request import RunRequest
from locus.engine.store import RunStore
from locus.errors import LocusError, NotFound, Refused
from locus.locks import Lock
from locus.model import labels, naming
from locus.model.config import Config
from locus.model.events import RequestedTask, RunRequested, Warned
from locus.model.plan import Wanted
from locus.model.run import RunView
from locus.model.states import RunState
from locus.model.task import Task, TaskFilter, in_sprint_order
from locus.repo.discover import discover
from locus.repo.layout import exclude
from locus.settings import require_valid
from locus.trust import commands_of
from locus.workspace import Workspace

_LAST_MOMENT = 10.0
"""Seconds that a runner may take to go, once it has written its last line."""


async def start(ws: Workspace, wanted: Wanted, *, interactive: bool) -> str:
    """Checks what can be checked at once, writes the request and starts the runner, which checks the rest before its first effect.

    Raises Refused or NotFound; nothing is left behind then.
    """
    effect = in_effect(ws)
    merged = effect.allowed(ws)
    require_valid(merged)
    config = merged.config
    tasks, title = await _tasks(ws, wanted, config)
    agents = {resolve(wanted.agent or labels.read(task.labels).agent or config.ai.provider, config, ws.root) for task in tasks}
    missing = ws.trust.missing(commands_of(merged, agents=agents))
    if missing and not interactive:
        raise questions.not_trusted(missing)
    exclude(ws.repo)
    try:
        folder = RunStore(ws.runs).make()
    except OSError as error:
        raise _unwritten(ws.runs, error) from error
    run_id = folder.name
    asked = RunRequest(
        run_id=run_id,
        root=str(ws.root),
        mode="standalone" if title is None else "sprint",
        wanted=wanted,
        config=config,
        origins=dict(merged.origins),
        interactive=interactive,
    )
    requested = RunRequested(
        run_id=run_id,
        folder=ws.folder,
        mode=asked.mode,
        sprint=title,
        base=wanted.base or "default",
        keeper=ws.tracker.keeper,
        tasks=tuple(RequestedTask(number=task.number, title=task.title, order=task.order, again=is_done(task) or None) for task in tasks),
    )
    try:
        with _taken(folder) as lock:
            asked.save(folder)
            journal = Journal(folder / store.JOURNAL)
            journal.append(requested)
            for note in effect.notes(merged):
                journal.append(Warned(message=note))
            await journal.sync()
            journal.close()
            await _launch(ws, run_id, lock)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _unwritten(folder, error) from error
    except LocusError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return run_id


async def resume(ws: Workspace, run_id: str | None, sprint: str | None, *, interactive: bool, only: tuple[int, ...] | None = None) -> str:
    """Takes up an unfinished run that nobody is carrying on, or `only` these of its tasks. Without an id it must be clear which one."""
    view = await resuming.chosen(ws, run_id, sprint)
    folder = ws.runs / view.id
    asked = request.load(folder)
    with await _let_go(ws, view) as lock:
        journal = Journal(folder / store.JOURNAL)  # tells now whether it can be written, and cuts off what a crash left half-written
        journal.close()
        if journal.fold.seq != view.seq:  # between our look and our lock it was resumed, and came to its end
            raise Refused(f"run {view.id} has gone on meanwhile", "see `locus status`")
        now = asked.model_copy(
            update={"interactive": interactive, "root": _root(ws, asked), "only": only, "config": resuming.limits_now(ws, asked.config)}
        )
        if now != asked:
            now.save(folder)
        inbox.clear_spent(folder / store.INBOX, journal.fold.questions.closed)
        await _launch(ws, view.id, lock)
    return view.id


async def stop(ws: Workspace, run_id: str | None, *, task: int | None = None, force: bool = False) -> RunView:
    """Asks the run to stop: gracefully, or at once with `force`. The run ends when its agents have. What a killed runner left is ended."""
    view = RunStore(ws.runs).view(run_id) if run_id else _only_running(ws)
    if not view.alive:
        if view.state is RunState.LOST and process.leftovers(view.id):
            await process.end_leftovers(view.id)
            return view
        raise _not_running(view)
    if task is not None and view.task(task) is None:
        raise NotFound(f"run {view.id} has no task #{task}", f"its tasks: {', '.join(f'#{t.number}' for t in view.tasks)}")
    folder = ws.runs / view.id / store.INBOX
    if force:
        inbox.put(folder, ForceStop(task=task))
    else:
        inbox.put(folder, Stop(task=task))
    return view


def _not_running(view: RunView) -> Refused:
    why = view.reason if view.state is RunState.LOST else f"it is {view.state}"
    hint = f"take it up again with `locus run --resume {view.id}`" if view.state.unfinished else "see `locus status`"
    return Refused(f"run {view.id} is not running: {why}", hint)


async def _tasks(ws: Workspace, wanted: Wanted, config: Config) -> tuple[list[Task], str | None]:
    if wanted.sprint is not None:
        sprint = await ws.tracker.sprint(wanted.sprint)
        branch = naming.branch_of(sprint)
        _require_free(ws, branch)
        tasks = as_journaled(ws, config, await ws.tracker.tasks(TaskFilter(sprint=sprint.name)))
        return [task for task in in_sprint_order(tasks) if not is_done(task)], sprint.name
    tasks = [await ws.tracker.get(number) for number in dict.fromkeys(wanted.tasks)]
    for task in tasks:
        if task.sprint is not None:
            raise Refused(f'#{task.number} belongs to the sprint "{task.sprint}"', f'run the sprint: `locus run --sprint "{task.sprint}"`')
        _require_free(ws, naming.issue_branch(task.number))
    return tasks, None


def _require_free(ws: Workspace, branch: str) -> None:
    if locks.is_held(ws.branch_lock(branch)):
        raise Refused(f"another run is working on {branch}", "see `locus status`; wait for it or stop it with `locus stop`")


def _root(ws: Workspace, asked: RunRequest) -> str:
    """Where the run looks from: as when it was started, unless that checkout is gone or the repository was moved."""
    root = Path(asked.root)
    try:
        stays = root.is_dir() and discover(root).common_dir == ws.repo.common_dir
    except Refused:
        stays = False
    return asked.root if stays else str(ws.root)


def _only_running(ws: Workspace) -> RunView:
    running = [view for view in RunStore(ws.runs).views() if view.alive]
    if not running:
        raise Refused("no run is going on", "see `locus status`")
    if len(running) > 1:
        raise Refused("several runs are going on", f"name one: {', '.join(view.id for view in running)}")
    return running[0]


async def _let_go(ws: Workspace, view: RunView) -> Lock:
    """The lock of an ended run: whoever wrote its last line has it for a moment yet. Raises Refused when somebody goes on with the run."""
    path = ws.runs / view.id / store.LOCK
    deadline = time.monotonic() + _LAST_MOMENT
    while (lock := locks.try_lock(path)) is None:
        if time.monotonic() > deadline or RunStore(ws.runs).view(view.id).seq != view.seq:
            raise _going_on(view.id)
        await asyncio.sleep(0.05)
    return lock


def _taken(folder: Path) -> Lock:
    lock = locks.try_lock(folder / store.LOCK)
    if lock is None:
        raise _going_on(folder.name)
    return lock


def _going_on(run_id: str) -> Refused:
    return Refused(f"run {run_id} is going on", "watch it with `locus logs -f`")


def _unwritten(folder: Path, error: OSError) -> LocusError:
    return LocusError(f"cannot write {folder}: {error.strerror}", "free some space or make the folder writable")


async def _launch(ws: Workspace, run_id: str, lock: Lock) -> None:
    """The lock is handed down, so that the run is alive from this moment on."""
    folder = ws.runs / run_id
    argv = [sys.executable, "-P", "-m", "locus", "runner", str(folder), "--lock-fd", str(lock.fd)]
    await asyncio.to_thread(process.launch, argv, cwd=ws.repo.main, stderr=folder / store.LOG, hold=lock.fd, env=process.scrubbed_env())
