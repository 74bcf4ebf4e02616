"""What an editor is shown: GitHub as it was at the last look, kept in the state folder. No request of an editor waits for the network.

`refresh` asks two lists whether anything has changed (a 304 costs nothing) and reads again only what has; or everything, where something
has vanished (deleted, transferred) or was renamed, which no list says.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from locus.errors import LocusError
from locus.model.base import Model
from locus.model.body import closes
from locus.model.labels import replaced
from locus.model.task import Sprint, Task, TaskFilter, TaskStatus, in_sprint_order
from locus.tracker.github.client import Client
from locus.tracker.github.issues import Issues
from locus.tracker.github.reading import Json
from locus.tracker.github.sprints import Sprints, means, only

log = logging.getLogger(__name__)

_PAGE = 50
"""Issues in the list that is asked for changes."""
_OLD = 200
"""Closed issues that are kept, the newest."""


class Seen(Model):
    """The file. `updated` is GitHub's time of the newest change in it, `recent` a digest of what the list said of each issue in it."""

    updated: str
    recent: dict[int, str] = Field(default_factory=dict)
    tasks: tuple[Task, ...]
    sprints: tuple[Sprint, ...]


class Mirror:
    def __init__(self, file: Path, client: Client, issues: Issues, sprints: Sprints) -> None:
        self._file, self._client, self._issues, self._sprints = file, client, issues, sprints
        self._seen: Seen | None = None
        self._stamp = 0
        self._turn = asyncio.Lock()
        self._asked: tuple[list[Json], list[Json]] | None = None
        """The two lists as they were answered last."""

    async def tasks(self, filter: TaskFilter) -> list[Task]:
        seen = await self._current()
        sprint = self._named(seen, filter.sprint).name if filter.sprint is not None else None
        found = [
            task
            for task in seen.tasks
            if sprint in (None, task.sprint) and filter.state in ("all", task.state) and filter.status in (None, task.status)
        ]
        found = in_sprint_order(found) if sprint is not None else sorted(found, key=lambda task: -task.number)
        return found[: filter.limit]

    async def get(self, number: int) -> Task:
        seen = await self._current()
        task = next((task for task in seen.tasks if task.number == number), None)
        return task if task is not None else await self._unseen(number)

    async def sprints(self, state: Literal["open", "closed", "all"]) -> list[Sprint]:
        return [sprint for sprint in (await self._current()).sprints if state in ("all", sprint.state)]

    async def sprint(self, name: str) -> Sprint:
        return self._named(await self._current(), name)

    async def refresh(self, *, whole: bool = False) -> bool:
        """Whether anything has changed. Raises LocusError when GitHub cannot be asked; what was seen stays."""
        async with self._turn:
            before = self._stored()
            if before is None or whole:
                self._keep(await self._all())
                return True
            recent, milestones = await self._recent(), await self._client.pages("milestones?state=all&per_page=100")
            if self._asked == (recent, milestones):
                return False
            first, self._asked = self._asked is None, (recent, milestones)
            changed = [each for each in recent if _is_news(each, before)]
            moved = {_milestone(each) for each in milestones} != {_sprint(sprint) for sprint in before.sprints}
            unexplained = not changed and not moved and not first
            if unexplained or len(changed) == _PAGE or _vanished(recent, changed, before) or _renamed(milestones, before):
                self._keep(await self._all())
                return True
            if not changed and not moved:
                return False
            numbers = [number for each in changed for number in _concerned(each)]
            tasks = [task for task in await asyncio.gather(*map(self._reread, dict.fromkeys(numbers))) if task is not None]
            sprints = tuple(await self._sprints.all("all"))
            self._keep(Seen(updated=_newest(recent), recent=_digests(recent), tasks=_with(before.tasks, tasks), sprints=sprints))
            return True

    async def _recent(self) -> list[Json]:
        """The issues and pull requests that were changed last."""
        found: list[Json] = await self._client.get(f"issues?state=all&sort=updated&direction=desc&per_page={_PAGE}")
        return found

    def saw(self, task: Task) -> None:
        """What somebody has just changed here."""
        if (seen := self._stored()) is not None:
            self._keep(seen.model_copy(update={"tasks": _with(seen.tasks, [task])}))

    def status(self, number: int, status: TaskStatus) -> None:
        """What somebody has just set here."""
        seen = self._stored()
        task = next((task for task in seen.tasks if task.number == number), None) if seen is not None else None
        if task is not None:
            names = tuple(sorted(replaced(task.labels, "locus", status)))
            self.saw(task.model_copy(update={"status": status, "labels": names}))

    async def _reread(self, number: int) -> Task | None:
        try:
            return await self._issues.get(number)
        except LocusError as error:  # transferred or deleted since the list was made
            log.info("#%d: %s", number, error)
            return None

    async def _unseen(self, number: int) -> Task:
        """An old closed one, or one that was made a moment ago."""
        task = await self._issues.get(number)
        self.saw(task)
        return task

    async def _current(self) -> Seen:
        if self._stored() is None:
            await self.refresh()
        seen = self._stored()
        if seen is None:
            raise LocusError(f"{self._file} cannot be read", "make it readable, or delete it")
        return seen

    async def _all(self) -> Seen:
        recent = await self._recent()
        opened = await self._issues.select(TaskFilter(state="open"))
        closed = await self._issues.select(TaskFilter(state="closed", limit=_OLD))
        sprints = await self._sprints.all("all")
        return Seen(updated=_newest(recent), recent=_digests(recent), tasks=(*opened, *closed), sprints=tuple(sprints))

    def _stored(self) -> Seen | None:
        """What the file says: another window may have written it. A file that cannot be read is made anew."""
        try:
            stamp = self._file.stat().st_mtime_ns
            if self._seen is None or stamp != self._stamp:
                self._seen, self._stamp = Seen.model_validate_json(self._file.read_bytes()), stamp
        except (OSError, ValidationError):
            self._seen = None
        return self._seen

    def _keep(self, seen: Seen) -> None:
        temporary = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        temporary.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(seen.model_dump_json(by_alias=True, exclude_none=True), encoding="utf-8")
        self._seen, self._stamp = seen, temporary.stat().st_mtime_ns
        temporary.replace(self._file)

    @staticmethod
    def _named(seen: Seen, name: str) -> Sprint:
        alike = [sprint for sprint in seen.sprints if means(sprint.name, name)]
        return only(name, [sprint for sprint in alike if sprint.name == name] or alike, [sprint.name for sprint in seen.sprints])


def _concerned(changed: Json) -> Iterable[int]:
    """A pull request's state is shown with the issues that it closes."""
    return closes(changed.get("body") or "") if "pull_request" in changed else [changed["number"]]


def _with(tasks: Iterable[Task], changed: Iterable[Task]) -> tuple[Task, ...]:
    found = {task.number: task for task in tasks} | {task.number: task for task in changed}
    return tuple(found[number] for number in sorted(found, reverse=True))


def _is_news(each: Json, before: Seen) -> bool:
    """Times are in whole seconds: what was changed in the second of the last look, and after it, is known by what the list says of it."""
    at: str = each["updated_at"]
    return at > before.updated or (at == before.updated and before.recent.get(each["number"]) != _digest(each))


def _vanished(recent: list[Json], changed: list[Json], before: Seen) -> bool:
    """Whether more has left the list than new ones have pushed out of it."""
    here = {each["number"] for each in recent}
    came = {each["number"] for each in changed} - before.recent.keys()
    return len(before.recent.keys() - here) > max(0, len(before.recent) + len(came) - _PAGE)


def _renamed(milestones: list[Json], before: Seen) -> bool:
    """Or deleted: the tasks of a sprint know it by its name."""
    names = {each["number"]: each["title"] for each in milestones}
    return any(names.get(sprint.number) != sprint.name for sprint in before.sprints)


def _milestone(each: Json) -> tuple[object, ...]:
    return each["number"], each["title"], each["state"], (each.get("due_on") or "")[:10] or None, each.get("description") or None


def _sprint(sprint: Sprint) -> tuple[object, ...]:
    return sprint.number, sprint.name, sprint.state, sprint.due, sprint.description


def _newest(recent: list[Json]) -> str:
    return recent[0]["updated_at"] if recent else ""


def _digests(recent: list[Json]) -> dict[int, str]:
    return {each["number"]: _digest(each) for each in recent}


def _digest(each: Json) -> str:
    return hashlib.sha256(json.dumps(each, sort_keys=True).encode()).hexdigest()[:16]
