"""`locus sprint ...`."""

from __future__ import annotations

from collections.abc import Iterable
from shlex import quote
from typing import TYPE_CHECKING

from locus.cli.issues import issue_table
from locus.cli.parser import Given
from locus.cli.session import Session
from locus.cli.text import harmless, one_line, plural, table
from locus.model.naming import branch_of
from locus.model.task import TaskStatus

if TYPE_CHECKING:
    from locus.model.task import Sprint, Task


async def create(session: Session, given: Given) -> int:
    sprint: Sprint = await session.call(
        "locus.sprint.create",
        name=given.text("name"),
        due=given.text("due"),
        description=given.text("description"),
        tasks=given.numbers("task") or None,
    )
    name = quote(one_line(sprint.name))
    session.show(
        sprint,
        lambda: [
            f"Created sprint {one_line(sprint.name)} with {plural(len(sprint.tasks), 'issue')}",
            f"Run it with: locus run --sprint {name}" if sprint.tasks else f"Fill it with: locus sprint order {name} N...",
        ],
    )
    return 0


async def listed(session: Session, given: Given) -> int:
    sprints: list[Sprint] = await session.call("locus.sprint.list", state=given.text("state"))

    def lines() -> Iterable[str]:
        rows = [
            (
                "*" if sprint.active else " ",
                one_line(sprint.name),
                f"{done(sprint)} of {len(sprint.tasks)} done",
                f"due {sprint.due}" if sprint.due else "",
                "" if sprint.state == "open" else sprint.state,
            )
            for sprint in sprints
        ]
        yield from table(rows, width=session.terminal.width, flexible=1, ellipsis=session.terminal.glyphs.ellipsis)
        if not sprints:
            yield "No sprints."

    session.show(sprints, lines)
    return 0


async def active(session: Session, given: Given) -> int:
    name = given.text("name")
    if name is not None:
        sprint: Sprint = await session.call("locus.sprint.activate", name=name)
        session.show(sprint, lambda: [f"{one_line(sprint.name)} is the active sprint; `locus run` runs it"])
        return 0
    found = await active_sprint(session)
    session.show(found, lambda: [one_line(found.name) if found else "There is no active sprint."])
    return 0


async def active_sprint(session: Session) -> Sprint | None:
    sprints: list[Sprint] = await session.call("locus.sprint.list", state="all")
    return next((sprint for sprint in sprints if sprint.active), None)


async def order(session: Session, given: Given) -> int:
    sprint: Sprint = await session.call("locus.sprint.order", name=given.text("name"), tasks=given.numbers("numbers"))
    await _present(session, sprint)
    return 0


async def show(session: Session, given: Given) -> int:
    await _present(session, await session.call("locus.sprint.show", name=given.text("name")))
    return 0


async def close(session: Session, given: Given) -> int:
    sprint: Sprint = await session.call("locus.sprint.close", name=given.text("name"))
    session.show(sprint, lambda: [f"Closed sprint {one_line(sprint.name)}"])
    return 0


def done(sprint: Sprint) -> int:
    return sprint.counts.get(TaskStatus.DONE, 0) + sprint.counts.get(TaskStatus.IN_REVIEW, 0)


async def _present(session: Session, sprint: Sprint) -> None:
    tasks: list[Task] = [] if session.json else await session.call("locus.issue.list", sprint=sprint.name, state="all")

    def lines() -> Iterable[str]:
        terminal = session.terminal
        yield terminal.style(one_line(sprint.name), "bold")
        facts = [
            sprint.state if not sprint.active else "active",
            f"{done(sprint)} of {len(sprint.tasks)} done",
            branch_of(sprint),
            f"due {sprint.due}" if sprint.due else "",
        ]
        yield f" {terminal.glyphs.dot} ".join(fact for fact in facts if fact)
        if sprint.description:
            yield harmless(sprint.description)
        yield from issue_table(session, [task.model_copy(update={"sprint": None}) for task in tasks])
        if not tasks:
            yield f"It has no issues yet: `locus sprint order {quote(one_line(sprint.name))} N...`"

    session.show(sprint, lines)
