"""What a test wants to go wrong."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType

from support.github.answers import DOCUMENTATION, Answer

BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
MESSAGES: Mapping[int, str] = MappingProxyType(
    {
        401: "Bad credentials",
        403: "Resource not accessible by personal access token",
        404: "Not Found",
        422: "Validation Failed",
        429: "Too Many Requests",
        500: "Server Error",
        503: "Service Unavailable",
    }
)
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


class Gate:
    """A request that waits here until the test lets it go on."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self._open = threading.Event()

    def release(self) -> None:
        self._open.set()

    def passed(self) -> None:
        """By the request; after a minute it goes on anyhow, so that a failed test ends."""
        self.arrived.set()
        self._open.wait(60)


@dataclass
class Fault:
    """Of the requests that match, `skip` pass untouched and then `next` are struck."""

    next: int = 1
    skip: int = 0
    method: str | None = None
    path: str | None = None
    """A pattern as in a shell: `/repos/*/issues`, `/graphql`. The query is not part of it."""
    containing: str | None = None
    """Words of the request's body, such as the name of a GraphQL mutation."""
    writes: bool | None = None
    """Only requests that change something, or only those that do not."""
    once: bool = False
    """Only the first of those that are alike: their repetition passes."""
    status: int | None = None
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    bare: bool = False
    """The answer of a proxy in between: without GitHub's own headers, the limits among them."""
    cut: bool = False
    """No answer: the connection ends."""
    torn: bool = False
    """The answer ends in the middle of its body."""
    delay: float = 0.0
    """Seconds."""
    gate: Gate | None = None
    after_effect: bool = False
    """The request is carried out first."""
    _met: set[tuple[str, str, str]] = field(default_factory=set)

    def strikes(self, method: str, path: str, content: str, writes: bool) -> bool:
        """Counts: ask once for each request."""
        if self.next <= 0 or (self.method not in (None, method)) or not fnmatchcase(path, self.path or "*"):
            return False
        if (self.containing is not None and self.containing not in content) or self.writes not in (None, writes):
            return False
        if self.once and (method, path, content) in self._met:
            return False
        self._met.add((method, path, content))
        if self.skip > 0:
            self.skip -= 1
            return False
        self.next -= 1
        return True

    def answer(self) -> Answer | None:
        """None: the request's own one is sent."""
        if self.status is None:
            return None
        if self.body is None and self.status in (502, 504):
            return Answer(self.status, BAD_GATEWAY, {"Content-Type": "text/html", **self.headers})
        said = MESSAGES.get(self.status, "It went wrong")
        body = {"message": said, "documentation_url": DOCUMENTATION, "status": str(self.status)} if self.body is None else self.body
        return Answer(self.status, body, self.headers)


def secondary_limit(retry_after: int | None, status: int = 403) -> Fault:
    """The limit on too much at once; sometimes GitHub says for how long. GraphQL may say it with status 200."""
    documentation = f"{DOCUMENTATION}/overview/rate-limits-for-the-rest-api"
    body: dict[str, object] = {"message": SECONDARY, "documentation_url": documentation, "status": str(status)}
    if status == 200:
        body = {"errors": [{"type": "RATE_LIMITED", "message": SECONDARY}]}
    return Fault(status=status, body=body, headers={} if retry_after is None else {"Retry-After": str(retry_after)})
