"""What is the same for every request: who asks, the limits, ETags, redirects, and that nothing is let pass that does not fit."""

from __future__ import annotations

import pytest

from support.github.client import Client
from support.github.github import TOKEN, GitHub
from support.github.world import Repository

DEMO = "/repos/octo/demo"


def test_who_asks(client: Client, github: GitHub) -> None:
    assert client.get("/user").body["login"] == "octo"
    nobody = Client(github.socket, None).get("/user")
    assert (nobody.status, nobody.body["message"]) == (401, "Requires authentication")
    wrong = Client(github.socket, "wrong").get("/user")
    assert (wrong.status, wrong.body["message"], wrong.headers["x-ratelimit-limit"]) == (401, "Bad credentials", "60")
    github.log_out()
    assert client.get(DEMO).status == 401
    assert client.graphql("{ viewer { login } }").status == 401
    github.log_in()
    assert client.get(DEMO).status == 200


def test_the_token_is_not_recorded(client: Client, github: GitHub) -> None:
    client.get("/user")
    assert "authorization" not in github.requests[0].headers
    assert TOKEN not in repr(github.requests[0])


def test_an_etag_that_still_holds_costs_nothing(client: Client, github: GitHub, repository: Repository) -> None:
    github.issue(repository, "One")
    first = client.get(f"{DEMO}/issues/1")
    again = client.get(f"{DEMO}/issues/1", If_None_Match=first.headers["etag"])
    assert (again.status, again.body, again.headers["etag"]) == (304, "", first.headers["etag"])
    assert again.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"] == "4999"
    github.edit(repository, 1, title="Two")
    changed = client.get(f"{DEMO}/issues/1", If_None_Match=first.headers["etag"])
    assert (changed.status, changed.body["title"], changed.headers["x-ratelimit-remaining"]) == (200, "Two", "4998")


def test_reading_changes_no_etag(client: Client, github: GitHub, repository: Repository) -> None:
    github.issue(repository, "One")
    tags = {client.get(path).headers["etag"] for path in (f"{DEMO}/issues?state=all", f"{DEMO}/issues?state=all")}
    assert len(tags) == 1


class TestLimits:
    def test_every_answer_says_what_is_left(self, client: Client) -> None:
        said = [client.get("/user").headers, client.get(f"{DEMO}/issues/9").headers]
        assert [(one["x-ratelimit-limit"], one["x-ratelimit-used"], one["x-ratelimit-remaining"]) for one in said] == [
            ("5000", "1", "4999"),
            ("5000", "2", "4998"),
        ]
        assert said[0]["x-ratelimit-resource"] == "core"
        graphql = client.graphql("{ viewer { login } }").headers
        assert (graphql["x-ratelimit-resource"], graphql["x-ratelimit-used"]) == ("graphql", "1")

    def test_what_is_left_can_be_asked_for_nothing(self, client: Client, github: GitHub) -> None:
        github.limit(remaining=0, resets_in=30)
        shown = client.get("/rate_limit").body
        assert shown["resources"]["core"]["remaining"] == 0
        assert shown["resources"]["graphql"]["remaining"] == 5000
        assert shown["rate"] == shown["resources"]["core"]

    def test_when_nothing_is_left(self, client: Client, github: GitHub, repository: Repository) -> None:
        github.limit(remaining=1, resets_in=30)
        assert client.post(f"{DEMO}/issues", {"title": "One"}).status == 201
        refused = client.post(f"{DEMO}/issues", {"title": "Two"})
        assert (refused.status, refused.headers["x-ratelimit-remaining"]) == (403, "0")
        assert refused.body["message"] == "API rate limit exceeded for user ID 1."
        assert len(repository.issues) == 1
        assert client.graphql("{ viewer { login } }").body["data"]["viewer"]["login"] == "octo"
        github.advance(31)
        assert client.post(f"{DEMO}/issues", {"title": "Two"}).headers["x-ratelimit-remaining"] == "4999"

    def test_when_graphql_has_nothing_left(self, client: Client, github: GitHub) -> None:
        github.limit("graphql", remaining=0)
        said = client.graphql("{ viewer { login } }")
        assert (said.status, said.body["errors"][0]["type"], said.headers["x-ratelimit-remaining"]) == (200, "RATE_LIMIT", "0")
        assert client.get("/user").status == 200


class TestRenamed:
    @pytest.fixture(autouse=True)
    def renamed(self, github: GitHub, repository: Repository) -> None:
        github.issue(repository, "One")
        github.rename(repository, "octo/new")

    def test_reading_is_led_on(self, client: Client) -> None:
        moved = client.get(f"{DEMO}/issues?state=all&labels=a%2Cb")
        assert moved.status == 301
        there = moved.headers["location"].removeprefix("https://api.github.com")
        assert there == "/repositories/2/issues?state=all&labels=a%2Cb"
        assert client.get(there).status == 200
        assert client.get(DEMO).status == 301
        assert client.get("/repos/Octo/New/issues/1").body["title"] == "One"

    def test_writing_has_to_be_repeated_there(self, client: Client, repository: Repository) -> None:
        moved = client.post(f"{DEMO}/issues", {"title": "Two"})
        assert moved.status == 307
        assert len(repository.issues) == 1
        assert client.post(moved.headers["location"].removeprefix("https://api.github.com"), {"title": "Two"}).status == 201

    def test_graphql_follows_if_it_is_to(self, client: Client) -> None:
        query = 'query($follow: Boolean!) { repository(owner: "octo", name: "demo", followRenames: $follow) { nameWithOwner } }'
        assert client.graphql(query, follow=True).body["data"]["repository"]["nameWithOwner"] == "octo/new"
        assert client.graphql(query, follow=False).body["errors"][0]["type"] == "NOT_FOUND"


def test_what_does_not_fit_is_refused_or_ignored_and_always_said(client: Client, github: GitHub, repository: Repository) -> None:
    assert client.get("/repos/octo/demo/actions/runs").status == 404
    assert client.post(f"{DEMO}/issues", {"body": "no title"}).status == 422
    assert client.post(f"{DEMO}/issues", {"title": "x", "labels": "bug"}).status == 422
    assert client.post(f"{DEMO}/issues", None).status == 422
    assert repository.issues == {}
    assert client.post(f"{DEMO}/issues", {"title": "x", "lables": ["bug"]}).status == 201
    assert client.get(f"{DEMO}/issues?label=bug").status == 200
    assert client.get(f"{DEMO}/issues", X_GitHub_Api_Version="2030-01-01").status == 400
    assert client.get(f"{DEMO}/issues", X_GitHub_Api_Version="2022-11-28").status == 200
    assert len(github.surprises) == 7, github.surprises
    assert "there is no parameter 'label'" in github.surprises[5]
    github.surprises.clear()


def test_github_enterprise_has_its_own_paths(client: Client, github: GitHub, repository: Repository) -> None:
    github.world.host = "ghe.example"
    github.issue(repository, "One")
    shown = client.get("/api/v3/repos/octo/demo/issues/1").body
    assert (shown["url"], shown["html_url"]) == (
        "https://ghe.example/api/v3/repos/octo/demo/issues/1",
        "https://ghe.example/octo/demo/issues/1",
    )
    assert client.ask("POST", "/api/graphql", {"query": "{ viewer { login } }"}).body["data"]["viewer"]["login"] == "octo"
    assert client.get("/api/v3/").body["issues_url"].startswith("https://ghe.example/api/v3/")


def test_what_it_says_of_itself(client: Client) -> None:
    assert client.get("/").headers["x-oauth-scopes"] == "gist, read:org, repo, workflow"
    assert client.get(DEMO).body["permissions"] == dict.fromkeys(("pull", "triage", "push", "maintain", "admin"), True)
