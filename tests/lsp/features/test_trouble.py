"""What the server looks at again and again: that it could not once is said, and it looks again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from locus.engine import store
from locus.engine.journal import Journal
from locus.lsp.features import tracker_refresh
from locus.lsp.features.following import Following
from locus.lsp.features.tracker_refresh import TrackerRefresh
from locus.lsp.tasks import Tasks
from locus.model.events import Accepted, RequestedTask, RunRequested
from locus.workspace import Workspace
from support.procs import until_async


@dataclass(eq=False)
class Place:
    """As much of a workspace as is looked at."""

    runs: Path
    keeper: str = "local"

    @property
    def root(self) -> Path:
        return self.runs

    @property
    def tasks_file(self) -> Path:
        return self.runs

    async def settle(self) -> None:
        return


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    found = Tasks()
    yield found
    assert await found.end(5)


def begun(runs: Path, run_id: str, keeper: str) -> None:
    journal = Journal(runs / run_id / store.JOURNAL)
    task = RequestedTask(number=1, title=keeper)
    journal.append(RunRequested(run_id=run_id, folder="file:///", mode="standalone", base="main", keeper=keeper, tasks=(task,)))
    journal.append(Accepted(attempt=1, tree="t"), 1)
    journal.close()


async def test_runs_that_cannot_be_listed_keep_nobody_waiting_and_are_seen_later(tmp_path: Path, tasks: Tasks) -> None:
    place = Place(tmp_path / "runs")
    place.runs.touch()
    following = Following(tasks)
    following.follow([cast(Workspace, place)])
    async with asyncio.timeout(5):
        await following.looked()
    assert following.views() == []
    place.runs.unlink()
    begun(place.runs, "run-1", "local")
    await until_async(lambda: [view.id for view in following.views()] == ["run-1"], 5)


async def test_a_task_is_not_taken_for_one_that_had_its_number_with_another_keeper(tmp_path: Path, tasks: Tasks) -> None:
    place = Place(tmp_path / "runs", keeper="o/r")
    begun(place.runs, "run-1", "o/r")
    begun(place.runs, "run-2", "local")
    following = Following(tasks)
    following.follow([cast(Workspace, place)])
    await following.looked()
    assert [task.title for _, task in following.latest_tasks()] == ["o/r"]


async def test_a_look_at_the_tracker_that_went_wrong_is_not_the_last(tmp_path: Path, tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Any] = []

    async def refreshed(workspace: Workspace) -> None:
        looks.append(workspace)
        if len(looks) == 1:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(tracker_refresh, "refreshed", refreshed)
    monkeypatch.setattr(tracker_refresh, "EVERY", 0.05)
    place = Place(tmp_path / "runs")
    refresh = TrackerRefresh(tasks, lambda: None)
    refresh.keep([cast(Workspace, place)])
    await until_async(lambda: len(looks) == 1 and refresh.offline is not None, 5)
    await until_async(lambda: len(looks) > 1 and refresh.offline is None, 5)
