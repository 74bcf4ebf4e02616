"""What a test can let go wrong."""

from __future__ import annotations

import http.client
import socket
import threading
import time

import pytest

from support.github.client import Client, Said
from support.github.github import TOKEN, GitHub
from support.github.world import Repository

ISSUES = "/repos/octo/demo/issues"
GONE = (http.client.RemoteDisconnected, ConnectionResetError)


def test_the_next_so_many_that_match_are_struck(client: Client, github: GitHub) -> None:
    github.fail(next=2, method="GET", path="/repos/*/issues", status=500)
    assert client.get("/user").status == 200
    assert client.post(ISSUES, {"title": "One"}).status == 201
    assert [client.get(ISSUES).status for _ in range(3)] == [500, 500, 200]
    github.fail(skip=1, path="/user", status=503)
    assert [client.get("/user").status for _ in range(3)] == [200, 503, 200]


def test_only_what_changes_something_is_struck_and_only_once(client: Client, github: GitHub, repository: Repository) -> None:
    github.fail(next=2, writes=True, once=True, status=500)
    assert client.get(ISSUES).status == 200
    assert [client.post(ISSUES, {"title": title}).status for title in ("One", "One", "Two", "Two")] == [500, 201, 500, 201]
    github.fail(writes=False, status=503)
    assert client.post(ISSUES, {"title": "Three"}).status == 201
    assert client.get(ISSUES).status == 503
    assert len(repository.issues) == 3


def test_what_was_there_is_put_back(client: Client, github: GitHub, repository: Repository) -> None:
    before = github.copy()
    github.fail(next=9, path="/user", status=503)
    client.post(ISSUES, {"title": "One"})
    github.put_back(before)
    assert client.get(ISSUES).body == []
    assert github.operations() == ["issues/list-for-repo"]
    assert client.get("/user").status == 200
    client.post(ISSUES, {"title": "Two"})
    github.put_back(before)
    assert client.get(ISSUES).body == [], "a copy can be put back again"


@pytest.mark.parametrize("after_effect", [False, True])
def test_an_error_without_or_with_its_effect(client: Client, github: GitHub, repository: Repository, after_effect: bool) -> None:
    github.fail(method="POST", status=502, after_effect=after_effect)
    said = client.post(ISSUES, {"title": "One"})
    assert said.status == 502
    assert "<h1>502 Bad Gateway</h1>" in said.body
    assert len(repository.issues) == int(after_effect)
    assert github.operations() == ["issues/create"]
    assert github.requests[0].status == 502


@pytest.mark.parametrize("after_effect", [False, True])
def test_no_answer_without_or_with_the_effect(client: Client, github: GitHub, repository: Repository, after_effect: bool) -> None:
    github.fail(cut=True, after_effect=after_effect)
    with pytest.raises(GONE):
        client.post(ISSUES, {"title": "One"})
    assert len(repository.issues) == int(after_effect)
    assert github.asked("issues/create")[0].status is None


def test_half_an_answer(client: Client, github: GitHub, repository: Repository) -> None:
    github.fail(torn=True)
    with pytest.raises(http.client.IncompleteRead):
        client.post(ISSUES, {"title": "One"})
    assert len(repository.issues) == 1


def test_errors_have_githubs_words_and_headers_unless_a_proxy_says_them(client: Client, github: GitHub) -> None:
    github.fail(status=403)
    plain = client.get("/user")
    assert (plain.status, plain.body["status"], plain.headers["x-ratelimit-limit"]) == (403, "403", "5000")
    github.fail(status=403, body="Forbidden by the proxy", headers={"Content-Type": "text/plain"}, bare=True)
    said = client.get("/user")
    assert said.body == "Forbidden by the proxy"
    assert "x-ratelimit-limit" not in said.headers
    github.fail(status=401)
    assert client.get("/user").headers["x-ratelimit-limit"] == "60"


def test_the_secondary_limit(client: Client, github: GitHub, repository: Repository) -> None:
    github.secondary_limit(retry_after=7, method="POST")
    struck = client.post(ISSUES, {"title": "One"})
    assert (struck.status, struck.headers["retry-after"], struck.headers["x-ratelimit-remaining"]) == (403, "7", "5000")
    assert "secondary rate limit" in struck.body["message"]
    github.secondary_limit(retry_after=None, status=429)
    silent = client.get("/user")
    assert silent.status == 429
    assert "retry-after" not in silent.headers
    github.secondary_limit(status=200, path="/graphql")
    assert "secondary rate limit" in client.graphql("{ viewer { login } }").body["errors"][0]["message"]
    assert repository.issues == {}


def test_one_mutation_among_others(client: Client, github: GitHub) -> None:
    github.fail(path="/graphql", containing="addLabelsToLabelable", status=500)
    assert client.graphql("{ viewer { login } }").status == 200
    assert client.graphql('mutation { addLabelsToLabelable(input: {labelableId: "I_1", labelIds: []}) { clientMutationId } }').status == 500


@pytest.mark.parametrize(
    "rest",
    [
        'Content-Length: 31\r\n\r\n{"title": "Half',
        'Transfer-Encoding: chunked\r\n\r\n1f\r\n{"title": "Half',
        'Transfer-Encoding: chunked\r\n\r\n11\r\n{"title": "Whole"',
    ],
)
def test_half_a_request_is_none(github: GitHub, repository: Repository, rest: str, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(github.socket))
        connection.sendall(f"POST {ISSUES} HTTP/1.1\r\nAuthorization: token {TOKEN}\r\n{rest}".encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert (github.requests, repository.issues) == ([], {})
    assert capfd.readouterr().err == ""


def test_slow_answers(client: Client, github: GitHub) -> None:
    for slow in (lambda: setattr(github, "latency", 0.1), lambda: github.fail(delay=0.1)):
        slow()
        started = time.monotonic()
        assert client.get("/user").status == 200
        assert time.monotonic() - started >= 0.1
        github.latency = 0.0


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_request_that_is_held(client: Client, github: GitHub, repository: Repository, after_effect: bool) -> None:
    gate = github.hold(method="POST", after_effect=after_effect)
    said: list[Said] = []
    thread = threading.Thread(target=lambda: said.append(client.post(ISSUES, {"title": "One"})))
    thread.start()
    assert gate.arrived.wait(10)
    assert len(repository.issues) == int(after_effect)
    assert said == []
    assert client.get("/user").status == 200
    gate.release()
    thread.join()
    assert said[0].status == 201
    assert len(repository.issues) == 1


def test_nobody_listens_for_a_while(client: Client, github: GitHub, repository: Repository) -> None:
    github.issue(repository, "One")
    with github.unreachable(), pytest.raises(FileNotFoundError):
        client.get("/user")
    assert client.get(f"{ISSUES}/1").body["title"] == "One"


def test_requests_are_counted(client: Client, github: GitHub) -> None:
    client.get("/user")
    with github.counting() as counted:
        client.post(ISSUES, {"title": "One"})
        client.get(ISSUES)
        client.graphql("query { viewer { login } }")
        client.graphql("mutation($id: ID!) { closeIssue(input: {issueId: $id}) { issue { state } } }", id="I_3")
    assert len(counted) == 4
    assert [request.operation for request in counted.writes] == ["issues/create", "graphql"]
    assert github.asked("issues/create")[0].body == {"title": "One"}
