"""Reference worlds: what a person set up, what the agents do, and what can be seen at the end."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from locus.model.task import TaskFilter
from support.house import House
from support.repos import all_refs


@dataclass(frozen=True)
class Wanted:
    """What is run: issues side by side, or a sprint."""

    tasks: tuple[int, ...] = ()
    sprint: str | None = None


@dataclass(frozen=True)
class World:
    name: str
    build: Callable[[House, Path], Awaitable[Wanted]]
    """Makes issues in a fresh house; the folder is for markers and counts, outside the repository."""
    config: dict[str, Any] = field(default_factory=dict)
    colleague: bool = False
    """Somebody else pushes to the remote's base meanwhile."""


def counted(folder: Path, *commands: str) -> tuple[str, ...]:
    """The commands of an agent that leaves a line for each time it is started."""
    return (f'echo x >> "{folder}/ran-$LOCUS_TASK"', *commands)


def times_run(folder: Path, number: int) -> int:
    path = folder / f"ran-{number}"
    return len(path.read_text().splitlines()) if path.exists() else 0


async def _standalone(house: House, folder: Path) -> Wanted:
    one = await house.issue(*counted(folder, "echo one > one.txt"), title="First")
    two = await house.issue(*counted(folder, "echo two > two.txt"), title="Second")
    return Wanted(tasks=(one, two))


async def _sprint(house: House, folder: Path) -> Wanted:
    numbers = [
        await house.issue(*counted(folder, "echo base > built.txt"), title="Lay"),
        await house.issue(*counted(folder, "test -f built.txt", "echo more >> built.txt"), title="Build"),
    ]
    await house.sprint("Sprint 1", *numbers)
    return Wanted(sprint="Sprint 1")


async def _failing(house: House, folder: Path) -> Wanted:
    numbers = [
        await house.issue(*counted(folder, "echo a > a.txt"), title="Good"),
        await house.issue(*counted(folder, "echo rubbish > rubbish.txt", "exit 3"), title="Bad"),
        await house.issue(*counted(folder, "test ! -e rubbish.txt", "echo c > c.txt"), title="Last"),
    ]
    await house.sprint("Sprint 1", *numbers)
    return Wanted(sprint="Sprint 1")


async def _retry(house: House, folder: Path) -> Wanted:
    mend = 'if grep -q "^## What failed" "$LOCUS_PROMPT_FILE"; then echo good > answer.txt; else echo bad > answer.txt; fi'
    return Wanted(tasks=(await house.issue(*counted(folder, mend), title="Twice"),))


def _colleague_pushes(house: House, folder: Path, file: str) -> str:
    """An agent's command, carried out once however often it runs: somebody else changes `file` on the remote's base."""
    clone = f'git clone -q "{house.person.remote}" "{folder}/colleague" && cd "{folder}/colleague"'
    push = f'echo theirs > {file} && git add . && git commit -qm Theirs && git push -q origin HEAD:main && touch "{folder}/advanced"'
    return f'test -e "{folder}/advanced" || {{ {clone} && {push}; }}'


async def _advancing(house: House, folder: Path) -> Wanted:
    """While the first task is worked on, a colleague pushes to the base; the second goes on from there."""
    push = _colleague_pushes(house, folder, "theirs.txt")
    numbers = [
        await house.issue(*counted(folder, "echo ours > ours.txt", push), title="Ours"),
        await house.issue(*counted(folder, "cat theirs.txt ours.txt > both.txt"), title="Both"),
    ]
    await house.sprint("Sprint 1", *numbers)
    return Wanted(sprint="Sprint 1")


async def _conflict(house: House, folder: Path) -> Wanted:
    push = _colleague_pushes(house, folder, "README.md")
    numbers = [
        await house.issue(*counted(folder, "echo ours > README.md", push), title="Ours"),
        await house.issue(*counted(folder, "echo never > never.txt"), title="Never"),
    ]
    await house.sprint("Sprint 1", *numbers)
    return Wanted(sprint="Sprint 1")


async def _own_commits(house: House, folder: Path) -> Wanted:
    number = await house.issue(*counted(folder, "echo a > a.txt", "git add a.txt", "git commit -qm mine", "echo b > b.txt"), title="Mine")
    return Wanted(tasks=(number,))


async def _again(house: House, folder: Path) -> Wanted:
    """Run once before, its pull request is open: the second run goes on on that branch."""
    number = await house.issue('echo again > "again-$(ls again-* 2>/dev/null | wc -l).txt"', *counted(folder), title="Again")
    await house.run(number)
    return Wanted(tasks=(number,))


VERIFY = [{"name": "good", "run": "grep -q good answer.txt"}]

WORLDS = (
    World("standalone", _standalone),
    World("sprint", _sprint),
    World("failing-stops", _failing),
    World("failing-goes-on", _failing, {"sprint_stopOnFailure": False}),
    World("retry", _retry, {"verify": VERIFY}),
    World("advancing", _advancing, colleague=True),
    World("conflict", _conflict, colleague=True),
    World("own-commits", _own_commits),
    World("again", _again),
)


async def seen(house: House) -> dict[str, Any]:
    """Everything that can be told apart at the end, without what must differ: shas, dates, run ids, attempt numbers."""
    tracker = house.ws.tracker
    tasks = sorted(await tracker.tasks(TaskFilter(state="all")), key=lambda task: task.number)
    ours = sorted(name.removeprefix("refs/heads/") for name in all_refs(house.ws.repo.common_dir) if name.startswith("refs/heads/locus/"))
    pulls = [pull for branch in ours for pull in await tracker.pulls(branch)]
    return {
        "branches": {branch: _history(house, branch) for branch in ours},
        "remote": sorted((name, _tree(house, sha)) for name, sha in _remote(house).items()),
        "pulls": sorted((pull.branch, pull.base, pull.state, pull.title, _plain(pull.body)) for pull in pulls),
        "tasks": [(task.number, task.status, task.state, task.labels) for task in tasks],
        "comments": {task.number: sorted({_plain(comment.body) for comment in await tracker.comments(task.number)}) for task in tasks},
        "worktrees": house.worktrees(),
        "run-state": _plain(str(house.run_state())),
    }


def _remote(house: House) -> dict[str, str]:
    assert house.person.remote is not None
    return {name: sha for name, sha in all_refs(house.person.remote).items() if name.startswith("refs/heads/locus/")}


def _tree(house: House, sha: str) -> str:
    return house.person.look("rev-parse", f"{sha}^{{tree}}")


def _history(house: House, branch: str) -> list[str]:
    """Subject, tree and task of each commit."""
    form = "%s %T %(trailers:key=Locus-Task,valueonly,separator=%x2C)"
    return house.person.look("log", "--reverse", f"--format={form}", branch).splitlines()


def _plain(text: str) -> str:
    text = re.sub(r"run-\d{4}-\d\d-\d\dT[\w-]+", "RUN", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"(RUN \d+) \d+ -->", r"\1 N -->", text)
    text = re.sub(r"/[^\s\"]*/w[0-9ab]{4}/", "/PLACE/", text)
    text = re.sub(r"Pull request: #\d+|'pr': \d+", "PULL", text)  # tasks side by side get theirs in any order
    return re.sub(r"\b[0-9a-f]{10,40}\b", "SHA", text)
