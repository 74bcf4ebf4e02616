"""A hundred runs in the store: which of them are not done is found at their journals' ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from locus import locks
from locus.engine import journal, store
from locus.engine.journal import Journal
from locus.engine.store import RunStore
from locus.model.events import RequestedTask, RunEnded, RunRequested, RunStarted, Warned
from locus.model.record import Record
from locus.model.states import RunState
from support.house import House, done


def run(runs: RunStore, *, ended: RunState | None, reason: str | None = None, warnings: int = 0) -> str:
    folder = runs.make()
    writer = Journal(folder / store.JOURNAL)
    writer.append(
        RunRequested(run_id=folder.name, folder="file:///", mode="standalone", base="main", tasks=(RequestedTask(number=1, title="T"),))
    )
    writer.append(RunStarted())
    for number in range(warnings):
        writer.append(Warned(message=f"warning {number}"))
    if ended is not None:
        writer.append(RunEnded(state=ended, reason=reason))
    writer.close()
    return folder.name


def test_the_unfinished_are_found_whatever_stands_at_the_end(tmp_path: Path) -> None:
    runs = RunStore(tmp_path)
    finished = [run(runs, ended=state, warnings=5) for state in (RunState.DONE, RunState.REFUSED)]
    open_ones = [run(runs, ended=state) for state in (RunState.FAILED, RunState.STOPPED, None)]
    open_ones.append(run(runs, ended=RunState.DONE))
    with (tmp_path / open_ones[-1] / store.JOURNAL).open("ab") as file:
        file.write(b'{"v":1,"seq":4,"at":"2026-')  # torn: somebody began to write on
    running = run(runs, ended=None)
    long = run(runs, ended=RunState.FAILED, reason="x" * 10_000)
    (tmp_path / "run-by-hand").mkdir()
    with locks.try_lock(tmp_path / running / store.LOCK) or pytest.fail():
        assert list(runs.unfinished()) == ["run-by-hand", long, running, *reversed(open_ones)]
    assert {view.id for view in runs.views()} == {*finished, *open_ones, running, long}


async def test_the_end_of_a_run_does_not_read_all_that_were_done_before(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run looks for another to show in run-state.json when it ends."""
    for _ in range(100):
        run(RunStore(house.ws.runs), ended=RunState.DONE)
    number = await house.issue("echo a > a.txt")
    run_id = await house.request(number)
    whole: list[str] = []
    read = journal.read

    def noted(path: Path) -> list[Record]:
        whole.append(path.parent.name)
        return read(path)

    monkeypatch.setattr(journal, "read", noted)
    assert done(await house.carry_on(run_id))
    assert set(whole) == {run_id}
    assert house.run_state() is None
    assert len(RunStore(house.ws.runs).views(limit=10)) == 10
