"""The agents that can do the work: what is there, what it is, and what to do about the rest."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from locus.commands.registry import Arguments, Command, Face
from locus.errors import LocusError
from locus.model.base import Model

if TYPE_CHECKING:
    from locus.model.config import Config
    from locus.workspace import Workspace


class ListAgents(Arguments):
    pass


class AgentInfo(Model):
    name: str
    kind: Literal["shell", "claude", "codex", "acp"]
    argv: tuple[str, ...]
    model: str | None = None
    configured: bool
    """False: it needs no entry in the configuration."""
    chosen: bool
    """Whether it does the work when nothing else is said."""
    installed: bool
    version: str | None = None
    tested: str | None = None
    logged_in: bool | None = None
    """None: nobody can know without asking it to work."""
    fix: str | None = None
    """What to do before it can work."""

    @property
    def ready(self) -> bool:
        return self.installed and self.logged_in is not False


async def listed(ws: Workspace, _args: ListAgents, _face: Face) -> list[AgentInfo]:
    config = ws.settings().config
    chosen = await asyncio.to_thread(_chosen, ws, config)
    return list(await asyncio.gather(*(seen(ws, name, config, chosen=chosen) for name in config.profiles)))


async def seen(ws: Workspace, name: str, config: Config, *, chosen: str | None) -> AgentInfo:
    """Nothing that costs money is asked."""
    profile = config.profiles[name]
    known = AgentInfo(
        name=name,
        kind=profile.kind,
        argv=profile.words,
        model=profile.model,
        configured=name in config.agents,
        chosen=name == chosen,
        installed=True,
    )
    try:
        agent = ws.agent(name, config)[1]
        agent.check(ws.root)
    except LocusError as error:
        return known.model_copy(update={"installed": False, "fix": f"{error.message}: {error.hint}" if error.hint else error.message})
    standing = await agent.standing(ws.root)
    return known.model_copy(
        update={
            "version": standing.version,
            "tested": standing.tested,
            "logged_in": standing.logged_in,
            "fix": standing.login if standing.logged_in is False else None,
        }
    )


def described(info: AgentInfo) -> str:
    """On one line: `claude 2.1.329, logged in`."""
    facts = [" ".join(filter(None, (info.name, info.version)))]
    if info.version and info.tested and info.version != info.tested:
        facts.append(f"tested with {info.tested}")
    if not info.installed:
        facts.append("not installed")
    elif info.logged_in is not None:
        facts.append("logged in" if info.logged_in else "not logged in")
    return ", ".join(facts)


def _chosen(ws: Workspace, config: Config) -> str | None:
    try:
        return ws.agent(config.ai.provider, config)[0]
    except LocusError:
        return None


COMMANDS = (
    Command(
        "locus.agent.list",
        "List agents",
        ListAgents,
        "{name, kind, argv, model?, configured, chosen, installed, version?, tested?, loggedIn?, fix?}[]",
        listed,
    ),
)
