"""Issues that come from another keeper: made with all their labels in one request, each at most once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from locus.errors import Refused
from locus.model.labels import replaced
from locus.model.task import Task
from locus.tracker.github.client import Client
from locus.tracker.github.issues import Issues, request_mark
from locus.tracker.github.labels import LabelBook
from locus.tracker.github.place import GitHubPlace

LABEL_LIMIT = 50
"""Characters in the name of a label; GitHub's."""
_PAGE = 100


@dataclass(frozen=True)
class Room:
    """What is there before anything comes."""

    labels: frozenset[str]
    """In lower case: GitHub does not tell them apart by that."""
    newest: int
    """The highest number of an issue or pull request; 0 where there is none."""


class Adoption:
    def __init__(self, client: Client, place: GitHubPlace, labels: LabelBook, issues: Issues) -> None:
        self._client, self._place, self._labels, self._issues = client, place, labels, issues

    async def room(self) -> Room:
        """Raises Refused where issues cannot be made with labels: GitHub would leave these out without a word."""
        repository = await self._client.get("")
        if not repository["has_issues"]:
            raise Refused(
                f"{self._place.full_name} has its issues switched off",
                f"switch them on: `gh repo edit {self._place.full_name} --enable-issues`",
            )
        if repository["archived"]:
            raise Refused(f"{self._place.full_name} is archived: it can only be read", "unarchive it on GitHub, or use another remote")
        if not repository.get("permissions", {}).get("push"):
            raise Refused(
                f"you may not write to {self._place.full_name}, and without that GitHub drops labels and milestones of issues silently",
                "ask for write access, or log in as somebody who has it (`gh auth status` says who you are)"
                + ("; `gh repo set-default` chooses your fork instead" if self._place.head_owner != self._place.owner else ""),
            )
        recent = await self._client.get("issues?state=all&sort=created&direction=desc&per_page=1")
        return Room(await self._labels.names(), recent[0]["number"] if recent else 0)

    async def make(self, task: Task, *, title: str, body: str, milestone: int | None, request: str) -> int:
        """The number of the new issue, open and with the task's labels, its status among them."""
        names = replaced(task.labels, "locus", task.status)
        return (await self._issues.make(title, body, names, milestone, request)).number

    async def find(self, requests: Collection[str], *, after: int) -> Mapping[str, int]:
        """Those of these requests that had arrived, with the numbers of their issues. None is older than issue `after`."""
        marks = {request_mark(request): request for request in requests}
        found: dict[str, int] = {}
        page = 1
        while len(found) < len(marks):
            recent = await self._client.get(f"issues?state=all&sort=created&direction=desc&per_page={_PAGE}&page={page}")
            for each in recent:
                found |= {request: each["number"] for mark, request in marks.items() if mark in (each.get("body") or "")}
            if len(recent) < _PAGE or recent[-1]["number"] <= after:
                break
            page += 1
        return found
