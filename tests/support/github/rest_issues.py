"""REST's operations on issues, their labels and comments."""

from __future__ import annotations

from typing import Any

from support.github import issues, shapes
from support.github.answers import Answer, Refusal
from support.github.call import Call
from support.github.world import Issue, present_issue


def list_issues(call: Call) -> Answer:
    found = [one for one in call.repository.present() if _wanted(call, one)]
    key = {"updated": "updated_at", "comments": "comments"}.get(call.query.get("sort", ""), "created_at")
    found.sort(key=lambda one: (len(one.comments) if key == "comments" else getattr(one, key), one.number))
    if call.query.get("direction", "desc") == "desc":
        found.reverse()
    return call.page([shapes.issue(call.world, call.repository, one) for one in found])


def _wanted(call: Call, issue: Issue) -> bool:
    """Pull requests are issues too; without issues there are only pull requests."""
    query, repository = call.query, call.repository
    if query.get("state", "open") not in ("all", issue.state) or (not repository.has_issues and issue.pull is None):
        return False
    milestone = query.get("milestone", "")
    if milestone.isdigit() and int(milestone) not in repository.milestones:
        raise Refusal(422, "Validation Failed", {"value": milestone, "resource": "Issue", "field": "milestone", "code": "invalid"})
    if milestone and not (
        {"none": issue.milestone is None, "*": issue.milestone is not None}.get(milestone, milestone == str(issue.milestone))
    ):
        return False
    wanted = {name.strip().lower() for name in query.get("labels", "").split(",") if name.strip()}
    if not wanted <= {label.name.lower() for label in repository.labels_of(issue)}:
        return False
    creator = query.get("creator")
    return (creator is None or issue.user == creator) and issue.updated_at >= query.get("since", "")


def create_issue(call: Call) -> Answer:
    sent = call.body
    made = issues.create_issue(
        call.world,
        call.repository,
        call.login,
        str(sent["title"]),
        sent.get("body"),
        _names(sent.get("labels") or []),
        None if sent.get("milestone") is None else int(sent["milestone"]),
        sent.get("assignees"),
    )
    return Answer(201, shapes.issue(call.world, call.repository, made))


def get_issue(call: Call) -> Answer:
    return Answer(200, shapes.issue(call.world, call.repository, _issue(call)))


def update_issue(call: Call) -> Answer:
    changes = dict(call.body)
    if "labels" in changes:
        changes["labels"] = _names(changes["labels"])
    issue = issues.update_issue(call.world, call.repository, call.login, _issue(call), changes)
    return Answer(200, shapes.issue(call.world, call.repository, issue))


def _issue(call: Call) -> Issue:
    return present_issue(call.repository, call.number("issue_number"), call.world)


def _names(sent: list[Any]) -> list[str]:
    return [one if isinstance(one, str) else one["name"] for one in sent]


def list_issue_labels(call: Call) -> Answer:
    return call.page([shapes.label(call.world, call.repository, one) for one in call.repository.labels_of(_issue(call))])


def add_labels(call: Call) -> Answer:
    issue = _issue(call)
    issues.add_labels(call.world, call.repository, call.login, issue, _sent_labels(call.body))
    return list_issue_labels(call)


def set_labels(call: Call) -> Answer:
    issue = _issue(call)
    issues.set_labels(call.world, call.repository, call.login, issue, _sent_labels(call.body))
    return list_issue_labels(call)


def remove_label(call: Call) -> Answer:
    issues.remove_label(call.world, call.repository, call.login, _issue(call), call.path["name"])
    return list_issue_labels(call)


def _sent_labels(body: Any) -> list[str]:
    return _names(body if isinstance(body, list) else [body] if isinstance(body, str) else body.get("labels", []))


def list_comments(call: Call) -> Answer:
    issue = _issue(call)
    found = [one for one in issue.comments if one.updated_at >= call.query.get("since", "")]
    return call.page([shapes.comment(call.world, call.repository, issue, one) for one in found])


def create_comment(call: Call) -> Answer:
    issue = _issue(call)
    made = issues.add_comment(call.world, call.repository, call.login, issue, call.body["body"])
    return Answer(201, shapes.comment(call.world, call.repository, issue, made))


def get_comment(call: Call) -> Answer:
    issue, comment = issues.commented(call.repository, call.number("comment_id"))
    return Answer(200, shapes.comment(call.world, call.repository, issue, comment))


def update_comment(call: Call) -> Answer:
    issue, comment = issues.commented(call.repository, call.number("comment_id"))
    issues.update_comment(call.world, call.repository, call.login, comment, call.body["body"])
    return Answer(200, shapes.comment(call.world, call.repository, issue, comment))


def delete_comment(call: Call) -> Answer:
    issue, comment = issues.commented(call.repository, call.number("comment_id"))
    issues.delete_comment(call.repository, call.login, issue, comment)
    return Answer(204)
