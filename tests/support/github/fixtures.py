"""Fixtures: a GitHub, the real gh logged in there, and a person's clone of octo/demo. A conftest imports those it wants."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.github.gh import OLDEST, Gh, oldest, pinned
from support.github.github import GitHub
from support.github.wire import Wire
from support.github.world import Repository
from support.repos import Home, NewPerson, Person

__all__ = ["Demo", "demo", "each_gh", "gh", "github", "short_folder", "wire"]


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A socket's path has to be short, and pytest's folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="gh-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def github(short_folder: Path) -> Iterator[GitHub]:
    """Empty, up, with the user octo. The test fails if anybody asked for what GitHub does not know; see GitHub.surprises."""
    with GitHub(short_folder / "s") as made:
        yield made
    if made.surprises:
        pytest.fail("not as it is with GitHub:\n" + "\n".join(made.surprises))


def _isolated(folder: Path, program: Path, github: GitHub, home: Home, monkeypatch: pytest.MonkeyPatch) -> Gh:
    for variable in [name for name in os.environ if name.startswith(("GH_", "GITHUB_"))]:
        monkeypatch.delenv(variable)
    made = Gh(folder, program, github.socket)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", made.before(os.environ["PATH"]))
    home.env.update(made.environment, PATH=made.before(home.env["PATH"]))
    return made


@pytest.fixture
def gh(tmp_path_factory: pytest.TempPathFactory, github: GitHub, home: Home, monkeypatch: pytest.MonkeyPatch) -> Gh:
    """The pinned gh, first on PATH of this process and of what the person starts."""
    return _isolated(tmp_path_factory.mktemp("gh") / "gh", pinned(), github, home, monkeypatch)


@pytest.fixture(params=["pinned", "oldest"])
def each_gh(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, github: GitHub, home: Home, monkeypatch: pytest.MonkeyPatch
) -> Gh:
    """Both versions, one after the other. Where the oldest is not installed its tests are skipped, which in CI is a failure."""
    program = pinned() if request.param == "pinned" else oldest()
    if program is None:
        pytest.skip(f"gh {OLDEST} is not installed (Debian 12: apt install gh)")
    return _isolated(tmp_path_factory.mktemp("gh") / "gh", program, github, home, monkeypatch)


@pytest.fixture
def wire(tmp_path_factory: pytest.TempPathFactory, home: Home, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Only what is served there can be fetched and pushed; see Wire."""
    made = Wire(tmp_path_factory.mktemp("wire") / "wire")
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    home.env.update(made.environment)
    return made


@dataclass(frozen=True)
class Demo:
    """octo/demo and a person's clone of it, whose origin is `https://github.com/octo/demo.git`."""

    person: Person
    repository: Repository
    bare: Path


@pytest.fixture
def demo(github: GitHub, wire: Wire, new_person: NewPerson) -> Demo:
    """For gh to be there too, ask for `gh` or `each_gh`."""
    person = new_person()
    assert person.remote is not None
    wire.serve("octo/demo", person.remote)
    person.git("remote", "set-url", "origin", "https://github.com/octo/demo.git")
    return Demo(person, github.repository("octo/demo", bare=person.remote), person.remote)
