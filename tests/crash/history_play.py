"""Carries a history out on a real repository, and takes down what happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crash import history_agent
from crash.histories import Cut, History, Step
from crash.history_memory import Memory, Sighting
from crash.killing import Fuse, Killed
from locus import locks, process
from locus.engine import launch, store
from locus.engine.journal import Journal, read
from locus.engine.store import RunStore
from locus.errors import LocusError
from locus.model.events import Record, RunEvent, TaskStateChanged
from locus.model.run import Fold, RunView
from locus.model.states import RunState, TaskState
from locus.model.task import PullRequest
from locus.model.worktree import Cleaned, Restored
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
            "edit a kept worktree": lambda step: self._by_hand(step, commit=False),
            "commit in a kept worktree": lambda step: self._by_hand(step, commit=True),
            "colleague pushes": lambda step: self._push("theirs.txt", step),
            "colleague pushes a conflict": lambda step: self._push("README.md", step),
            "colleague forces the base back": self._force_back,
            "colleague pushes to our branch": self._push_to_ours,
            "merge the pull request": self._merge,
            "close the pull request": self._close,
            "remote away or back": self._remote,
            "locus worktree clean": self._clean_worktrees,
            "locus worktree restore": self._restore,
            "git clean": self._clean,
            "git clean, worktrees too": self._clean_all,
            "delete a kept worktree": self._delete,
            "git stash": self._stash,
            "git gc": lambda step: self._git("gc", "--quiet", "--prune=now"),
            "git worktree prune": lambda step: self._git("worktree", "prune"),
            "git repack": lambda step: self._git("repack", "-adq"),
            "person works": self._work,
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
            await self.step(number, step)
            self.memory.see_all(f"after step {number}")
            self.house.person.check()
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
        locks = [str(path.relative_to(common)) for path in common.rglob("*.lock")]
        found = [f"a git lock file: {name}" for name in locks if not name.startswith(places)]
        found += [f"a rebase that never ended: {path.relative_to(common)}" for path in common.glob("worktrees/*/rebase-*")]
        broken = self.house.person.look("fsck", "--connectivity-only", "--no-dangling", "--no-progress", check=False)
        return found + ([f"git fsck: {broken}"] if broken else [])

    # Runs.

    async def _start(self, step: Step, *tasks: int) -> str:
        sprint = None if tasks else SPRINT
        if step.cut is not None and step.cut.how == "kill":
            with self._hanging():
                return await self._kill(await (self.house.start(*tasks) if tasks else self.house.start(sprint=sprint)))
        return await self._carry(await self.house.request(*tasks, sprint=sprint), step.cut)

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
                self._commit_on_base("README.md" if task % 2 else "between.txt", task)

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

    # People.

    async def _by_hand(self, step: Step, *, commit: bool) -> str:
        worktrees = self.memory.worktrees()
        if not worktrees:
            return "no worktree is kept"
        worktree, rng = worktrees[step.pick % len(worktrees)], random.Random(step.pick)
        top = os.fsencode(worktree)
        self.memory.work_by_hand(worktree)
        said = history_agent.edit(top, rng, rng.randint(1, 3))
        if commit:
            said.append(history_agent.commit(top, rng))
        return f"{worktree.name}: {'; '.join(said)}"

    async def _work(self, step: Step) -> str:
        name = ("README.md", "notes.txt", "src/new.py", "build/cache")[step.pick % 4]
        if step.pick % 3 == 0:
            self.house.person.commit({name: f"{step.pick}\n"})
            return f"commit {name}"
        self.house.person.write(name, f"{step.pick}\n")
        return f"write {name}"

    async def _git(self, *args: str) -> str:
        self.house.person.git(*args)
        return "done"

    async def _clean(self, step: Step) -> str:
        self.house.person.git("clean", "--quiet", "-fdx")
        self.house.configure(**self.history.config)  # it was neither committed nor put aside
        return "done"

    async def _clean_all(self, step: Step) -> str:
        """`-f` twice takes nested repositories too, so our worktrees as well."""
        for worktree in self.memory.worktrees():
            self.memory.work_by_hand(worktree)
        self.house.person.git("clean", "--quiet", "-ffdx")
        self.house.configure(**self.history.config)
        return "done"

    async def _delete(self, step: Step) -> str:
        worktrees = self.memory.worktrees()
        if not worktrees:
            return "no worktree is kept"
        worktree = worktrees[step.pick % len(worktrees)]
        self.memory.work_by_hand(worktree)
        shutil.rmtree(worktree)
        return worktree.name

    async def _stash(self, step: Step) -> str:
        self.house.person.git("stash", "--quiet", "--all")
        if step.pick % 2:
            self.house.person.git("gc", "--quiet", "--prune=now")
        self.house.person.git("stash", "pop", "--quiet", "--index")
        return "done, and taken back" + (" after a gc" if step.pick % 2 else "")

    async def _clean_worktrees(self, step: Step) -> str:
        cleaned: Cleaned = await self.house.call("locus.worktree.clean")
        return f"{[Path(path).name for path in cleaned.removed]} removed, {len(cleaned.kept)} kept"

    async def _restore(self, step: Step) -> str:
        """Into a worktree of its own."""
        refs = await self.memory.listed()
        if not refs:
            return "nothing is kept"
        restored: Restored = await self.house.call("locus.worktree.restore", ref=refs[step.pick % len(refs)])
        return Path(restored.path).name

    # The remote, and whoever else works there.

    async def _push(self, name: str, step: Step) -> str:
        return self._commit_on_base(name, step.pick)

    def _commit_on_base(self, name: str, number: int) -> str:
        """By a colleague; by the person, where there is no remote."""
        person = self.house.person
        if person.remote is None:
            person.commit({name: f"theirs {number}\n"})
        elif not person.remote.exists():
            return "the remote is away"
        else:
            person.commit_on_remote({name: f"theirs {number}\n"})
        return f"{name} changed on the base"

    async def _force_back(self, step: Step) -> str:
        remote = self._there()
        if remote is None or not self.house.person.look("rev-parse", "--verify", "--quiet", "main~1", cwd=remote, check=False):
            return "there is nothing before it"
        self.house.person.on_remote("update-ref", "refs/heads/main", "main~1")
        return "done"

    async def _push_to_ours(self, step: Step) -> str:
        ours = self._remote_branches()
        if not ours:
            return "there is none"
        branch = ours[step.pick % len(ours)]
        with self.house.person.changing():
            self.house.person.commit_on_remote({"theirs.txt": f"{step.pick}\n"}, branch=branch)
        return branch

    async def _merge(self, step: Step) -> str:
        """Merged or squashed, the branch deleted or not, as the remote's keepers do it."""
        pull, person = await self._open_pull(step), self.house.person
        if pull is None or self._there() is None or pull.branch not in self._remote_branches():
            return "there is none"
        merged = person.look("merge-tree", "--write-tree", "main", pull.branch, cwd=person.remote, check=False).splitlines()
        if len(merged) != 1:
            return "it conflicts"
        squashed, deleted = step.pick % 2, step.pick % 3
        parents = ("-p", "main") if squashed else ("-p", "main", "-p", pull.branch)
        commit = person.on_remote("commit-tree", merged[0], *parents, "-m", f"Merge #{pull.number}")
        person.on_remote("update-ref", "refs/heads/main", commit)
        if deleted:
            person.on_remote("update-ref", "-d", f"refs/heads/{pull.branch}")
        await self.house.ws.tracker.update_pull(pull.number, state="merged")
        return f"{pull.branch}{', squashed' if squashed else ''}{', branch deleted' if deleted else ''}"

    async def _close(self, step: Step) -> str:
        pull = await self._open_pull(step)
        if pull is None:
            return "there is none"
        await self.house.ws.tracker.update_pull(pull.number, state="closed")
        return pull.branch

    async def _remote(self, step: Step) -> str:
        remote = self.house.person.remote
        if remote is None:
            return "there is none"
        aside = remote.with_name("away.git")
        with self.house.person.changing():
            return f"{remote.rename(aside).name}" if remote.exists() else f"back: {aside.rename(remote).name}"

    async def _open_pull(self, step: Step) -> PullRequest | None:
        branches = self.house.person.look("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/locus/").splitlines()
        pulls = [pull for branch in branches for pull in await self.house.ws.tracker.pulls(branch) if pull.state == "open"]
        return pulls[step.pick % len(pulls)] if pulls else None

    def _there(self) -> Path | None:
        remote = self.house.person.remote
        return remote if remote is not None and remote.exists() else None

    def _remote_branches(self) -> list[str]:
        remote = self._there()
        if remote is None:
            return []
        return self.house.person.look("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/locus/", cwd=remote).splitlines()


async def _nothing(_ws: Workspace, _run_id: str, _lock: locks.Lock) -> None:
    """Instead of a runner process: the run is carried on in this one."""


def _only_killed(error: BaseException) -> bool:
    """The death that was meant, alone or in a group of tasks that died of it."""
    return isinstance(error, Killed) or (isinstance(error, BaseExceptionGroup) and all(map(_only_killed, error.exceptions)))
