from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.claude import Claude
from support.models.anthropic import messages_server
from support.procs import child_env


@pytest.fixture
async def claude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Claude]:
    for variable in set(os.environ) - {"PYTEST_CURRENT_TEST"}:
        monkeypatch.delenv(variable)
    for variable, value in child_env(tmp_path).items():
        monkeypatch.setenv(variable, value)
    with messages_server() as model:
        claude = Claude(tmp_path / "person", model)
        yield claude
        await claude.turns.close()
