"""`locus tracker ...`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from locus.cli import prompt
from locus.cli.parser import Given
from locus.cli.session import Session
from locus.cli.text import cut, one_line, plural, table
from locus.errors import Refused

if TYPE_CHECKING:
    from locus.model.moving import Move, MovingPull, MovingSprint, MovingTask

_SHOWN = 200
"""Lines of one kind in a preview."""


async def push(session: Session, given: Given) -> int:
    dry, yes = given.flag("dry-run"), given.flag("yes")
    if not yes or dry or not session.json:
        move: Move = await session.call("locus.tracker.push", dryRun=True)
        session.show(move, lambda: _preview(session, move))
        if move.refused:
            hints = "\n".join(dict.fromkeys(each.hint for each in move.refused))
            raise Refused("\n".join(["nothing was moved:", *(each.reason for each in move.refused)]), hints)
        if dry or (session.json and not yes):
            return 0
        if not yes and not await _agreed(session, move):
            session.terminal.say("Nothing was moved.")
            return 2
    done: Move = await session.call("locus.tracker.push", yes=True)
    session.show(done, lambda: _done(session, done))
    return 0


async def _agreed(session: Session, move: Move) -> bool:
    if not session.face.interactive:
        raise Refused("nothing was moved: nobody is here to say yes", "`locus tracker push --yes` moves them without asking")
    return await prompt.confirm(session.terminal, f"Go on with the move to {move.to}?" if move.begun else f"Move all this to {move.to}?")


def _preview(session: Session, move: Move) -> Iterable[str]:
    terminal = session.terminal
    fresh = [task for task in move.tasks if task.moved_to is None]
    verb = "The move goes on to" if move.begun else "Tasks would move to"
    yield terminal.style(f"{verb} {move.to} on {move.host}", "bold")
    yield from _section(session, plural(len(move.sprints), "sprint"), [_sprint(sprint) for sprint in move.sprints])
    yield from _section(session, plural(len(fresh), "issue"), _tasks(session, fresh))
    yield from _section(session, f"{plural(len(move.labels), 'label')} to be created", [", ".join(map(one_line, move.labels))])
    yield from _pulls(session, move.pulls)
    if again := [task for task in move.tasks if task.changed]:
        what = ", ".join(f"#{task.number} (#{task.moved_to} there)" for task in again)
        yield f"Changed here since they were moved, and brought up to date there: {what}"
    yield ""
    yield from (f"{terminal.glyphs.blocked} {one_line(warning)}" for warning in move.warnings)
    yield f"GitHub gives each issue its next free number, and `#N` in texts is changed to match. Who watches {move.to} is told."
    yield "The tasks here stay as they are, and are not used any more."
    if move.branches:
        names = [*islice(move.branches, 8), *(["..."] if len(move.branches) > 8 else [])]
        snapshots = f" ({plural(move.snapshots, 'snapshot')} too)" if move.snapshots else ""
        yield f"Branches and their commits stay under the old numbers{snapshots}: {', '.join(map(one_line, names))}"
        yield "A task that is run again begins on a branch with its new number."


def _section(session: Session, title: str, lines: Sequence[str]) -> Iterable[str]:
    if title.startswith("0 ") or not lines:
        return
    yield ""
    yield title
    yield from (f"  {cut(line, session.terminal.width - 2, session.terminal.glyphs.ellipsis)}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        yield f"  and {len(lines) - _SHOWN} more"


def _sprint(sprint: MovingSprint) -> str:
    how = f"joins the milestone {one_line(sprint.joins)} that is there, after its issues" if sprint.joins else "a new milestone"
    facts = [how, plural(sprint.tasks, "issue")]
    facts += [f"due {sprint.due}"] if sprint.due else []
    facts += ["closed"] if sprint.state == "closed" else []
    return f"{one_line(sprint.name)}: {', '.join(facts)}"


def _tasks(session: Session, tasks: Sequence[MovingTask]) -> list[str]:
    rows = [
        (
            f"#{task.number}",
            task.status if task.state == "open" else f"{task.status}, closed",
            task.priority or "",
            task.type or "",
            one_line(task.title),
            _place(task),
            ", ".join(_beside(task)),
        )
        for task in tasks
    ]
    return table(rows, width=session.terminal.width - 2, flexible=4, ellipsis=session.terminal.glyphs.ellipsis)


def _place(task: MovingTask) -> str:
    if task.sprint is None:
        return ""
    return one_line(task.sprint) + (f", place {task.order}" if task.order is not None else "")


def _beside(task: MovingTask) -> Iterable[str]:
    if task.anchored:
        yield "its code"
    if task.comments:
        yield plural(task.comments, "comment")
    yield from map(one_line, task.labels)


def _pulls(session: Session, pulls: Sequence[MovingPull]) -> Iterable[str]:
    """Those that are over are many, and nothing happens to them."""
    current = [pull for pull in pulls if pull.state == "open" and pull.moved_to is None]
    over = sum(pull.state != "open" for pull in pulls)
    lines = [_pull(pull) for pull in current]
    lines += [f"{over} that are merged or closed stay here"] if over else []
    yield from _section(session, plural(len(current) + over, "pull request"), lines)


def _pull(pull: MovingPull) -> str:
    what = f"#{pull.number} {one_line(pull.branch)} into {one_line(pull.base)}"
    return f"{what}: opened there too" if pull.stays is None else f"{what}: not opened there, {one_line(pull.stays)}"


def _done(session: Session, move: Move) -> Iterable[str]:
    yield f"Tasks live in {move.to} on {move.host} now: {plural(len(move.tasks), 'issue')}, {plural(len(move.sprints), 'sprint')}."
    for pull in move.pulls:
        if pull.state == "open" and pull.moved_to is None:
            yield f"Pull request {_pull(pull)}"
    yield f"The old number of each, with the new one: {session.workspace.state / 'moved.json'}"
    yield "Next: `locus issue list`"
