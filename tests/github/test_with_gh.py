"""The real gh against the stand-in: what it sends, what it prints, how it ends. Both versions do the same unless said."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from support.github.gh import OLDEST, PINNED, Completed, Gh, pinned, version
from support.github.github import TOKEN, GitHub
from support.github.world import Repository

ISSUES = "repos/octo/demo/issues"


@dataclass(frozen=True)
class Printed:
    status: int
    headers: dict[str, str]
    body: str


def printed(done: Completed) -> Printed:
    """What `gh api -i` prints: the status, headers, a blank line, the body."""
    head, _, body = done.stdout.partition("\n\n")
    first, *lines = head.splitlines()
    return Printed(int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body)


def post(gh: Gh, path: str, body: object) -> Completed:
    return gh.run("api", "-i", "-X", "POST", path, "--input", "-", input=json.dumps(body))


@pytest.fixture(autouse=True)
def quiet(each_gh: Gh, repository: Repository) -> None:
    """Every test here has the repository, and runs once with each version."""


def test_the_pinned_version_is_the_one_installed() -> None:
    assert version(pinned()) == PINNED


def test_a_body_from_standard_input(each_gh: Gh, github: GitHub, repository: Repository) -> None:
    title = 'Ünïcode "quotes" {owner} @file'
    done = post(each_gh, ISSUES, {"title": title, "body": "a\nb", "labels": ["bug"]})
    assert (done.returncode, done.stderr) == (0, "")
    said = printed(done)
    assert (said.status, json.loads(said.body)["title"]) == (201, title)
    assert said.headers["X-Ratelimit-Remaining"] == "4999"
    assert repository.issues[1].title == title
    asked = github.requests[0]
    assert (asked.headers["host"], asked.headers["user-agent"]) == (
        "api.github.com",
        f"GitHub CLI {PINNED if each_gh.program == pinned() else OLDEST}",
    )
    assert asked.headers.get("x-github-api-version") in (None, "2022-11-28")


def test_graphql(each_gh: Gh, github: GitHub, repository: Repository) -> None:
    github.issue(repository, "One", labels=["bug"])
    query = 'query($n: Int!) { repository(owner: "octo", name: "demo") { issue(number: $n) { labels(first: 9) { nodes { name } } } } }'
    done = each_gh.run("api", "-i", "graphql", "--input", "-", input=json.dumps({"query": query, "variables": {"n": 1}}))
    assert done.returncode == 0
    assert json.loads(printed(done).body)["data"]["repository"]["issue"]["labels"]["nodes"] == [{"name": "bug"}]
    partly = each_gh.run("api", "-i", "graphql", "--input", "-", input=json.dumps({"query": query, "variables": {"n": 9}}))
    assert (partly.returncode, printed(partly).status) == (1, 200)
    assert json.loads(printed(partly).body)["data"] == {"repository": {"issue": None}}


def test_not_modified(each_gh: Gh, github: GitHub, repository: Repository) -> None:
    github.issue(repository, "One")
    first = printed(each_gh.run("api", "-i", f"{ISSUES}/1"))
    again = each_gh.run("api", "-i", f"{ISSUES}/1", "-H", f"If-None-Match: {first.headers['Etag']}")
    assert (again.returncode, again.stderr) == (1, "gh: HTTP 304\n")
    assert (printed(again).status, printed(again).headers["X-Ratelimit-Remaining"]) == (304, "4999")


def test_pages(each_gh: Gh, github: GitHub, repository: Repository) -> None:
    for number in range(5):
        github.issue(repository, f"Issue {number}")
    link = printed(each_gh.run("api", "-i", f"{ISSUES}?per_page=2")).headers["Link"]
    assert f'<https://api.github.com/repositories/{repository.id}/issues?per_page=2&page=2>; rel="next"' in link
    following = link.split(">")[0].removeprefix("<https://api.github.com/")
    assert [one["number"] for one in json.loads(printed(each_gh.run("api", "-i", following)).body)] == [3, 2]


@pytest.mark.parametrize(
    ("status", "message"),
    [(403, "Resource not accessible by personal access token"), (429, "Too Many Requests"), (503, "Service Unavailable")],
)
def test_errors(each_gh: Gh, github: GitHub, status: int, message: str) -> None:
    github.fail(status=status, headers={"Retry-After": "3"})
    done = each_gh.run("api", "-i", ISSUES)
    assert (done.returncode, done.stderr) == (1, f"gh: {message} (HTTP {status})\n")
    assert (printed(done).status, printed(done).headers["Retry-After"]) == (status, "3")


def test_an_error_that_is_a_page(each_gh: Gh, github: GitHub) -> None:
    github.fail(status=502, bare=True)
    done = each_gh.run("api", "-i", ISSUES)
    assert (done.returncode, done.stderr, printed(done).status) == (1, "gh: HTTP 502\n", 502)


def test_no_answer(each_gh: Gh, github: GitHub, repository: Repository) -> None:
    github.fail(cut=True, after_effect=True)
    done = post(each_gh, ISSUES, {"title": "Lost"})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == 'Post "https://api.github.com/repos/octo/demo/issues": EOF\n'
    assert len(repository.issues) == 1
    assert len(github.requests) == 1, "gh does not repeat it by itself"


def test_half_an_answer(each_gh: Gh, github: GitHub) -> None:
    github.fail(torn=True)
    done = post(each_gh, ISSUES, {"title": "Torn"})
    assert (done.returncode, done.stderr) == (1, "unexpected EOF\n")
    assert printed(done).status == 201


def test_nobody_listens(each_gh: Gh, github: GitHub) -> None:
    with github.unreachable():
        done = each_gh.run("api", "-i", "user")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith('Get "https://api.github.com/user": dial unix')


def test_not_logged_in(each_gh: Gh, github: GitHub) -> None:
    each_gh.log_out()
    done = each_gh.run("api", "-i", "user")
    assert (done.returncode, done.stdout, github.requests) == (4, "", [])
    assert "gh auth login" in done.stderr
    assert each_gh.run("auth", "token").returncode == 1


def test_a_login_that_has_expired(each_gh: Gh, github: GitHub) -> None:
    assert each_gh.run("auth", "status").returncode == 0
    assert each_gh.run("auth", "token").stdout == f"{TOKEN}\n"
    github.log_out()
    done = each_gh.run("api", "-i", "user")
    assert (done.returncode, done.stderr, printed(done).status) == (1, "gh: Bad credentials (HTTP 401)\n", 401)
    assert each_gh.run("auth", "status").returncode == 1


def test_a_token_from_the_environment_goes_first(each_gh: Gh, github: GitHub) -> None:
    github.user("ada", token="t")
    done = each_gh.run("api", "user", env={"GH_TOKEN": "t"})
    assert json.loads(done.stdout)["login"] == "ada"


def test_reading_follows_a_rename_and_writing_does_not(each_gh: Gh, github: GitHub, repository: Repository) -> None:
    github.issue(repository, "One")
    github.rename(repository, "octo/new")
    assert printed(each_gh.run("api", "-i", f"{ISSUES}/1")).status == 200
    done = post(each_gh, ISSUES, {"title": "Two"})
    assert (done.returncode, done.stderr) == (1, "gh: HTTP 307\n")
    assert printed(done).headers["Location"] == f"https://api.github.com/repositories/{repository.id}/issues"
    assert len(repository.issues) == 1


def test_writing_to_a_transferred_issue_reads_another_one(each_gh: Gh, github: GitHub, repository: Repository) -> None:
    """The trap: gh turns the PATCH into a GET of an issue of another repository, and ends well."""
    other = github.repository("octo/other")
    github.issue(repository, "One")
    moved = github.transfer(repository, 1, other)
    done = each_gh.run("api", "-i", "-X", "PATCH", f"{ISSUES}/1", "--input", "-", input='{"title": "Two"}')
    assert (done.returncode, printed(done).status) == (0, 200)
    assert json.loads(printed(done).body)["url"] == "https://api.github.com/repos/octo/other/issues/1"
    assert moved.title == "One"
    assert [(request.method, request.status) for request in github.requests] == [("PATCH", 301), ("GET", 200)]


def test_enterprise(each_gh: Gh, github: GitHub, repository: Repository) -> None:
    github.world.host = "ghe.example"
    github.issue(repository, "One")
    done = each_gh.run("api", "-i", f"{ISSUES}/1", env={"GH_HOST": "ghe.example", "GH_ENTERPRISE_TOKEN": TOKEN})
    assert json.loads(printed(done).body)["html_url"] == "https://ghe.example/octo/demo/issues/1"
    assert github.requests[0].headers["host"] == "ghe.example"


def test_logging_in(each_gh: Gh, github: GitHub) -> None:
    each_gh.log_out()
    assert each_gh.run("auth", "login", "--with-token", "--hostname", "github.com", input=TOKEN).returncode == 0
    assert each_gh.run("api", "user").returncode == 0
