"""What happens on a disk of our own; a program, run by `disk.run_on`. Prints what came of it as JSON."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from locus.errors import LocusError
from locus.model.task import TaskFilter
from support.house import House
from support.repos import KINDS, Home, Person


@contextlib.contextmanager
def trouble(disk: Path, kind: str) -> Iterator[None]:
    if kind == "read-only":
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        yield
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        return
    with (disk / "fill").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 4096):
            pass
    yield
    (disk / "fill").unlink()


def there(house: House) -> set[str]:
    return {str(path) for path in house.person.path.rglob("*")}


async def begin(house: House, disk: Path, kind: str) -> dict[str, Any]:
    number = await house.issue("echo a > a.txt")
    await house.trust()
    before = there(house)
    with trouble(disk, kind):
        try:
            await house.call("locus.run.start", tasks=[number])
            raise AssertionError("it began")
        except LocusError as error:
            found = {"message": error.message, "hint": error.hint}
    left = there(house) - before
    return found | {"left": sorted(left), "then": (await house.run(number)).state}


async def issue(house: House, disk: Path, kind: str) -> dict[str, Any]:
    await house.issue("true", title="before")
    with trouble(disk, kind):
        try:
            await house.issue("true", title="meanwhile")
            raise AssertionError("it was written")
        except LocusError as error:
            found: dict[str, Any] = {"message": error.message, "hint": error.hint}
    await house.issue("true", title="after")
    return found | {"titles": [task.title for task in sorted(await house.ws.tracker.tasks(TaskFilter()), key=lambda task: task.number)]}


async def runner(house: House, disk: Path, kind: str) -> dict[str, Any]:
    number = await house.issue("echo a > a.txt")
    run_id = await house.request(number)
    with trouble(disk, kind):
        try:
            view = await house.carry_on(run_id)
            found: dict[str, Any] = {"message": view.reason, "hint": view.hint}
        except LocusError as error:
            found = {"message": error.message, "hint": error.hint}
    found |= {"branches": house.person.look("branch", "--list", "locus/*").splitlines(), "worktrees": house.worktrees()}
    view = await house.carry_on(run_id)
    return found | {"then": view.state, "files": house.branch_files(f"locus/issue-{number}")}


async def agent(house: House, disk: Path, mode: str) -> dict[str, Any]:
    fill = f"test -e {disk}/once || {{ touch {disk}/once; cat /dev/zero > {disk}/fill 2>/dev/null || true; }}"
    number = await house.issue("echo a > a.txt", fill)
    if mode == "sprint":
        await house.sprint("s", number)
    run_id = await house.request(*(() if mode == "sprint" else (number,)), sprint="s" if mode == "sprint" else None)
    try:
        view = await house.carry_on(run_id)
        found: dict[str, Any] = {"message": f"{view.reason} {view.tasks[0].error}", "hint": view.hint}
    except LocusError as error:
        found = {"message": error.message, "hint": error.hint}
    (disk / "fill").unlink()
    before = house.view(run_id)
    (worktree,) = house.worktrees()
    found |= {"before": before.state, "work": (house.ws.repo.worktrees_dir / worktree / "a.txt").read_text()}
    view = await house.carry_on(run_id)
    return found | {"then": view.state, "files": house.branch_files("locus/sprint-s" if mode == "sprint" else f"locus/issue-{number}")}


def main() -> None:
    disk = Path(sys.argv[1])
    home = Home(disk / "home")
    KINDS["plain"](home, disk / "project")
    house = House(Person(disk / "project", home))
    scenario = {"begin": begin, "issue": issue, "runner": runner, "agent": agent}[sys.argv[2]]
    print(json.dumps(asyncio.run(scenario(house, disk, sys.argv[3]))))


if __name__ == "__main__":
    main()
