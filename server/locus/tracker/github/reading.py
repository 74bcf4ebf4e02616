"""GitHub's answers as the model's nouns. `issue_of` and `pull_of_node` read GraphQL's, `pull_of` and `comment_of` REST's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from locus.model import labels
from locus.model.anchor import parse_anchor
from locus.model.body import acceptance
from locus.model.task import Comment, PullRequest, Sprint, Task, in_sprint_order

Json = Mapping[str, Any]

_REQUEST = re.compile(r"(?:^|\n\n)<!-- locus:request [0-9a-zA-Z-]+ -->\s*$")
_GONE = "ghost"
"""GitHub's own name for an account that is no more."""
_REASONS = {"COMPLETED": "completed", "NOT_PLANNED": "not_planned", "DUPLICATE": "not_planned"}


def issue_of(node: Json) -> Task:
    body = _body(node["body"])
    names = tuple(sorted(label["name"] for label in node["labels"]["nodes"]))
    meta = labels.read(names)
    people = node["assignees"]["nodes"]
    return Task.model_validate(
        {
            "number": node["number"],
            "title": node["title"],
            "body": body,
            "acceptance": acceptance(body),
            "assignee": people[0]["login"] if people else None,
            "type": meta.type,
            "priority": meta.priority,
            "status": meta.status,
            "state": node["state"].lower(),
            "closed_reason": _REASONS.get(node.get("stateReason") or "") if node["state"] == "CLOSED" else None,
            "sprint": node["milestone"]["title"] if node.get("milestone") else None,
            "order": meta.order,
            "labels": names,
            "url": node["url"],
            "anchor": parse_anchor(body),
            "pull_request": _newest(map(pull_of_node, node["closedByPullRequestsReferences"]["nodes"])),
        }
    )


def pull_of_node(node: Json) -> PullRequest:
    return PullRequest.model_validate(
        {
            "number": node["number"],
            "url": node["url"],
            "state": node["state"].lower(),
            "branch": node["headRefName"],
            "base": node["baseRefName"],
            "title": node["title"],
            "body": _text(node["body"]),
            "draft": node["isDraft"],
        }
    )


def node_of(answer: Json) -> Json:
    """An issue of REST in GraphQL's shape. No pull request closes it yet: it has just been made or changed."""
    return {
        "id": answer["node_id"],
        "number": answer["number"],
        "title": answer["title"],
        "body": answer.get("body"),
        "url": answer["html_url"],
        "state": answer["state"].upper(),
        "stateReason": (answer.get("state_reason") or "").upper() or None,
        "assignees": {"nodes": answer.get("assignees") or []},
        "milestone": answer.get("milestone"),
        "labels": {"nodes": [{"id": label["node_id"], "name": label["name"]} for label in answer["labels"]]},
        "closedByPullRequestsReferences": {"nodes": []},
    }


def pull_of(answer: Json) -> PullRequest:
    merged = answer.get("merged_at") is not None
    return PullRequest.model_validate(
        {
            "number": answer["number"],
            "url": answer["html_url"],
            "state": "merged" if merged else answer["state"],
            "branch": answer["head"]["ref"],
            "base": answer["base"]["ref"],
            "title": answer["title"],
            "body": _text(answer.get("body")),
            "draft": bool(answer.get("draft")),
        }
    )


def comment_of(answer: Json) -> Comment:
    author = (answer.get("user") or {}).get("login") or _GONE
    return Comment(author=author, body=_text(answer.get("body")), at=answer["created_at"])


def comments_of(node: Json) -> tuple[Comment, ...] | None:
    """None where there are more than came."""
    if node["comments"]["pageInfo"]["hasNextPage"]:
        return None
    return tuple(
        Comment(author=(each["author"] or {}).get("login") or _GONE, body=_text(each["body"]), at=each["createdAt"])
        for each in node["comments"]["nodes"]
    )


@dataclass(frozen=True)
class Milestone:
    id: str
    number: int
    title: str
    node: Json


def milestone_of(node: Json) -> Milestone:
    return Milestone(node["id"], node["number"], node["title"], node)


def sprint_of(milestone: Milestone, tasks: Iterable[Task]) -> Sprint:
    ordered = in_sprint_order(list(tasks))
    node = milestone.node
    return Sprint.model_validate(
        {
            "name": milestone.title,
            "number": milestone.number,
            "state": node["state"].lower(),
            "due": (node.get("dueOn") or "")[:10] or None,
            "description": node.get("description") or None,
            "tasks": tuple(task.number for task in ordered),
            "counts": dict(Counter(str(task.status) for task in ordered)),
        }
    )


def bare_task(node: Json) -> Task:
    """Number, order and status alone: what a sprint's counts are made of."""
    meta = labels.read(label["name"] for label in node["labels"]["nodes"])
    return Task(number=node["number"], title="", status=meta.status, order=meta.order)


def _newest(pulls: Iterable[PullRequest]) -> PullRequest | None:
    return max(pulls, key=lambda pull: pull.number, default=None)


def _text(value: str | None) -> str:
    return value or ""


def _body(value: str | None) -> str:
    """Without the mark of the request that made the issue."""
    return _REQUEST.sub("", _text(value))
