"""A run that nobody disturbs is photographed: all that is on disk and on GitHub at one instant, while every process that is at work is held
still. A photograph is what a machine that dies there leaves; taken up again it costs only the rest of the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crash.matrix import Setting, Undisturbed, told
from crash.settling import Settling
from crash.worlds import World
from locus.engine.journal import Journal
from locus.model.events import EffectDone, EffectIntended, RunEvent
from locus.model.record import Record
from support.fused_runner import Boundary, plain
from support.github import world as hosted
from support.repos import Fingerprint

_MOMENT = 0.5
"""Seconds within which a push that goes on is over."""
_PATIENCE = 30.0


@dataclass(frozen=True)
class Photograph:
    at: str
    copy: Path
    there: hosted.World | None
    run_id: str
    taken: Fingerprint
    """The person's own, before the run."""


class Camera:
    """For one run, in this process."""

    def __init__(self, settle: Settling, setting: Setting, run_id: str) -> None:
        self._settle, self._setting, self.run_id = settle, setting, run_id
        self.photographs: list[Photograph] = []
        self._threads = _Threads()
        asyncio.get_running_loop().set_default_executor(self._threads)

    def take(self, at: str) -> None:
        github, folder = self._settle.github, self._settle.folder / "photographs"
        copy = folder / f"{self._setting.world.name}-{len(self.photographs)}"
        self._threads.rest()
        with (
            github.lock if github is not None else contextlib.nullcontext(),  # it starts git itself, and answers no more once that is held
            _still(self._settle.place / "project-origin.git"),
        ):
            shutil.copytree(self._settle.place, copy, symlinks=True)
            there = github.copy() if github is not None else None
        self.photographs.append(Photograph(at, copy, there, self.run_id, self._setting.house.person.taken))


class _Threads(ThreadPoolExecutor):
    """In which the run does what would hold up its event loop."""

    def __init__(self) -> None:
        super().__init__()
        self._at_work: set[Future[Any]] = set()

    def submit(self, work: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
        future = super().submit(work, *args, **more)
        self._at_work.add(future)
        future.add_done_callback(self._at_work.discard)
        return future

    def rest(self) -> None:
        """Nothing new begins while the event loop waits here."""
        assert not wait(set(self._at_work), _PATIENCE).not_done


async def photographed(settle: Settling, world: World, wanted: Callable[[Boundary], bool]) -> tuple[Undisturbed, list[Photograph]]:
    """How the run ends, and the photographs of the boundaries that are wanted."""
    setting = await settle(world)
    camera = Camera(settle, setting, await setting.requested())

    def take(boundary: Boundary) -> None:
        if wanted(boundary):
            camera.take(str(boundary))

    view = await setting.house.carry_on(camera.run_id, journal=lambda path: _Watched(path, take))
    return await told(setting, camera.run_id, view), camera.photographs


def developed(settle: Settling, setting: Setting, photograph: Photograph) -> Setting:
    """What it shows is what there is."""
    house = settle.put_back(setting.world, photograph.copy, photograph.there)
    house.person.taken = photograph.taken
    return Setting(setting.world, house, setting.wanted, setting.outside, setting.github)


class _Watched(Journal):
    def __init__(self, path: Path, take: Callable[[Boundary], None]) -> None:
        super().__init__(path)
        self._take = take

    def append(self, event: RunEvent, task: int | None = None) -> Record:
        if isinstance(event, EffectDone):
            self._take(Boundary(plain(event.key), "acted"))
        record = super().append(event, task)
        if isinstance(event, EffectDone | EffectIntended):
            self._take(Boundary(plain(event.key), "recorded" if isinstance(event, EffectDone) else "intended"))
        return record


@contextlib.contextmanager
def _still(remote: Path) -> Iterator[None]:
    """What this process has started does not move meanwhile. Nobody is just pushing: the remote is another machine, which does not die."""
    held = _hold()
    deadline = time.monotonic() + _MOMENT
    while any(remote.rglob("*.lock")) and time.monotonic() < deadline:
        _signal(held, signal.SIGCONT)
        held = _hold()
    try:
        yield
    finally:
        _signal(held, signal.SIGCONT)


def _hold() -> set[int]:
    held: set[int] = set()
    while new := set(_descendants(os.getpid())) - held:  # a process may be started while others are being held
        _signal(new, signal.SIGSTOP)
        held |= new
    return held


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _descendants(pid: int) -> Iterator[int]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, children.read_text().split()):
                yield child
                yield from _descendants(child)
