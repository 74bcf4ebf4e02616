"""A world for each kill point."""

from __future__ import annotations

from pathlib import Path

import pytest

from crash.settling import Settling
from locus.engine import patience
from locus.repo import records
from locus.tracker.github import client, lost
from support.github.fixtures import gh, github, short_folder, wire
from support.github.gh import Gh
from support.github.github import GitHub
from support.github.wire import Wire
from support.repos import Home, Prepared

__all__ = ["gh", "github", "short_folder", "wire"]


@pytest.fixture
def no_time_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has died comes back later than a test does: no other git can be in the middle of something then."""
    monkeypatch.setattr(records, "_IN_THE_MAKING", 0.0)


@pytest.fixture
def settle(prepared_repositories: Prepared, home: Home, tmp_path: Path, no_time_at_all: None) -> Settling:
    return Settling(prepared_repositories, home, tmp_path)


@pytest.fixture
def settle_on_github(
    prepared_repositories: Prepared,
    home: Home,
    tmp_path: Path,
    github: GitHub,
    gh: Gh,
    wire: Wire,
    monkeypatch: pytest.MonkeyPatch,
    no_time_at_all: None,
) -> Settling:
    """Tasks are on the stand-in, through the real gh; what did not get an answer is tried again at once."""
    monkeypatch.setattr(patience, "PAUSES", (0.02,))
    monkeypatch.setattr(lost, "_PAUSES", (0.02,))
    monkeypatch.setattr(client, "_BACK_OFF", (0.02,))
    return Settling(prepared_repositories, home, tmp_path, github, wire)
