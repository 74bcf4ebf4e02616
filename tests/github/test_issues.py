from __future__ import annotations

from typing import Any

import pytest

from support.github.client import Client
from support.github.github import GitHub
from support.github.world import Repository

ISSUES = "/repos/octo/demo/issues"


def numbers(client: Client, query: str) -> list[int]:
    return [issue["number"] for issue in client.get(f"{ISSUES}?{query}").body]


def test_an_issue_is_made_with_labels_that_are_made_too(client: Client, github: GitHub, repository: Repository) -> None:
    github.milestone(repository, "Sprint 1")
    github.label(repository, "Bug", "ff0000")
    made = client.post(ISSUES, {"title": "Broken", "body": "Ünïcode\r\n", "labels": ["bug", "new"], "milestone": 1})
    assert made.status == 201
    assert (made.body["number"], made.body["state"], made.body["body"]) == (1, "open", "Ünïcode\r\n")
    assert [(label["name"], label["color"]) for label in made.body["labels"]] == [("Bug", "ff0000"), ("new", "ededed")]
    assert made.body["milestone"]["title"] == "Sprint 1"
    assert made.body["html_url"] == "https://github.com/octo/demo/issues/1"
    assert client.get(f"{ISSUES}/1").body == made.body


@pytest.mark.parametrize(
    ("issue", "error"),
    [
        ({"title": "x", "milestone": 9}, {"resource": "Issue", "field": "milestone", "code": "invalid"}),
        ({"title": " "}, {"resource": "Issue", "field": "title", "code": "missing_field"}),
        ({"title": "x" * 257}, {"resource": "Issue", "code": "custom", "message": "title is too long (maximum is 256 characters)"}),
        (
            {"title": "x", "body": "x" * 65537},
            {"resource": "Issue", "code": "custom", "message": "body is too long (maximum is 65536 characters)"},
        ),
    ],
)
def test_an_issue_that_github_refuses(client: Client, repository: Repository, issue: dict[str, Any], error: dict[str, str]) -> None:
    refused = client.post(ISSUES, issue)
    assert refused.status == 422
    assert error.items() <= refused.body["errors"][0].items()
    assert repository.issues == {}


def test_an_issue_is_changed_at_once_or_not_at_all(client: Client, github: GitHub, repository: Repository) -> None:
    github.milestone(repository, "Sprint 1")
    github.issue(repository, "One", labels=["a"])
    changes = {"title": "Two", "labels": ["b", "c"], "milestone": 1, "state": "closed", "state_reason": "not_planned"}
    changed = client.patch(f"{ISSUES}/1", changes).body
    assert (changed["title"], changed["milestone"]["number"]) == ("Two", 1)
    assert (changed["state"], changed["state_reason"], changed["closed_by"]["login"]) == ("closed", "not_planned", "octo")
    assert [label["name"] for label in changed["labels"]] == ["b", "c"]

    before = github.dump()
    assert client.patch(f"{ISSUES}/1", {"title": "Three", "milestone": 9}).status == 422
    assert github.dump()["repositories"] == before["repositories"]

    again = client.patch(f"{ISSUES}/1", {"state": "open", "milestone": None}).body
    assert (again["state"], again["state_reason"], again["milestone"], again["closed_at"]) == ("open", "reopened", None, None)
    assert client.patch(f"{ISSUES}/1", {"state": "closed"}).body["state_reason"] == "completed"


def test_labels_are_added_and_removed_one_by_one(client: Client, github: GitHub, repository: Repository) -> None:
    github.issue(repository, "One", labels=["a"])
    assert [label["name"] for label in client.post(f"{ISSUES}/1/labels", {"labels": ["b", "A"]}).body] == ["a", "b"]
    assert [label["name"] for label in client.delete(f"{ISSUES}/1/labels/A").body] == ["b"]
    gone = client.delete(f"{ISSUES}/1/labels/a")
    assert (gone.status, gone.body["message"]) == (404, "Label does not exist")
    assert [label["name"] for label in client.ask("PUT", f"{ISSUES}/1/labels", {"labels": ["c/d"]}).body] == ["c/d"]
    assert client.delete(f"{ISSUES}/1/labels/c%2Fd").body == []


def test_issues_are_listed_by_what_is_asked(client: Client, github: GitHub, repository: Repository) -> None:
    github.milestone(repository, "Sprint 1")
    github.issue(repository, "One", labels=["a", "b"], milestone=1)
    github.advance(60)
    github.issue(repository, "Two", labels=["a"], milestone=1, state="closed")
    github.advance(60)
    github.issue(repository, "Three")
    github.advance(60)
    github.edit(repository, 1, body="Changed")
    assert numbers(client, "") == [3, 1]
    assert numbers(client, "state=all") == [3, 2, 1]
    assert numbers(client, "state=all&direction=asc") == [1, 2, 3]
    assert numbers(client, "state=all&sort=updated") == [1, 3, 2]
    assert numbers(client, "state=all&milestone=1") == [2, 1]
    assert numbers(client, "state=all&milestone=none") == [3]
    assert numbers(client, "state=all&milestone=*") == [2, 1]
    assert numbers(client, "state=all&labels=A") == [2, 1]
    assert numbers(client, "state=all&labels=a,b") == [1]
    assert numbers(client, f"state=all&since={repository.issues[3].created_at}") == [3, 1]
    assert client.get(f"{ISSUES}?milestone=9").status == 422


def test_several_hundred_issues_come_page_by_page(client: Client, github: GitHub, repository: Repository) -> None:
    for number in range(250):
        github.issue(repository, f"Issue {number}")
    path: str | None = f"{ISSUES}?state=all&per_page=100"
    pages = []
    while path is not None:
        said = client.get(path)
        pages.append([issue["number"] for issue in said.body])
        path = said.links.get("next")
    assert [len(page) for page in pages] == [100, 100, 50]
    assert [number for page in pages for number in page] == list(range(250, 0, -1))
    assert github.requests[-1].path == f"/repositories/{repository.id}/issues"
    assert set(said.links) == {"prev", "first"}
    assert len(client.get(f"{ISSUES}?per_page=500").body) == 100
    assert len(client.get(ISSUES).body) == 30


def test_comments(client: Client, github: GitHub, repository: Repository) -> None:
    github.issue(repository, "One")
    made = client.post(f"{ISSUES}/1/comments", {"body": "<!-- marker -->\nDone"})
    assert made.status == 201
    assert client.get(f"{ISSUES}/1/comments").body == [made.body]
    assert client.get(f"{ISSUES}/1").body["comments"] == 1
    here = f"{ISSUES}/comments/{made.body['id']}"
    assert client.patch(here, {"body": "Changed"}).body["body"] == "Changed"
    assert client.get(here).body["body"] == "Changed"
    assert client.delete(here).status == 204
    assert client.get(here).status == 404
    blank = client.post(f"{ISSUES}/1/comments", {"body": " \n"})
    assert blank.body["errors"][0]["message"] == "Body cannot be blank"
    assert client.post(f"{ISSUES}/1/comments", {"body": "x" * 65537}).status == 422


def test_what_is_gone_or_elsewhere(client: Client, github: GitHub, repository: Repository) -> None:
    other = github.repository("octo/other")
    for title in ("Deleted", "Transferred", "Here"):
        github.issue(repository, title)
    github.delete(repository, 1)
    github.transfer(repository, 2, other)
    gone = client.get(f"{ISSUES}/1")
    assert (gone.status, gone.body["message"]) == (410, "This issue was deleted")
    assert client.post(f"{ISSUES}/1/comments", {"body": "x"}).status == 410
    moved = client.get(f"{ISSUES}/2")
    there = f"https://api.github.com/repositories/{other.id}/issues/1"
    assert (moved.status, moved.headers["location"], moved.body["url"]) == (301, there, there)
    assert client.get(there.removeprefix("https://api.github.com")).body["title"] == "Transferred"
    assert client.get(f"{ISSUES}/9").status == 404
    assert numbers(client, "state=all") == [3]
    assert client.post(ISSUES, {"title": "Next"}).body["number"] == 4


def test_without_issues_there_are_none_to_make(client: Client, github: GitHub, repository: Repository) -> None:
    github.issue(repository, "Old")
    repository.has_issues = False
    assert client.post(ISSUES, {"title": "x"}).status == 410
    assert client.get(ISSUES).body == []


class TestSomebodyElse:
    """Who may only read a public repository."""

    @pytest.fixture
    def reader(self, github: GitHub, client: Client) -> Client:
        github.user("reader", token="t")
        return Client(github.socket, "t")

    def test_labels_and_milestone_are_dropped_silently(self, reader: Client, github: GitHub, repository: Repository) -> None:
        github.milestone(repository, "Sprint 1")
        made = reader.post(ISSUES, {"title": "x", "labels": ["a"], "milestone": 1})
        assert (made.status, made.body["labels"], made.body["milestone"]) == (201, [], None)
        assert repository.labels == {}
        changed = reader.patch(f"{ISSUES}/1", {"title": "y", "labels": ["a"]})
        assert (changed.body["title"], changed.body["labels"]) == ("y", [])

    def test_what_is_not_theirs_stays(self, reader: Client, github: GitHub, repository: Repository) -> None:
        github.issue(repository, "One")
        assert reader.patch(f"{ISSUES}/1", {"state": "closed"}).status == 403
        assert reader.post(f"{ISSUES}/1/labels", {"labels": ["a"]}).status == 403
        assert reader.post(f"{ISSUES}/1/comments", {"body": "Hello"}).status == 201
        repository.issues[1].locked = True
        assert reader.post(f"{ISSUES}/1/comments", {"body": "Hello"}).status == 403

    def test_triage_may_label_but_not_make_labels(self, reader: Client, github: GitHub, repository: Repository) -> None:
        repository.permissions["reader"] = "triage"
        github.issue(repository, "One", labels=["a"])
        github.issue(repository, "Two")
        assert reader.post(f"{ISSUES}/2/labels", {"labels": ["a"]}).status == 200
        assert reader.post(f"{ISSUES}/2/labels", {"labels": ["b"]}).status == 403

    def test_a_private_repository_is_not_there(self, reader: Client, repository: Repository) -> None:
        repository.private = True
        assert reader.get("/repos/octo/demo").status == 404
        assert reader.get(ISSUES).status == 404
