"""A git that was cut off in the middle (the power went, somebody killed it) leaves a worktree half made or half removed: resumed, the run
ends as if undisturbed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from crash.killing import Killed
from crash.matrix import Settle, ends_alike, undisturbed
from crash.worlds import WORLDS
from support.fused_runner import Boundary, fused

SPRINT = next(world for world in WORLDS if world.name == "sprint")
Half = Callable[[Path, Path], None]
"""Of the worktree's folder and git's record of it, both whole."""


def _only_the_branch(worktree: Path, record: Path) -> None:
    shutil.rmtree(worktree)
    shutil.rmtree(record)


def _record_begun(worktree: Path, record: Path) -> None:
    for path in (*worktree.iterdir(), *(entry for entry in record.iterdir() if entry.name != "commondir")):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (record / "locked").write_text("initializing")
    os.utime(record / "locked", (0, 0))  # what is a moment old may be another git's


def _locked(worktree: Path, record: Path) -> None:
    _not_filled(worktree, record)
    (record / "locked").write_text("initializing")


def _head_not_set(worktree: Path, record: Path) -> None:
    """For the longest time: another git sets it."""
    _locked(worktree, record)
    (record / "HEAD").write_text("0" * 40 + "\n")


def _setting_the_head(worktree: Path, record: Path) -> None:
    _head_not_set(worktree, record)
    (record / "HEAD.lock").write_text("ref: refs/heads/locus/sprint-sprint-1\n")


def _common_folder_not_named(worktree: Path, record: Path) -> None:
    _head_not_set(worktree, record)
    (record / "commondir").write_text("")


def _no_common_folder(worktree: Path, record: Path) -> None:
    _head_not_set(worktree, record)
    (record / "commondir").unlink()


def _empty_head(worktree: Path, record: Path) -> None:
    _no_common_folder(worktree, record)
    (record / "HEAD").write_text("")


def _no_head(worktree: Path, record: Path) -> None:
    _no_common_folder(worktree, record)
    (record / "HEAD").unlink()


def _empty_file(worktree: Path, record: Path) -> None:
    _no_head(worktree, record)
    (worktree / ".git").write_text("")


def _record_leads_nowhere(worktree: Path, record: Path) -> None:
    _no_head(worktree, record)
    (worktree / ".git").unlink()
    (record / "gitdir").write_text("")
    os.utime(record / "locked", (0, 0))


def _locked_without_file(worktree: Path, record: Path) -> None:
    _locked(worktree, record)
    (worktree / ".git").unlink()


def _locked_without_folder(worktree: Path, record: Path) -> None:
    _locked(worktree, record)
    shutil.rmtree(worktree)


def _not_filled(worktree: Path, record: Path) -> None:
    for path in worktree.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (record / "index").unlink()


def _half_filled(worktree: Path, record: Path) -> None:
    shutil.rmtree(worktree / "src")
    (record / "index").rename(record / "index.lock")


def _folder_gone(worktree: Path, record: Path) -> None:
    shutil.rmtree(worktree)


def _record_half_gone(worktree: Path, record: Path) -> None:
    shutil.rmtree(worktree)
    (record / "gitdir").unlink()
    (record / "HEAD").unlink()


def _folder_half_gone(worktree: Path, record: Path) -> None:
    (worktree / ".git").unlink()
    (worktree / "README.md").unlink()


@pytest.mark.parametrize(
    "half",
    [
        *(_only_the_branch, _record_begun, _record_leads_nowhere, _empty_file, _no_head, _empty_head, _no_common_folder),
        *(_common_folder_not_named, _head_not_set, _setting_the_head, _locked_without_folder, _locked_without_file, _locked),
        *(_not_filled, _half_filled),
    ],
)
async def test_a_worktree_that_was_half_made_is_made_anew(settle: Settle, half: Half) -> None:
    assert await _differences(settle, Boundary("worktree:sprint", "acted"), half) == []


@pytest.mark.parametrize("half", [_folder_gone, _record_half_gone, _folder_half_gone])
async def test_a_removal_that_was_cut_off_is_ended(settle: Settle, half: Half) -> None:
    assert await _differences(settle, Boundary("remove:sprint", "intended"), half) == []


async def _differences(settle: Settle, boundary: Boundary, half: Half) -> list[str]:
    expected = await undisturbed(await settle(SPRINT))
    setting = await settle(SPRINT)
    house = setting.house
    run_id = await setting.requested()
    with fused(boundary, _die), pytest.raises((Killed, BaseExceptionGroup)):
        await house.carry_on(run_id)
    half(house.ws.repo.worktrees_dir / "sprint-sprint-1", house.ws.repo.common_dir / "worktrees" / "sprint-sprint-1")
    return await ends_alike(setting, run_id, expected, house.carry_on)


def _die() -> NoReturn:
    raise Killed
