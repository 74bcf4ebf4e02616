"""Everything a run needs, looked at one by one, each with what to do about it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from locus.commands.house import Check
from locus.errors import LocusError, expected
from locus.model.states import RunState

if TYPE_CHECKING:
    from locus.workspace import Workspace

_DRIFT: Final = (2, 38)
_ENOUGH_BYTES: Final = 1024**3
"""A worktree is a second copy of the files; below this a run is likely to end with a full disk."""


async def checks(ws: Workspace) -> list[Check]:
    """In the order in which a run would need them. Changes nothing but for a probe file, removed at once."""
    await ws.settle(anew=True)
    found = [await _guarded(name, check, ws) for name, check in _CHECKS]
    return [check for check in found if check is not None]


async def outside(error: LocusError) -> list[Check]:
    """Where there is no repository to look at."""
    return [await _guarded_git(), Check(check="repository", ok=False, detail=error.message, fix=error.hint)]


async def _guarded(name: str, check: Callable[[Workspace], Awaitable[Check | None]], ws: Workspace) -> Check | None:
    try:
        return await check(ws)
    except LocusError as error:
        return Check(check=name, ok=False, detail=error.message, fix=error.hint)
    except BaseExceptionGroup as group:  # of parallel git commands; the first that is wrong says enough
        if (first := expected(group)) is None:
            raise
        return Check(check=name, ok=False, detail=first.message, fix=first.hint)


async def _guarded_git() -> Check:
    from locus.repo.facts import version

    try:
        found = await version()
    except LocusError as error:
        return Check(check="git", ok=False, detail=error.message, fix=error.hint or "install git 2.38 or newer")
    words = ".".join(map(str, found))
    if found < _DRIFT:
        return Check(check="git", ok=False, detail=f"{words} cannot see conflicts before they happen", fix="install git 2.38 or newer")
    return Check(check="git", ok=True, detail=words)


async def _git(_ws: Workspace) -> Check:
    return await _guarded_git()


async def _repository(ws: Workspace) -> Check:
    from locus.repo import facts

    commit = await facts.require_commits(ws.repo)
    shallow = "; its history is shallow" if facts.is_shallow(ws.repo) else ""
    return Check(check="repository", ok=True, detail=f"{ws.root} at {commit[:10]}{shallow}")


async def _identity(ws: Workspace) -> Check:
    from locus.repo import facts

    if (problem := await facts.identity_problem(ws.repo)) is not None:
        return Check(check="identity", ok=False, detail=problem.message, fix=problem.hint)
    return Check(check="identity", ok=True, detail="git knows who commits here, and commits can be made without a terminal")


async def _branches(ws: Workspace) -> Check:
    from locus.repo import facts

    await facts.require_branch_room(ws.repo)
    return Check(check="branches", ok=True, detail="there is room for branches named locus/...")


async def _base(ws: Workspace) -> Check:
    from locus.repo.base import base_branch, resolve

    branch = await base_branch(ws.repo, ws.settings().config.agent.base_branch)
    base = await resolve(ws.repo, "default", branch)
    return Check(check="base branch", ok=True, detail=f"{base.label} at {base.commit[:10]}")


async def _remote(ws: Workspace) -> Check:
    from locus.repo import facts

    found = await facts.remotes(ws.repo)
    if found.push is None and found.base is None:
        several = f" (nothing says which of {', '.join(found.names)} is meant)" if found.names else ""
        return Check(check="remote", ok=True, detail=f"none: finished branches stay in this repository{several}")
    if found.forked:
        said = f"{found.push} for finished branches, {found.base} for what they begin on and where pull requests go ({found.why})"
    else:
        said = f"{found.push} of {', '.join(found.names)} ({found.why})" if len(found.names) > 1 else str(found.push)
    return Check(check="remote", ok=True, detail=said)


async def _state(ws: Workspace) -> Check:
    return await asyncio.to_thread(_state_folder, ws.state)


def _state_folder(state: Path) -> Check:
    probe = state / f".probe-{os.getpid()}"
    try:
        state.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
        free = shutil.disk_usage(state).free
    except OSError as error:
        return Check(
            check="state folder", ok=False, detail=f"{state}: {error.strerror}", fix="make it writable for you, or free some space"
        )
    size = f"{free / 1024**3:.1f} GB free"
    if free < _ENOUGH_BYTES:
        return Check(
            check="state folder", ok=False, detail=f"{state}, {size}", fix="free some space: every task works in a worktree of its own"
        )
    return Check(check="state folder", ok=True, detail=f"{state}, {size}")


async def _configuration(ws: Workspace) -> Check:
    problems = ws.settings().problems
    fatal = [problem for problem in problems if problem.fatal]
    if not problems:
        return Check(check="configuration", ok=True, detail="valid")
    said = "\n".join(str(problem) for problem in fatal or problems)
    return Check(check="configuration", ok=not fatal, detail=said, fix="correct it in the file it stands in" if fatal else None)


async def _agent(ws: Workspace) -> Check:
    from locus.commands.agents import described, seen

    config = ws.settings().config
    name, agent = await asyncio.to_thread(ws.agent, config.ai.provider, config)
    agent.check(ws.root)
    info = await seen(ws, name, config, chosen=name)
    return Check(check="agent", ok=info.ready, detail=described(info), fix=info.fix)


async def _tracker(ws: Workspace) -> Check:
    from locus.engine.moving import progress
    from locus.model.task import TaskFilter
    from locus.tracker.github.gh import OLDEST, version

    keeper = ws.tracker.keeper
    tasks = await ws.tracker.tasks(TaskFilter())
    said = f"{keeper}, open issues: {len(tasks)}" + (f" ({ws.tracker_reason})" if ws.tracker_reason else "")
    if progress.unfinished(ws.state):
        return Check(check="tracker", ok=False, detail=f"{said}; a move to GitHub was interrupted", fix="go on with `locus tracker push`")
    if keeper == "local":
        return Check(check="tracker", ok=True, detail=said)
    found = await version(ws.root)
    if found is not None and found < OLDEST:
        old, least = ".".join(map(str, found)), ".".join(map(str, OLDEST))
        return Check(
            check="tracker", ok=False, detail=f"{said}; gh {old} is too old", fix=f"install gh {least} or newer: https://cli.github.com"
        )
    return Check(check="tracker", ok=True, detail=f"{said}; gh {'.'.join(map(str, found or ()))}")


async def _trust(ws: Workspace) -> Check:
    items = ws.trust.show(ws.settings())
    missing = [item for item in items if not item.allowed]
    if missing:
        said = "\n".join(["not allowed to run yet:", *(f"{item.source}: {item.text}" for item in missing)])
        return Check(check="trust", ok=False, detail=said, fix="look at them and allow them with `locus trust`")
    return Check(check="trust", ok=True, detail=f"commands allowed to run: {len(items)}" if items else "the repository names no command")


async def _verification(ws: Workspace) -> Check:
    from locus.engine.in_effect import in_effect
    from locus.model.config import text_of

    effect = await asyncio.to_thread(in_effect, ws)
    used = effect.allowed(ws)
    said = [*effect.notes(used), *effect.unusable]
    if used.origins.get("verify") != "found" and used.config.verify:
        said = ["; ".join(f"{check.name}: {text_of(check.run)}" for check in used.config.verify)]
    return Check(check="verification", ok=True, detail="\n".join(said) or "none: a task counts as done when its agent says so")


async def _leftovers(ws: Workspace) -> Check:
    from locus.engine.store import RunStore

    store = RunStore(ws.runs)
    broken = await asyncio.to_thread(store.unreadable)
    if broken:
        said = "\n".join(["runs whose journal cannot be read:", *(error.message for error in broken.values())])
        hints = dict.fromkeys(error.hint for error in broken.values() if error.hint)
        return Check(check="leftovers", ok=False, detail=said, fix="\n".join(hints) or None)
    lost = [view.id for view in await asyncio.to_thread(store.views) if view.state is RunState.LOST]
    if lost:
        said = f"runs whose runner is gone: {', '.join(lost)}"
        return Check(check="leftovers", ok=False, detail=said, fix=f"go on with `locus run --resume {lost[0]}`")
    return Check(check="leftovers", ok=True, detail="no run was left behind")


_CHECKS: Final[tuple[tuple[str, Callable[[Workspace], Awaitable[Check | None]]], ...]] = (
    ("git", _git),
    ("repository", _repository),
    ("identity", _identity),
    ("branches", _branches),
    ("base branch", _base),
    ("remote", _remote),
    ("state folder", _state),
    ("configuration", _configuration),
    ("agent", _agent),
    ("tracker", _tracker),
    ("trust", _trust),
    ("verification", _verification),
    ("leftovers", _leftovers),
)
