"""The fields of GraphQL's types that are not simply an attribute of the thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from support.github.answers import Refusal
from support.github.graph_lists import (
    closed_by,
    closing,
    connection,
    decision,
    issue_labels,
    issues,
    labels,
    milestones,
    paged,
    reviews,
    state,
)
from support.github.graph_seen import Asker, Info, Resolver, Seen, by_node, unresolved
from support.github.world import Repository, stamp


def repository(_root: Any, info: Info, owner: str, name: str, followRenames: bool = True) -> Repository:
    asker: Asker = info.context
    found = asker.world.moved(f"{owner}/{name}") if followRenames else None
    try:
        found = found or asker.world.repository(f"{owner}/{name}")
    except Refusal:
        raise unresolved("a Repository", f"name '{owner}/{name}'") from None
    if not found.may(asker.login, "read"):
        raise unresolved("a Repository", f"name '{owner}/{name}'")
    return found


def _numbered(kind: str, pull: bool | None) -> Resolver:
    def resolve(repository: Repository, _info: Info, number: int) -> Seen:
        issue = repository.issues.get(number)
        here = issue is not None and not issue.deleted and issue.transferred is None
        if issue is None or not here or pull not in (None, issue.pull is not None):
            raise unresolved(kind, f"number of {number}")
        return Seen(repository, issue)

    return resolve


def _node(_root: Any, info: Info, id: str) -> Any:
    return by_node(info.context, id)


def _nodes(_root: Any, info: Info, ids: list[str]) -> list[Any]:
    """One that is not found is null among the others, and an error."""

    def found(id: str) -> Any:
        try:
            return by_node(info.context, id)
        except Refusal as refusal:
            return refusal

    return [found(id) for id in ids]


def _rate_limit(_root: Any, info: Info, dryRun: bool = False) -> dict[str, Any]:
    asker: Asker = info.context
    limit = asker.limits.of("graphql")
    return {
        "cost": asker.cost.points,
        "limit": limit.limit,
        "nodeCount": asker.cost.nodes,
        "remaining": limit.remaining,
        "resetAt": stamp(limit.reset),
        "used": limit.used,
    }


def _user(login_of: Callable[[Any], str]) -> Resolver:
    return lambda value, info, **_: info.context.world.users[login_of(value)]


def _page(path: Callable[[Any], str]) -> Resolver:
    return lambda value, info: f"{info.context.world.web}/{path(value)}"


def _of(read: Callable[[Any], Any]) -> Resolver:
    return lambda value, _info, **_: read(value)


def _place(at: Seen) -> str:
    issue = at.issue or at.thing
    return f"{at.repository.full_name}/{'pull' if issue.pull else 'issues'}/{issue.number}"


def _label(repository: Repository, _info: Info, name: str) -> Seen | None:
    found = repository.label(name)
    return Seen(repository, found) if found else None


def _milestone(repository: Repository, _info: Info, number: int) -> Seen | None:
    found = repository.milestones.get(number)
    return Seen(repository, found) if found else None


_SHARED: dict[str, Resolver] = {
    "id": _of(lambda at: at.thing.node_id),
    "databaseId": _of(lambda at: at.thing.id),
    "assignees": lambda at, info, **bounds: connection([info.context.world.users[login] for login in at.thing.assignees], **bounds),
    "author": _user(lambda at: at.thing.user),
    "body": _of(lambda at: at.thing.body or ""),
    "closed": _of(lambda at: at.thing.state == "closed"),
    "closedAt": _of(lambda at: at.thing.closed_at),
    "comments": paged(lambda at, **_: [Seen(at.repository, one, at.thing) for one in at.thing.comments]),
    "createdAt": _of(lambda at: at.thing.created_at),
    "labels": paged(issue_labels),
    "milestone": _of(lambda at: Seen(at.repository, at.repository.milestones[at.thing.milestone]) if at.thing.milestone else None),
    "repository": _of(lambda at: at.repository),
    "state": _of(lambda at: state(at.thing)),
    "updatedAt": _of(lambda at: at.thing.updated_at),
    "url": _page(_place),
}
_TYPES: dict[str, dict[str, Resolver]] = {
    "Query": {
        "node": _node,
        "nodes": _nodes,
        "rateLimit": _rate_limit,
        "repository": repository,
        "viewer": lambda _root, info: info.context.world.users[info.context.login],
        "id": lambda _root, _info: "Q_1",
    },
    "Repository": {
        "id": _of(lambda one: f"R_{one.id}"),
        "databaseId": _of(lambda one: one.id),
        "defaultBranchRef": _of(lambda one: Seen(one, one.default_branch)),
        "hasIssuesEnabled": _of(lambda one: one.has_issues),
        "isArchived": _of(lambda one: one.archived),
        "isFork": _of(lambda one: one.parent is not None),
        "isPrivate": _of(lambda one: one.private),
        "issue": _numbered("an Issue", False),
        "issueOrPullRequest": _numbered("an issue or pull request", None),
        "issues": paged(lambda one, **arguments: issues(one, pull=False, **arguments)),
        "label": _label,
        "labels": paged(labels),
        "milestone": _milestone,
        "milestones": paged(milestones),
        "nameWithOwner": _of(lambda one: one.full_name),
        "owner": _user(lambda one: one.owner),
        "parent": lambda one, info: info.context.world.repositories.get(one.parent),
        "pullRequest": _numbered("a PullRequest", True),
        "pullRequests": paged(lambda one, **arguments: issues(one, pull=True, **arguments)),
        "url": _page(lambda one: one.full_name),
        "viewerPermission": lambda one, info: (one.role(info.context.login) or "").upper() or None,
    },
    "Ref": {"id": _of(lambda at: f"REF_{at.repository.id}_{at.thing}"), "name": _of(lambda at: at.thing)},
    "Issue": {
        **_SHARED,
        "closedByPullRequestsReferences": paged(closed_by),
        "stateReason": _of(lambda at: at.thing.state_reason.upper() if at.thing.state_reason else None),
    },
    "PullRequest": {
        **_SHARED,
        "baseRefName": _of(lambda at: at.thing.pull.base),
        "closingIssuesReferences": paged(closing),
        "headRefName": _of(lambda at: at.thing.pull.head),
        "headRefOid": _of(lambda at: at.thing.pull.head_sha),
        "headRepository": lambda at, info: info.context.world.repositories.get(at.thing.pull.head_repository),
        "isCrossRepository": _of(lambda at: at.thing.pull.head_repository != at.repository.id),
        "isDraft": _of(lambda at: at.thing.pull.draft),
        "merged": _of(lambda at: at.thing.pull.merged_at is not None),
        "mergedAt": _of(lambda at: at.thing.pull.merged_at),
        "reviewDecision": _of(lambda at: decision(at.thing.pull)),
        "reviews": paged(lambda at, **wanted: [Seen(at.repository, one, at.thing) for one in reviews(at.thing.pull, **wanted)]),
    },
    "Label": {
        "createdAt": _of(lambda at: at.thing.created_at),
        "id": _of(lambda at: f"LA_{at.thing.id}"),
        "isDefault": _of(lambda at: at.thing.default),
        "url": _page(lambda at: f"{at.repository.full_name}/labels/{at.thing.name}"),
    },
    "Milestone": {
        "closed": _of(lambda at: at.thing.state == "closed"),
        "closedAt": _of(lambda at: at.thing.closed_at),
        "createdAt": _of(lambda at: at.thing.created_at),
        "dueOn": _of(lambda at: at.thing.due_on),
        "id": _of(lambda at: f"MI_{at.thing.id}"),
        "issues": paged(
            lambda at, **more: [one for one in issues(at.repository, pull=False, **more) if one.thing.milestone == at.thing.number]
        ),
        "state": _of(lambda at: at.thing.state.upper()),
        "updatedAt": _of(lambda at: at.thing.updated_at),
        "url": _page(lambda at: f"{at.repository.full_name}/milestone/{at.thing.number}"),
    },
    "IssueComment": {
        "author": _user(lambda at: at.thing.user),
        "createdAt": _of(lambda at: at.thing.created_at),
        "databaseId": _of(lambda at: at.thing.id),
        "id": _of(lambda at: f"IC_{at.thing.id}"),
        "updatedAt": _of(lambda at: at.thing.updated_at),
        "url": _page(lambda at: f"{_place(at)}#issuecomment-{at.thing.id}"),
        "viewerDidAuthor": lambda at, info: at.thing.user == info.context.login,
    },
    "PullRequestReview": {
        "author": _user(lambda at: at.thing.user),
        "id": _of(lambda at: f"PRR_{at.thing.id}"),
        "submittedAt": _of(lambda at: at.thing.submitted_at),
        "url": _page(lambda at: f"{_place(at)}#pullrequestreview-{at.thing.id}"),
    },
    "User": {
        "databaseId": _of(lambda one: one.id),
        "id": _of(lambda one: f"U_{one.id}"),
        "url": _page(lambda one: one.login),
    },
}


RESOLVERS: Mapping[tuple[str, str], Resolver] = {
    (type_, field): resolver for type_, fields in _TYPES.items() for field, resolver in fields.items()
}
