"""What there is on the stand-in's GitHub: users, repositories, labels, milestones, issues. What may be done with it is elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from support.github.answers import Refusal, not_found

Role = Literal["read", "triage", "write", "maintain", "admin"]
ROLES: tuple[Role, ...] = ("read", "triage", "write", "maintain", "admin")
State = Literal["open", "closed"]


@dataclass
class User:
    id: int
    login: str
    name: str


@dataclass
class Label:
    id: int
    name: str
    color: str
    description: str | None
    created_at: str
    default: bool = False


@dataclass
class Milestone:
    id: int
    number: int
    title: str
    creator: str
    created_at: str
    updated_at: str
    description: str | None = None
    due_on: str | None = None
    state: State = "open"
    closed_at: str | None = None


@dataclass
class Comment:
    id: int
    user: str
    body: str
    created_at: str
    updated_at: str


@dataclass
class Review:
    id: int
    user: str
    body: str
    state: Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "PENDING", "DISMISSED"]
    commit: str
    submitted_at: str


@dataclass
class Pull:
    """What an issue has more when it is a pull request. Branch and commit of the head stay when the branch is gone."""

    head_repository: int
    head: str
    head_sha: str
    base: str
    base_sha: str
    draft: bool = False
    merged_at: str | None = None
    merged_by: str | None = None
    merge_commit: str | None = None
    maintainer_can_modify: bool = False
    reviews: list[Review] = field(default_factory=list)


@dataclass
class Issue:
    id: int
    number: int
    title: str
    body: str | None
    user: str
    created_at: str
    updated_at: str
    labels: list[int] = field(default_factory=list)
    milestone: int | None = None
    assignees: list[str] = field(default_factory=list)
    state: State = "open"
    state_reason: str | None = None
    closed_at: str | None = None
    closed_by: str | None = None
    locked: bool = False
    comments: list[Comment] = field(default_factory=list)
    pull: Pull | None = None
    deleted: bool = False
    transferred: tuple[int, int] | None = None
    """The repository (its id) and number that it has now."""

    @property
    def node_id(self) -> str:
        return f"{'PR' if self.pull else 'I'}_{self.id}"


@dataclass
class Repository:
    id: int
    owner: str
    name: str
    created_at: str
    bare: Path | None = None
    """The bare repository on disk that has its branches; without one there are none, and no pull request can be made."""
    parent: int | None = None
    """For a fork: what it is a fork of."""
    permissions: dict[str, Role] = field(default_factory=dict)
    """Of those who are not the owner. Who is not named may read, if the repository is public."""
    default_branch: str = "main"
    private: bool = False
    archived: bool = False
    has_issues: bool = True
    drafts: bool = True
    """Private repositories of free accounts have no draft pull requests."""
    labels: dict[int, Label] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    def role(self, login: str) -> Role | None:
        if login == self.owner:
            return "admin"
        return self.permissions.get(login, None if self.private else "read")

    def may(self, login: str, role: Role) -> bool:
        own = self.role(login)
        return own is not None and ROLES.index(own) >= ROLES.index(role)

    def label(self, name: str) -> Label | None:
        """Upper and lower case are one."""
        return next((label for label in self.labels.values() if label.name.lower() == name.lower()), None)

    def labels_of(self, issue: Issue) -> list[Label]:
        return [self.labels[id] for id in issue.labels]

    def issues_of(self, milestone: Milestone, state: State | None = None) -> list[Issue]:
        return [issue for issue in self.present() if issue.milestone == milestone.number and state in (None, issue.state)]

    def present(self) -> Iterator[Issue]:
        """Issues and pull requests, without those deleted or transferred."""
        return (issue for issue in self.issues.values() if not issue.deleted and issue.transferred is None)

    def pulls(self) -> Iterator[tuple[Issue, Pull]]:
        return ((issue, issue.pull) for issue in self.present() if issue.pull is not None)

    def numbered_milestone(self, number: int) -> Milestone:
        try:
            return self.milestones[number]
        except KeyError:
            raise not_found() from None


@dataclass
class World:
    host: str = "github.com"
    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    """The valid tokens and whose they are."""
    repositories: dict[int, Repository] = field(default_factory=dict)
    renamed: dict[str, int] = field(default_factory=dict)
    """Former names, in lower case."""
    last_id: int = 0
    ahead: float = 0.0
    """Seconds by which this world's clock is ahead of the machine's."""
    stopped: float | None = None
    """Where this world's clock stands still."""

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def seconds(self) -> float:
        return (time.time() if self.stopped is None else self.stopped) + self.ahead

    def now(self) -> str:
        """In whole seconds, as GitHub has it."""
        return stamp(self.seconds())

    @property
    def api(self) -> str:
        return "https://api.github.com" if self.host == "github.com" else f"https://{self.host}/api/v3"

    @property
    def web(self) -> str:
        return f"https://{self.host}"

    def repository(self, full_name: str) -> Repository:
        """By its present name; upper and lower case are one."""
        for repository in self.repositories.values():
            if repository.full_name.lower() == full_name.lower():
                return repository
        raise not_found()

    def moved(self, full_name: str) -> Repository | None:
        id = self.renamed.get(full_name.lower())
        return None if id is None else self.repositories[id]


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def present_issue(repository: Repository, number: int, world: World) -> Issue:
    """Raises 404, 410 for one that was deleted, 301 for one that lives elsewhere now."""
    issue = repository.issues.get(number)
    if issue is None:
        raise not_found()
    if issue.deleted:
        raise Refusal(410, "This issue was deleted")
    if issue.transferred is not None:
        id, there = issue.transferred
        raise Refusal(301, "Moved Permanently", location=f"{world.api}/repositories/{id}/issues/{there}")
    return issue


WORLD: TypeAdapter[World] = TypeAdapter(World)
"""Writes a world as JSON and reads it back."""
