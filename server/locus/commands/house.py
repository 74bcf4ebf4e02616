"""Setting a repository up, what it may execute, and whether everything is in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locus.commands.registry import Arguments, Command, Face
from locus.model.base import Model

if TYPE_CHECKING:
    from locus.trust import TrustItem
    from locus.workspace import Workspace


class Nothing(Arguments):
    pass


class Allow(Arguments):
    hashes: tuple[str, ...]


class Created(Model):
    created: tuple[str, ...]


class Check(Model):
    check: str
    ok: bool
    detail: str
    fix: str | None = None


async def init(ws: Workspace, _args: Nothing, _face: Face) -> Created:
    from locus import settings
    from locus.repo.layout import exclude

    exclude(ws.repo)
    created = (*settings.write_default(ws.repo.locus_dir), *await ws.tracker.prepare())
    ws.decide()  # also where GitHub had every label already, so that nothing was written
    return Created(created=created)


async def trust_show(ws: Workspace, _args: Nothing, _face: Face) -> list[TrustItem]:
    from locus.engine.in_effect import in_effect
    from locus.trust import agent_settings

    return ws.trust.show(in_effect(ws).merged, agent_settings(ws.root))


async def trust_allow(ws: Workspace, args: Allow, _face: Face) -> list[TrustItem]:
    from locus.engine.in_effect import in_effect
    from locus.trust import agent_settings

    merged, settings = in_effect(ws).merged, agent_settings(ws.root)
    ws.trust.allow(merged, args.hashes, settings)
    return ws.trust.show(merged, settings)


async def doctor(ws: Workspace, _args: Nothing, _face: Face) -> list[Check]:
    from locus.commands.doctor import checks

    return await checks(ws)


COMMANDS = (
    Command("locus.init", "Set this repository up", Nothing, "{created: string[]}", init),
    Command("locus.trust.show", "Show the commands this repository wants to run", Nothing, "{hash, text, source, allowed}[]", trust_show),
    Command("locus.trust.allow", "Allow commands of this repository", Allow, "{hash, text, source, allowed}[]", trust_allow, executes=True),
    Command("locus.doctor", "Check that everything is in order", Nothing, "{check, ok, detail, fix?}[]", doctor),
)
