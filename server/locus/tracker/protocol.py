"""What every keeper of tasks can do. A task is an issue, a sprint a milestone, a deliverable a pull request, metadata labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from locus.errors import Refused
from locus.model.task import (
    Comment,
    PullDraft,
    PullRequest,
    Sprint,
    SprintDraft,
    Task,
    TaskChanges,
    TaskDraft,
    TaskFilter,
    TaskStatus,
)

ClosedReason = Literal["completed", "not_planned"]
PullState = Literal["open", "merged", "closed"]


class NoDrafts(Refused):
    """The repository has no draft pull requests: GitHub's private ones on free plans."""


class Tracker(Protocol):
    """Labels are the truth about a task's type, priority, status and order, also when somebody edits them by hand.

    Issues and pull requests share one number series. `Task.folder`, `Anchor.uri` and `Sprint.active` are the caller's to fill in.
    """

    @property
    def keeper(self) -> str:
        """`local` or `owner/repo`: stands in the trailer of every commit made for one of its tasks."""
        ...

    async def prepare(self) -> list[str]:
        """Creates what is missing (storage, the 15 labels) and names it; a second call creates nothing."""
        ...

    async def create(self, draft: TaskDraft, *, request: str | None = None) -> Task:
        """A new queued task. `request` is a unique id of this wish: creating twice with the same one gives the first task."""
        ...

    async def edit(self, number: int, changes: TaskChanges) -> Task:
        """One atomic change. A task that changes its sprint loses its place in the order, unless `changes` gives it one."""
        ...

    async def get(self, number: int) -> Task:
        """Raises NotFound."""
        ...

    async def tasks(self, filter: TaskFilter) -> list[Task]:
        """Of one sprint in its order, otherwise the newest first."""
        ...

    async def manage(self, numbers: Sequence[int]) -> None:
        """Marks the issues as Locus' (`agent:managed`); all or, when one does not exist, none."""
        ...

    async def set_status(self, number: int, status: TaskStatus) -> None:
        """One atomic change of the `locus:*` label; every other label stays, also one that somebody adds at the same moment."""
        ...

    async def close(self, number: int, reason: ClosedReason) -> Task: ...

    async def reopen(self, number: int) -> Task: ...

    async def comment(self, number: int, body: str, *, marker: str | None = None) -> None:
        """With a marker, which it carries as `<!-- marker -->`, it is made at most once from here; `has_comment` knows of others."""
        ...

    async def comments(self, number: int) -> list[Comment]:
        """Oldest first."""
        ...

    async def has_comment(self, number: int, marker: str) -> bool: ...

    async def create_sprint(self, draft: SprintDraft) -> Sprint:
        """Refused when the name leaves no branch name, or the same one as another sprint (also a closed one: its branch is there)."""
        ...

    async def sprints(self, state: Literal["open", "closed", "all"] = "open") -> list[Sprint]:
        """In the order they were created, each with its tasks in order and their number per status."""
        ...

    async def sprint(self, name: str) -> Sprint:
        """By exact name, else by the same slug. NotFound lists the names there are."""
        ...

    async def order_sprint(self, name: str, numbers: Sequence[int]) -> Sprint:
        """Puts these tasks first, in this order (`order:1`, `order:2`, ...), the sprint's others after them in their present order.

        Tasks that were in no or another sprint join this one. Nothing changes when one of them does not exist.
        """
        ...

    async def close_sprint(self, name: str) -> Sprint: ...

    async def create_pull(self, draft: PullDraft) -> PullRequest:
        """Refused while another one from the same branch into the same base is open. `Closes #N` in its body ties it to issue N.

        Raises NoDrafts where a draft is wanted and the repository has none.
        """
        ...

    async def update_pull(
        self,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        draft: bool | None = None,
        state: PullState | None = None,
    ) -> PullRequest:
        """Only what is given is changed. A merged pull request stays merged."""
        ...

    async def mark_pull(self, number: int) -> None:
        """Marks a pull request as Locus' (`agent:managed`), where pull requests have labels."""
        ...

    async def pulls(self, branch: str) -> list[PullRequest]:
        """All from this branch, whatever their state, the newest first."""
        ...

    async def refresh(self) -> bool:
        """Looks whether somebody else has changed something, where that is not seen at once; asked now and then by an editor."""
        ...
