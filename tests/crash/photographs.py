"""A run that nobody disturbs is photographed at the boundaries of its effects: all that is on disk and on GitHub at that instant, while
every process that is at work is held still. A photograph is what a machine that dies there leaves; taken up again it costs only the rest
of the run.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from crash.matrix import Setting, Undisturbed, told
from crash.settling import Settling
from crash.worlds import World
from locus.engine.journal import Journal
from locus.model.events import EffectDone, EffectIntended, RunEvent
from locus.model.record import Record
from support.fused_runner import Boundary, plain
from support.github import world as hosted
from support.repos import Fingerprint


@dataclass(frozen=True)
class Photograph:
    boundary: Boundary
    copy: Path
    there: hosted.World
    run_id: str
    taken: Fingerprint
    """The person's own, before the run."""


async def photographed(settle: Settling, world: World, wanted: Callable[[Boundary], bool]) -> tuple[Undisturbed, list[Photograph]]:
    """How the run ends, and the photographs of the boundaries that are wanted."""
    setting = await settle(world)
    run_id = await setting.requested()
    taken: list[Photograph] = []

    def take(boundary: Boundary) -> None:
        if wanted(boundary) and settle.github is not None:
            copy = settle.folder / "photographs" / f"{world.name}-{len(taken)}"
            with settle.github.lock, _still():  # it starts git itself, and answers no more once that is held
                shutil.copytree(settle.place, copy, symlinks=True)
                taken.append(Photograph(boundary, copy, settle.github.copy(), run_id, setting.house.person.taken))

    view = await setting.house.carry_on(run_id, journal=lambda path: _Watched(path, take))
    return await told(setting, run_id, view), taken


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
def _still() -> Iterator[None]:
    """What this process has started does not move meanwhile."""
    held: set[int] = set()
    while new := set(_descendants(os.getpid())) - held:  # a process may be started while others are being held
        for pid in new:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        held |= new
    try:
        yield
    finally:
        for pid in held:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _descendants(pid: int) -> Iterator[int]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, children.read_text().split()):
                yield child
                yield from _descendants(child)
