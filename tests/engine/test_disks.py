"""A disk that is full or read-only: clear words, nothing lost, nothing half-made, and the run goes on when there is room again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support import disk, disk_scenarios
from support.repos import Home


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a disk of our own can be mounted, by a child and for it alone."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (reason := disk.unavailable(folder)) is not None:
        pytest.skip(reason)
    return folder


def on_disk(place: Path, home: Home, scenario: str, trouble: str) -> dict[str, Any]:
    said = disk.run_on(place, home.env, Path(disk_scenarios.__file__), scenario, trouble)
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


@pytest.mark.parametrize(("trouble", "words"), [("full", "No space left on device"), ("read-only", "Read-only file system")])
def test_a_run_cannot_begin_and_nothing_is_left_of_it(place: Path, home: Home, trouble: str, words: str) -> None:
    found = on_disk(place, home, "begin", trouble)
    assert words in found["message"] and found["hint"]
    assert found["left"] == []
    assert found["then"] == "done"


@pytest.mark.parametrize(("trouble", "words"), [("full", "full"), ("read-only", "read-only")])
def test_an_issue_cannot_be_written_and_none_is_lost(place: Path, home: Home, trouble: str, words: str) -> None:
    found = on_disk(place, home, "issue", trouble)
    assert words in found["message"].replace("readonly", "read-only") and found["hint"]
    assert found["titles"] == ["before", "after"]


@pytest.mark.parametrize(("trouble", "words"), [("full", "the disk is full"), ("read-only", "Read-only file system")])
def test_a_runner_that_meets_it_changes_nothing_and_the_run_is_resumed(place: Path, home: Home, trouble: str, words: str) -> None:
    found = on_disk(place, home, "runner", trouble)
    assert words in found["message"] and found["hint"]
    assert found["branches"] == [] and found["worktrees"] == []
    assert found["then"] == "done" and found["files"]["a.txt"] == "a"


@pytest.mark.parametrize("mode", ["one", "sprint"])
def test_an_agent_that_fills_the_disk_ends_its_run_and_its_work_is_there_when_it_is_resumed(place: Path, home: Home, mode: str) -> None:
    found = on_disk(place, home, "agent", mode)
    assert found["before"] in ("failed", "lost")
    assert "internal error" not in found["message"], found
    assert found["hint"]
    assert found["work"] == "a\n"
    assert found["then"] == "done" and found["files"]["a.txt"] == "a"
