"""What a run makes of the requests to stop, and what becomes of its work then."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from locus.engine import inbox
from locus.engine.control import Control
from locus.engine.inbox import Answer, ForceStop, Message, Stop
from locus.engine.journal import Journal
from locus.engine.patience import Patience
from locus.engine.verdicts import TaskEnded
from support.procs import until_async


def forced(control: Control, *tasks: int | None) -> list[bool]:
    return [control.force.of(task).is_set() for task in tasks]


def stopped(control: Control, *tasks: int | None) -> list[bool]:
    return [control.stop.of(task).is_set() for task in tasks]


@pytest.mark.parametrize(
    ("requests", "stops", "forces"),
    [
        ([Stop()], [True, True, True], [False, False, False]),
        ([Stop(), Stop()], [True, True, True], [True, True, True]),
        ([ForceStop()], [True, True, True], [True, True, True]),
        ([Stop(task=1)], [False, True, False], [False, False, False]),
        ([Stop(task=1), Stop(task=1)], [False, True, False], [False, True, False]),
        ([Stop(task=1), Stop(task=2)], [False, True, True], [False, False, False]),
        ([Stop(), Stop(task=2)], [True, True, True], [False, False, True]),
        ([Stop(task=1), Stop()], [True, True, True], [False, False, False]),
        ([ForceStop(task=2), Stop(task=1)], [False, True, True], [False, False, True]),
    ],
)
async def test_the_second_request_within_two_seconds_forces(requests: list[Message], stops: list[bool], forces: list[bool]) -> None:
    control = Control()
    for request in requests:
        control.request(request)
    assert stopped(control, None, 1, 2) == stops
    assert forced(control, None, 1, 2) == forces


async def test_later_than_that_it_begins_anew() -> None:
    control, loop = Control(patience=0.05), asyncio.get_running_loop()
    control.request(Stop())
    first = loop.time()
    await until_async(lambda: loop.time() > first + 0.06)
    control.request(Stop())
    assert forced(control, None) == [False]
    control.request(Stop())
    assert forced(control, None) == [True]


async def test_each_request_counts_and_an_answer_only_once(tmp_path: Path) -> None:
    for message in (Stop(), Stop(), Stop(task=3), ForceStop(), Answer(question_id="q", option="a")):
        assert inbox.put(tmp_path, message)
    assert not inbox.put(tmp_path, ForceStop())
    assert not inbox.put(tmp_path, Answer(question_id="q", option="b"))
    (tmp_path / "garbage.json").write_text("{")
    (tmp_path / "stranger.json").write_text('{"kind": "other"}')
    (tmp_path / "folder.json").mkdir()
    seen: set[str] = set()
    found = inbox.take(tmp_path, seen)
    assert [message.kind for message in found] == ["answer", "force", "stop", "stop", "stop"]
    assert inbox.take(tmp_path, seen) == []
    inbox.clear_spent(tmp_path, {"other"})
    assert [message.kind for message in inbox.take(tmp_path, set())] == ["answer"]
    inbox.clear_spent(tmp_path, {"q"})
    assert inbox.take(tmp_path, set()) == []


class Work:
    """Something that never ends, and notes how it went."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended: list[str] = []

    async def go_on(self, cleaning: float = 0.0) -> str:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(cleaning)
            self.ended.append("cleaned")
        return "never"


async def test_work_that_nobody_stops_gives_its_result_or_its_error() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    control = Control()
    assert await control.unless_stopped(1, asyncio.sleep(0, "result")) == "result"
    with pytest.raises(ZeroDivisionError):
        await control.unless_stopped(1, fail())


async def test_a_stop_lets_work_end_in_its_grace() -> None:
    control = Control()
    control.request(Stop())
    assert await control.unless_stopped(1, asyncio.sleep(0.02, "result")) == "result"


@pytest.mark.parametrize(("requests", "grace"), [([Stop()], 0.0), ([Stop(task=1)], 0.02), ([Stop(), Stop()], 60), ([ForceStop()], 60)])
async def test_work_that_does_not_end_is_cancelled_and_cleaned_up(requests: list[Message], grace: float) -> None:
    control, work = Control(), Work()
    doing = asyncio.create_task(control.unless_stopped(1, work.go_on(0.02), grace=grace))
    await work.begun.wait()
    for request in requests:
        control.request(request)
    async with asyncio.timeout(5):
        with pytest.raises(TaskEnded, match="stopped by a person"):
            await doing
    assert work.ended == ["cleaned"]


async def test_another_tasks_stop_is_none_of_its_business() -> None:
    control = Control()
    control.request(ForceStop(task=2))
    assert await control.unless_stopped(1, asyncio.sleep(0.02, "result"), grace=0) == "result"


async def test_who_cancels_the_caller_cancels_the_work() -> None:
    control, work = Control(), Work()
    doing = asyncio.create_task(control.unless_stopped(1, work.go_on()))
    await work.begun.wait()
    doing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doing
    assert work.ended == ["cleaned"]


async def test_a_stop_ends_the_waiting_for_a_service(tmp_path: Path) -> None:
    control, journal = Control(), Journal(tmp_path / "journal.jsonl")
    patience = Patience(journal, control)
    waiting = asyncio.create_task(patience.until(time.time() + 60, "waiting for the tracker"))
    await until_async(lambda: journal.fold.state == "waiting")
    control.request(Stop())
    for stopped_one in (waiting, patience.until(time.time() + 60, "waiting for the tracker")):
        with pytest.raises(TaskEnded, match="stopped while waiting for the tracker") as ended:
            await stopped_one
        assert ended.value.state == "interrupted"
