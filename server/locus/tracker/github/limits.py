"""GitHub's rate limits, shared by all of Locus' processes through `.locus/rate-limit.json` and fed by the headers of every answer.

The file's first five fields are the REST interface's (`core`); GraphQL counts apart and stands under `resources`. `pausedUntil` and
`pacedUntil` remember a secondary limit. Reference: GitHub's "Rate limits for the REST API".
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from locus import locks

LOW = 100
"""From so few remaining requests on they are spread over the time until the reset."""
PACE = 1.0
"""Seconds between writes after GitHub has asked to slow down."""
PACED_FOR = 600.0
"""Seconds for which the writes stay apart."""
UNSAID = 60.0
"""Seconds to wait for a secondary limit that names no time, as GitHub asks."""
LONGEST = 3600.0
"""Seconds; the limits are per hour."""
MOST_SPREAD = 10.0
"""Seconds by which one request is held back while there are some left."""

log = logging.getLogger(__name__)

_GRAPHQL = re.compile(rb'"type":\s*"RATE_LIMIT(?:ED)?"')

Patience = Callable[[float, str], Awaitable[None]]
"""Waits until a moment (seconds since the epoch) for a reason to be shown. Raises in order to give up."""


@dataclass(frozen=True)
class Quota:
    """Of one resource: `core`, `graphql`, `search`."""

    limit: int
    remaining: int
    reset: float
    """Seconds since the epoch."""
    used: int


class RateLimits:
    def __init__(self, file: Path, lock: Path, *, now: Callable[[], float] = time.time) -> None:
        self._file, self._lock, self._now = file, lock, now

    async def ready(self, resource: str, *, writing: bool) -> float:
        """The moment from which on a request may be sent, at least now. A write that has to keep its distance takes its turn by this."""
        now = self._now()
        state = self._read()
        until = max(now, _number(state, "pausedUntil"))
        quota = _quota(state, resource)
        if quota is not None and now < quota.reset:
            if quota.remaining <= 0:
                until = max(until, quota.reset)
            elif quota.remaining < LOW:
                until = max(until, now + min(MOST_SPREAD, (quota.reset - now) / quota.remaining))
        if writing and until < _number(state, "pacedUntil"):
            until = await self._next_turn(until)
        return min(until, now + LONGEST)

    def paused(self) -> bool:
        """Whether GitHub has told somebody to slow down, and the time is not over."""
        return self._now() < _number(self._read(), "pausedUntil")

    async def _next_turn(self, earliest: float) -> float:
        with await locks.lock(self._lock, poll=0.005):
            state = self._read()
            turn = max(earliest, _number(state, "lastWrite") + PACE)
            self._write({**state, "lastWrite": turn})
        return turn

    async def heard(self, headers: Mapping[str, str]) -> None:
        """Takes in what an answer says of its quota."""
        told = _told(headers)
        if told is None:
            return
        resource, quota = told
        with await locks.lock(self._lock, poll=0.005):
            state = self._read()
            before = _quota(state, resource)
            if before is not None and before.reset == quota.reset and before.remaining < quota.remaining:
                return  # answers of several processes arrive in any order
            self._write(_with(state, resource, quota, self._now()))

    async def refused(self, headers: Mapping[str, str], resource: str) -> float:
        """After a 403 or 429 for going too fast: the moment until which nothing is sent, by anybody."""
        await self.heard(headers)
        now = self._now()
        told = _told(headers)
        if (after := headers.get("retry-after", "")).isdecimal():
            until = now + int(after)
        elif told is not None and told[1].remaining <= 0:
            until = told[1].reset
        else:
            until = now + UNSAID
        until = min(until, now + LONGEST)
        with await locks.lock(self._lock, poll=0.005):
            state = self._read()
            if told is not None and told[1].remaining <= 0 and "retry-after" not in headers:
                self._write(_with(state, resource, Quota(told[1].limit, 0, until, told[1].used), now))
            else:  # a secondary limit: for all resources, and writes keep their distance for a while
                self._write({**state, "pausedUntil": max(until, _number(state, "pausedUntil")), "pacedUntil": until + PACED_FOR})
        return until

    def remaining(self, resource: str = "core") -> Quota | None:
        return _quota(self._read(), resource)

    def _read(self) -> dict[str, Any]:
        try:
            state = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}  # it is only a memory: the next answer fills it again
        return state if isinstance(state, dict) else {}

    def _write(self, state: Mapping[str, Any]) -> None:
        """What cannot be written costs a memory, and no request: somebody may be cleaning their checkout in this moment."""
        temporary = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
            temporary.replace(self._file)
        except OSError as error:
            log.warning("%s was not written: %s", self._file, error)


def is_limit(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether GitHub refused for going too fast, not for want of permission. GraphQL says so in an answer of status 200."""
    if status == 200:
        return headers.get("x-ratelimit-resource") == "graphql" and _GRAPHQL.search(body[:4096]) is not None
    if status not in (403, 429):
        return False
    return status == 429 or "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or b"rate limit" in body.lower()


def _told(headers: Mapping[str, str]) -> tuple[str, Quota] | None:
    try:
        quota = Quota(
            limit=int(headers["x-ratelimit-limit"]),
            remaining=int(headers["x-ratelimit-remaining"]),
            reset=float(headers["x-ratelimit-reset"]),
            used=int(headers.get("x-ratelimit-used", "0")),
        )
    except (KeyError, ValueError):
        return None
    return headers.get("x-ratelimit-resource", "core"), quota


def _quota(state: Mapping[str, Any], resource: str) -> Quota | None:
    try:
        said: Any = state if resource == "core" else state["resources"][resource]
        return Quota(said["limit"], said["remaining"], datetime.fromisoformat(said["reset"]).timestamp(), said["used"])
    except (KeyError, TypeError, ValueError):
        return None


def _with(state: Mapping[str, Any], resource: str, quota: Quota, now: float) -> dict[str, Any]:
    fields = {
        "limit": quota.limit,
        "remaining": quota.remaining,
        "reset": _time(quota.reset),
        "used": quota.used,
        "lastUpdated": _time(now),
    }
    if resource == "core":
        return {**state, **fields}
    others = state.get("resources")
    return {**state, "resources": {**(others if isinstance(others, dict) else {}), resource: fields}}


def _number(state: Mapping[str, Any], name: str) -> float:
    value = state.get(name, 0.0)
    return float(value) if isinstance(value, int | float) else 0.0


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
