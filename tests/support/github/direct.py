"""A line to the stand-in without gh and its socket, in a fraction of the time; and one that is cut in the middle of what it is told."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from locus.errors import OutOfReach
from locus.tracker.github import client, lost
from locus.tracker.github.gh import Answer, Gh
from support.github.dispatch import read_request
from support.github.github import TOKEN, GitHub

__all__ = ["Killed", "Line", "line"]


class Killed(BaseException):
    """What kill -9 leaves undone is undone."""


class Line:
    """Stands for gh: hands each request to the stand-in in this process, which takes a fraction of the time."""

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self.count = 0
        """The writes so far."""
        self.kill_at: int | None = None
        """This write is the last request."""
        self.arrives = False
        """It is carried out, and only its answer is never read."""
        self._dead = False

    def alive(self) -> None:
        self.kill_at, self._dead, self.count = None, False, 0

    async def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if self._dead:
            raise Killed
        asked = read_request(method, f"/{path}", {**headers, "Authorization": f"token {TOKEN}"}, body)
        last = asked.writes and self.count == self.kill_at
        self.count += asked.writes
        self._dead = last
        if last and not self.arrives:
            raise Killed
        reply = self._github._handle(asked)
        if last:
            raise Killed
        if reply.answer is None:
            raise OutOfReach("github.com did not answer")
        said = {name.lower(): value for name, value in reply.answer.headers.items()}
        return Answer(reply.answer.status, said, reply.answer.content())


@pytest.fixture
def line(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> Line:
    made = Line(github)
    monkeypatch.setattr(Gh, "request", lambda _self, *given, paused=None: made.request(*given))
    monkeypatch.setattr(lost, "_PAUSES", (0.0,))
    monkeypatch.setattr(client, "_BACK_OFF", (0.0,))
    return made
