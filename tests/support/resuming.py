"""Runs that did not end well, and taking them up again as a person does: through the command, carried on in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from locus import locks
from locus.engine import launch
from locus.model.run import RunView
from locus.workspace import Workspace
from support.house import House


async def resume(house: House, **arguments: Any) -> RunView:
    """`locus.run.resume`, and the run carried to its end in this process."""

    async def nothing(_ws: Workspace, _run_id: str, _lock: locks.Lock) -> None:
        return

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "_launch", nothing)
        started = await house.call("locus.run.resume", **arguments)
    return await house.carry_on(started.run_id)


def mended(house: House) -> Path:
    """Agents of `hard` fail until this file is there."""
    return house.person.path.parent / "mended"


def starts(house: House, number: int) -> int:
    """How often the agent of a `hard` issue was started."""
    path = house.person.path.parent / f"started-{number}"
    return len(path.read_text().splitlines()) if path.exists() else 0


async def hard(house: House, *commands: str, title: str = "Hard") -> int:
    """An issue whose agent leaves half.txt and fails until the cause is mended; then it carries out the commands as well."""
    beside = house.person.path.parent
    counted = f'echo x >> "{beside}/started-$LOCUS_TASK"'
    return await house.issue(counted, "echo half > half.txt", f'test -e "{mended(house)}"', *commands, title=title)


async def failed(house: House, *commands: str) -> RunView:
    """A run of one such issue, failed."""
    view = await house.run(await hard(house, *(commands or ("echo whole > whole.txt",))))
    assert view.state == "failed"
    return view


def tree(house: House, name: str) -> Path:
    return house.ws.repo.worktrees_dir / name


def kept(house: House) -> list[dict[str, str]]:
    """What each keep ref holds, by path."""
    return [house.branch_files(ref) for ref in house.keeps()]
