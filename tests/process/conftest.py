from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path
from typing import Any

import pytest

from locus.process import Supervised, forking, supervise
from support.procs import FAMILY, Family, Start, child_env


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return child_env(tmp_path, FAMILY=FAMILY)


@pytest.fixture(params=["started", "forked"])
def supervisors(request: pytest.FixtureRequest, env: dict[str, str]) -> Iterator[None]:
    """Both ways in which a supervisor comes about; `SUPERVISORS` tells a test's own processes which it is."""
    env["SUPERVISORS"] = request.param
    with forking() if request.param == "forked" else nullcontext():
        yield


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
