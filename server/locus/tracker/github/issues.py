"""Issues: read by GraphQL, made by REST in one request, changed by mutations that leave foreign labels alone."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from locus.errors import InvalidArguments, NotFound
from locus.model import labels as schema
from locus.model.labels import MANAGED, replaced
from locus.model.task import Comment, Task, TaskChanges, TaskDraft, TaskFilter, TaskStatus
from locus.tracker.github import documents
from locus.tracker.github.batching import Batch
from locus.tracker.github.client import Client, PartlyFailed
from locus.tracker.github.labels import LabelBook
from locus.tracker.github.lost import once
from locus.tracker.github.mutations import Mutation, Mutations, Stale
from locus.tracker.github.place import GitHubPlace
from locus.tracker.github.reading import Json, comment_of, comments_of, issue_of, node_of
from locus.tracker.messages import checked_label, checked_title, no_issue
from locus.tracker.protocol import ClosedReason

TEXT_LIMIT = 65536
"""Characters in one body; GitHub's."""
_MOMENT = 10.0
"""Seconds."""


@dataclass(frozen=True)
class Known:
    """What was last seen of an issue or pull request."""

    id: str
    task: Task | None
    """None for a pull request."""
    comments: tuple[Comment, ...] | None = None
    at: float = 0.0
    """When the comments were read, on the monotonic clock."""


class Issues:
    def __init__(self, client: Client, place: GitHubPlace, labels: LabelBook, mutations: Mutations) -> None:
        self._client, self._place, self._labels, self._mutations = client, place, labels, mutations
        self._loading: Batch[int, Known] = Batch(self._load)
        self._known: dict[int, Known] = {}
        self._said: dict[tuple[int, str], asyncio.Task[None]] = {}
        """The marked comments that were made from here."""

    # Reading.

    async def get(self, number: int) -> Task:
        await self._loading.get(number)
        return self._task(number)

    async def those(self, numbers: Sequence[int]) -> dict[int, Task]:
        """Raises NotFound that names all of those that do not exist."""
        found = await asyncio.gather(*map(self._loading.get, numbers), return_exceptions=True)
        missing = [number for number, known in zip(numbers, found, strict=True) if isinstance(known, NotFound)]
        if missing:
            raise no_issue(missing)
        for known in found:
            if isinstance(known, BaseException):
                raise known
        return {number: self._task(number) for number in numbers}

    def _task(self, number: int) -> Task:
        task = self._known[number].task
        if task is None:
            raise no_issue([number], pulls=[number])
        return task

    async def select(self, filter: TaskFilter) -> list[Task]:
        """The newest first; not of a sprint."""
        states = {"open": ["OPEN"], "closed": ["CLOSED"], "all": ["OPEN", "CLOSED"]}[filter.state]
        tasks: list[Task] = []
        after: str | None = None
        while True:
            page = (await self.repository(documents.all_issues(), states=states, first=100, after=after))["issues"]
            found = [self.saw(node) for node in page["nodes"]]
            tasks += [task for task in found if filter.status in (None, task.status)]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"] or (filter.limit is not None and len(tasks) >= filter.limit):
                return tasks[: filter.limit]

    def saw(self, node: Json) -> Task:
        """Remembers what an answer says of an issue."""
        task = issue_of(node)
        self._labels.saw(node["labels"]["nodes"])
        self._known[task.number] = Known(node["id"], task, comments_of(node) if "comments" in node else None, time.monotonic())
        return task

    def made(self, pull: int, id: str) -> None:
        self._known[pull] = Known(id, None)

    async def comments(self, number: int) -> list[Comment]:
        """Those that came with the issue a moment ago count: a prompt is written right after the issue was read."""
        known = self._known.get(number)
        if known is None or known.task is None or known.comments is None or time.monotonic() - known.at > _MOMENT:
            await self.get(number)
            known = self._known[number]
        return list(known.comments) if known.comments is not None else await self._all_comments(number)

    async def _all_comments(self, number: int) -> list[Comment]:
        try:
            return [comment_of(each) for each in await self._client.pages(f"issues/{number}/comments?per_page=100")]
        except NotFound as error:
            raise no_issue([number]) from error

    async def has_comment(self, number: int, marker: str) -> bool:
        await self.get(number)
        return any(f"<!-- {marker} -->" in comment.body for comment in await self.comments(number))

    def id(self, number: int) -> str:
        """The node id of what was seen before."""
        return self._known[number].id

    # Writing.

    async def apply(self, parts: Sequence[Mutation]) -> None:
        await self._mutations.apply(*parts)

    async def create(self, draft: TaskDraft, milestone: int | None, request: str | None) -> Task:
        names = replaced(map(checked_label, draft.labels), "locus", TaskStatus.QUEUED)
        names = replaced(names, "type", draft.type) if draft.type is not None else names
        names = replaced(names, "p", draft.priority) if draft.priority is not None else names
        return await self.make(draft.title, draft.body, names, milestone, request or uuid.uuid4().hex, look_first=request is not None)

    async def make(
        self, title: str, body: str, names: Sequence[str], milestone: int | None, request: str, *, look_first: bool = False
    ) -> Task:
        """`look_first`: it may have been made a while ago."""
        mark = request_mark(request)
        data: dict[str, Any] = {
            "title": checked_title(title),
            "body": _checked_body(f"{body.rstrip()}\n\n{mark}".lstrip()),
            "labels": list(names),
        }
        await self._labels.ids(names, make=True)  # GitHub would make them itself, but in grey
        if milestone is not None:
            data["milestone"] = milestone

        async def look() -> Json | None:
            recent = await self._client.get("issues?state=all&sort=created&direction=desc&per_page=50")
            return next((each for each in recent if mark in (each.get("body") or "")), None)

        async def send() -> Json:
            made: Json = await self._client.post("issues", data)
            return made

        made = await look() if look_first else None
        if made is None:
            made = await once(send, look)
        return self.saw(node_of(made))

    async def edit(self, number: int, changes: TaskChanges, milestone: Mapping[str, Any]) -> Task:
        """`milestone` is empty, or the `milestoneId` to set."""
        task = await self.get(number)
        values: dict[str, Any] = dict(milestone)
        if changes.title is not None:
            values["title"] = checked_title(changes.title)
        if changes.body is not None:
            values["body"] = _checked_body(changes.body)
        names = set(task.labels)
        if milestone:
            names = set(replaced(names, "order", None))
        families: tuple[tuple[schema.Family, object], ...] = (
            ("type", changes.type),
            ("p", changes.priority),
            ("locus", changes.status),
            ("order", changes.order),
        )
        for family, value in families:
            if value is not None:
                names = set(replaced(names, family, str(value)))
        parts = [Mutation.of("updateIssue", id=self._known[number].id, **values)] if values else []
        await self._mutations.apply(*parts, *await self.relabelled(number, names - set(task.labels), set(task.labels) - names))
        return await self.get(number)

    async def set_status(self, number: int, status: TaskStatus) -> None:
        others = {f"locus:{other}" for other in TaskStatus if other is not status}
        await self.relabel(number, {f"locus:{status}"}, others)

    async def manage(self, numbers: Sequence[int]) -> None:
        unseen = [number for number in numbers if number not in self._known]
        for number in unseen:
            await self._loading.get(number)
        parts: list[Mutation] = []
        for number in numbers:
            task = self._known[number].task
            if task is None or MANAGED not in task.labels:
                parts += await self.relabelled(number, {MANAGED}, set())
        await self._mutations.apply(*parts)

    async def relabel(self, number: int, add: set[str], remove: set[str]) -> None:
        """One document; foreign labels stay, also those that somebody adds at this moment."""
        if number not in self._known:
            await self._loading.get(number)
        try:
            await self._mutations.apply(*await self.relabelled(number, add, remove))
        except Stale:  # somebody has deleted a label and made it again, or moved the issue
            self._labels.forget()
            await self._loading.get(number)
            await self._mutations.apply(*await self.relabelled(number, add, remove))

    async def close(self, number: int, reason: ClosedReason) -> Task:
        return await self._patch(number, {"state": "closed", "state_reason": reason})

    async def reopen(self, number: int) -> Task:
        return await self._patch(number, {"state": "open"})

    async def comment(self, number: int, body: str, marker: str | None) -> None:
        if number not in self._known:
            await self._loading.get(number)
        if marker is None:
            await self._say(number, body, None)
        elif (number, marker) not in self._said:
            self._said[number, marker] = asyncio.create_task(self._say(number, f"{body.rstrip()}\n\n<!-- {marker} -->", marker))
            await self._said[number, marker]
        else:
            await asyncio.shield(self._said[number, marker])

    async def _say(self, number: int, text: str, marker: str | None) -> None:
        async def look() -> bool | None:
            return True if marker is not None and await self.has_comment(number, marker) else None

        async def send() -> bool:
            part = Mutation.of("addComment", subjectId=self._known[number].id, body=_shortened(text))
            await self._mutations.apply(part)
            return True

        try:
            await once(send, look)
        except BaseException:
            self._said.pop((number, marker or ""), None)  # it may be tried again
            raise
        finally:
            self._known[number] = replace(self._known[number], comments=None)

    async def _patch(self, number: int, data: Mapping[str, Any]) -> Task:
        try:
            answer = await self._client.patch(f"issues/{number}", data)
        except NotFound as error:
            raise no_issue([number]) from error
        known = self._known.get(number)
        if answer["number"] != number or (known is not None and known.id != answer["node_id"]):
            raise no_issue([number])  # it was transferred, and gh followed it with a mere look
        self.saw(node_of(answer))
        return await self.get(number)

    async def relabelled(self, number: int, add: set[str], remove: set[str]) -> list[Mutation]:
        id = self._known[number].id
        added = await self._labels.ids(sorted(add), make=True)
        removed = await self._labels.ids(sorted(remove), make=False)
        parts = [Mutation.of("addLabelsToLabelable", labelableId=id, labelIds=added)] if added else []
        return parts + ([Mutation.of("removeLabelsFromLabelable", labelableId=id, labelIds=removed)] if removed else [])

    async def _load(self, numbers: Sequence[int]) -> Mapping[int, Known | BaseException]:
        found = await self.and_labels(lambda labels: documents.issues(numbers, labels=labels))
        result: dict[int, Known | BaseException] = {}
        for number in numbers:
            node = found.get(f"i{number}")
            if node is None:
                result[number] = no_issue([number])
                continue
            if node["__typename"] == "Issue":
                self.saw(node)
            else:
                self.made(number, node["id"])
            result[number] = self._known[number]
        return result

    async def and_labels(self, document: Callable[[bool], str], **variables: Any) -> Json:
        """What was found of the repository; its labels come along where they are not known yet."""
        labels = not self._labels.complete
        found = await self.repository(document(labels), **variables, **({"labels": None} if labels else {}))
        if labels:
            await self._labels.learn(found["labels"])
        return found

    async def repository(self, document: str, **variables: Any) -> Json:
        """What was found of the repository; a number that does not exist is null in it."""
        try:
            data = await self._client.graphql(document, {"owner": self._place.owner, "name": self._place.name, **variables})
        except PartlyFailed as error:
            if any(each.get("type") != "NOT_FOUND" for each in error.errors):
                raise
            data = dict(error.data)
        found: Json | None = data.get("repository")
        if found is None:
            raise NotFound(
                f"there is no repository {self._place.full_name} on {self._place.host}, or you may not see it",
                "see `git remote -v` and `gh auth status`",
            )
        return found


def request_mark(request: str) -> str:
    """Stands in the body of an issue: which wish it fulfils."""
    return f"<!-- locus:request {request} -->"


def _checked_body(text: str) -> str:
    if len(text) > TEXT_LIMIT:
        raise InvalidArguments(
            f"the text has {len(text)} characters, GitHub takes {TEXT_LIMIT}", "shorten it, or put part of it into a file"
        )
    return text


def _shortened(text: str) -> str:
    """A comment's marker stands at its end and has to stay."""
    if len(text) <= TEXT_LIMIT:
        return text
    cut = "\n\n[... shortened ...]\n\n"
    return text[: TEXT_LIMIT - 1000 - len(cut)] + cut + text[-1000:]
