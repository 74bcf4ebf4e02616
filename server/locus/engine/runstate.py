""".locus/run-state.json: a projection of the most recently started unfinished run, in the seeds' schema. Nothing reads it back."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

from locus import locks
from locus.engine import original, remaining
from locus.engine.files import dump, write_atomically
from locus.engine.store import JOURNAL, RunStore
from locus.errors import LocusError
from locus.model.run import RunView
from locus.workspace import Workspace

FILE = original.FILE
UNKNOWN = "run-state.unknown-{}.json"
"""Where a file goes that is neither Locus' state of a run."""


def project(view: RunView) -> dict[str, Any]:
    state: dict[str, Any] = {"runId": view.id, "type": "sprint" if view.kind == "sprint" else "parallel"}
    if view.sprint is not None:
        state["sprint"] = view.sprint
    if view.branch is not None:
        state["branch"] = view.branch
    state["startedAt"] = view.started_at
    state["tasks"] = [_task(index, view, number) for index, number in enumerate([task.number for task in view.tasks], 1)]
    return state


def _task(index: int, view: RunView, number: int) -> dict[str, Any]:
    task = view.task(number)
    if task is None:
        return {"issue": number, "order": index, "status": "pending"}
    entry: dict[str, Any] = {"issue": number, "order": task.order or index, "status": task.state.seed_word}
    pull = task.pull_request or view.pull_request
    if pull is not None and task.state.succeeded:
        entry["pr"] = pull.number
    if task.error is not None and entry["status"] == "failed":
        entry["error"] = task.error
    if task.ended_at is not None and entry["status"] in ("done", "failed"):
        entry["completedAt" if entry["status"] == "done" else "failedAt"] = task.ended_at
    return entry


async def update(ws: Workspace, view: RunView) -> str | None:
    """Called by a run after each change, and before its last line: a crash after that line must not leave a finished run in the file.

    A newer unfinished run keeps the file. One that is not ours is moved aside when its place is needed; the answer says so, once.
    """
    path = ws.repo.locus_dir / FILE
    with await locks.lock(ws.locks / "run-state"):
        shown = _run_shown(ws, path)
        foreign = shown is None and os.path.lexists(path)
        if foreign and view.base_commit is None:
            return None  # it may yet be refused
        if view.state.unfinished and (shown is None or shown <= view.id):
            told = _set_aside(path) if foreign else None
            write_atomically(path, dump(project(view)), durable=False)
            return told
        if not view.state.unfinished and not foreign and shown in (None, view.id):
            _next(ws, path, view.id)
        return None


def _next(ws: Workspace, path: Path, finished: str) -> None:
    store = RunStore(ws.runs)
    runs = store.views() if any(run_id != finished for run_id in store.unfinished()) else []
    for other in runs:
        left = {task.number for task in remaining.unfinished(other)}
        if other.id != finished and other.state.unfinished and not (left and left <= remaining.taken_up(other, runs).keys()):
            write_atomically(path, dump(project(other)), durable=False)
            return
    path.unlink(missing_ok=True)


def _run_shown(ws: Workspace, path: Path) -> str | None:
    """The id of our run in the file; None when there is no file, or it shows no run that we have."""
    try:
        run_id = json.loads(path.read_bytes())["runId"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    known = isinstance(run_id, str) and Path(run_id).name == run_id and (ws.runs / run_id / JOURNAL).is_file()
    return run_id if known else None


def _set_aside(path: Path) -> str:
    """Whatever stands there is kept. Raises LocusError when it cannot be moved."""
    state = original.read(path)
    form = original.ASIDE if state is not None else UNKNOWN
    target = next(place for number in itertools.count(1) if not os.path.lexists(place := path.with_name(form.format(number))))
    try:
        path.rename(target)
    except OSError as error:
        raise LocusError(f"{path} is not ours and cannot be moved to {target.name}: {error.strerror}", "move it yourself") from error
    if state is None:
        return f"{path} showed no run of this repository; it is kept as {target.name}"
    told = f"{path} was the original Locus' state of {state.described()}; it is kept as {target.name}"
    return f"{told}; `{state.command}` goes on with what is left" if state.left and state.command else told
