"""Wall-clock stamps. Nothing is decided by comparing them; they are for people and for sorting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """In UTC. Whatever waits or runs out of time asks the event loop's clock instead, which nobody can set."""
    return datetime.now(UTC)


def stamp(*, after: float = 0.0) -> str:
    """Now (plus `after` seconds) as RFC 3339 in UTC with milliseconds."""
    return (now() + timedelta(seconds=after)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp_of(seconds: float) -> str:
    """Seconds since the epoch in the same form."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
