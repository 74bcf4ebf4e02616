"""A runner that dies by SIGKILL at the boundary of an effect: nothing of it is left, its run is `lost`, and resumed it ends as undisturbed.

Unlike a run that is killed in process, nothing tidies up on the way out, and what the runner had started is an orphan. The worlds without
a failure die at every boundary of every effect, and before and after each turn of an agent; each of the others at a share of them, so
chosen that every kind of effect is among it. Tasks side by side take their steps in any order: boundaries are named, not numbered.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from crash.matrix import SIGKILLS, Setting, Settle, Undisturbed, ends_alike, undisturbed
from crash.worlds import WORLDS, World
from locus import locks, process
from locus.engine import launch, store
from locus.engine.journal import read
from locus.locks import Lock
from locus.model.events import EffectDone, EffectIntended
from locus.model.run import RunView
from locus.model.states import RunState
from locus.workspace import Workspace
from support import fused_runner
from support.fused_runner import PHASES, Boundary, plain
from support.house import House
from support.procs import until_async

KINDS = {"manage", "status", "worktree", "integrate", "commit", "push", "pull", "comment", "mark", "remove"}
SUCCESSES = tuple(world for world in WORLDS if world.success)
OTHERS = tuple(world for world in WORLDS if not world.success)
PARTS = 6
SHARE = 7
"""Of the other worlds every seventh boundary, in each world other ones."""
BY_RUNNER = 8
"""Every so often the run is resumed by a runner of its own, as people do it; otherwise in this process, which is quicker."""
AGAIN = ("worktree:1", "worktree:sprint", "commit:2:", "push:2", "pull:", "comment:2:")
"""The effects on whose second attempt the run dies again."""

Record = Callable[[str, object], None]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("world", SUCCESSES, ids=str)
async def test_killed_at_each_boundary(settle: Settle, world: World, part: int, record_property: Record) -> None:
    expected = await _expected(await settle(world))
    await _matrix(settle, world, expected, _boundaries(expected)[part::PARTS], record_property)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("world", OTHERS, ids=str)
async def test_killed_at_some_boundaries(settle: Settle, world: World, record_property: Record) -> None:
    expected = await _expected(await settle(world))
    await _matrix(settle, world, expected, _boundaries(expected)[OTHERS.index(world) :: SHARE], record_property)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("world", SUCCESSES, ids=str)
async def test_killed_again_by_the_effect_that_it_died_of(settle: Settle, world: World, record_property: Record) -> None:
    """First before it is done, then, resumed, when it is done and not recorded."""
    expected = await _expected(await settle(world))
    keys = [
        key for key in expected.effects if key.startswith(("worktree:1", "worktree:sprint", "commit:2:", "push:2", "pull:", "comment:2:"))
    ]
    for key in keys:
        setting = await settle(world)
        run_id = await _killed(setting, Boundary(key, "intended"))
        await _dies(setting.house, Boundary(key, "acted"), _resumed(setting.house, run_id))
        await _alike(setting, run_id, expected, f"{key}, twice", setting.house.carry_on)
    record_property(SIGKILLS, 2 * len(keys))


async def _expected(setting: Setting) -> Undisturbed:
    run_id = await setting.house.request(*setting.wanted.tasks, sprint=setting.wanted.sprint)
    return await undisturbed(setting, run_id, await setting.house.carry_on(run_id))


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
            await _gone(run_id)
        resume = setting.house.carry_on if number % BY_RUNNER else _by_a_runner(setting.house)
        await _alike(setting, run_id, expected, str(boundary), resume)
        await _gone(run_id)
    record_property(SIGKILLS, len(boundaries))


async def _alike(setting: Setting, run_id: str, expected: Undisturbed, where: str, resume: Callable[[str], Awaitable[RunView]]) -> None:
    differences = await ends_alike(setting, run_id, expected, resume)
    if differences:
        pytest.fail("\n".join([f"{setting.world.name}: SIGKILL at {where}", *differences]), pytrace=False)


def _by_a_runner(house: House) -> Callable[[str], Awaitable[RunView]]:
    async def resume(run_id: str) -> RunView:
        return await house.ended(await _resumed(house, run_id), within=60)

    return resume


async def _resumed(house: House, run_id: str) -> str:
    await house.call("locus.run.resume", runId=run_id)
    return run_id


async def _killed(setting: Setting, boundary: Boundary) -> str:
    """Started as people do it, and dead."""
    house, wanted = setting.house, setting.wanted
    return await _dies(house, boundary, house.start(*wanted.tasks) if wanted.sprint is None else house.start(sprint=wanted.sprint))


async def _dies(house: House, boundary: Boundary, begin: Awaitable[str]) -> str:
    """Returns the run's id when its runner has died there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "_launch", _launching(boundary))
        run_id = await begin
    folder = house.ws.runs / run_id
    await until_async(lambda: not locks.is_held(folder / store.LOCK), 60, "the runner is dead, and its lock free")
    view = house.view(run_id)
    assert view.state is RunState.LOST, (boundary, view, (folder / store.LOG).read_text())
    _died_there(folder, boundary)
    return run_id


async def _gone(run_id: str) -> None:
    await until_async(lambda: not process.leftovers(run_id), 30, "nothing of the run is left")


def _launching(boundary: Boundary) -> Callable[[Workspace, str, Lock], Awaitable[None]]:
    """The launcher's own road, to a runner with a fuse."""

    async def start(ws: Workspace, run_id: str, lock: Lock) -> None:
        folder = ws.runs / run_id
        argv = [sys.executable, "-P", fused_runner.__file__, str(folder), str(lock.fd), boundary.key, boundary.phase]
        await asyncio.to_thread(process.launch, argv, cwd=ws.repo.main, stderr=folder / store.LOG, hold=lock.fd, env=process.scrubbed_env())

    return start


def _died_there(folder: Path, boundary: Boundary) -> None:
    """The journal says how far the effect came."""
    if boundary.key.startswith("turn:"):
        return
    events = [record.event for record in read(folder / store.JOURNAL)]
    intended = any(isinstance(event, EffectIntended) and plain(event.key) == boundary.key for event in events)
    done = any(isinstance(event, EffectDone) and plain(event.key) == boundary.key for event in events)
    assert (intended, done) == (True, boundary.phase == "recorded"), (boundary, events)
