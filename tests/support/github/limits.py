"""GitHub's rate limits: 5,000 requests an hour for REST and 5,000 points an hour for GraphQL, counted here as there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from support.github.answers import Answer, Refusal
from support.github.world import World

Resource = Literal["core", "graphql"]
HOUR = 3600.0
ANONYMOUS = 60
"""Requests an hour for those who are not known, by their address."""


@dataclass
class Limit:
    limit: int = 5000
    used: int = 0
    reset: float = 0.0
    """When the window ends, in seconds of the epoch; 0 before the first request."""

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass
class Limits:
    world: World
    graphql_error: str = "RATE_LIMIT"
    """The type of GraphQL's error; GitHub said RATE_LIMITED until 2025."""
    resources: dict[Resource, Limit] = field(default_factory=lambda: {"core": Limit(), "graphql": Limit()})

    def of(self, resource: Resource) -> Limit:
        """Of the current window."""
        limit = self.resources[resource]
        now = self.world.seconds()
        if limit.reset <= now:
            limit.used, limit.reset = 0, float(int(now + HOUR))
        return limit

    def set(self, resource: Resource = "core", *, remaining: int | None = None, resets_in: float | None = None) -> None:
        """For a test: so much is left, and so many seconds until the window ends."""
        limit = self.of(resource)
        if remaining is not None:
            limit.used = limit.limit - remaining
        if resets_in is not None:
            limit.reset = float(int(self.world.seconds() + resets_in))

    def headers(self, resource: Resource, *, known: bool = True) -> dict[str, str]:
        """Who is not known is told about another limit: that of the address."""
        limit = self.of(resource)
        if not known:
            limit = Limit(ANONYMOUS, used=1, reset=limit.reset)
        return {
            "X-RateLimit-Limit": str(limit.limit),
            "X-RateLimit-Remaining": str(limit.remaining),
            "X-RateLimit-Used": str(limit.used),
            "X-RateLimit-Reset": str(int(limit.reset)),
            "X-RateLimit-Resource": resource,
        }

    def exceeded(self, resource: Resource, user_id: int) -> Answer:
        """What is answered when nothing remains."""
        if resource == "core":
            return Refusal(403, f"API rate limit exceeded for user ID {user_id}.").answer()
        said = f"API rate limit already exceeded for user ID {user_id}."
        return Answer(200, {"errors": [{"type": self.graphql_error, "code": "graphql_rate_limit", "message": said}]})

    def overview(self) -> dict[str, object]:
        """`GET /rate_limit`, which costs nothing itself."""
        shown: dict[str, dict[str, int]] = {}
        for name in self.resources:
            limit = self.of(name)
            shown[name] = {"limit": limit.limit, "used": limit.used, "remaining": limit.remaining, "reset": int(limit.reset)}
        search = {"limit": 30, "used": 0, "remaining": 30, "reset": int(self.world.seconds() + 60)}
        return {"resources": {**shown, "search": search}, "rate": shown["core"]}
