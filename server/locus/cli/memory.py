"""`locus memory ...`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from locus.cli.parser import Given
from locus.cli.session import Session
from locus.cli.text import one_line, plural

if TYPE_CHECKING:
    from locus.model.learning import Dismissed, Proposal, Remembered


async def listed(session: Session, _given: Given) -> int:
    proposals: list[Proposal] = await session.call("locus.memory.list")

    def lines() -> Iterable[str]:
        if not proposals:
            yield "Nothing waits for a decision."
            return
        for proposal in proposals:
            yield f"{session.terminal.style(proposal.id, 'bold')} {session.terminal.glyphs.dot} #{proposal.task}"
            yield from (f"    {one_line(line)}" for line in proposal.diff.splitlines())
        yield ""
        yield f"Take them into {proposals[0].path} with: locus memory accept [ID...]"
        yield "Forget them with: locus memory dismiss [ID...]"

    session.show(proposals, lines)
    return 0


async def accept(session: Session, given: Given) -> int:
    done: Remembered = await session.call("locus.memory.accept", ids=given.texts("ids") or None)

    def lines() -> Iterable[str]:
        if not done.added:
            yield "There was nothing new to remember."
            return
        yield f"Added to {done.path}:"
        yield from (f"    {one_line(text)}" for text in done.added)
        yield "Later tasks are told. Commit the file if the team wants it."

    session.show(done, lines)
    return 0


async def dismiss(session: Session, given: Given) -> int:
    done: Dismissed = await session.call("locus.memory.dismiss", ids=given.texts("ids") or None)
    forgot = f"Forgot {plural(len(done.dismissed), 'proposal')}." if done.dismissed else "There was nothing to forget."
    session.show(done, lambda: [forgot])
    return 0
