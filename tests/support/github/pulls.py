"""What can be done with pull requests, what GitHub refuses, and what it notices by itself when branches move."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from support.github.answers import Refusal, custom, forbidden, invalid
from support.github.branches import Branches
from support.github.issues import checked_text, new_issue, set_state
from support.github.labels import writable
from support.github.world import Issue, Pull, Repository, Review, World

CLOSING = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)", re.IGNORECASE)
EVENTS: Mapping[str, Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED"]] = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}


def create_pull(
    world: World,
    repository: Repository,
    login: str,
    *,
    title: str,
    head: str,
    base: str,
    body: str | None = None,
    draft: bool = False,
    maintainer_can_modify: bool = False,
) -> Issue:
    """`head` is a branch of this repository, or `owner:branch` of a fork."""
    writable(repository)
    owner, _, branch = head.rpartition(":")
    source = _head_repository(world, repository, owner or repository.owner)
    if source is None:
        raise invalid("PullRequest", "head")
    if not source.may(login, "write"):
        raise forbidden("Resource not accessible by personal access token")
    base_sha = _tip(world, repository, base)
    if base_sha is None:
        raise invalid("PullRequest", "base")
    head_sha = _tip(world, source, branch)
    if head_sha is None:
        raise invalid("PullRequest", "head")
    across = source is not repository
    names = (f"{repository.owner}:{base}", f"{source.owner}:{branch}") if across else (base, branch)
    together = branches(world, repository)
    if not together.related(base_sha, head_sha):
        raise custom("PullRequest", f"The {names[1]} branch has no history in common with {names[0]}")
    if together.ahead(base_sha, head_sha) == 0:
        raise custom("PullRequest", f"No commits between {names[0]} and {names[1]}")
    if _open_from(repository, source, branch, base) is not None:
        raise custom("PullRequest", f"A pull request already exists for {source.owner}:{branch}.")
    if draft and not repository.drafts:
        raise Refusal(422, "Draft pull requests are not supported in this repository.")
    pull = Pull(source.id, branch, head_sha, base, base_sha, draft=draft, maintainer_can_modify=maintainer_can_modify and across)
    return new_issue(world, repository, login, title, body, pull)


def update_pull(world: World, repository: Repository, login: str, issue: Issue, pull: Pull, changes: Mapping[str, Any]) -> None:
    writable(repository)
    if not repository.may(login, "write") and issue.user != login:
        raise forbidden("Must have admin rights to Repository.")
    title = changes.get("title")
    if "title" in changes and not (title or "").strip():
        raise invalid("PullRequest", "title", "missing_field")
    checked_text("PullRequest", title=title, body=changes.get("body"))
    base = changes.get("base", pull.base)
    base_sha = _tip(world, repository, base) if base != pull.base else pull.base_sha
    if base_sha is None:
        raise invalid("PullRequest", "base")
    state = changes.get("state", issue.state)
    if state == "open" and issue.state == "closed":
        _check_reopening(world, repository, pull)
    issue.title = title if title is not None else issue.title
    issue.body = changes.get("body", issue.body)
    pull.base, pull.base_sha = base, base_sha
    set_state(world, issue, login, state)
    issue.updated_at = world.now()


def _check_reopening(world: World, repository: Repository, pull: Pull) -> None:
    source = world.repositories.get(pull.head_repository)
    tip = _tip(world, source, pull.head) if source is not None else None
    if pull.merged_at is not None:
        raise invalid("PullRequest", "state", "invalid", message="state cannot be changed. The pull request is merged.")
    if source is None or tip is None or not branches(world, repository).contains(tip, pull.head_sha):
        said = f"state cannot be changed. The {pull.head} branch was force-pushed or recreated."
        raise invalid("PullRequest", "state", "invalid", message=said)
    if _open_from(repository, source, pull.head, pull.base) is not None:
        said = f"state cannot be changed. There is already an open pull request from {source.owner}:{pull.head} to {pull.base}."
        raise invalid("PullRequest", "state", "invalid", message=said)


def set_draft(world: World, repository: Repository, login: str, issue: Issue, pull: Pull, draft: bool) -> None:
    if not repository.may(login, "write") and issue.user != login:
        raise forbidden(f"{login} does not have the correct permissions to change the draft state")
    if draft and not repository.drafts:
        raise Refusal(422, "Draft pull requests are not supported in this repository.")
    if pull.draft != draft:
        pull.draft = draft
        issue.updated_at = world.now()


def review(world: World, issue: Issue, pull: Pull, login: str, event: str, body: str) -> Review:
    if event in ("APPROVE", "REQUEST_CHANGES") and issue.user == login:
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise Refusal(422, f"Can not {verb} your own pull request")
    if event != "APPROVE" and not body:
        raise Refusal(422, "Unprocessable Entity")
    made = Review(world.new_id(), login, body, EVENTS[event], pull.head_sha, world.now())
    pull.reviews.append(made)
    issue.updated_at = world.now()
    return made


def merge(world: World, repository: Repository, login: str, issue: Issue, pull: Pull) -> None:
    """With a merge commit in the bare repository, as a person does it on the page."""
    refresh(world, repository)
    assert issue.state == "open", f"#{issue.number} is not open"
    base = _tip(world, repository, pull.base)
    assert base is not None
    message = f"Merge pull request #{issue.number} from {repository.owner}/{pull.head}\n\n{issue.title}"
    _merged(world, repository, issue, pull, login, branches(world, repository).merge(pull.base, base, pull.head_sha, message))


def _merged(world: World, repository: Repository, issue: Issue, pull: Pull, login: str, commit: str) -> None:
    pull.merged_at, pull.merged_by, pull.merge_commit = world.now(), login, commit
    set_state(world, issue, login, "closed")
    issue.updated_at = world.now()
    for closing in closes(repository, issue, pull):
        set_state(world, closing, login, "closed", "completed")
        closing.updated_at = world.now()


def closes(repository: Repository, issue: Issue, pull: Pull) -> Iterator[Issue]:
    """The issues that the pull request's text says it closes. It is read only where it goes into the default branch."""
    if pull.base != repository.default_branch:
        return
    seen = set()
    for number in map(int, CLOSING.findall(issue.body or "")):
        found = repository.issues.get(number)
        if number not in seen and found is not None and found.pull is None and not found.deleted and found.transferred is None:
            seen.add(number)
            yield found


def refresh(world: World, repository: Repository) -> None:
    """What pushes have changed: new heads; merged where the base has the head now; closed where a branch is gone or has nothing new."""
    waiting = [(issue, pull) for issue, pull in repository.pulls() if issue.state == "open"]
    if not waiting or repository.bare is None:
        return
    together = branches(world, repository)
    bases = together.tips()
    for issue, pull in waiting:
        source = world.repositories.get(pull.head_repository)
        heads = bases if source is repository or source is None else branches(world, source).tips()
        head, base = heads.get(pull.head), bases.get(pull.base)
        if head is None or base is None:
            set_state(world, issue, repository.owner, "closed")
        elif head != pull.head_sha or base != pull.base_sha:
            pushed = head != pull.head_sha
            pull.head_sha, pull.base_sha = head, base
            issue.updated_at = world.now() if pushed else issue.updated_at
            if together.contains(base, head):
                if pushed:
                    set_state(world, issue, repository.owner, "closed")
                else:
                    _merged(world, repository, issue, pull, repository.owner, base)


def branches(world: World, repository: Repository) -> Branches:
    """Its own, with the commits of its forks and of what it is a fork of."""
    assert repository.bare is not None
    kin = [one for one in world.repositories.values() if one.parent == repository.id or one.id == repository.parent]
    return Branches(repository.bare, tuple(one.bare for one in kin if one.bare is not None))


def _tip(world: World, repository: Repository, branch: str) -> str | None:
    return branches(world, repository).tips().get(branch) if repository.bare is not None else None


def _head_repository(world: World, repository: Repository, owner: str) -> Repository | None:
    network = [repository, *(one for one in world.repositories.values() if one.parent == repository.id)]
    return next((one for one in network if one.owner.lower() == owner.lower()), None)


def _open_from(repository: Repository, source: Repository, branch: str, base: str) -> Issue | None:
    for issue, pull in repository.pulls():
        if issue.state == "open" and (pull.head_repository, pull.head, pull.base) == (source.id, branch, base):
            return issue
    return None
