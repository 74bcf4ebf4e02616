""".locus/run-state.json: a projection of the most recently started unfinished run, in the seeds' schema. Nothing reads it back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from locus import locks
from locus.engine.files import dump, write_atomically
from locus.engine.store import RunStore
from locus.model.run import RunView
from locus.workspace import Workspace

FILE = "run-state.json"


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


async def update(ws: Workspace, view: RunView) -> None:
    """Called by a run after each change, and before its last line: a crash after that line must not leave a finished run in the file.

    A newer unfinished run keeps the file; a file that is not ours stays.
    """
    path = ws.repo.locus_dir / FILE
    with await locks.lock(ws.locks / "run-state"):
        shown = _run_shown(path)
        if shown is None and path.exists():
            return
        if view.state.unfinished and (shown is None or shown <= view.id):
            write_atomically(path, dump(project(view)), durable=False)
        elif not view.state.unfinished and shown in (None, view.id):
            _next(ws, path, view.id)


def _next(ws: Workspace, path: Path, finished: str) -> None:
    for other in RunStore(ws.runs).views():
        if other.id != finished and other.state.unfinished:
            write_atomically(path, dump(project(other)), durable=False)
            return
    path.unlink(missing_ok=True)


def _run_shown(path: Path) -> str | None:
    """The id of our run in the file; None when there is no file or it is not one of ours."""
    try:
        run_id = json.loads(path.read_bytes())["runId"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return run_id if isinstance(run_id, str) else None
