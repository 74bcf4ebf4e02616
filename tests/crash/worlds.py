"""Reference worlds: what a person set up, and what the agents do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.house import House


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
    ends: tuple[str, ...]
    """The tasks' states when nothing disturbs the run."""
    config: dict[str, Any] = field(default_factory=dict)
    colleague: bool = False
    """Somebody else pushes to the remote's base meanwhile."""
    success: bool = False
    """Every task succeeds at once: what runs do day by day."""

    def __str__(self) -> str:
        return self.name


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
    """A command, carried out once however often it runs: somebody else changes `file` on the remote's base."""
    clone = f'rm -rf "{folder}/colleague" && git clone -q "{house.person.remote}" "{folder}/colleague" && cd "{folder}/colleague"'
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
    """As soon as the first task is committed, and not before: begun anew on what the colleague pushed it would not conflict."""
    push = _colleague_pushes(house, folder, "README.md")
    house.person.hook("post-commit", f"unset $(git rev-parse --local-env-vars)\n{push} >&2")
    numbers = [
        await house.issue(*counted(folder, "echo ours > README.md"), title="Ours"),
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
    World("standalone", _standalone, ("done", "done"), success=True),
    World("sprint", _sprint, ("done", "done"), success=True),
    World("failing-stops", _failing, ("done", "failed", "pending")),
    World("failing-goes-on", _failing, ("done", "failed", "done"), {"sprint_stopOnFailure": False}),
    World("retry", _retry, ("done",), {"verify": VERIFY}),
    World("advancing", _advancing, ("done", "done"), colleague=True),
    World("conflict", _conflict, ("done", "blocked"), colleague=True),
    World("own-commits", _own_commits, ("done",)),
    World("again", _again, ("done",)),
)
