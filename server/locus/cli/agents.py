"""`locus agents`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from locus.cli.parser import Given
from locus.cli.session import Session
from locus.cli.text import one_line
from locus.commands.agents import described

if TYPE_CHECKING:
    from locus.commands.agents import AgentInfo


async def listed(session: Session, _given: Given) -> int:
    agents: list[AgentInfo] = await session.call("locus.agent.list")
    session.show(agents, lambda: _lines(session, agents))
    return 0


def _lines(session: Session, agents: list[AgentInfo]) -> Iterable[str]:
    terminal = session.terminal
    for info in agents:
        mark = terminal.style(terminal.glyphs.done, "green") if info.ready else terminal.style(terminal.glyphs.failed, "red")
        yield f"{mark} {one_line(described(info))}" + (f" {terminal.glyphs.dot} does the work" if info.chosen else "")
        if info.installed or info.configured:
            yield terminal.style(
                f"    {info.kind}: {one_line(' '.join(info.argv))}" + (f", model {info.model}" if info.model else ""), "dim"
            )
        if info.fix:
            yield from (f"    {line}" for line in info.fix.splitlines())
    if not any(info.chosen for info in agents):
        yield ""
        if any(info.installed for info in agents):
            yield "None is chosen: set `ai.provider` in .locus/config.json, or give `locus run --agent NAME`."
        else:
            yield "Nobody is there to do the work: install one of them, or name your own under `agents` in .locus/config.json."
