"""Several at once: runs, windows, terminals, starts and resumes at the same instant, and clocks that jump meanwhile."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from locus import locks, process
from locus.commands.runs import RunStartedResult
from locus.engine import claims, resuming
from locus.engine.journal import Journal
from locus.engine.store import RunStore
from locus.errors import Refused
from locus.model.events import EffectIntended, RunEvent
from locus.model.record import Record
from locus.model.run import RunView
from support.gates import came, waits
from support.house import House, done, states
from support.lsp_client import VSCODE, Editor, capabilities_of, editor
from support.procs import until_async
from support.raw_lsp import Message
from support.repos import import_commit

ROUNDS = 10


async def at_once(*calls: Awaitable[Any]) -> tuple[list[RunStartedResult], list[Refused]]:
    """The results of those that were accepted, and the refusals of the others; anything else fails."""
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(each, (RunStartedResult, Refused)) for each in found), found
    return [each for each in found if isinstance(each, RunStartedResult)], [each for each in found if isinstance(each, Refused)]


async def one_is_refused(house: House, ids: set[str]) -> None:
    await until_async(lambda: any(house.view(run_id).state == "refused" for run_id in ids), 30)


async def is_tried(house: House, run_id: str, attempt: int) -> None:
    await until_async(lambda: house.view(run_id).tasks[0].attempt == attempt, 30)


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
            await one_is_refused(house, ids)
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
    await until_async(lambda: came(tmp_path) == {first}, 30)
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
        await is_tried(house, run_id, round + 2)
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
        await until_async(lambda: came(tmp_path) == {number}, 30)
    assert house.view(run_id).tasks[0].branch == f"{issue}-3"

    async def taken() -> bool:
        with pytest.raises(Refused, match="another run is working"):
            await house.start(number)
        return locks.is_held(house.ws.branch_lock(issue)) and locks.is_held(house.ws.branch_lock(f"{issue}-3"))

    assert await taken()
    house.kill_runner(run_id)
    await until_async(lambda: not process.leftovers(run_id), 30)
    (tmp_path / f"came-{number}").unlink()
    await house.call("locus.run.resume", runId=run_id)
    await until_async(lambda: came(tmp_path) == {number}, 30)
    assert await taken()
    (tmp_path / "go").touch()
    assert done(await house.until(run_id, done))
    assert house.branch_files(f"{issue}-3").keys() >= {"a.txt"}
    assert house.branch_files(issue)["mine.txt"] == "mine"


async def test_a_run_that_was_resumed_and_ended_since_it_was_chosen_is_left_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    number = await house.issue("exit 3")
    run_id = (await house.run(number)).id
    choose = resuming.chosen

    async def chosen_slowly(*wanted: Any) -> RunView:
        view = await choose(*wanted)
        await house.carry_on(run_id)  # another process is quicker
        return view

    monkeypatch.setattr(resuming, "chosen", chosen_slowly)
    with pytest.raises(Refused, match="has gone on meanwhile"):
        await house.call("locus.run.resume", runId=run_id)
    assert house.view(run_id).tasks[0].attempt == 2


class Died(BaseException):
    """The process is gone."""


class DiesBeforeItTidiesUp(Journal):
    def append(self, event: RunEvent, task: int | None = None) -> Record:
        if isinstance(event, EffectIntended) and event.key.startswith("remove:"):
            raise Died
        return super().append(event, task)


async def test_a_worktree_that_a_later_run_works_in_is_not_tidied_up(house: House, tmp_path: Path) -> None:
    """Left by a killed run whose task was done; its resume neither waits for the later run nor removes what that one works in."""
    come, wait = waits(tmp_path)
    first = await house.issue(f"[ ! -e {tmp_path}/again ] || {{ {come}; {wait}; }}", "echo a >> a.txt")
    second = await house.issue("exit 3")
    with pytest.raises(BaseExceptionGroup):
        await house.run(first, second, journal=DiesBeforeItTidiesUp)
    (killed,) = [view.id for view in RunStore(house.ws.runs).views()]
    assert house.worktrees() == [f"issue-{first}", f"issue-{second}"]
    (tmp_path / "again").touch()
    later = await house.start(first)
    await until_async(lambda: came(tmp_path) == {first}, 30)
    view = await asyncio.wait_for(house.carry_on(killed), claims.PATIENCE)
    assert states(view) == ["done", "failed"]
    assert f"issue-{first}" in house.worktrees()
    (tmp_path / "go").touch()
    assert done(await house.ended(later))


# Windows and terminals


@asynccontextmanager
async def window(house: House) -> AsyncIterator[Editor]:
    async with editor(house.person.path, capabilities_of(VSCODE, locus=True), env=house.person.env) as shown:
        await shown.open(house.person.path)
        await shown.client.notification("locus/runs", lambda _: True)  # what begins from now on is told by itself
        yield shown


async def shows(shown: Editor, run_id: str, state: str) -> Message:
    return await shown.told_run(lambda run: run["id"] == run_id and run["state"] == state)


@pytest.mark.timeout(180)
async def test_two_windows_and_a_terminal_beside_them(house: House, tmp_path: Path) -> None:
    """Two sprints and two standalone runs side by side: each seen, and held against others, wherever it was started."""
    house.configure(agent_maxParallel=4)
    await house.trust()
    first, second, third, fourth = [await house.issue(*waits(tmp_path), f"echo {n} > {n}.txt", title=f"Task {n}") for n in range(4)]
    await house.sprint("One", first)
    await house.sprint("Two", second)
    locus = Terminal(house)
    async with window(house) as left, window(house) as right:
        one = (await left.run("locus.run.start", sprint="One"))["runId"]
        await shows(right, one, "running")
        await right.client.notification("$/progress", lambda params: params["value"].get("title") == "Sprint One")
        await until_async(lambda: came(tmp_path) == {first}, 30)
        for refused in (await right.refused("locus.run.start", sprint="One"), await right.refused("locus.run.resume", runId=one)):
            assert "another run is working on locus/sprint-one" in refused["message"] or "is going on" in refused["message"], refused
        two = (await right.run("locus.run.start", sprint="Two"))["runId"]
        three = (await locus("run", str(third), "--detach"))[1].split()[1]
        four = (await left.run("locus.run.start", tasks=[fourth]))["runId"]
        await until_async(lambda: came(tmp_path) == {first, second, third, fourth}, 30)
        everyone = {one, two, three, four}
        for shown in (left, right):
            for run_id in everyone:
                await shows(shown, run_id, "running")
            assert {run["id"] for run in await shown.run("locus.run.list", state="running")} == everyone
        code, out, err = await locus("status", "--json")
        assert (code, {run["id"] for run in json.loads(out)["runs"]}) == (0, everyone), err
        code, out, err = await locus("run", "--sprint", "Two")
        assert code == 2 and "another run is working on locus/sprint-two" in err, (out, err)
        (tmp_path / "go").touch()
        for shown in (left, right):
            for run_id in everyone:
                await shows(shown, run_id, "done")
    for number, branch in enumerate(("sprint-one", "sprint-two", f"issue-{third}", f"issue-{fourth}")):
        assert house.branch_files(f"locus/{branch}").keys() - house.branch_files("main").keys() == {f"{number}.txt"}
    assert house.run_state() is None and house.worktrees() == []


class Terminal:
    """`locus` in a process of its own; exit code, stdout and stderr."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, *words: str) -> tuple[int, str, str]:
        person = self._house.person
        env = {**person.env, "PATH": f"{Path(sys.executable).parent}:{person.env['PATH']}"}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "locus", *words), cwd=person.path, env=env, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        return int(process.returncode or 0), out.decode(), err.decode()


# The slots of the repository


@pytest.mark.timeout(180)
async def test_no_more_agents_than_slots_and_no_slot_idle(house: House, tmp_path: Path) -> None:
    """Three runs of four tasks each over two slots; every agent writes a line when it comes and one when it goes."""
    house.configure(agent_maxParallel=2)
    log = tmp_path / "log"
    agent = (f"echo +1 $LOCUS_RUN_ID >> {log}; sleep 0.2; echo x > x.txt; echo -1 $LOCUS_RUN_ID >> {log}",)
    numbers = [await house.issue(*agent) for _ in range(12)]
    runs = [await house.start(*numbers[first : first + 4]) for first in (0, 4, 8)]
    for run_id in runs:
        assert done(await house.ended(run_id, within=120))
    lines = [line.split() for line in log.read_text().splitlines()]
    alive = list(accumulate(int(change) for change, _ in lines))
    assert (len(lines), max(alive), alive[-1]) == (24, 2, 0)
    assert sorted(run_id for change, run_id in lines if change == "+1") == sorted(runs * 4)


async def test_a_free_slot_is_taken_at_once_whoever_waits_for_it(house: House, tmp_path: Path) -> None:
    """While a long task goes on, the other slot does one short task after the other, of both runs."""
    house.configure(agent_maxParallel=2)
    long = await house.issue(*waits(tmp_path), "echo a > a.txt")
    short = [await house.issue("echo a > a.txt") for _ in range(4)]
    runs = [await house.start(long, *short[:2]), await house.start(*short[2:])]
    await house.until(runs[1], done)
    assert states(await house.until(runs[0], lambda view: view.done == 2)) == ["working", "done", "done"]
    (tmp_path / "go").touch()
    assert done(await house.ended(runs[0]))
