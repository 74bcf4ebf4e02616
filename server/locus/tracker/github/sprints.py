"""Sprints are milestones. GitHub lets two have names that make one branch, or differ in case only: then a name must be exact, and the
younger's branch has its number at the end.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from locus.errors import InvalidArguments, Refused
from locus.model.labels import replaced
from locus.model.naming import slug, sprint_branch, sprint_branches
from locus.model.task import Sprint, SprintDraft, Task, TaskFilter, in_sprint_order
from locus.tracker.github import documents
from locus.tracker.github.client import Client, Invalid
from locus.tracker.github.issues import Issues
from locus.tracker.github.lost import once
from locus.tracker.github.mutations import Mutation
from locus.tracker.github.reading import Json, Milestone, bare_task, milestone_of, sprint_of
from locus.tracker.messages import checked_numbers, no_sprint, sprint_taken

T = TypeVar("T", str, Sprint)

_MOMENT = 1.0
"""Seconds for which a sprint that was just read is not read again: its tasks are asked for right after it."""


class Sprints:
    def __init__(self, client: Client, issues: Issues) -> None:
        self._client, self._issues = client, issues
        self._numbers: dict[str, int] = {}
        self._branches: dict[int, str] = {}
        """Of all sprints, by their numbers."""
        self._last: tuple[float, Milestone, list[Task]] | None = None

    async def all(self, state: Literal["open", "closed", "all"]) -> list[Sprint]:
        found: list[Sprint] = []
        for node in await self._pages(documents.sprint_tasks()):
            milestone = milestone_of(node)
            if state not in ("all", node["state"].lower()):
                continue
            whole = not node["issues"]["pageInfo"]["hasNextPage"]
            tasks = [bare_task(each) for each in node["issues"]["nodes"]] if whole else (await self._read(milestone.number))[1]
            found.append(self._sprint(milestone, tasks))
        return found

    async def get(self, name: str) -> Sprint:
        return self._sprint(*await self.read(name))

    async def tasks(self, filter: TaskFilter) -> list[Task]:
        """In the sprint's order."""
        _, tasks = await self.read(str(filter.sprint))
        chosen = [task for task in in_sprint_order(tasks) if filter.state in ("all", task.state) and filter.status in (None, task.status)]
        return chosen[: filter.limit]

    async def read(self, name: str) -> tuple[Milestone, list[Task]]:
        """The sprint of that name with all its tasks, in one request once its number is known."""
        if self._last is not None and time.monotonic() - self._last[0] < _MOMENT and self._numbers.get(name) == self._last[1].number:
            return self._last[1], self._last[2]
        number = self._numbers.get(name) or (await self.find(name)).number
        milestone, tasks = await self._read(number)
        if not means(milestone.title, name):  # it was renamed
            milestone, tasks = await self._read((await self.find(name)).number)
        self._last = time.monotonic(), milestone, tasks
        return milestone, tasks

    async def find(self, name: str) -> Milestone:
        """Raises NotFound that lists the sprints there are, Refused where two could be meant."""
        milestones = [milestone_of(node) for node in await self._pages(documents.MILESTONES)]
        alike = [each for each in milestones if means(each.title, name)]
        found = [each for each in alike if each.title == name] or alike
        title = only(name, [each.title for each in found], [each.title for each in milestones])
        meant = next(each for each in found if each.title == title)
        self._numbers[name] = meant.number
        return meant

    def _sprint(self, milestone: Milestone, tasks: Sequence[Task]) -> Sprint:
        sprint, branch = sprint_of(milestone, tasks), self._branches.get(milestone.number)
        plain = branch is None or branch == sprint_branch(sprint.name)
        return sprint if plain else sprint.model_copy(update={"branch": branch})

    async def create(self, draft: SprintDraft) -> Sprint:
        name = " ".join(draft.name.split())
        branch = slug(name)
        for node in await self._pages(documents.MILESTONES):
            if _slug(node["title"]) == branch:
                raise sprint_taken(name, node["title"])
        data: dict[str, Any] = {"title": name}
        if draft.description is not None:
            data["description"] = draft.description
        if draft.due is not None:
            data["due_on"] = f"{draft.due}T12:00:00Z"  # noon: the same day everywhere

        async def send() -> int:
            try:
                return int((await self._client.post("milestones", data))["number"])
            except Invalid as error:
                if error.says("already_exists"):
                    raise sprint_taken(name, name) from error
                raise

        async def look() -> int | None:
            nodes = await self._pages(documents.MILESTONES)
            return next((node["number"] for node in nodes if node["title"] == name), None)

        return self._sprint(*await self._read(await once(send, look)))

    async def order(self, name: str, numbers: Sequence[int]) -> Sprint:
        first = checked_numbers(numbers)
        milestone, present = await self.read(name)
        tasks = {task.number: task for task in present}
        tasks |= await self._issues.those([number for number in first if number not in tasks])
        rest = [task.number for task in in_sprint_order(present) if task.number not in first]
        parts: list[Mutation] = []
        for position, number in enumerate([*first, *rest], start=1):
            names = set(tasks[number].labels)
            wanted = set(replaced(names, "order", str(position)))
            if tasks[number].sprint != milestone.title:
                parts.append(Mutation.of("updateIssue", id=self._issues.id(number), milestoneId=milestone.id))
            parts += await self._issues.relabelled(number, wanted - names, names - wanted)
        await self._issues.apply(parts)
        self._last = None
        return await self.get(name)

    async def close(self, name: str) -> Sprint:
        milestone = await self.find(name)
        await self._client.patch(f"milestones/{milestone.number}", {"state": "closed"})
        self._last = None
        return await self.get(name)

    def forget(self) -> None:
        """Something was changed: the next look is a new one."""
        self._last = None

    async def _read(self, number: int) -> tuple[Milestone, list[Task]]:
        tasks: list[Task] = []
        after: str | None = None
        while True:
            node = (await self._issues.and_labels(documents.milestone_issues, number=number, after=after))["milestone"]
            if node is None:
                raise no_sprint(f"milestone {number}", [])
            tasks += [self._issues.saw(each) for each in node["issues"]["nodes"]]
            page = node["issues"]["pageInfo"]
            if not page["hasNextPage"]:
                return milestone_of(node), tasks
            after = page["endCursor"]

    async def _pages(self, document: str) -> list[Json]:
        nodes: list[Json] = []
        after: str | None = None
        while True:
            found = (await self._issues.repository(document, after=after))["milestones"]
            nodes += found["nodes"]
            if not found["pageInfo"]["hasNextPage"]:
                self._branches = sprint_branches({node["number"]: node["title"] for node in nodes})
                return nodes
            after = found["pageInfo"]["endCursor"]


def only(name: str, found: Sequence[T], known: Sequence[str]) -> T:
    """The one sprint that `name` may mean. Raises NotFound that lists those there are, Refused where it could be several."""
    if not found:
        raise no_sprint(name, known)
    if len(found) > 1:
        said = ", ".join(repr(each if isinstance(each, str) else each.name) for each in found)
        raise Refused(f"{name!r} could be any of {said}", "give the exact name")
    return found[0]


def means(title: str, name: str) -> bool:
    return title == name or (_slug(title) == _slug(name) != "")


def _slug(name: str) -> str:
    try:
        return slug(name)
    except InvalidArguments:
        return ""
