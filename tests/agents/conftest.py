from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.claude import Claude, claude_in
from support.codex import Codex, codex_in
from support.gemini import Gemini, gemini_in
from support.procs import child_env


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has no more in its environment than its children in other tests."""
    for variable in set(os.environ) - {"PYTEST_CURRENT_TEST"}:
        monkeypatch.delenv(variable)
    for variable, value in child_env(tmp_path).items():
        monkeypatch.setenv(variable, value)


@pytest.fixture
async def claude(tmp_path: Path, bare: None) -> AsyncIterator[Claude]:
    async with claude_in(tmp_path / "person") as claude:
        yield claude


@pytest.fixture
async def codex(tmp_path: Path, bare: None) -> AsyncIterator[Codex]:
    async with codex_in(tmp_path / "person") as codex:
        yield codex


@pytest.fixture
async def gemini(tmp_path: Path) -> AsyncIterator[Gemini]:
    async with gemini_in(tmp_path / "person") as gemini:
        yield gemini
