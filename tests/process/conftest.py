from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from locus.process import Supervised, supervise
from support.procs import FAMILY, Family, Start, child_env


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return child_env(tmp_path, FAMILY=FAMILY)


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    family = Family(tmp_path / "family")
    yield family
    family.end()


@pytest.fixture
async def start(tmp_path: Path, env: dict[str, str]) -> AsyncIterator[Start]:
    """`supervise` in the test's folder and environment, ended with the test."""
    async with AsyncExitStack() as stack:

        async def go(argv: list[Any], **options: Any) -> Supervised:
            return await stack.enter_async_context(await supervise(argv, **{"cwd": tmp_path, "env": env, **options}))

        yield go
