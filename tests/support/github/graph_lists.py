"""What GraphQL's connections list, and how they are paged: by opaque cursors, `first` or `last` at a time."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from support.github import pulls
from support.github.answers import Refusal
from support.github.graph_seen import Info, Resolver, Seen
from support.github.world import Issue, Label, Pull, Repository, Review


def connection(
    items: Sequence[Any], *, first: int | None = None, last: int | None = None, after: str | None = None, before: str | None = None
) -> dict[str, Any]:
    start = _position(after) + 1 if after else 0
    end = _position(before) if before else len(items)
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)
    page = {
        "hasNextPage": end < len(items),
        "hasPreviousPage": start > 0,
        "startCursor": _cursor(start) if start < end else None,
        "endCursor": _cursor(end - 1) if start < end else None,
    }
    return {"nodes": list(items[start:end]), "totalCount": len(items), "pageInfo": page}


def _cursor(position: int) -> str:
    return base64.b64encode(f"cursor:v2:{position}".encode()).decode()


def _position(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("cursor:v2:"))
    except ValueError:
        raise Refusal(422, f"`{cursor}` does not appear to be a valid cursor.", type="INVALID_CURSOR_ARGUMENTS") from None


def paged(listing: Callable[..., list[Any]]) -> Resolver:
    def resolve(value: Any, _info: Info, **arguments: Any) -> dict[str, Any]:
        bounds = {name: arguments.pop(name, None) for name in ("first", "last", "after", "before")}
        return connection(listing(value, **arguments), **bounds)

    return resolve


def issues(repository: Repository, *, pull: bool, **arguments: Any) -> list[Seen]:
    wanted = {**(arguments.get("filterBy") or {})}
    states = arguments.get("states") or wanted.get("states")
    labels = {name.lower() for name in arguments.get("labels") or wanted.get("labels") or ()}
    found = [
        issue
        for issue in repository.present()
        if (issue.pull is not None) is pull
        and (not states or state(issue) in states)
        and (not labels or labels & {label.name.lower() for label in repository.labels_of(issue)})
        and issue.updated_at >= (wanted.get("since") or "")
        and _in_milestone(repository, issue, wanted)
        and (issue.pull is None or _between(issue.pull, arguments))
    ]
    order = arguments.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    keys: dict[str, Callable[[Issue], Any]] = {
        "CREATED_AT": lambda issue: (issue.created_at, issue.number),
        "UPDATED_AT": lambda issue: (issue.updated_at, issue.number),
        "COMMENTS": lambda issue: (len(issue.comments), issue.number),
    }
    found.sort(key=keys[order["field"]], reverse=order["direction"] == "DESC")
    return [Seen(repository, issue) for issue in found]


def _in_milestone(repository: Repository, issue: Issue, wanted: Mapping[str, Any]) -> bool:
    for name in ("milestoneNumber", "milestone"):
        if name in wanted:
            value = wanted[name]
            milestone = repository.milestones[issue.milestone] if issue.milestone else None
            if milestone is None or value is None or value == "*":
                return (milestone is None) is (value is None)
            return bool(str(milestone.number if name == "milestoneNumber" else milestone.id) == value)
    return True


def _between(pull: Pull, wanted: Mapping[str, Any]) -> bool:
    return wanted.get("headRefName") in (None, pull.head) and wanted.get("baseRefName") in (None, pull.base)


def state(issue: Issue) -> str:
    return "MERGED" if issue.pull is not None and issue.pull.merged_at else issue.state.upper()


def labels(repository: Repository, query: str | None = None, orderBy: Mapping[str, str] | None = None) -> list[Seen]:
    return _ordered(repository, [one for one in repository.labels.values() if (query or "").lower() in one.name.lower()], orderBy)


def issue_labels(at: Seen, orderBy: Mapping[str, str] | None = None) -> list[Seen]:
    return _ordered(at.repository, at.repository.labels_of(at.thing), orderBy)


def _ordered(repository: Repository, labels: list[Label], order: Mapping[str, str] | None) -> list[Seen]:
    by_name = order is not None and order["field"] == "NAME"
    found = sorted(
        labels, key=lambda one: one.name.lower() if by_name else one.id, reverse=order is not None and order["direction"] == "DESC"
    )
    return [Seen(repository, one) for one in found]


def milestones(
    repository: Repository, states: list[str] | None = None, query: str | None = None, orderBy: Mapping[str, str] | None = None
) -> list[Seen]:
    found = [
        one
        for one in repository.milestones.values()
        if (not states or one.state.upper() in states) and (query or "").lower() in one.title.lower()
    ]
    keys = {"DUE_DATE": "due_on", "CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "NUMBER": "number"}
    order = orderBy or {"field": "NUMBER", "direction": "ASC"}
    found.sort(key=lambda one: (getattr(one, keys[order["field"]]) or "", one.number), reverse=order["direction"] == "DESC")
    return [Seen(repository, one) for one in found]


def closing(at: Seen, **_: Any) -> list[Seen]:
    return [Seen(at.repository, issue) for issue in pulls.closes(at.repository, at.thing, at.thing.pull)]


def closed_by(at: Seen, includeClosedPrs: bool = False, **_: Any) -> list[Seen]:
    found = [issue for issue, pull in at.repository.pulls() if at.thing in pulls.closes(at.repository, issue, pull)]
    return [Seen(at.repository, issue) for issue in found if includeClosedPrs or state(issue) != "CLOSED"]


def decision(pull: Pull) -> str | None:
    """Of each reviewer's last word; comments do not count."""
    words: dict[str, str] = {one.user: one.state for one in pull.reviews if one.state in ("APPROVED", "CHANGES_REQUESTED")}
    if "CHANGES_REQUESTED" in words.values():
        return "CHANGES_REQUESTED"
    return "APPROVED" if words else None


def reviews(pull: Pull, states: list[str] | None = None, author: str | None = None) -> list[Review]:
    return [one for one in pull.reviews if (not states or one.state in states) and author in (None, one.user)]
