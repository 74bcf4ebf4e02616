"""What a run tells the tracker: written down when it is given, sent beside the work, each once; the last status of a task wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from locus.engine.control import Control
from locus.engine.effects import Effects
from locus.engine.inbox import Stop
from locus.engine.journal import Journal, read
from locus.engine.notices import Notices
from locus.engine.patience import Patience
from locus.engine.remaining import resumable
from locus.errors import LocusError, NotSetUp, OutOfReach, Refused
from locus.model.events import EffectDone, EffectIntended
from locus.model.run import RunView, TaskRun
from locus.model.states import RunState, TaskState
from locus.model.task import TaskDraft, TaskStatus
from locus.tracker.local import LocalTracker
from support.procs import until_async


class Recording(LocalTracker):
    """Takes down what it is told; `trouble` is what it raises instead."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.heard: list[str] = []
        self.trouble: LocusError | None = None

    async def set_status(self, number: int, status: TaskStatus) -> None:
        self._tell(f"{number} {status}")
        await super().set_status(number, status)

    async def comment(self, number: int, body: str, *, marker: str | None = None) -> None:
        self._tell(f"{number}: {body}")
        await super().comment(number, body, marker=marker)

    def _tell(self, what: str) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.heard.append(what)


class Run:
    """As much of a run as notices have to do with; made again it is the resumed one."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder / "journal.jsonl")
        self.control = Control()
        self.tracker = Recording(folder / "locus.db")
        effects = Effects(self.journal, Patience(self.journal, self.control))
        self.notices = Notices("run-1", self.journal, effects, self.tracker, labels=True)

    def keys(self, kind: type[EffectDone | EffectIntended]) -> list[str]:
        return [record.event.key for record in read(self.journal.path) if isinstance(record.event, kind)]

    async def ends(self) -> None:
        async with self.notices.sent_beside(self.control):
            pass


@pytest.fixture
async def run(tmp_path: Path) -> Run:
    made = Run(tmp_path)
    await made.tracker.create(TaskDraft(title="One"))
    return made


async def test_everything_is_sent_before_the_run_ends(run: Run) -> None:
    async with run.notices.sent_beside(run.control):
        run.notices.status(1, TaskState.PREPARING)
        await until_async(lambda: run.tracker.heard == ["1 in-progress"], 10, "it is sent while the work goes on")
        run.notices.comment(1, 1, "done", "Well done")
        run.notices.status(1, TaskState.DONE)
    assert sorted(run.tracker.heard[1:]) == ["1 done", "1: Well done"]
    assert run.journal.fold.notices == {}


async def test_of_statuses_that_wait_only_the_last_is_sent(run: Run) -> None:
    for state in (TaskState.PREPARING, TaskState.INTERRUPTED, TaskState.PREPARING, TaskState.DONE):
        run.notices.status(1, state)
    await run.ends()
    assert run.tracker.heard == ["1 done"]
    assert len(set(run.keys(EffectIntended))) == 4, "each change has a key of its own"


async def test_nothing_is_given_twice_by_a_resumed_run(run: Run, tmp_path: Path) -> None:
    run.notices.comment(1, 1, "done", "Well done")
    run.notices.status(1, TaskState.DONE)
    resumed = Run(tmp_path)
    resumed.notices.comment(1, 1, "done", "Well done")
    resumed.notices.status(1, TaskState.DONE)
    await resumed.ends()
    assert sorted(resumed.tracker.heard) == ["1 done", "1: Well done"]
    again = Run(tmp_path)
    again.notices.comment(1, 1, "done", "Well done")
    await again.ends()
    assert again.tracker.heard == []


async def test_what_had_arrived_before_a_crash_is_found_and_not_sent_again(run: Run, tmp_path: Path) -> None:
    run.notices.comment(1, 1, "done", "Well done")
    (notice,) = run.journal.fold.notices.values()
    await run.tracker.comment(1, "Well done", marker=notice.marker)
    resumed = Run(tmp_path)
    await resumed.ends()
    assert resumed.tracker.heard == [] and resumed.journal.fold.notices == {}


async def test_what_a_later_run_has_taken_up_keeps_its_status(run: Run, tmp_path: Path) -> None:
    run.notices.comment(1, 1, "done", "Well done")
    run.notices.status(1, TaskState.DONE)
    resumed = Run(tmp_path)
    resumed.notices.outdated({1})
    await resumed.ends()
    assert resumed.tracker.heard == ["1: Well done"] and resumed.journal.fold.notices == {}


async def test_what_is_declined_is_a_warning(run: Run) -> None:
    run.tracker.trouble = Refused("it is archived", "bring it back")
    run.notices.status(1, TaskState.DONE)
    await run.ends()
    (warning,) = run.journal.fold.warnings
    assert "#1" in warning and "it is archived" in warning and "bring it back" in warning
    assert run.journal.fold.notices == {}


async def test_an_obstacle_is_said_once_and_tried_again_until_the_end(run: Run) -> None:
    run.tracker.trouble = NotSetUp("the login has expired", "log in")
    async with run.notices.sent_beside(run.control):
        run.notices.status(1, TaskState.PREPARING)
        await until_async(lambda: bool(run.journal.fold.warnings), 10, "it is said")
        run.notices.comment(1, 1, "done", "Well done")
    assert len(run.journal.fold.warnings) == 1 and len(run.journal.fold.notices) == 2
    assert run.notices.obstacle is not None and run.notices.obstacle.hint == "log in"
    run.tracker.trouble = None
    await Run(run.journal.path.parent).ends()
    assert (await run.tracker.get(1)).status == "in-progress" and len(await run.tracker.comments(1)) == 1


async def test_a_stop_does_not_wait_for_a_silent_tracker(run: Run) -> None:
    run.tracker.trouble = OutOfReach("it is silent")
    async with run.notices.sent_beside(run.control):
        run.notices.status(1, TaskState.PREPARING)
        await until_async(lambda: run.journal.fold.state is RunState.WAITING, 10, "it waits")
        run.control.request(Stop())
        run.notices.status(1, TaskState.INTERRUPTED)
    assert [notice.status for notice in run.journal.fold.notices.values()] == ["queued"]


async def test_what_goes_wrong_in_the_work_comes_out_and_the_rest_is_sent_first(run: Run) -> None:
    with pytest.raises(Refused, match="no"):
        async with run.notices.sent_beside(run.control):
            run.notices.status(1, TaskState.FAILED)
            raise Refused("no")
    assert run.tracker.heard == ["1 failed"]


def test_a_run_that_has_something_to_tell_can_be_resumed_though_its_tasks_are_done() -> None:
    view = RunView(
        id="run-1",
        folder="file:///project",
        kind="standalone",
        state=RunState.STOPPED,
        base="main",
        tasks=(TaskRun(number=1, title="One", state=TaskState.DONE),),
        untold=2,
        started_at="2026-01-01T00:00:00Z",
        seq=9,
    )
    later = view.model_copy(update={"id": "run-2", "state": RunState.DONE, "untold": None})
    assert resumable(view, [later, view], {})
    assert not resumable(view.model_copy(update={"untold": None}), [later, view], {})
