"""`locus logs`: what the agents of a run said."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from locus.cli.parser import Given
from locus.cli.session import Session
from locus.cli.text import harmless, one_line
from locus.errors import InvalidArguments, NotFound

if TYPE_CHECKING:
    from locus.engine.follow import Follower, LogLine
    from locus.model.run import RunView

POLL: Final = 0.05  # seconds
_FOLLOW_FROM: Final = 20


async def logs(session: Session, given: Given) -> int:
    follow, task, count = given.flag("follow"), given.number("task"), given.number("lines")
    if count is not None and count < 0:
        raise InvalidArguments("--lines: a number of lines is not negative", "see `locus logs --help`")
    view = await _run(session, given.text("run"))
    if task is not None and view.task(task) is None:
        raise NotFound(f"{view.id} does not run #{task}", f"it runs {', '.join(f'#{one.number}' for one in view.tasks) or 'nothing'}")
    follower = _follower(session, view.id)
    _poll(follower)
    lines = sorted(follower.new_lines(task), key=lambda line: line.at)
    count = _FOLLOW_FROM if count is None and follow else count
    lines = lines if count is None else lines[len(lines) - min(count, len(lines)) :]
    several = task is None and len(view.tasks) > 1
    if session.json and not follow:
        session.terminal.document([dataclasses.asdict(line) for line in lines])
        return 0
    _print(session, lines, several)
    if not follow:
        if not lines:
            session.terminal.note(f"the agents of {view.id} have not said anything")
        return 0
    while _alive(follower):
        await asyncio.sleep(POLL)
        _poll(follower)
        _print(session, follower.new_lines(task), several)
    if follower.view is not None and not session.json:
        session.terminal.note(f"{view.id}: {follower.view.state}" + (f", {one_line(follower.view.reason)}" if follower.view.reason else ""))
    return 0


async def _run(session: Session, run_id: str | None) -> RunView:
    if run_id is not None:
        named: RunView = await session.call("locus.run.show", runId=run_id)
        return named
    newest: list[RunView] = await session.call("locus.run.list", limit=1)
    if not newest:
        raise NotFound("there is no run yet", "start one with `locus run N`")
    return newest[0]


def _follower(session: Session, run_id: str) -> Follower:
    from locus.engine.follow import Follower

    return Follower(session.workspace.runs, run_id)


def _poll(follower: Follower) -> None:
    follower.poll()
    if follower.error is not None:
        raise follower.error


def _alive(follower: Follower) -> bool:
    return follower.view is None or follower.view.alive


def _print(session: Session, lines: Iterable[LogLine], several: bool) -> None:
    if session.json:
        for line in lines:
            session.terminal.document(dataclasses.asdict(line), compact=True)
        return
    session.terminal.say_all(f"#{line.task} | {harmless(line.text)}" if several else harmless(line.text) for line in lines)
