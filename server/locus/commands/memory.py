"""What agents have learned about the repository: shown, taken into `.locus/memory`, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from locus.commands.registry import Arguments, Command, Face
from locus.model.learning import Dismissed, Proposal, Remembered

if TYPE_CHECKING:
    from locus.workspace import Workspace


class ListLearned(Arguments):
    pass


class DecideLearned(Arguments):
    ids: tuple[str, ...] | None = Field(None, min_length=1)


async def listed(ws: Workspace, _args: ListLearned, _face: Face) -> list[Proposal]:
    from locus.engine.learning import pending

    return pending(ws)


async def accept(ws: Workspace, args: DecideLearned, _face: Face) -> Remembered:
    from locus.engine.learning import accept

    return accept(ws, args.ids)


async def dismiss(ws: Workspace, args: DecideLearned, _face: Face) -> Dismissed:
    from locus.engine.learning import dismiss

    return Dismissed(dismissed=dismiss(ws, args.ids))


COMMANDS = (
    Command(
        "locus.memory.list",
        "List what agents have learned and nobody has decided on",
        ListLearned,
        "{id, run, task, at, learned: string[], path, diff}[]",
        listed,
    ),
    Command("locus.memory.accept", "Take what agents have learned into .locus/memory", DecideLearned, "{path, added: string[]}", accept),
    Command("locus.memory.dismiss", "Forget what agents have learned", DecideLearned, "{dismissed: string[]}", dismiss),
)
