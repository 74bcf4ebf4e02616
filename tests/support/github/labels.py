"""What can be done with labels and milestones, and what GitHub refuses."""

from __future__ import annotations

import re
from typing import Any

from support.github.answers import Refusal, forbidden, invalid, not_found
from support.github.world import Issue, Label, Milestone, Repository, World

DEFAULT_COLOR = "ededed"
NAME_LIMIT = 50
DESCRIPTION_LIMIT = 100


def writable(repository: Repository) -> None:
    if repository.archived:
        raise forbidden("Repository was archived so is read-only.")


def pushing(repository: Repository, login: str) -> None:
    """Who may not push is told that there is nothing, as GitHub does for labels and milestones."""
    writable(repository)
    if not repository.may(login, "write"):
        raise not_found()


def create_label(world: World, repository: Repository, name: str, color: str | None = None, description: str | None = None) -> Label:
    checked_label(name, color, description)
    if repository.label(name) is not None:
        raise invalid("Label", "name", "already_exists")
    made = Label(world.new_id(), name, color or DEFAULT_COLOR, description, world.now())
    repository.labels[made.id] = made
    return made


def checked_label(name: str, color: str | None, description: str | None) -> None:
    if not name.strip():
        raise invalid("Label", "name", "missing_field")
    if len(name) > NAME_LIMIT:
        raise invalid("Label", "name", "custom", message=f"name is too long (maximum is {NAME_LIMIT} characters)")
    if color is not None and not re.fullmatch(r"[0-9a-fA-F]{6}", color):
        raise invalid("Label", "color")
    if description is not None and len(description) > DESCRIPTION_LIMIT:
        raise invalid("Label", "description", "custom", message=f"description is too long (maximum is {DESCRIPTION_LIMIT} characters)")


def update_label(repository: Repository, label: Label, changes: dict[str, Any]) -> Label:
    name = changes.get("new_name") or label.name
    checked_label(name, changes.get("color"), changes.get("description"))
    other = repository.label(name)
    if other is not None and other is not label:
        raise invalid("Label", "name", "already_exists")
    label.name = name
    label.color = changes.get("color") or label.color
    label.description = changes.get("description", label.description)
    return label


def delete_label(repository: Repository, label: Label) -> None:
    del repository.labels[label.id]
    for issue in repository.issues.values():
        issue.labels = [id for id in issue.labels if id != label.id]


def named(repository: Repository, name: str) -> Label:
    label = repository.label(name)
    if label is None:
        raise not_found()
    return label


def put_on(world: World, repository: Repository, login: str, names: list[str]) -> list[int]:
    """The labels of these names; those that do not exist are made, if this user may."""
    found: list[int] = []
    for name in names:
        label = repository.label(name)
        if label is None:
            if not repository.may(login, "write"):
                raise forbidden("You do not have permission to create labels on this repository.")
            label = create_label(world, repository, name)
        if label.id not in found:
            found.append(label.id)
    return found


def changed(world: World, issue: Issue, labels: list[int]) -> None:
    if labels != issue.labels:
        issue.labels = labels
        issue.updated_at = world.now()


# Milestones


def create_milestone(world: World, repository: Repository, login: str, title: str, **fields: Any) -> Milestone:
    _free_title(repository, title)
    number = max(repository.milestones, default=0) + 1
    made = Milestone(world.new_id(), number, title, login, world.now(), world.now())
    repository.milestones[number] = made
    update_milestone(world, repository, made, fields)
    return made


def update_milestone(world: World, repository: Repository, milestone: Milestone, changes: dict[str, Any]) -> None:
    if "title" in changes:
        _free_title(repository, changes["title"], but=milestone)
        milestone.title = changes["title"]
    if "description" in changes:
        milestone.description = changes["description"]
    if "due_on" in changes:
        milestone.due_on = _due(changes["due_on"])
    if changes.get("state", milestone.state) != milestone.state:
        milestone.state = changes["state"]
        milestone.closed_at = world.now() if milestone.state == "closed" else None
    milestone.updated_at = world.now()


def delete_milestone(repository: Repository, milestone: Milestone) -> None:
    del repository.milestones[milestone.number]
    for issue in repository.issues.values():
        if issue.milestone == milestone.number:
            issue.milestone = None


def _free_title(repository: Repository, title: str, but: Milestone | None = None) -> None:
    if not title.strip():
        raise invalid("Milestone", "title", "missing_field")
    if any(one.title == title and one is not but for one in repository.milestones.values()):
        raise invalid("Milestone", "title", "already_exists")


def _due(on: str | None) -> str | None:
    """GitHub keeps the day only and answers with that day's midnight in California."""
    if on is None:
        return None
    day = re.match(r"\d{4}-\d\d-\d\d(?=T|$)", on)
    if day is None:
        raise Refusal(422, "Invalid request.\n\nFor 'properties/due_on', \"" + on + '" is not a valid date-time.')
    return f"{day[0]}T07:00:00Z"
