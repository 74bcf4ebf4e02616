"""A person's repository with Locus in it, and an agent that does what the issue's text says.

The agent is a real one of the kind `shell`: it executes the lines `RUN: <shell command>` of its prompt, one after the other, and ends with
the exit code of the first that fails. So a test writes into the issue what the agent is to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from locus import locks, process
from locus.commands import COMMANDS
from locus.commands.registry import parse
from locus.engine import launch, runner, store
from locus.engine.journal import Journal
from locus.engine.store import RunStore
from locus.model.plan import Wanted
from locus.model.run import RunView
from locus.model.states import RunState
from locus.model.task import Task
from locus.workspace import Workspace
from support.procs import until_async
from support.repos import NewPerson, Person

AGENT = (
    r"""sed -n 's/^RUN: //p' "$LOCUS_PROMPT_FILE" | while IFS= read -r line; do echo "\$ $line"; sh -c "$line" </dev/null || exit 7; done"""
)


class Nobody:
    """A face without a person behind it."""

    interactive = False

    def text(self, uri: str) -> str | None:
        return None

    async def choose(self, message: str, choices: list[str]) -> str | None:
        return None

    def say(self, text: str) -> None:
        """Nobody listens."""


class Somebody(Nobody):
    interactive = True


class House:
    def __init__(self, person: Person, config: Mapping[str, Any] | None = None) -> None:
        self.person = person
        self.configure(**(config or {}))
        self.ws = Workspace(person.path)

    def configure(self, **settings: Any) -> None:
        """Rewrites .locus/config.json: the agent, and these settings by their dotted names with `_` for `.`."""
        values: dict[str, Any] = {"agents": {"tester": {"kind": "shell", "argv": ["sh", "-c", AGENT]}}}
        for name, value in settings.items():
            section, _, key = name.partition("_")
            if key:
                values.setdefault(section, {})[key] = value
            else:
                values[section] = value
        folder = Workspace(self.person.path).repo.locus_dir
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps(values))

    async def call(self, id: str, *, face: Nobody | None = None, **arguments: Any) -> Any:
        command = COMMANDS[id]
        return await command.run(self.ws, parse(command.arguments, arguments), face or Nobody())

    async def trust(self) -> None:
        items = await self.call("locus.trust.show")
        await self.call("locus.trust.allow", hashes=[item.hash for item in items])

    async def issue(self, *commands: str, title: str | None = None, **more: Any) -> int:
        """An issue whose agent executes these shell commands."""
        body = "\n".join(f"RUN: {command}" for command in commands)
        task: Task = await self.call(
            "locus.issue.create", title=title or f"Do {commands[0][:40] if commands else 'nothing'}", body=body, **more
        )
        return task.number

    async def sprint(self, name: str, *numbers: int) -> None:
        await self.call("locus.sprint.create", name=name, tasks=list(numbers))

    # Runs inside this process: fast, and a test may stand in for the journal.

    async def run(
        self, *tasks: int, sprint: str | None = None, base: str | None = None, journal: Callable[[Path], Any] = Journal
    ) -> RunView:
        """Started and carried to its end in this process."""
        run_id = await self.request(*tasks, sprint=sprint, base=base)
        return await self.carry_on(run_id, journal=journal)

    async def request(self, *tasks: int, sprint: str | None = None, base: str | None = None, interactive: bool = False) -> str:
        """Everything of a start but the runner process."""
        await self.trust()
        launched: list[str] = []

        async def nothing(_ws: Workspace, run_id: str, _lock: locks.Lock) -> None:
            launched.append(run_id)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(launch, "_launch", nothing)
            return await launch.start(self.ws, Wanted(tasks=tasks, sprint=sprint, base=base), interactive=interactive)

    async def carry_on(self, run_id: str, *, journal: Callable[[Path], Any] = Journal) -> RunView:
        """The runner's work, in this process; also to resume a run."""
        folder = self.ws.runs / run_id
        with await locks.lock(folder / store.LOCK, timeout=5):
            await runner.conduct(folder, journal(folder / store.JOURNAL))
        return RunStore(self.ws.runs).view(run_id)

    # Runs as people have them.

    async def start(self, *tasks: int, face: Nobody | None = None, **arguments: Any) -> str:
        """Through the launcher: a runner process of its own."""
        await self.trust()
        if tasks:
            arguments["tasks"] = list(tasks)
        run_id: str = (await self.call("locus.run.start", face=face, **arguments)).run_id
        return run_id

    def view(self, run_id: str) -> RunView:
        return RunStore(self.ws.runs).view(run_id)

    async def until(self, run_id: str, wanted: Callable[[RunView], bool], *, within: float = 30.0) -> RunView:
        deadline = time.monotonic() + within
        while True:
            view = self.view(run_id)
            if wanted(view):
                return view
            if time.monotonic() > deadline:
                log = (self.ws.runs / run_id / store.LOG).read_text(errors="replace")
                raise AssertionError(f"waited {within} s in vain; the run is {view!r}\n{log}")
            await asyncio.sleep(0.02)

    async def ended(self, run_id: str, *, within: float = 30.0) -> RunView:
        view = await self.until(run_id, lambda view: view.state.ended, within=within)
        lock = self.ws.runs / run_id / store.LOCK
        await until_async(lambda: not locks.is_held(lock), within, "the last line is written, the process about to go")
        return view

    async def told(self, number: int, status: str, *, within: float = 30.0) -> None:
        """Returns when the issue has this status: runs tell it beside their work."""
        deadline = time.monotonic() + within
        while (found := (await self.ws.tracker.get(number)).status) != status:
            assert time.monotonic() < deadline, f"#{number} is {found} and not {status} after {within} s"
            await asyncio.sleep(0.02)

    def runner_pid(self, run_id: str) -> int:
        """The runner of this run, found by its command line; Linux."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                if b"runner" in words and any(word.endswith(run_id.encode()) for word in words):
                    return int(entry.name)
        raise AssertionError(f"no runner of {run_id}")

    def kill_runner(self, run_id: str) -> None:
        os.kill(self.runner_pid(run_id), signal.SIGKILL)

    def end_runs(self) -> None:
        """What a failed test left running."""
        runs = RunStore(self.ws.runs)
        for view in runs.views():
            if view.alive and locks.is_held(self.ws.runs / view.id / store.LOCK):
                self.kill_runner(view.id)
        for run_id in process.runs_at_work() & set(runs.ids()):
            for pid in process.leftovers(run_id):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    # What is to be seen.

    def branch_files(self, branch: str) -> dict[str, str]:
        names = self.person.look("ls-tree", "-r", "--name-only", branch).splitlines()
        return {name: self.person.look("show", f"{branch}:{name}") for name in names}

    def subjects(self, branch: str, base: str = "main") -> list[str]:
        """Oldest first."""
        return self.person.look("log", "--reverse", "--format=%s", f"{base}..{branch}").splitlines()

    def trailers(self, branch: str, base: str = "main") -> list[str]:
        return self.person.look(
            "log", "--reverse", "--format=%(trailers:key=Locus-Task,valueonly,separator=%x2C)", f"{base}..{branch}"
        ).splitlines()

    def worktrees(self) -> list[str]:
        folder = self.ws.repo.worktrees_dir
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def keeps(self) -> list[str]:
        return self.person.look("for-each-ref", "--format=%(refname)", "refs/locus/keep/").splitlines()

    def run_state(self) -> dict[str, Any] | None:
        path = self.ws.repo.locus_dir / "run-state.json"
        return json.loads(path.read_text()) if path.exists() else None


def states(view: RunView) -> list[str]:
    return [str(task.state) for task in view.tasks]


def done(view: RunView) -> bool:
    return view.state is RunState.DONE


@pytest.fixture
def house(new_house: Callable[..., House]) -> House:
    return new_house()


@pytest.fixture
def new_house(new_person: NewPerson) -> Iterator[Callable[..., House]]:
    made: list[House] = []

    def make(kind: str = "plain", *, remote: bool = True, config: Mapping[str, Any] | None = None) -> House:
        made.append(House(new_person(kind, remote=remote), config))
        return made[-1]

    yield make
    for each in made:
        each.end_runs()


__all__: Sequence[str] = ("House", "Nobody", "Somebody", "done", "house", "new_house", "states")
