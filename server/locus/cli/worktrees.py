"""`locus worktree ...`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from locus.cli.parser import Given
from locus.cli.session import Session
from locus.cli.status import seconds_since
from locus.cli.text import age, cut, one_line, plural, size
from locus.model.states import TaskState

if TYPE_CHECKING:
    from locus.cli.terminal import Style
    from locus.model.worktree import Cleaned, KeptWorktree, Restored, Snapshot


async def listed(session: Session, _given: Given) -> int:
    entries: list[KeptWorktree] = await session.call("locus.worktree.list")
    session.show(entries, lambda: _lines(session, entries))
    return 0


async def restore(session: Session, given: Given) -> int:
    path = given.text("path")
    whole = None if path is None else os.path.abspath(path)  # noqa: PTH100 - a link on the way stays one
    made: Restored = await session.call("locus.worktree.restore", ref=given.text("ref"), path=whole)
    session.show(made, lambda: [f"Restored to {one_line(_near(made.path))}"])
    return 0


async def clean(session: Session, given: Given) -> int:
    dry = given.flag("dry-run")
    done: Cleaned = await session.call(
        "locus.worktree.clean",
        paths=[_from_here(path) for path in given.texts("paths")] or None,
        olderThanDays=given.number("older-than"),
        dryRun=dry or None,
    )

    def lines() -> Iterable[str]:
        for name in done.removed:
            yield f"{'Would remove' if dry else 'Removed'} {one_line(_near(name))}"
        for stays in done.kept:
            yield f"{'Would keep' if dry else 'Kept'} {one_line(_near(stays.path))}: {one_line(stays.reason)}"
        if not done.removed and not done.kept:
            yield "There is nothing to clean."
        if done.removed and not dry:
            yield "What was in worktrees is kept: `locus worktree list` shows it."

    session.show(done, lines)
    return 0


def _lines(session: Session, entries: list[KeptWorktree]) -> Iterable[str]:
    terminal = session.terminal
    if not entries:
        yield "Nothing is kept: no worktrees, no snapshots."
        return
    for entry in entries:
        task = f"#{entry.task}" if entry.task is not None else ""
        facts = [task, terminal.style(entry.state, _style(entry)), f"{age(seconds_since(entry.created_at))} old", size(entry.bytes)]
        where = one_line(_near(entry.path)) or "a worktree that nobody knows any more"
        yield f"{terminal.style(where, 'bold')} {terminal.glyphs.dot} " + f" {terminal.glyphs.dot} ".join(fact for fact in facts if fact)
        branch = f" ({one_line(entry.branch)})" if entry.branch else ""
        yield cut(f"    {one_line(entry.reason)}{branch}", terminal.width, terminal.glyphs.ellipsis)
        yield from (f"    {_snapshot(snapshot)}" for snapshot in entry.keep_refs)
    snapshots = [snapshot for entry in entries for snapshot in entry.keep_refs]
    if snapshots:
        keep = session.workspace.settings().config.keep
        taken = sum(snapshot.bytes for snapshot in snapshots)
        yield ""
        yield f"{plural(len(snapshots), 'snapshot')}, {size(taken)} of {size(keep.max_bytes)}, each for {plural(keep.days, 'day')}"
        yield "Bring one back with: locus worktree restore SNAPSHOT"


def _snapshot(snapshot: Snapshot) -> str:
    """Its name as short as `restore` takes it mostly, and for how long it can be had."""
    name = snapshot.ref.removeprefix("refs/locus/keep/")
    until = f", until {snapshot.kept_until[:10]}" if snapshot.kept_until else ""
    return f"snapshot {one_line(name)}: {size(snapshot.bytes)}{until}"


def _style(entry: KeptWorktree) -> Style:
    if entry.state in (TaskState.FAILED, TaskState.BLOCKED):
        return "red"
    return "yellow" if entry.state is TaskState.INTERRUPTED else "dim"


def _from_here(path: str) -> str:
    """What stands here under that name is meant; else the name of a worktree's folder."""
    return os.path.abspath(path) if Path(path).exists() else path  # noqa: PTH100 - a link on the way stays one


def _near(path: str) -> str:
    """Relative to the current folder where it lies below."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
