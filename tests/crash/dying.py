"""Runners that die by SIGKILL at a boundary, and what takes their runs up again."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from locus import locks, process
from locus.engine import launch, store
from locus.engine.journal import read
from locus.locks import Lock
from locus.model.events import EffectDone, EffectIntended
from locus.model.run import RunView
from locus.model.states import RunState
from locus.workspace import Workspace
from support.forks import Errand, Forks
from support.fused_runner import Boundary, plain
from support.house import House
from support.procs import until_async


async def dies(house: House, boundary: Boundary, begin: Awaitable[str]) -> str:
    """Returns the run's id when its runner has died there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "_launch", _launching(boundary))
        run_id = await begin
    folder = house.ws.runs / run_id
    await until_async(lambda: not locks.is_held(folder / store.LOCK), 60, "the runner is dead, and its lock free")
    view = house.view(run_id)
    assert view.state is RunState.LOST, (boundary, view, (folder / store.LOG).read_text())
    _died_there(folder, boundary)
    return run_id


async def gone(run_id: str) -> None:
    await until_async(lambda: not process.leftovers(run_id), 30, "nothing of the run is left")


def _launching(boundary: Boundary) -> Callable[[Workspace, str, Lock], Awaitable[None]]:
    """The launcher's place taken by a fork that leads to a runner with a fuse."""

    async def start(ws: Workspace, run_id: str, lock: Lock) -> None:
        folder = ws.runs / run_id
        errand = Errand(str(folder), str(ws.repo.main), process.scrubbed_env(), lock.fd, boundary.key, boundary.phase)
        await asyncio.to_thread(_forks().run, errand, folder / store.LOG)

    return start


@functools.cache
def _forks() -> Forks:
    """One for all tests of this process; it goes with it."""
    return Forks()


def _died_there(folder: Path, boundary: Boundary) -> None:
    """The journal says how far the effect came."""
    if boundary.key.startswith("turn:"):
        return
    events = [record.event for record in read(folder / store.JOURNAL)]
    intended = any(isinstance(event, EffectIntended) and plain(event.key) == boundary.key for event in events)
    done = any(isinstance(event, EffectDone) and plain(event.key) == boundary.key for event in events)
    assert (intended, done) == (True, boundary.phase == "recorded"), (boundary, events)


def by_a_runner(house: House) -> Callable[[str], Awaitable[RunView]]:
    async def resume(run_id: str) -> RunView:
        return await house.ended(await resumed(house, run_id), within=60)

    return resume


async def resumed(house: House, run_id: str) -> str:
    await house.call("locus.run.resume", runId=run_id)
    return run_id
