"""Several at once: runs, windows, terminals, starts and resumes at the same instant, and clocks that jump meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from locus import locks, process
from locus.commands.runs import RunStartedResult
from locus.errors import Refused
from support.house import House, done, states
from support.procs import until_async
from support.repos import import_commit

ROUNDS = 10


def waits(folder: Path) -> tuple[str, str]:
    """Shell lines: says it has come, waits for permission to go on."""
    return f"touch {folder}/came-$LOCUS_TASK", f"until [ -e {folder}/go ]; do sleep 0.02; done"


def came(folder: Path) -> set[int]:
    return {int(path.name.removeprefix("came-")) for path in folder.glob("came-*")}


async def at_once(*calls: Awaitable[Any]) -> tuple[list[RunStartedResult], list[Refused]]:
    """The results of those that were accepted, and the refusals of the others; anything else fails."""
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(each, (RunStartedResult, Refused)) for each in found), found
    return [each for each in found if isinstance(each, RunStartedResult)], [each for each in found if isinstance(each, Refused)]


# Two that start at the same instant


@pytest.mark.parametrize(("mode", "rounds"), [("issue", ROUNDS), ("sprint", ROUNDS), ("overlapping", 3)])
async def test_of_two_starts_at_the_same_instant_one_wins_and_the_other_leaves_nothing(
    house: House, tmp_path: Path, mode: str, rounds: int
) -> None:
    """Whether refused at once or by its runner: before its first effect."""
    await house.trust()
    refused_late = 0
    for round in range(rounds):
        count, go = tmp_path / f"count-{round}", tmp_path / f"go-{round}"
        agent = (f"echo x >> {count}", f"until [ -e {go} ]; do sleep 0.01; done", "echo a > a.txt")
        numbers = [await house.issue(*agent) for _ in range(2 if mode == "overlapping" else 1)]
        wanted: list[dict[str, Any]] = [{"tasks": numbers}, {"tasks": numbers[-1:]}]
        if mode == "sprint":
            await house.sprint(f"S{round}", *numbers)
            wanted = [{"sprint": f"S{round}"}] * 2
        accepted, refused = await at_once(*(house.call("locus.run.start", **each) for each in wanted))
        ids = {each.run_id for each in accepted}
        if not refused:
            await until_async(lambda ids=ids: any(house.view(run_id).state == "refused" for run_id in ids), 30)  # type: ignore[misc]
        go.touch()
        views = [await house.ended(run_id) for run_id in ids]
        (winner,) = [view for view in views if view.state != "refused"]
        assert done(winner), winner
        won = [task.number for task in winner.tasks]
        assert count.read_text() == "x\n" * len(won), "no task was worked on twice"
        for loser in (view for view in views if view is not winner):
            refused_late += 1
            assert "another run is working on locus/" in str(loser.reason) and "locus status" in str(loser.hint)
            assert set(states(loser)) == {"pending"}
            assert not (house.ws.runs / loser.id / "tasks").exists()
        for number in won:
            assert (await house.ws.tracker.get(number)).status == "done"
            assert len(await house.ws.tracker.comments(number)) == 1
        assert house.worktrees() == [] and house.run_state() is None
    assert refused_late, "no two have ever come as far as their runners: nothing was tried"


async def test_a_pending_task_is_its_runs_too(house: House, tmp_path: Path) -> None:
    """Else another run would do it first, and this one again."""
    house.configure(agent_maxParallel=1)
    first, second = [await house.issue(*waits(tmp_path), "echo a > a.txt") for _ in range(2)]
    run_id = await house.start(first, second)
    await until_async(lambda: came(tmp_path) == {first})
    with pytest.raises(Refused, match=f"another run is working on locus/issue-{second}"):
        await house.start(second)
    (tmp_path / "go").touch()
    assert done(await house.ended(run_id))


async def test_of_two_resumes_at_the_same_instant_one_wins(house: House, tmp_path: Path) -> None:
    count = tmp_path / "count"
    number = await house.issue(f"echo x >> {count}", "exit 3")
    run_id = await house.start(number)
    await house.ended(run_id)
    for round in range(ROUNDS):
        accepted, refused = await at_once(*(house.call("locus.run.resume", runId=run_id) for _ in range(2)))
        assert len(accepted) == 1 and "is going on" in refused[0].message, refused
        await until_async(lambda tried=round + 2: house.view(run_id).tasks[0].attempt == tried)  # type: ignore[misc]
        assert (await house.ended(run_id)).state == "failed"
    assert count.read_text() == "x\n" * (ROUNDS + 1)


async def test_a_branch_with_a_suffix_is_locked_as_the_one_without(house: House, tmp_path: Path) -> None:
    """Whoever wants the issue, and whoever wants to clean the worktree away, finds it taken; also after a resume."""
    number = await house.issue(*waits(tmp_path), "echo a > a.txt")
    issue = f"locus/issue-{number}"
    house.person.git("branch", issue)
    import_commit(house.person.home, house.ws.repo.common_dir, f"refs/heads/{issue}", {"mine.txt": "mine"}, "The person's")
    with locks.try_lock(house.ws.branch_lock(f"{issue}-2")) or pytest.fail():
        run_id = await house.start(number)
        await until_async(lambda: came(tmp_path) == {number})
    assert house.view(run_id).tasks[0].branch == f"{issue}-3"

    async def taken() -> bool:
        with pytest.raises(Refused, match="another run is working"):
            await house.start(number)
        return locks.is_held(house.ws.branch_lock(issue)) and locks.is_held(house.ws.branch_lock(f"{issue}-3"))

    assert await taken()
    house.kill_runner(run_id)
    await until_async(lambda: not process.leftovers(run_id))
    (tmp_path / f"came-{number}").unlink()
    await house.call("locus.run.resume", runId=run_id)
    await until_async(lambda: came(tmp_path) == {number}, 30)
    assert await taken()
    (tmp_path / "go").touch()
    assert done(await house.until(run_id, done))
    assert house.branch_files(f"{issue}-3").keys() >= {"a.txt"}
    assert house.branch_files(issue)["mine.txt"] == "mine"
