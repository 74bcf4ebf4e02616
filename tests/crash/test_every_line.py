"""Whatever line of its journal a run dies at: taken up again it ends as if nothing had happened, and no finished task runs again.

Killed after a line, in process, the run dies before anything comes of it. Ahead of a line whatever led to it has happened and is not
recorded (an agent has ended, a commit is made): a photograph is taken there, of what a machine leaves that dies at that instant. It is
taken ahead of those lines between which and the one before something outside of the journal has changed: ahead of any other it would show
the same as a death after the line before.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from crash.killing import Fuse, Killed, Watching
from crash.matrix import IN_PROCESS, PHOTOGRAPHED, Setting, Undisturbed, ends_alike, told
from crash.photographs import Camera, Photograph, developed
from crash.settling import Settling
from crash.worlds import WORLDS, World

PARTS = 3
EVERY = int(os.environ.get("LOCUS_CRASH_EVERY", "1"))
"""1: every line. Larger: a sample, for a quick look."""

Record = Callable[[str, object], None]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("world", WORLDS, ids=str)
async def test_ends_as_if_nothing_had_happened(settle: Settling, world: World, part: int, record_property: Record) -> None:
    setting = await settle(world)
    expected, photographs = await _photographed(settle, setting, part)
    for photograph in photographs:
        dead = developed(settle, setting, photograph)
        _alike(photograph.at, await ends_alike(dead, photograph.run_id, expected, dead.house.carry_on))
    record_property(PHOTOGRAPHED, len(photographs))

    lines = range(2, expected.view.seq + 1)[part :: PARTS * EVERY]
    for line in lines:
        setting = await settle(world)
        run_id = await _killed_after(setting, line)
        _alike(f"killed after line {line} of {expected.view.seq}", await ends_alike(setting, run_id, expected, setting.house.carry_on))
    record_property(IN_PROCESS, len(lines))


async def _photographed(settle: Settling, setting: Setting, part: int) -> tuple[Undisturbed, list[Photograph]]:
    """How the run ends, and of the instants at which it is to be photographed this part's share."""
    house, moved = setting.house, iter(range(10**6))
    camera = Camera(settle, setting, await setting.requested())

    def take(line: int) -> None:
        if next(moved) % (PARTS * EVERY) == part:
            camera.take(f"dead before line {line}")

    watched = (house.ws.repo.common_dir, house.ws.repo.worktrees_dir)
    view = await house.carry_on(camera.run_id, journal=lambda path: Watching(path, watched, take))
    return await told(setting, camera.run_id, view), camera.photographs


async def _killed_after(setting: Setting, line: int) -> str:
    run_id = await setting.requested()
    with pytest.raises((Killed, BaseExceptionGroup)):
        await setting.house.carry_on(run_id, journal=lambda path: Fuse(path, line, "after"))
    return run_id


def _alike(where: str, differences: list[str]) -> None:
    if differences:
        pytest.fail("\n".join([where, *differences]), pytrace=False)
