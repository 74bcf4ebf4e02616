"""Pull requests and their reviews as REST shows them."""

from __future__ import annotations

from support.github import pulls, shapes
from support.github.shapes import Json
from support.github.world import Issue, Pull, Repository, Review, World

_LINKS = {
    "self": "pulls/{n}", "issue": "issues/{n}", "comments": "issues/{n}/comments", "review_comments": "pulls/{n}/comments",
    "review_comment": "pulls/comments{{/number}}", "commits": "pulls/{n}/commits", "statuses": "statuses/{sha}",
}  # fmt: skip


def listed(world: World, where: Repository, issue: Issue, pull: Pull) -> Json:
    """As it stands in a list."""
    api = f"{world.api}/repos/{where.full_name}"
    page = f"{world.web}/{where.full_name}/pull/{issue.number}"
    links = {name: f"{api}/{place.format(n=issue.number, sha=pull.head_sha)}" for name, place in _LINKS.items()}
    source = world.repositories[pull.head_repository]
    return {
        **shapes.shared(world, where, issue), "id": issue.id, "url": links["self"], "html_url": page, "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch", **{f"{name}_url": links[name] for name in links if name != "self"}, "draft": pull.draft,
        "merged_at": pull.merged_at, "merge_commit_sha": pull.merge_commit, "requested_reviewers": [], "requested_teams": [],
        "auto_merge": None, "head": _end(world, source, pull.head, pull.head_sha), "base": _end(world, where, pull.base, pull.base_sha),
        "_links": {"html": {"href": page}, **{name: {"href": href} for name, href in links.items()}},
    }  # fmt: skip


def full(world: World, where: Repository, issue: Issue, pull: Pull) -> Json:
    """As it is shown alone."""
    commits = pulls.branches(world, where).ahead(pull.base_sha, pull.head_sha) if pull.merged_at is None else 1
    return {
        **listed(world, where, issue, pull), "merged": pull.merged_at is not None, "mergeable": None, "rebaseable": None,
        "mergeable_state": "draft" if pull.draft else "unknown",
        "merged_by": shapes.user(world, pull.merged_by) if pull.merged_by else None, "comments": len(issue.comments), "review_comments": 0,
        "maintainer_can_modify": pull.maintainer_can_modify, "commits": commits, "additions": 0, "deletions": 0, "changed_files": 0,
    }  # fmt: skip


def _end(world: World, where: Repository, branch: str, commit: str) -> Json:
    return {
        "label": f"{where.owner}:{branch}", "ref": branch, "sha": commit, "user": shapes.user(world, where.owner),
        "repo": shapes.repository(world, where),
    }  # fmt: skip


def review(world: World, where: Repository, issue: Issue, one: Review) -> Json:
    page = f"{world.web}/{where.full_name}/pull/{issue.number}"
    here = f"{world.api}/repos/{where.full_name}/pulls/{issue.number}"
    return {
        "id": one.id, "node_id": f"PRR_{one.id}", "user": shapes.user(world, one.user), "body": one.body, "state": one.state,
        "html_url": f"{page}#pullrequestreview-{one.id}", "pull_request_url": here,
        "author_association": shapes.association(where, one.user),
        "_links": {"html": {"href": f"{page}#pullrequestreview-{one.id}"}, "pull_request": {"href": here}},
        "submitted_at": one.submitted_at, "commit_id": one.commit,
    }  # fmt: skip
