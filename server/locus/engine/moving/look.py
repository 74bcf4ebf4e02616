"""What is here and what is there, before anything is moved. Reads only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from locus.engine.moving.progress import Progress
from locus.errors import LocusError
from locus.model import naming
from locus.model.task import Comment, PullRequest, Sprint, Task, TaskFilter
from locus.repo import facts
from locus.repo.kept import keeps
from locus.repo.objects import refs_below
from locus.repo.push import remote_tips
from locus.tracker.github.adopting import Room
from locus.tracker.github.keeper import GitHubTracker
from locus.tracker.github.sprints import means
from locus.tracker.protocol import Tracker
from locus.workspace import Workspace

_HEADS = "refs/heads/"


@dataclass(frozen=True)
class Here:
    """The embedded tracker."""

    tasks: tuple[Task, ...]
    """By number."""
    comments: Mapping[int, tuple[Comment, ...]]
    sprints: tuple[Sprint, ...]
    pulls: tuple[PullRequest, ...]
    """By number."""

    def seen(self, task: Task) -> str:
        """Changes when the task does, or somebody comments on it."""
        state = task.model_dump(mode="json", exclude={"pull_request"})
        return hashlib.sha256(json.dumps([state, len(self.comments[task.number])]).encode()).hexdigest()


@dataclass(frozen=True)
class There:
    """GitHub."""

    room: Room
    sprints: tuple[Sprint, ...]
    places: Mapping[str, int]
    """The last place that is taken in each sprint that others may come into."""


@dataclass(frozen=True)
class Branches:
    """Of Locus, with their commits."""

    here: Mapping[str, str]
    remote: str | None
    at_remote: Mapping[str, str | None] | None
    """None where the remote cannot be asked."""
    snapshots: int


async def here(tracker: Tracker) -> Here:
    tasks = tuple(sorted(await tracker.tasks(TaskFilter(state="all")), key=lambda task: task.number))
    comments = {task.number: tuple(await tracker.comments(task.number)) for task in tasks}
    sprints = tuple(await tracker.sprints("all"))
    branches = [*(naming.issue_branch(task.number) for task in tasks), *(naming.sprint_branch(sprint.name) for sprint in sprints)]
    branches += [task.pull_request.branch for task in tasks if task.pull_request is not None]
    pulls = {pull.number: pull for branch in dict.fromkeys(branches) for pull in await tracker.pulls(branch)}
    return Here(tasks, comments, sprints, tuple(pulls[number] for number in sorted(pulls)))


async def there(tracker: GitHubTracker, here: Here, progress: Progress | None) -> There:
    """Raises Refused where nothing can be moved to."""
    room = await tracker.adoption.room()
    sprints = tuple(await tracker.sprints("all"))
    places: dict[str, int] = {}
    coming = [sprint.name for sprint in here.sprints if progress is None or sprint.name not in progress.sprints]
    for sprint in sprints:
        if sprint.tasks and any(means(sprint.name, name) for name in coming):
            tasks = await tracker.tasks(TaskFilter(sprint=sprint.name, state="all"))
            places[sprint.name] = max((task.order or 0 for task in tasks), default=0)
    return There(room, sprints, places)


async def branches(ws: Workspace) -> Branches:
    found = await refs_below(ws.repo.here, f"{_HEADS}{naming.PREFIX}")
    remote = await facts.remote(ws.repo)
    try:
        tips = await remote_tips(ws.repo.here, remote, f"{naming.PREFIX}*") if remote is not None and found else {}
    except LocusError:
        tips = None
    heads = {name.removeprefix(_HEADS): commit for name, commit in found.items()}
    return Branches(heads, remote, tips, len(await keeps(ws.repo)))
