"""What a task changed, as pairs of documents that any editor can show: the side before as a file of ours, and the side after."""

from __future__ import annotations

from pathlib import Path

from locus.engine.files import write_atomically
from locus.engine.store import RunStore
from locus.errors import NotFound
from locus.model.diff import ChangedFile, TaskDiff
from locus.model.run import TaskRun
from locus.repo.diffs import diffstat
from locus.repo.objects import show_file
from locus.repo.staging import present_tree
from locus.workspace import Workspace


async def sides(ws: Workspace, number: int) -> TaskDiff:
    """Of the latest run of the task: its commit when it has one, else what stands in its worktree. Raises NotFound when it never ran."""
    await ws.tracker.get(number)
    task = _latest(ws, number)
    here = Path(task.worktree) if task.worktree and Path(task.worktree).is_dir() else None
    start = str(task.start)
    if task.commit is not None:
        end = task.commit
    elif here is not None:
        end, _ = await present_tree(here, start)
    else:
        raise NotFound(f"#{number} has changed nothing yet", "see `locus status`")
    changes = await diffstat(ws.repo.here, start, end)
    folder = ws.state / "diff" / str(number)
    files = []
    for change in changes:
        before = await show_file(ws.repo.here, start, change.old_path or change.path) if change.status != "added" else b""
        after = await show_file(ws.repo.here, end, change.path) if change.status != "deleted" else b""
        files.append(
            ChangedFile(
                path=change.path,
                status=change.status if change.status in ("added", "deleted", "renamed") else "modified",
                left=_document(folder / "before", change.old_path or change.path, before),
                right=_document(folder / "after", change.path, after),
            )
        )
    return TaskDiff(files=tuple(files))


def _latest(ws: Workspace, number: int) -> TaskRun:
    for view in RunStore(ws.runs).views():
        task = view.task(number) if view.of(ws.tracker.keeper) else None
        if task is not None and task.start is not None:
            return task
    raise NotFound(f"#{number} has not been run yet", f"run it: `locus run {number}`")


def _document(folder: Path, path: str, content: bytes | None) -> str:
    file = folder / path
    write_atomically(file, content or b"", durable=False)
    return file.as_uri()
