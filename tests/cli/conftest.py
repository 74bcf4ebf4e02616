"""A repository with an agent, and somebody who types."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.house import House, house, new_house
from support.repos import Home
from support.typed import Locus

__all__ = ["house", "new_house"]


@pytest.fixture
def new_locus(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Locus]:
    return lambda folder: Locus(folder, home, capsys, monkeypatch)


@pytest.fixture
def locus(house: House, new_locus: Callable[[Path], Locus]) -> Locus:
    """In a repository with an agent that does what issues say (`RUN: command`)."""
    return new_locus(house.person.path)
