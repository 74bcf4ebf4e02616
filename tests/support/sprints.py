"""A sprint, its worktree, and what a person does in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from locus.repo.drift import in_progress
from support.house import House

BRANCH = "locus/sprint-s"


async def sprint(house: House, *tasks: Sequence[str]) -> list[int]:
    """The sprint S of tasks with these commands."""
    numbers = [await house.issue(*commands) for commands in tasks]
    await house.sprint("S", *numbers)
    return numbers


def worktree(house: House) -> Path:
    return house.ws.repo.worktrees_dir / "sprint-s"


def in_worktree(house: House, *commands: str) -> None:
    """What the person does in the sprint's worktree."""
    for command in commands:
        house.person.home.git("-c", f"alias.do=!{command}", "do", cwd=worktree(house))


def settled(house: House) -> None:
    """Nothing is left half-done in the worktree: it stands on its branch, and no file differs."""
    assert in_progress(worktree(house)) is None
    assert house.person.look("symbolic-ref", "--short", "HEAD", cwd=worktree(house)) == BRANCH
    assert house.person.look("status", "--porcelain", cwd=worktree(house)) == ""


def counts(tmp_path: Path) -> list[int]:
    """The tasks whose agents left a line in the file `count`, as often as they were started."""
    return [int(line) for line in (tmp_path / "count").read_text().splitlines()]
