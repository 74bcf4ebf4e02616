"""Runs as processes: launched, stopped, killed, taken up again."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from locus import locks, process
from locus.errors import Refused
from support.house import House, Somebody, done, states
from support.procs import until_async as until


def _waits(folder: Path) -> tuple[str, str]:
    """Shell lines: says it has come, waits for permission to go on."""
    return f"touch {folder}/came-$LOCUS_TASK", f"while [ ! -e {folder}/go ]; do sleep 0.02; done"


async def test_a_launched_run_goes_to_its_end(house: House) -> None:
    number = await house.issue("echo a > a.txt")
    view = await house.ended(await house.start(number))
    assert done(view), view


async def test_a_killed_runner_leaves_nothing_and_resume_finishes_each_task_once(house: House, tmp_path: Path) -> None:
    count = tmp_path / "count"
    first = await house.issue(f"echo x >> {count}-1", "echo a > a.txt")
    second = await house.issue(f"echo x >> {count}-2", "echo half > half.txt", *_waits(tmp_path), "echo b > b.txt")
    await house.sprint("S", first, second)
    run_id = await house.start(sprint="S")
    await until(lambda: (tmp_path / f"came-{second}").exists())
    assert process.leftovers(run_id), "the agent carries the run's id"
    house.kill_runner(run_id)
    await until(lambda: not process.leftovers(run_id))
    await until(lambda: not locks.is_held(house.ws.branch_lock("locus/sprint-s")))
    lost = house.view(run_id)
    assert lost.state == "lost" and states(lost) == ["done", "interrupted"]
    (tmp_path / "go").touch()
    await house.call("locus.run.resume")
    view = await house.until(run_id, done)
    assert states(view) == ["done", "done"]
    assert count.with_name("count-1").read_text() == "x\n", "a finished task is not run again"
    assert house.branch_files("locus/sprint-s").keys() >= {"a.txt", "b.txt", "half.txt"}
    assert house.trailers("locus/sprint-s") == [str(first), str(second)]


async def test_a_stop_ends_the_agent_and_keeps_its_work(house: House, tmp_path: Path) -> None:
    number = await house.issue("echo half > half.txt", *_waits(tmp_path))
    later = await house.issue("echo no > no.txt")
    await house.sprint("S", number, later)
    run_id = await house.start(sprint="S")
    await until(lambda: (tmp_path / f"came-{number}").exists())
    await house.call("locus.run.stop", runId=run_id)
    view = await house.ended(run_id)
    assert view.state == "stopped" and states(view) == ["interrupted", "pending"], "a stopped sprint starts no further task"
    assert not process.leftovers(run_id)
    assert (house.ws.repo.worktrees_dir / "sprint-s" / "half.txt").read_text() == "half\n"
    assert (await house.ws.tracker.get(number)).status == "queued"


async def test_one_task_of_several_can_be_stopped(house: House, tmp_path: Path) -> None:
    one = await house.issue("echo a > a.txt", *_waits(tmp_path))
    two = await house.issue("echo b > b.txt", *_waits(tmp_path))
    run_id = await house.start(one, two)
    await until(lambda: (tmp_path / f"came-{one}").exists() and (tmp_path / f"came-{two}").exists())
    await house.call("locus.run.stop", runId=run_id, task=one)
    await house.until(run_id, lambda view: states(view)[0] == "interrupted")
    (tmp_path / "go").touch()
    view = await house.ended(run_id)
    assert view.state == "stopped" and states(view) == ["interrupted", "done"]


@pytest.mark.timeout(60)
async def test_an_agent_that_ignores_everything_is_gone_after_a_forced_stop(house: House, tmp_path: Path) -> None:
    number = await house.issue(f"trap '' INT TERM; setsid sh -c \"trap '' INT TERM; touch {tmp_path}/came; while :; do sleep 1; done\"")
    run_id = await house.start(number)
    await until(lambda: (tmp_path / "came").exists())
    await house.call("locus.run.stop", runId=run_id)
    await house.call("locus.run.stop", runId=run_id, force=True)
    view = await house.ended(run_id, within=10)
    assert view.state == "stopped"
    assert not process.leftovers(run_id)


async def test_sigterm_to_the_runner_is_a_graceful_stop(house: House, tmp_path: Path) -> None:
    number = await house.issue(*_waits(tmp_path))
    run_id = await house.start(number)
    await until(lambda: (tmp_path / f"came-{number}").exists())
    os.kill(house.runner_pid(run_id), signal.SIGTERM)
    view = await house.ended(run_id)
    assert view.state == "stopped" and states(view) == ["interrupted"]


async def test_a_second_run_on_the_same_branch_is_refused(house: House, tmp_path: Path) -> None:
    number = await house.issue(*_waits(tmp_path), "echo a > a.txt")
    run_id = await house.start(number)
    await until(lambda: (tmp_path / f"came-{number}").exists())
    with pytest.raises(Refused, match=f"another run is working on locus/issue-{number}"):
        await house.start(number)
    with pytest.raises(Refused, match="is going on"):
        await house.call("locus.run.resume", runId=run_id)
    (tmp_path / "go").touch()
    assert done(await house.ended(run_id))


async def test_the_slots_bound_all_runs_of_the_repository_together(house: House, tmp_path: Path) -> None:
    house.configure(agent_maxParallel=2)
    numbers = [await house.issue(*_waits(tmp_path), f"echo a > a{n}.txt") for n in range(4)]
    runs = [await house.start(*numbers[:2]), await house.start(*numbers[2:])]

    def came() -> int:
        return len(list(tmp_path.glob("came-*")))

    await until(lambda: came() == 2)
    await house.until(runs[1], lambda view: view.state == "running" and view.base_commit is not None)
    assert came() == 2
    (tmp_path / "go").touch()
    for run_id in runs:
        assert done(await house.ended(run_id))


async def test_an_untrusted_command_is_asked_about_and_runs_once_allowed(house: House) -> None:
    number = await house.issue("echo a > a.txt")
    with pytest.raises(Refused, match="not allowed"):
        await house.call("locus.run.start", tasks=[number])
    run_id = (await house.call("locus.run.start", face=Somebody(), tasks=[number])).run_id
    view = await house.until(run_id, lambda view: bool(view.questions))
    (question,) = view.questions
    assert view.state == "waiting" and question.kind == "trust" and "LOCUS_PROMPT_FILE" in question.detail
    assert house.worktrees() == [], "nothing is done before the answer"
    await house.call("locus.run.answer", runId=run_id, questionId=question.id, option="allow")
    assert done(await house.ended(run_id))


async def test_what_was_allowed_and_is_so_no_longer_is_asked_about_again_on_resume(house: House) -> None:
    house.configure(question_timeout=30)
    number = await house.issue("false")
    run_id = (await house.call("locus.run.start", face=Somebody(), tasks=[number])).run_id
    await house.until(run_id, lambda view: bool(view.questions))
    await house.call("locus.run.answer", runId=run_id, questionId="trust", option="allow")
    assert (await house.ended(run_id)).state == "failed"
    shutil.rmtree(house.ws.state / "trust")
    await house.call("locus.run.resume", face=Somebody(), runId=run_id)
    await house.until(run_id, lambda view: view.alive and bool(view.questions))
    await house.call("locus.run.answer", runId=run_id, questionId="trust", option="deny")
    assert "not allowed" in str((await house.ended(run_id)).reason)


async def test_nobody_answers_and_the_run_is_refused(house: House) -> None:
    house.configure(question_timeout=0.2)
    number = await house.issue("echo a > a.txt")
    run_id = (await house.call("locus.run.start", face=Somebody(), tasks=[number])).run_id
    view = await house.ended(run_id)
    assert view.state == "refused" and "not allowed" in str(view.reason)
    assert (await house.ws.tracker.get(number)).status == "queued"
