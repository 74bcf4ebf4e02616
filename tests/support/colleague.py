"""Somebody else with a clone of the person's remote, who pushes while a run goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from locus.engine.journal import Journal
from locus.model.events import RunEvent
from locus.model.record import Record
from support.house import House
from support.repos import Home, Person


class Colleague:
    """`commit` and `push` act at once; `pushing` is a shell command that an agent carries out in the midst of its work."""

    def __init__(self, person: Person, path: Path) -> None:
        assert person.remote is not None
        self.person = person
        self.home: Home = person.home
        self.path = path
        self.home.git("clone", "--quiet", str(person.remote), str(path), cwd=person.path)

    def sh(self, *commands: str) -> None:
        for command in commands:
            done = subprocess.run(["sh", "-c", command], cwd=self.path, env=self.home.env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{command}: {done.stderr}"

    def commit(self, *commands: str, message: str = "A colleague's work") -> str:
        """What the shell commands change in the clone, committed there."""
        self.sh(*commands)
        self.home.git("add", "--all", cwd=self.path)
        self.home.git("commit", "--quiet", "--allow-empty", "-m", message, cwd=self.path)
        return self.head

    def push(self, branch: str = "main", *, what: str = "HEAD") -> None:
        self.sh(self.pushing(branch, what=what))
        self.excuse()

    def pushing(self, branch: str = "main", *, what: str = "HEAD") -> str:
        return f"git -C '{self.path}' push --quiet --force origin {what}:refs/heads/{branch}"

    def fetch(self, branch: str) -> str:
        """The branch as the remote has it, checked out."""
        self.sh(f"git fetch --quiet origin {branch} && git checkout --quiet --detach FETCH_HEAD")
        return self.head

    def excuse(self) -> None:
        """The remote's branches may have moved: that was us. Everything else of the person's stays under watch."""
        self.person.taken = {name: value for name, value in self.person.taken.items() if not name.startswith("remote ")}
        self.person.taken |= {name: value for name, value in self.person.fingerprint().items() if name.startswith("remote ")}

    @property
    def head(self) -> str:
        return self.home.git("rev-parse", "HEAD", cwd=self.path)


def when(wanted: Callable[[RunEvent], bool], then: Callable[[], object]) -> Callable[[Path], Journal]:
    """A journal that calls `then` once, right after the first record that is wanted."""

    class Watching(Journal):
        waiting = True

        def append(self, event: RunEvent, task: int | None = None) -> Record:
            record = super().append(event, task)
            if self.waiting and wanted(event):
                self.waiting = False
                then()
            return record

    return Watching


class Killed(BaseException):
    """Not an Exception: nothing in the engine may catch it."""


def dying(wanted: Callable[[RunEvent, int | None], bool]) -> Callable[[Path], Journal]:
    """A journal whose process dies when it is to write a record that is wanted."""

    class Dying(Journal):
        dead = False

        def append(self, event: RunEvent, task: int | None = None) -> Record:
            self.dead = self.dead or wanted(event, task)
            if self.dead:
                raise Killed
            return super().append(event, task)

    return Dying


@pytest.fixture
def colleague(house: House, tmp_path: Path) -> Colleague:
    return Colleague(house.person, tmp_path / "colleague")
