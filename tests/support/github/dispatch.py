"""From a request to its answer: who asks, what is left of the limit, which operation, and what GitHub sends with every answer."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from support.github import graph, pulls, shapes
from support.github.answers import JSON_TYPE, Answer, Refusal, not_found
from support.github.call import Call
from support.github.described import Operation, description
from support.github.graph_seen import Asker
from support.github.limits import Limits, Resource
from support.github.rest import OPERATIONS
from support.github.world import Repository, User, World

API_VERSIONS = ("2022-11-28",)
SCOPES = "gist, read:org, repo, workflow"
ROOT_URLS = (
    "current_user", "current_user_authorizations_html", "authorizations", "code_search", "commit_search", "emails", "emojis", "events",
    "feeds", "followers", "following", "gists", "issue_search", "issues", "keys", "label_search", "notifications", "organization",
    "organization_repositories", "organization_teams", "public_gists", "rate_limit", "repository", "repository_search",
    "current_user_repositories", "starred", "starred_gists", "user", "user_organizations", "user_repositories", "user_search",
)  # fmt: skip


@dataclass
class Request:
    """A request as it came, without the token, and what became of it."""

    method: str
    path: str
    """Without the query, as written: still percent-encoded."""
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    content: str
    token: str | None = field(repr=False, compare=False, default=None)
    at: float = field(default_factory=time.monotonic, compare=False)
    operation: str | None = None
    """GitHub's name of it, such as `issues/create`; `graphql`; None for one that is unknown."""
    status: int | None = None
    """None: no answer was sent."""

    @property
    def body(self) -> Any:
        try:
            return json.loads(self.content) if self.content else None
        except ValueError:
            return None

    @property
    def writes(self) -> bool:
        if self.path == "/graphql":
            body = self.body
            return isinstance(body, dict) and re.search(r"^\s*mutation\b", str(body.get("query")), re.MULTILINE) is not None
        return self.method not in ("GET", "HEAD")


def read_request(method: str, target: str, headers: Mapping[str, str], content: bytes) -> Request:
    parts = urlsplit(target)
    path = parts.path
    for prefix in ("/api/v3", "/api"):  # GitHub Enterprise's places for REST and GraphQL
        if path == prefix or path.startswith(f"{prefix}/"):
            path = path.removeprefix(prefix) or "/"
            break
    lower = {name.lower(): value for name, value in headers.items()}
    _, _, token = lower.pop("authorization", "").partition(" ")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Request(method, path, query, lower, content.decode("utf-8", "replace"), token or None)


@dataclass
class Dispatcher:
    world: World
    limits: Limits
    surprises: list[str] = field(default_factory=list)
    """What a client of the real GitHub would not want to send, and answers of ours that GitHub would not give."""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def name(self, request: Request) -> str | None:
        """What is asked for, by GitHub's name, whatever becomes of it."""
        if request.path == "/graphql":
            return "graphql"
        found = description().find(request.method, _with_a_name(request.path))
        return found[0].id if found is not None else None

    def answer(self, request: Request) -> Answer:
        try:
            answer = self._answer(request)
        except Refusal as refusal:
            answer = refusal.answer()
        headers = {"Content-Type": JSON_TYPE} if answer.body is not None else {}
        if request.method == "GET" and answer.status == 200 and request.path != "/rate_limit":
            tag = f'W/"{hashlib.sha256(answer.content()).hexdigest()}"'
            headers |= {"ETag": tag, "Cache-Control": "private, max-age=60, s-maxage=60"}
            if _matches(request.headers.get("if-none-match", ""), tag):
                self.limits.of("core").used -= 1
                answer = Answer(304, None, {"ETag": tag})
        return Answer(answer.status, answer.body, {**self.usual(request, answer.status), **headers, **answer.headers})

    def usual(self, request: Request, status: int) -> dict[str, str]:
        """What GitHub sends with every answer."""
        return {
            **self.limits.headers(_resource(request), known=status != 401),
            "Date": formatdate(self.world.seconds(), usegmt=True),
            "Server": "github.com",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Request-Id": f"{next(self._numbers):04X}:1F00:2D00:3E00:4F00",
            **({"X-OAuth-Scopes": SCOPES, "X-Accepted-OAuth-Scopes": ""} if status != 401 else {}),
        }

    def _answer(self, request: Request) -> Answer:
        user = self._user(request)
        version = request.headers.get("x-github-api-version")
        if version is not None and version not in API_VERSIONS:
            self._surprised(request, f"API version {version}")
            raise Refusal(400, f"{version} is not a supported API version")
        resource = _resource(request)
        limit = self.limits.of(resource)
        if limit.remaining == 0 and request.path != "/rate_limit":
            return self.limits.exceeded(resource, user.id)
        if resource == "graphql":
            return self._graphql(request, user)
        limit.used += request.path != "/rate_limit"
        return self._rest(request, user)

    def _user(self, request: Request) -> User:
        if request.token is None:
            raise Refusal(401, "Requires authentication")
        if request.token not in self.world.tokens:
            raise Refusal(401, "Bad credentials")
        return self.world.users[self.world.tokens[request.token]]

    def _graphql(self, request: Request, user: User) -> Answer:
        if request.method != "POST":
            raise not_found()
        asked = graph.read(request.body)
        for error in asked.errors:
            self._surprised(request, error["message"])
        self.limits.of("graphql").used += asked.cost.points
        for repository in self.world.repositories.values():
            pulls.refresh(self.world, repository)
        return graph.execute(asked, Asker(self.world, self.limits, user.login, asked.cost))

    def _rest(self, request: Request, user: User) -> Answer:
        found = description().find(request.method, _with_a_name(request.path))
        if found is None:
            self._surprised(request, "no such operation")
            raise not_found()
        operation, raw = found
        self._check_request(request, operation)
        try:
            answer = self._without_repository(operation, user) or self._in_repository(request, operation, raw, user)
        except Refusal as refusal:
            answer = refusal.answer()
        for wrong in description().answer_faults(operation, answer.status, answer.body):
            self.surprises.append(f"our answer {answer.status} to {operation.id} is not GitHub's: {wrong.said}")
        return answer

    def _without_repository(self, operation: Operation, user: User) -> Answer | None:
        match operation.id:
            case "meta/root":
                return Answer(200, {f"{name}_url": f"{self.world.api}/{name}" for name in ROOT_URLS})
            case "users/get-authenticated":
                return Answer(200, shapes.own_user(self.world, user))
            case "rate-limit/get":
                return Answer(200, self.limits.overview())
        return None

    def _in_repository(self, request: Request, operation: Operation, raw: Mapping[str, str], user: User) -> Answer:
        arguments = {name: unquote(value) for name, value in raw.items()}
        repository = self._repository(request, arguments)
        if not repository.may(user.login, "read"):
            raise not_found()
        pulls.refresh(self.world, repository)
        return OPERATIONS[operation.id](
            Call(self.world, repository, user.login, operation.template, arguments, request.query, request.body)
        )

    def _repository(self, request: Request, arguments: Mapping[str, str]) -> Repository:
        if request.path.startswith("/repositories/"):
            id = request.path.split("/")[2]
            repository = self.world.repositories.get(int(id)) if id.isdigit() else None
            if repository is None:
                raise not_found()
            return repository
        full_name = f"{arguments['owner']}/{arguments['repo']}"
        moved = self.world.moved(full_name)
        if moved is None:
            return self.world.repository(full_name)
        rest = "/".join(request.path.split("/")[4:])
        there = f"{self.world.api}/repositories/{moved.id}" + (f"/{rest}" if rest else "")
        if request.query:
            there += f"?{urlencode(request.query)}"
        raise Refusal(301 if request.method == "GET" else 307, "Moved Permanently", location=there)

    def _check_request(self, request: Request, operation: Operation) -> None:
        """GitHub refuses a body that does not fit, and ignores parameters it does not know."""
        body = request.body
        if request.content and body is None:
            self._surprised(request, "the body is no JSON")
            raise Refusal(400, "Problems parsing JSON")
        head = request.query.get("head")
        if operation.id == "pulls/list" and head is not None and ":" not in head:
            self._surprised(request, "`head` without an owner is ignored")
        wrong = list(description().request_faults(operation, request.query, body))
        for one in wrong:
            self._surprised(request, one.said)
        refused = [one.said for one in wrong if not one.ignored]
        if refused:
            raise Refusal(422, "Invalid request.\n\n" + "\n".join(refused))

    def _surprised(self, request: Request, what: str) -> None:
        self.surprises.append(f"{request.method} {request.path}: {what}")


def _resource(request: Request) -> Resource:
    return "graphql" if request.path == "/graphql" else "core"


def _with_a_name(path: str) -> str:
    """`/repositories/1/issues` is the same as `/repos/octo/demo/issues`, whatever the repository is called."""
    return re.sub(r"^/repositories/[^/]+", "/repos/by/id", path)


def _matches(wanted: str, tag: str) -> bool:
    """Weakly: `W/` does not count."""
    return any(one.strip().removeprefix("W/") == tag.removeprefix("W/") or one.strip() == "*" for one in wanted.split(","))
