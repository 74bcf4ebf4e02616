"""What GitHub says of its limits, remembered for every process."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from locus.tracker.github.limits import LONGEST, PACE, UNSAID, RateLimits, is_limit

NOW = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(tmp_path: Path, clock: Clock) -> RateLimits:
    return RateLimits(tmp_path / ".locus/rate-limit.json", tmp_path / "lock", now=clock)


def told(remaining: int, *, reset: float = NOW + 600, resource: str = "core") -> dict[str, str]:
    return {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-used": str(5000 - remaining),
        "x-ratelimit-reset": str(int(reset)),
        "x-ratelimit-resource": resource,
    }


async def test_every_answer_is_written_in_the_shape_of_the_seeds(limits: RateLimits, tmp_path: Path) -> None:
    await limits.heard(told(4321))
    assert json.loads((tmp_path / ".locus/rate-limit.json").read_text()) == {
        "limit": 5000,
        "remaining": 4321,
        "reset": "2027-01-15T08:10:00Z",
        "used": 679,
        "lastUpdated": "2027-01-15T08:00:00Z",
    }


async def test_graphql_counts_apart(limits: RateLimits) -> None:
    await limits.heard(told(0, resource="graphql"))
    assert await limits.ready("core", writing=True) == NOW
    assert await limits.ready("graphql", writing=False) == NOW + 600


async def test_nothing_is_known_and_nothing_waits(limits: RateLimits) -> None:
    assert await limits.ready("core", writing=True) == NOW


async def test_an_older_answer_that_comes_late_gives_nothing_back(limits: RateLimits) -> None:
    await limits.heard(told(10))
    await limits.heard(told(11))
    quota = limits.remaining()
    assert quota is not None and quota.remaining == 10


async def test_the_new_hour_counts_anew(limits: RateLimits, clock: Clock) -> None:
    await limits.heard(told(0))
    clock.now += 601
    assert await limits.ready("core", writing=False) == clock.now
    await limits.heard(told(4999, reset=NOW + 4200))
    quota = limits.remaining()
    assert quota is not None and quota.remaining == 4999


async def test_the_last_ones_are_spread_over_the_time_that_is_left(limits: RateLimits) -> None:
    await limits.heard(told(99, reset=NOW + 99 * 4))
    assert await limits.ready("core", writing=False) == NOW + 4
    await limits.heard(told(100, reset=NOW + 500))
    assert await limits.ready("core", writing=False) == NOW


async def test_a_secondary_limit_stops_everything_for_as_long_as_it_says(limits: RateLimits, clock: Clock) -> None:
    assert await limits.refused({"retry-after": "7"}, "core") == NOW + 7
    assert await limits.ready("graphql", writing=False) == NOW + 7
    clock.now += 8
    turns = await asyncio.gather(*(limits.ready("core", writing=True) for _ in range(3)))
    assert sorted(turns) == [clock.now, clock.now + PACE, clock.now + 2 * PACE], "writes keep their distance from then on"
    assert await limits.ready("core", writing=False) == clock.now, "reads do not"


@pytest.mark.parametrize(
    ("headers", "until"),
    [({}, NOW + UNSAID), ({"retry-after": "999999"}, NOW + LONGEST), ({"retry-after": "soon"}, NOW + UNSAID), (told(0), NOW + 600)],
)
async def test_how_long_a_refusal_lasts(limits: RateLimits, headers: dict[str, str], until: float) -> None:
    assert await limits.refused(headers, "core") == until


async def test_a_reset_far_away_is_not_believed(limits: RateLimits) -> None:
    await limits.heard(told(0, reset=NOW + 10**9))
    assert await limits.ready("core", writing=False) == NOW + LONGEST


@pytest.mark.parametrize("content", ["", "{", "[]", '{"limit": "many"}', '{"resources": 7, "pausedUntil": "x"}'])
async def test_a_damaged_file_is_only_a_memory_lost(limits: RateLimits, tmp_path: Path, content: str) -> None:
    file = tmp_path / ".locus/rate-limit.json"
    file.parent.mkdir()
    file.write_text(content)
    assert await limits.ready("graphql", writing=True) == NOW
    await limits.heard(told(3))
    quota = limits.remaining()
    assert quota is not None and quota.remaining == 3


async def test_two_processes_know_the_same(limits: RateLimits, tmp_path: Path, clock: Clock) -> None:
    other = RateLimits(tmp_path / ".locus/rate-limit.json", tmp_path / "lock", now=clock)
    await limits.refused({"retry-after": "30"}, "core")
    assert await other.ready("core", writing=False) == NOW + 30


@pytest.mark.parametrize(
    ("status", "headers", "body", "limited"),
    [
        (429, {}, b"", True),
        (403, {"retry-after": "60"}, b"", True),
        (403, {"x-ratelimit-remaining": "0"}, b"", True),
        (403, {"x-ratelimit-remaining": "4000"}, b'{"message": "You have exceeded a secondary rate limit."}', True),
        (403, {"x-ratelimit-remaining": "4000"}, b'{"message": "Resource not accessible by integration"}', False),
        (404, {"x-ratelimit-remaining": "0"}, b"", False),
        (200, {"x-ratelimit-remaining": "0"}, b"", False),
    ],
)
def test_which_refusals_are_for_going_too_fast(status: int, headers: dict[str, str], body: bytes, limited: bool) -> None:
    assert is_limit(status, headers, body) is limited


async def test_a_memory_that_cannot_be_written_stops_no_request(tmp_path: Path) -> None:
    (tmp_path / ".locus").touch()
    limits = RateLimits(tmp_path / ".locus/rate-limit.json", tmp_path / "lock")
    await limits.heard({"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4999", "x-ratelimit-reset": "1", "x-ratelimit-used": "1"})
    assert await limits.refused({"retry-after": "7"}, "core") > 0
    assert limits.remaining() is None
