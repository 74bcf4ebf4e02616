"""A runner that dies by SIGKILL at the boundary of an effect: nothing of it is left, its run is `lost`, and resumed it ends as undisturbed.

Unlike a run that is killed in process, nothing tidies up on the way out, and what the runner had started is an orphan. The worlds without
a failure die at every boundary of every effect, and before and after each turn of an agent; each of the others at a share of them, so
chosen that every kind of effect is among it. Tasks side by side take their steps in any order: boundaries are named, not numbered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from crash.dying import by_a_runner, dies, gone, resumed
from crash.matrix import SIGKILLS, Setting, Settle, Undisturbed, ends_alike, undisturbed
from crash.worlds import WORLDS, World
from locus.model.run import RunView
from support.fused_runner import PHASES, Boundary

KINDS = {"manage", "status", "worktree", "integrate", "commit", "push", "pull", "comment", "mark", "remove"}
SUCCESSES = tuple(world for world in WORLDS if world.success)
OTHERS = tuple(world for world in WORLDS if not world.success)
PARTS = 6
SHARE = 9
"""Of the other worlds every ninth boundary, in each world other ones."""
BY_RUNNER = 8
"""Every so often the run is resumed by a runner of its own, as people do it; otherwise in this process, which is quicker."""
AGAIN = ("worktree:1", "worktree:sprint", "commit:2:", "push:2", "pull:", "comment:2:")
"""The effects on whose second attempt the run dies again."""

Record = Callable[[str, object], None]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("world", SUCCESSES, ids=str)
async def test_killed_at_each_boundary(settle: Settle, world: World, part: int, record_property: Record) -> None:
    expected = await undisturbed(await settle(world))
    await _matrix(settle, world, expected, _boundaries(expected)[part::PARTS], record_property)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("world", OTHERS, ids=str)
async def test_killed_at_some_boundaries(settle: Settle, world: World, record_property: Record) -> None:
    expected = await undisturbed(await settle(world))
    await _matrix(settle, world, expected, _boundaries(expected)[OTHERS.index(world) :: SHARE], record_property)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("world", SUCCESSES, ids=str)
async def test_killed_again_by_the_effect_that_it_died_of(settle: Settle, world: World, record_property: Record) -> None:
    """First before it is done, then, resumed, when it is done and not recorded."""
    expected = await undisturbed(await settle(world))
    keys = [key for key in expected.effects if key.startswith(AGAIN)]
    for key in keys:
        setting = await settle(world)
        run_id = await _killed(setting, Boundary(key, "intended"))
        await dies(setting.house, Boundary(key, "acted"), resumed(setting.house, run_id))
        await _alike(setting, run_id, expected, f"{key}, twice", setting.house.carry_on)
    record_property(SIGKILLS, 2 * len(keys))


def _boundaries(expected: Undisturbed) -> list[Boundary]:
    assert {key.partition(":")[0] for key in expected.effects} <= KINDS
    turns = [f"turn:{task.number}" for task in expected.view.tasks if task.attempt]
    at_effects = [Boundary(key, phase) for key in expected.effects for phase in PHASES]
    return at_effects + [Boundary(key, phase) for key in turns for phase in PHASES[:2]]


async def _matrix(settle: Settle, world: World, expected: Undisturbed, boundaries: list[Boundary], record_property: Record) -> None:
    assert boundaries
    for number, boundary in enumerate(boundaries):
        setting = await settle(world)
        run_id = await _killed(setting, boundary)
        if number % 2:  # the others are resumed while what the runner had started may still be busy
            await gone(run_id)
        resume = setting.house.carry_on if number % BY_RUNNER else by_a_runner(setting.house)
        await _alike(setting, run_id, expected, str(boundary), resume)
        await gone(run_id)
    record_property(SIGKILLS, len(boundaries))


async def _alike(setting: Setting, run_id: str, expected: Undisturbed, where: str, resume: Callable[[str], Awaitable[RunView]]) -> None:
    differences = await ends_alike(setting, run_id, expected, resume)
    if differences:
        pytest.fail("\n".join([f"{setting.world.name}: SIGKILL at {where}", *differences]), pytrace=False)


async def _killed(setting: Setting, boundary: Boundary) -> str:
    """Started as people do it, and dead."""
    return await dies(setting.house, boundary, setting.started())
