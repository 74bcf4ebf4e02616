"""Whatever line of its journal a run dies at: taken up again it ends as if nothing had happened, and no finished task runs again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crash.killing import Fuse, Killed, When
from crash.worlds import WORLDS, Wanted, World, seen, times_run
from support.house import House
from support.repos import Home, Person, Prepared

PARTS = 4
EVERY = int(os.environ.get("LOCUS_CRASH_EVERY", "1"))
"""1: every line. Larger: a sample, for a quick look."""

Setting = tuple[House, Wanted, Path]


@pytest.fixture
def settle(prepared_repositories: Prepared, home: Home, tmp_path: Path) -> Callable[[World, str], Any]:
    """A fresh copy of a world, with its house and a folder outside of it."""

    async def build(world: World, name: str) -> Setting:
        place = tmp_path / name
        outside = place / "outside"
        outside.mkdir(parents=True)
        house = House(prepared_repositories.copy("plain", place, home, remote=True, name="project"), world.config)
        return house, await world.build(house, outside), outside

    return build


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
async def test_killed_at_any_line(
    settle: Callable[[World, str], Any], world: World, part: int, record_property: Callable[[str, object], None]
) -> None:
    house, wanted, _ = await settle(world, "w0000")
    view = await house.run(*wanted.tasks, sprint=wanted.sprint)
    expected = await seen(house)
    points: list[tuple[int, When]] = [(line, "after") for line in range(2, view.seq + 1)] + [(2, "before"), (view.seq, "before")]
    mine = points[part :: PARTS * EVERY]
    for line, when in mine:
        house, wanted, outside = await settle(world, f"w{line:03}{when[0]}")
        await _killed(house, wanted, outside, line, when)
        assert await seen(house) == expected, f"{world.name}: killed {when} line {line} of {view.seq}"
        _untouched(house.person, world)
    record_property("kill points", len(mine))


async def _killed(house: House, wanted: Wanted, outside: Path, line: int, when: When) -> None:
    run_id = await house.request(*wanted.tasks, sprint=wanted.sprint)
    with pytest.raises((Killed, BaseExceptionGroup)):
        await house.carry_on(run_id, journal=lambda path: Fuse(path, line, when))
    view = house.view(run_id)
    finished = {task.number: times_run(outside, task.number) for task in view.tasks if task.state.succeeded}
    if view.ended_at is None:
        view = await house.carry_on(run_id)
    assert view.ended_at is not None
    for number, times in finished.items():
        assert times_run(outside, number) == times, f"#{number} was done and ran again"


def _untouched(person: Person, world: World) -> None:
    if world.colleague:
        person.taken |= {key: value for key, value in person.fingerprint().items() if key.startswith("remote ")}
    person.check()
