"""A repository with an agent, and somebody who types."""

from __future__ import annotations

import pytest

from support.house import House, house, new_house
from support.repos import Home
from support.typed import Locus

__all__ = ["house", "new_house"]


@pytest.fixture
def locus(house: House, home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Locus:
    return Locus(house.person.path, home, capsys, monkeypatch)
