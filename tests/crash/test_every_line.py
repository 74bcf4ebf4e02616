"""Whatever line of its journal a run dies at: taken up again it ends as if nothing had happened, and no finished task runs again.

Killed after a line, the run dies before anything comes of it; killed before a line, whatever led to it has happened and is not recorded
(an agent has ended, a commit is made). They die after every line, and before those lines between which and the one before something
outside of the journal has changed: before any other it is the same death as after the line before.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from crash.killing import Fuse, Killed, Watching, When
from crash.matrix import IN_PROCESS, Setting, Settle, Undisturbed, ends_alike, told
from crash.worlds import WORLDS, World

PARTS = 4
EVERY = int(os.environ.get("LOCUS_CRASH_EVERY", "1"))
"""1: every line. Larger: a sample, for a quick look."""

Point = tuple[int, When]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
async def test_killed_at_any_line(settle: Settle, world: World, part: int, record_property: Callable[[str, object], None]) -> None:
    expected, points = await _points(await settle(world))
    mine = points[part :: PARTS * EVERY]
    for line, when in mine:
        setting = await settle(world)
        run_id = await _killed(setting, line, when)
        differences = await ends_alike(setting, run_id, expected, setting.house.carry_on)
        if differences:
            pytest.fail("\n".join([f"{world.name}: killed {when} line {line} of {expected.view.seq}", *differences]), pytrace=False)
    record_property(IN_PROCESS, len(mine))


async def _points(setting: Setting) -> tuple[Undisturbed, list[Point]]:
    house = setting.house
    run_id = await setting.requested()
    watching = [Watching(house.ws.runs / run_id / "journal.jsonl", house.ws.repo.common_dir, house.ws.repo.worktrees_dir)]
    view = await house.carry_on(run_id, journal=lambda _: watching[0])
    expected = await told(setting, run_id, view)
    moved = watching[0].moved | {2, view.seq}
    points: list[Point] = []
    for line in range(2, view.seq + 1):
        if line in moved:
            points.append((line, "before"))
        points.append((line, "after"))
    return expected, points


async def _killed(setting: Setting, line: int, when: When) -> str:
    run_id = await setting.requested()
    with pytest.raises((Killed, BaseExceptionGroup)):
        await setting.house.carry_on(run_id, journal=lambda path: Fuse(path, line, when))
    return run_id
