"""Sprints: made, filled, ordered, chosen, closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from locus.commands.registry import Arguments, Command, Face
from locus.model.task import Sprint, SprintDraft

if TYPE_CHECKING:
    from locus.workspace import Workspace


class ListSprints(Arguments):
    state: Literal["open", "closed", "all"] = "open"


class CreateSprint(Arguments):
    name: str
    due: str | None = Field(None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    description: str | None = None
    tasks: tuple[int, ...] = ()


class NameSprint(Arguments):
    name: str


class OrderSprint(Arguments):
    name: str
    tasks: tuple[int, ...]


async def listed(ws: Workspace, args: ListSprints, _face: Face) -> list[Sprint]:
    return [_placed(ws, sprint) for sprint in await ws.tracker.sprints(args.state)]


async def create(ws: Workspace, args: CreateSprint, _face: Face) -> Sprint:
    for number in args.tasks:
        await ws.tracker.get(number)
    sprint = await ws.tracker.create_sprint(SprintDraft(name=args.name, due=args.due, description=args.description))
    if args.tasks:
        sprint = await ws.tracker.order_sprint(sprint.name, args.tasks)
    return _placed(ws, sprint)


async def activate(ws: Workspace, args: NameSprint, _face: Face) -> Sprint:
    sprint = await ws.tracker.sprint(args.name)
    ws.activate_sprint(sprint.name)
    return _placed(ws, sprint)


async def order(ws: Workspace, args: OrderSprint, _face: Face) -> Sprint:
    return _placed(ws, await ws.tracker.order_sprint(args.name, args.tasks))


async def show(ws: Workspace, args: NameSprint, _face: Face) -> Sprint:
    return _placed(ws, await ws.tracker.sprint(args.name))


async def close(ws: Workspace, args: NameSprint, _face: Face) -> Sprint:
    sprint = await ws.tracker.close_sprint(args.name)
    if ws.active_sprint() == sprint.name:
        ws.activate_sprint(None)
    return _placed(ws, sprint)


def _placed(ws: Workspace, sprint: Sprint) -> Sprint:
    return sprint.model_copy(update={"folder": ws.folder, "active": sprint.name == ws.active_sprint()})


COMMANDS = (
    Command("locus.sprint.list", "List sprints", ListSprints, "Sprint[]", listed),
    Command("locus.sprint.create", "Create sprint", CreateSprint, "Sprint", create),
    Command("locus.sprint.activate", "Set the active sprint", NameSprint, "Sprint", activate),
    Command("locus.sprint.order", "Order the tasks of a sprint", OrderSprint, "Sprint", order),
    Command("locus.sprint.show", "Show sprint", NameSprint, "Sprint", show),
    Command("locus.sprint.close", "Close sprint", NameSprint, "Sprint", close),
)
