"""Reference worlds, made anew at the same place as often as they are wanted; their tasks local, or on the stand-in for GitHub."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from crash.matrix import Setting
from crash.worlds import Wanted, World
from support.github import world as hosted
from support.github.github import GitHub
from support.github.wire import Wire
from support.house import House
from support.repos import Home, Person, Prepared


@dataclass
class Settling:
    """Each call gives the world anew, at the same place: it is built once, and copied from then on."""

    prepared: Prepared
    home: Home
    folder: Path
    github: GitHub | None = None
    wire: Wire | None = None
    _empty: hosted.World = field(init=False)
    _built: dict[str, tuple[Wanted, hosted.World | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._empty = self.github.copy() if self.github is not None else hosted.World()

    @property
    def place(self) -> Path:
        return self.folder / "place"

    async def __call__(self, world: World) -> Setting:
        copy = self.folder / "built" / world.name
        if world.name not in self._built:
            house, wanted = await self._build(world)
            self._built[world.name] = wanted, self.github.copy() if self.github is not None else None
            shutil.copytree(self.place, copy, symlinks=True)
        else:
            wanted, there = self._built[world.name]
            house = self.put_back(world, copy, there)
        return Setting(world, house, wanted, self.place / "outside", self.github)

    def put_back(self, world: World, copy: Path, there: hosted.World | None) -> House:
        """A copy of the place, and of GitHub, becomes what there is."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(copy, self.place, symlinks=True)
        if self.github is not None and there is not None:
            self.github.put_back(there)
        return self._house(world, Person(self.place / "project", self.home, self.place / "project-origin.git"))

    async def _build(self, world: World) -> tuple[House, Wanted]:
        shutil.rmtree(self.place, ignore_errors=True)
        (self.place / "outside").mkdir(parents=True)
        person = self.prepared.copy("plain", self.place, self.home, remote=True, name="project")
        if self.github is not None and self.wire is not None and person.remote is not None:
            self.github.put_back(self._empty)
            self.github.repository("octo/demo", bare=person.remote)
            self.wire.serve("octo/demo", person.remote)
            person.git("remote", "set-url", "origin", "https://github.com/octo/demo.git")
        house = self._house(world, person)
        return house, await world.build(house, self.place / "outside")

    def _house(self, world: World, person: Person) -> House:
        return House(person, world.config if self.github is None else {"tracker": "github", **world.config})
