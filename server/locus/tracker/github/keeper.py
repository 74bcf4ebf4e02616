"""The Tracker over GitHub: issues, milestones, labels and pull requests, all through `gh`. Nothing is stored but what can be read again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Literal

from locus.model.labels import LABELS
from locus.model.task import Comment, PullDraft, PullRequest, Sprint, SprintDraft, Task, TaskChanges, TaskDraft, TaskFilter, TaskStatus
from locus.tracker.github.adopting import Adoption
from locus.tracker.github.client import Client, shortly
from locus.tracker.github.gh import Gh
from locus.tracker.github.issues import Issues
from locus.tracker.github.labels import LabelBook
from locus.tracker.github.limits import Patience, RateLimits
from locus.tracker.github.mirror import Mirror
from locus.tracker.github.mutations import Mutations
from locus.tracker.github.place import GitHubPlace
from locus.tracker.github.pulls import Pulls
from locus.tracker.github.sprints import Sprints
from locus.tracker.protocol import ClosedReason, PullState


class GitHubTracker:
    """`root` is where gh is started; `locks` the repository's lock folder; `limits` is `.locus/rate-limit.json`.

    `decided` is called before the first write: from then on the tasks are here. With a `mirror` file, what is asked for is answered as it
    was at the last look, without the network.
    """

    def __init__(
        self,
        place: GitHubPlace,
        *,
        root: Path,
        locks: Path,
        limits: Path,
        patience: Patience = shortly,
        decided: Callable[[], None] = lambda: None,
        mirror: Path | None = None,
    ) -> None:
        self.place = place
        self.limits = RateLimits(limits, locks / "rate-limit")
        client = Client(Gh(place.host, root, locks), place, self.limits, patience, decided)
        self._labels = LabelBook(client, place)
        self._issues = Issues(client, place, self._labels, Mutations(client))
        self._sprints = Sprints(client, self._issues)
        self._pulls = Pulls(client, place, self._issues)
        self.adoption = Adoption(client, place, self._labels, self._issues)
        self._mirror = Mirror(mirror, client, self._issues, self._sprints) if mirror is not None else None

    @property
    def keeper(self) -> str:
        return self.place.full_name

    async def prepare(self) -> list[str]:
        return await self._labels.make_all(LABELS)

    async def create(self, draft: TaskDraft, *, request: str | None = None) -> Task:
        milestone = (await self._sprints.find(draft.sprint)).number if draft.sprint else None
        return await self._changed(self._issues.create(draft, milestone, request))

    async def edit(self, number: int, changes: TaskChanges) -> Task:
        milestone: dict[str, str | None] = {}
        if changes.sprint is not None:
            wanted = await self._sprints.find(changes.sprint) if changes.sprint else None
            if (await self._issues.get(number)).sprint != (wanted.title if wanted else None):
                milestone = {"milestoneId": wanted.id if wanted else None}
        return await self._changed(self._issues.edit(number, changes, milestone))

    async def get(self, number: int) -> Task:
        return await (self._mirror or self._issues).get(number)

    async def tasks(self, filter: TaskFilter) -> list[Task]:
        if self._mirror is not None:
            return await self._mirror.tasks(filter)
        return await (self._sprints.tasks(filter) if filter.sprint is not None else self._issues.select(filter))

    async def manage(self, numbers: Sequence[int]) -> None:
        await self._issues.manage(numbers)

    async def set_status(self, number: int, status: TaskStatus) -> None:
        self._sprints.forget()
        await self._issues.set_status(number, status)
        if self._mirror is not None:
            self._mirror.status(number, status)

    async def close(self, number: int, reason: ClosedReason) -> Task:
        return await self._changed(self._issues.close(number, reason))

    async def reopen(self, number: int) -> Task:
        return await self._changed(self._issues.reopen(number))

    async def comment(self, number: int, body: str, *, marker: str | None = None) -> None:
        await self._issues.comment(number, body, marker)

    async def comments(self, number: int) -> list[Comment]:
        return await self._issues.comments(number)

    async def has_comment(self, number: int, marker: str) -> bool:
        return await self._issues.has_comment(number, marker)

    async def create_sprint(self, draft: SprintDraft) -> Sprint:
        return await self._moved(self._sprints.create(draft))

    async def sprints(self, state: Literal["open", "closed", "all"] = "open") -> list[Sprint]:
        return await (self._mirror.sprints(state) if self._mirror is not None else self._sprints.all(state))

    async def sprint(self, name: str) -> Sprint:
        return await (self._mirror.sprint(name) if self._mirror is not None else self._sprints.get(name))

    async def order_sprint(self, name: str, numbers: Sequence[int]) -> Sprint:
        return await self._moved(self._sprints.order(name, numbers))

    async def close_sprint(self, name: str) -> Sprint:
        return await self._moved(self._sprints.close(name))

    async def create_pull(self, draft: PullDraft) -> PullRequest:
        return await self._pulls.create(draft)

    async def update_pull(
        self,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        draft: bool | None = None,
        state: PullState | None = None,
    ) -> PullRequest:
        return await self._pulls.update(number, title=title, body=body, draft=draft, state=state)

    async def mark_pull(self, number: int) -> None:
        await self._issues.manage([number])

    async def pulls(self, branch: str) -> list[PullRequest]:
        return await self._pulls.of_branch(branch)

    async def refresh(self) -> bool:
        return await self._mirror.refresh() if self._mirror is not None else False

    async def _changed(self, change: Awaitable[Task]) -> Task:
        self._sprints.forget()
        task = await change
        if self._mirror is not None:
            self._mirror.saw(task)
        return task

    async def _moved(self, change: Awaitable[Sprint]) -> Sprint:
        sprint = await change
        if self._mirror is not None:
            await self._mirror.refresh(whole=True)
        return sprint
