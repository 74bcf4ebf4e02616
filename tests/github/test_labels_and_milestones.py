from __future__ import annotations

import pytest

from support.github.client import Client
from support.github.github import GitHub
from support.github.world import Repository, Role

LABELS = "/repos/octo/demo/labels"
MILESTONES = "/repos/octo/demo/milestones"


def test_a_label_is_made_shown_changed_and_deleted(client: Client, github: GitHub, repository: Repository) -> None:
    made = client.post(LABELS, {"name": "type:bug", "color": "1D76DB", "description": "Bug fix"})
    assert made.status == 201
    assert (made.body["name"], made.body["color"], made.body["description"]) == ("type:bug", "1D76DB", "Bug fix")
    assert client.get(f"{LABELS}/type%3Abug").body == made.body
    github.issue(repository, "Broken", labels=["type:bug"])

    changed = client.patch(f"{LABELS}/type:bug", {"new_name": "Bug", "color": "000000"})
    assert (changed.body["name"], changed.body["node_id"]) == ("Bug", made.body["node_id"])
    assert [label["name"] for label in client.get("/repos/octo/demo/issues/1").body["labels"]] == ["Bug"]

    assert client.delete(f"{LABELS}/Bug").status == 204
    assert client.get(LABELS).body == []
    assert client.get("/repos/octo/demo/issues/1").body["labels"] == []
    assert client.get(f"{LABELS}/Bug").status == 404


@pytest.mark.parametrize(
    ("label", "error"),
    [
        ({"name": "BUG"}, {"resource": "Label", "field": "name", "code": "already_exists"}),
        ({"name": "x", "color": "#fff"}, {"resource": "Label", "field": "color", "code": "invalid"}),
        ({"name": " "}, {"resource": "Label", "field": "name", "code": "missing_field"}),
        ({"name": "x" * 51}, {"resource": "Label", "field": "name", "code": "custom"}),
        ({"name": "x", "description": "x" * 101}, {"resource": "Label", "field": "description", "code": "custom"}),
    ],
)
def test_a_label_that_github_refuses(
    client: Client, github: GitHub, repository: Repository, label: dict[str, str], error: dict[str, str]
) -> None:
    github.label(repository, "bug")
    refused = client.post(LABELS, label)
    assert (refused.status, refused.body["message"]) == (422, "Validation Failed")
    assert error.items() <= refused.body["errors"][0].items()
    assert len(repository.labels) == 1


def test_a_label_cannot_take_anothers_name(client: Client, github: GitHub, repository: Repository) -> None:
    for name in ("bug", "docs"):
        github.label(repository, name)
    assert client.patch(f"{LABELS}/docs", {"new_name": "Bug"}).body["errors"][0]["code"] == "already_exists"
    assert client.patch(f"{LABELS}/bug", {"new_name": "Bug"}).body["name"] == "Bug"


def test_a_milestone_is_made_shown_closed_and_deleted(client: Client, github: GitHub, repository: Repository) -> None:
    made = client.post(MILESTONES, {"title": "Sprint 1", "description": "First", "due_on": "2030-05-01T12:00:00Z"})
    assert made.status == 201
    assert (made.body["number"], made.body["state"], made.body["due_on"]) == (1, "open", "2030-05-01T07:00:00Z")
    github.issue(repository, "One", milestone=1)
    github.issue(repository, "Two", milestone=1, state="closed")

    shown = client.get(f"{MILESTONES}/1").body
    assert (shown["open_issues"], shown["closed_issues"]) == (1, 1)
    closed = client.patch(f"{MILESTONES}/1", {"state": "closed"}).body
    assert closed["state"] == "closed"
    assert closed["closed_at"] is not None
    assert client.get(MILESTONES).body == []
    assert len(client.get(f"{MILESTONES}?state=all").body) == 1

    assert client.delete(f"{MILESTONES}/1").status == 204
    assert client.get("/repos/octo/demo/issues/1").body["milestone"] is None
    assert client.get(f"{MILESTONES}/1").status == 404


def test_two_milestones_may_not_have_one_title(client: Client) -> None:
    assert client.post(MILESTONES, {"title": "Sprint 1"}).status == 201
    refused = client.post(MILESTONES, {"title": "Sprint 1"})
    assert refused.body["errors"] == [{"resource": "Milestone", "field": "title", "code": "already_exists"}]
    assert client.post(MILESTONES, {"title": "sprint 1"}).status == 201
    assert client.patch(f"{MILESTONES}/2", {"title": "Sprint 1"}).status == 422


def test_milestones_come_by_their_due_date(client: Client, github: GitHub, repository: Repository) -> None:
    github.milestone(repository, "Never")
    github.milestone(repository, "Late", due_on="2030-02-01")
    github.milestone(repository, "Soon", due_on="2030-01-01")
    assert [one["title"] for one in client.get(MILESTONES).body] == ["Soon", "Late", "Never"]
    assert [one["title"] for one in client.get(f"{MILESTONES}?direction=desc").body] == ["Never", "Late", "Soon"]


@pytest.mark.parametrize("role", ["read", "triage"])
def test_who_may_not_push_makes_neither_labels_nor_milestones(github: GitHub, role: Role) -> None:
    github.user("reader", token="t")
    github.repository("octo/team", permissions={"reader": role})
    reader = Client(github.socket, "t")
    assert reader.post("/repos/octo/team/labels", {"name": "x"}).status == 404
    assert reader.post("/repos/octo/team/milestones", {"title": "x"}).status == 404


def test_an_archived_repository_is_read_only(client: Client, repository: Repository) -> None:
    repository.archived = True
    assert client.get(LABELS).status == 200
    for path, body in ((LABELS, {"name": "x"}), (MILESTONES, {"title": "x"}), ("/repos/octo/demo/issues", {"title": "x"})):
        refused = client.post(path, body)
        assert (refused.status, refused.body["message"]) == (403, "Repository was archived so is read-only.")
