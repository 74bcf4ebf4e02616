"""The matrix can turn red: where an effect is no longer looked for, killing a run between `act` and its record shows it a second time.

Three kinds of effects are not idempotent by themselves: a commit, a pull request, a comment. The others may be done twice and leave the
same world: a worktree is made anew, what is pushed already is up to date, a branch is taken back and rebased again, a status and the marks
of issues and pull requests are set to a value, and what is removed already is not there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NoReturn
from unittest.mock import patch

import pytest

from crash.killing import Killed
from crash.matrix import Settle, Undisturbed, ends_alike, undisturbed
from crash.worlds import WORLDS, World
from locus.engine.effects import Effect, Effects, Result
from locus.model.run import RunView
from locus.model.task import PullRequest
from locus.tracker.local import LocalTracker, pulls
from support.fused_runner import Boundary, fused, plain

STANDALONE, SPRINT, ADVANCING = (next(world for world in WORLDS if world.name == name) for name in ("standalone", "sprint", "advancing"))
TWICE = [
    (STANDALONE, "commit:1:*", "branches of refs/heads/locus/issue-1"),
    (STANDALONE, "pull:1", "pull requests"),
    (STANDALONE, "comment:1:*:done", "comments of 1"),
    (SPRINT, "commit:2:*", "branches of refs/heads/locus/sprint-sprint-1"),
    (SPRINT, "pull:sprint:2", "pull requests"),
    (SPRINT, "comment:2:*:done", "comments of 2"),
]
ONCE = [
    *((STANDALONE, key) for key in ("manage", "status:1:*:in-progress", "worktree:1", "push:1", "mark:*", "status:1:*:done", "remove:1")),
    *((SPRINT, key) for key in ("worktree:sprint", "push:2", "remove:sprint")),
    (ADVANCING, "integrate:2:SHA:SHA"),
]


@pytest.mark.parametrize(("world", "key", "red"), TWICE, ids=lambda each: str(each))
async def test_without_its_look_it_is_done_twice_and_seen(settle: Settle, world: World, key: str, red: str) -> None:
    expected = await undisturbed(await settle(world))
    assert not await _differences(settle, world, key, expected, blind=False)
    differences = await _differences(settle, world, key, expected, blind=True)
    assert any(difference.startswith(f"{red}:") for difference in differences), differences


@pytest.mark.parametrize(("world", "key"), ONCE, ids=lambda each: str(each))
async def test_what_is_idempotent_needs_no_look(settle: Settle, world: World, key: str) -> None:
    assert not await _differences(settle, world, key, await undisturbed(await settle(world)), blind=True)


async def _differences(settle: Settle, world: World, key: str, expected: Undisturbed, *, blind: bool) -> list[str]:
    """Killed after the effect was done and before it is recorded; then resumed, with or without looking for it."""
    key = next(done for done in expected.effects if fnmatchcase(done, key))
    setting = await settle(world)
    run_id = await setting.requested()
    with fused(Boundary(key, "acted"), _die), pytest.raises((Killed, BaseExceptionGroup)):
        await setting.house.carry_on(run_id)

    async def resume(run_id: str) -> RunView:
        if not blind:
            return await setting.house.carry_on(run_id)
        with _blind(key, setting.house.ws.state / "locus.db"):
            return await setting.house.carry_on(run_id)

    return await ends_alike(setting, run_id, expected, resume)


def _die() -> NoReturn:
    raise Killed


@contextmanager
def _blind(key: str, database: Path) -> Iterator[None]:
    """The effect is not found: neither by its `look`, nor by what looks inside of `act` and in the tracker."""
    perform, comment = Effects.perform, LocalTracker.comment

    async def nothing() -> None:
        return None

    async def unseeing(self: Effects, effect: Effect, task: int | None = None) -> Result:
        return await perform(self, replace(effect, look=nothing) if plain(effect.key) == key else effect, task)

    async def no_pulls(self: LocalTracker, branch: str) -> list[PullRequest]:
        return []

    def anything_goes(*_: object) -> None:
        return None

    async def one_more(self: LocalTracker, number: int, body: str, *, marker: str | None = None) -> None:
        await comment(self, number, f"{body}\n\n<!-- {marker} -->")

    with ExitStack() as patches:
        patches.enter_context(patch.object(Effects, "perform", unseeing))
        if key.startswith("pull:"):
            with sqlite3.connect(database) as connection:
                connection.execute("DROP INDEX one_open_pull")
            patches.enter_context(patch.object(LocalTracker, "pulls", no_pulls))
            patches.enter_context(patch.object(pulls, "_refuse_second", anything_goes))
        elif key.startswith("comment:"):
            patches.enter_context(patch.object(LocalTracker, "comment", one_more))
        yield
