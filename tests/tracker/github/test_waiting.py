"""GitHub's limits through the real gh: what is remembered, for what is waited, and how long."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from locus.errors import OutOfReach
from locus.model.task import TaskDraft
from locus.tracker.github.keeper import GitHubTracker
from support.github.fixtures import Demo
from support.github.gh import Gh
from support.github.github import GitHub
from support.procs import until_async

NewTracker = Callable[..., GitHubTracker]


@pytest.fixture
def gh(each_gh: Gh) -> Gh:
    """Limits are read from what each version prints of an answer's head."""
    return each_gh


class Waited:
    """A patience that does not wait, but knows for what and how long it should have. With `file`, the pause is over there then."""

    def __init__(self, file: Path | None = None) -> None:
        self.seconds: list[float] = []
        self.reasons: list[str] = []
        self._file = file

    async def __call__(self, moment: float, reason: str) -> None:
        self.seconds.append(moment - time.time())
        self.reasons.append(reason)
        if self._file is not None:
            self._file.write_text(json.dumps(json.loads(self._file.read_text()) | {"pausedUntil": 0}))


async def test_every_answer_is_remembered_in_the_seeds_shape(new_tracker: NewTracker, github: GitHub, tmp_path: Path) -> None:
    await new_tracker().pulls("locus/issue-1")
    said = json.loads((tmp_path / "rate-limit.json").read_text())
    assert {"limit", "remaining", "reset", "used", "lastUpdated"} <= said.keys()
    assert (said["limit"], said["remaining"], said["used"]) == (5000, 4999, 1)


async def test_a_used_up_limit_is_waited_for_and_said(new_tracker: NewTracker, github: GitHub) -> None:
    github.limit("core", remaining=0, resets_in=90)
    waited = Waited()
    tracker = new_tracker(waited)
    asking = asyncio.create_task(tracker.pulls("locus/issue-1"))
    await until_async(lambda: bool(waited.seconds), 30, "it waits")
    github.advance(100)
    assert await asking == []
    assert 80 < waited.seconds[0] <= 90
    assert waited.reasons[0].startswith("waiting for GitHub until ") and waited.reasons[0][-3] == ":"


async def test_another_process_does_not_even_ask_and_a_person_is_told_when(new_tracker: NewTracker, github: GitHub) -> None:
    github.limit("core", remaining=1, resets_in=600)
    await new_tracker().pulls("locus/issue-1")
    with github.counting() as counted, pytest.raises(OutOfReach, match="waiting for GitHub until") as told:
        await new_tracker().pulls("locus/issue-1")
    assert len(counted) == 0 and "try again" in str(told.value.hint)


async def test_the_last_requests_are_spread(new_tracker: NewTracker, github: GitHub) -> None:
    github.limit("core", remaining=51, resets_in=250)
    waited = Waited()
    tracker = new_tracker(waited)
    await tracker.pulls("locus/issue-1")
    assert waited.seconds == []
    await tracker.pulls("locus/issue-1")
    (pause,) = waited.seconds
    assert 4 < pause < 6, "250 seconds for 50 requests"


@pytest.mark.parametrize(("status", "after"), [(403, 37), (429, 37), (403, None), (429, None)])
async def test_a_secondary_limit_is_honoured(
    new_tracker: NewTracker, github: GitHub, tmp_path: Path, status: int, after: int | None
) -> None:
    github.secondary_limit(after, status=status, path="/repos/*")
    waited = Waited(tmp_path / "rate-limit.json")
    await new_tracker(waited).pulls("locus/issue-1")
    (pause,) = waited.seconds
    assert (after or 60) - 3 < pause <= (after or 60)


async def test_graphql_says_it_with_status_200(new_tracker: NewTracker, github: GitHub, tmp_path: Path) -> None:
    github.secondary_limit(20, status=200, path="/graphql")
    waited = Waited(tmp_path / "rate-limit.json")
    await new_tracker(waited).sprints()
    (pause,) = waited.seconds
    assert 17 < pause <= 20


async def test_writes_keep_their_distance_after_a_secondary_limit(new_tracker: NewTracker, github: GitHub, demo: Demo) -> None:
    numbers = [github.issue(demo.repository, f"Issue {number}").number for number in range(5)]
    trackers = [new_tracker() for _ in numbers]
    github.secondary_limit(1, method="PATCH")
    await asyncio.gather(*(tracker.close(number, "completed") for tracker, number in zip(trackers, numbers, strict=True)))
    at = [request.at for request in github.requests if request.method == "PATCH" and request.status == 200]
    assert len(at) == 5 and at[-1] - at[1] > 2.2, at


async def test_a_refusal_for_want_of_permission_is_not_taken_for_a_limit(new_tracker: NewTracker, github: GitHub) -> None:
    github.fail(status=403, method="POST", path="/repos/*/issues")
    waited = Waited()
    with pytest.raises(Exception, match="does not allow"):
        await new_tracker(waited).create(TaskDraft(title="One"))
    assert waited.seconds == []
