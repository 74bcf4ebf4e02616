"""The worlds with their tasks on GitHub, through the real gh: whatever a run dies of, and whichever answer is lost, nothing is there twice.

Runs die at the boundaries of what is done on GitHub; those of git's side are tried with the local tracker. What GitHub has at the end is
compared in full: issues, labels, comments, milestones, pull requests in any state, and how many things were ever made there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from crash.dying import by_a_runner, dies, gone
from crash.matrix import GITHUB_LOST, GITHUB_PHOTOGRAPHED, GITHUB_SIGKILLS, Setting, Undisturbed, ends_alike, undisturbed
from crash.photographs import developed, photographed
from crash.settling import Settling
from crash.worlds import WORLDS, World
from locus import locks
from locus.engine import store
from locus.model.task import PullRequest
from locus.tracker.github.issues import Issues
from locus.tracker.github.keeper import GitHubTracker
from support.fused_runner import Boundary
from support.procs import until_async

STANDALONE, SPRINT, FAILING = (next(world for world in WORLDS if world.name == name) for name in ("standalone", "sprint", "failing-stops"))
ELSEWHERE = {"standalone": ("status:2",), "failing-stops": ("manage", "status:1", "status:2:0", "comment:1")}
"""Tried elsewhere: what the first task does too, and the sprint that does not fail."""
KINDS = ("manage", "status", "pull", "comment", "mark")
MAKE = ("pull", "comment")
SIGKILLED = {
    "standalone": ("pull:1", "mark:3"),
    "sprint": ("comment:2:1:done", "pull:sprint:2"),
    "failing-stops": ("comment:2:", "status:2:1:", "pull:sprint:1"),
}
"""Between acting and recording; the beginnings of keys."""
ON_ITS_WAY: dict[str, dict[str, Any]] = {
    "pull request": {"method": "POST", "path": "/repos/*/pulls"},
    "comment": {"containing": "addComment"},
    "label": {"method": "POST", "path": "/repos/*/labels"},
}

Record = Callable[[str, object], None]


def _chosen(world: World) -> Callable[[Boundary], bool]:
    """Of each effect on GitHub when it is done and not recorded; of the first of those that make something also before and afterwards."""
    first: dict[str, str] = {}

    def chosen(boundary: Boundary) -> bool:
        kind = boundary.key.partition(":")[0]
        if kind not in KINDS or boundary.key.startswith(ELSEWHERE.get(world.name, ())):
            return False
        return boundary.phase == "acted" or (kind in MAKE and first.setdefault(kind, boundary.key) == boundary.key)

    return chosen


@pytest.mark.timeout(900)
@pytest.mark.parametrize("world", [STANDALONE, SPRINT, FAILING], ids=str)
async def test_nothing_is_there_twice(settle_on_github: Settling, world: World, record_property: Record) -> None:
    expected, dead = await _killed_at_the_boundaries(settle_on_github, world)
    record_property(GITHUB_PHOTOGRAPHED, dead)
    record_property(GITHUB_LOST, sum([await _lost_once(settle_on_github, world, expected, arrives) for arrives in (True, False)]))
    for start in SIGKILLED[world.name]:
        key = next(key for key in expected.effects if key.startswith(start))
        await _killed_by_sigkill(settle_on_github, world, expected, key)
    record_property(GITHUB_SIGKILLS, len(SIGKILLED[world.name]))


@pytest.mark.timeout(600)
async def test_killed_while_the_answer_is_on_its_way(settle_on_github: Settling, record_property: Record) -> None:
    """GitHub has done what was asked; gh, which waits for the answer, outlives the runner, or not."""
    expected = await undisturbed(await settle_on_github(SPRINT))
    for what, request in ON_ITS_WAY.items():
        setting = await settle_on_github(SPRINT)
        assert setting.github is not None
        gate = setting.github.hold(**request, after_effect=True)
        run_id = await setting.started()
        assert await asyncio.to_thread(gate.arrived.wait, 60)
        setting.house.kill_runner(run_id)
        await until_async(lambda: not locks.is_held(setting.house.ws.runs / run_id / store.LOCK), 60)  # noqa: B023 - awaited here
        gate.release()
        _alike(setting, f"SIGKILL before the answer, {what}", await ends_alike(setting, run_id, expected, setting.house.carry_on))
        await gone(run_id)
    record_property(GITHUB_SIGKILLS, len(ON_ITS_WAY))


@pytest.mark.timeout(300)
async def test_without_its_look_it_is_there_twice_and_seen(settle_on_github: Settling) -> None:
    """Of a pull request GitHub itself takes no second one while the first is open: the task fails then, which is seen as well."""
    setting = await settle_on_github(STANDALONE)
    red = {"comment:1:1:done acted": "comments of 1", "pull:1 acted": "issues of 1"}
    expected, photographs = await photographed(settle_on_github, STANDALONE, lambda boundary: str(boundary) in red)
    assert {photograph.at for photograph in photographs} == set(red)
    for photograph in photographs:
        dead = developed(settle_on_github, setting, photograph)
        with _blind():
            differences = await ends_alike(dead, photograph.run_id, expected, dead.house.carry_on)
        assert any(difference.startswith(f"{red[photograph.at]}:") for difference in differences), differences
    setting = await settle_on_github(STANDALONE)
    assert setting.github is not None
    setting.github.fail(containing="addComment", cut=True, after_effect=True)
    with _blind():
        differences = await _left_alone(setting, expected)
    assert differences and {difference.partition(":")[0] for difference in differences} <= {"comments of 1", "comments of 2", "made"}


async def _killed_at_the_boundaries(settle: Settling, world: World) -> tuple[Undisturbed, int]:
    """How the run ends undisturbed, and how often it died."""
    setting = await settle(world)
    expected, photographs = await photographed(settle, world, _chosen(world))
    assert len(photographs) >= 8
    for photograph in photographs:
        dead = developed(settle, setting, photograph)
        _alike(dead, f"killed at {photograph.at}", await ends_alike(dead, photograph.run_id, expected, dead.house.carry_on))
    return expected, len(photographs)


async def _killed_by_sigkill(settle: Settling, world: World, expected: Undisturbed, key: str) -> None:
    """A runner of its own, of which nothing tidies up; a pull request's is taken up by another runner, as people do it."""
    setting = await settle(world)
    run_id = await dies(setting.house, Boundary(key, "acted"), setting.started())
    resume = by_a_runner(setting.house) if key.startswith("pull") else setting.house.carry_on
    _alike(setting, f"SIGKILL at {key}", await ends_alike(setting, run_id, expected, resume))
    await gone(run_id)


async def _lost_once(settle: Settling, world: World, expected: Undisturbed, arrives: bool) -> int:
    """Each request that changes something: it arrives and its answer does not, or it does not arrive itself. What is sent again passes."""
    setting = await settle(world)
    assert setting.github is not None
    fault = setting.github.fail(next=99, writes=True, once=True, cut=True, after_effect=arrives)
    _alike(setting, f"each {'answer' if arrives else 'request'} lost once", await _left_alone(setting, expected))
    return 99 - fault.next


@contextmanager
def _blind() -> Iterator[None]:
    """Neither a comment nor a pull request is found."""

    async def no_comment(self: object, number: int, marker: str) -> bool:
        return False

    async def no_pulls(self: object, branch: str) -> list[PullRequest]:
        return []

    with (
        patch.object(GitHubTracker, "has_comment", no_comment),
        patch.object(Issues, "has_comment", no_comment),
        patch.object(GitHubTracker, "pulls", no_pulls),
    ):
        yield


async def _left_alone(setting: Setting, expected: Undisturbed) -> list[str]:
    """In what the world differs when the run has come to its end by itself."""
    run_id = await setting.requested()
    await setting.house.carry_on(run_id)
    return await ends_alike(setting, run_id, expected, setting.house.carry_on)


def _alike(setting: Setting, how: str, differences: list[str]) -> None:
    if differences:
        pytest.fail("\n".join([f"{setting.world.name}: {how}", *differences]), pytrace=False)
