"""Things of the world as REST shows them, in the shape of API version 2022-11-28."""

from __future__ import annotations

from typing import Any

from support.github.world import ROLES, Comment, Issue, Label, Milestone, Repository, User, World

Json = dict[str, Any]

# Of a repository's addresses, those that are only a word behind it, as `word_url`, and what is appended to it.
_REPOSITORY_URLS = {
    "archive": "{archive_format}{/ref}", "assignees": "{/user}", "blobs": "{/sha}", "branches": "{/branch}",
    "collaborators": "{/collaborator}", "comments": "{/number}", "commits": "{/sha}", "compare": "{base}...{head}", "contents": "{+path}",
    "contributors": "", "deployments": "", "downloads": "", "events": "", "forks": "", "git_commits": "{/sha}", "git_refs": "{/sha}",
    "git_tags": "{/sha}", "hooks": "", "issue_comment": "{/number}", "issue_events": "{/number}", "issues": "{/number}",
    "keys": "{/key_id}", "labels": "{/name}", "languages": "", "merges": "", "milestones": "{/number}",
    "notifications": "{?since,all,participating}", "pulls": "{/number}", "releases": "{/id}", "stargazers": "", "statuses": "{sha}",
    "subscribers": "", "subscription": "", "tags": "", "teams": "", "trees": "{/sha}",
}  # fmt: skip
_USER_URLS = {
    "events": "{/privacy}", "followers": "", "following": "{/other_user}", "gists": "{/gist_id}", "organizations": "",
    "received_events": "", "repos": "", "starred": "{/owner}{/repo}", "subscriptions": "",
}  # fmt: skip
_PLACES = {
    "organizations": "orgs", "git_commits": "git/commits", "git_refs": "git/refs", "git_tags": "git/tags", "blobs": "git/blobs",
    "trees": "git/trees", "issue_comment": "issues/comments", "issue_events": "issues/events",
}  # fmt: skip
REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def user(world: World, login: str) -> Json:
    one = world.users[login]
    here = f"{world.api}/users/{login}"
    urls = {f"{word}_url": f"{here}/{_PLACES.get(word, word)}{tail}" for word, tail in _USER_URLS.items()}
    return {
        "login": login, "id": one.id, "node_id": f"U_{one.id}", "avatar_url": f"{world.web}/avatars/{one.id}", "gravatar_id": "",
        "url": here, "html_url": f"{world.web}/{login}", **urls, "type": "User", "user_view_type": "public", "site_admin": False,
    }  # fmt: skip


def own_user(world: World, one: User) -> Json:
    """What `GET /user` says of whoever asks, with a token that may not see the account's private parts."""
    return {
        **user(world, one.login), "name": one.name, "company": None, "blog": "", "location": None, "email": None, "hireable": None,
        "bio": None, "twitter_username": None, "notification_email": None, "public_repos": 1, "public_gists": 0, "followers": 0,
        "following": 0, "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
    }  # fmt: skip


def repository(world: World, one: Repository) -> Json:
    """As it is shown inside other things."""
    here = f"{world.api}/repos/{one.full_name}"
    page = f"{world.web}/{one.full_name}"
    urls = {f"{word}_url": f"{here}/{_PLACES.get(word, word)}{tail}" for word, tail in _REPOSITORY_URLS.items()}
    open_issues = sum(issue.state == "open" for issue in one.present())
    return {
        "id": one.id, "node_id": f"R_{one.id}", "name": one.name, "full_name": one.full_name, "owner": user(world, one.owner),
        "private": one.private, "html_url": page, "description": None, "fork": one.parent is not None, "url": here, **urls,
        "git_url": f"git://{world.host}/{one.full_name}.git", "ssh_url": f"git@{world.host}:{one.full_name}.git",
        "clone_url": f"{page}.git", "svn_url": page, "mirror_url": None, "homepage": None, "language": None, "license": None,
        "size": 1, "stargazers_count": 0, "watchers_count": 0, "watchers": 0, "forks": 0, "forks_count": 0, "open_issues": open_issues,
        "open_issues_count": open_issues, "default_branch": one.default_branch, "is_template": False, "topics": [],
        "has_issues": one.has_issues, "has_projects": True, "has_wiki": False, "has_pages": False, "has_downloads": True,
        "has_discussions": False, "archived": one.archived, "disabled": False, "visibility": "private" if one.private else "public",
        "allow_forking": True, "web_commit_signoff_required": False, "pushed_at": one.created_at, "created_at": one.created_at,
        "updated_at": one.created_at,
    }  # fmt: skip


def full_repository(world: World, one: Repository, login: str) -> Json:
    role = one.role(login)
    held = ROLES[: ROLES.index(role) + 1] if role else ()
    names = {"read": "pull", "triage": "triage", "write": "push", "maintain": "maintain", "admin": "admin"}
    full = {
        **repository(world, one), "permissions": {name: role in held for role, name in names.items()}, "network_count": 0,
        "subscribers_count": 0, "temp_clone_token": None,
    }  # fmt: skip
    if one.parent is not None:
        full["parent"] = full["source"] = repository(world, world.repositories[one.parent])
    return full


def label(world: World, where: Repository, one: Label) -> Json:
    return {
        "id": one.id, "node_id": f"LA_{one.id}", "url": f"{world.api}/repos/{where.full_name}/labels/{quoted(one.name)}", "name": one.name,
        "color": one.color, "default": one.default, "description": one.description,
    }  # fmt: skip


def quoted(name: str) -> str:
    return name.replace("%", "%25").replace(" ", "%20").replace("#", "%23").replace("?", "%3F")


def milestone(world: World, where: Repository, one: Milestone) -> Json:
    here = f"{world.api}/repos/{where.full_name}/milestones/{one.number}"
    return {
        "url": here, "html_url": f"{world.web}/{where.full_name}/milestone/{one.number}", "labels_url": f"{here}/labels", "id": one.id,
        "node_id": f"MI_{one.id}", "number": one.number, "title": one.title, "description": one.description,
        "creator": user(world, one.creator), "open_issues": len(where.issues_of(one, "open")),
        "closed_issues": len(where.issues_of(one, "closed")), "state": one.state, "created_at": one.created_at,
        "updated_at": one.updated_at, "due_on": one.due_on, "closed_at": one.closed_at,
    }  # fmt: skip


def association(where: Repository, login: str) -> str:
    if login == where.owner:
        return "OWNER"
    return "COLLABORATOR" if login in where.permissions else "NONE"


def shared(world: World, where: Repository, one: Issue) -> Json:
    """What an issue and a pull request have in common."""
    found = where.milestones.get(one.milestone) if one.milestone is not None else None
    assignees = [user(world, login) for login in one.assignees]
    return {
        "node_id": one.node_id, "number": one.number, "title": one.title, "body": one.body, "user": user(world, one.user),
        "labels": [label(world, where, label_) for label_ in where.labels_of(one)], "state": one.state, "locked": one.locked,
        "assignee": assignees[0] if assignees else None, "assignees": assignees,
        "milestone": milestone(world, where, found) if found else None, "created_at": one.created_at, "updated_at": one.updated_at,
        "closed_at": one.closed_at, "author_association": association(where, one.user), "active_lock_reason": None,
    }  # fmt: skip


def issue(world: World, where: Repository, one: Issue) -> Json:
    api = f"{world.api}/repos/{where.full_name}"
    here = f"{api}/issues/{one.number}"
    page = f"{world.web}/{where.full_name}/{'pull' if one.pull else 'issues'}/{one.number}"
    shown = {
        **shared(world, where, one), "id": one.id, "url": here, "repository_url": api, "labels_url": f"{here}/labels{{/name}}",
        "comments_url": f"{here}/comments", "events_url": f"{here}/events", "timeline_url": f"{here}/timeline", "html_url": page,
        "comments": len(one.comments), "state_reason": one.state_reason, "performed_via_github_app": None, "reactions": reactions(here),
        "closed_by": user(world, one.closed_by) if one.closed_by else None,
    }  # fmt: skip
    if one.pull is not None:
        shown["draft"] = one.pull.draft
        shown["pull_request"] = {
            "url": f"{api}/pulls/{one.number}", "html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch",
            "merged_at": one.pull.merged_at,
        }  # fmt: skip
    return shown


def reactions(here: str) -> Json:
    return {"url": f"{here}/reactions", "total_count": 0, **dict.fromkeys(REACTIONS, 0)}


def comment(world: World, where: Repository, on: Issue, one: Comment) -> Json:
    api = f"{world.api}/repos/{where.full_name}/issues"
    here = f"{api}/comments/{one.id}"
    return {
        "url": here, "html_url": f"{world.web}/{where.full_name}/{'pull' if on.pull else 'issues'}/{on.number}#issuecomment-{one.id}",
        "issue_url": f"{api}/{on.number}", "id": one.id, "node_id": f"IC_{one.id}", "user": user(world, one.user),
        "created_at": one.created_at, "updated_at": one.updated_at, "author_association": association(where, one.user), "body": one.body,
        "performed_via_github_app": None, "reactions": reactions(here),
    }  # fmt: skip
