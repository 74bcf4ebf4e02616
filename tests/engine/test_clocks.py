"""Clocks that are set back or forward, by a year, while runs go on: nothing is decided by them but what people are shown."""

from __future__ import annotations

import asyncio
import os
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import locus
from locus.engine import clock, journal, store
from locus.engine.follow import RunWatcher
from locus.engine.store import RunStore
from locus.lsp.presenters.words import duration
from locus.repo import facts, keep, kept
from support.gates import came, waits
from support.house import House, done, states
from support.procs import until_async
from support.repos import Person, put

SetClock = Callable[[timedelta], None]
YEAR = timedelta(days=365)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Sets this process' wall clock to so much after the true time."""
    wrong = timedelta()
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + wrong.total_seconds())
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + wrong)

    def set_clock(by: timedelta) -> None:
        nonlocal wrong
        wrong = by

    return set_clock


@pytest.mark.parametrize("jump", [-YEAR, YEAR], ids=["back", "forward"])
async def test_a_clock_that_jumps_during_a_run_changes_nothing(house: House, tmp_path: Path, set_clock: SetClock, jump: timedelta) -> None:
    house.configure(agent_timeout=60, agent_idleTimeout=30, verify=[{"name": "test", "run": "true", "timeout": 30}])
    first, second = [await house.issue(*waits(tmp_path), "echo a > $LOCUS_TASK.txt") for _ in range(2)]
    await house.sprint("S", first, second)
    running = asyncio.create_task(house.run(sprint="S"))
    await until_async(lambda: came(tmp_path) == {first}, 30)
    set_clock(jump)
    (tmp_path / "go").touch()
    view = await running
    assert done(view) and states(view) == ["done", "done"]
    records = journal.read(house.ws.runs / view.id / store.JOURNAL)
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    assert (records[-1].at > records[0].at) is (jump > timedelta()), "they tell what the clock said"

    failing = await house.issue("exit 3")
    later = await house.run(failing)
    assert later.id > view.id
    set_clock(timedelta())
    latest = await house.run(failing)
    watcher = RunWatcher(house.ws.runs)
    watcher.poll()
    newest_first = [latest.id, later.id, view.id]
    assert [each.id for each in RunStore(house.ws.runs).views()] == newest_first == [each.id for each in watcher.views()]
    state = house.run_state()
    assert state is not None and state["runId"] == latest.id


async def test_a_question_is_open_for_as_long_as_it_was_said(house: House, set_clock: SetClock) -> None:
    number = await house.issue("echo a > a.txt")
    run_id = await house.request(number, interactive=True)
    for file in (house.ws.state / "trust").iterdir():
        file.unlink()
    running = asyncio.create_task(house.carry_on(run_id))
    await until_async(lambda: house.view(run_id).questions)
    set_clock(YEAR)
    await house.call("locus.run.answer", runId=run_id, questionId="trust", option="allow")
    assert done(await running)


def test_ids_are_unique_and_sort_as_runs_were_started(tmp_path: Path, set_clock: SetClock) -> None:
    runs = RunStore(tmp_path / "runs")
    (tmp_path / "runs" / "somebody's notes").mkdir(parents=True)
    made = []
    for jump in (timedelta(), timedelta(), YEAR, -YEAR, timedelta(), timedelta(microseconds=1)):
        set_clock(jump)
        made.append(runs.make().name)
    assert made == sorted(set(made))
    assert runs.ids()[0] == "somebody's notes"


def test_starts_at_the_same_instant_never_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if chance does not tell them apart."""
    monkeypatch.setattr(os, "urandom", lambda size: bytes(size))
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 1, 1, tzinfo=UTC))
    runs, ready = RunStore(tmp_path / "runs"), threading.Barrier(4)
    made: list[list[Path]] = [[], [], [], []]

    def make(mine: list[Path]) -> None:
        ready.wait()
        mine += [runs.make() for _ in range(10)]

    threads = [threading.Thread(target=make, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({folder for mine in made for folder in mine}) == 40 == len(runs.ids())


def test_a_time_that_has_not_come_yet_is_now() -> None:
    assert duration(-YEAR.total_seconds()) == "0 s"


WALL_CLOCK = {
    "engine/clock.py": "stamps for people",
    "engine/cleaning.py": "days since somebody was in a worktree",
    "engine/patience.py": "moments that a service names",
    "engine/limits.py": "moments that a model's provider names",
    "engine/moving/push.py": "moments that GitHub names",
    "agents/codex/conversation.py": "moments that Codex names",
}


def test_nothing_else_is_timed_by_a_clock_that_people_set() -> None:
    """Where agents, processes and locks are waited for only the monotonic clocks are read."""
    top = Path(locus.__file__).parent
    files = [file for room in ("engine", "process", "agents") for file in (top / room).rglob("*.py")]
    files += [top / name for name in ("locks.py", "supervisor.py", "launcher.py")]
    wall = re.compile(r"\btime\.time\(|\bdatetime\.(now|utcnow|today)\(")
    assert {str(file.relative_to(top)) for file in files if wall.search(file.read_text("utf-8"))} == WALL_CLOCK.keys()


async def test_a_clock_that_is_wrong_for_a_while_lets_no_snapshot_go(house: House, set_clock: SetClock) -> None:
    """A year ahead while runs end, or a year behind when the snapshot is made."""

    async def fails() -> str:
        number = await house.issue("echo half > half.txt; exit 3")
        run_id = (await house.run(number)).id
        await house.carry_on(run_id)  # what stood there is kept before it is tried again
        return run_id

    kept_by = [await fails()]
    set_clock(-YEAR)
    kept_by.append(await fails())
    for jump in (timedelta(), YEAR, YEAR, timedelta()):
        set_clock(jump)
        kept_by.append(await fails())
    for run_id in kept_by:
        assert any(f"/{run_id}/" in ref for ref in house.keeps()), house.keeps()


async def test_old_snapshots_go_even_if_nobody_was_here_for_months(person: Person, set_clock: SetClock) -> None:
    """Not when one comes back, but some days later."""
    repo = facts.discover(person.path)
    with person.changing():
        put(person.path, "new.txt", "new")
        await keep.keep(person.path, "refs/locus/keep/run-1/1/1", reason="test")
        (person.path / "new.txt").unlink()
    assert await kept.expire(repo, 30) == []
    gone = []
    for days in (5, 200, 201, 202, 203, 204):
        set_clock(timedelta(days=days))
        gone.append(len(await kept.expire(repo, 30)))
    assert gone == [0, 0, 0, 0, 1, 0]
