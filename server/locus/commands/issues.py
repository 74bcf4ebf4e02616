"""Issues: from a selection or by hand, listed, shown, changed, closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from locus.commands.registry import Arguments, Command, Face
from locus.errors import InvalidArguments
from locus.model.base import Model
from locus.model.task import Anchor, Priority, Range, Task, TaskChanges, TaskDraft, TaskFilter, TaskStatus, TaskType

if TYPE_CHECKING:
    from locus.model.issue_template import IssueTemplate
    from locus.workspace import Workspace


class DraftIssue(Arguments):
    uri: str
    range: Range
    title: str | None = None
    type: TaskType | None = None
    priority: Priority | None = None
    sprint: str | None = None


class CreateIssue(Arguments):
    uri: str | None = None
    range: Range | None = None
    title: str | None = None
    body: str | None = None
    type: TaskType | None = None
    priority: Priority | None = None
    sprint: str | None = None
    labels: tuple[str, ...] = ()


class ListIssues(Arguments):
    sprint: str | None = None
    status: TaskStatus | None = None
    state: Literal["open", "closed", "all"] = "open"
    limit: int | None = Field(None, ge=1)


class ShowIssue(Arguments):
    number: int


class UpdateIssue(Arguments):
    number: int
    title: str | None = None
    body: str | None = None
    type: TaskType | None = None
    priority: Priority | None = None
    status: TaskStatus | None = None
    sprint: str | None = None
    order: int | None = Field(None, ge=1)


class CloseIssue(Arguments):
    number: int
    reason: Literal["completed", "not_planned"] = "completed"


class Draft(Model):
    title: str
    body: str
    labels: tuple[str, ...]
    anchor: Anchor | None = None


async def draft(ws: Workspace, args: DraftIssue, face: Face) -> Draft:
    from locus.anchors.selection import describe

    selection = await describe(ws.repo, args.uri, args.range, face.text(args.uri))
    return Draft(
        title=(args.title or "").strip() or selection.title,
        body=selection.body,
        labels=tuple([f"p:{args.priority}"] if args.priority else []) + tuple([f"type:{args.type}"] if args.type else []),
        anchor=selection.anchor,
    )


async def create(ws: Workspace, args: CreateIssue, face: Face) -> Task:
    from locus.model.anchor import with_anchor

    title, body, labels = (args.title or "").strip(), args.body or "", args.labels
    anchor: Anchor | None = None
    if (args.uri is None) != (args.range is None):
        raise InvalidArguments("uri and range go together", "give both, or neither for an issue without code")
    if args.uri is not None and args.range is not None:
        made = await draft(ws, DraftIssue(uri=args.uri, range=args.range, title=title or None), face)
        title, anchor = made.title, made.anchor
        body = f"{body}\n\n{made.body}".strip()
    if not title:
        raise InvalidArguments("title: an issue needs one", "say in a few words what is to be done")
    if args.sprint is not None:
        await ws.tracker.sprint(args.sprint)
    if ws.tracker.keeper != "local" and (template := await _template(ws, args.type)) is not None:
        title, labels = template.titled(title), (*labels, *(label for label in template.labels if label not in labels))
        if args.body is None:  # a person who has written one has said what there is to say
            body = f"{body}\n\n{template.body}".strip()
    if anchor is not None:
        body = with_anchor(body, anchor)
    wanted = TaskDraft(title=title, body=body, type=args.type, priority=args.priority, sprint=args.sprint, labels=labels)
    return _placed(ws, await ws.tracker.create(wanted))


async def _template(ws: Workspace, type: TaskType | None) -> IssueTemplate | None:
    """The repository's own for such an issue, as it is at HEAD."""
    from locus.model.issue_template import choose
    from locus.repo import facts
    from locus.repo.templates import issue_templates

    commit = (await facts.head(ws.repo)).commit
    return choose(await issue_templates(ws.repo.here, commit), type) if commit is not None else None


async def listed(ws: Workspace, args: ListIssues, _face: Face) -> list[Task]:
    wanted = TaskFilter(sprint=args.sprint, status=args.status, state=args.state, limit=args.limit)
    tasks = await ws.tracker.tasks(wanted if ws.tracker.keeper != "local" else TaskFilter())
    if await _followed(ws, tasks) or ws.tracker.keeper == "local":
        tasks = await ws.tracker.tasks(wanted)
    return [_placed(ws, task) for task in tasks]


async def known(ws: Workspace) -> list[Task]:
    """The open ones as the tracker has them. What happened to their pull requests is `refreshed`'s to find out."""
    return [_placed(ws, task) for task in await ws.tracker.tasks(TaskFilter())]


async def refreshed(ws: Workspace) -> None:
    """Looks at what may have happened outside of Locus. Raises LocusError when the tracker cannot be asked."""
    await ws.tracker.refresh()
    if ws.has_tasks and _may_follow(ws):
        from locus.engine.merged import follow_pulls

        state: Literal["open", "all"] = "open" if ws.tracker.keeper == "local" else "all"
        await follow_pulls(ws.repo, ws.tracker, await ws.tracker.tasks(TaskFilter(state=state)))


async def show(ws: Workspace, args: ShowIssue, _face: Face) -> Task:
    task = await ws.tracker.get(args.number)
    return _placed(ws, await ws.tracker.get(args.number) if await _followed(ws, [task]) else task)


async def _followed(ws: Workspace, tasks: list[Task]) -> bool:
    """What happened to their pull requests outside of Locus shows in the issues. Where tasks are shown as they were at the last look, that
    look has done it.
    """
    if (ws.mirrored and ws.tracker.keeper != "local") or not _may_follow(ws):
        return False
    from locus.engine.merged import follow_pulls

    return await follow_pulls(ws.repo, ws.tracker, tasks)


def _may_follow(ws: Workspace) -> bool:
    """On GitHub statuses are others' to see, and may be not ours to write."""
    return ws.tracker.keeper == "local" or ws.settings().config.agent.auto_label


async def update(ws: Workspace, args: UpdateIssue, _face: Face) -> Task:
    changes = TaskChanges.model_validate(args.model_dump(exclude={"number", "folder"}, exclude_none=True))
    return _placed(ws, await ws.tracker.edit(args.number, changes))


async def close(ws: Workspace, args: CloseIssue, _face: Face) -> Task:
    return _placed(ws, await ws.tracker.close(args.number, args.reason))


def _placed(ws: Workspace, task: Task) -> Task:
    """The task with its folder, and its anchor with the URI that an editor opens."""
    anchor = task.anchor
    if anchor is not None and not anchor.uri:
        anchor = anchor.model_copy(update={"uri": (ws.root / anchor.path).as_uri()})
    return task.model_copy(update={"folder": ws.folder, "anchor": anchor})


COMMANDS = (
    Command("locus.issue.draft", "Draft an issue from a selection", DraftIssue, "{title, body, labels, anchor}", draft),
    Command("locus.issue.create", "Create issue", CreateIssue, "Task", create),
    Command("locus.issue.list", "List issues", ListIssues, "Task[]", listed),
    Command("locus.issue.show", "Show issue", ShowIssue, "Task", show),
    Command("locus.issue.update", "Update issue", UpdateIssue, "Task", update),
    Command("locus.issue.close", "Close issue", CloseIssue, "Task", close),
)
