from __future__ import annotations

from typing import Any

import pytest

from support.github.branches import Branches
from support.github.client import Client
from support.github.fixtures import Demo
from support.github.github import GitHub
from support.github.world import Issue, Pull

PULLS = "/repos/octo/demo/pulls"


@pytest.fixture
def client(github: GitHub, demo: Demo) -> Client:
    """octo/demo has a branch `feat` that is one commit ahead of main."""
    demo.person.commit_on_remote({"feat.txt": "new\n"}, branch="main")
    demo.person.on_remote("branch", "feat", "main")
    demo.person.on_remote("branch", "--force", "main", "main~1")
    return Client(github.socket)


def opened(client: Client, **more: Any) -> dict[str, Any]:
    made = client.post(PULLS, {"title": "P", "head": "feat", "base": "main", **more})
    assert made.status == 201, made
    body: dict[str, Any] = made.body
    return body


def pull_of(demo: Demo, number: int) -> tuple[Issue, Pull]:
    issue = demo.repository.issues[number]
    assert issue.pull is not None
    return issue, issue.pull


def test_a_pull_request_is_made_found_and_changed(client: Client, demo: Demo) -> None:
    made = opened(client, body="Text", draft=True)
    assert (made["number"], made["state"], made["draft"], made["merged"], made["commits"]) == (1, "open", True, False, 1)
    assert made["head"]["sha"] == demo.person.tip("feat")
    assert (made["head"]["label"], made["base"]["ref"]) == ("octo:feat", "main")
    assert made["html_url"] == "https://github.com/octo/demo/pull/1"
    assert client.get(f"{PULLS}/1").body == made
    assert [one["number"] for one in client.get(f"{PULLS}?head=octo:feat&state=all").body] == [1]
    assert client.get(f"{PULLS}?head=octo:other").body == []
    assert client.get(f"{PULLS}?base=other").body == []

    changed = client.patch(f"{PULLS}/1", {"title": "Q", "body": "More", "state": "closed"}).body
    assert (changed["title"], changed["body"], changed["state"]) == ("Q", "More", "closed")
    assert client.get(PULLS).body == []
    assert client.patch(f"{PULLS}/1", {"state": "open"}).body["state"] == "open"


def test_a_pull_request_is_an_issue_too(client: Client) -> None:
    opened(client)
    listed = client.get("/repos/octo/demo/issues").body
    assert [(one["number"], one["pull_request"]["merged_at"]) for one in listed] == [(1, None)]
    assert [label["name"] for label in client.post("/repos/octo/demo/issues/1/labels", {"labels": ["agent:managed"]}).body] == [
        "agent:managed"
    ]
    assert [label["name"] for label in client.get(f"{PULLS}/1").body["labels"]] == ["agent:managed"]
    assert client.post("/repos/octo/demo/issues/1/comments", {"body": "Hello"}).status == 201
    assert client.post("/repos/octo/demo/issues", {"title": "Next"}).body["number"] == 2
    assert client.get(f"{PULLS}/2").status == 404


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"head": "none"}, {"resource": "PullRequest", "field": "head", "code": "invalid"}),
        ({"base": "none"}, {"resource": "PullRequest", "field": "base", "code": "invalid"}),
        ({"head": "nobody:feat"}, {"resource": "PullRequest", "field": "head", "code": "invalid"}),
        ({"head": "main"}, {"code": "custom", "message": "No commits between main and main"}),
        ({"title": " "}, {"resource": "PullRequest", "field": "title", "code": "missing_field"}),
        ({"body": "x" * 65537}, {"code": "custom", "message": "body is too long (maximum is 65536 characters)"}),
    ],
)
def test_a_pull_request_that_github_refuses(client: Client, demo: Demo, wanted: dict[str, str], error: dict[str, str]) -> None:
    refused = client.post(PULLS, {"title": "P", "head": "feat", "base": "main", **wanted})
    assert (refused.status, refused.body["message"]) == (422, "Validation Failed")
    assert error.items() <= refused.body["errors"][0].items()
    assert demo.repository.issues == {}


def test_one_branch_has_one_open_pull_request(client: Client) -> None:
    opened(client)
    refused = client.post(PULLS, {"title": "P", "head": "octo:feat", "base": "main"})
    assert refused.body["errors"][0]["message"] == "A pull request already exists for octo:feat."
    client.patch(f"{PULLS}/1", {"state": "closed"})
    assert opened(client)["number"] == 2
    again = client.patch(f"{PULLS}/1", {"state": "open"})
    assert again.status == 422
    assert "already an open pull request" in again.body["errors"][0]["message"]


def test_histories_without_a_common_commit(client: Client, demo: Demo) -> None:
    tree = demo.person.on_remote("rev-parse", "main^{tree}")
    alone = demo.person.on_remote("-c", "user.name=A", "-c", "user.email=a@example.invalid", "commit-tree", tree, "-m", "Alone")
    demo.person.on_remote("branch", "alone", alone)
    refused = client.post(PULLS, {"title": "P", "head": "alone", "base": "main"})
    assert refused.body["errors"][0]["message"] == "The alone branch has no history in common with main"


def test_drafts_where_the_plan_has_none(client: Client, demo: Demo) -> None:
    demo.repository.drafts = False
    refused = client.post(PULLS, {"title": "P", "head": "feat", "base": "main", "draft": True})
    assert (refused.status, refused.body["message"]) == (422, "Draft pull requests are not supported in this repository.")
    assert opened(client)["draft"] is False


def test_what_is_pushed_is_seen(client: Client, demo: Demo) -> None:
    opened(client)
    tip = demo.person.commit_on_remote({"more.txt": "more\n"}, branch="feat")
    shown = client.get(f"{PULLS}/1").body
    assert (shown["head"]["sha"], shown["commits"]) == (tip, 2)


def test_a_base_that_gets_the_branch_has_merged_it(client: Client, github: GitHub, demo: Demo) -> None:
    github.issue(demo.repository, "One")
    github.issue(demo.repository, "Two")
    opened(client, body="Closes #1, fixes #2 and resolves #99")
    demo.person.on_remote("branch", "--force", "main", "feat")
    shown = client.get(f"{PULLS}/3").body
    assert (shown["state"], shown["merged"], shown["merged_by"]["login"]) == ("closed", True, "octo")
    assert [demo.repository.issues[number].state for number in (1, 2)] == ["closed", "closed"]
    assert client.patch(f"{PULLS}/3", {"state": "open"}).status == 422


def test_only_what_goes_into_the_default_branch_closes_issues(client: Client, github: GitHub, demo: Demo) -> None:
    github.issue(demo.repository, "One")
    demo.person.on_remote("branch", "develop", "main")
    opened(client, base="develop", body="Closes #1")
    linked = '{ repository(owner: "octo", name: "demo") { issue(number: 1) { closedByPullRequestsReferences(first: 1) { totalCount } } } }'
    assert client.graphql(linked).body["data"]["repository"]["issue"]["closedByPullRequestsReferences"]["totalCount"] == 0
    with demo.person.changing():
        github.merge(demo.repository, 2)
    assert demo.repository.issues[1].state == "open"


def test_a_person_merges_on_the_page(client: Client, github: GitHub, demo: Demo) -> None:
    head = opened(client)["head"]["sha"]
    with demo.person.changing():
        github.merge(demo.repository, 1)
    tip = demo.person.tip("main")
    assert client.get(f"{PULLS}/1").body["merge_commit_sha"] == tip
    assert tip is not None
    assert Branches(demo.bare).contains(tip, head)
    assert client.get("/repos/octo/demo/issues/1").body["pull_request"]["merged_at"] is not None


def test_a_branch_that_is_deleted_closes_its_pull_request(client: Client, demo: Demo) -> None:
    head = opened(client)["head"]["sha"]
    demo.person.on_remote("branch", "-D", "feat")
    shown = client.get(f"{PULLS}/1").body
    assert (shown["state"], shown["merged"], shown["head"]["sha"]) == ("closed", False, head)
    refused = client.patch(f"{PULLS}/1", {"state": "open"})
    assert "force-pushed or recreated" in refused.body["errors"][0]["message"]


def test_a_branch_without_commits_any_more_closes_its_pull_request(client: Client, demo: Demo) -> None:
    opened(client)
    demo.person.on_remote("branch", "--force", "feat", "main")
    shown = client.get(f"{PULLS}/1").body
    assert (shown["state"], shown["merged"]) == ("closed", False)


def test_from_a_fork(client: Client, github: GitHub, demo: Demo) -> None:
    demo.person.home.git("clone", "--quiet", "--bare", demo.bare, "fork.git", cwd=demo.bare.parent)
    fork = demo.bare.parent / "fork.git"
    commit = demo.person.on_remote("rev-parse", "feat")
    demo.person.home.git("update-ref", "refs/heads/theirs", commit, cwd=fork)
    demo.person.on_remote("branch", "-D", "feat")
    github.user("ada", token="t")
    github.repository("ada/demo", bare=fork, parent=demo.repository)
    ada = Client(github.socket, "t")

    assert ada.get("/repos/ada/demo").body["parent"]["full_name"] == "octo/demo"
    made = ada.post(PULLS, {"title": "P", "head": "ada:theirs", "base": "main", "maintainer_can_modify": True})
    assert made.status == 201
    assert (made.body["head"]["repo"]["full_name"], made.body["base"]["repo"]["full_name"]) == ("ada/demo", "octo/demo")
    assert [one["number"] for one in ada.get(f"{PULLS}?head=ada:theirs").body] == [1]
    again = ada.post(PULLS, {"title": "P", "head": "ada:theirs", "base": "main"})
    assert again.body["errors"][0]["message"] == "A pull request already exists for ada:theirs."
    assert ada.post(PULLS, {"title": "P", "head": "main", "base": "main"}).status == 403


def test_reviews(client: Client, github: GitHub, demo: Demo) -> None:
    opened(client)
    own = client.post(f"{PULLS}/1/reviews", {"event": "APPROVE"})
    assert (own.status, own.body["message"]) == (422, "Can not approve your own pull request")
    assert client.post(f"{PULLS}/1/reviews", {"event": "COMMENT", "body": "Well"}).body["state"] == "COMMENTED"
    github.review(demo.repository, 1, "REQUEST_CHANGES", "No", user="grace")
    said = client.get(f"{PULLS}/1/reviews").body
    assert [(one["user"]["login"], one["state"], one["body"]) for one in said] == [
        ("octo", "COMMENTED", "Well"),
        ("grace", "CHANGES_REQUESTED", "No"),
    ]
    issue, pull = pull_of(demo, 1)
    assert said[1]["commit_id"] == pull.head_sha
    assert issue.updated_at >= issue.created_at


def test_pulls_are_listed_newest_first(client: Client, github: GitHub, demo: Demo) -> None:
    demo.person.on_remote("branch", "other", "feat")
    opened(client)
    github.advance(60)
    opened(client, head="other")
    assert [one["number"] for one in client.get(PULLS).body] == [2, 1]
    assert [one["number"] for one in client.get(f"{PULLS}?sort=updated").body] == [1, 2]
    assert client.get(f"{PULLS}?head=octo:feat&base=main").body[0]["number"] == 1


def test_a_head_without_its_owner_is_ignored_and_said(client: Client, github: GitHub) -> None:
    opened(client)
    assert len(client.get(f"{PULLS}?head=other").body) == 1
    assert github.surprises == ["GET /repos/octo/demo/pulls: `head` without an owner is ignored"]
    github.surprises.clear()
