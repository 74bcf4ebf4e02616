"""The whole way of the tasks from the embedded tracker to GitHub: may they, what would happen, and then it does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from locus import locks
from locus.engine.moving import look, plan, progress
from locus.engine.moving.carry import Carrier
from locus.engine.moving.progress import Notebook, Progress
from locus.engine.remaining import resumable
from locus.engine.store import RunStore
from locus.errors import LocusError, OutOfReach, Refused
from locus.model.moving import Move
from locus.settings import require_valid
from locus.tracker.choosing import place_to_move_to
from locus.tracker.choosing import record as record_keeper
from locus.tracker.github.gh import Gh, NotLoggedIn
from locus.tracker.github.place import GitHubPlace
from locus.workspace import Workspace

_LOOKS = 3
"""How often what was changed here during the move is brought there too, before it is said that somebody goes on changing it."""


@dataclass(frozen=True)
class Prepared:
    place: GitHubPlace
    here: look.Here
    move: Move
    progress: Progress | None
    newest: int


async def prepare(ws: Workspace) -> Prepared:
    """Reads everything and changes nothing. Raises Refused where the tasks cannot move, with what to do about it."""
    merged = ws.settings()
    require_valid(merged)
    wanted = merged.config.tracker
    if wanted == "local":
        raise Refused(
            'the configuration says that tasks live here ("tracker": "local")',
            'set "tracker" to "auto" in .locus/config.json or where else it is said, then try again',
        )
    known = progress.load(ws.state)
    place = known.place if known is not None else ws.place or await place_to_move_to(ws.repo, wanted)
    _require_no_run(ws)
    embedded = ws.embedded
    here = await look.here(embedded)
    _require_something(ws, known, here)
    await _require_login(ws, place)
    github = ws.github(place)
    there, branches = await asyncio.gather(look.there(github, here, known), look.branches(ws))
    standing = {task.number: task for task in here.tasks if task.state == "open"}
    views = [view for view in RunStore(ws.runs).views() if view.of("local")]
    left = [view for view in views if resumable(view, views, standing)]
    return Prepared(place, here, plan.make(place, here, there, branches, known, left), known, there.room.newest)


async def carry_out(ws: Workspace, prepared: Prepared, say: Callable[[str], None]) -> Move:
    """Once: what was interrupted goes on where it stopped. Afterwards GitHub has the tasks. Raises LocusError."""
    if prepared.move.refused:
        raise Refused("\n".join(each.reason for each in prepared.move.refused), prepared.move.refused[0].hint)
    lock = locks.try_lock(ws.locks / "moving")
    if lock is None:
        raise Refused("the tasks are being moved to GitHub already, from another window", "wait until that has come to its end")
    with lock:
        if progress.load(ws.state) != prepared.progress:
            raise Refused("the tasks were moved meanwhile, from another window", "see how far it came: `locus tracker push`")
        notebook = Notebook(ws.state, prepared.progress or progress.begin(prepared.place, prepared.newest))
        notebook.write()
        try:
            move, left = await _carry(ws, prepared, notebook, say)
        except LocusError as error:
            raise _interrupted(error, notebook.progress, len(prepared.here.tasks)) from error
        record_keeper(ws.state, prepared.place)
        _follow_active_sprint(ws, notebook.progress)
        notebook.end()
        await ws.settle()
    return _done(move, notebook.progress, left)


async def _carry(ws: Workspace, prepared: Prepared, notebook: Notebook, say: Callable[[str], None]) -> tuple[Move, dict[int, str]]:
    async def wait(moment: float, reason: str) -> None:
        say(reason)
        await asyncio.sleep(max(0.0, moment - time.time()))

    github = ws.github(prepared.place, patience=wait)
    here, move = prepared.here, prepared.move
    for _ in range(_LOOKS):
        left = await Carrier(move, here, github, notebook, say).carry()
        _require_no_run(ws)
        now = await look.here(ws.embedded)
        if now == here:
            return move, left
        there, branches = await asyncio.gather(look.there(github, now, notebook.progress), look.branches(ws))
        here, move = now, plan.make(prepared.place, now, there, branches, notebook.progress)
    raise Refused("the tasks here go on being changed while they are moved", "let nobody change them for a while")


def _require_no_run(ws: Workspace) -> None:
    alive = [view.id for view in RunStore(ws.runs).views() if view.alive]
    if alive:
        raise Refused(f"a run is going on with tasks that are to be moved: {', '.join(alive)}", "wait for its end, or end it: `locus stop`")


def _require_something(ws: Workspace, known: Progress | None, here: look.Here) -> None:
    """Where GitHub has the tasks already, something must have been left here."""
    if ws.place is None or progress.unfinished(ws.state):
        return
    if all(known is not None and known.there(task.number) is not None for task in here.tasks):
        raise Refused(f"the tasks are on GitHub already, in {ws.place.full_name}", "`locus issue list` shows them; none is left to move")


async def _require_login(ws: Workspace, place: GitHubPlace) -> None:
    """Raises Refused where there is no gh."""
    if not await Gh(place.host, ws.repo.main, ws.locks).logged_in():
        raise NotLoggedIn(place.host, "gh has no valid login")


def _follow_active_sprint(ws: Workspace, done: Progress) -> None:
    """It may have another name there."""
    moved = done.sprints.get(ws.active_sprint() or "")
    if moved is not None and moved.title not in (None, ws.active_sprint()):
        ws.activate_sprint(moved.title)


def _interrupted(error: LocusError, now: Progress, total: int) -> LocusError:
    have = sum(moved.there is not None for moved in now.tasks.values())
    hint = "`locus tracker push` goes on where this stopped, and makes nothing twice; until then the tasks are still kept here"
    kind = OutOfReach if isinstance(error, OutOfReach) else LocusError
    return kind(f"{error.message} (after {have} of {total} issues)", "\n".join([error.hint, hint] if error.hint else [hint]))


def _done(move: Move, now: Progress, left: dict[int, str]) -> Move:
    return move.model_copy(
        update={
            "done": True,
            "tasks": tuple(task.model_copy(update={"moved_to": now.there(task.number), "changed": False}) for task in move.tasks),
            "pulls": tuple(
                pull.model_copy(update={"moved_to": now.pulls.get(pull.number), "stays": left.get(pull.number, pull.stays)})
                for pull in move.pulls
            ),
        }
    )
