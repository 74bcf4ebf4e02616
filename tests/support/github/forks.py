"""A person who works on a fork: octo/demo is where the issues are, ada/demo is theirs, and ada is logged in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.github.fixtures import Demo
from support.github.gh import Gh
from support.github.github import GitHub
from support.github.wire import Wire
from support.github.world import Repository, Role
from support.repos import Person

__all__ = ["Fork", "fork", "new_fork"]

ADA = "gho_of-ada"


@dataclass(frozen=True)
class Fork:
    """`origin` leads to the fork; `upstream`, if there is one, to the other."""

    person: Person
    upstream: Repository
    own: Repository
    bare: Path


@pytest.fixture
def new_fork(demo: Demo, gh: Gh, github: GitHub, wire: Wire, tmp_path: Path) -> Callable[..., Fork]:
    """`role` is ada's in octo/demo; `remote`: it is a remote of hers, called upstream; `issues`: her fork has issues of its own."""

    def make(*, role: Role | None = "write", remote: bool = True, issues: bool = False) -> Fork:
        bare = tmp_path / "ada.git"
        demo.person.home.git("clone", "--quiet", "--bare", str(demo.bare), str(bare), cwd=tmp_path)
        github.user("ada", token=ADA)
        gh.log_in(ADA, "ada")
        if role is not None:
            demo.repository.permissions["ada"] = role
        own = github.repository("ada/demo", bare=bare, parent=demo.repository, has_issues=issues)
        wire.serve("ada/demo", bare)
        demo.person.git("remote", "rename", "origin", "upstream")
        if not remote:
            demo.person.git("remote", "remove", "upstream")
        demo.person.git("remote", "add", "origin", "git@github.com:ada/demo.git")
        demo.person.git("fetch", "--quiet", "origin")
        return Fork(demo.person, demo.repository, own, bare)

    return make


@pytest.fixture
def fork(new_fork: Callable[..., Fork]) -> Fork:
    return new_fork()
