"""The stand-in as tests hold it: what there is, what shall go wrong, and what was asked."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from support.github import faults, issues, labels, pulls
from support.github.answers import JSON_TYPE, Answer
from support.github.dispatch import Dispatcher, Request
from support.github.faults import Fault, Gate
from support.github.limits import Limits, Resource
from support.github.server import Listening, Reply
from support.github.world import WORLD, Issue, Label, Milestone, Repository, Role, User, World

TOKEN = "gho_of-the-tests"
OWNER = "octo"


class GitHub:
    """Listens on `socket` from `up()` to `down()`; the world outlives both. Everything may be called from any thread."""

    def __init__(self, socket: Path, *, world: World | None = None, state: Path | None = None, latency: float = 0.0) -> None:
        self.socket = socket
        self.state = state
        """A file that has the world in it after each change."""
        self.latency = latency
        """Seconds that each request takes."""
        self.lock = threading.RLock()
        self.requests: list[Request] = []
        self._faults: list[Fault] = []
        self._listening: Listening | None = None
        if world is None:
            world = WORLD.validate_json(state.read_bytes()) if state is not None and state.exists() else World()
        self.world = world
        self.limits = Limits(world)
        self._dispatcher = Dispatcher(world, self.limits)
        if not world.users:
            self.user(OWNER, token=TOKEN)

    # Coming and going

    def up(self) -> Self:
        assert self._listening is None, "it listens already"
        self._listening = Listening(self.socket, self._handle)
        return self

    def down(self) -> None:
        """Nobody listens any more: connections are refused."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    def __enter__(self) -> Self:
        return self.up()

    def __exit__(self, *_: object) -> None:
        self.down()

    @contextlib.contextmanager
    def unreachable(self) -> Iterator[None]:
        self.down()
        yield
        self.up()

    # What there is

    def user(self, login: str, *, token: str | None = None) -> User:
        with self._changing() as world:
            made = User(world.new_id(), login, login.title())
            world.users[login] = made
            if token is not None:
                world.tokens[token] = login
            return made

    def log_out(self, login: str = OWNER) -> None:
        """The user's tokens are valid no longer: 401 from now on."""
        with self._changing() as world:
            world.tokens = {token: user for token, user in world.tokens.items() if user != login}

    def log_in(self, token: str = TOKEN, login: str = OWNER) -> None:
        with self._changing() as world:
            world.tokens[token] = login

    def repository(
        self,
        full_name: str,
        *,
        bare: Path | None = None,
        parent: Repository | None = None,
        permissions: Mapping[str, Role] | None = None,
        **more: Any,
    ) -> Repository:
        """`more`: default_branch, private, archived, has_issues, drafts."""
        owner, name = full_name.split("/")
        with self._changing() as world:
            assert all(one.full_name.lower() != full_name.lower() for one in world.repositories.values()), f"{full_name} is there already"
            for login in (owner, *(permissions or {})):
                if login not in world.users:
                    self.user(login)
            made = Repository(
                world.new_id(), owner, name, world.now(), bare, parent.id if parent else None, dict(permissions or {}), **more
            )
            world.repositories[made.id] = made
            return made

    def rename(self, repository: Repository, full_name: str) -> None:
        """The former name leads to the new one."""
        with self._changing() as world:
            world.renamed[repository.full_name.lower()] = repository.id
            repository.owner, repository.name = full_name.split("/")

    def issue(self, repository: Repository, title: str, body: str | None = None, *, user: str | None = None, **changes: Any) -> Issue:
        """Made by a person on the page. `changes`: labels (names), milestone (a number), state, state_reason."""
        with self._changing() as world:
            made = issues.new_issue(world, repository, user or repository.owner, title, body)
            if changes:
                issues.update_issue(world, repository, repository.owner, made, changes)
            return made

    def edit(self, repository: Repository, number: int, **changes: Any) -> Issue:
        """By a person on the page; keys as in `issue`."""
        with self._changing() as world:
            return issues.update_issue(world, repository, repository.owner, repository.issues[number], changes)

    def add_label(self, repository: Repository, number: int, name: str) -> None:
        with self._changing() as world:
            issues.add_labels(world, repository, repository.owner, repository.issues[number], [name])

    def comment(self, repository: Repository, number: int, body: str, *, user: str | None = None) -> None:
        with self._changing() as world:
            issues.add_comment(world, repository, user or repository.owner, repository.issues[number], body)

    def label(self, repository: Repository, name: str, color: str = "ededed", description: str | None = None) -> Label:
        with self._changing() as world:
            return labels.create_label(world, repository, name, color, description)

    def milestone(self, repository: Repository, title: str, **fields: Any) -> Milestone:
        with self._changing() as world:
            return labels.create_milestone(world, repository, repository.owner, title, **fields)

    def pull(self, repository: Repository, **fields: Any) -> Issue:
        """Made by a person on the page: title, head, base, body, draft."""
        with self._changing() as world:
            return pulls.create_pull(world, repository, repository.owner, **fields)

    def merge(self, repository: Repository, number: int) -> None:
        """By a person on the page. It changes the bare repository, which a Person has to know of: `with person.changing()`."""
        with self._changing() as world:
            issue = repository.issues[number]
            assert issue.pull is not None, f"#{number} is no pull request"
            pulls.merge(world, repository, repository.owner, issue, issue.pull)

    def review(self, repository: Repository, number: int, event: str, body: str = "", *, user: str) -> None:
        """`event`: APPROVE, REQUEST_CHANGES or COMMENT."""
        with self._changing() as world:
            issue = repository.issues[number]
            assert issue.pull is not None, f"#{number} is no pull request"
            if user not in world.users:
                self.user(user)
            pulls.review(world, issue, issue.pull, user, event, body)

    def delete(self, repository: Repository, number: int) -> None:
        with self._changing():
            repository.issues[number].deleted = True

    def transfer(self, repository: Repository, number: int, to: Repository) -> Issue:
        """The issue lives in another repository now, under another number."""
        with self._changing() as world:
            old = repository.issues[number]
            new = issues.new_issue(world, to, old.user, old.title, old.body)
            new.comments, new.state, new.state_reason = old.comments, old.state, old.state_reason
            old.transferred = (to.id, new.number)
            return new

    def advance(self, seconds: float) -> None:
        """This world's clock goes ahead: windows of limits end, what is made now is younger."""
        with self._changing() as world:
            world.ahead += seconds

    def stop_the_clock(self) -> None:
        """What is done from now on is done within one second."""
        with self._changing() as world:
            world.stopped = time.time()

    @contextlib.contextmanager
    def _changing(self) -> Iterator[World]:
        with self.lock:
            yield self.world
            self._save()

    def copy(self) -> World:
        """What there is now, for `put_back`."""
        with self.lock:
            return deepcopy(self.world)

    def put_back(self, world: World) -> None:
        """Everything is as it was; requests, faults and limits are forgotten. Of a repository that somebody holds there is a new one."""
        with self.lock:
            self.world = deepcopy(world)
            self.limits = Limits(self.world)
            self._dispatcher = Dispatcher(self.world, self.limits, self.surprises)
            self.requests.clear()
            self._faults.clear()
            self._save()

    # What shall go wrong

    def fail(self, next: int = 1, **wanted: Any) -> Fault:
        """See Fault: method, path, containing, writes, once, skip; status, body, headers, cut, torn, delay; after_effect."""
        return self._struck_by(Fault(next=next, **wanted))

    def secondary_limit(self, retry_after: int | None = 1, next: int = 1, *, status: int = 403, **wanted: Any) -> Fault:
        fault = faults.secondary_limit(retry_after, status)
        return self.fail(next, status=fault.status, body=fault.body, headers=fault.headers, **wanted)

    def hold(self, **wanted: Any) -> Gate:
        """The next request that matches waits for `release()`; with `after_effect` it has been carried out by then."""
        gate = Gate()
        self._struck_by(Fault(gate=gate, **wanted))
        return gate

    def limit(self, resource: Resource = "core", *, remaining: int | None = None, resets_in: float | None = None) -> None:
        with self.lock:
            self.limits.set(resource, remaining=remaining, resets_in=resets_in)

    def _struck_by(self, fault: Fault) -> Fault:
        with self.lock:
            self._faults.append(fault)
        return fault

    # What was asked

    @property
    def surprises(self) -> list[str]:
        """What a client should not have sent, and answers that GitHub would not have given. Empty it when it was meant."""
        return self._dispatcher.surprises

    def operations(self) -> list[str]:
        """What was asked for so far, by GitHub's names."""
        with self.lock:
            return [request.operation or f"{request.method} {request.path}" for request in self.requests]

    def asked(self, operation: str) -> list[Request]:
        with self.lock:
            return [request for request in self.requests if request.operation == operation]

    @contextlib.contextmanager
    def counting(self) -> Iterator[Counted]:
        """The requests made inside the block."""
        with self.lock:
            start = len(self.requests)
        counted = Counted()
        yield counted
        with self.lock:
            counted.requests = self.requests[start:]

    def dump(self) -> Any:
        """The world as plain JSON values, to compare two of them."""
        with self.lock:
            return WORLD.dump_python(self.world, mode="json")

    # Serving

    def _handle(self, request: Request) -> Reply:
        with self.lock:
            request.operation = self._dispatcher.name(request)
            self.requests.append(request)
            fault = next(
                (one for one in self._faults if one.strikes(request.method, request.path, request.content, request.writes)), Fault()
            )
        if self.latency or fault.delay:
            time.sleep(self.latency + fault.delay)
        if fault.gate is not None and not fault.after_effect:
            fault.gate.passed()
        answer = self._struck(request, fault)
        if fault.gate is not None and fault.after_effect:
            fault.gate.passed()
        request.status = answer.status if answer is not None else None
        return Reply(answer, torn=fault.torn)

    def _struck(self, request: Request, fault: Fault) -> Answer | None:
        said = fault.answer()
        with self.lock:
            answer = None
            if fault.after_effect or (said is None and not fault.cut):
                answer = self._dispatcher.answer(request)
                if request.writes:
                    self._save()
        if fault.cut:
            return None
        if said is None:
            return answer
        usual = {} if fault.bare else self._dispatcher.usual(request, said.status)
        return Answer(said.status, said.body, {**usual, "Content-Type": JSON_TYPE, **said.headers})

    def _save(self) -> None:
        if self.state is not None:
            waiting = self.state.with_name(f"{self.state.name}.new")
            waiting.write_bytes(WORLD.dump_json(self.world, indent=1))
            os.replace(waiting, self.state)


@dataclass
class Counted:
    requests: list[Request] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.requests)

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.requests if request.writes]
