"""What can be done with issues and comments, and what GitHub refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from support.github.answers import Refusal, custom, forbidden, invalid, not_found
from support.github.labels import changed, put_on, writable
from support.github.world import Comment, Issue, Pull, Repository, World

TITLE_LIMIT = 256
BODY_LIMIT = 65536


def checked_text(resource: str, *, title: str | None = None, body: str | None = None) -> None:
    if title is not None and len(title) > TITLE_LIMIT:
        raise custom(resource, f"title is too long (maximum is {TITLE_LIMIT} characters)")
    if body is not None and len(body) > BODY_LIMIT:
        raise custom(resource, f"body is too long (maximum is {BODY_LIMIT} characters)")


def new_issue(world: World, repository: Repository, login: str, title: str, body: str | None = None, pull: Pull | None = None) -> Issue:
    """The next number of issues and pull requests, which share one series."""
    resource = "PullRequest" if pull else "Issue"
    if not title.strip():
        raise invalid(resource, "title", "missing_field")
    checked_text(resource, title=title, body=body)
    number = max(repository.issues, default=0) + 1
    made = Issue(world.new_id(), number, title, body, login, world.now(), world.now(), pull=pull)
    repository.issues[number] = made
    return made


def create_issue(
    world: World,
    repository: Repository,
    login: str,
    title: str,
    body: str | None = None,
    labels: list[str] | None = None,
    milestone: int | None = None,
    assignees: list[str] | None = None,
) -> Issue:
    """Labels, milestone and assignees of somebody who may not push are dropped silently, as GitHub documents it."""
    writable(repository)
    if not repository.has_issues:
        raise Refusal(410, "Issues has been disabled in this repository.")
    if not repository.may(login, "triage"):
        labels, milestone, assignees = None, None, None
    people = _known_users(world, assignees or [])
    _known_milestone(repository, milestone)
    attached = put_on(world, repository, login, labels or [])
    made = new_issue(world, repository, login, title, body)
    made.labels = attached
    made.milestone = milestone
    made.assignees = people
    return made


def update_issue(world: World, repository: Repository, login: str, issue: Issue, changes: Mapping[str, Any]) -> Issue:
    """All or nothing. Keys as in REST; labels as names; whoever wrote an issue may change its text and state."""
    writable(repository)
    trusted = repository.may(login, "triage")
    if not trusted and issue.user != login:
        raise forbidden("Must have admin rights to Repository.")
    title, body = changes.get("title"), changes.get("body")
    if "title" in changes and not (isinstance(title, str) and title.strip()):
        raise invalid("Issue", "title", "missing_field")
    checked_text("Issue", title=title, body=body)
    milestone = changes.get("milestone", issue.milestone) if trusted else issue.milestone
    if "milestone" in changes and trusted:
        _known_milestone(repository, milestone)
    labels = put_on(world, repository, login, changes["labels"]) if trusted and "labels" in changes else issue.labels
    assignees = _known_users(world, changes["assignees"]) if trusted and "assignees" in changes else issue.assignees

    before = replace(issue)
    issue.title = title if title is not None else issue.title
    issue.body = changes.get("body", issue.body)
    issue.milestone = milestone
    issue.labels = labels
    issue.assignees = assignees
    set_state(world, issue, login, changes.get("state", issue.state), changes.get("state_reason"))
    if issue != before:
        issue.updated_at = world.now()
    return issue


def set_state(world: World, issue: Issue, login: str, state: str, reason: str | None = None) -> None:
    if state == "closed":
        if issue.state == "open":
            issue.closed_at, issue.closed_by = world.now(), login
        elif reason is None:
            return
        issue.state = "closed"
        issue.state_reason = None if issue.pull else (reason or "completed")
    elif issue.state == "closed":
        issue.state, issue.closed_at, issue.closed_by = "open", None, None
        issue.state_reason = None if issue.pull else "reopened"


def _known_milestone(repository: Repository, number: int | None) -> None:
    if number is not None and number not in repository.milestones:
        raise invalid("Issue", "milestone", value=number)


def _known_users(world: World, logins: list[str]) -> list[str]:
    for login in logins:
        if login not in world.users:
            raise invalid("Issue", "assignees", value=login)
    return list(logins)


def add_labels(world: World, repository: Repository, login: str, issue: Issue, names: list[str]) -> None:
    writable(repository)
    if not repository.may(login, "triage"):
        raise forbidden("Must have admin rights to Repository.")
    added = put_on(world, repository, login, names)
    changed(world, issue, [*issue.labels, *(id for id in added if id not in issue.labels)])


def set_labels(world: World, repository: Repository, login: str, issue: Issue, names: list[str]) -> None:
    writable(repository)
    if not repository.may(login, "triage"):
        raise forbidden("Must have admin rights to Repository.")
    changed(world, issue, put_on(world, repository, login, names))


def remove_label(world: World, repository: Repository, login: str, issue: Issue, name: str) -> None:
    writable(repository)
    if not repository.may(login, "triage"):
        raise forbidden("Must have admin rights to Repository.")
    label = repository.label(name)
    if label is None or label.id not in issue.labels:
        raise Refusal(404, "Label does not exist", type="NOT_FOUND")
    changed(world, issue, [id for id in issue.labels if id != label.id])


def add_comment(world: World, repository: Repository, login: str, issue: Issue, body: str) -> Comment:
    writable(repository)
    if issue.locked and not repository.may(login, "write"):
        raise forbidden("Unable to create comment because issue is locked.")
    _checked_comment(body)
    made = Comment(world.new_id(), login, body, world.now(), world.now())
    issue.comments.append(made)
    issue.updated_at = world.now()
    return made


def update_comment(world: World, repository: Repository, login: str, comment: Comment, body: str) -> None:
    writable(repository)
    if comment.user != login and not repository.may(login, "write"):
        raise forbidden("Must have admin rights to Repository.")
    _checked_comment(body)
    comment.body, comment.updated_at = body, world.now()


def delete_comment(repository: Repository, login: str, issue: Issue, comment: Comment) -> None:
    writable(repository)
    if comment.user != login and not repository.may(login, "write"):
        raise forbidden("Must have admin rights to Repository.")
    issue.comments.remove(comment)


def commented(repository: Repository, id: int) -> tuple[Issue, Comment]:
    for issue in repository.present():
        for comment in issue.comments:
            if comment.id == id:
                return issue, comment
    raise not_found()


def _checked_comment(body: str) -> None:
    if not body.strip():
        raise invalid("IssueComment", "data", "unprocessable", message="Body cannot be blank")
    checked_text("IssueComment", body=body)
