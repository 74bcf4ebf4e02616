"""Carries a history out on a real repository, and takes down what happens."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crash import history_agent
from crash.histories import RUNS, Cut, History, Step
from crash.history_memory import Memory, Sighting
from crash.history_people import People
from crash.killing import Fuse, Killed
from locus import locks, process
from locus.engine import launch, store
from locus.engine.journal import Journal, read
from locus.engine.store import RunStore
from locus.errors import LocusError
from locus.model.events import RunEvent, TaskStateChanged
from locus.model.fold import Fold
from locus.model.record import Record
from locus.model.run import RunView
from locus.model.states import RunState, TaskState
from locus.workspace import Workspace
from support.house import House, states
from support.procs import until_async

SPRINT = "Sprint 1"
HOOK = "! git diff --cached --name-only | grep -q refused-by-hook"


class Watched:
    """A journal beside which somebody looks at the worktree whenever a task ends."""

    def __init__(self, inner: Journal | Fuse, ended: Callable[[Path, int, TaskState], None]) -> None:
        self._inner, self._ended = inner, ended

    @property
    def fold(self) -> Fold:
        return self._inner.fold

    def append(self, event: RunEvent, task: int | None = None) -> Record:
        record = self._inner.append(event, task)
        if isinstance(event, TaskStateChanged) and event.state.ended and task is not None:
            worktree = self.fold.tasks[task].worktree
            if worktree is not None:
                self._ended(Path(worktree), task, event.state)
        return record

    async def sync(self) -> None:
        await self._inner.sync()


@dataclass
class Play:
    house: House
    history: History
    outside: Path
    """For what must not be in the repository."""
    memory: Memory
    people: People
    issues: list[int] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """The story so far, a line a step."""

    def __str__(self) -> str:
        return "\n".join([str(self.history), *self.told])

    async def prepare(self) -> None:
        (self.outside / "seed").write_text(str(self.history.seed))
        agent = f'exec "{sys.executable}" -I -S "{history_agent.__file__}" "{self.outside}"'
        for number in range(self.history.issues):
            self.issues.append(await self.house.issue(agent, title=f"Issue {number}"))
        await self.house.sprint(SPRINT, *[await self.house.issue(agent, title=f"Part {number}") for number in range(self.history.sprint)])
        if self.history.hooks:
            self.house.person.hook("pre-commit", HOOK)

    async def step(self, number: int, step: Step) -> None:
        before = self._said()
        moves: dict[str, Callable[[Step], Awaitable[str]]] = {
            "run an issue": lambda step: self._start(step, self.issues[step.pick % len(self.issues)]),
            "run both issues": lambda step: self._start(step, *self.issues),
            "run the sprint": self._start,
            "resume": self._resume,
            "edit a kept worktree": lambda step: self.people.by_hand(step, commit=False),
            "commit in a kept worktree": lambda step: self.people.by_hand(step, commit=True),
            "colleague pushes": lambda step: self.people.push("theirs.txt", step),
            "colleague pushes a conflict": lambda step: self.people.push("README.md", step),
            "colleague forces the base back": self.people.force_back,
            "colleague pushes to our branch": self.people.push_to_ours,
            "merge the pull request": self.people.merge,
            "close the pull request": self.people.close,
            "remote away or back": self.people.remote,
            "remote refuses pushes or takes them again": self.people.refuse,
            "locus worktree clean": self.people.clean_worktrees,
            "locus worktree restore": self.people.restore,
            "git clean": self.people.clean,
            "git clean, worktrees too": self.people.clean_all,
            "delete a kept worktree": self.people.delete,
            "git stash": self.people.stash,
            "git gc": lambda step: self.people.git("gc", "--quiet", "--prune=now"),
            "git worktree prune": lambda step: self.people.git("worktree", "prune"),
            "git repack": lambda step: self.people.git("repack", "-adq"),
            "person works": self.people.work,
            "person looks at a branch of ours": self.people.switch,
        }
        try:
            outcome = await moves[step.what](step)
        except LocusError as error:
            outcome = f"refused: {error.message}"
        self.told.append(f"{number}. {step}: {outcome}")
        self.told += [f"     {line}" for line in self._said()[len(before) :]]

    async def through(self) -> None:
        """The whole history. Raises AssertionError at the first thing that is wrong."""
        missing: list[Sighting] = []
        for number, step in enumerate(self.history.steps, 1):
            stood = self.people.stands_on_ours()
            await self.step(number, step)
            self.memory.see_all(f"after step {number}")
            self.house.person.check()
            if step.what in RUNS and self.history.remote:
                assert self.people.stands_on_ours() == stood, f"step {number} has moved the branch that the person stands on"
            missing = self.memory.missing()
            if missing:
                break  # told in detail below
            self.memory.forget_merged()
        lost = await self.memory.lost(self.outside / "restored")
        assert not lost, "\n".join(lost)
        assert not missing, f"restored, but not from a commit with that tree: {missing[0].where}, seen {missing[0].when}"
        ruins = self._ruins()
        assert not ruins, "\n".join(ruins)

    def _ruins(self) -> list[str]:
        """What nobody should find afterwards."""
        common = self.house.ws.repo.common_dir
        dead = any(view.state is RunState.LOST for view in RunStore(self.house.ws.runs).views())
        places = ("worktrees/", "refs/heads/locus/") if dead else ()  # theirs to clear who take that run up again
        locks = [
            str(path.relative_to(common)) for path in common.rglob("*.lock") if path.name != "maintenance.lock"
        ]  # a person's git tidies up
        found = [f"a git lock file: {name}" for name in locks if not name.startswith(places)]
        found += [f"a rebase that never ended: {path.relative_to(common)}" for path in common.glob("worktrees/*/rebase-*")]
        broken = self.house.person.look("fsck", "--connectivity-only", "--no-dangling", "--no-progress", check=False)
        return found + ([f"git fsck: {broken}"] if broken else [])

    # Runs.

    async def _start(self, step: Step, *tasks: int) -> str:
        sprint = None if tasks else SPRINT
        if step.cut is not None and step.cut.how == "kill":
            with self._hanging():
                return await self._kill(await self.house.start(*tasks, base=step.base, sprint=sprint))
        return await self._carry(await self.house.request(*tasks, sprint=sprint, base=step.base), step.cut)

    async def _resume(self, step: Step) -> str:
        open_runs = [view for view in RunStore(self.house.ws.runs).views() if view.state.unfinished and not view.alive]
        if not open_runs:
            return await self._start(step, self.issues[step.pick % len(self.issues)])
        run_id = open_runs[step.pick % len(open_runs)].id
        if step.cut is not None and step.cut.how == "kill":
            with self._hanging():
                return await self._kill((await self.house.call("locus.run.resume", run_id=run_id)).run_id)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(launch, "_launch", _nothing)
            await self.house.call("locus.run.resume", run_id=run_id)
        return await self._carry(run_id, step.cut)

    async def _carry(self, run_id: str, cut: Cut | None) -> str:
        moved: list[int] = []

        def ended(worktree: Path, task: int, state: TaskState) -> None:
            self.memory.see(worktree, f"when #{task} was {state} in {run_id}", kept=not state.succeeded)
            if cut is not None and cut.how == "base" and not moved:
                moved.append(task)
                self.people.commit_on_base("README.md" if task % 2 else "between.txt", task)

        def journal(path: Path) -> Watched:
            dies = cut is not None and cut.how == "line"
            return Watched(Fuse(path, len(read(path)) + cut.line, cut.when) if cut and dies else Journal(path), ended)

        try:
            if cut is not None and cut.how == "stop":
                with self._hanging():
                    await self._stop(run_id, asyncio.create_task(self.house.carry_on(run_id, journal=journal)))
            else:
                await self.house.carry_on(run_id, journal=journal)
        except (Killed, BaseExceptionGroup) as error:
            if not _only_killed(error):
                raise
        return await self._over(run_id)

    async def _stop(self, run_id: str, running: asyncio.Task[RunView]) -> None:
        await until_async(lambda: running.done() or self._is_hanging(), 60.0, "an agent hangs, or the run ends before")
        if not running.done():
            await self.house.call("locus.run.stop", run_id=run_id)
        await running

    async def _kill(self, run_id: str) -> str:
        lock = self.house.ws.runs / run_id / store.LOCK
        await until_async(lambda: self._is_hanging() or not locks.is_held(lock), 60.0, "an agent hangs, or the run ends before")
        if self._is_hanging():
            self.house.kill_runner(run_id)
        await until_async(lambda: not locks.is_held(lock), 20.0, "the runner is gone")
        return await self._over(run_id)

    async def _over(self, run_id: str) -> str:
        await until_async(lambda: not process.leftovers(run_id), 20.0, "the run's agents are gone")
        view = self.house.view(run_id)
        return f"{view.state} {states(view)}" + (f": {view.reason}" if view.reason else "")

    @contextlib.contextmanager
    def _hanging(self) -> Iterator[None]:
        """Agents do not end by themselves."""
        (self.outside / "hang").touch()
        try:
            yield
        finally:
            for file in self.outside.glob("hang*"):
                file.unlink()

    def _is_hanging(self) -> bool:
        return any(self.outside.glob("hanging-*"))

    def _said(self) -> list[str]:
        said = self.outside / "said"
        return said.read_text().splitlines() if said.exists() else []


async def _nothing(_ws: Workspace, _run_id: str, _lock: locks.Lock) -> None:
    """Instead of a runner process: the run is carried on in this one."""


def _only_killed(error: BaseException) -> bool:
    """The death that was meant, alone or in a group of tasks that died of it."""
    return isinstance(error, Killed) or (isinstance(error, BaseExceptionGroup) and all(map(_only_killed, error.exceptions)))
