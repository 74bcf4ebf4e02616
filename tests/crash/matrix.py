"""What all kill points have in common: the world is run undisturbed once, and after each death it must end up the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from crash.seeing import Sight, different, seen
from crash.worlds import Wanted, World, times_run
from locus.engine import store
from locus.engine.journal import read
from locus.model.events import EffectDone
from locus.model.run import RunView
from support.fused_runner import plain
from support.github.github import GitHub
from support.house import House, states

IN_PROCESS, PHOTOGRAPHED, SIGKILLS = "points killed in process", "points photographed as of a dead machine", "runners killed by SIGKILL"
GITHUB_PHOTOGRAPHED, GITHUB_SIGKILLS, GITHUB_LOST = (
    f"with GitHub: {what}" for what in (PHOTOGRAPHED, SIGKILLS, "requests and answers lost")
)
COUNTED = (IN_PROCESS, PHOTOGRAPHED, SIGKILLS, GITHUB_PHOTOGRAPHED, GITHUB_SIGKILLS, GITHUB_LOST)


@dataclass(frozen=True)
class Setting:
    """A world, freshly made; `outside` is a folder that no run knows. With `github` its tasks live there."""

    world: World
    house: House
    wanted: Wanted
    outside: Path
    github: GitHub | None = None

    async def requested(self) -> str:
        """A run of what is wanted, all but its runner."""
        return await self.house.request(*self.wanted.tasks, sprint=self.wanted.sprint)

    async def started(self) -> str:
        """As people do it: through the launcher."""
        return await (self.house.start(sprint=self.wanted.sprint) if self.wanted.sprint else self.house.start(*self.wanted.tasks))

    async def seen(self) -> Sight:
        return await seen(self.house, self.github)


Settle = Callable[[World], Awaitable[Setting]]


@dataclass(frozen=True)
class Undisturbed:
    view: RunView
    sight: Sight
    keeps: int
    effects: tuple[str, ...]
    """Their keys, without commits, in the order they were done."""


async def undisturbed(setting: Setting) -> Undisturbed:
    run_id = await setting.requested()
    return await told(setting, run_id, await setting.house.carry_on(run_id))


async def told(setting: Setting, run_id: str, view: RunView) -> Undisturbed:
    """What there is to tell of a run that has ended as it should."""
    house = setting.house
    assert tuple(states(view)) == setting.world.ends, view
    records = read(house.ws.runs / run_id / store.JOURNAL)
    effects = [plain(record.event.key) for record in records if isinstance(record.event, EffectDone)]
    return Undisturbed(view, await setting.seen(), len(house.keeps()), tuple(effects))


async def ends_alike(setting: Setting, run_id: str, expected: Undisturbed, resume: Callable[[str], Awaitable[RunView]]) -> list[str]:
    """Takes the dead run up again, if it had not come to its end, and tells in what the world is another one then.

    Fails where a task that was done ran again, or the person's own repository was touched.
    """
    house = setting.house
    view = house.view(run_id)
    finished = {task.number: times_run(setting.outside, task.number) for task in view.tasks if task.state.succeeded}
    if view.ended_at is None:
        view = await resume(run_id)
    assert view.ended_at is not None
    for number, times in finished.items():
        assert times_run(setting.outside, number) == times, f"#{number} was done and ran again"
    differences = different(expected.sight, await setting.seen())
    if len(house.keeps()) > expected.keeps + 2 * len(view.tasks):
        differences.append(f"{len(house.keeps())} snapshots instead of {expected.keeps}: {house.keeps()}")
    _untouched(setting)
    return differences


def _untouched(setting: Setting) -> None:
    """The person's checkout, index, HEAD, stash and refs; a colleague's pushes in the remote are part of the world."""
    person = setting.house.person
    if setting.world.colleague:
        person.taken |= {key: value for key, value in person.fingerprint().items() if key.startswith("remote ")}
    person.check()
