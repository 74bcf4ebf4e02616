"""The REST operations by the ids that GitHub gives them, and those on repositories, labels and milestones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from support.github import labels, rest_issues, rest_pulls, shapes
from support.github.answers import Answer
from support.github.call import Call

Operation = Callable[[Call], Answer]

# Repository and labels


def get_repository(call: Call) -> Answer:
    return Answer(200, shapes.full_repository(call.world, call.repository, call.login))


def list_labels(call: Call) -> Answer:
    return call.page([shapes.label(call.world, call.repository, one) for one in call.repository.labels.values()])


def create_label(call: Call) -> Answer:
    labels.pushing(call.repository, call.login)
    made = labels.create_label(call.world, call.repository, call.body["name"], call.body.get("color"), call.body.get("description"))
    return Answer(201, shapes.label(call.world, call.repository, made))


def get_label(call: Call) -> Answer:
    return Answer(200, shapes.label(call.world, call.repository, labels.named(call.repository, call.path["name"])))


def update_label(call: Call) -> Answer:
    labels.pushing(call.repository, call.login)
    label = labels.update_label(call.repository, labels.named(call.repository, call.path["name"]), call.body)
    return Answer(200, shapes.label(call.world, call.repository, label))


def delete_label(call: Call) -> Answer:
    labels.pushing(call.repository, call.login)
    labels.delete_label(call.repository, labels.named(call.repository, call.path["name"]))
    return Answer(204)


# Milestones


def list_milestones(call: Call) -> Answer:
    state = call.query.get("state", "open")
    found = [one for one in call.repository.milestones.values() if state in ("all", one.state)]
    if call.query.get("sort", "due_on") == "due_on":
        found.sort(key=lambda one: (one.due_on is None, one.due_on, one.number))
    else:
        found.sort(key=lambda one: len(call.repository.issues_of(one, "closed")) / (len(call.repository.issues_of(one)) or 1))
    if call.query.get("direction") == "desc":
        found.reverse()
    return call.page([shapes.milestone(call.world, call.repository, one) for one in found])


def create_milestone(call: Call) -> Answer:
    labels.pushing(call.repository, call.login)
    made = labels.create_milestone(call.world, call.repository, call.login, **call.body)
    return Answer(201, shapes.milestone(call.world, call.repository, made))


def get_milestone(call: Call) -> Answer:
    return Answer(200, shapes.milestone(call.world, call.repository, call.repository.numbered_milestone(call.number("milestone_number"))))


def update_milestone(call: Call) -> Answer:
    labels.pushing(call.repository, call.login)
    milestone = call.repository.numbered_milestone(call.number("milestone_number"))
    labels.update_milestone(call.world, call.repository, milestone, call.body)
    return Answer(200, shapes.milestone(call.world, call.repository, milestone))


def delete_milestone(call: Call) -> Answer:
    labels.pushing(call.repository, call.login)
    labels.delete_milestone(call.repository, call.repository.numbered_milestone(call.number("milestone_number")))
    return Answer(204)


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "repos/get": get_repository,
        "issues/list-labels-for-repo": list_labels,
        "issues/create-label": create_label,
        "issues/get-label": get_label,
        "issues/update-label": update_label,
        "issues/delete-label": delete_label,
        "issues/list-milestones": list_milestones,
        "issues/create-milestone": create_milestone,
        "issues/get-milestone": get_milestone,
        "issues/update-milestone": update_milestone,
        "issues/delete-milestone": delete_milestone,
        "issues/list-for-repo": rest_issues.list_issues,
        "issues/create": rest_issues.create_issue,
        "issues/get": rest_issues.get_issue,
        "issues/update": rest_issues.update_issue,
        "issues/list-labels-on-issue": rest_issues.list_issue_labels,
        "issues/add-labels": rest_issues.add_labels,
        "issues/set-labels": rest_issues.set_labels,
        "issues/remove-label": rest_issues.remove_label,
        "issues/list-comments": rest_issues.list_comments,
        "issues/create-comment": rest_issues.create_comment,
        "issues/get-comment": rest_issues.get_comment,
        "issues/update-comment": rest_issues.update_comment,
        "issues/delete-comment": rest_issues.delete_comment,
        "pulls/list": rest_pulls.list_pulls,
        "pulls/create": rest_pulls.create_pull,
        "pulls/get": rest_pulls.get_pull,
        "pulls/update": rest_pulls.update_pull,
        "pulls/list-reviews": rest_pulls.list_reviews,
        "pulls/create-review": rest_pulls.create_review,
    }
)
