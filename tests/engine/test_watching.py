"""Runs seen from outside, also at the very moment that they end."""

from __future__ import annotations

from pathlib import Path

import pytest

from locus import locks
from locus.engine import store
from locus.engine.follow import Follower, RunWatcher
from locus.engine.journal import Journal
from locus.engine.store import RunStore
from locus.engine.stream import Stream
from locus.errors import LocusError
from locus.model.agent import Notice
from locus.model.events import RequestedTask, RunEnded, RunRequested, RunStarted
from locus.model.states import RunState


@pytest.mark.parametrize("how", ["store", "follower"])
def test_a_run_that_ends_between_the_reading_and_the_look_at_its_lock_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    folder = tmp_path / "run-1"
    journal = Journal(folder / store.JOURNAL)
    task = RequestedTask(number=1, title="T")
    journal.append(RunRequested(run_id="run-1", folder="file:///", mode="standalone", base="main", tasks=(task,)))
    journal.append(RunStarted())

    def ends_just_now(_path: Path) -> bool:
        journal.append(RunEnded(state=RunState.DONE))
        return False

    monkeypatch.setattr(locks, "is_held", ends_just_now)
    if how == "store":
        assert RunStore(tmp_path).view("run-1").state is RunState.DONE
    else:
        follower = Follower(tmp_path, "run-1")
        assert follower.poll() and follower.view is not None and follower.view.state is RunState.DONE


def test_a_run_that_nobody_carries_on_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "run-1"
    journal = Journal(folder / store.JOURNAL)
    task = RequestedTask(number=1, title="T")
    journal.append(RunRequested(run_id="run-1", folder="file:///", mode="standalone", base="main", tasks=(task,)))
    journal.append(RunStarted())
    with locks.try_lock(folder / store.LOCK) or pytest.fail("the lock is taken"):
        assert RunStore(tmp_path).view("run-1").state is RunState.RUNNING
    assert RunStore(tmp_path).view("run-1").state is RunState.LOST


def test_no_line_is_missed_when_a_stream_begins_a_new_file(tmp_path: Path) -> None:
    """The first time, when its head is kept, and afterwards."""
    journal = Journal(tmp_path / "run-1" / store.JOURNAL)
    task = RequestedTask(number=1, title="T")
    journal.append(RunRequested(run_id="run-1", folder="file:///", mode="standalone", base="main", tasks=(task,)))
    written = Stream(tmp_path / "run-1/tasks/1", cap=2000)
    follower = Follower(tmp_path, "run-1")
    heard: list[str] = []
    for number in range(100):
        written.write(Notice(text=f"line {number}"), 1)
        if number % 3 == 0:
            follower.poll()
            heard += [line.text for line in follower.new_lines()]
    follower.poll()
    heard += [line.text for line in follower.new_lines()]
    written.close()
    assert heard == [f"line {number}" for number in range(100)]


def test_runs_that_could_not_be_listed_are_found_later(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.touch()
    watcher = RunWatcher(runs)
    with pytest.raises(LocusError, match="cannot be listed"):
        watcher.poll()
    with pytest.raises(LocusError, match="cannot be listed"):
        watcher.poll()
