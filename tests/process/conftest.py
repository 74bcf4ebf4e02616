from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.procs import Family, child_env


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return child_env(tmp_path)


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    family = Family(tmp_path / "family")
    yield family
    family.end()
