"""GraphQL's mutations, over the same deeds as REST's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from support.github import issues, labels, pulls
from support.github.answers import Refusal, forbidden
from support.github.graph_seen import Asker, Info, Resolver, Seen, by_node
from support.github.world import Issue, Label, Milestone, Pull, Repository

Input = dict[str, Any]
Change = Callable[[Asker, Input], dict[str, Any]]


def _on(asker: Asker, id: str, kind: type) -> tuple[Repository, Any]:
    found = by_node(asker, id)
    if not (isinstance(found, Seen) and isinstance(found.thing, kind)):
        raise Refusal(404, f"Could not resolve to a node with the global id of '{id}'", type="NOT_FOUND")
    return found.repository, found.thing


def _pull(asker: Asker, id: str) -> tuple[Repository, Issue, Pull]:
    repository, issue = _on(asker, id, Issue)
    if issue.pull is None:
        raise Refusal(404, f"Could not resolve to PullRequest node with the global id of '{id}'", type="NOT_FOUND")
    return repository, issue, issue.pull


def _ids(asker: Asker, repository: Repository, ids: list[str]) -> list[int]:
    found = [_on(asker, id, Label) for id in ids]
    if any(where is not repository for where, _ in found):
        raise Refusal(422, "Label does not belong to the repository")
    return [label.id for _, label in found]


def _trusted(asker: Asker, repository: Repository, deed: str) -> None:
    labels.writable(repository)
    if not repository.may(asker.login, "triage"):
        raise forbidden(f"{asker.login} does not have the correct permissions to execute `{deed}`")


def add_labels(asker: Asker, sent: Input) -> dict[str, Any]:
    repository, issue = _on(asker, sent["labelableId"], Issue)
    _trusted(asker, repository, "AddLabelsToLabelable")
    added = [id for id in _ids(asker, repository, sent["labelIds"]) if id not in issue.labels]
    labels.changed(asker.world, issue, [*issue.labels, *dict.fromkeys(added)])
    return {"labelable": Seen(repository, issue)}


def remove_labels(asker: Asker, sent: Input) -> dict[str, Any]:
    repository, issue = _on(asker, sent["labelableId"], Issue)
    _trusted(asker, repository, "RemoveLabelsFromLabelable")
    removed = _ids(asker, repository, sent["labelIds"])
    labels.changed(asker.world, issue, [id for id in issue.labels if id not in removed])
    return {"labelable": Seen(repository, issue)}


def create_label(asker: Asker, sent: Input) -> dict[str, Any]:
    repository = by_node(asker, sent["repositoryId"])
    if not repository.may(asker.login, "write"):
        raise forbidden(f"{asker.login} does not have the correct permissions to execute `CreateLabel`")
    labels.writable(repository)
    if repository.label(sent["name"]) is not None:
        raise Refusal(422, "Name has already been taken")
    made = labels.create_label(asker.world, repository, sent["name"], sent["color"], sent.get("description"))
    return {"label": Seen(repository, made)}


def add_comment(asker: Asker, sent: Input) -> dict[str, Any]:
    repository, issue = _on(asker, sent["subjectId"], Issue)
    made = issues.add_comment(asker.world, repository, asker.login, issue, sent["body"])
    return {"commentEdge": {"cursor": "", "node": Seen(repository, made, issue)}, "subject": Seen(repository, issue)}


def create_issue(asker: Asker, sent: Input) -> dict[str, Any]:
    repository = by_node(asker, sent["repositoryId"])
    names = [repository.labels[id].name for id in _ids(asker, repository, sent.get("labelIds") or [])]
    milestone = _milestone(asker, sent)
    made = issues.create_issue(asker.world, repository, asker.login, sent["title"], sent.get("body"), names, milestone)
    return {"issue": Seen(repository, made)}


def update_issue(asker: Asker, sent: Input) -> dict[str, Any]:
    repository, issue = _on(asker, sent["id"], Issue)
    changes = _changes(asker, repository, sent)
    issues.update_issue(asker.world, repository, asker.login, issue, changes)
    return {"issue": Seen(repository, issue)}


def _milestone(asker: Asker, sent: Input) -> int | None:
    if sent.get("milestoneId") is None:
        return None
    number: int = _on(asker, sent["milestoneId"], Milestone)[1].number
    return number


def _changes(asker: Asker, repository: Repository, sent: Input) -> dict[str, Any]:
    changes = {key: sent[key] for key in ("title", "body") if sent.get(key) is not None}
    if sent.get("state"):
        changes["state"] = sent["state"].lower()
    if "milestoneId" in sent:
        changes["milestone"] = _milestone(asker, sent)
    if sent.get("labelIds") is not None:
        changes["labels"] = [repository.labels[id].name for id in _ids(asker, repository, sent["labelIds"])]
    return changes


def close_issue(asker: Asker, sent: Input) -> dict[str, Any]:
    repository, issue = _on(asker, sent["issueId"], Issue)
    changes = {"state": "closed", "state_reason": (sent.get("stateReason") or "COMPLETED").lower()}
    issues.update_issue(asker.world, repository, asker.login, issue, changes)
    return {"issue": Seen(repository, issue)}


def reopen_issue(asker: Asker, sent: Input) -> dict[str, Any]:
    repository, issue = _on(asker, sent["issueId"], Issue)
    issues.update_issue(asker.world, repository, asker.login, issue, {"state": "open"})
    return {"issue": Seen(repository, issue)}


def update_pull(asker: Asker, sent: Input) -> dict[str, Any]:
    repository, issue, pull = _pull(asker, sent["pullRequestId"])
    changes = _changes(asker, repository, sent)
    attached: Input = {key: changes.pop(key) for key in ("labels", "milestone") if key in changes}
    if sent.get("baseRefName"):
        changes["base"] = sent["baseRefName"]
    pulls.update_pull(asker.world, repository, asker.login, issue, pull, changes)
    if attached:
        issues.update_issue(asker.world, repository, asker.login, issue, attached)
    return {"pullRequest": Seen(repository, issue)}


def close_pull(asker: Asker, sent: Input) -> dict[str, Any]:
    repository, issue, pull = _pull(asker, sent["pullRequestId"])
    pulls.update_pull(asker.world, repository, asker.login, issue, pull, {"state": "closed"})
    return {"pullRequest": Seen(repository, issue)}


def _drafting(draft: bool) -> Change:
    def change(asker: Asker, sent: Input) -> dict[str, Any]:
        repository, issue, pull = _pull(asker, sent["pullRequestId"])
        pulls.set_draft(asker.world, repository, asker.login, issue, pull, draft)
        return {"pullRequest": Seen(repository, issue)}

    return change


_CHANGES: Mapping[str, Change] = {
    "addComment": add_comment,
    "addLabelsToLabelable": add_labels,
    "closeIssue": close_issue,
    "closePullRequest": close_pull,
    "convertPullRequestToDraft": _drafting(True),
    "createIssue": create_issue,
    "createLabel": create_label,
    "markPullRequestReadyForReview": _drafting(False),
    "removeLabelsFromLabelable": remove_labels,
    "reopenIssue": reopen_issue,
    "updateIssue": update_issue,
    "updatePullRequest": update_pull,
}


def _resolver(change: Change) -> Resolver:
    def resolve(_root: Any, info: Info, input: Input) -> dict[str, Any]:
        return {"clientMutationId": input.get("clientMutationId"), **change(info.context, input)}

    return resolve


RESOLVERS: Mapping[tuple[str, str], Resolver] = {("Mutation", name): _resolver(change) for name, change in _CHANGES.items()}
