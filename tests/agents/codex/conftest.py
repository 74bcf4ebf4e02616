from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.codex import Codex
from support.models.responses import responses_server
from support.procs import child_env


@pytest.fixture
async def codex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Codex]:
    for variable in set(os.environ) - {"PYTEST_CURRENT_TEST"}:
        monkeypatch.delenv(variable)
    for variable, value in child_env(tmp_path).items():
        monkeypatch.setenv(variable, value)
    with responses_server() as model:
        codex = Codex(tmp_path / "person", model)
        yield codex
        await codex.turns.close()
