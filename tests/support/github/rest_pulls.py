"""REST's operations on pull requests and reviews."""

from __future__ import annotations

from support.github import pulls, shapes_pull
from support.github.answers import Answer, Refusal, not_found
from support.github.call import Call
from support.github.world import Issue, Pull


def list_pulls(call: Call) -> Answer:
    """`head` without an owner is ignored, as GitHub does."""
    query = call.query
    found = list(call.repository.pulls())
    state = query.get("state", "open")
    owner, colon, branch = query.get("head", "").partition(":")
    if colon:
        sources = {one.id for one in call.world.repositories.values() if one.owner.lower() == owner.lower()}
        found = [(issue, pull) for issue, pull in found if pull.head == branch and pull.head_repository in sources]
    found = [(issue, pull) for issue, pull in found if state in ("all", issue.state) and query.get("base", pull.base) == pull.base]
    key = "updated_at" if query.get("sort") == "updated" else "created_at"
    found.sort(key=lambda one: (getattr(one[0], key), one[0].number))
    if query.get("direction", "desc" if query.get("sort", "created") == "created" else "asc") == "desc":
        found.reverse()
    return call.page([shapes_pull.listed(call.world, call.repository, issue, pull) for issue, pull in found])


def create_pull(call: Call) -> Answer:
    sent = call.body
    if "title" not in sent:
        raise Refusal(422, "Validation Failed", {"resource": "PullRequest", "code": "missing_field", "field": "title"})
    known = ("title", "head", "base", "body", "draft", "maintainer_can_modify")
    made = pulls.create_pull(call.world, call.repository, call.login, **{key: sent[key] for key in known if key in sent})
    return _pull_answer(call, made, status=201)


def get_pull(call: Call) -> Answer:
    return _pull_answer(call, _pull(call)[0])


def update_pull(call: Call) -> Answer:
    issue, pull = _pull(call)
    pulls.update_pull(call.world, call.repository, call.login, issue, pull, call.body)
    return _pull_answer(call, issue)


def list_reviews(call: Call) -> Answer:
    issue, pull = _pull(call)
    return call.page([shapes_pull.review(call.world, call.repository, issue, one) for one in pull.reviews])


def create_review(call: Call) -> Answer:
    issue, pull = _pull(call)
    made = pulls.review(call.world, issue, pull, call.login, call.body.get("event", "PENDING"), call.body.get("body", ""))
    return Answer(200, shapes_pull.review(call.world, call.repository, issue, made))


def _pull(call: Call) -> tuple[Issue, Pull]:
    issue = call.repository.issues.get(call.number("pull_number"))
    if issue is None or issue.pull is None:
        raise not_found()
    return issue, issue.pull


def _pull_answer(call: Call, issue: Issue, status: int = 200) -> Answer:
    assert issue.pull is not None
    return Answer(status, shapes_pull.full(call.world, call.repository, issue, issue.pull))
