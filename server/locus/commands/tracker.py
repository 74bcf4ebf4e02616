"""Where tasks live, and how they get from here to GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locus.commands.registry import Arguments, Command, Face
from locus.errors import Refused
from locus.model.moving import Move

if TYPE_CHECKING:
    from locus.workspace import Workspace


class PushTasks(Arguments):
    yes: bool = False
    """Nobody is asked."""
    dry_run: bool = False


async def push(ws: Workspace, args: PushTasks, face: Face) -> Move:
    """Without `yes` the person is asked; `Move.done` says whether they agreed."""
    from locus.engine.moving.push import carry_out, prepare

    prepared = await prepare(ws)
    move = prepared.move
    if args.dry_run:
        return move
    if not args.yes and not move.refused:
        if not face.interactive:
            raise Refused(f"moving tasks to {move.to} needs a yes, and nobody can be asked", "look at it with dryRun, then give yes")
        if await face.choose(_question(move), [_MOVE]) != _MOVE:
            return move
    return await carry_out(ws, prepared, face.say)


_MOVE = "Move them"


def _question(move: Move) -> str:
    left = sum(task.moved_to is None for task in move.tasks)
    what = "the task" if left == 1 else f"the remaining {left} tasks" if move.begun else f"all {left} tasks"
    asked = f"Move {what} of this repository to {move.to} on {move.host}? Each becomes an issue there; what is kept here stays as it is."
    return "\n".join([asked, *move.warnings])


COMMANDS = (
    Command(
        "locus.tracker.push",
        "Move the tasks to GitHub",
        PushTasks,
        "Move",
        push,
    ),
)
