"""A run that is stopped while no agent of it works: while it looks, prepares, verifies, publishes or waits."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from locus import locks, process
from locus.engine import journal, runner, store
from locus.engine.journal import Journal
from locus.errors import Refused
from locus.model.run import RunView
from support.house import House, Somebody, done, states
from support.procs import until_async


class Hanging:
    """A shell script that says that it is there, listens to no signal, and goes on when it is let go, or after a minute."""

    def __init__(self, folder: Path) -> None:
        self._came, self._go = folder / "hangs", folder / "goes-on"
        self.script = (
            f"trap '' INT TERM HUP; touch {self._came}; n=0; while [ ! -e {self._go} ] && [ $n -lt 1200 ]; do sleep 0.05; n=$((n+1)); done"
        )
        self.program = folder / "hanging"
        self.program.write_text(f"#!/bin/sh\n{self.script}\nexit 1\n")
        self.program.chmod(0o755)

    async def came(self) -> None:
        await until_async(self._came.exists, 30)

    def let_go(self) -> None:
        self._go.touch()


@pytest.fixture
def hanging(tmp_path: Path) -> Hanging:
    return Hanging(tmp_path)


async def stopped(house: House, run_id: str, *, twice: bool = False) -> RunView:
    for _ in range(2 if twice else 1):
        await house.call("locus.run.stop", runId=run_id)
    view = await house.ended(run_id)
    assert not process.leftovers(run_id)
    assert not [path for path in house.ws.locks.rglob("*") if path.is_file() and locks.is_held(path)]
    assert view.state == "stopped" and "locus run --resume" in str(view.hint)
    return view


def untouched(house: House) -> bool:
    return house.worktrees() == [] and not house.person.look("branch", "--list", "locus/*")


async def resumed(house: House, run_id: str) -> RunView:
    await house.call("locus.run.resume", runId=run_id)
    view = await house.until(run_id, lambda view: view.state.ended and view.state != "stopped")
    assert done(view), view
    return view


async def test_before_it_has_read_anything(house: House) -> None:
    run_id = await house.start(await house.issue("touch a.txt"))
    view = await stopped(house, run_id)
    assert states(view) == ["pending"] and untouched(house)
    await resumed(house, run_id)


async def test_while_a_remote_is_asked_that_does_not_answer(house: House, hanging: Hanging) -> None:
    house.person.git("config", "remote.origin.uploadpack", str(hanging.program))
    run_id = await house.start(await house.issue("touch a.txt"))
    await hanging.came()
    view = await stopped(house, run_id)
    assert states(view) == ["pending"] and untouched(house)
    house.person.git("config", "--unset", "remote.origin.uploadpack")
    await resumed(house, run_id)


async def test_while_it_waits_for_an_answer(house: House) -> None:
    number = await house.issue("touch a.txt")
    run_id = (await house.call("locus.run.start", face=Somebody(), tasks=[number])).run_id
    await house.until(run_id, lambda view: bool(view.questions))
    view = await stopped(house, run_id)
    assert states(view) == ["pending"] and untouched(house) and not view.questions
    asked, ended = [record.at for record in journal.read(house.ws.runs / run_id / store.JOURNAL)][-2:]
    assert datetime.fromisoformat(ended) - datetime.fromisoformat(asked) < timedelta(seconds=4), "there is nothing to wait for"
    assert (await house.ws.tracker.get(number)).status == "queued"


async def test_while_it_waits_for_a_slot(house: House) -> None:
    slots = locks.Slots(house.ws.locks / "slots", 3)
    taken = [slots.try_acquire() for _ in range(3)]
    run_id = await house.start(*[await house.issue(f"touch {n}.txt") for n in range(2)])
    await house.until(run_id, lambda view: view.base_commit is not None)
    await house.call("locus.run.stop", runId=run_id)
    view = await house.ended(run_id)
    for lock in taken:
        assert lock is not None
        lock.close()
    assert view.state == "stopped" and states(view) == ["pending", "pending"] and untouched(house)
    assert slots.try_acquire() is not None


async def test_while_a_worktree_is_filled(house: House, hanging: Hanging, tmp_path: Path) -> None:
    house.person.hook("post-checkout", hanging.script)
    number = await house.issue("touch a.txt", f"touch {tmp_path}/works; until [ -e {tmp_path}/on ]; do sleep 0.05; done")
    run_id = await house.start(number)
    await hanging.came()
    view = await stopped(house, run_id, twice=True)
    assert states(view) == ["interrupted"] and untouched(house)
    assert (await house.ws.tracker.get(number)).status == "queued"
    hanging.let_go()
    resuming = asyncio.create_task(resumed(house, run_id))
    await until_async((tmp_path / "works").exists, 30)
    await house.told(number, "in-progress")
    (tmp_path / "on").touch()
    await resuming
    assert (await house.ws.tracker.get(number)).status == "done"


async def test_while_a_verification_goes_on(house: House, tmp_path: Path) -> None:
    house.configure(
        verify=[{"name": "tidy", "run": f"trap 'touch {tmp_path}/tidied; exit 1' INT; touch {tmp_path}/came; sleep 600 & wait"}]
    )
    run_id = await house.start(await house.issue("touch a.txt"))
    await until_async((tmp_path / "came").exists, 30)
    view = await stopped(house, run_id)
    assert states(view) == ["interrupted"]
    assert (tmp_path / "tidied").exists(), "it is asked before it is killed"
    assert (house.ws.repo.worktrees_dir / "issue-1" / "a.txt").exists()


async def test_while_a_verification_goes_on_that_does_not_listen(house: House, hanging: Hanging) -> None:
    house.configure(verify=[{"name": "deaf", "run": hanging.script}])
    run_id = await house.start(await house.issue("touch a.txt"))
    await hanging.came()
    assert states(await stopped(house, run_id, twice=True)) == ["interrupted"]


@pytest.mark.parametrize("what", ["commit", "push", "remote"])
async def test_while_it_publishes(house: House, hanging: Hanging, tmp_path: Path, what: str) -> None:
    """What hangs is given five seconds, then it is ended; resume publishes and runs no agent again."""
    if what == "remote":
        house.person.git("config", "remote.origin.receivepack", str(hanging.program))
    else:
        house.person.hook(f"pre-{what}", hanging.script)
    number = await house.issue("touch a.txt", f"echo x >> {tmp_path}/runs")
    run_id = await house.start(number)
    await hanging.came()
    view = await stopped(house, run_id, twice=what != "push")
    assert states(view) == ["interrupted"]
    assert house.person.tip(f"locus/issue-{number}") is None
    assert house.worktrees() == [f"issue-{number}"]
    hanging.let_go()
    if what == "remote":
        house.person.git("config", "--unset", "remote.origin.receivepack")
    view = await resumed(house, run_id)
    assert house.person.tip(f"locus/issue-{number}") == view.tasks[0].commit
    assert house.trailers(f"locus/issue-{number}") == [str(number)]
    assert (tmp_path / "runs").read_text() == "x\n"


async def test_what_is_nearly_done_is_finished_and_nothing_more_begun(house: House, hanging: Hanging) -> None:
    house.person.hook("pre-push", hanging.script)
    first, second = await house.issue("touch a.txt"), await house.issue("touch b.txt")
    await house.sprint("S", first, second)
    run_id = await house.start(sprint="S")
    await hanging.came()
    await house.call("locus.run.stop", runId=run_id)
    await house.until(run_id, lambda view: view.state == "stopping")
    hanging.let_go()
    view = await house.ended(run_id)
    assert view.state == "stopped" and states(view) == ["done", "pending"]
    assert await house.ws.tracker.pulls("locus/sprint-s") == []
    await resumed(house, run_id)
    assert len(await house.ws.tracker.pulls("locus/sprint-s")) == 1


async def test_a_sprint_that_is_stopped_before_its_pull_request_is_not_done(house: House, hanging: Hanging) -> None:
    house.person.hook("pre-push", hanging.script)
    await house.sprint("S", await house.issue("touch a.txt"))
    run_id = await house.start(sprint="S")
    await hanging.came()
    await house.call("locus.run.stop", runId=run_id)
    await house.until(run_id, lambda view: view.state == "stopping")
    hanging.let_go()
    view = await house.ended(run_id)
    assert view.state == "stopped" and states(view) == ["done"]
    await resumed(house, run_id)
    assert len(await house.ws.tracker.pulls("locus/sprint-s")) == 1
    assert house.worktrees() == []


async def test_a_push_goes_on_when_its_runner_is_killed_and_resume_waits_for_it(house: House, hanging: Hanging, tmp_path: Path) -> None:
    house.person.hook("pre-push", hanging.script)
    number = await house.issue("touch a.txt", f"echo x >> {tmp_path}/runs")
    run_id = await house.start(number)
    await hanging.came()
    house.kill_runner(run_id)
    await until_async(lambda: house.view(run_id).state == "lost")
    assert process.leftovers(run_id)
    await house.call("locus.run.resume", runId=run_id)
    hanging.let_go()
    view = await house.until(run_id, done)
    assert house.person.tip(f"locus/issue-{number}") == view.tasks[0].commit
    assert (tmp_path / "runs").read_text() == "x\n"
    assert not process.leftovers(run_id)


async def test_what_is_over_cannot_be_stopped_and_the_message_says_how_to_go_on(house: House) -> None:
    run_id = await house.start(await house.issue("touch a.txt"))
    await stopped(house, run_id)
    for force in (False, True):
        with pytest.raises(Refused, match=f"run {run_id} is not running: it is stopped") as refused:
            await house.call("locus.run.stop", runId=run_id, force=force)
        assert refused.value.hint == f"take it up again with `locus run --resume {run_id}`"
    await resumed(house, run_id)
    with pytest.raises(Refused, match="it is done") as refused:
        await house.call("locus.run.stop", runId=run_id)
    assert refused.value.hint == "see `locus status`"


async def test_a_signal_after_the_end_changes_nothing(house: House) -> None:
    class LateSignal(Journal):
        async def sync(self) -> None:
            if self.fold.state.ended:
                os.kill(os.getpid(), signal.SIGTERM)
                for _ in range(5):
                    await asyncio.sleep(0.001)
            await super().sync()

    run_id = await house.request(await house.issue("touch a.txt"))
    folder = house.ws.runs / run_id
    with await locks.lock(folder / store.LOCK):
        await runner.conduct(folder, LateSignal(folder / store.JOURNAL), signals=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().remove_signal_handler(number)
    assert done(house.view(run_id))
