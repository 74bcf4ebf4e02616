"""What GraphQL's values are here: things of the world, or Seen, a thing together with the repository that it is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import graphql

from support.github.answers import Refusal
from support.github.graph_cost import Cost
from support.github.limits import Limits
from support.github.world import Comment, Issue, Label, Milestone, Repository, Review, World

Info = graphql.GraphQLResolveInfo
Resolver = Callable[..., Any]


@dataclass(frozen=True)
class Asker:
    world: World
    limits: Limits
    login: str
    cost: Cost


@dataclass(frozen=True)
class Seen:
    repository: Repository
    thing: Any
    """An Issue, Label, Milestone; a Comment or Review; the name of a branch."""
    issue: Issue | None = None
    """What a comment or review is on."""


def type_name(value: Any, _info: Info, _type: Any) -> str:
    match value:
        case Seen(thing=Issue() as issue):
            return "PullRequest" if issue.pull else "Issue"
        case Seen(thing=thing):
            names: dict[type, str] = {
                Label: "Label",
                Milestone: "Milestone",
                Comment: "IssueComment",
                Review: "PullRequestReview",
                str: "Ref",
            }
            return names[type(thing)]
    return type(value).__name__


def plain(value: Any, info: Info) -> Any:
    """A field that is an attribute of the thing, or a key."""
    if isinstance(value, Mapping):
        return value[info.field_name]
    return getattr(value.thing if isinstance(value, Seen) else value, info.field_name)


def unresolved(kind: str, what: str) -> Refusal:
    return Refusal(404, f"Could not resolve to {kind} with the {what}.", type="NOT_FOUND")


def by_node(asker: Asker, id: str) -> Any:
    prefix, _, number = id.rpartition("_")
    wanted = int(number) if number.isdigit() else -1
    for repository in asker.world.repositories.values():
        if not repository.may(asker.login, "read"):
            continue
        if prefix == "R" and repository.id == wanted:
            return repository
        if prefix == "LA" and wanted in repository.labels:
            return Seen(repository, repository.labels[wanted])
        things: dict[str, Any] = {"I": repository.present(), "PR": repository.present(), "MI": repository.milestones.values()}
        for thing in things.get(prefix, ()):
            if thing.id == wanted and (not isinstance(thing, Issue) or thing.node_id == id):
                return Seen(repository, thing)
        for issue in repository.present():
            said: dict[str, Sequence[Comment | Review]] = {"IC": issue.comments, "PRR": issue.pull.reviews if issue.pull else ()}
            for one in said.get(prefix, ()):
                if one.id == wanted:
                    return Seen(repository, one, issue)
    for user in asker.world.users.values():
        if prefix == "U" and user.id == wanted:
            return user
    raise Refusal(404, f"Could not resolve to a node with the global id of '{id}'", type="NOT_FOUND")
