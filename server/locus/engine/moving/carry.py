"""Carries out a move, one thing after the other; each is noted before and after, so that going on makes nothing twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from locus.engine.moving.look import Here
from locus.engine.moving.plan import new_order
from locus.engine.moving.progress import Notebook, SprintMoved, TaskMoved
from locus.errors import NotFound, Refused
from locus.model.moving import Move, MovingSprint
from locus.model.references import renumbered
from locus.model.task import Comment, PullDraft, SprintDraft, Task, TaskChanges
from locus.tracker.github.keeper import GitHubTracker
from locus.tracker.messages import TITLE_LIMIT


class Carrier:
    def __init__(self, move: Move, here: Here, github: GitHubTracker, notebook: Notebook, say: Callable[[str], None]) -> None:
        self._move, self._here, self._github, self._book, self._say = move, here, github, notebook, say
        self._tasks = {task.number: task for task in here.tasks}
        self._milestones: dict[str, int] = {}
        self._lost: dict[str, int] | None = None
        self._left: dict[int, str] = {}
        self._fresh: set[int] = set()
        """Made from here and not interrupted: nobody has commented on them."""

    async def carry(self) -> dict[int, str]:
        """Returns the pull requests that GitHub did not take, and why. May be called again after an interruption."""
        await self._github.prepare()
        for sprint in self._move.sprints:
            await self._sprint(sprint)
        for task in self._here.tasks:
            await self._make(task)
        for pull in self._move.pulls:
            if pull.stays is None and pull.moved_to is None:
                await self._pull(pull.number)
        for task in self._here.tasks:
            try:
                await self._complete(task)
            except NotFound:
                self._deleted(task)
        for sprint in self._move.sprints:
            moved = self._book.progress.sprints[sprint.name]
            if sprint.state == "closed" and moved.made and moved.title is not None:
                await self._github.close_sprint(moved.title)
        return self._left

    # Milestones

    async def _sprint(self, sprint: MovingSprint) -> None:
        known = self._book.progress.sprints.get(sprint.name)
        if known is not None and known.title is not None:
            return
        if sprint.joins is not None:
            self._book.sprint(sprint.name, SprintMoved(title=sprint.joins, made=False, after=sprint.after))
            return
        draft = next(each for each in self._here.sprints if each.name == sprint.name)
        if known is None:
            self._book.sprint(sprint.name, SprintMoved(made=True))
        elif any(each.name == sprint.name for each in await self._github.sprints("all")):  # it had arrived
            self._book.sprint(sprint.name, SprintMoved(title=sprint.name, made=True))
            return
        made = await self._github.create_sprint(SprintDraft(name=draft.name, due=draft.due, description=draft.description))
        self._milestones[made.name] = made.number or 0
        self._book.sprint(sprint.name, SprintMoved(title=made.name, made=True))
        self._say(f"milestone {made.name}")

    async def _milestone(self, task: Task) -> int | None:
        title = self._title(task)
        if title is None:
            return None
        if title not in self._milestones:
            self._milestones |= {sprint.name: sprint.number or 0 for sprint in await self._github.sprints("all")}
        return self._milestones[title]

    def _title(self, task: Task) -> str | None:
        return self._book.progress.sprints[task.sprint].title if task.sprint is not None else None

    # Issues

    async def _make(self, task: Task) -> None:
        progress = self._book.progress
        if progress.there(task.number) is not None:
            return
        number: int | None = None
        if task.number in progress.tasks:  # interrupted right there: had it arrived?
            number = (await self._arrived()).get(progress.request(task.number))
        else:
            self._book.task(task.number, TaskMoved())
        title, body = self._text(task)
        if number is None:
            number = await self._github.adoption.make(
                self._labelled(task), title=title, body=body, milestone=await self._milestone(task), request=progress.request(task.number)
            )
            self._fresh.add(number)
        self._book.task(task.number, TaskMoved(there=number, sent=_digest(title, body)))
        self._say(f"#{task.number} is #{number} now: {task.title}")

    async def _arrived(self) -> dict[str, int]:
        """Of the issues that were being made when the move was interrupted, those that are there."""
        if self._lost is None:
            progress = self._book.progress
            unknown = [progress.request(number) for number, moved in progress.tasks.items() if moved.there is None]
            self._lost = dict(await self._github.adoption.find(unknown, after=progress.newest))
        return self._lost

    def _labelled(self, task: Task) -> Task:
        """With its place in the order of a milestone in which others come first."""
        order = new_order(task, self._after(task))
        if order == task.order:
            return task
        names = [name for name in task.labels if name != f"order:{task.order}"]
        return task.model_copy(update={"labels": (*names, f"order:{order}"), "order": order})

    def _after(self, task: Task) -> int:
        return self._book.progress.sprints[task.sprint].after if task.sprint is not None else 0

    def _text(self, task: Task) -> tuple[str, str]:
        """Title and body, with the numbers as far as they are known."""
        title = self._renumbered(task.title)
        return title if len(title) <= TITLE_LIMIT else task.title, self._renumbered(task.body)

    def _renumbered(self, text: str) -> str:
        progress = self._book.progress
        tasks = {number: progress.there(number) for number in self._tasks}
        return renumbered(text, {**{pull.number: progress.pulls.get(pull.number) for pull in self._here.pulls}, **tasks})

    async def _complete(self, task: Task) -> None:
        """What could not be in the first request: numbers that came later, comments, whether it is closed."""
        moved, seen = self._book.progress.tasks[task.number], self._here.seen(task)
        if moved.there is None or moved.seen == seen:
            return
        title, body = self._text(task)
        sent = _digest(title, body)
        if moved.seen:  # changed here since
            await self._github.edit(moved.there, self._changes(task, title, body))
        elif sent != moved.sent:
            await self._github.edit(moved.there, TaskChanges(title=title, body=body))
        if moved.comments < len(self._here.comments[task.number]):
            await self._comments(task, moved.there)
        if task.state == "closed":
            await self._github.close(moved.there, task.closed_reason or "completed")
        elif moved.seen:
            await self._github.reopen(moved.there)
        moved = self._book.progress.tasks[task.number]
        self._book.task(task.number, moved.model_copy(update={"sent": sent, "seen": seen}))

    def _deleted(self, task: Task) -> None:
        """Somebody has deleted or transferred it there, between its making and this: so be it."""
        moved = self._book.progress.tasks[task.number]
        self._say(f"#{task.number} was #{moved.there}, which is gone from there: it is left so")
        self._book.task(task.number, moved.model_copy(update={"seen": self._here.seen(task)}))

    def _changes(self, task: Task, title: str, body: str) -> TaskChanges:
        return TaskChanges(
            title=title,
            body=body,
            type=task.type,
            priority=task.priority,
            status=task.status,
            sprint=self._title(task) or "",
            order=new_order(task, self._after(task)),
        )

    async def _comments(self, task: Task, there: int) -> None:
        progress = self._book.progress
        for index, comment in enumerate(self._here.comments[task.number]):
            moved = self._book.progress.tasks[task.number]
            if index < moved.comments:
                continue
            marker = f"locus:moved {progress.id} {task.number}/{index + 1}"
            if there in self._fresh or not await self._github.has_comment(there, marker):
                await self._github.comment(there, self._comment(comment), marker=marker)
            self._book.task(task.number, moved.model_copy(update={"comments": index + 1}))

    def _comment(self, comment: Comment) -> str:
        return f"*Written by {comment.author} on {comment.at[:10]}, before the move to GitHub:*\n\n{self._renumbered(comment.body)}"

    # Pull requests

    async def _pull(self, number: int) -> None:
        pull = next(each for each in self._here.pulls if each.number == number)
        present = next((each for each in await self._github.pulls(pull.branch) if each.state == "open" and each.base == pull.base), None)
        try:
            draft = PullDraft(
                branch=pull.branch,
                base=pull.base,
                title=self._renumbered(pull.title),
                body=self._renumbered(pull.body),
                draft=pull.draft,
            )
            made = present or await self._github.create_pull(draft)
        except Refused as error:
            self._left[number] = error.message
            return
        await self._github.mark_pull(made.number)
        self._book.pull(number, made.number)
        self._say(f"pull request #{number} is #{made.number} now: {made.title}")


def _digest(title: str, body: str) -> str:
    return hashlib.sha256(f"{title}\0{body}".encode("utf-8", "replace")).hexdigest()
