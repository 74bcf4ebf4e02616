"""A world for each kill point, and how many points were tried, told at the end of the test run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from crash.histories import HISTORIES, Counts
from crash.matrix import COUNTED, Setting, Settle
from crash.worlds import Wanted, World
from support.house import House
from support.repos import Home, Person, Prepared


@pytest.fixture
def settle(prepared_repositories: Prepared, home: Home, tmp_path: Path) -> Settle:
    """Each call gives the world anew, at the same place: it is built once, and copied from then on."""
    place, built = tmp_path / "place", tmp_path / "built"
    wanted: dict[str, Wanted] = {}

    async def build(world: World) -> Setting:
        shutil.rmtree(place, ignore_errors=True)
        (place / "outside").mkdir(parents=True)
        house = House(prepared_repositories.copy("plain", place, home, remote=True, name="project"), world.config)
        wanted[world.name] = await world.build(house, place / "outside")
        shutil.copytree(place, built / world.name, symlinks=True)
        return Setting(world, house, wanted[world.name], place / "outside")

    async def again(world: World) -> Setting:
        if world.name not in wanted:
            return await build(world)
        shutil.rmtree(place)
        shutil.copytree(built / world.name, place, symlinks=True)
        person = Person(place / "project", home, place / "project-origin.git")
        return Setting(world, House(person, world.config), wanted[world.name], place / "outside")

    return again


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    told = [pair for report in terminalreporter.stats.get("passed", []) for pair in report.user_properties]
    for what in COUNTED:
        points = [value for name, value in told if name == what]
        if points:
            terminalreporter.write_line(f"{what}: {sum(points)} in {len(points)} tests, 0 differences")
    counts = [Counts(*value) for name, value in told if name == HISTORIES]
    if counts:
        terminalreporter.write_line(str(sum(counts, Counts())))
